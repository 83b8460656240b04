"""Files and labels as people have them: labels in other precisions, without snr, as text; files in
other programs' hands, without locks, of other formats. What can be read gives the right numbers, what
cannot is named as what it is.

    test_files.py BUILD
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
PIXELS = 48


def stars(rows, seed):
    """Labels and spectra in which every label shows; fp64."""
    rng = np.random.default_rng(seed)
    frame = pandas.DataFrame({"T_eff": rng.uniform(3800, 5900, rows), "log_g": rng.uniform(1, 5, rows),
                              "M_H": rng.uniform(-1.9, 0.4, rows)})
    x = np.linspace(0, 1, PIXELS)
    depth = (0.3 + 0.1 * (frame["log_g"].to_numpy()[:, None] - 3) * np.sin(3 * x) +
             0.05 * frame["M_H"].to_numpy()[:, None] * np.cos(9 * x) +
             5e-5 * (frame["T_eff"].to_numpy()[:, None] - 4800) * np.sin(7 * x))
    flux = 1 - depth * (0.5 + 0.5 * np.sin(40 * x))
    error = np.full_like(flux, 0.02) * rng.uniform(0.5, 2, rows)[:, None]
    frame["snr"] = np.median(flux / error, axis=1)
    return {"frame": frame, "flux": flux, "error": error,
            "noisy": flux + error * rng.standard_normal(flux.shape)}


def write(path, data, layout="table", dtype="f8", **storage):
    if os.path.exists(path):
        os.remove(path)
    with h5py.File(path, "w") as file:
        file["/spectrumdataset/wave"] = np.linspace(7100.0, 8850.0, PIXELS)
        for name in ("flux", "error", "noisy"):
            file.create_dataset(f"/dataset/arrays/{name}/value", data=data[name].astype(dtype), **storage)
    data["frame"].to_hdf(path, key="dataset/params", mode="a", format=layout)


class Study:
    """A folder with two training shards, a test file and a configuration of Ridge."""

    def __init__(self, folder, change=None, rows=150, **how):
        self.folder = folder
        for seed, name in enumerate(("train_0.h5", "train_1.h5", "test.h5")):
            data = stars(rows, seed + 1)
            if change:
                change(data, name)
            write(self.path(name), data, **how)
        self.configure()

    def path(self, name):
        return os.path.join(self.folder, name)

    def configure(self, data="", edges="T_eff: [3750, 4800, 6000], M_H: [-2.0, -0.8, 0.5]",
                  experiment="{id: x}", experts="ridge: {alpha: [0.1]}", rest=""):
        with open(self.path("study.yaml"), "w", encoding="utf-8") as file:
            file.write(f"experiment: {experiment}\n"
                       f"data: {{train: [train_0.h5, train_1.h5], test: test.h5{data}}}\n"
                       f"binning: {{{edges}, at_risk_below: 10}}\nexperts: {{{experts}}}\n{rest}")

    def headroom(self, *words, **environment):
        return study_data.run(BUILD, "headroom", *words, check=False, **environment)

    def run(self, out="out", **environment):
        return self.headroom("run", self.path("study.yaml"), "--out", self.path(out), **environment)

    def dry_run(self):
        return self.headroom("run", self.path("study.yaml"), "--out", self.path("out"), "--dry-run")

    def results(self, out="out"):
        with open(os.path.join(self.folder, out, "results.json"), encoding="utf-8") as file:
            return json.load(file)

    def rows(self, out="out"):
        with open(os.path.join(self.folder, out, "predictions.csv"), encoding="utf-8") as file:
            return list(csv.DictReader(file))


class FilesTest(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)

    def study(self, change=None, **how):
        return Study(self.scratch.name, change, **how)

    def check_run(self, study, **how):
        done = study.run(**how)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done


class PrecisionTest(FilesTest):
    EDGES = "T_eff: [3900, 4800, 5500], M_H: [-1.7, -0.7, 0.3]"

    def bins_of(self, *dtypes):
        """The bins of all rows, by what the three files keep labels in."""
        def change(data, name):
            kinds = dict(zip(("train_0.h5", "train_1.h5", "test.h5"), dtypes))
            frame = data["frame"]
            frame["M_H"] = (np.arange(len(frame)) % 24 - 19) / 10  # steps of 0.1 dex
            frame["T_eff"] = 3800 + 100.0 * (np.arange(len(frame)) % 19)
            data["frame"] = frame.astype(kinds[name])
        study = self.study(change)
        study.configure(edges=self.EDGES)
        plan = study_data.run(BUILD, "tool_print_plan", study.path("study.yaml")).stdout
        return study, [row["bin"] for row in csv.DictReader(plan.splitlines())]

    def test_labels_on_edges_are_in_the_same_bins(self):
        _, wide = self.bins_of("f8", "f8", "f8")
        self.assertGreater(len(set(wide)), 3)
        for dtypes in (("f4", "f4", "f4"), ("f8", "f4", "f8"), ("f4", "f8", "f2"), ("f2", "f2", "f4")):
            with self.subTest(dtypes=dtypes):
                _, narrow = self.bins_of(*dtypes)
                self.assertEqual(narrow, wide)

    def test_predict_routes_as_the_study_does(self):
        study, _ = self.bins_of("f8", "f4", "f4")
        self.check_run(study)
        done = study.headroom("predict", study.path("out"), study.path("test.h5"), "--router", "oracle",
                              "--expert", "ridge", "--out", study.path("p.csv"))
        self.assertEqual(done.returncode, 0, done.stderr)
        frame = pandas.read_csv(study.path("p.csv"), float_precision="round_trip")
        theirs = frame["log_g_mean"].to_numpy()
        ours = np.array([float(row["ridge_oracle"] or "nan") for row in study.rows()])
        np.testing.assert_array_equal(theirs, ours)
        self.assertGreater(np.isfinite(theirs).sum(), 50)

    def test_inspect_counts_as_the_study_does(self):
        counts = []
        for dtype in ("f8", "f4"):
            def change(data, name, dtype=dtype):
                data["frame"]["M_H"] = np.where(np.arange(150) % 2, 0.5, -0.1)
                data["frame"]["T_eff"] = 4500.0
                data["frame"] = data["frame"].astype(dtype)
            study = self.study(change)
            text = study.headroom("inspect", study.path("test.h5")).stdout
            counts.append(text[text.index("Rows per bin"):text.index("Problems")])
        self.assertEqual(counts[0], counts[1])


class SnrTest(FilesTest):
    def check_table(self, rows, value, left_out):
        def change(data, name):
            if name == "test.h5":
                data["frame"].loc[rows, "snr"] = value
        study = self.study(change)
        done = self.check_run(study)
        octiles = study.results()["snr_octiles"]
        self.assertEqual(octiles["rows_without_snr"], left_out)
        self.assertEqual(len(octiles["octiles"]), 8)
        covered = sum(row["bin"] != "" for row in study.rows())
        self.assertEqual(sum(o["n"] for o in octiles["octiles"]), covered - left_out)
        self.assertIn(f"the label snr is NaN or infinite in {left_out} of 150 rows", done.stderr)
        with open(study.path("out/report.md"), encoding="utf-8") as file:
            self.assertIn(f"covered rows; {left_out} without snr left out", file.read())

    def test_one_row_without(self):
        self.check_table([3], np.nan, 1)

    def test_several_rows_and_infinite(self):
        self.check_table([0, 7, 9], np.inf, 3)

    def test_no_number_at_all(self):
        def change(data, name):
            if name == "test.h5":
                data["frame"]["snr"] = np.nan
        study = self.study(change)
        self.check_run(study)
        self.assertIsNone(study.results()["snr_octiles"])
        with open(study.path("out/report.md"), encoding="utf-8") as file:
            self.assertIn("no column `snr` with numbers", file.read())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
