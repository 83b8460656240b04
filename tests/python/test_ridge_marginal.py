"""Marginal Ridge against scikit-learn: ordinary Ridge on many stacked noise draws of a small
set approaches it as one over the root of their number; on clean spectra it is level 0.

    test_ridge_marginal.py BUILD"""

import glob
import os
import sys
import tempfile
import unittest

import h5py
import numpy as np
from sklearn.linear_model import Ridge

import study_data

BUILD = sys.argv[1]
ALPHAS = [0.001, 0.1, 10]
DRAWS = (5, 20, 80, 200)  # stacked, of all rows
# Sets of that many draws, no draw twice. The distance of one set scatters by half of itself
# where few directions of the flux matter (bin 7, alpha 10), so sets are averaged.
SETS = (40, 20, 8, 6)
STEP = 64            # every STEP-th pixel: 64


def read(path, name):
    with h5py.File(path, "r") as file:
        return file[f"/dataset/arrays/{name}/value"][:].astype(np.float64)


class Study:
    """A simulated study of 64 pixels: bins 4 and 7 have fewer rows than that, all rows more."""

    def __init__(self, scratch, level):
        data, thin = os.path.join(scratch, "data"), os.path.join(scratch, "thin")
        if not os.path.exists(thin):
            study_data.run(BUILD, "headroom", "simulate", "--out", data, "--train", 500,
                           "--shards", 2, "--test", 400, "--seed", 5)
            for path in glob.glob(os.path.join(data, "*", "dataset.h5")):
                study_data.thin_out(path, path.replace(data, thin), STEP)
        self.train = sorted(glob.glob(os.path.join(thin, "train_*", "dataset.h5")))
        self.test = os.path.join(thin, "test", "dataset.h5")
        self.config = os.path.join(scratch, f"level_{level}.yaml")
        self.run_dir = os.path.join(scratch, f"run_{level}")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(f"experiment: {{id: small, language: en}}\n"
                       f"data:\n  train: [{', '.join(self.train)}]\n  test: {self.test}\n"
                       f"  noise: {{level: {level}, seed: 42, test: generated}}\n"
                       f"experts: {{ridge_marginal: {{alpha: {ALPHAS}}}}}\n"
                       f"controls: {{placebo: false, leakage: false}}\n")
        study_data.run(BUILD, "headroom", "run", self.config, "--out", self.run_dir)
        pixels = 4096 // STEP
        rows = study_data.Rows(BUILD, self.config, "train", "generated", self.train, pixels,
                               scratch)
        self.bin, self.target = rows.bin, rows.target
        self.flux = np.maximum(np.concatenate([read(p, "flux") for p in self.train]), 0)
        self.error = np.concatenate([read(p, "error") for p in self.train])
        test = study_data.Rows(BUILD, self.config, "test", "generated", [self.test], pixels,
                               scratch)
        self.test_bin, self.test_noisy = test.bin, test.noisy
        self.test_flux = np.maximum(read(self.test, "flux"), 0)


def stacked(study, mask, draws, alpha, rng):
    """Predictions of scikit-learn's Ridge on `draws` noisy copies of the rows of `mask`."""
    flux, error = study.flux[mask], study.error[mask]
    noisy = np.concatenate([flux + error * rng.standard_normal(flux.shape)
                            for _ in range(draws)])
    model = Ridge(alpha=alpha * draws, solver="cholesky")
    return model.fit(noisy, np.tile(study.target[mask], draws))


def distance(models, x, limit):
    """Root mean square of the models' distance from `limit`, over rows and models."""
    return np.sqrt(np.mean([(model.predict(x) - limit) ** 2 for model in models]))


class MarginalRidgeIsTheLimitOfManyDraws(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.noisy = Study(cls.scratch.name, 1)
        cls.clean = Study(cls.scratch.name, 0)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def approach(self, name, mask, rows, a):
        study, rng = self.noisy, np.random.default_rng(11)
        _, ours = study_data.task(study.run_dir, name)
        x, limit = study.test_noisy[rows], ours[a]
        found = [distance([stacked(study, mask, draws, ALPHAS[a], rng) for _ in range(sets)],
                          x, limit) for draws, sets in zip(DRAWS, SETS)]
        bar = np.mean(np.array(found[:-1]) * np.sqrt(np.array(DRAWS[:-1]) / DRAWS[-1]))
        slope = np.polyfit(np.log(DRAWS), np.log(found), 1)[0]
        print(f"{name}, alpha {ALPHAS[a]:g}: distance",
              ", ".join(f"{d:.5f} of {n}" for d, n in zip(found, DRAWS)),
              f"draws; error bar {bar:.5f}, slope {slope:.3f}", flush=True)
        return slope, found[-1] / bar

    def test_every_form_of_it(self):
        study = self.noisy
        bins = [("global-ridge_marginal", np.ones(len(study.bin), bool),
                 np.ones(len(study.test_bin), bool))]
        bins += [(f"{k}-ridge_marginal", study.bin == k, study.test_bin == k) for k in (4, 7)]
        for name, mask, rows in bins:
            self.assertEqual(name == "global-ridge_marginal", mask.sum() > 4096 // STEP)
            for a in (1, 2):
                slope, last = self.approach(name, mask, rows, a)
                self.assertLess(abs(slope + 0.5), 0.08, (name, slope))
                self.assertLess(last, 1.5, (name, last))

    def test_draws_of_other_noise_do_not_approach_it(self):
        """The test above has to be able to fail: errors 1.2 times too large are seen."""
        study, rng = self.noisy, np.random.default_rng(12)
        _, ours = study_data.task(study.run_dir, "global-ridge_marginal")
        all_rows = np.ones(len(study.bin), bool)
        right = stacked(study, all_rows, DRAWS[-1], ALPHAS[1], rng)
        true, study.error = study.error, 1.2 * study.error
        wrong = stacked(study, all_rows, DRAWS[-1], ALPHAS[1], rng)
        study.error = true
        self.assertGreater(distance([wrong], study.test_noisy, ours[1]),
                           2 * distance([right], study.test_noisy, ours[1]))

    def test_level_0_is_ridge_on_clean_spectra(self):
        study = self.clean
        for name, mask, rows in (("global-ridge_marginal", study.bin >= -1, study.test_bin >= -1),
                                 ("4-ridge_marginal", study.bin == 4, study.test_bin == 4)):
            _, ours = study_data.task(study.run_dir, name)
            for a, alpha in enumerate(ALPHAS):
                model = Ridge(alpha=alpha, solver="cholesky")
                theirs = model.fit(study.flux[mask], study.target[mask]).predict(
                    study.test_flux[rows])
                self.assertLess(np.max(np.abs(theirs - ours[a])), 1e-3, (name, alpha))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
