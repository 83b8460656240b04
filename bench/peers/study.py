"""The whole study as one script: Ridge in every bin and globally, LightGBM in every bin, a
1D-CNN in two, R² of each on the test rows.

usage: study.py DATA_FOLDER OUT.json EPOCHS TREES THREADS [EXPERT...]
EXPERT: ridge, lightgbm, cnn (all where none is named). As a competent user writes it:
everything in memory, library defaults where they do, no loop in Python over spectra.
LightGBM takes 63 values a pixel, like ours in bench/run.py; the environment may name MAX_BIN, and
another SEED for it and the CNN."""

import json
import os
import sys

import study_data

CNN_BINS = (3, 6)


def fit_ridge(data):
    import ridge_sklearn
    return ridge_sklearn.run(data, ridge_sklearn.sweep)


def fit_lightgbm(data, trees, threads):
    import lightgbm
    r2 = {}
    for k in range(9):
        here, there = data.bin == k, data.test_bin == k
        model = lightgbm.LGBMRegressor(
            n_estimators=trees, max_depth=5, learning_rate=0.05, num_leaves=20,
            feature_fraction=0.3, bagging_fraction=0.7, bagging_freq=1, min_child_samples=50,
            reg_alpha=1.0, reg_lambda=1.0, max_bin=int(os.environ.get("MAX_BIN", "63")),
            verbosity=-1, n_jobs=threads, random_state=int(os.environ.get("SEED", "42")))
        model.fit(data.noisy[here], data.y[here])
        r2[k] = study_data.r2(data.test_y[there], model.predict(data.test_noisy[there]))
    return r2


def fit_cnn(folder, epochs, threads):
    import cnn
    scores = {}
    for k in CNN_BINS:
        test, out = cnn.train(folder, os.devnull, k, epochs, 256, threads)
        scores[k] = test
        print(out)
    return scores


def main():
    folder, out, epochs, trees, threads = sys.argv[1:6]
    experts = sys.argv[6:] or ["ridge", "lightgbm", "cnn"]
    results = {}
    if experts != ["cnn"]:
        data = study_data.Data(folder)
        del data.flux, data.error
        if "ridge" in experts:
            results["ridge"] = fit_ridge(data)
        if "lightgbm" in experts:
            results["lightgbm"] = fit_lightgbm(data, int(trees), int(threads))
        del data
    if "cnn" in experts:
        results["cnn"] = fit_cnn(folder, int(epochs), int(threads))
    with open(out, "w", encoding="ascii") as file:
        json.dump(results, file, default=float)


if __name__ == "__main__":
    main()
