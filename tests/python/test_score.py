"""Scores, intervals and tables against numpy and pandas, from the same rows and draws."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import pandas as pd
from scipy import stats

BUILD = sys.argv.pop(1)
DRAWS = 300


def r2(y, p):
    return 1 - np.sum((y - p) ** 2) / np.sum((y - y.mean()) ** 2)


class Score(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        run = cls.folder.name
        subprocess.run([os.path.join(BUILD, "tool_score_csv"), run, str(DRAWS)], check=True)
        with open(os.path.join(run, "results.json"), encoding="utf-8") as file:
            cls.results = json.load(file)
        cls.rows = pd.read_csv(os.path.join(run, "rows.csv"))
        cls.draws = np.loadtxt(os.path.join(run, "draws.txt"), dtype=int)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def interval(self, statistic, keep):
        """numpy's percentile interval of `statistic` over the drawn rows kept, expanded."""
        values = [statistic(self.rows.iloc[d[keep[d]]]) for d in self.draws]
        n = np.sum(keep)
        tail = stats.norm.cdf(-np.sqrt(n / (n - 1)) * stats.t.ppf(0.975, n - 1))
        return np.quantile(values, [tail, 1 - tail])

    def check_pair(self, found, expected):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)

    def test_draws_are_uniform(self):
        n = len(self.rows)
        self.assertEqual(self.draws.shape, (DRAWS, n))
        counts = np.bincount(self.draws.ravel(), minlength=n)
        chi2 = np.sum((counts - DRAWS) ** 2 / DRAWS)
        self.assertLess(abs(chi2 - n), 6 * np.sqrt(2 * n))

    def test_overall(self):
        covered = (self.rows["bin"] >= 0).to_numpy()
        everyone = np.ones(len(self.rows), dtype=bool)
        self.assertGreaterEqual(len(self.results["overall"]), 7)
        for entry in self.results["overall"]:
            keep = covered if entry["rows"] == "covered" else everyone
            method, versus = entry["method"], entry["versus"]
            part = self.rows[keep]
            y, p = part["target"], part[method]
            self.assertEqual(entry["n"], len(part))
            self.assertAlmostEqual(entry["r2_pooled"], r2(y, p), delta=1e-12)
            self.assertAlmostEqual(entry["mae"], np.mean(np.abs(y - p)), delta=1e-12)
            self.assertAlmostEqual(entry["rmse"], np.sqrt(np.mean((y - p) ** 2)), delta=1e-12)
            self.assertAlmostEqual(entry["bias"], np.mean(p - y), delta=1e-12)
            groups = part.groupby("bin")
            weighted = sum(len(g) * r2(g["target"], g[method]) for _, g in groups) / len(part)
            self.assertAlmostEqual(entry["r2_weighted"], weighted, delta=1e-12)
            self.check_pair(entry["r2_pooled_ci"],
                            self.interval(lambda t: r2(t["target"], t[method]), keep))
            if versus:
                self.check_pair(
                    entry["delta_r2_ci"],
                    self.interval(lambda t: r2(t["target"], t[method])
                                  - r2(t["target"], t[versus]), keep))

    def test_controls(self):
        keep = (self.rows["bin"] >= 0).to_numpy()
        part = self.rows[keep]
        y = part["target"]
        controls = self.results["controls"]
        self.assertEqual(list(controls), ["placebo", "leakage"])
        for name, control in controls.items():
            self.assertEqual(control["n"], len(part))
            self.assertAlmostEqual(control["r2_pooled"], r2(y, part[name]), delta=1e-12)
            self.check_pair(control["r2_pooled_ci"],
                            self.interval(lambda t: r2(t["target"], t[name]), keep))
        for key, more, less in (("partition_gain", "placebo", "global_ridge"),
                                ("oracle_gain", "ridge_oracle", "placebo")):
            found = controls["placebo"]
            self.assertAlmostEqual(found[key], r2(y, part[more]) - r2(y, part[less]),
                                   delta=1e-12)
            self.check_pair(found[key + "_ci"],
                            self.interval(lambda t: r2(t["target"], t[more])
                                          - r2(t["target"], t[less]), keep))
        self.assertTrue(controls["leakage"]["warning"])

    def test_bins(self):
        for entry in self.results["bins"]:
            keep = (self.rows["bin"] == entry["index"]).to_numpy()
            part = self.rows[keep]
            self.assertEqual(entry["n_test"], len(part))
            for name in ("ridge", "forest"):
                method = name + "_oracle"
                found = entry["experts"][name]
                self.assertAlmostEqual(found["r2"], r2(part["target"], part[method]),
                                       delta=1e-12)
                self.check_pair(found["r2_ci"],
                                self.interval(lambda t: r2(t["target"], t[method]), keep))
            self.check_pair(
                entry["hybrid"]["cv"]["delta_r2_ci"],
                self.interval(lambda t: r2(t["target"], t["oracle_hybrid_cv"])
                              - r2(t["target"], t["ridge_oracle"]), keep))

    def test_octiles(self):
        covered = self.rows[self.rows["bin"] >= 0]
        edges = np.quantile(covered["snr"], np.arange(9) / 8)
        octiles = self.results["snr_octiles"]["octiles"]
        place = np.clip(np.searchsorted(edges, covered["snr"], side="right") - 1, 0, 7)
        for j, octile in enumerate(octiles):
            part = covered[place == j]
            self.assertAlmostEqual(octile["snr_low"], edges[j], delta=1e-12)
            self.assertAlmostEqual(octile["snr_high"], edges[j + 1], delta=1e-12)
            self.assertEqual(octile["n"], len(part))
            for method, value in octile["r2"].items():
                self.assertAlmostEqual(value, r2(part["target"], part[method]), delta=1e-12)

    def test_tables_have_types(self):
        tables = os.path.join(self.folder.name, "tables")
        bins = pd.read_csv(os.path.join(tables, "table1_bins.csv"), float_precision="round_trip")
        self.assertEqual(bins["bin"].dtype, np.int64)
        self.assertEqual(bins["ridge_r2"].dtype, np.float64)
        self.assertEqual(bins["ridge_alpha"].tolist(), [1e4] * 3)
        self.assertTrue(bins["cnn_r2"].isna().all())
        self.assertEqual(bins["name"][2], 'Hot, "Rich"')
        for k, entry in enumerate(self.results["bins"]):
            self.assertEqual(bins["ridge_r2"][k], entry["experts"]["ridge"]["r2"])
            self.assertEqual(bins["delta_r2_low"][k], entry["hybrid"]["cv"]["delta_r2_ci"][0])
            self.assertEqual(bins["best"][k], entry["best"]["cv"])
        overall = pd.read_csv(os.path.join(tables, "table2_overall.csv"),
                              float_precision="round_trip")
        self.assertEqual(overall["method"].tolist(),
                         [entry["method"] for entry in self.results["overall"]])
        self.assertEqual(overall["r2_pooled"].tolist(),
                         [entry["r2_pooled"] for entry in self.results["overall"]])
        samples = pd.read_csv(os.path.join(tables, "samples.csv"))
        self.assertEqual(samples["n_test"].dtype, np.int64)
        self.assertEqual(samples["n_test"][:4].sum(), samples["n_test"][4])
        gate = pd.read_csv(os.path.join(tables, "gate.csv"))
        self.assertEqual(gate["criterion"].tolist(),
                         ["oracle_r2", "delta_r2", "insufficient", "focus_bins"])


if __name__ == "__main__":
    unittest.main()
