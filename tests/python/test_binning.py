"""Studies with bins along any labels, from the configuration to the predictions of the bundle:
along snr, along four axes, one axis, one bin, and bins without rows.

    test_binning.py BUILD
"""

import csv
import json
import os
import sys
import tempfile
import unittest

import h5py
import numpy as np
import pandas

import study_data

BUILD = sys.argv[1]
DATA = "data: {train: [train_{0..1}/dataset.h5], test: test/dataset.h5}\n"
EXPERTS = ("experts: {ridge: {alpha: [1, 100]}, posterior: {source: stored}}\n"
           "run: {model: full}\n")


def read_csv(path):
    return pandas.read_csv(path, float_precision="round_trip")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def change_labels(path, change):
    frame = pandas.read_hdf(path, "/dataset/params")
    change(frame)
    with h5py.File(path, "r+") as file:
        del file["/dataset/params"]
    frame.to_hdf(path, key="/dataset/params", format="table")


def first_at(name, rows, value):
    def change(frame):
        frame.loc[frame.index[:rows], name] = value
    return change


def expected_bins(frame, axes):
    """The bins by numpy; -1 where a row has none. The last interval of an axis is closed."""
    bins = np.zeros(len(frame), int)
    covered = np.ones(len(frame), bool)
    for label, edges in axes.items():
        values = frame[label].to_numpy(float)
        interval = np.searchsorted(edges, values, side="right") - 1
        interval[values == edges[-1]] = len(edges) - 2
        covered &= (values >= edges[0]) & (values <= edges[-1])
        bins = bins * (len(edges) - 1) + interval
    return np.where(covered, bins, -1)


class Binning(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        root = cls.scratch.name
        cls.folder = os.path.join(root, "data")
        study_data.run(BUILD, "headroom", "simulate", "--out", root + "/full", "--train", 2000,
                       "--shards", 2, "--test", 300, "--seed", 5)
        for part in ("train_0", "train_1", "test"):
            study_data.thin_out(f"{root}/full/{part}/dataset.h5",
                                f"{cls.folder}/{part}/dataset.h5", 32)
        # mag: rows of the test set alone from 50 on, of the training set alone below 0.
        change_labels(cls.folder + "/test/dataset.h5", first_at("mag", 20, 99.0))
        change_labels(cls.folder + "/train_0/dataset.h5", first_at("mag", 50, -5.0))
        cls.test = pandas.read_hdf(cls.folder + "/test/dataset.h5", "/dataset/params")

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def write(self, name, binning, experts=EXPERTS, data=DATA):
        path = os.path.join(self.folder, name + ".yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"experiment: {{id: {name}}}\n{data}binning: {binning}\n{experts}")
        return path

    def run_study(self, name, axes, experts=EXPERTS, more=""):
        text = ", ".join(f"{label}: {edges}" for label, edges in axes.items())
        out = os.path.join(self.scratch.name, name)
        path = self.write(name, f"{{axes: {{{text}}}{more}}}", experts)
        study_data.run(BUILD, "headroom", "run", path, "--out", out)
        results = json.loads(read(out + "/results.json"))
        self.check(out, results, axes)
        return out, results

    def check(self, out, results, axes):
        """Bins against numpy, and the bundle's predictions against the study's."""
        rows = read_csv(out + "/predictions.csv")
        bins = expected_bins(self.test, axes)
        self.assertTrue(np.array_equal(rows["bin"].fillna(-1).astype(int), bins))
        counts = [int(np.sum(bins == k)) for k in range(len(results["bins"]))]
        self.assertEqual([b["n_test"] for b in results["bins"]], counts)
        self.assertEqual([a["label"] for a in results["binning"]["axes"]], list(axes))
        for word in ("nan", "inf ", "(null)"):
            self.assertNotIn(word, read(out + "/report.md"))
        table = out + ".predicted.csv"
        study_data.run(BUILD, "headroom", "predict", out, self.folder + "/test/dataset.h5",
                       "--router", "oracle", "--out", table)
        mine, study = read_csv(table)["log_g_mean"], rows["oracle_hybrid_cv"]
        self.assertTrue(np.allclose(mine[bins >= 0], study[bins >= 0], rtol=0, atol=2e-6,
                                    equal_nan=True))
        with open(out + "/tables/samples.csv", encoding="utf-8") as file:
            samples = list(csv.DictReader(file))
        self.assertIn(next(iter(axes)) + " [", samples[0]["intervals"])

    def test_bins_along_snr(self):
        self.run_study("snr", {"snr": [3, 6, 12, 21]})

    def test_four_axes(self):
        _, results = self.run_study("four", {"snr": [3, 8, 21], "T_eff": [3750, 4500, 6000],
                                             "M_H": [-2.5, -1, 0.75], "mag": [20, 21.5, 22.5]})
        self.assertEqual(len(results["bins"]), 16)
        self.assertEqual(results["binning"]["intervals"][5],
                         [[3, 8], [4500, 6000], [-2.5, -1], [21.5, 22.5]])

    def test_uncovered_rows_go_to_the_nearest_bin(self):
        out, _ = self.run_study("nearest", {"snr": [6, 9, 12]}, more=", uncovered: nearest")
        self.assertTrue(read_csv(out + "/predictions.csv")["oracle_hybrid_cv"].notna().all())

    def test_one_bin_is_one_model(self):
        """The ladder says 0: all methods of one expert are the model of all rows."""
        out, results = self.run_study("one", {"T_eff": [3000, 7000]},
                                      "experts: {ridge: {alpha: [1, 100]}}\n")
        rows = read_csv(out + "/predictions.csv")
        self.assertTrue((rows["oracle_hybrid_cv"] == rows["ridge_oracle"]).all())
        self.assertTrue(np.allclose(rows["global_ridge"], rows["ridge_oracle"], atol=1e-5))
        for entry in results["overall"]:
            if entry["method"] in ("oracle_hybrid_cv", "global_ridge"):
                self.assertAlmostEqual(entry["delta_r2"], 0, delta=1e-5)
        gate = {c["criterion"]: c for c in results["gate"]}
        self.assertNotIn("focus_bins", gate)
        self.assertEqual(gate["delta_r2"]["value"], 0)
        self.assertEqual(gate["delta_r2"]["verdict"], "fail")
        self.assertIn("Placebo: 1 bin has 2 training rows or more, at least 2 are needed",
                      read(out + "/report.md"))

    def test_bins_without_rows(self):
        """Rows to train on alone, both, neither, and test rows alone."""
        out, results = self.run_study("empty", {"mag": [-10, 0, 30, 50, 100]})
        self.assertEqual([(b["n_train"] > 0, b["n_test"] > 0) for b in results["bins"]],
                         [(True, False), (True, True), (False, False), (False, True)])
        report = read(out + "/report.md")
        self.assertIn("Bin 2, Ridge: 0 training rows, at least 2 are needed", report)
        self.assertIn("Bin 0: R² is undefined, since it has no test rows.", report)
        rows = read_csv(out + "/predictions.csv")
        alone = rows["bin"] == 3  # what has no model of its own is the global one's
        self.assertTrue((rows["oracle_hybrid_cv"][alone] == rows["global_ridge"][alone]).all())

    def test_a_run_goes_on_from_its_own_configuration(self):
        out, _ = self.run_study("again", {"snr": [3, 6, 21], "mag": [-10, 100]})
        before = os.stat(out + "/results.json").st_mtime_ns
        said = study_data.run(BUILD, "headroom", "run", out + "/config.yaml", "--out", out,
                              "--resume")
        self.assertRegex(said.stdout + said.stderr, r"(\d+) of \1 tasks are done")
        self.assertEqual(os.stat(out + "/results.json").st_mtime_ns, before)

    def refuse(self, path, *sentences):
        done = study_data.run(BUILD, "headroom", "run", path, "--dry-run", check=False)
        self.assertNotEqual(done.returncode, 0)
        for sentence in sentences:
            self.assertIn(sentence, done.stderr)

    def test_a_target_among_the_axes(self):
        self.refuse(self.write("target", "{axes: {log_g: [1, 2, 5]}}"),
                    "target.yaml:3:18: the target log_g is an axis of binning")
        out, results = self.run_study("allowed", {"log_g": [1, 2, 3, 5]},
                                      more=", allow_target: true")
        self.assertTrue(results["binning"]["target_among_axes"])
        self.assertIn("Note that the target `log_g` is itself an axis of the bins",
                      read(out + "/report.md"))

    def test_labels_that_are_none(self):
        self.refuse(self.write("lacking", "{axes: {colour: [1, 2]}}"),
                    "has no label column colour; it has ")
        path = self.folder + "/odd/dataset.h5"
        study_data.thin_out(self.folder + "/test/dataset.h5", path, 1)
        change_labels(path, first_at("snr", 1, np.nan))
        self.refuse(self.write("odd", "{axes: {snr: [3, 21]}}",
                               data=DATA.replace("test/", "odd/")),
                    "label snr is NaN in row 0 (counted from 0); remove the row or repair")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
