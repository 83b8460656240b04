"""What the program does beside its work: settings from the command line, silence, readers that
leave, experts that are lost.

usage: test_habits.py BUILD_DIR
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest

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
