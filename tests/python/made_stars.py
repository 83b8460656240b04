"""Small made-up stars whose spectra know their labels, and studies of them, for tests that
spoil one thing at a time."""

import os

import h5py
import numpy as np
import pandas

EDGES = "{T_eff: [3750, 4900, 6000], M_H: [-2.0, -0.75, 0.5], at_risk_below: 10}"


def make(rows, seed, pixels=128, snr=30.0):
    """Absorption lines on a slope: flux, error and noisy [rows][pixels], and the labels."""
    random = np.random.default_rng(seed)
    labels = pandas.DataFrame({"T_eff": random.uniform(3700, 6100, rows),
                               "log_g": random.uniform(1, 5, rows),
                               "M_H": random.uniform(-2.1, 0.6, rows)})
    t = ((labels["T_eff"] - 4900) / 1200).to_numpy()[:, None]
    g = ((labels["log_g"] - 3) / 2).to_numpy()[:, None]
    m = ((labels["M_H"] + 0.75) / 1.35).to_numpy()[:, None]
    x = np.linspace(0, 1, pixels)
    flux = 1 + 0.15 * t * (x - 0.5)
    for line in range(9):
        depth = (0.3 + 0.07 * g * np.cos(1.3 * line) + 0.05 * m * np.sin(line)
                 + 0.05 * t * g * (line % 3 == 0))
        flux = flux - depth * np.exp(-0.5 * ((x - (line + 1) / 10) / 0.012) ** 2)
    error = np.ones_like(flux) / snr * random.uniform(0.5, 2.0, rows)[:, None]
    labels["snr"] = np.median(flux / error, axis=1)
    return {"wave": np.linspace(7100, 8850, pixels), "flux": flux, "error": error,
            "noisy": flux + error * random.standard_normal(flux.shape), "labels": labels}


def write(path, stars, format="table", **storage):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.exists(path):
        os.remove(path)
    with h5py.File(path, "w") as file:
        file["/spectrumdataset/wave"] = stars["wave"]
        for name in ("flux", "error", "noisy", "mask"):
            if stars.get(name) is not None:
                file.create_dataset(f"/dataset/arrays/{name}/value", data=stars[name],
                                    **storage)
    stars["labels"].to_hdf(path, key="dataset/params", mode="a", format=format)


def study(folder, spoil=None, data="", experts="  ridge: {alpha: [0.1, 1, 10]}\n", shards=2,
          rows=(400, 300), **how):
    """Writes `shards` training files and a test set; spoil(stars, name) changes or replaces
    the stars of one. The path of study.yaml."""
    names = [f"train_{i}.h5" for i in range(shards)]
    for seed, name in enumerate(names + ["test.h5"]):
        stars = make(rows[name == "test.h5"], seed + 1)
        if spoil:
            stars = spoil(stars, name) or stars
        write(os.path.join(folder, name), stars, **how)
    path = os.path.join(folder, "study.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"experiment: {{id: made}}\ndata:\n  train: [{', '.join(names)}]\n"
                   f"  test: test.h5\n{data}binning: {EDGES}\n"
                   f"experts:\n{experts}controls: {{placebo: false, leakage: false}}\n")
    return path
