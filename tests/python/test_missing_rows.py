"""A run is never lost to one row: hot pixels, rows of zeros, answers that are no numbers.

    test_missing_rows.py BUILD
"""

import csv
import json
import os
import sys
import tempfile
import unittest

import numpy as np

import made_stars
import study_data

BUILD = sys.argv[1]
ROW = 7
EXPERTS = "{ridge: , posterior: {templates: 1200, validation: 50}}"


def hot(value):
    """One pixel of one test spectrum."""
    def change(made):
        made["noisy"][ROW, 20] = value
    return change


def whole(value):
    """All pixels of one test spectrum."""
    def change(made):
        made["noisy"][ROW] = value
    return change


class MissingRows(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.TemporaryDirectory()
        cls.train = made_stars.stars(1200, snr=300)

    @classmethod
    def tearDownClass(cls):
        cls.home.cleanup()

    def run_study(self, name, change=None):
        """The run directory, its results, report and predictions."""
        folder = os.path.join(self.home.name, name)
        os.makedirs(folder)
        made_stars.write(os.path.join(folder, "train.h5"), self.train)
        test = made_stars.stars(300, seed=3, snr=300)
        test["labels"].loc[ROW, ["T_eff", "M_H"]] = [5500, 0.1]  # it is covered
        if change:
            change(test)
        made_stars.write(os.path.join(folder, "test.h5"), test)
        out = os.path.join(folder, "run")
        study_data.run(BUILD, "headroom", "run",
                       made_stars.study(folder, "study", EXPERTS), "--out", out)
        with open(os.path.join(out, "results.json"), encoding="utf-8") as file:
            results = json.load(file)
        with open(os.path.join(out, "report.md"), encoding="utf-8") as file:
            report = file.read()
        with open(os.path.join(out, "predictions.csv"), encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return out, results, report, rows

    def test_a_sound_study_has_none(self):
        _, results, report, _ = self.run_study("sound")
        self.assertNotIn("missing", results)
        self.assertNotIn("dominated", results)
        self.assertNotIn("no prediction", report)
        self.assertNotIn("one test row decides", report)

    def test_hot_pixels_and_odd_rows_end_well(self):
        for i, change in enumerate([hot(1e5), hot(-1e5), hot(1e15), whole(0.0), whole(1.0)]):
            with self.subTest(i):
                out, results, _, rows = self.run_study(f"odd{i}", change)
                self.assertNotIn("missing", results)
                for method in ("posterior_oracle", "global_posterior"):
                    value = float(rows[ROW][method])
                    self.assertTrue(-5 < value < 11, (i, method, value))
                study_data.run(BUILD, "headroom", "report", out)

    def test_a_hot_pixel_that_decides_a_score_is_told_of(self):
        _, results, report, _ = self.run_study("told", hot(1e5))
        told = {d["method"]: d for d in results["dominated"]}
        self.assertEqual(told["ridge_oracle"]["row"], ROW)
        self.assertLess(told["ridge_oracle"]["r2"], -10)
        self.assertGreater(told["ridge_oracle"]["r2_without"], 0.9)
        summary = report[:report.index("## 2.")]
        self.assertIn(f"Row {ROW} of `test.h5` makes most of the squared error", summary)

    def test_a_row_without_a_prediction_is_left_out_and_named(self):
        def spoil(made):
            made["noisy"][ROW] = made["flux"][ROW] = made["error"][ROW] = np.nan
        out, results, report, rows = self.run_study("beyond", spoil)
        self.assertEqual(results["missing"]["rows"], [ROW])
        self.assertEqual([m["name"] for m in results["missing"]["methods"]][0], "ridge")
        ledger = results["ledger"]
        self.assertEqual(ledger["missing"], 1)
        self.assertEqual(ledger["covered"] + ledger["uncovered"] + 1, 300)
        self.assertTrue(ledger["ok"])
        self.assertEqual(rows[ROW]["ridge_oracle"], "")
        self.assertNotEqual(rows[ROW]["bin"], "")
        # Every method is scored on the same rows, those that are left.
        kept = [r for r in rows if r["bin"] != "" and int(r["row"]) != ROW]
        truth = np.array([float(r["target"]) for r in kept])
        scored = 0
        for entry in results["overall"]:
            if entry["rows"] != "covered":
                continue
            found = np.array([float(r[entry["method"]]) for r in kept])
            r2 = 1 - np.sum((found - truth) ** 2) / np.sum((truth - truth.mean()) ** 2)
            self.assertEqual(entry["n"], len(kept))
            self.assertAlmostEqual(entry["r2_pooled"], r2, delta=1e-10)
            self.assertGreater(r2, 0.9)
            scored += 1
        self.assertGreaterEqual(scored, 4)
        summary = report[:report.index("## 2.")]
        self.assertIn("**Warning: 1 of 300 test rows have no prediction**", summary)
        self.assertIn(f"Row numbers in `test.h5`: {ROW}.", summary)
        study_data.run(BUILD, "headroom", "report", out)
        with open(os.path.join(out, "run.log"), encoding="utf-8") as file:
            self.assertIn(f"left out of every score: row {ROW} of test.h5", file.read())
        self.check_predict(out)

    def check_predict(self, out):
        """`headroom predict` flags the row and goes on."""
        target = os.path.join(os.path.dirname(out), "predicted.csv")
        study_data.run(BUILD, "headroom", "predict", out,
                       os.path.join(os.path.dirname(out), "test.h5"), "--out", target,
                       "--router", "global", "--expert", "ridge")
        with open(target, encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(len(rows), 300)
        self.assertEqual(rows[ROW]["log_g_mean"], "")
        self.assertNotEqual(rows[ROW]["flags"], "0")
        self.assertNotEqual(rows[ROW + 1]["log_g_mean"], "")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
