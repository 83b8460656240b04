"""The data of a study as a script holds them: all of it in memory, noise drawn once.

For comparisons with what another program saw, the environment may name, as NOISY_ROWS, a file
of noisy training rows, fp32, to take instead, and as FOLDS a CSV with their folds."""

import csv
import glob
import os

import h5py
import numpy as np
import pandas

TEFF, MH = [3750, 4500, 5250, 6000], [-2.0, -1.0, 0.0, 0.5]


def load(path):
    with h5py.File(path) as file:
        arrays = file["/dataset/arrays"]
        flux, error = arrays["flux/value"][()], arrays["error/value"][()]
        noisy = arrays["noisy/value"][()] if "noisy" in arrays else None
    return np.clip(flux, 0, None), error, noisy, pandas.read_hdf(path, "/dataset/params")


def bins_of(labels):
    t = np.digitize(labels["T_eff"], TEFF) - 1
    m = np.digitize(labels["M_H"], MH) - 1
    return np.where((t >= 0) & (t < 3) & (m >= 0) & (m < 3), 3 * t + m, -1)


def r2(target, predicted):
    return float(1 - np.sum((target - predicted) ** 2) / np.sum((target - target.mean()) ** 2))


class Data:
    def __init__(self, folder):
        shards = [load(path) for path in sorted(glob.glob(f"{folder}/train_*/dataset.h5"))]
        self.flux = np.concatenate([shard[0] for shard in shards])
        self.error = np.concatenate([shard[1] for shard in shards])
        labels = pandas.concat([shard[3] for shard in shards])
        del shards
        if os.environ.get("NOISY_ROWS"):
            self.noisy = np.fromfile(os.environ["NOISY_ROWS"], np.float32)
            self.noisy = self.noisy.reshape(self.flux.shape)
        else:
            rng = np.random.default_rng(42)
            self.noisy = rng.standard_normal(self.flux.shape, dtype=np.float32)
            self.noisy *= self.error
            self.noisy += self.flux
        self.y, self.bin = labels["log_g"].to_numpy(), bins_of(labels)
        self.fold = None
        if os.environ.get("FOLDS"):
            with open(os.environ["FOLDS"], encoding="ascii") as file:
                self.fold = np.array([int(row["fold"]) for row in csv.DictReader(file)
                                      if row["split"] == "train"])
        _, _, self.test_noisy, test = load(f"{folder}/test/dataset.h5")
        self.test_y, self.test_bin = test["log_g"].to_numpy(), bins_of(test)
