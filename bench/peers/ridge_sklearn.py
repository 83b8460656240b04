"""A sweep of Ridge penalties with scikit-learn, for all rows and for every bin.

usage: ridge_sklearn.py DATA_FOLDER OUT.json ridge|ridge_cv
ridge: Ridge for every alpha and every one of five folds, then on all rows, as scripts do.
ridge_cv: RidgeCV, which scikit-learn offers for it: leave-one-out by one decomposition.
Everything is fp32; of the solvers that end exactly, Ridge's own choice, Cholesky on the smaller of
rows and pixels, is the fastest (at 4,000 random rows svd takes 48 times its processor time, and
lsqr, which iterates, 2.1 times).
OUT.json: R² of the test rows by bin, and "global"."""

import json
import sys

import numpy as np
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.model_selection import KFold, PredefinedSplit

import study_data

ALPHAS = [1.0, 10.0, 100.0, 1e3, 1e4, 1e5, 1e6]


def sweep(x, y, fold):
    """The penalty that validation likes best, and Ridge with it on all rows. fold: [rows] or
    None."""
    y = y.astype(np.float32)
    folds = KFold(5, shuffle=True, random_state=42) if fold is None else PredefinedSplit(fold)
    scores = []
    for alpha in ALPHAS:
        errors = [np.sum((Ridge(alpha=alpha).fit(x[a], y[a]).predict(x[b]) - y[b]) ** 2)
                  for a, b in folds.split(x)]
        scores.append(sum(errors))
    return Ridge(alpha=ALPHAS[int(np.argmin(scores))]).fit(x, y)


def generalised(x, y, _fold):
    mode = "eigen" if len(x) <= x.shape[1] else "auto"
    return RidgeCV(alphas=ALPHAS, gcv_mode=mode).fit(x, y.astype(np.float32))


def run(data, fit):
    """R² of the test rows, by bin and for the global model."""
    r2 = {}
    model = fit(data.noisy, data.y, data.fold)
    r2["global"] = study_data.r2(data.test_y, model.predict(data.test_noisy))
    for k in range(9):
        here, there = data.bin == k, data.test_bin == k
        if here.sum() < 10 or there.sum() < 2:
            continue
        model = fit(data.noisy[here], data.y[here],
                    None if data.fold is None else data.fold[here])
        r2[k] = study_data.r2(data.test_y[there], model.predict(data.test_noisy[there]))
    return r2


def main():
    folder, out, how = sys.argv[1:]
    r2 = run(study_data.Data(folder), {"ridge": sweep, "ridge_cv": generalised}[how])
    with open(out, "w", encoding="ascii") as file:
        json.dump(r2, file)


if __name__ == "__main__":
    main()
