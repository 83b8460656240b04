"""The ceilings through the program: Fisher's against scipy's splines and plain NumPy, the
posterior's against what its expert reaches, both against each other.

    test_fisher.py BUILD
"""

import glob
import json
import os
import shutil
import sys
import tempfile
import unittest

import h5py
import numpy as np
import pandas
from scipy.interpolate import CubicSpline

import study_data

BUILD = sys.argv[1]
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LABELS = ["T_eff", "log_g", "M_H"]
T_EDGES, M_EDGES = [3750, 4500, 5250, 6000], [-2.0, -1.0, 0.0, 0.5]


class Grid:
    """The built-in grid of models, with scipy's not-a-knot splines."""

    def __init__(self):
        with h5py.File(os.path.join(ROOT, "data", "headroom_data.h5")) as file:
            nodes = [file[f"grid/{name}"][:].astype(float) for name in LABELS]
            scale = file["grid/scale"][:][:, None] * file["grid/code"][:].astype(float)
            self.flux = file["grid/maximum"][:][:, None] * np.exp(-scale)
        self.splines = [CubicSpline(n, np.eye(len(n))) for n in nodes]

    def derivatives(self, labels):
        """Flux over its median, and its derivatives by the three labels: 4 x P."""
        weights = []
        for which in (None, 0, 1, 2):
            axes = [spline(x, 1 if axis == which else 0)
                    for axis, (spline, x) in enumerate(zip(self.splines, labels))]
            weights.append(np.einsum("i,j,k->ijk", *axes).ravel())
        flux, *slopes = np.array(weights) @ self.flux
        low, median, high = np.quantile(flux, [0.48, 0.5, 0.52])
        weight = np.interp(flux, [low, median, high], [0, 1, 0])
        return np.array([flux / median] + [
            (slope - flux * np.average(slope, weights=weight) / median) / median
            for slope in slopes])


def bins_of(labels):
    """Bin numbers as the study has them, -1 for none."""
    t = np.searchsorted(T_EDGES, labels["T_eff"], side="right") - 1
    m = np.searchsorted(M_EDGES, labels["M_H"], side="right") - 1
    t[labels["T_eff"] == T_EDGES[-1]] = 2
    m[labels["M_H"] == M_EDGES[-1]] = 2
    inside = (t >= 0) & (t < 3) & (m >= 0) & (m < 3)
    return np.where(inside, 3 * t + m, -1)


def r2_max(variance, y):
    return 1 - variance.sum() / ((y - y.mean()) ** 2).sum()


class Study(unittest.TestCase):
    """A simulated study in a folder of its own."""

    SIMULATE = []

    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.data = os.path.join(cls.scratch.name, "data")
        study_data.run(BUILD, "headroom", "simulate", "--out", cls.data, "--shards", 2,
                       "--seed", 4, *cls.SIMULATE)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    @classmethod
    def run_study(cls, name, experts, noise="", extra="", folder=None, threads=2):
        """Run directory, results and what the program said."""
        folder = folder or cls.data
        config = os.path.join(folder, name + ".yaml")
        with open(config, "w", encoding="utf-8") as file:
            file.write("experiment: {id: small, language: en}\n"
                       "data:\n  train: [\"train_{0..1}/dataset.h5\"]\n  test: test/dataset.h5\n"
                       f"{noise}experts: {{{experts}}}\n{extra}")
        out = os.path.join(cls.scratch.name, name)
        done = study_data.run(BUILD, "headroom", "run", config, "--out", out, threads=threads)
        with open(os.path.join(out, "results.json"), encoding="utf-8") as file:
            return out, json.load(file), done.stderr

    @staticmethod
    def bounds(out):
        return np.load(os.path.join(out, "fisher.npy"))


class AgainstScipy(Study):
    SIMULATE = ["--train", 500, "--test", 130]
    RIDGE = "ridge: {alpha: [100]}"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.out, cls.results, cls.said = cls.run_study("plain", cls.RIDGE)
        test = os.path.join(cls.data, "test", "dataset.h5")
        train = sorted(glob.glob(os.path.join(cls.data, "train_*", "dataset.h5")))
        cls.labels = pandas.read_hdf(test, "/dataset/params")
        cls.train = pandas.concat(pandas.read_hdf(path, "/dataset/params") for path in train)
        with h5py.File(test) as file:
            cls.flux = file["/dataset/arrays/flux/value"][:].astype(float)
            cls.sigma = file["/dataset/arrays/error/value"][:].astype(float)

    def test_bounds_are_those_of_scipy(self):
        grid, found = Grid(), self.bounds(self.out)
        own, of_train = bins_of(self.labels), bins_of(self.train)
        self.assertEqual(found.shape, (130, 2))
        worst = 0
        for row in range(0, 130, 2):
            spectra = grid.derivatives(self.labels[LABELS].iloc[row])
            amplitude = np.median(self.flux[row])
            self.assertLess(np.abs(self.flux[row] / amplitude - spectra[0]).max(), 1e-4)
            slopes = amplitude * spectra[1:]
            information = (slopes / self.sigma[row] ** 2) @ slopes.T
            for which, rows in enumerate((of_train == own[row], np.isfinite(of_train))):
                if which == 0 and own[row] < 0:
                    self.assertTrue(np.isnan(found[row, 0]))
                    continue
                prior = np.cov(self.train[LABELS].to_numpy()[rows].T, bias=True)
                bound = np.linalg.inv(information + np.linalg.inv(prior))[1, 1]
                worst = max(worst, abs(found[row, which] / bound - 1))
        self.assertLess(worst, 1e-3)

    def test_ceilings_are_means_of_the_bounds(self):
        fisher, found = self.results["ceiling"]["fisher"], self.bounds(self.out)
        y, own = self.labels["log_g"].to_numpy(), bins_of(self.labels)
        covered = own >= 0
        self.assertAlmostEqual(fisher["routed"]["r2_max"],
                               r2_max(found[covered, 0], y[covered]), 12)
        self.assertAlmostEqual(fisher["global"]["r2_max"], r2_max(found[:, 1], y), 12)
        for k, of_bin in enumerate(fisher["routed"]["bins"]):
            self.assertEqual(of_bin["n"], (own == k).sum())
            self.assertAlmostEqual(of_bin["r2_max"], r2_max(found[own == k, 0], y[own == k]), 12)
        for octile, edges in zip(fisher["routed"]["octiles"],
                                 self.results["snr_octiles"]["octiles"]):
            snr = self.labels["snr"].to_numpy()
            rows = covered & (snr >= edges["snr_low"]) & (snr < edges["snr_high"])
            rows |= covered & (snr == edges["snr_high"]) & (snr == snr[covered].max())
            self.assertAlmostEqual(octile["r2_max"], r2_max(found[rows, 0], y[rows]), 12)
            self.assertLess(octile["r2_max_ci"][0], octile["r2_max"])
        self.assertLess(fisher["misfit"], 1e-6)
        self.assertEqual(fisher["rows_without"], 0)

    def test_threads_and_blocks_do_not_change_a_byte(self):
        for threads, rows in ((1, 0), (2, 7)):
            out, _, _ = self.run_study(f"threads{threads}", self.RIDGE,
                                       extra=f"run: {{block_rows: {rows}}}\n", threads=threads)
            self.assertEqual(self.bounds(out).tobytes(), self.bounds(self.out).tobytes())

    def test_a_damaged_file_is_made_anew(self):
        out, _, _ = self.run_study("damaged", self.RIDGE)
        path, config = os.path.join(out, "fisher.npy"), os.path.join(self.data, "damaged.yaml")
        for spoil in (os.remove, lambda path: os.truncate(path, 1000)):
            spoil(path)
            done = study_data.run(BUILD, "headroom", "run", config, "--out", out, "--resume")
            self.assertIn(f"warning: {path} is gone or damaged: the results are made again from "
                          "the tasks\n", done.stderr)
            self.assertEqual(self.bounds(out).tobytes(), self.bounds(self.out).tobytes())
        done = study_data.run(BUILD, "headroom", "run", config, "--out", out, "--resume")
        self.assertIn(f"{out} is complete: there is nothing left to do\n", done.stderr)

    def test_the_level_is_that_of_the_test_noise(self):
        noise = "  noise: {level: 3, seed: 42, test: %s}\n"
        stored, _, _ = self.run_study("stored", self.RIDGE, noise % "stored")
        self.assertEqual(self.bounds(stored).tobytes(), self.bounds(self.out).tobytes())
        drawn, _, _ = self.run_study("drawn", self.RIDGE, noise % "generated")
        self.assertTrue((self.bounds(drawn)[:, 1] > self.bounds(self.out)[:, 1]).all())

    def test_without_noise_there_is_none(self):
        out, results, said = self.run_study("level0", self.RIDGE,
                                            "  noise: {level: 0, seed: 42, test: generated}\n")
        self.assertIsNone(results["ceiling"])
        self.assertFalse(os.path.exists(os.path.join(out, "fisher.npy")))
        self.assertIn("no Fisher bound: data.noise.level is 0, and without noise nothing limits "
                      "a label\n", said)

    def test_another_grid_has_none(self):
        thin = os.path.join(self.scratch.name, "thin")
        for path in glob.glob(os.path.join(self.data, "*", "dataset.h5")):
            study_data.thin_out(path, path.replace(self.data, thin), 16)
        _, results, said = self.run_study("thin_out", "posterior: {}", folder=thin)
        sentence = "the spectra have 256 pixels and the built-in model grid has 4096"
        self.assertIn(f"no Fisher bound: {sentence}\n", said)
        self.assertIsNone(results["ceiling"]["fisher"])
        self.assertEqual(results["ceiling"]["fisher_note"], sentence)
        self.assertIsNotNone(results["ceiling"]["routed"]["r2_max"])

    def copy(self, name):
        folder = os.path.join(self.scratch.name, name)
        shutil.copytree(self.data, folder)
        return folder, os.path.join(folder, "test", "dataset.h5")

    def test_other_stars_have_none(self):
        folder, test = self.copy("other")
        with h5py.File(test, "r+") as file:
            more = 0.5 * file["/dataset/arrays/flux/value"][:, ::2]
            for name in ("flux", "noisy"):
                file[f"/dataset/arrays/{name}/value"][:, ::2] += more
        _, results, said = self.run_study("other_out", self.RIDGE, folder=folder)
        self.assertIsNone(results["ceiling"])
        self.assertRegex(said, r"no Fisher bound: the built-in model grid misses the clean test "
                               r"spectra by \d+ % of their median flux, so its derivatives are "
                               r"not theirs\n")

    def test_rows_beyond_the_grid_are_counted(self):
        folder, test = self.copy("beyond")
        frame = pandas.read_hdf(test, "/dataset/params")
        inside = np.flatnonzero(bins_of(frame) >= 0)[:2]
        frame.loc[frame.index[inside[0]], "log_g"] = 5.3
        frame.loc[frame.index[inside[1]], "T_eff"] = 6500.0
        with h5py.File(test, "r+") as file:
            del file["/dataset/params"]
        frame.to_hdf(test, "/dataset/params", format="table")
        out, results, said = self.run_study("beyond_out", self.RIDGE, folder=folder)
        self.assertIn("2 of 130 test rows have no labels within the built-in model grid, and so "
                      "no Fisher bound\n", said)
        fisher = results["ceiling"]["fisher"]
        self.assertEqual(fisher["rows_without"], 2)
        self.assertIsNone(fisher["global"]["r2_max"])
        self.assertIsNone(fisher["routed"]["r2_max"])
        known = [of_bin["r2_max"] is not None for of_bin in fisher["routed"]["bins"]]
        self.assertEqual(known.count(False), 1)
        self.assertEqual(np.flatnonzero(np.isnan(self.bounds(out)[:, 1])).tolist(),
                         sorted(inside.tolist()))


class OneFreeLabel(Study):
    """Stars that differ in log g alone, bright and faint: the templates, 3,000 of them in 4
    dex, are the prior that the data are drawn from."""

    SIMULATE = ["--train", 3000, "--test", 800, "--teff", "4800,4800", "--mh", "-1.5,-1.5",
                "--mag", "19,24.5"]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        _, results, cls.said = cls.run_study("toy", "posterior: {}")
        cls.ceiling = results["ceiling"]
        cls.octiles = list(zip(cls.ceiling["routed"]["octiles"],
                               cls.ceiling["fisher"]["routed"]["octiles"]))

    def test_the_posterior_reaches_its_ceiling(self):
        for method in self.ceiling["methods"]:
            low, high = method["excess_ci"]
            self.assertLess(low, 0, method["method"])
            self.assertGreater(high, 0, method["method"])
            self.assertLess(high - low, 0.1)
            self.assertFalse(method["exceeds"])
        self.assertNotIn("above the posterior ceiling", self.said)

    def test_they_agree_at_high_and_part_at_low_signal(self):
        posterior, fisher = self.octiles[-1]
        self.assertLess(abs(posterior["r2_max"] - fisher["r2_max"]), 0.002)
        self.assertGreater(posterior["r2_max"], 0.97)
        for posterior, fisher in self.octiles[1:5]:
            self.assertGreater(fisher["r2_max"] - posterior["r2_max"], 0.04)


class SomeOfAllLabels(Study):
    """Stars over a range of all labels, in one bin."""

    SIMULATE = ["--train", 5000, "--test", 600, "--teff", "4600,5000", "--mh", "-0.9,-0.3",
                "--mag", "21.5,22.5"]

    def test_prediction_and_measurement_agree(self):
        _, results, said = self.run_study("narrow", "posterior: {}")
        for method in results["ceiling"]["methods"]:
            self.assertLess(method["excess_ci"][0], 0, method["method"])
            self.assertGreater(method["excess_ci"][1], 0, method["method"])
        self.assertNotIn("above the posterior ceiling", said)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
