"""The script a user would write: h5py to NumPy to lightgbm, one model a bin.

usage: lightgbm_per_bin.py DATA_FOLDER OUT_FOLDER [TREES] [MAX_BIN]
DATA_FOLDER as `headroom simulate` writes it. Nine models and their test predictions, and the
R² of all of them together in r2.json. MAX_BIN: 255 is LightGBM's default."""

import glob
import json
import os
import sys

import h5py
import lightgbm
import numpy as np
import pandas

TEFF, MH = [3750, 4500, 5250, 6000], [-2.0, -1.0, 0.0, 0.5]


def load(path):
    with h5py.File(path) as file:
        flux = file["/dataset/arrays/flux/value"][()]
        error = file["/dataset/arrays/error/value"][()]
        noisy = file["/dataset/arrays/noisy/value"][()] if "noisy" in file["/dataset/arrays"] else None
    return flux, error, noisy, pandas.read_hdf(path, "/dataset/params")


def bins_of(labels):
    t = np.digitize(labels["T_eff"], TEFF) - 1
    m = np.digitize(labels["M_H"], MH) - 1
    return np.where((t >= 0) & (t < 3) & (m >= 0) & (m < 3), 3 * t + m, -1)


def main():
    folder, out, trees = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 500
    max_bin = int(sys.argv[4]) if len(sys.argv) > 4 else 255
    # The package would take all cores whatever OpenMP is told.
    threads = int(os.environ.get("OMP_NUM_THREADS", os.cpu_count()))
    squared_error, covered_y = 0.0, []
    os.makedirs(out, exist_ok=True)
    shards = [load(path) for path in sorted(glob.glob(f"{folder}/train_*/dataset.h5"))]
    flux = np.concatenate([shard[0] for shard in shards])
    error = np.concatenate([shard[1] for shard in shards])
    labels = pandas.concat([shard[3] for shard in shards])
    del shards
    flux = np.clip(flux, 0, None)
    rng = np.random.default_rng(42)
    noisy = flux + error * rng.standard_normal(flux.shape, dtype=np.float32)
    y = labels["log_g"].to_numpy()
    k_train = bins_of(labels)
    _, _, test_noisy, test_labels = load(f"{folder}/test/dataset.h5")
    test_y, k_test = test_labels["log_g"].to_numpy(), bins_of(test_labels)
    for k in range(9):
        model = lightgbm.LGBMRegressor(
            n_estimators=trees, max_depth=5, learning_rate=0.05, num_leaves=20,
            feature_fraction=0.3, bagging_fraction=0.7, bagging_freq=1, min_child_samples=50,
            reg_alpha=1.0, reg_lambda=1.0, max_bin=max_bin, random_state=42, verbosity=-1,
            n_jobs=threads)
        model.fit(noisy[k_train == k], y[k_train == k])
        model.booster_.save_model(f"{out}/{k}.txt")
        here = k_test == k
        predicted = model.predict(test_noisy[here])
        np.save(f"{out}/{k}.npy", predicted)
        squared_error += np.sum((test_y[here] - predicted) ** 2)
        covered_y.append(test_y[here])
        total = np.sum((test_y[here] - test_y[here].mean()) ** 2)
        print(f"bin {k}: R2 {1 - np.sum((test_y[here] - predicted) ** 2) / total:.4f}", flush=True)
    covered_y = np.concatenate(covered_y)
    pooled = 1 - squared_error / np.sum((covered_y - covered_y.mean()) ** 2)
    with open(f"{out}/r2.json", "w", encoding="ascii") as file:
        json.dump(float(pooled), file)


if __name__ == "__main__":
    main()
