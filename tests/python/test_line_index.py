"""The expert on line indices in a study of two targets: `headroom predict` against the study,
its models against NumPy on the files of the bundle, and a run that is resumed.

    test_line_index.py BUILD
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

import study_data

BUILD = sys.argv[1]
EXPERTS = """experts:
  ridge: {alpha: [100]}
  line_index: {}
run: {memory_mib: 2048, model: full}
controls: {placebo: false, leakage: false}
"""
SIDEBAND = 20


def same(a, b):
    return np.array_equal(np.asarray(a, np.float64), np.asarray(b, np.float64), equal_nan=True)


def features_of(table, wave, flux, components):
    """What docs/numerics.md says of the features of a gate."""
    columns = [(flux - components[0]) @ c for c in components[1:]]
    widths = []
    for window in table["windows"]:
        low, high = window["low"], window["high"]
        inside = (wave >= low) & (wave <= high)
        side = ((wave >= low - SIDEBAND) & (wave <= high + SIDEBAND)) & ~inside
        continuum = np.median(flux[:, side], axis=1)
        share = flux[:, inside] / continuum[:, None]
        own = {"mean": flux[:, inside].mean(axis=1), "depth": 1 - share.min(axis=1),
               "ew": (1 - share).sum(axis=1)}
        widths.append(own["ew"])
        columns += [own[m] for m in window["measures"]]
    names = [w["name"] for w in table["windows"]]
    for total in table["totals"]:
        columns.append(sum(widths[names.index(n)] if isinstance(n, str) else widths[n]
                           for n in total["windows"]))
    return np.stack(columns, axis=1)


class LineIndex(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.TemporaryDirectory()
        root = cls.home.name
        study_data.run(BUILD, "headroom", "simulate", "--out", f"{root}/data", "--train", 1800,
                       "--test", 300)
        cls.path = f"{root}/data/study.yaml"
        with open(cls.path, encoding="utf-8") as file:
            text = file.read()
        head = text[:text.index("experts:")].replace("target: log_g", "target: [log_g, mag]")
        with open(cls.path, "w", encoding="utf-8") as file:
            file.write(head + EXPERTS)
        cls.run_dir = f"{root}/run"
        study_data.run(BUILD, "headroom", "run", cls.path, "--out", cls.run_dir)
        cls.test = f"{root}/data/test/dataset.h5"
        cls.study = pandas.read_csv(f"{cls.run_dir}/predictions.csv",
                                    float_precision="round_trip")
        cls.bins = cls.study["bin"].to_numpy()
        cls.table = cls.predict("table.csv")

    @classmethod
    def tearDownClass(cls):
        cls.home.cleanup()

    @classmethod
    def predict(cls, name, **options):
        path = os.path.join(cls.home.name, name)
        study_data.run(BUILD, "headroom", "predict", cls.run_dir, cls.test, "--router", "oracle",
                       "--expert", "line_index", "--out", path, **options)
        return pandas.read_csv(path, float_precision="round_trip")

    def folders(self):
        """Of the models, by target and bin."""
        with open(f"{self.run_dir}/model/model.json", encoding="utf-8") as file:
            bundle = json.load(file)
        return [(c.get("target", 0), c["slot"], f"{self.run_dir}/model/{c['folder']}")
                for c in bundle["candidates"] if c["method"] == "line_index"]

    def task(self, target, name):
        return study_data.task(self.run_dir if target == 0 else f"{self.run_dir}/targets/mag",
                               name)

    def test_it_is_trained_for_the_focus_and_no_other_bin(self):
        for k in range(9):
            card, _ = self.task(0, f"{k}-line_index")
            self.assertEqual(card["status"], "ok" if k in (3, 6) else "skipped", k)

    def test_predict_says_what_the_study_said(self):
        for target, column in enumerate(("log_g_mean", "mag_mean")):
            for k in (3, 6):
                _, predictions = self.task(target, f"{k}-line_index")
                rows = self.table[column][self.bins == k]
                self.assertGreater(len(rows), 20)
                self.assertTrue(same(rows, predictions[0]), (column, k))
        one = self.predict("one.csv", threads=1)
        self.assertTrue(same(one["log_g_mean"], self.table["log_g_mean"]))

    def test_models_are_what_their_files_say(self):
        with h5py.File(self.test) as file:
            wave = file["/spectrumdataset/wave"][:]
            noisy = file["/dataset/arrays/noisy/value"][:].astype(np.float64)
        files = self.folders()
        self.assertEqual(len(files), 4)
        for target, k, folder in files:
            with open(f"{folder}/stack.json", encoding="utf-8") as file:
                stack = json.load(file)
            self.assertEqual(stack["base"], 0)
            rows = noisy[self.bins == k]
            below = np.load(f"{folder}/model.npy")[0]
            top = np.load(f"{folder}/top.npy")[0]
            self.assertTrue(np.array_equal(np.load(f"{folder}/wave.npy")[0], wave))
            x = features_of(stack["features"], wave, rows, np.load(f"{folder}/components.npy"))
            x = np.column_stack([x, below[0] + rows @ below[1:]])
            z = (x - stack["centre"]) / stack["scale"]
            column = "mag_mean" if target else "log_g_mean"
            expected = self.table[column][self.bins == k].to_numpy()
            self.assertLess(np.max(np.abs(top[0] + z @ top[1:] - expected)), 5e-4)  # inputs in fp32

    def test_a_resumed_run_has_the_same_numbers(self):
        again = f"{self.home.name}/again"
        shutil.copytree(self.run_dir, again)
        os.remove(f"{again}/results.json")
        shutil.rmtree(f"{again}/tasks/6-line_index")
        study_data.run(BUILD, "headroom", "run", self.path, "--out", again, "--resume")
        for name in ["predictions.csv"] + [os.path.relpath(p, self.run_dir) for p in
                                           glob.glob(f"{self.run_dir}/tasks/6-line_index/*.npy")]:
            with open(f"{again}/{name}", "rb") as one, open(f"{self.run_dir}/{name}", "rb") as two:
                self.assertEqual(one.read(), two.read(), name)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
