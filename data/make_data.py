#!/usr/bin/env python3
"""Makes headroom_data.h5, the data built into the program, from the original files.

    make_data.py FOLDER [headroom_data.h5]

FOLDER holds stellar_grid_mr.h5, pfs_mr_noise.csv, pfs_mr_fibre.csv and hsc2017-i.ecsv;
where they come from stands in README.md. Needs numpy and h5py. It is run by hand, when
the originals change: building Headroom needs only its result.
"""

import csv
import pathlib
import sys

import h5py
import numpy as np

CODES = 65535  # steps of the 16-bit code
ROWS_PER_CHUNK = 126  # 1260 spectra in ten chunks, one for each effective temperature
NOISE_COLUMNS = ("k", "conv0", "line0", "cont0", "g6", "cnt_ref", "var_ref", "snr_ref")


def read_table(path, delimiter):
    """The columns of a text table whose comments begin with #, as {name: fp64 array}."""
    with open(path, encoding="utf-8") as file:
        lines = [line for line in file if not line.startswith("#")]
    rows = list(csv.DictReader(lines, delimiter=delimiter))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}


def encode(flux):
    """Codes, scales and maxima of spectra (S, P): flux = maximum * exp(-code * scale)."""
    maximum = flux.max(axis=1)
    depth = np.log(maximum[:, None] / flux)
    scale = depth.max(axis=1) / CODES
    return np.rint(depth / scale[:, None]).astype("<u2"), scale, maximum


def put(file, name, values, unit, dtype="<f8"):
    values = np.asarray(values)
    compressed = {"compression": "gzip", "compression_opts": 9, "shuffle": True}
    options = compressed if values.size > 1000 else {}
    file.create_dataset(name, data=values.astype(dtype), **options).attrs["unit"] = unit


def put_grid(file, grid):
    flux = grid["flux"][:].astype("f8")
    spectra = flux.reshape(-1, flux.shape[-1])
    code, scale, maximum = encode(spectra)
    for name, unit in (("T_eff", "K"), ("log_g", "dex"), ("M_H", "dex")):
        put(file, f"grid/{name}", grid[name][:], unit)
    put(file, "grid/scale", scale, "1")
    put(file, "grid/maximum", maximum, "erg s-1 cm-2 A-1")
    file.create_dataset("grid/code", data=code, chunks=(ROWS_PER_CHUNK, code.shape[1]),
                        compression="gzip", compression_opts=9, shuffle=True)
    decoded = maximum[:, None] * np.exp(-code.astype("f8") * scale[:, None])
    return np.abs(decoded / spectra - 1).max()


def put_noise(file, noise):
    units = {"k": "mag/airmass", "conv0": "e- per 1e-17 erg s-1 cm-2 A-1", "g6": "1",
             "var_ref": "e-2", "snr_ref": "1"}
    put(file, "noise/wave", noise["wave_vac_A"], "Angstrom")
    for name in NOISE_COLUMNS:
        put(file, f"noise/{name}", noise[name], units.get(name, "e-"), "<f4")
    put(file, "noise/throughput_ratio", noise["thr_A"] / noise["thr_U"], "1", "<f4")


def put_fibre(file, fibre):
    seeing, angle = np.unique(fibre["seeing"]), np.unique(fibre["fa"])
    shape = (len(seeing), len(angle))
    columns = ("f7100", "f7975", "f8850")
    fraction = np.stack([fibre[name].reshape(shape) for name in columns])
    put(file, "fibre/seeing", seeing, "arcsec")
    put(file, "fibre/field_angle", angle, "degree")
    put(file, "fibre/wave", [7100.0, 7975.0, 8850.0], "Angstrom")
    put(file, "fibre/fraction", fraction, "1")
    put(file, "fibre/vignetting", fibre["vig_rel"].reshape(shape)[0], "1")
    put(file, "fibre/focal_length", fibre["efl_m"].reshape(shape)[0], "m")


def main():
    folder = pathlib.Path(sys.argv[1])
    target = sys.argv[2] if len(sys.argv) > 2 else "headroom_data.h5"
    band = read_table(folder / "hsc2017-i.ecsv", " ")
    with h5py.File(folder / "stellar_grid_mr.h5") as grid, h5py.File(target, "w") as file:
        worst = put_grid(file, grid)
        put_noise(file, read_table(folder / "pfs_mr_noise.csv", ","))
        put_fibre(file, read_table(folder / "pfs_mr_fibre.csv", ","))
        put(file, "band/wave", band["wavelength"], "Angstrom")
        put(file, "band/response", np.maximum(band["response"], 0.0), "1")
    size = pathlib.Path(target).stat().st_size
    print(f"{target}: {size} bytes, worst relative error of the grid {worst:.3g}")


if __name__ == "__main__":
    main()
