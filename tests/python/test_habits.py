"""What the program does beside its work: settings from the command line, silence, readers that
leave, experts that are lost.

usage: test_habits.py BUILD_DIR
"""
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

import h5py
import pandas

import study_data
from test_study import config_text, thin_study

BUILD = sys.argv[1]
RIDGE = "controls: {placebo: false, leakage: false}\n"


class Habits(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = thin_study(cls.scratch.name, 1200, "data")
        cls.config = os.path.join(cls.folder, "study.yaml")
        with open(cls.config, "w", encoding="utf-8") as file:
            file.write(config_text(RIDGE))

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def path(self, *names):
        return os.path.join(self.scratch.name, *names)

    def run_program(self, *words, code=0):
        done = study_data.run(BUILD, "headroom", *words, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def test_settings_are_recorded_and_said_to_differ(self):
        out = self.path("set")
        quiet = ("run", self.config, "--out", out, "--quiet", "--threads", "1")
        done = self.run_program(*quiet, "--set", "ridge.alpha=[10, 100]", "--set",
                                "data.target=[log_g, M_H]", "--set", "binning.allow_target=true")
        self.assertEqual(done.stdout + done.stderr, "")
        with open(os.path.join(out, "config.yaml"), encoding="utf-8") as file:
            text = file.read()
        self.assertIn("  target: [log_g, M_H]\n", text)
        self.assertIn("    alpha: [10, 100]\n", text)
        self.assertTrue(os.path.exists(os.path.join(out, "targets", "M_H", "results.json")))
        with open(os.path.join(out, "manifest.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["machine"]["threads"], 1)
        done = self.run_program(*quiet, code=2)
        self.assertEqual(done.stdout, "")
        self.assertIn("data.target was [log_g, M_H] and is log_g now; experts.ridge.alpha was "
                      "[10, 100] and is auto now; change it back, discard those results with "
                      "--replace", done.stderr)

    def test_quiet_says_errors_alone(self):
        done = self.run_program("run", self.config, "--dry-run", "--quiet", "--set", "ridge.alpha=x",
                                code=2)
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr.count("\n"), 1)
        self.assertIn("--set 1: experts.ridge.alpha is 'x'", done.stderr)

    def test_an_expert_that_is_lost_in_every_bin(self):
        out = self.path("lost")
        done = study_data.run(BUILD, "headroom", "run", self.config, "--out", out, "--set",
                              "lightgbm={}", "--set", "ridge={}", check=False,
                              LIGHTGBM_ROOT="/nowhere")
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertRegex(done.stderr.splitlines()[-1],
                         r"^headroom: no bin has a model of lightgbm \(.*\); the study is done "
                         rf"without, see {out}/report.md$")
        self.assertIn("Table 1", done.stdout)
        self.assertTrue(os.path.exists(os.path.join(out, "report.md")))

    def test_files_with_other_names_for_labels(self):
        folder = self.path("renamed")
        shutil.copytree(self.folder, folder)
        for path in glob.glob(os.path.join(folder, "*", "dataset.h5")):
            frame = pandas.read_hdf(path, "/dataset/params")
            frame = frame.rename(columns={"T_eff": "Teff", "M_H": "[Fe/H]"})
            with h5py.File(path, "r+") as file:
                del file["/dataset/params"]
            frame.to_hdf(path, key="/dataset/params", mode="a")
        config = os.path.join(folder, "study.yaml")
        out = self.path("renamed_out")
        done = self.run_program("run", config, "--out", out, code=3)
        self.assertEqual(done.stderr.splitlines()[-1],
                         f"headroom: {folder}/train_0/dataset.h5 has no label columns T_eff, M_H; if "
                         "that is what they are called there, write data.columns: {T_eff: Teff, "
                         "M_H: '[Fe/H]'}")
        self.run_program("run", config, "--out", out, "--set",
                         "data.columns={T_eff: Teff, M_H: '[Fe/H]'}")
        self.run_program("run", self.config, "--out", self.path("named"))
        results = []
        for run in (out, self.path("named")):
            with open(os.path.join(run, "results.json"), encoding="utf-8") as file:
                results.append(json.load(file)["overall"])
        self.assertEqual(*results)
        tables = []
        for run, data in ((out, folder), (self.path("named"), self.folder)):
            table = self.path("nearest.csv")
            self.run_program("predict", run, os.path.join(data, "test/dataset.h5"), "--router",
                             "nearest", "--out", table)
            tables.append(pandas.read_csv(table).drop(columns="file"))
        self.assertTrue(tables[0].equals(tables[1]))

    PLACES = {"flux": ("/dataset/arrays/flux/value", "/spectra/flux"),
              "error": ("/dataset/arrays/error/value", "/spectra/sigma"),
              "noisy": ("/dataset/arrays/noisy/value", "/observed/counts"),
              "wave": ("/spectrumdataset/wave", "/grid"),
              "labels": ("/dataset/params", "/stars")}

    def test_files_with_arrays_in_other_places(self):
        folder, usual = self.path("moved"), self.path("usual")
        shutil.copytree(self.folder, folder)
        for path in glob.glob(os.path.join(folder, "*", "dataset.h5")):
            with h5py.File(path, "r+") as file:
                for before, after in self.PLACES.values():
                    if before in file:
                        file.move(before, after)
                del file["/dataset"], file["/spectrumdataset"]
        config, test = os.path.join(folder, "study.yaml"), os.path.join(folder, "test/dataset.h5")
        train, out = f"{folder}/train_0/dataset.h5", self.path("moved_out")
        with h5py.File(train) as file:
            rows, pixels = file["/spectra/flux"].shape
        done = self.run_program("run", config, "--out", out, code=3)
        proposal = (
            f"{train} has no /dataset/arrays/flux/value, /dataset/arrays/error/value, "
            f"/spectrumdataset/wave; it has /spectra/flux [{rows} x {pixels}], "
            f"/spectra/sigma [{rows} x {pixels}], /grid [{pixels}]: if that is meant, write "
            "data.paths: {flux: /spectra/flux, error: /spectra/sigma, wave: /grid}")
        self.assertEqual(done.stderr.splitlines()[-1], "headroom: " + proposal)
        self.assertIn(proposal, self.run_program("inspect", train, code=3).stdout)
        pairs = ", ".join(f"{role}: {after}" for role, (_, after) in self.PLACES.items())
        named = ("--set", f"data.paths={{{pairs}}}")
        self.run_program("run", config, "--dry-run", *named)
        self.run_program("run", config, "--out", out, *named)
        self.run_program("run", self.config, "--out", usual)
        for name in ("predictions.csv", "tables/experts.csv"):
            with open(os.path.join(out, name), "rb") as a, open(os.path.join(usual, name), "rb") as b:
                self.assertEqual(a.read(), b.read(), name)
        # The bundle knows where they stand, and takes files of the usual layout, too.
        tables = []
        for run, data in ((out, test), (usual, os.path.join(self.folder, "test/dataset.h5")),
                          (out, os.path.join(self.folder, "test/dataset.h5"))):
            table = self.path("moved.csv")
            self.run_program("predict", run, data, "--router", "oracle", "--out", table)
            tables.append(pandas.read_csv(table).drop(columns="file"))
        self.assertTrue(tables[0].equals(tables[1]))
        self.assertTrue(tables[2].equals(tables[1]))
        words = ",".join(f"{role}={after}" for role, (_, after) in self.PLACES.items())
        looked = json.loads(self.run_program("inspect", test, "--json", "--paths", words).stdout)
        plain = json.loads(self.run_program(
            "inspect", os.path.join(self.folder, "test/dataset.h5"), "--json").stdout)
        for key in ("rows", "pixels", "labels", "problems"):
            self.assertEqual(looked[key], plain[key], key)

    def test_places_that_are_none(self):
        for paths, said in (
                ("{flux: /dataset/arrays}",
                 f"{self.folder}/train_0/dataset.h5: /dataset/arrays is not a dataset"),
                ("{labels: /dataset/arrays}",
                 f"{self.folder}/train_0/dataset.h5: /dataset/arrays, which data.paths names for "
                 "the labels, is no pandas DataFrame; write them with DataFrame.to_hdf(file, "
                 "'dataset/arrays')")):
            done = self.run_program("run", self.config, "--dry-run", "--set",
                                    f"data.paths={paths}", code=3)
            self.assertEqual(done.stderr.splitlines()[-1], "headroom: " + said)

    def test_inspect_says_the_same_in_json(self):
        path = os.path.join(self.folder, "test/dataset.h5")
        text = self.run_program("inspect", path).stdout
        for words in ([], ["--trusted"]):
            told = json.loads(self.run_program("inspect", path, "--json", *words).stdout)
            self.assertEqual((told["schema"], told["path"]), ("headroom/inspection/1", path))
            self.assertIn(f"{told['rows']} spectra of {told['pixels']} pixels", text)
            for label in told["labels"]:
                self.assertRegex(text, rf"  {re.escape(label['name'])} +{label['minimum']:.6g} ")
            for item in told["bins"]["rows"]:
                self.assertRegex(text, rf"  {item['bin']}  {item['name']} +{item['rows']}\n")
            self.assertEqual(len(told["problems"]), text.count("\n  - "))
            for problem in told["problems"]:
                self.assertIn(problem["text"], text)
        none = self.run_program("inspect", self.config, "--json", code=3)
        self.assertEqual(none.stdout, "")

    def test_the_manual_of_keys_is_that_of_the_documentation(self):
        root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        with open(os.path.join(root, "docs/configuration.md"), encoding="utf-8") as file:
            manual = re.search(r"```text\n(.*?)```", file.read(), re.S).group(1)
        self.assertEqual(self.run_program("config").stdout, manual)
        done = self.run_program("config", self.config, "--set", "selection.folds=3")
        again = self.path("resolved.yaml")
        with open(again, "w", encoding="utf-8") as file:
            file.write(done.stdout)
        self.assertIn("\n  folds: 3\n", done.stdout)
        self.assertEqual(self.run_program("config", again).stdout, done.stdout)

    def test_a_reader_that_leaves_ends_no_run(self):
        out = self.path("unread")
        program = os.path.join(BUILD, "headroom")
        with subprocess.Popen([program, "run", self.config, "--out", out], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as run:
            run.stdout.close()
            told = run.stderr.read().decode()
            self.assertEqual(run.wait(), -signal.SIGPIPE, told)
        self.assertNotIn("headroom: ", told)
        self.assertTrue(os.path.exists(os.path.join(out, "report.html")))
        with open(os.path.join(out, "status.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["state"], "finished")
        for words in (["help"], ["inspect", os.path.join(self.folder, "test/dataset.h5")]):
            with subprocess.Popen([program, *words], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE) as run:
                run.stdout.close()
                told = run.stderr.read().decode()
                self.assertEqual((run.wait(), "headroom: " in told), (-signal.SIGPIPE, False))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
