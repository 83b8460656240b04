"""Where in its list the best alpha of Ridge stands: `auto` goes on, a given list is told of.

    test_alpha.py BUILD
"""

import json
import os
import sys
import tempfile
import unittest

import made_stars
import study_data

BUILD = sys.argv[1]
UNDERTUNED = "the baseline may be undertuned"


class Alpha(unittest.TestCase):
    """Studies of the same stars, whose best penalty is below 1."""

    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.TemporaryDirectory()
        made_stars.write(os.path.join(cls.home.name, "train.h5"), made_stars.stars(1400))
        made_stars.write(os.path.join(cls.home.name, "test.h5"), made_stars.stars(500, seed=3))

    @classmethod
    def tearDownClass(cls):
        cls.home.cleanup()

    def run_study(self, name, experts, language="en"):
        """The results of a study, its report and its log."""
        config = made_stars.study(self.home.name, name, experts, language=language)
        out = os.path.join(self.home.name, name)
        done = study_data.run(BUILD, "headroom", "run", config, "--out", out)
        with open(os.path.join(out, "results.json"), encoding="utf-8") as file:
            results = json.load(file)
        with open(os.path.join(out, "report.md"), encoding="utf-8") as file:
            report = file.read()
        with open(os.path.join(out, "run.log"), encoding="utf-8") as file:
            return results, report, done.stdout + file.read()

    def test_auto_finds_what_a_wide_list_finds(self):
        auto, report, log = self.run_study("auto", "{ridge: , ridge_marginal: }")
        wide, _, _ = self.run_study(
            "wide", "{ridge: {alpha: [1e-4, 1e-3, 0.01, 0.1, 1, 10, 100, 1e3, 1e4, 1e5, 1e6]},"
                    " ridge_marginal: {alpha: [1e-9, 1e-7, 1e-5, 1e-3, 0.1, 10, 1e3]}}")
        widened = 0
        for ours, theirs in zip(auto["bins"], wide["bins"]):
            one, other = ours["experts"]["ridge"], theirs["experts"]["ridge"]
            alphas = [v["alpha"] for v in one["variants"]]
            self.assertEqual(one["alpha"], other["alpha"])
            self.assertLess(min(alphas), one["alpha"])
            self.assertEqual(alphas, sorted(alphas))
            self.assertLess(abs(one["r2"] - other["r2"]), 1e-5)
            widened += min(alphas) < 1
            one, other = (b["experts"]["ridge_marginal"] for b in (ours, theirs))
            self.assertLess(abs(one["r2_cv"] - other["r2_cv"]), 3e-4)
        self.assertGreater(widened, 0)
        for results, told in ((auto, report), (auto, log)):
            self.assertNotIn("undertuned", results)
            self.assertNotIn("undertuned", told)
        self.assertNotIn("undertuned", wide)

    def check_told(self, name, alphas, end, words):
        """A given list is kept, and what it lacks is told everywhere."""
        results, report, log = self.run_study(
            name, f"{{ridge: {{alpha: {alphas}}}, ridge_marginal: }}")
        slots = results["undertuned"]
        self.assertEqual({s["expert"] for s in slots}, {"ridge"})
        self.assertEqual([s["bin"] for s in slots], [0, 1, 2, 3, None])
        self.assertEqual({s["at_end"] for s in slots}, {end})
        self.assertEqual(len(results["bins"][0]["experts"]["ridge"]["variants"]),
                         len(alphas))
        gain = next(c for c in results["gate"] if c["criterion"] == "delta_r2")
        self.assertEqual((gain["verdict"], gain["caution"]), ("pass", "baseline_undertuned"))
        summary = report[:report.index("## 2.")]
        self.assertIn(words, summary)
        self.assertIn(UNDERTUNED, summary)
        self.assertIn("the hybrid works; but " + UNDERTUNED, summary)
        self.assertIn(UNDERTUNED, report[report.index("Table 1"):])
        # A list of one was wanted so, and has no end that a warning could tell of.
        self.assertEqual("warning: ridge: of 5 models the best alpha is at the end" in log,
                         end != "only")
        self.assertIn("the hybrid works; but " + UNDERTUNED, log)

    def test_a_list_that_begins_too_high_is_told_of(self):
        self.check_told("high", [10, 100, 1000], "smallest", "the smallest that was tried")

    def test_a_single_alpha_is_told_of(self):
        self.check_told("single", [30], "only", "there is one α only")

    def test_a_list_that_ends_too_low_is_told_of(self):
        results, report, _ = self.run_study("low", "{ridge: {alpha: [1e-5, 1e-4, 1e-3]}}")
        self.assertEqual({s["at_end"] for s in results["undertuned"]}, {"largest"})
        self.assertIn("the largest that was tried", report)

    def test_a_curve_that_is_flat_is_no_alarm(self):
        results, report, _ = self.run_study(
            "flat", "{ridge: , ridge_marginal: {alpha: [1e-10, 1e-9, 1e-8]}}")
        self.assertNotIn("undertuned", results)
        self.assertNotIn("undertuned", report)

    def test_in_chinese(self):
        _, report, _ = self.run_study("zh", "{ridge: {alpha: [100, 10]}}", language="zh")
        self.assertIn("基线可能未调到最佳", report)
        self.assertIn("最佳 α 是所试的最小值", report)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
