"""Sweeps: every point is the ordinary run with that setting, table and figure say what the
points' results.json say, and a sweep that was killed ends with the same bytes.

    test_sweep.py BUILD
"""

import csv
import io
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import h5py
import numpy as np
import pandas

import made_stars
import study_data

BUILD = sys.argv[1]
ROWS, PIXELS = 1200, 64
EXPERTS = "{ridge: {alpha: [1, 100]}, posterior: {source: stored}}"
GATE = "gates: {bayes: {}}\n"
CURVE = ["100", "400", "1200"]


def cut(made, rows):
    """Some of the made-up stars."""
    arrays = {name: made[name][rows] for name in ("flux", "error", "noisy")}
    return dict(made, labels=made["labels"].iloc[rows].reset_index(drop=True), **arrays)


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def bytes_of(path):
    with open(path, "rb") as file:
        return file.read()


def without_times(node):
    """What results say, but for how long it took and the seal over that."""
    if isinstance(node, list):
        return [without_times(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {key: without_times(item) for key, item in node.items()
            if key != "seal" and "seconds" not in key}


def results_of(*names):
    return without_times(read(os.path.join(*names, "results.json")))


def made_files(sweep):
    """What a sweep leaves, but for what tells of times."""
    names = ["sweep.csv", "sweep.md"] + ["figures/sweep." + s for s in ("csv", "png", "svg", "pdf")]
    points = os.path.join(sweep, "points")
    for point in sorted(os.listdir(points)):
        names.append(f"points/{point}/predictions.csv")
    files = {name: bytes_of(os.path.join(sweep, name)) for name in names}
    return files, {p: results_of(points, p) for p in os.listdir(points)}


class Sweep(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = cls.scratch.name
        # Ordered by the target, as files may be: the second has no star of the first's kind.
        made = made_stars.stars(ROWS, PIXELS, seed=3)
        cls.made = cut(made, np.argsort(made["labels"]["log_g"].to_numpy(), kind="stable"))
        made_stars.write(cls.path("a.h5"), cut(cls.made, np.arange(ROWS // 2)))
        made_stars.write(cls.path("b.h5"), cut(cls.made, np.arange(ROWS // 2, ROWS)))
        made_stars.write(cls.path("test.h5"), made_stars.stars(300, PIXELS, seed=4))
        cls.config = made_stars.study(cls.folder, "study", EXPERTS, GATE)
        cls.change(cls.config, "train: [train.h5]", "train: [a.h5, b.h5]")
        cls.curve = cls.path("curve")
        cls.done = cls.sweep(cls.curve, "data.rows=" + ",".join(CURVE))

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    @classmethod
    def path(cls, *names):
        return os.path.join(cls.folder, *names)

    @staticmethod
    def change(path, old, new):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        assert old in text
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace(old, new))

    @classmethod
    def sweep(cls, out, *settings, more=(), check=True, threads=2):
        words = [word for setting in settings for word in ("--set", setting)]
        return study_data.run(BUILD, "headroom", "sweep", cls.config, "--out", out, *words,
                              *more, check=check, threads=threads)

    def point(self, value, *names):
        return os.path.join(self.curve, "points", "data.rows=" + value, *names)

    def test_a_point_is_the_ordinary_run(self):
        for value in CURVE:
            out = self.path("run_" + value)
            study_data.run(BUILD, "headroom", "run", self.config, "--out", out, "--set",
                           "data.rows=" + value, "--quiet", threads=1)
            for name in ("predictions.csv", "config.yaml", "figures/r2_by_snr.csv"):
                self.assertEqual(bytes_of(os.path.join(out, name)),
                                 bytes_of(self.point(value, name)), (value, name))
            self.assertEqual(results_of(out), results_of(self.point(value)), value)
            self.assertTrue(os.path.exists(self.point(value, "report.html")))

    def test_all_rows_are_the_study_without_the_key(self):
        out = self.path("whole")
        study_data.run(BUILD, "headroom", "run", self.config, "--out", out, "--quiet")
        whole, point = results_of(out), results_of(self.point("1200"))
        self.assertNotEqual(whole["experiment"]["fingerprint"],
                            point["experiment"]["fingerprint"])
        for key in ("overall", "ladder", "bins", "ceiling"):
            self.assertEqual(whole[key], point[key], key)

    def test_the_table_has_what_the_points_found(self):
        table = pandas.read_csv(self.curve + "/sweep.csv", float_precision="round_trip")
        self.assertEqual(list(table.value.unique()), [int(v) for v in CURVE])
        self.assertTrue(table.trouble.isna().all())
        for value in CURVE:
            results = read(self.point(value, "results.json"))
            lines = table[table.value == int(value)]
            self.assertTrue((lines.n_train == int(value)).all())
            rungs = lines[lines.rung.notna()]
            expected = results["ladder"]["rungs"]
            self.assertEqual(list(rungs.rung), [r["rung"] for r in expected])
            self.assertEqual(list(rungs.rung), ["baseline", "single", "deployed", "oracle",
                                                "ceiling"])
            self.assertEqual(list(rungs.method), [r["method"] for r in expected])
            self.assertEqual(list(rungs.r2), [r["r2"] for r in expected])
            self.assertEqual([list(i) for i in zip(rungs.r2_low, rungs.r2_high)],
                             [r["r2_ci"] for r in expected])
            methods = lines[lines.rung.isna()]
            overall = results["overall"]
            self.assertEqual(list(methods.method), [m["method"] for m in overall])
            self.assertEqual(list(methods.rows), [m["rows"] for m in overall])
            self.assertEqual(list(methods.n), [m["n"] for m in overall])
            self.assertEqual(list(methods.r2), [m["r2_pooled"] for m in overall])

    def test_the_figure_draws_the_same(self):
        drawn = pandas.read_csv(self.curve + "/figures/sweep.csv", float_precision="round_trip")
        table = pandas.read_csv(self.curve + "/sweep.csv", float_precision="round_trip")
        rungs = table[table.rung.notna()].set_index(["rung", "value"])
        for line in drawn.itertuples():
            self.assertEqual(line.r2, rungs.loc[(line.rung, line.value)].r2)
            self.assertEqual(line.method, rungs.loc[(line.rung, line.value)].method)
        self.assertIn("oracle", set(drawn.rung))
        self.assertTrue(bytes_of(self.curve + "/figures/sweep.png").startswith(b"\x89PNG"))
        with open(self.curve + "/sweep.md", encoding="utf-8") as file:
            page = file.read()
        self.assertIn("![R²](figures/sweep.png)", page)
        oracle = rungs.loc[("oracle", 400)]
        self.assertIn(f"{oracle.r2:.4f} [{oracle.r2_low:.4f}, {oracle.r2_high:.4f}]", page)
        self.assertIn("oracle", drawn.rung.values)
        self.assertIn(f"{self.curve}/sweep.md\n", self.done.stdout)

    def drawn(self, value):
        """The numbers of the training rows that are taken, by their target."""
        plan = study_data.run(BUILD, "tool_print_plan", self.point(value, "config.yaml")).stdout
        rows = [r for r in csv.DictReader(io.StringIO(plan)) if r["split"] == "train"]
        order = self.made["labels"]["log_g"].to_numpy()
        numbers = np.searchsorted(order, [float(r["target"]) for r in rows])
        self.assertTrue(np.allclose(order[numbers], [float(r["target"]) for r in rows]))
        return numbers

    def test_fewer_rows_are_some_of_more(self):
        few, more = self.drawn("100"), self.drawn("400")
        self.assertEqual((len(set(few)), len(set(more))), (100, 400))
        self.assertLess(set(few), set(more))
        self.assertTrue((np.diff(more) > 0).all())
        # Of the 600 stars of each file a half, within five standard deviations.
        self.assertLess(abs(int((more < ROWS // 2).sum()) - 200), 43)

    def test_the_rows_are_as_if_there_were_no_others(self):
        made_stars.write(self.path("few.h5"), cut(self.made, self.drawn("100")))
        config = made_stars.study(self.folder, "few", EXPERTS, GATE)
        self.change(config, "train: [train.h5]", "train: [few.h5]")
        out = self.path("few")
        study_data.run(BUILD, "headroom", "run", config, "--out", out, "--quiet")
        few, point = results_of(out), results_of(self.point("100"))
        for key in ("overall", "ladder", "bins", "ceiling"):
            self.assertEqual(few[key], point[key], key)

    def test_a_killed_sweep_goes_on(self):
        for number in (signal.SIGKILL, signal.SIGINT):
            out = self.path(f"stopped_{number}")
            words = [os.path.join(BUILD, "headroom"), "sweep", self.config, "--out", out,
                     "--set", "data.rows=" + ",".join(CURVE), "--threads", "1"]
            with subprocess.Popen(words, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL) as child:
                second = os.path.join(out, "points", "data.rows=400", "manifest.json")
                while not os.path.exists(second) and child.poll() is None:
                    time.sleep(0.005)
                child.send_signal(number)
                code = child.wait()
            self.assertEqual(code, -9 if number == signal.SIGKILL else 130)
            self.assertFalse(os.path.exists(out + "/sweep.csv"))
            first = os.path.join(out, "points", "data.rows=100", "tasks")
            before = {name: os.stat(os.path.join(first, name, "card.json")).st_mtime_ns
                      for name in os.listdir(first)}
            done = self.sweep(out, "data.rows=" + ",".join(CURVE), more=["--resume"])
            self.assertIn("is complete: there is nothing left to do", done.stderr)
            self.assertEqual(before,
                             {name: os.stat(os.path.join(first, name, "card.json")).st_mtime_ns
                              for name in os.listdir(first)})
            files, results = made_files(out)
            for name, content in made_files(self.curve)[0].items():
                self.assertEqual(files[name] == content, True, name)
            self.assertEqual(results, made_files(self.curve)[1])

    def test_more_values_are_more_points(self):
        out = self.path("more")
        shutil.copytree(self.curve, out)
        self.sweep(out, "data.rows=200," + ",".join(CURVE), more=["--resume"])
        table = pandas.read_csv(out + "/sweep.csv")
        self.assertEqual(list(table.value.unique()), [200, 100, 400, 1200])
        drawn = pandas.read_csv(out + "/figures/sweep.csv")
        self.assertEqual(list(drawn.value[drawn.rung == "oracle"]), [100, 200, 400, 1200])
        study = self.sweep(out, "data.rows=200,100", "ridge.alpha=7", more=["--resume"],
                           check=False)
        self.assertEqual(study.returncode, 2)
        self.assertIn("2 of 2 points cannot be run: data.rows=200: ", study.stderr)
        self.sweep(out, "data.rows=200,100", "ridge.alpha=7", more=["--replace", "--quiet"])
        self.assertEqual(read(out + "/points/data.rows=200/results.json")["experts"][0]["name"],
                         "ridge")
        self.assertEqual(list(pandas.read_csv(out + "/sweep.csv").value.unique()), [200, 100])

    def test_noise_of_the_test_rows_too(self):
        out = self.path("noise")
        self.sweep(out, "noise.test=generated", "noise.level=0.5,2")
        drawn = pandas.read_csv(out + "/figures/sweep.csv")
        for rung in ("baseline", "oracle", "ceiling"):
            r2 = drawn.r2[drawn.rung == rung].to_numpy()
            self.assertEqual(len(r2), 2)
            self.assertGreater(r2[0], r2[1] + 0.02)

    def test_every_target_has_its_own(self):
        out = self.path("targets")
        self.sweep(out, "data.target=[log_g, T_eff]", "binning.allow_target=true",
                   "data.rows=100,400")
        for folder, label in (("", "log_g"), ("targets/T_eff", "T_eff")):
            table = pandas.read_csv(os.path.join(out, folder, "sweep.csv"),
                                    float_precision="round_trip")
            for value in (100, 400):
                point = os.path.join(out, "points", f"data.rows={value}", folder)
                results = read(os.path.join(point, "results.json"))
                self.assertEqual(results["experiment"]["target"], label)
                rungs = table[(table.value == value) & table.rung.notna()]
                self.assertEqual(list(rungs.r2), [r["r2"] for r in results["ladder"]["rungs"]])
            self.assertTrue(os.path.exists(os.path.join(out, folder, "figures/sweep.pdf")))

    def test_a_point_that_fails_takes_no_other_with_it(self):
        """No file may have more than 100 KB: reports do not fit, the sweep's own files do."""
        out = self.path("failing")
        words = [os.path.join(BUILD, "headroom"), "sweep", self.config, "--out", out,
                 "--set", "data.rows=100,400"]
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000))
        done = subprocess.run(words, capture_output=True, text=True, preexec_fn=limit)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("2 of 2 points failed or lost an expert; the first is data.rows=100: ",
                      done.stderr)
        table = pandas.read_csv(out + "/sweep.csv")
        self.assertEqual(list(table.value), [100, 400])
        self.assertTrue(table.trouble.str.contains("File too large").all())
        self.assertIn("data.rows=400 has no results: ", done.stdout)
        self.assertFalse(os.path.exists(out + "/figures"))
        self.sweep(out, "data.rows=100,400", more=["--resume", "--quiet"])
        table = pandas.read_csv(out + "/sweep.csv")
        self.assertTrue(table.trouble.isna().all())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
