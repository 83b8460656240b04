"""Models that were trained elsewhere, by their predictions: numbers known from NumPy.

    test_outside.py BUILD
"""

import csv
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
TEST = 1000


def r2(truth, said):
    return 1 - np.sum((truth - said) ** 2) / np.sum((truth - truth.mean()) ** 2)


class Outside(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.TemporaryDirectory()
        cls.folder = cls.home.name
        made_stars.write(cls.path("train.h5"), made_stars.stars(600))
        test = made_stars.stars(TEST, seed=3)
        draw = np.random.default_rng(8)
        # Larger than a double holds exactly, two by two next to each other.
        test["labels"]["star"] = 9007199254740992 + np.arange(TEST)
        made_stars.write(cls.path("test.h5"), test)
        cls.labels = test["labels"]
        truth = cls.labels["log_g"].to_numpy()
        snr = cls.labels["snr"].to_numpy()
        # As published predictions are: what is true, predicted, and the ratio.
        for name, size in (("vit", 12), ("trees", 20)):
            said = truth + draw.normal(0, size / snr)
            pd.DataFrame({"row": np.arange(TEST), "true": truth, "predicted": said,
                          "snr": snr}).to_csv(cls.path(f"{name}.csv"), index=False)

    @classmethod
    def tearDownClass(cls):
        cls.home.cleanup()

    @classmethod
    def path(cls, name):
        return os.path.join(cls.home.name, name)

    def said(self, name):
        return pd.read_csv(self.path(f"{name}.csv"))["predicted"].to_numpy()

    def run_study(self, name, experts, more="", **words):
        study = made_stars.study(self.folder, name, experts, more)
        return study_data.run(BUILD, "headroom", "run", study, "--out", self.path(name),
                              *words.get("words", ()), check=words.get("check", True))

    def results(self, name):
        with open(self.path(os.path.join(name, "results.json")), encoding="utf-8") as file:
            return json.load(file)

    def column(self, name, column):
        with open(self.path(os.path.join(name, "predictions.csv")), encoding="utf-8") as file:
            return np.array([float(row[column] or "nan") for row in csv.DictReader(file)])

    def score(self, results, method):
        """Of all rows."""
        return next(entry for entry in results["overall"]
                    if entry["method"] == method and entry["rows"] == "all")

    def test_published_predictions_give_their_numbers(self):
        """Pooled R2 and that of every octile of SNR, two models beside one of ours."""
        self.run_study("published", "{ridge: {alpha: [10]}, vit: {predictions: vit.csv, "
                                    "title: ViT}, trees: {predictions: trees.csv}}")
        results = self.results("published")
        truth, snr = self.labels["log_g"].to_numpy(), self.labels["snr"].to_numpy()
        titles = {method["name"]: method["title"] for method in results["methods"]}
        octiles = results["snr_octiles"]["octiles"]
        self.assertEqual(titles["global_vit"], "Global ViT")
        covered = self.column("published", "bin") >= 0
        for name in ("vit", "trees"):
            said = np.float32(self.said(name)).astype(float)
            np.testing.assert_allclose(self.column("published", f"global_{name}"), said)
            score = self.score(results, f"global_{name}")
            self.assertAlmostEqual(score["r2_pooled"], r2(truth, said), places=9)
            self.assertLess(score["r2_pooled_ci"][0], score["r2_pooled"])
            self.assertGreater(score["r2_pooled_ci"][1], score["r2_pooled"])
            for octile in octiles:
                here = covered & (snr >= octile["snr_low"]) & (snr <= octile["snr_high"])
                self.assertEqual(octile["n"], here.sum())
                self.assertAlmostEqual(octile["r2"][f"global_{name}"],
                                       r2(truth[here], said[here]), places=9)

    def test_frames_and_arrays_say_the_same_as_csv(self):
        """As pandas and NumPy write them: by name, by row, in any order of bytes and axes."""
        table = pd.read_csv(self.path("vit.csv"))
        shuffled = table.sample(frac=1, random_state=2)
        shuffled["star"] = self.labels["star"].to_numpy()[shuffled["row"]]
        named = shuffled[["star", "predicted"]]
        named.to_hdf(self.path("fixed.h5"), key="said", format="fixed")
        named.to_hdf(self.path("table.h5"), key="said", format="table")
        shuffled[["row", "predicted"]].to_hdf(self.path("rows.h5"), key="said")
        said = table["predicted"].to_numpy()
        np.save(self.path("plain.npy"), said)
        np.save(self.path("big.npy"), said.astype(">f8")[:, None])
        np.save(self.path("axes.npy"), np.asfortranarray(np.column_stack([said])))
        self.run_study("kinds", "{plain: {predictions: plain.npy}, big: {predictions: big.npy}, "
                                "axes: {predictions: axes.npy}, rows: {predictions: rows.h5}, "
                                "fixed: {predictions: fixed.h5, id: star}, "
                                "tabled: {predictions: table.h5, id: star}, ridge: {alpha: [10]}}")
        for name in ("plain", "big", "axes", "rows", "fixed", "tabled"):
            np.testing.assert_array_equal(self.column("kinds", f"global_{name}"),
                                          np.float32(said).astype(float), err_msg=name)
        np.save(self.path("short.npy"), said[:-1])
        done = self.run_study("short", "{v: {predictions: short.npy}, ridge: {}}", check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn(f"short.npy has {TEST - 1} rows and the test set {TEST}", done.stderr)
        np.save(self.path("words.npy"), np.array(["a"] * TEST))
        done = self.run_study("words", "{v: {predictions: words.npy}, ridge: {}}", check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("words.npy is no array of numbers in one or two dimensions", done.stderr)

    def test_figures_show_it_where_it_has_something_to_show(self):
        """A model of all rows is no expert of a bin, and has a colour of its own."""
        self.run_study("drawn", "{ridge: {alpha: [10]}, posterior: {templates: 300}, "
                                "vit: {predictions: vit.csv}}")
        figures = self.path("drawn/figures")
        bins = pd.read_csv(f"{figures}/ceiling_perbin_expert_comparison.csv")
        self.assertEqual(set(bins["expert"]), {"ridge", "posterior"})
        octiles = pd.read_csv(f"{figures}/r2_by_snr.csv")
        self.assertIn("global_vit", set(octiles["method"]))
        with open(f"{figures}/r2_by_snr.svg", encoding="utf-8") as file:
            svg = file.read()
        # Olive of the first model from elsewhere, green of the posterior mean.
        self.assertIn("rgb(55%,55%,5%)", svg)
        self.assertIn("rgb(0%,61.960784%,45.098039%)", svg)

    def test_lines_in_any_order_and_stars_by_name(self):
        table = pd.read_csv(self.path("vit.csv")).sample(frac=1, random_state=1)
        table.to_csv(self.path("shuffled.csv"), index=False)
        table["star"] = self.labels["star"].to_numpy()[table["row"]]
        table[["star", "predicted"]].to_csv(self.path("named.csv"), index=False)
        self.run_study("joined", "{a: {predictions: shuffled.csv}, "
                                 "b: {predictions: named.csv, id: star}}")
        for name in ("global_a", "global_b"):
            np.testing.assert_array_equal(self.column("joined", name),
                                          np.float32(self.said("vit")))

    def test_rows_without_a_prediction_leave_both_arms(self):
        table = pd.read_csv(self.path("vit.csv"))
        table["predicted"] = table["predicted"].where(table["row"] % 10 != 3)
        table.iloc[:900].to_csv(self.path("fewer.csv"), index=False)
        done = self.run_study("fewer", "{ridge: {alpha: [10]}, "
                                       "vit: {predictions: fewer.csv}}", check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("190 of 1000 test rows have no prediction of log_g in", done.stderr)
        results = self.results("fewer")
        self.assertEqual(results["missing"]["n"], 190)
        self.assertEqual(self.score(results, "global_vit")["n"], 810)
        self.assertEqual(self.score(results, "global_ridge")["n"], 810)
        kept = (np.arange(TEST) % 10 != 3) & (np.arange(TEST) < 900)
        truth, said = self.labels["log_g"].to_numpy(), np.float32(self.said("vit"))
        self.assertAlmostEqual(self.score(results, "global_vit")["r2_pooled"],
                               r2(truth[kept], said[kept].astype(float)), places=9)

    def test_other_predictions_are_not_resumed_on(self):
        experts = "{ridge: {alpha: [10]}, vit: {predictions: mine.csv}}"
        table = pd.read_csv(self.path("vit.csv"))
        table.to_csv(self.path("mine.csv"), index=False)
        self.run_study("resumed", experts)
        before = self.results("resumed")
        self.run_study("resumed", experts, words=("--resume",))
        self.assertEqual(self.results("resumed")["methods"], before["methods"])
        table["predicted"] += 0.1
        table.to_csv(self.path("mine.csv"), index=False)
        done = self.run_study("resumed", experts, words=("--resume",), check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("the study has changed: the data are others", done.stderr)
        self.assertEqual(self.results("resumed")["methods"], before["methods"])

    def test_a_model_from_elsewhere_is_in_no_bundle(self):
        """Gates route the models that are ours, and `predict` takes these alone."""
        self.run_study("routed", "{ridge: {alpha: [10]}, vit: {predictions: vit.csv}}",
                       "gates: {logistic: {}}\n")
        names = [method["name"] for method in self.results("routed")["methods"]]
        self.assertIn("hybrid_logistic_soft", names)
        self.assertIn("global_vit", names)
        done = study_data.run(BUILD, "headroom", "predict", self.path("routed"),
                              self.path("test.h5"), "--out", self.path("out.csv"))
        self.assertEqual(done.returncode, 0)
        self.assertEqual(set(pd.read_csv(self.path("out.csv"))["expert"]), {"ridge"})

    def test_it_is_told_in_chinese(self):
        study = made_stars.study(self.folder, "chinese", "{vit: {predictions: vit.csv}}",
                                 language="zh")
        study_data.run(BUILD, "headroom", "run", study, "--out", self.path("chinese"))
        with open(self.path("chinese/report.md"), encoding="utf-8") as file:
            report = file.read()
        self.assertIn("在别处训练", report)
        self.assertNotIn("trained elsewhere", report)

    def test_bad_input_is_told_in_one_sentence(self):
        pd.read_csv(self.path("vit.csv")).iloc[:1].to_csv(self.path("one.csv"), index=False)
        table = pd.read_csv(self.path("vit.csv"))
        table["row"] += 1
        table.to_csv(self.path("from_one.csv"), index=False)
        cases = {
            "{vit: {predictions: from_one.csv}}":
                "experts.vit.predictions: " + self.path("from_one.csv") + " counts rows from 1; "
                "they count from 0, so take 1 off its column row",
            "{ridge: {}, vit: {predictions: vit.csv, title: ridge}}":
                "experts.vit.title is 'ridge', and tables call ridge so",
            "{vit: {prediction: vit.csv}}": "and a model from elsewhere needs predictions or onnx",
            "{vit: {predictions: one.csv}}":
                "experts.vit.predictions: " + self.path("one.csv") + " has predictions of log_g "
                "for 1 of the ",
            "{vit: {predictions: none.csv}}": "experts.vit.predictions: cannot open",
            "{vit: {predictions: test.h5}}":
                "test.h5 has the truth itself as log_g; name the column of the predictions",
            "{vit: {predictions: binary}}":
                "is no table that can be read but zeros where it begins",
            "{ViT: {predictions: vit.csv}}":
                "experts: 'ViT' cannot name a model from elsewhere; use at most 31 small "
                "letters, digits and '_', a letter first, and no word of the program's own "
                "such as hybrid or global",
            "{vit: {predictions: vit.csv, id: snr, column: nothing}}":
                "vit.csv has no column nothing; name that of the predictions as column",
            "{vit: {predictions: vit.csv, id: nobody}}": "vit.csv has no column nobody",
            "{vit: {predictions: vit.csv, sigma: x}}": "the key 'experts.vit.sigma' is not",
            "{ridge: {predictions: vit.csv}}": "the key 'experts.ridge.predictions' is not",
        }
        with open(self.path("binary"), "wb") as file:
            file.write(bytes(100))
        for experts, sentence in cases.items():
            with self.subTest(experts=experts):
                done = self.run_study("bad", experts, check=False)
                self.assertIn(done.returncode, (2, 3, 4), done.stderr)
                self.assertIn(sentence, done.stderr)
                self.assertFalse(os.path.exists(self.path("bad/results.json")))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
