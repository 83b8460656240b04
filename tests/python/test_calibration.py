"""Whether sigma can be trusted: what a study says of it against numpy, and a planted error.

    test_calibration.py BUILD
"""

import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy as np
import pandas

import study_data

BUILD = sys.argv[1]
MEASURES = ["within_1_sigma", "within_2_sigma", "chi2", "within_half68", "within_half95"]
EXPERTS = "experts:\n  posterior: {}\ncontrols: {placebo: false, leakage: false}\n"


def wilson(within, rows):
    """The interval of a share: the roots of its score test."""
    p, z2 = within / rows, 1.959963984540054 ** 2
    # p is within z errors of the share q: (p - q)^2 = z2 q (1 - q) / rows.
    a, b, c = 1 + z2 / rows, -(2 * p + z2 / rows), p * p
    root = math.sqrt(b * b - 4 * a * c)
    return (-b - root) / (2 * a), (-b + root) / (2 * a)


def measure(rows, method):
    """The shares and the mean chi2 of a method, over rows with a sigma."""
    miss = (rows["target"] - rows[method]).abs()
    sigma = rows[f"sigma_{method}"]
    return {"n": int((sigma > 0).sum()),
            "within_1_sigma": float((miss <= sigma).mean()),
            "within_2_sigma": float((miss <= 2 * sigma).mean()),
            "chi2": float(((miss / sigma) ** 2).mean()),
            "within_half68": float((miss <= rows[f"half68_{method}"]).mean()),
            "within_half95": float((miss <= rows[f"half95_{method}"]).mean())}


class Calibration(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.TemporaryDirectory()
        cls.root = cls.home.name
        study_data.run(BUILD, "headroom", "simulate", "--out", f"{cls.root}/data", "--train",
                       3000, "--shards", 1, "--test", 1200)
        cls.test = f"{cls.root}/data/test/dataset.h5"
        labels = pandas.read_hdf(cls.test, "dataset/params")
        with h5py.File(cls.test, "a") as file:
            del file["dataset/params"]
        # Larger than fp64 holds to the last digit.
        labels["star"] = np.arange(len(labels), dtype=np.uint64) + np.uint64((1 << 62) + 1)
        labels.to_hdf(cls.test, "dataset/params", append=True, format="table")
        with open(f"{cls.root}/data/study.yaml", encoding="utf-8") as file:
            text = file.read()
        text = text[:text.index("experts:")].replace("data:\n", "data:\n  id: star\n")
        with open(f"{cls.root}/data/study.yaml", "w", encoding="utf-8") as file:
            file.write(text + EXPERTS)
        cls.honest = cls.run_study("honest")

    @classmethod
    def run_study(cls, name):
        folder = f"{cls.root}/{name}"
        study_data.run(BUILD, "headroom", "run", f"{cls.root}/data/study.yaml", "--out", folder)
        return folder

    @classmethod
    def tearDownClass(cls):
        cls.home.cleanup()

    def read(self, folder):
        rows = pandas.read_csv(f"{folder}/predictions.csv", float_precision="round_trip")
        with open(f"{folder}/results.json", encoding="utf-8") as file:
            results = json.load(file)
        with open(f"{folder}/report.md", encoding="utf-8") as file:
            return rows, results, file.read()

    def check(self, said, rows, method):
        found = measure(rows, method)
        self.assertEqual(said["n"], found["n"])
        for key in MEASURES:
            self.assertAlmostEqual(said[key], found[key], 9, key)
        for key in MEASURES:
            if key == "chi2":
                continue
            low, high = wilson(found[key] * len(rows), len(rows))
            self.assertAlmostEqual(said[key + "_ci"][0], max(0, low), 9)
            self.assertAlmostEqual(said[key + "_ci"][1], min(1, high), 9)

    def test_numbers_are_those_of_the_rows(self):
        rows, results, _ = self.read(self.honest)
        covered = rows[rows["bin"].notna()]
        method = results["selection"]["headline"]
        said = next(m for m in results["calibration"]["methods"] if m["method"] == method)
        self.check(said, covered, method)
        edges = results["calibration"]["snr_edges"]
        np.testing.assert_allclose(edges, np.quantile(covered["snr"], np.arange(9) / 8))
        octile = np.clip(np.searchsorted(edges, covered["snr"], "right") - 1, 0, 7)
        for j in range(8):
            self.check(said["octiles"][j], covered[octile == j], method)
        for k in range(9):
            self.check(said["bins"][k], covered[covered["bin"] == k], method)
        everybody = next(m for m in results["calibration"]["methods"] if m["rows"] == "all")
        self.assertEqual(everybody["n"], len(rows))

    def test_an_id_of_more_than_63_bits_is_refused(self):
        path = f"{self.root}/beyond.h5"
        shutil.copy(self.test, path)
        labels = pandas.read_hdf(path, "dataset/params")
        labels["star"] += np.uint64(1 << 62)  # of the last 2^62 and more: 2^63 and more
        with h5py.File(path, "a") as file:
            del file["dataset/params"]
        labels.to_hdf(path, "dataset/params", append=True, format="table")
        done = subprocess.run([f"{BUILD}/headroom", "predict", self.honest, path, "--keep",
                               "star", "--out", f"{self.root}/none.csv"],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 3)
        self.assertIn(f"{path}: column star has a number of 9223372036854775807 or more in row "
                      "0, more than is kept to the last digit; give it as a signed 64-bit "
                      "integer below that", done.stderr)

    def test_an_honest_study_is_not_warned_of(self):
        _, results, report = self.read(self.honest)
        self.assertFalse([m["method"] for m in results["calibration"]["methods"]
                          if m["verdict"] == "sigma_too_small"])
        self.assertNotIn("is too small**", report)
        self.assertIn("Oracle-Hybrid: its 68 % interval holds", report)
        for name in ("calibration_intervals", "calibration_posterior"):
            self.assertTrue(os.path.exists(f"{self.honest}/figures/{name}.png"))

    def test_rows_join_with_other_tables(self):
        rows, _, _ = self.read(self.honest)
        labels = pandas.read_hdf(self.test, "dataset/params")
        labels["star"] = labels["star"].astype(np.int64)  # unsigned in the file
        joined = rows.merge(labels, on="star", suffixes=("", "_own"))
        self.assertEqual(len(joined), len(labels))
        np.testing.assert_array_equal(joined["target"], joined["log_g"])
        np.testing.assert_array_equal(joined["T_eff"], joined["T_eff_own"])
        # And with what `predict` says of the same file, whose snr is the measured one.
        table = f"{self.root}/table.csv"
        study_data.run(BUILD, "headroom", "predict", self.honest, self.test, "--keep", "star",
                       "--out", table, "--router", "oracle")
        joined = rows.merge(pandas.read_csv(table), on="star", suffixes=("", "_predict"))
        self.assertEqual(len(joined), len(rows))
        np.testing.assert_allclose(joined["measured_snr"], joined["snr_predict"], rtol=1e-5)

    def test_errors_that_are_too_small_are_told(self):
        kept = f"{self.root}/kept.h5"
        shutil.copy(self.test, kept)
        try:
            with h5py.File(self.test, "a") as file:
                file["dataset/arrays/error/value"][...] *= np.float32(0.8)
            folder = self.run_study("planted")
        finally:
            shutil.move(kept, self.test)
        _, results, report = self.read(folder)
        said = next(m for m in results["calibration"]["methods"]
                    if m["method"] == "posterior_oracle")
        self.assertEqual(said["verdict"], "sigma_too_small")
        self.assertGreater(said["chi2"], 1.2)
        self.assertIn("**Warning: the σ of Posterior mean-Oracle is too small**",
                      report[:report.index("## 2.")])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
