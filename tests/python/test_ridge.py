"""Ridge against scikit-learn on the same noisy rows: every bin, every alpha, every fold.

    test_ridge.py BUILD                    a small study, thinned out so that bins take both
                                           the primal and the dual form
    test_ridge.py BUILD CONFIG RUN_DIR     a study that has been run, e.g. the demo's; takes
                                           minutes for 20,000 spectra
"""

import glob
import json
import os
import sys
import tempfile
import unittest

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score

import study_data

ALPHAS = [1.0, 10.0, 1e2, 1e3, 1e4, 1e5, 1e6]
BUILD = sys.argv[1]


class Small:
    """A simulated study of 409 pixels; bin 0 has few rows, the others more than pixels."""

    def __init__(self, scratch):
        data = os.path.join(scratch, "data")
        study_data.run(BUILD, "headroom", "simulate", "--out", data, "--train", 7000,
                       "--shards", 2, "--test", 600, "--seed", 3)
        thin = os.path.join(scratch, "thin")
        for path in glob.glob(os.path.join(data, "*", "dataset.h5")):
            study_data.thin_out(path, path.replace(data, thin), 10)
        self.train = sorted(glob.glob(os.path.join(thin, "train_*", "dataset.h5")))
        self.test = os.path.join(thin, "test", "dataset.h5")
        self.config = os.path.join(scratch, "study.yaml")
        # The second edge close to the first: bins 0 to 2 get fewer rows than pixels.
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(f"experiment: {{id: small, language: en}}\n"
                       f"data:\n  train: [{', '.join(self.train)}]\n  test: {self.test}\n"
                       f"binning: {{T_eff: [3750, 4000, 5000, 6000]}}\n"
                       f"experts: {{ridge: {{alpha: [1, 10, 1e2, 1e3, 1e4, 1e5, 1e6]}}}}\n")
        self.run_dir = os.path.join(scratch, "run")
        study_data.run(BUILD, "headroom", "run", self.config, "--out", self.run_dir)


class Finished:
    """A study that has been run already."""

    def __init__(self, config, run_dir):
        self.config, self.run_dir = config, run_dir
        with open(os.path.join(run_dir, "manifest.json"), encoding="utf-8") as file:
            data = json.load(file)["data"]
        self.train, self.test = data["train"], data["test"]


def cross_validate(rows, mask, alpha):
    """Pooled R2 over the folds, as the documentation defines it."""
    residual = 0.0
    for fold in range(5):
        fit, held = mask & (rows.fold != fold), mask & (rows.fold == fold)
        model = Ridge(alpha=alpha, solver="cholesky").fit(rows.noisy[fit], rows.target[fit])
        residual += np.sum((rows.target[held] - model.predict(rows.noisy[held])) ** 2)
    y = rows.target[mask]
    return 1 - residual / np.sum((y - y.mean()) ** 2)


class RidgeEqualsScikitLearn(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        scratch = cls.scratch.name
        cls.study = Finished(*ARGUMENTS) if ARGUMENTS else Small(scratch)
        pixels = len(study_data.h5py.File(cls.study.test)["/spectrumdataset/wave"])
        cls.train = study_data.Rows(BUILD, cls.study.config, "train", "generated",
                                    cls.study.train, pixels, scratch)
        cls.test = study_data.Rows(BUILD, cls.study.config, "test", "stored",
                                   [cls.study.test], pixels, scratch)
        with open(os.path.join(cls.study.run_dir, "results.json"), encoding="utf-8") as file:
            cls.results = json.load(file)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def compare(self, name, train_mask, test_mask):
        card, ours = study_data.task(self.study.run_dir, name)
        self.assertEqual([v["alpha"] for v in card["variants"]], ALPHAS)
        self.assertEqual(card["train_rows"], train_mask.sum())
        y = self.test.target[test_mask]
        theirs_cv = []
        for a, alpha in enumerate(ALPHAS):
            model = Ridge(alpha=alpha, solver="cholesky")
            model.fit(self.train.noisy[train_mask], self.train.target[train_mask])
            theirs = model.predict(self.test.noisy[test_mask])
            self.assertLess(np.max(np.abs(theirs - ours[a])), 1e-3, (name, alpha))
            self.assertLess(abs(r2_score(y, theirs) - r2_score(y, ours[a])), 1e-4)
            theirs_cv.append(cross_validate(self.train, train_mask, alpha))
            self.assertLess(abs(theirs_cv[-1] - card["variants"][a]["r2_cv"]), 1e-4)
        best = int(np.argmax(theirs_cv))
        tie = theirs_cv[best] - theirs_cv[card["chosen"]] < 1e-4
        self.assertTrue(card["chosen"] == best or tie, (name, theirs_cv, card["chosen"]))
        print(f"{name}: alpha {ALPHAS[best]:g}, {train_mask.sum()} rows: agrees", flush=True)

    def test_every_bin(self):
        for k in range(9):
            self.compare(f"{k}-ridge", self.train.bin == k, self.test.bin == k)

    def test_the_global_model(self):
        self.compare("global-ridge", np.ones(len(self.train.bin), bool),
                     np.ones(len(self.test.bin), bool))

    def test_results_come_from_the_predictions(self):
        covered = self.test.bin >= 0
        pooled = np.full(len(self.test.bin), np.nan)
        for k in range(9):
            card, ours = study_data.task(self.study.run_dir, f"{k}-ridge")
            rows = self.test.bin == k
            pooled[rows] = ours[card["chosen"]]
            found = self.results["bins"][k]["experts"]["ridge"]
            self.assertEqual(found["alpha"], ALPHAS[card["chosen"]])
            self.assertAlmostEqual(found["r2"], r2_score(self.test.target[rows], pooled[rows]),
                                   places=10)
        expected = r2_score(self.test.target[covered], pooled[covered])
        found = [row for row in self.results["overall"]
                 if row["method"] == "ridge_oracle" and row["rows"] == "covered"]
        self.assertAlmostEqual(found[0]["r2_pooled"], expected, places=10)

    def test_the_saved_model_predicts_the_same(self):
        for k in (0, 4):
            card, ours = study_data.task(self.study.run_dir, f"{k}-ridge")
            model = np.load(os.path.join(self.study.run_dir, "tasks", f"{k}-ridge", "model.npy"))
            rows = self.test.noisy[self.test.bin == k]
            again = model[:, :1] + model[:, 1:] @ rows.T
            self.assertLess(np.max(np.abs(again - ours)), 1e-6)


if __name__ == "__main__":
    ARGUMENTS = sys.argv[2:]
    unittest.main(argv=sys.argv[:1], verbosity=2)
