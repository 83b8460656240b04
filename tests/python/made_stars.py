"""Small studies of made-up stars: smooth spectra with lines that know log g."""

import os

import h5py
import numpy as np
import pandas as pd


def stars(rows=600, pixels=128, seed=1, snr=30.0):
    """Spectra, errors, noisy spectra and labels."""
    draw = np.random.default_rng(seed)
    teff, logg, mh = (draw.uniform(low, high, rows)
                      for low, high in ((3700, 6100), (1, 5), (-2.1, 0.6)))
    x = np.linspace(0, 1, pixels)
    t, g, m = (teff - 4900) / 1200, (logg - 3) / 2, (mh + 0.75) / 1.35
    flux = 1.0 + 0.2 * t[:, None] * (x - 0.5)
    for k, centre in enumerate(np.linspace(0.08, 0.92, 8)):
        depth = (0.25 + 0.08 * g * np.sin(k + 1) + 0.06 * m * np.cos(k)
                 + 0.04 * t * g * (k % 2) + 0.05 * t * m)
        flux -= depth[:, None] * np.exp(-0.5 * ((x - centre) / 0.015) ** 2)
    error = np.ones_like(flux) / snr * draw.uniform(0.5, 1.5, rows)[:, None]
    noisy = flux + error * draw.standard_normal(flux.shape)
    labels = pd.DataFrame({"T_eff": teff, "log_g": logg, "M_H": mh,
                           "snr": np.median(flux / error, axis=1)})
    return {"wave": np.linspace(7100.0, 8850.0, pixels), "flux": flux, "error": error,
            "noisy": noisy, "labels": labels}


def write(path, made):
    """A shard of them."""
    with h5py.File(path, "w") as file:
        file["/spectrumdataset/wave"] = made["wave"]
        for name in ("flux", "error", "noisy"):
            file[f"/dataset/arrays/{name}/value"] = made[name]
    made["labels"].to_hdf(path, key="dataset/params", mode="a", format="table")


def study(folder, name, experts, more="", language="en"):
    """A configuration of four bins; its path."""
    path = os.path.join(folder, name + ".yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"experiment: {{id: made, language: {language}}}\n"
                   "data: {train: [train.h5], test: test.h5}\n"
                   "binning: {T_eff: [3750, 4900, 6000], M_H: [-2.0, -0.75, 0.5], "
                   "at_risk_below: 10}\n"
                   f"experts: {experts}\n{more}")
    return path
