#!/usr/bin/env python3
"""Makes headroom_models.h5, the finer model spectra built into the program, from the original.

    make_models.py stellar_grid_hires_u16.h5 [headroom_models.h5]

A spectrum, in units of its median, is a sum of components, which all spectra share, and a
rest of small whole steps:

    flux / median = coefficient . component + step * rest

The rest carries the rounding error of each bin over to the next one, so that any sum over
neighbouring bins, which is what an instrument's line spread and pixels take, keeps nothing
of it: rounding alone would leave five times as much. Needs numpy and h5py. It is run by
hand, when the original changes: building Headroom needs only its result.
"""

import pathlib
import sys

import h5py
import numpy as np

COMPONENTS = 100  # with 64 the file is 10 % larger, with 160 no smaller
STEP = 4e-4  # of the rest, in medians
COMPONENT_STEP = 2e-4  # of a component times the largest of its coefficients
ROWS_PER_CHUNK = 126  # 1260 spectra in ten chunks, one for each effective temperature


def read(path):
    """Nodes, wavelengths and spectra (S, B) in fp64."""
    with h5py.File(path) as file:
        code = file["q"][:].astype("f8")
        flux = np.exp(code / 65535 * file["q"].attrs["lo"]) * file["max"][:][..., None]
        nodes = [file[name][:] for name in ("Teff_axis", "log_g_axis", "M_H_axis")]
        return nodes, file["wave_vac"][:], flux.reshape(-1, flux.shape[-1])


def find_components(scaled):
    """Coefficients (S, K) fp32 and components (K, B) as whole numbers."""
    _, vectors = np.linalg.eigh(scaled @ scaled.T)
    coefficient = vectors[:, ::-1][:, :COMPONENTS]
    component = coefficient.T @ scaled
    step = COMPONENT_STEP / np.abs(coefficient).max(axis=0)
    whole = np.rint(component / step[:, None])
    assert np.abs(whole).max() < 32768
    return (coefficient * step).astype("f4"), whole.astype("i2")


def find_rest(left):
    """Whole steps (S, B), the error of each bin carried over to the next."""
    rest, carried = np.zeros(left.shape), np.zeros(len(left))
    for bin_ in range(left.shape[1]):
        wanted = left[:, bin_] + carried
        rest[:, bin_] = np.rint(wanted / STEP)
        carried = wanted - STEP * rest[:, bin_]
    assert np.abs(rest).max() < 128
    return rest.astype("i1")


def put(file, name, values, unit, **options):
    file.create_dataset(name, data=values, **options).attrs["unit"] = unit


def main():
    target = sys.argv[2] if len(sys.argv) > 2 else "headroom_models.h5"
    nodes, wave, flux = read(sys.argv[1])
    median = np.median(flux, axis=1).astype("f4")
    scaled = flux / median[:, None]
    coefficient, component = find_components(scaled)
    told = coefficient.astype("f8") @ component.astype("f8")
    rest = find_rest(scaled - told)
    packed = {"compression": "gzip", "compression_opts": 9, "shuffle": True}
    with h5py.File(target, "w") as file:
        for name, unit, values in zip(("T_eff", "log_g", "M_H"), ("K", "dex", "dex"), nodes):
            put(file, f"grid/{name}", values, unit)
        put(file, "bins/wave", wave[[0, -1]], "Angstrom")
        put(file, "spectra/median", median, "erg s-1 cm-2 A-1")
        put(file, "spectra/step", [STEP], "median")
        put(file, "spectra/coefficient", coefficient, "1", **packed)
        put(file, "spectra/component", component, "median", chunks=(1, len(wave)), **packed)
        put(file, "spectra/rest", rest, "step", chunks=(ROWS_PER_CHUNK, len(wave)), **packed)
    error = told + STEP * rest - scaled
    wide = np.apply_along_axis(np.convolve, 1, error, np.full(8, 1 / 8), "valid")
    size = pathlib.Path(target).stat().st_size
    print(f"{target}: {size} bytes; error in medians: a bin {error.std():.1e} rms, "
          f"{np.abs(error).max():.1e} at most, 1 angstrom {wide.std():.1e}, "
          f"{np.abs(wide).max():.1e}")


if __name__ == "__main__":
    main()
