"""Runs held against one another: numbers known from pandas and NumPy.

    test_compare.py BUILD
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import pandas as pd

import made_stars
import study_data

BUILD = sys.argv[1]
HEADROOM = os.path.join(BUILD, "headroom")


def r2(truth, said):
    return 1 - np.sum((truth - said) ** 2) / np.sum((truth - truth.mean()) ** 2)


def part(made, rows):
    """Some of the stars, in this order."""
    cut = {name: made[name][rows] for name in ("flux", "error", "noisy")}
    labels = made["labels"].iloc[rows].reset_index(drop=True)
    return {"wave": made["wave"], "labels": labels, **cut}


def config(folder, name, test, experts, data="", more=""):
    """A study of the test file `test`; its path."""
    path = os.path.join(folder, name + ".yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"experiment: {{id: {name}, language: en}}\n"
                   f"data: {{train: [train.h5], test: {test}{data}}}\n"
                   "binning: {T_eff: [3750, 4900, 6000], M_H: [-2.0, -0.75, 0.5], "
                   "at_risk_below: 10}\n"
                   f"experts: {experts}\n{more}")
    return path


class Compare(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.TemporaryDirectory()
        cls.folder = cls.home.name
        made_stars.write(cls.path("train.h5"), made_stars.stars(900))
        made = made_stars.stars(500, seed=3)
        # As Gaia's names are: doubles do not tell neighbours apart.
        made["labels"]["star"] = 9007199254740992 + np.arange(500)
        draw = np.random.default_rng(5)
        made_stars.write(cls.path("first.h5"), part(made, np.arange(0, 440)))
        made_stars.write(cls.path("second.h5"), part(made, draw.permutation(500)[:450]))
        named = ", id: star"
        cls.run_study("ridge", "first.h5", "{ridge: {alpha: [10]}}", named)
        cls.run_study("strong", "second.h5", "{ridge: {alpha: [1e6]}}", named)
        cls.run_study("posterior", "second.h5",
                      "{ridge: {alpha: [10]}, posterior: {templates: 400}}", named)
        cls.run_study("numbered", "first.h5", "{ridge: {alpha: [1000]}}")
        cls.run_study("both", "first.h5", "{ridge: {alpha: [10]}}",
                      ", target: [log_g, T_eff]" + named,
                      "  \n")

    @classmethod
    def tearDownClass(cls):
        cls.home.cleanup()

    @classmethod
    def path(cls, name):
        return os.path.join(cls.home.name, name)

    @classmethod
    def run_study(cls, name, test, experts, data="", more=""):
        path = config(cls.folder, name, test, experts, data, more.strip())
        if "target: [" in data:
            words = ["--set", "binning.allow_target=true"]
        else:
            words = []
        study_data.run(BUILD, "headroom", "run", path, "--out", cls.path(name), *words)

    def compare(self, *runs, words=()):
        done = subprocess.run([HEADROOM, "compare", *map(self.path, runs), *words],
                              capture_output=True, text=True)
        return done

    def told(self, *runs, words=()):
        done = self.compare(*runs, words=("--json", *words))
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def rows(self, run):
        return pd.read_csv(os.path.join(self.path(run), "predictions.csv"),
                           dtype={"star": "Int64"})

    def line(self, lines, method, rows):
        return next(line for line in lines
                    if line["method"] == method and line["rows"] == rows)

    def test_stars_are_found_by_name_and_numbers_are_numpys(self):
        told = self.told("ridge", "strong")
        a, b = self.rows("ridge"), self.rows("strong")
        both = a.merge(b, on="star", suffixes=("_a", "_b"))
        self.assertEqual(told["joined_by"], "star")
        self.assertEqual(told["common_rows"], len(both))
        self.assertLess(len(both), min(len(a), len(b)))
        self.assertEqual([run["rows_alone"] for run in told["runs"]],
                         [len(a) - len(both), len(b) - len(both)])
        covered = both[both["bin_a"].notna() & both["bin_b"].notna()]
        self.assertEqual(told["covered"], len(covered))
        for method, rows, table in (("ridge_oracle", "covered", covered),
                                    ("global_ridge", "covered", covered),
                                    ("global_ridge", "all", both)):
            line = self.line(told["methods"], method, rows)
            scores = [r2(table["target_a"].to_numpy(), table[f"{method}_{run}"].to_numpy())
                      for run in "ab"]
            self.assertEqual(line["n"], len(table))
            for run, score in zip(line["runs"], scores):
                self.assertAlmostEqual(run["r2"], score, places=9)
            self.assertAlmostEqual(line["runs"][1]["delta_r2"], scores[1] - scores[0],
                                   places=9)

    def test_differences_are_paired(self):
        """The interval is that of NumPy's draws of stars, the same ones for both."""
        told = self.told("ridge", "strong")
        both = self.rows("ridge").merge(self.rows("strong"), on="star",
                                        suffixes=("_a", "_b"))
        truth, a, b = (both[column].to_numpy() for column in
                       ("target_a", "global_ridge_a", "global_ridge_b"))
        draw = np.random.default_rng(2)
        differences = []
        for _ in range(4000):
            take = draw.integers(0, len(truth), len(truth))
            differences.append(r2(truth[take], b[take]) - r2(truth[take], a[take]))
        low, high = np.quantile(differences, [0.025, 0.975])
        run = self.line(told["methods"], "global_ridge", "all")["runs"][1]
        width = high - low
        self.assertAlmostEqual(run["delta_r2_ci"][0], low, delta=0.12 * width)
        self.assertAlmostEqual(run["delta_r2_ci"][1], high, delta=0.12 * width)

    def test_by_number_where_there_are_no_names(self):
        told = self.told("ridge", "numbered")
        self.assertIsNone(told["joined_by"])
        a, b = self.rows("ridge"), self.rows("numbered")
        score = self.line(told["methods"], "global_ridge", "all")["runs"]
        truth = a["target"].to_numpy()
        self.assertAlmostEqual(score[0]["r2"], r2(truth, a["global_ridge"].to_numpy()),
                               places=9)
        self.assertAlmostEqual(score[1]["r2"], r2(truth, b["global_ridge"].to_numpy()),
                               places=9)
        done = self.compare("numbered", "strong")
        self.assertEqual(done.returncode, 3)
        self.assertIn("no id that names each star in all runs; give all studies the same data.id",
                      done.stderr)

    def test_what_differs_is_told(self):
        told = self.told("strong", "posterior")
        keys = {entry["key"]: entry["values"] for entry in told["settings"]}
        self.assertEqual(keys["experts.ridge.alpha"], ["[1000000]", "[10]"])
        self.assertEqual(keys["experts.posterior"], ["", "yes"])
        self.assertNotIn("experts.posterior.templates", keys)
        self.assertNotIn("test file", keys)
        self.assertIn("test file", {entry["key"] for entry in
                                    self.told("ridge", "posterior")["settings"]})

    def test_three_runs_and_a_folder(self):
        done = self.compare("ridge", "strong", "posterior",
                            words=("--out", self.path("compared")))
        self.assertEqual(done.returncode, 0, done.stderr)
        for word in ("With perfect routing, B is below A", "With perfect routing, C is ",
                     "What differs in configuration and data"):
            self.assertIn(word, " ".join(done.stdout.split()))
        for name in ("comparison.md", "comparison.json", "figures/comparison.png",
                     "figures/comparison.pdf"):
            self.assertTrue(os.path.getsize(os.path.join(self.path("compared"), name)))
        ladder = pd.read_csv(os.path.join(self.path("compared"), "tables/ladder.csv"))
        drawn = pd.read_csv(os.path.join(self.path("compared"), "figures/comparison.csv"))
        self.assertEqual(set(drawn["run"]), {"A", "B", "C"})
        oracle = drawn[(drawn["rung"] == "oracle") & (drawn["run"] == "C")].iloc[0]
        told = ladder[ladder["rung"] == "oracle"].iloc[0]
        self.assertEqual(told["c_r2"], oracle["r2"])
        self.assertEqual(told["c_delta_r2"], oracle["delta_r2"])

    def test_a_further_target(self):
        done = self.compare("both", "ridge", words=("--target", "T_eff"))
        self.assertEqual(done.returncode, 2)
        self.assertIn("ridge predicts log_g and not T_eff", done.stderr)
        told = self.told("both", "both/targets/T_eff", words=("--target", "T_eff"))
        self.assertEqual(told["target"], "T_eff")
        run = self.line(told["methods"], "global_ridge", "all")["runs"][1]
        self.assertEqual(run["delta_r2"], 0)
        self.assertEqual(run["delta_r2_ci"], [0, 0])
        self.assertEqual(told["settings"], [])

    def test_what_is_no_run_is_refused(self):
        done = self.compare("ridge", "ridge")
        self.assertEqual(done.returncode, 2)
        self.assertIn("is to be compared with itself", done.stderr)
        done = self.compare("ridge", "nowhere")
        self.assertEqual(done.returncode, 3)
        self.assertIn("nowhere", done.stderr)
        done = self.compare("ridge", "strong", words=("--out", self.path("posterior")))
        self.assertEqual(done.returncode, 2)
        self.assertIn("holds other files; give the comparison a folder of its own", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
