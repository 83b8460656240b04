"""Models that were trained elsewhere, by their predictions: numbers known from NumPy.

    test_outside.py BUILD
"""

import csv
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import pandas as pd

import made_stars
import study_data

BUILD = sys.argv[1]
TEST, TRAIN = 1000, 600


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
        for name, size in (("cat", 12), ("trees", 20)):
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

    def check_octiles_of_all_rows(self, results, truth, snr):
        """NumPy's quantiles of all rows, and R2 between them; the same in the table."""
        octiles = results["snr_octiles_all"]["octiles"]
        edges = np.quantile(snr, np.arange(9) / 8)
        part = np.clip(np.searchsorted(edges, snr, side="right") - 1, 0, 7)
        self.assertFalse((self.column("published", "bin") >= 0).all())
        for j, octile in enumerate(octiles):
            self.assertEqual(octile["n"], (part == j).sum())
            self.assertAlmostEqual(octile["snr_low"], edges[j], places=9)
            self.assertAlmostEqual(octile["snr_high"], edges[j + 1], places=9)
            self.assertNotIn("ridge_oracle", octile["r2"])
            for name in ("cat", "trees"):
                said = np.float32(self.said(name)).astype(float)
                self.assertAlmostEqual(octile["r2"][f"global_{name}"],
                                       r2(truth[part == j], said[part == j]), places=9)
        with open(self.path("published/tables/snr_octiles_all.csv"), encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([float(row["global_cat"]) for row in rows],
                         [octile["r2"]["global_cat"] for octile in octiles])

    def test_published_predictions_give_their_numbers(self):
        """Pooled R2 and that of every octile of SNR, two models beside one of ours."""
        self.run_study("published", "{ridge: {alpha: [10]}, cat: {predictions: cat.csv, "
                                    "title: Cat}, trees: {predictions: trees.csv}}")
        results = self.results("published")
        truth, snr = self.labels["log_g"].to_numpy(), self.labels["snr"].to_numpy()
        titles = {method["name"]: method["title"] for method in results["methods"]}
        octiles = results["snr_octiles"]["octiles"]
        self.assertEqual(titles["global_cat"], "Global Cat")
        covered = self.column("published", "bin") >= 0
        self.check_octiles_of_all_rows(results, truth, snr)
        for name in ("cat", "trees"):
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

    def test_a_study_of_models_from_elsewhere_alone(self):
        """Nothing was validated: no figure without a number, and words that apply."""
        for name, bins, drawn, why in (
                ("alone", "", {"ceiling_oracle_hybrid_vs_baseline",
                               "ceiling_hybrid_pred_vs_true", "r2_by_snr", "residuals"},
                 "and there is no mixture to judge"),
                ("bins_alone", ", bins: all", {"ceiling_perbin_expert_comparison",
                                               "ceiling_expert_selection_heatmap",
                                               "r2_by_snr"},
                 "no expert may be chosen for a bin, as no model was validated")):
            self.run_study(name, f"{{cat: {{predictions: cat.csv{bins}}}}}")
            figures = {os.path.splitext(file)[0]
                       for file in os.listdir(self.path(f"{name}/figures"))}
            self.assertEqual(figures, drawn)
            with open(self.path(f"{name}/report.md"), encoding="utf-8") as file:
                report = file.read()
            self.assertIn("Experts that compete: none, as a model from elsewhere", report)
            self.assertIn(why, report)
            done = study_data.run(BUILD, "headroom", "predict", self.path(name),
                                  self.path("test.h5"), check=False)
            self.assertEqual(done.returncode, 3)
            self.assertEqual(done.stderr, f"headroom: the run {self.path(name)} has no model: "
                             "what predicts there was trained elsewhere, and no bundle has it; "
                             "predict with that model itself, or give the study an expert of "
                             "its own, such as ridge\n")

    def test_what_is_no_prediction_is_told_in_the_report(self):
        """A mark for missing, and another unit: in the dry run, and what to distrust."""
        said = self.said("cat")
        said[[3, 7, 11]] = -9999
        pd.DataFrame({"row": np.arange(TEST), "predicted": said}).to_csv(
            self.path("marked.csv"), index=False)
        pd.DataFrame({"row": np.arange(TEST), "predicted": 1000 * self.said("trees")}).to_csv(
            self.path("milli.csv"), index=False)
        experts = ("{ridge: {alpha: [10]}, cat: {predictions: marked.csv}, "
                   "trees: {predictions: milli.csv}}")
        begins = (f"experts.cat: the prediction of log_g in {self.path('marked.csv')} is -9999 in "
                  "3 of 1000 rows, outside of the training labels (",
                  f"experts.trees: 1000 of 1000 predictions of log_g in {self.path('milli.csv')} "
                  "are farther from the training labels (")
        dry = self.run_study("marked", experts, words=("--dry-run",))
        done = self.run_study("marked", experts)
        with open(self.path("marked/report.md"), encoding="utf-8") as file:
            report = file.read().split("**What to distrust.**")[1].split("\n## ")[0]
        for begin in begins:
            self.assertIn(begin, dry.stderr)
            self.assertEqual(done.stderr.count(begin), 1)
        self.assertIn("**Warning: predictions of a model from elsewhere are far from all labels.** "
                      "experts.cat: ", report)
        self.assertIn("are they in another unit?", report)

    def test_large_numbers_are_told_in_short(self):
        """One prediction of 1e30, and sigmas of 1e-30."""
        said = self.said("cat")
        said[17] = 1e30
        sigma = np.where(np.arange(TEST) == 17, 1.0, 1e-30)
        pd.DataFrame({"row": np.arange(TEST), "predicted": said, "s": sigma}).to_csv(
            self.path("wild.csv"), index=False)
        done = self.run_study("wild", "{ridge: {alpha: [10]}, cat: {predictions: wild.csv, "
                                      "sigma: s}}")
        told = [done.stdout, done.stderr]
        for name in ("report.md", "run.log"):
            with open(self.path(f"wild/{name}"), encoding="utf-8") as file:
                told.append(file.read())
        for text in told:
            self.assertEqual(re.findall(r"\d{16,}", text.replace(self.folder, "")), [])
        self.assertRegex(told[1], r"R2 is -\d\.\d{3}e\+5\d with it and 0\.\d{4} without")
        self.assertRegex(told[1], r"its mean chi2 is \d\.\d{3}e\+1\d")

    def test_frames_and_arrays_say_the_same_as_csv(self):
        """As pandas and NumPy write them: by name, by row, in any order of bytes and axes."""
        table = pd.read_csv(self.path("cat.csv"))
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
        self.assertIn(f"short.npy is an array of shape ({TEST - 1}, 1), but that of the {TEST} "
                      f"test rows is ({TEST},) or ({TEST}, 1); save a row for each", done.stderr)
        np.save(self.path("words.npy"), np.array(["a"] * TEST))
        done = self.run_study("words", "{v: {predictions: words.npy}, ridge: {}}", check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("words.npy is no array of numbers in one or two dimensions", done.stderr)

    def test_figures_show_it_where_it_has_something_to_show(self):
        """A model of all rows is no expert of a bin, and has a colour of its own."""
        self.run_study("drawn", "{ridge: {alpha: [10]}, posterior: {templates: 300}, "
                                "cat: {predictions: cat.csv}}")
        figures = self.path("drawn/figures")
        bins = pd.read_csv(f"{figures}/ceiling_perbin_expert_comparison.csv")
        self.assertEqual(set(bins["expert"]), {"ridge", "posterior"})
        octiles = pd.read_csv(f"{figures}/r2_by_snr.csv")
        self.assertIn("global_cat", set(octiles["method"]))
        with open(f"{figures}/r2_by_snr.svg", encoding="utf-8") as file:
            svg = file.read()
        # Olive of the first model from elsewhere, green of the posterior mean.
        self.assertIn("rgb(55%,55%,5%)", svg)
        self.assertIn("rgb(0%,61.960784%,45.098039%)", svg)

    def test_it_stands_beside_the_ladder(self):
        """With its interval, in tables, figures and sweeps, and without a column of bins."""
        self.run_study("ladder", "{ridge: {alpha: [10]}, cat: {predictions: cat.csv, "
                                 "title: Cat}}")
        score = next(entry for entry in self.results("ladder")["overall"]
                     if entry["method"] == "global_cat" and entry["rows"] == "covered")
        table = pd.read_csv(self.path("ladder/tables/table2_ladder.csv"))
        self.assertEqual(list(table["rung"]), ["baseline", "single", "oracle", "elsewhere"])
        self.assertEqual(table["method"].iloc[-1], "global_cat")
        figure = pd.read_csv(self.path("ladder/figures/ceiling_oracle_hybrid_vs_baseline.csv"))
        for last in (table.iloc[-1], figure.iloc[-1]):
            np.testing.assert_allclose([last["r2"], last["r2_low"], last["r2_high"]],
                                       [score["r2_pooled"], *score["r2_pooled_ci"]])
        with open(self.path("ladder/report.md"), encoding="utf-8") as file:
            self.assertIn("model from elsewhere | Global Cat", file.read())
        bins = pd.read_csv(self.path("ladder/tables/table1_bins.csv"))
        self.assertIn("ridge_r2", bins.columns)
        self.assertNotIn("cat_r2", bins.columns)
        study = made_stars.study(self.folder, "swept", "{ridge: {alpha: [10]}}")
        study_data.run(BUILD, "headroom", "sweep", study, "--set", "data.rows=200,400",
                       "--set", f"cat.predictions={self.path('cat.csv')}", "--set",
                       "cat.title=Cat", "--out", self.path("swept"))
        swept = pd.read_csv(self.path("swept/figures/sweep.csv"))
        swept = swept[swept["rung"] == "elsewhere"]
        self.assertEqual(list(swept["value"]), [200, 400])
        np.testing.assert_allclose(swept["r2"], score["r2_pooled"])
        with open(self.path("swept/sweep.md"), encoding="utf-8") as file:
            page = file.read()
        self.assertIn("| Global Cat |", page)
        self.assertIn("model from elsewhere: Global Cat", page)

    def test_lines_in_any_order_and_stars_by_name(self):
        table = pd.read_csv(self.path("cat.csv")).sample(frac=1, random_state=1)
        table.to_csv(self.path("shuffled.csv"), index=False)
        table["star"] = self.labels["star"].to_numpy()[table["row"]]
        table[["star", "predicted"]].to_csv(self.path("named.csv"), index=False)
        self.run_study("joined", "{a: {predictions: shuffled.csv}, "
                                 "b: {predictions: named.csv, id: star}}")
        for name in ("global_a", "global_b"):
            np.testing.assert_array_equal(self.column("joined", name),
                                          np.float32(self.said("cat")))

    def test_rows_without_a_prediction_leave_both_arms(self):
        table = pd.read_csv(self.path("cat.csv"))
        table["predicted"] = table["predicted"].where(table["row"] % 10 != 3)
        table.iloc[:900].to_csv(self.path("fewer.csv"), index=False)
        done = self.run_study("fewer", "{ridge: {alpha: [10]}, "
                                       "cat: {predictions: fewer.csv}}", check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("190 of 1000 test rows have no prediction of log_g in", done.stderr)
        results = self.results("fewer")
        self.assertEqual(results["missing"]["n"], 190)
        self.assertEqual(self.score(results, "global_cat")["n"], 810)
        self.assertEqual(self.score(results, "global_ridge")["n"], 810)
        kept = (np.arange(TEST) % 10 != 3) & (np.arange(TEST) < 900)
        truth, said = self.labels["log_g"].to_numpy(), np.float32(self.said("cat"))
        self.assertAlmostEqual(self.score(results, "global_cat")["r2_pooled"],
                               r2(truth[kept], said[kept].astype(float)), places=9)

    def test_other_predictions_are_not_resumed_on(self):
        experts = "{ridge: {alpha: [10]}, cat: {predictions: mine.csv}}"
        table = pd.read_csv(self.path("cat.csv"))
        table.to_csv(self.path("mine.csv"), index=False)
        self.run_study("resumed", experts)
        before = self.results("resumed")
        self.run_study("resumed", experts, words=("--resume",))
        self.assertEqual(self.results("resumed")["methods"], before["methods"])
        table["predicted"] += 0.1
        table.to_csv(self.path("mine.csv"), index=False)
        done = self.run_study("resumed", experts, words=("--resume",), check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("the study has changed: the file of experts.cat.predictions "
                      + self.path("mine.csv") + " had ", done.stderr)
        self.assertEqual(self.results("resumed")["methods"], before["methods"])

    def test_a_model_from_elsewhere_is_in_no_bundle(self):
        """Gates route the models that are ours, and `predict` takes these alone."""
        self.run_study("routed", "{ridge: {alpha: [10]}, cat: {predictions: cat.csv}}",
                       "gates: {logistic: {}}\n")
        names = [method["name"] for method in self.results("routed")["methods"]]
        self.assertIn("hybrid_logistic_soft", names)
        self.assertIn("global_cat", names)
        done = study_data.run(BUILD, "headroom", "predict", self.path("routed"),
                              self.path("test.h5"), "--out", self.path("out.csv"))
        self.assertEqual(done.returncode, 0)
        self.assertEqual(set(pd.read_csv(self.path("out.csv"))["expert"]), {"ridge"})

    def test_it_is_told_in_chinese(self):
        study = made_stars.study(self.folder, "chinese", "{cat: {predictions: cat.csv}}",
                                 language="zh")
        study_data.run(BUILD, "headroom", "run", study, "--out", self.path("chinese"))
        with open(self.path("chinese/report.md"), encoding="utf-8") as file:
            report = file.read()
        self.assertIn("在别处训练", report)
        self.assertNotIn("trained elsewhere", report)

    def test_bad_input_is_told_in_one_sentence(self):
        pd.read_csv(self.path("cat.csv")).iloc[:1].to_csv(self.path("one.csv"), index=False)
        table = pd.read_csv(self.path("cat.csv"))
        table["row"] += 1
        table.to_csv(self.path("from_one.csv"), index=False)
        cases = {
            "{cat: {predictions: from_one.csv}}":
                "experts.cat.predictions: " + self.path("from_one.csv") + " counts rows from 1, "
                f"as it has a row {TEST} and no row 0 of {TEST} test rows; they count from 0, so "
                "take 1 off its column row",
            "{ridge: {}, cat: {predictions: cat.csv, title: ridge}}":
                "experts.cat.title is 'ridge', and tables call ridge so",
            "{mine: {prediction: cat.csv}}": "and a model from elsewhere needs predictions or onnx",
            "{cat: {predictions: one.csv}}":
                "experts.cat.predictions: " + self.path("one.csv") + " has predictions of log_g "
                "for 1 of the ",
            "{cat: {predictions: none.csv}}": "experts.cat.predictions: cannot open",
            "{cat: {predictions: test.h5}}":
                "test.h5 has the truth itself as log_g; name the column of the predictions",
            "{cat: {predictions: binary}}":
                "is no table that can be read but zeros where it begins",
            "{ViT: {predictions: cat.csv}}":
                "experts: 'ViT' cannot name a model from elsewhere; use at most 31 small "
                "letters, digits and '_', a letter first, and no word of the program's own "
                "such as hybrid or global",
            "{cat: {predictions: cat.csv, id: snr, column: nothing}}":
                "cat.csv has no column nothing, but row, true, predicted, snr; name that of the "
                "predictions as column",
            "{cat: {predictions: gap.csv, id: star}}":
                "experts.cat.id: " + self.path("gap.csv") + ": line 2 has no star that is an "
                "integer; write it as 64-bit integers",
            "{cat: {predictions: cat.csv, id: nobody}}": "cat.csv has no column nobody",
            "{cat: {predictions: cat.csv, sigma: x}}":
                "cat.csv has no column x, but row, true, predicted, snr; name that of the model's "
                "own sigma, or leave sigma out",
            "{cat: {predictions: low.csv, sigma: low}}":
                "experts.cat.sigma: " + self.path("low.csv") + ": line 2 has -1 as low, which is "
                "no standard deviation; leave the cell empty where sigma is not known",
            "{cat: {predictions: words.h5, column: predicted}}":
                "words.h5 has no numbers in its column predicted; write it as floats",
            "{cat: {predictions: series.h5}}":
                "series.h5 holds no table: neither a pandas DataFrame nor a dataset of named "
                "columns, as DataFrame.to_hdf and astropy's Table.write write them",
            "{cat: {predictions: cat.csv, validation: train.h5}}":
                "experts.cat.validation: " + self.path("train.h5") + " has the truth itself as "
                "log_g; name the column of the predictions",
            "{cat: {predictions: cat.csv, bins: [4]}}":
                "experts.cat.bins[0] is 4, but the grid has the bins 0 to 3",
            "{ridge: {predictions: cat.csv}}": "experts.ridge is an expert of this program; give the "
                                               "model from elsewhere another name, such as "
                                               "my_ridge",
        }
        with open(self.path("binary"), "wb") as file:
            file.write(bytes(100))
        pd.DataFrame({"star": [""], "predicted": [2.5]}).to_csv(self.path("gap.csv"), index=False)
        table["low"], table["row"] = -1, table["row"] - 1
        words = table.assign(predicted=table["predicted"].map(lambda v: f"{v:.3f}"))
        words.to_hdf(self.path("words.h5"), key="said", format="table")
        table["predicted"].to_hdf(self.path("series.h5"), key="said")
        table.to_csv(self.path("low.csv"), index=False)
        for experts, sentence in cases.items():
            with self.subTest(experts=experts):
                done = self.run_study("bad", experts, check=False)
                self.assertIn(done.returncode, (2, 3, 4), done.stderr)
                self.assertIn(sentence, done.stderr)
                self.assertFalse(os.path.exists(self.path("bad/results.json")))


class Specialists(unittest.TestCase):
    """What a model says of its own uncertainty, in which bins, and of which training rows:
    three training files, stars with names that a double does not hold."""

    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.TemporaryDirectory()
        cls.folder = cls.home.name
        draw = np.random.default_rng(5)
        made = made_stars.stars(TRAIN)
        made["labels"]["star"] = 9007199254740992 + draw.permutation(TRAIN)
        made_stars.write(cls.path("train.h5"), made)
        for part, rows in enumerate(np.split(np.arange(TRAIN), [250, 430])):
            own = {name: values if name == "wave" else values[rows]
                   for name, values in made.items() if name != "labels"}
            own["labels"] = made["labels"].iloc[rows].reset_index(drop=True)
            made_stars.write(cls.path(f"part{part}.h5"), own)
        test = made_stars.stars(TEST, seed=3)
        test["labels"]["star"] = 9007199254740992 + TRAIN + draw.permutation(TEST)
        made_stars.write(cls.path("test.h5"), test)
        cls.train, cls.labels = made["labels"], test["labels"]
        cls.train_bin, cls.bin = cls.bins_of(cls.train), cls.bins_of(cls.labels)
        cls.sigma = 4 / cls.labels["snr"].to_numpy()
        cls.said = cls.labels["log_g"].to_numpy() + draw.normal(0, cls.sigma)
        stated = np.where(np.arange(TEST) % 50 == 7, np.nan, 0.6 * cls.sigma)
        stated[3] = 0
        cls.stated = np.where(stated > 0, stated, np.nan)
        table = pd.DataFrame({"row": np.arange(TEST), "star": cls.labels["star"],
                              "log_g": cls.said, "log_g_err": stated})
        table.sample(frac=1, random_state=1).to_csv(cls.path("said.csv"), index=False)
        # Good in bins 1 and 2, worse than anything in bins 0 and 3.
        size = np.where(np.isin(cls.train_bin, (1, 2)), 0.1, 2.0)
        cls.folds = cls.train["log_g"].to_numpy() + draw.normal(0, size)
        cls.out_of_fold = pd.DataFrame({"row": np.arange(TRAIN), "star": cls.train["star"],
                                        "log_g": cls.folds})
        cls.out_of_fold.sample(frac=1, random_state=2).to_csv(cls.path("folds.csv"),
                                                              index=False)

    @classmethod
    def tearDownClass(cls):
        cls.home.cleanup()

    path = classmethod(Outside.path.__func__)
    results, column, score = Outside.results, Outside.column, Outside.score

    @staticmethod
    def bins_of(labels):
        hot = np.digitize(labels["T_eff"], [3750, 4900, 6000]) - 1
        rich = np.digitize(labels["M_H"], [-2.0, -0.75, 0.5]) - 1
        inside = (hot >= 0) & (hot < 2) & (rich >= 0) & (rich < 2)
        return np.where(inside, 2 * hot + rich, -1)

    def run_study(self, name, experts, more="", words=(), check=True):
        study = made_stars.study(self.folder, name, experts, more)
        return study_data.run(BUILD, "headroom", "run", study, "--set",
                              "data.train=['part{0..2}.h5']", "--out", self.path(name), *words,
                              check=check)

    def test_a_stated_sigma_is_judged(self):
        """Shares and chi2 by NumPy, of all rows, octiles and bins; and it is no ceiling."""
        cat = "cat: {predictions: said.csv, sigma: '{target}_err', id: star}"
        self.run_study("sigma", f"{{ridge: {{alpha: [10]}}, posterior: {{templates: 300}}, "
                                f"{cat}}}")
        results = self.results("sigma")
        own = next(entry for entry in results["calibration"]["methods"]
                   if entry["method"] == "global_cat")
        off = np.abs(self.labels["log_g"].to_numpy() - np.float32(self.said).astype(float))
        known = np.isfinite(self.stated)
        np.testing.assert_array_equal(self.column("sigma", "sigma_global_cat")[~known], np.nan)
        np.testing.assert_allclose(self.column("sigma", "sigma_global_cat"), self.stated)

        def check(entry, rows):
            rows = rows & known
            ratio = off[rows] / self.stated[rows]
            self.assertEqual(entry["n"], rows.sum())
            self.assertEqual(entry["n_half"], 0)
            self.assertIsNone(entry["within_half68"])
            self.assertAlmostEqual(entry["within_1_sigma"], np.mean(ratio <= 1), places=12)
            self.assertAlmostEqual(entry["within_2_sigma"], np.mean(ratio <= 2), places=12)
            self.assertAlmostEqual(entry["chi2"], np.mean(ratio ** 2), places=9)

        check(own, np.full(TEST, True))
        for number, entry in enumerate(own["bins"]):
            check(entry, self.bin == number)
        snr = self.labels["snr"].to_numpy()
        edges = results["calibration"]["snr_edges"]
        for number, entry in enumerate(own["octiles"]):
            last = number == len(own["octiles"]) - 1
            check(entry, (snr >= edges[number]) & ((snr < edges[number + 1]) |
                                                  (last & (snr <= edges[number + 1]))))
        self.assertEqual(own["verdict"], "sigma_too_small")
        self.assertIn("global_cat", pd.read_csv(
            self.path("sigma/tables/calibration.csv"))["method"].tolist())
        told = [warning["text"] for warning in results["warnings"]
                if warning["text"].startswith("the sigma of global_cat is too small")]
        share = f"{100 * own['within_1_sigma']:.1f} % of the rows are within one sigma"
        self.assertIn(share, told[0])
        with open(self.path("sigma/report.md"), encoding="utf-8") as file:
            self.assertIn("**Warning: the σ of Global cat is too small**", file.read())
        self.run_study("plain", "{ridge: {alpha: [10]}, posterior: {templates: 300}, "
                                "cat: {predictions: said.csv, id: star}}")
        self.assertEqual(results["ceiling"], self.results("plain")["ceiling"])
        self.run_study("alone", f"{{ridge: {{alpha: [10]}}, {cat}}}")
        self.assertIsNone(self.results("alone")["ceiling"])

    def test_a_model_of_bins_is_an_expert_of_these(self):
        """R2 in its bins, nothing elsewhere; not validated it changes no choice."""
        table = pd.read_csv(self.path("said.csv"))
        table[np.isin(self.bin[table["row"]], (1, 3))].to_csv(self.path("few.csv"), index=False)
        ridge = "ridge: {alpha: [10]}"
        done = self.run_study("bins", f"{{{ridge}, spec: {{predictions: few.csv, bins: [3, 1]}}, "
                                      f"all: {{predictions: said.csv, bins: all}}}}")
        self.assertNotIn("have no prediction", done.stderr)
        results = self.results("bins")
        self.assertNotIn("missing", results)
        truth, said = self.labels["log_g"].to_numpy(), np.float32(self.said).astype(float)
        for number, own in enumerate(results["bins"]):
            here = self.bin == number
            for name in ("spec", "all"):
                scores = own["experts"][name]
                if name == "spec" and number in (0, 2):
                    self.assertEqual(scores["reason"], "not_asked_for")
                    self.assertIsNone(scores["r2"])
                    continue
                self.assertAlmostEqual(scores["r2"], r2(truth[here], said[here]), places=9)
                self.assertIsNone(scores["r2_cv"])
                self.assertEqual(scores["note"], "trained elsewhere, on rows that are not known "
                                                 "here, and not validated")
            self.assertEqual(own["best"], {"cv": "ridge", "test": "ridge"})
        self.run_study("without", f"{{{ridge}}}")
        for name in ("oracle_hybrid_cv", "oracle_hybrid_test"):
            np.testing.assert_array_equal(self.column("bins", name), self.column("without", name))
        bins = pd.read_csv(self.path("bins/figures/ceiling_perbin_expert_comparison.csv"))
        self.assertEqual(set(bins["expert"]), {"ridge", "spec", "all"})
        self.assertAlmostEqual(next(entry["r2_pooled"] for entry in results["overall"]
                                    if entry["method"] == "all_oracle"),
                               r2(truth[self.bin >= 0], said[self.bin >= 0]), places=9)

    def test_validation_makes_it_a_candidate(self):
        """Chosen where its predictions of training rows are better, whatever those of the
        test rows are; the bundle and the gates have Ridge there."""
        entry = "{predictions: said.csv, validation: folds.csv, id: star"
        done = self.run_study("chosen", f"{{ridge: {{alpha: [10]}}, spec: {entry}, bins: all, "
                                        f"title: Spec}}, cat: {entry}}}}}",
                              "gates: {logistic: {}}\n")
        self.assertIn("experts.spec: validation chose it in bins 1, 2; the model to predict with "
                      "and the gates cannot hold it, and have the best of the study's own experts "
                      "there", done.stderr)
        results = self.results("chosen")
        truth, said = self.train["log_g"].to_numpy(), np.float32(self.folds).astype(float)
        for number, own in enumerate(results["bins"]):
            here = self.train_bin == number
            self.assertAlmostEqual(own["experts"]["spec"]["r2_cv"], r2(truth[here], said[here]),
                                   places=9)
            self.assertEqual(own["best"]["cv"], "spec" if number in (1, 2) else "ridge")
            self.assertEqual(own["experts"]["spec"]["note"],
                             f"trained elsewhere, and validated by its predictions of {here.sum()} "
                             f"of {here.sum()} training rows, out of fold by the word of who made "
                             "them")
        card, _ = study_data.task(self.path("chosen"), "global-cat")
        self.assertAlmostEqual(card["variants"][0]["r2_cv"], r2(truth, said), places=9)
        taken = np.isin(self.bin, (1, 2))
        ridge, covered = self.column("chosen", "ridge_oracle"), self.bin >= 0
        expected = np.where(taken, np.float32(self.said).astype(float), ridge)
        np.testing.assert_array_equal(self.column("chosen", "oracle_hybrid_cv")[covered],
                                      expected[covered])
        ladder = {rung["rung"]: rung["method"] for rung in results["ladder"]["rungs"]}
        self.assertEqual(ladder["single"], "global_ridge")  # bins 0 and 3 ruin the other
        self.assertEqual(results["ladder"]["from_elsewhere"], ["spec"])
        self.assertEqual(results["ladder"]["without_global"], ["spec"])
        self.assertIsNone(results["gates"][0]["forecasts"][0]["rho"])
        with open(self.path("chosen/report.md"), encoding="utf-8") as file:
            self.assertIn("The hybrid with perfect routing takes Spec from elsewhere in some bins; "
                          "`headroom predict` has the best of the study's own experts there, and "
                          "so do gates: the step of perfect routing holds what that brings",
                          file.read())
        study_data.run(BUILD, "headroom", "predict", self.path("chosen"), self.path("test.h5"),
                       "--router", "oracle", "--out", self.path("out.csv"))
        predicted = pd.read_csv(self.path("out.csv"))
        np.testing.assert_array_equal(
            np.float32(predicted["log_g_mean"])[self.bin >= 0],
            np.float32(self.column("chosen", "ridge_oracle"))[self.bin >= 0])

    def test_the_best_single_model_may_be_from_elsewhere(self):
        good = self.out_of_fold.assign(log_g=self.train["log_g"] + 0.01 * (-1) ** np.arange(TRAIN))
        good.to_csv(self.path("good.csv"), index=False)
        self.run_study("single", "{ridge: {alpha: [10]}, cat: {predictions: said.csv, "
                                 "validation: good.csv}}")
        rungs = {rung["rung"]: rung for rung in self.results("single")["ladder"]["rungs"]}
        covered = self.bin >= 0
        self.assertEqual(rungs["single"]["method"], "global_cat")
        self.assertAlmostEqual(rungs["single"]["r2"],
                               r2(self.labels["log_g"].to_numpy()[covered],
                                  np.float32(self.said).astype(float)[covered]), places=9)
        table = pd.read_csv(self.path("single/tables/table2_ladder.csv"))
        self.assertNotIn("elsewhere", list(table["rung"]))

    def test_training_rows_are_found_in_any_way(self):
        """By name, by number over all files, line by line; of a sample of the rows, too."""
        np.save(self.path("folds.npy"), self.folds)
        self.out_of_fold[["row", "log_g"]].sample(frac=1, random_state=3).to_csv(
            self.path("numbers.csv"), index=False)
        spec = "predictions: said.csv, bins: all"
        experts = (f"{{ridge: {{alpha: [10]}}, a: {{{spec}, validation: folds.csv, id: star}}, "
                   f"b: {{{spec}, validation: numbers.csv}}, "
                   f"c: {{{spec}, validation: folds.npy}}}}")
        for name, words in (("found", ()), ("sampled", ("--set", "data.rows=400"))):
            self.run_study(name, experts, words=words)
            for own in self.results(name)["bins"]:
                values = {own["experts"][one]["r2_cv"] for one in "abc"}
                self.assertEqual(len(values), 1)
        truth, said = self.train["log_g"].to_numpy(), np.float32(self.folds).astype(float)
        found = [own["experts"]["a"]["r2_cv"] for own in self.results("found")["bins"]]
        np.testing.assert_allclose(found, [r2(truth[self.train_bin == k], said[self.train_bin == k])
                                           for k in range(4)], rtol=1e-9)
        sampled = [own["experts"]["a"]["r2_cv"] for own in self.results("sampled")["bins"]]
        self.assertTrue(all(one != other for one, other in zip(found, sampled)))

    def test_rows_without_validation_are_told(self):
        few = self.out_of_fold[self.out_of_fold["row"] % 3 != 1]
        few.to_csv(self.path("two_thirds.csv"), index=False)
        done = self.run_study("thirds", "{ridge: {alpha: [10]}, cat: {predictions: said.csv, "
                                        "validation: two_thirds.csv, bins: [1]}}")
        here = self.train_bin == 1
        known = here & (np.arange(TRAIN) % 3 != 1)
        self.assertIn(f"experts.cat: {here.sum() - known.sum()} of {here.sum()} training rows of "
                      "its bins have no prediction of log_g in " + self.path("two_thirds.csv") +
                      "; its validation is that of the others, which should not be the easier "
                      "ones", done.stderr)
        with open(self.path("thirds/report.md"), encoding="utf-8") as file:
            distrust = file.read().split("**What to distrust.**")[1].split("\n## ")[0]
        self.assertIn("**Warning: a model from elsewhere says nothing of some rows.** experts.cat: "
                      f"{here.sum() - known.sum()} of {here.sum()} training rows of its bins have "
                      "no prediction of log_g", distrust)
        card, _ = study_data.task(self.path("thirds"), "1-cat")
        self.assertEqual(card["validated_rows"], known.sum())
        self.assertAlmostEqual(
            card["variants"][0]["r2_cv"],
            r2(self.train["log_g"].to_numpy()[known], np.float32(self.folds).astype(float)[known]),
            places=9)

    def test_other_validation_is_not_resumed_on(self):
        experts = ("{ridge: {alpha: [10]}, cat: {predictions: said.csv, bins: [2], "
                   "validation: mine.csv}}")
        self.out_of_fold.to_csv(self.path("mine.csv"), index=False)
        self.run_study("again", experts)
        self.run_study("again", experts, words=("--resume",))
        self.out_of_fold.assign(log_g=self.folds + 0.25).to_csv(self.path("mine.csv"),
                                                                index=False)
        done = self.run_study("again", experts, words=("--resume",), check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("the study has changed: the file of experts.cat.validation "
                      + self.path("mine.csv"), done.stderr)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
