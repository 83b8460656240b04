"""What test_python_sweep.py asks of the package, where it is installed.

    python_sweep_checks.py STUDY SCRATCH BUILD

STUDY holds study.yaml and curve/, what the program made of it."""

import importlib.util
import json
import os
import pickle
import resource
import signal
import subprocess
import sys
import unittest
import warnings

import numpy as np

import headroom

STUDY, SCRATCH, BUILD = sys.argv[1:4]
HAS_PANDAS = importlib.util.find_spec("pandas") is not None
CONFIG, CURVE = f"{STUDY}/study.yaml", f"{STUDY}/curve"
SETTINGS = {"data.target": ["log_g", "T_eff"], "binning.allow_target": True}
KEPT = ("sweep.csv", "sweep.md", "figures/sweep.svg", "targets/T_eff/sweep.csv")


def bytes_of(path):
    with open(path, "rb") as file:
        return file.read()


def sweep(name, values, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return headroom.sweep(CONFIG, values, f"{SCRATCH}/{name}",
                              **{"progress": False, "settings": SETTINGS, **options})


class Sweep(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.curve = sweep("curve", {"data.rows": np.array([100, 300])})

    def refused(self, exception, sentence, call, *values, **names):
        with self.assertRaises(exception) as caught:
            call(*values, **names)
        self.assertEqual(str(caught.exception), sentence)

    def test_it_is_the_programs(self):
        self.assertEqual(self.curve.path, f"{SCRATCH}/curve")
        for name in (*KEPT, "points/data.rows=100/predictions.csv",
                     "points/data.rows=300/predictions.csv",
                     "points/data.rows=300/tables/table2_ladder.csv"):
            self.assertEqual(bytes_of(f"{SCRATCH}/curve/{name}"), bytes_of(f"{CURVE}/{name}"),
                             name)

    def test_what_it_says(self):
        curve = self.curve
        self.assertEqual((curve.key, curve.values, curve.troubles),
                         ("data.rows", ["100", "300"], {}))
        self.assertEqual(list(curve.runs), ["100", "300"])
        self.assertEqual(curve.run(100).path, f"{SCRATCH}/curve/points/data.rows=100")
        self.assertEqual(curve.run("3e2").results, curve.runs["300"].results)
        self.assertEqual(curve.targets, ["log_g", "T_eff"])
        self.assertIs(type(curve.target("log_g")), headroom.Sweep)
        other = curve.target("T_eff")
        self.assertEqual(other.run(100).results["experiment"]["target"], "T_eff")
        self.assertTrue(bytes_of(curve.figure.png).startswith(b"\x89PNG"))
        self.assertTrue(other.figure.csv.endswith("targets/T_eff/figures/sweep.csv"))
        self.assertEqual(repr(curve), f"<headroom.Sweep {curve.path}: data.rows of 100, 300>")
        self.assertIn("| 100 |", str(curve))
        self.assertNotIn("![", str(curve))
        copy = pickle.loads(pickle.dumps(other))
        self.assertEqual(str(copy), str(other))
        page = curve._repr_html_()
        self.assertIn("<th>data.rows</th><th>baseline</th>", page)
        self.assertIn("data:image/svg+xml;base64,", page)
        r2 = curve.run(300).results["ladder"]["rungs"][0]["r2"]
        self.assertIn(f"<td>{r2:.4f} [", page)

    def test_the_table(self):
        for as_frame in (None, False):
            table = self.curve.table(as_frame)
            if not (HAS_PANDAS and as_frame is None):
                self.assertIsInstance(table, np.ndarray)
            for value in (100, 300):
                rungs = self.curve.run(value).results["ladder"]["rungs"]
                ladder = [r for r, own in zip(np.asarray(table["r2"]), np.asarray(table["value"]))
                          if own == value][:len(rungs)]
                self.assertEqual(ladder, [rung["r2"] for rung in rungs])

    def test_a_folder_is_opened(self):
        opened = headroom.Sweep(CURVE)
        self.assertEqual((opened.key, opened.values), ("data.rows", ["100", "300"]))
        self.refused(headroom.MissingError, f"{STUDY} has no sweep.csv: it is no sweep, or one "
                     "that is not done; headroom.sweep(..., mode=\"resume\") goes on with it",
                     headroom.Sweep, STUDY)
        self.refused(headroom.UsageError, "the sweep has no value 7; it has 100, 300",
                     opened.run, 7)
        self.refused(headroom.UsageError, "the study has no target 'M_H'; it has log_g, T_eff",
                     opened.target, "M_H")

    def test_a_folder_that_is_not_whole(self):
        folder = f"{SCRATCH}/parts"
        os.makedirs(folder)
        with open(f"{folder}/sweep.csv", "wb") as file:
            file.write(bytes_of(f"{CURVE}/sweep.csv"))
        self.refused(headroom.MissingError, f"{folder} lacks points of its sweep.csv: they were "
                     "moved or removed; headroom.sweep(..., mode=\"resume\") makes them",
                     headroom.Sweep, folder)
        for key in ("data.rows", "a.b"):
            for value in ("100", "300"):
                os.makedirs(f"{folder}/points/{key}={value}")
        self.refused(headroom.UsageError, f"{folder} has points of several keys, a.b, data.rows; "
                     "say which with key=", headroom.Sweep, folder)
        opened = headroom.Sweep(folder, "a.b")
        self.assertEqual(opened.key, "a.b")
        with self.assertRaises(headroom.MissingError) as caught:
            opened.figure
        self.assertEqual(str(caught.exception), f"{folder}/figures/sweep.svg is not there: no "
                         "point has anything to draw, or the sweep was moved or is run anew")

    def test_a_dict_and_words(self):
        """Words have folders with the program's names, other values YAML's."""
        config = {"experiment": {"id": "D"}, "data": {"train": ["train.h5"], "test": "test.h5"},
                  "binning": {"T_eff": [3750, 6000], "M_H": [-2.0, 0.5]},
                  "experts": {"ridge": {"alpha": [1]}}}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            words = headroom.sweep(config, {"ridge.alpha": [[1], [1, 100]]}, f"{SCRATCH}/lists",
                                   folder=STUDY, progress=False)
            noise = headroom.sweep(config, {"data.test": ["test.h5", "./test.h5"]},
                                   f"{SCRATCH}/words", folder=STUDY, progress=False)
        self.assertEqual(words.values, ["[1]", "[1, 100]"])
        self.assertEqual(sorted(os.listdir(f"{SCRATCH}/words/points")),
                         ['data.test="..%2Ftest.h5"'.replace("..", "."), "data.test=test.h5"])
        self.assertEqual(noise.run("test.h5").results["overall"],
                         noise.run(noise.values[1]).results["overall"])
        self.refused(headroom.ConfigError, "2 of 2 points cannot be run: selection.folds=1: "
                     "configuration, settings 1: selection.folds is 1, but must be between 2 and "
                     "64; selection.folds=99: configuration, settings 1: selection.folds is 99, "
                     "but must be between 2 and 64",
                     headroom.sweep, config, {"selection.folds": [1, 99]}, f"{SCRATCH}/none",
                     folder=STUDY)

    def test_bad_input(self):
        such = "such as {'data.rows': [1000, 5000, 20000]}"

        def refused(sentence, values, kind=headroom.UsageError, **options):
            self.refused(kind, sentence, headroom.sweep, CONFIG, values, f"{SCRATCH}/none",
                         **options)

        refused(f"set is 3 of type int; give a dict of one key and its values, {such}", 3)
        refused("set is {} of type dict; give a dict of one key and its values, " + such, {})
        refused(f"set['data.rows'] is 100 of type int; give a list of values, {such}",
                {"data.rows": 100})
        refused(f"set['data.rows'] is '100' of type str; give a list of values, {such}",
                {"data.rows": "100"})
        refused("set has the key 'a=b'; give keys with dots, such as {'ridge.alpha': 100}",
                {"a=b": [1, 2]}, headroom.ConfigError)
        refused("a sweep over data.rows needs several values, and has 1; give two or more",
                {"data.rows": [100]})
        refused("the values 100 and 100.0 of data.rows are one; give it once",
                {"data.rows": [100, 100.0]})
        refused("set['data.rows'] cannot be written as YAML (Circular reference detected); give "
                "text, numbers, lists and dicts, whose keys are text",
                {"data.rows": [circle(), 1]}, headroom.ConfigError)
        refused("mode is 'again', but must be one of new, resume, restart, replace",
                {"data.rows": [1, 2]}, mode="again")
        with self.assertRaisesRegex(headroom.DataError, "^1 of 2 points cannot be run: "
                                    "data.rows=301: data.rows is 301, but "):
            headroom.sweep(CONFIG, {"data.rows": [100, 301]}, f"{SCRATCH}/none", progress=False)
        self.refused(headroom.UsageError, f"{STUDY} holds something else than a sweep; name "
                     "another directory with out=", headroom.sweep, CONFIG, {"data.rows": [1, 2]},
                     STUDY)
        self.refused(headroom.UsageError, f"{CURVE} holds a sweep over data.rows, whose table and "
                     "figure one over noise.level would replace; name another directory with "
                     "out=, or say mode=\"restart\"", headroom.sweep, CONFIG,
                     {"noise.level": [1, 2]}, CURVE)
        self.assertFalse(os.path.exists(f"{SCRATCH}/none"))

    def test_an_expert_that_is_lost_is_warned_of(self):
        """Without noise the posterior mean has no model."""
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            lost = headroom.sweep(CONFIG, {"noise.level": [1, 0]}, f"{SCRATCH}/lost",
                                  progress=False)
        told = [w for w in told if str(w.message).startswith("noise.level=0: ")]
        self.assertIn("no bin has a model of posterior", str(told[0].message))
        self.assertIs(told[0].category, headroom.HeadroomWarning)
        self.assertEqual(told[0].filename, __file__)
        self.assertEqual(list(lost.troubles), ["0"])
        self.assertEqual(list(lost.runs), ["1", "0"])
        self.assertIn("noise.level=0: no bin has", lost._repr_html_())
        with warnings.catch_warnings(), self.assertRaises(headroom.HeadroomWarning) as caught:
            warnings.simplefilter("error")
            headroom.sweep(CONFIG, {"noise.level": [1, 0]}, f"{SCRATCH}/lost", mode="resume",
                           progress=False)
        self.assertEqual(caught.exception.sweep.values, ["1", "0"])

    def test_a_point_that_fails(self):
        """No file may have more than 60 KB: predictions of the first target fit, reports do not."""
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (60000, before[1]))
        try:
            with self.assertRaises(headroom.FileError) as caught:
                sweep("failing", {"data.rows": [100, 300]})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        self.assertIn("2 of 2 points failed or lost an expert; the first is data.rows=100: ",
                      str(caught.exception))
        failed = caught.exception.sweep
        self.assertEqual(list(failed.troubles), ["100", "300"])
        self.assertEqual((failed.runs, failed.targets), ({}, []))
        with self.assertRaisesRegex(headroom.UsageError, "^data.rows=100 has no results: "):
            failed.run(100)
        self.assertIn("data.rows=100: ", failed._repr_html_())
        done = sweep("failing", {"data.rows": [100, 300]}, mode="resume")
        self.assertEqual(done.troubles, {})
        self.assertEqual(bytes_of(f"{done.path}/sweep.csv"), bytes_of(f"{CURVE}/sweep.csv"))

    def test_ctrl_c_stops_and_the_sweep_goes_on(self):
        code = ("import headroom, json, os, sys\n"
                "config, out, settings = sys.argv[1:4]\n"
                "def tell(*stage):\n"
                "    if os.path.exists(out + '/points/data.rows=300/manifest.json'):\n"
                "        print('working', flush=True)\n"
                "try:\n"
                "    headroom.sweep(config, {'data.rows': [100, 300]}, out, progress=tell,\n"
                "                   settings=json.loads(settings))\n"
                "except KeyboardInterrupt:\n"
                "    print('stopped')\n")
        out = f"{SCRATCH}/stopped"
        child = subprocess.Popen([sys.executable, "-W", "ignore", "-c", code, CONFIG, out,
                                  json.dumps(SETTINGS)], stdout=subprocess.PIPE, text=True)
        child.stdout.readline()
        child.send_signal(signal.SIGINT)
        self.assertTrue(child.communicate(timeout=120)[0].endswith("stopped\n"))
        self.assertFalse(os.path.exists(f"{out}/sweep.csv"))
        card = f"{out}/points/data.rows=100/results.json"
        before = os.stat(card).st_mtime_ns
        done = sweep("stopped", {"data.rows": [100, 300]}, mode="resume")
        self.assertEqual(os.stat(card).st_mtime_ns, before)
        for name in KEPT:
            self.assertEqual(bytes_of(f"{out}/{name}"), bytes_of(f"{CURVE}/{name}"), name)
        self.assertEqual(done.values, ["100", "300"])

    def test_the_bar_says_the_point(self):
        code = ("import headroom, sys\n"
                "headroom.sweep(sys.argv[1], {'data.rows': [100, 200]}, sys.argv[2])\n")
        done = subprocess.run([sys.executable, "-W", "ignore", "-c", code, CONFIG,
                               f"{SCRATCH}/bar"], capture_output=True, check=True)
        self.assertIn(b"\rchecking the points [", done.stderr)
        self.assertIn(b"\rpoint 2 of 2: ", done.stderr)
        self.assertTrue(done.stderr.endswith(b"\r"))

    def test_what_a_callback_raises_comes_out(self):
        def fail(*stage):
            raise RuntimeError("enough")

        with self.assertRaisesRegex(RuntimeError, "^enough$"):
            sweep("raised", {"data.rows": [100, 200]}, progress=fail)
        self.assertFalse(os.path.exists(f"{SCRATCH}/raised"))


def circle():
    held = []
    held.append(held)
    return held


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
