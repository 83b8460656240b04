"""The controls of a study against scikit-learn: Ridge on random groups of the bins' sizes, and
Ridge on the error alone."""

import glob
import json
import os
import re
import shutil
import sys
import tempfile
import unittest

import h5py
import numpy as np
from sklearn.linear_model import Ridge

import study_data

BUILD = sys.argv[1]
PIXELS = 256


def r2(y, p):
    return 1 - np.sum((y - p) ** 2) / np.sum((y - y.mean()) ** 2)


class Controls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        full, cls.folder = (os.path.join(cls.scratch.name, n) for n in ("full", "data"))
        study_data.run(BUILD, "headroom", "simulate", "--out", full, "--train", 4000,
                       "--shards", 2, "--test", 800, "--seed", 3)
        for path in glob.glob(os.path.join(full, "*", "dataset.h5")):
            study_data.thin_out(path, path.replace(full, cls.folder), 4096 // PIXELS)
        shutil.rmtree(full)
        cls.config = os.path.join(cls.folder, "study.yaml")
        with open(cls.config, "w", encoding="utf-8") as file:
            file.write("experiment: {id: controls}\n"
                       "data: {train: [\"train_{0..1}/dataset.h5\"], test: test/dataset.h5}\n"
                       "experts: {ridge: {alpha: [1, 10, 1e2, 1e3, 1e4, 1e5, 1e6]}}\n")
        cls.out = os.path.join(cls.scratch.name, "run")
        cls.done = study_data.run(BUILD, "headroom", "run", cls.config, "--out", cls.out)
        with open(os.path.join(cls.out, "results.json"), encoding="utf-8") as file:
            cls.results = json.load(file)
        shards = [os.path.join(cls.folder, f"train_{k}/dataset.h5") for k in (0, 1)]
        test = [os.path.join(cls.folder, "test/dataset.h5")]
        place = (PIXELS, cls.scratch.name)
        cls.train = study_data.Rows(BUILD, cls.config, "train", "generated", shards, *place)
        cls.test = study_data.Rows(BUILD, cls.config, "test", "stored", test, *place)
        cls.train_error, cls.test_error = (
            np.concatenate([h5py.File(p)["/dataset/arrays/error/value"][:] for p in files])
            for files in (shards, test))

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def array(self, control, name):
        return np.load(os.path.join(self.out, "tasks", "global-" + control, name))

    def predictions(self, control):
        return study_data.task(self.out, "global-" + control)[1][0]

    def test_groups_have_the_sizes_of_the_bins(self):
        for rows, name in ((self.train, "train_groups.npy"), (self.test, "test_groups.npy")):
            groups = self.array("placebo", name)[:, 0].astype(int)
            np.testing.assert_array_equal(groups == -1, rows.bin == -1)
            np.testing.assert_array_equal(np.bincount(groups + 1), np.bincount(rows.bin + 1))
            # As many as chance would have stay in their bin: the sum of (share of the bin)².
            covered = rows.bin[rows.bin >= 0]
            chance = np.sum((np.bincount(covered) / len(covered)) ** 2)
            stay = np.mean(groups[groups >= 0] == covered)
            self.assertLess(abs(stay - chance), 5 * np.sqrt(chance / len(covered)))

    def test_every_group_is_sklearn_ridge(self):
        train, test = (self.array("placebo", f"{s}_groups.npy")[:, 0].astype(int)
                       for s in ("train", "test"))
        models, found = self.array("placebo", "model.npy"), self.predictions("placebo")
        for k in range(9):
            x, y = self.train.noisy[train == k], self.train.target[train == k]
            fits = {a: Ridge(alpha=a).fit(x, y) for a in 10.0 ** np.arange(7)}
            behind, rows = [], 0  # the groups behind it, until they have as many rows
            for step in range(1, 9):
                if rows >= len(y):
                    break
                behind.append((k + step) % 9)
                rows += np.sum(train == behind[-1])
            inside = np.isin(train, behind)
            loss = {a: np.sum((self.train.target[inside]
                               - fit.predict(self.train.noisy[inside])) ** 2)
                    for a, fit in fits.items()}
            self.assertEqual(models[k, 0], min(loss, key=loss.get))
            fit = fits[models[k, 0]]
            np.testing.assert_allclose(found[test == k], fit.predict(self.test.noisy[test == k]),
                                       atol=2e-3)
            np.testing.assert_allclose(models[k, 1], fit.intercept_, atol=2e-3)
        covered = self.test.bin >= 0
        self.assertAlmostEqual(self.results["controls"]["placebo"]["r2_pooled"],
                               r2(self.test.target[covered], found[covered]), delta=1e-12)
        self.assertTrue(np.isnan(found[~covered]).all())

    def test_the_error_alone_is_sklearn_ridge(self):
        model, found = self.array("leakage", "model.npy")[0], self.predictions("leakage")
        x, z = np.log10(self.train_error), np.log10(self.test_error)  # as many pixels as stretches
        inside, covered = self.train.bin >= 0, self.test.bin >= 0
        fit = Ridge(alpha=model[0]).fit(x[inside].astype(float), self.train.target[inside])
        # The penalty is small, and sums of fp32 products are what they are.
        np.testing.assert_allclose(found[covered], fit.predict(z[covered].astype(float)),
                                   atol=1e-2)
        leakage = self.results["controls"]["leakage"]
        self.assertAlmostEqual(leakage["r2_pooled"],
                               r2(self.test.target[covered], found[covered]), delta=1e-12)
        # The simulator's errors follow from the noise-free flux, and so say much of log g.
        self.assertGreater(leakage["r2_pooled"], 0.3)
        self.assertTrue(leakage["warning"])
        self.assertIn("warning: the error alone, without the flux, predicts log_g",
                      self.done.stderr)

    def test_threads_and_blocks_do_not_change_a_byte(self):
        out = os.path.join(self.scratch.name, "again")
        with open(self.config, encoding="utf-8") as file:
            text = file.read() + "run: {block_rows: 7}\n"
        other = os.path.join(self.folder, "other.yaml")
        with open(other, "w", encoding="utf-8") as file:
            file.write(text)
        study_data.run(BUILD, "headroom", "run", other, "--out", out, threads=1)
        for control in ("placebo", "leakage"):
            for name in ("model.npy", "predictions.f32"):
                paths = [os.path.join(run, "tasks", "global-" + control, name)
                         for run in (self.out, out)]
                with open(paths[0], "rb") as a, open(paths[1], "rb") as b:
                    self.assertEqual(a.read(), b.read(), paths)

    def test_without_controls(self):
        other = os.path.join(self.folder, "none.yaml")
        with open(self.config, encoding="utf-8") as file:
            text = file.read() + "controls: {placebo: false, leakage: false}\n"
        with open(other, "w", encoding="utf-8") as file:
            file.write(text)
        needs = [float(re.search(r"Would need (\d+) MiB", study_data.run(
            BUILD, "headroom", "run", c, "--out", "nowhere", "--dry-run").stdout).group(1))
            for c in (self.config, other)]
        self.assertGreater(needs[0], needs[1])  # the plan counts them
        out = os.path.join(self.scratch.name, "none")
        study_data.run(BUILD, "headroom", "run", other, "--out", out)
        with open(os.path.join(out, "results.json"), encoding="utf-8") as file:
            results = json.load(file)
        self.assertEqual(results["controls"], {"placebo": None, "leakage": None})
        self.assertEqual(results["overall"], self.results["overall"])
        self.assertFalse(os.path.exists(os.path.join(out, "tables", "controls.csv")))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
