"""A pfsCoadd of simulated stars, and reading it with astropy: what `headroom predict` is held
against, which resamples, predicts and writes besides.

    survey_astropy.py write DATASET.h5 OUT.fits
    survey_astropy.py read FILE.fits...       stars and processor seconds of the reading alone
"""

import sys
import time

import numpy as np
from astropy.io import fits

LIGHT = 2997.92458  # nJy over 1e-17 erg/s/cm2/A at 1 A


def write(dataset, out):
    import h5py

    with h5py.File(dataset) as file:
        wave = file["spectrumdataset/wave"][:]
        arrays = file["dataset/arrays"]
        noisy, error = (arrays[name]["value"][:] for name in ("noisy", "error"))
    objects, step = len(noisy), 0.8
    grid = np.arange(wave[0] - 10, wave[-1] + 10, step)
    factor = 700 * grid**2 / LIGHT
    flux = np.array([np.interp(grid, wave, row) for row in noisy]) * factor
    sigma = np.array([np.interp(grid, wave, row) for row in error]) * factor
    covar = np.zeros((objects, 3, len(grid)), "f4")
    covar[:, 0] = sigma**2
    mask = (np.random.default_rng(1).random(flux.shape) < 0.001).astype("i4")
    number = np.arange(objects)
    target = fits.BinTableHDU.from_columns(
        [fits.Column("catId", "J", array=number * 0 + 5),
         fits.Column("objId", "K", array=2**62 + number),
         fits.Column("ra", "D", array=number * 0.01)], name="TARGET")
    metadata = fits.BinTableHDU.from_columns(
        [fits.Column("metadata", "PA()", array=["MP_BAD: 0\nMP_CR: 3\n"] * objects)],
        name="METADATA")
    fits.HDUList([fits.PrimaryHDU(), target, fits.ImageHDU(grid / 10, name="WAVELENGTH"),
                  fits.ImageHDU(flux.astype("f4"), name="FLUX"), fits.CompImageHDU(mask, name="MASK"),
                  fits.ImageHDU(covar, name="COVAR"), metadata]).writeto(out, overwrite=True)


def read(paths):
    stars, begin = 0, time.process_time()
    for path in paths:
        with fits.open(path) as hdus:
            wave, flux = 10 * hdus["WAVELENGTH"].data, hdus["FLUX"].data
            variance, bits = hdus["COVAR"].data[:, 0], hdus["MASK"].data
            flux_per_angstrom = flux * (LIGHT / wave**2)
            error = np.sqrt(variance) * (LIGHT / wave**2)
            good = (bits == 0) & np.isfinite(flux_per_angstrom) & (error > 0)
            ids = np.array(hdus["TARGET"].data["objId"])
        assert good.any() and len(ids) == len(flux)
        stars += len(ids)
    print(stars, f"{time.process_time() - begin:.3f}")


if __name__ == "__main__":
    write(*sys.argv[2:]) if sys.argv[1] == "write" else read(sys.argv[2:])
