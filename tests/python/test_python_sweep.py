"""headroom.sweep: what it makes is what `headroom sweep` makes, byte for byte.

    test_python_sweep.py BUILD

What is asked stands in python_sweep_checks.py, which runs twice: with the newest NumPy and no
pandas, and with Debian's."""

import os
import sys
import tempfile
import unittest

import made_stars
import python_package
import study_data
from python_package import call

BUILD = os.path.abspath(sys.argv[1])
HERE = os.path.dirname(os.path.abspath(__file__))


class Sweep(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.TemporaryDirectory()
        root = cls.root = cls.home.name
        cls.wheel = python_package.wheel(BUILD)
        for name, rows, seed in (("train.h5", 300, 3), ("test.h5", 100, 4)):
            made_stars.write(f"{root}/{name}", made_stars.stars(rows, 32, seed=seed))
        study = made_stars.study(root, "study", "{ridge: {alpha: [1, 100]}, "
                                 "posterior: {source: stored}}")
        study_data.run(BUILD, "headroom", "sweep", study, "--set",
                       "data.rows=100,300", "--set", "data.target=[log_g, T_eff]", "--set",
                       "binning.allow_target=true", "--out", f"{root}/curve")

    @classmethod
    def tearDownClass(cls):
        cls.home.cleanup()

    def check(self, python, name, **environment):
        scratch = f"{self.root}/{name}"
        os.mkdir(scratch)
        call(python, f"{HERE}/python_sweep_checks.py", self.root, scratch, BUILD, **environment)

    def test_in_an_empty_environment(self):
        call(sys.executable, "-m", "venv", f"{self.root}/venv")
        python = f"{self.root}/venv/bin/python"
        call(python, "-m", "pip", "install", "--quiet", self.wheel)
        self.check(python, "empty")

    def test_with_numpy_1_24_and_pandas(self):
        call(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target",
             f"{self.root}/old", self.wheel)
        self.check(sys.executable, "pandas", PYTHONPATH=f"{self.root}/old")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
