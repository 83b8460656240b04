"""The Python package: built from the checkout into an empty environment, and asked there.

    test_python_door.py BUILD

What is asked stands in python_door_checks.py, which runs twice: with the newest NumPy and no
pandas, and with Debian's NumPy 1.24 and pandas."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import unittest

import study_data

BUILD = os.path.abspath(sys.argv[1])
HERE = os.path.dirname(os.path.abspath(__file__))
PROJECT = os.path.dirname(os.path.dirname(HERE))
EXPERTS = """experts:
  ridge: {}
  posterior: {}
  lightgbm: {max_bin: 15, global: true, global_rows: 1200}
gates: {logistic: {}}
run: {memory_mib: 4096, model: full}
"""


def call(*words, **environment):
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True,
                          env=dict(os.environ, **environment))
    if done.returncode != 0:
        raise AssertionError(f"{words}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Door(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.TemporaryDirectory()
        root = cls.root = cls.home.name
        call(sys.executable, "-m", "venv", f"{root}/empty")
        cls.python = f"{root}/empty/bin/python"
        call(cls.python, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir",
             f"{root}/wheel", f"{PROJECT}/python")
        cls.wheel = os.path.join(f"{root}/wheel", os.listdir(f"{root}/wheel")[0])
        call(cls.python, "-m", "pip", "install", "--quiet", cls.wheel)
        cls.make_study()

    @classmethod
    def make_study(cls):
        root = cls.root
        study_data.run(BUILD, "headroom", "simulate", "--out", f"{root}/data", "--train", 2000,
                       "--test", 300)
        path = f"{root}/data/study.yaml"
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text[:text.index("experts:")].replace("target: log_g",
                                                             "target: [log_g, mag]") + EXPERTS)
        study_data.run(BUILD, "headroom", "run", path, "--out", f"{root}/run")
        test = f"{root}/data/test/dataset.h5"
        for router in ("global", "oracle", "gate"):
            study_data.run(BUILD, "headroom", "predict", f"{root}/run", test, "--router", router,
                           "--out", f"{root}/{router}.csv")

    @classmethod
    def tearDownClass(cls):
        cls.home.cleanup()

    def check(self, python, **environment):
        """Runs all checks in a copy of the study with another interpreter."""
        with tempfile.TemporaryDirectory() as copy:
            shutil.copytree(self.root, f"{copy}/all",
                            ignore=shutil.ignore_patterns("empty", "wheel", "old", "tasks"))
            call(python, f"{HERE}/python_door_checks.py", f"{copy}/all", BUILD, **environment)

    def test_in_an_empty_environment(self):
        self.check(self.python)

    def test_with_numpy_1_24_and_pandas(self):
        call(self.python, "-m", "pip", "install", "--quiet", "--no-deps", "--target",
             f"{self.root}/old", self.wheel)
        self.check(sys.executable, PYTHONPATH=f"{self.root}/old")

    def test_the_tutorial(self):
        """Every cell of the notebook runs, and the last ones say something sensible."""
        notebook = f"{self.root}/tutorial/tutorial.ipynb"
        os.makedirs(os.path.dirname(notebook))
        shutil.copy(f"{PROJECT}/python/tutorial.ipynb", notebook)
        call(self.python, "-m", "venv", "--system-site-packages", f"{self.root}/notebook")
        python = f"{self.root}/notebook/bin/python"
        call(python, "-m", "pip", "install", "--quiet", "nbclient==0.10.2", "nbformat==5.10.4",
             "ipykernel==6.29.5", "matplotlib==3.10.7", "pandas==2.3.3", self.wheel)
        call(f"{self.root}/notebook/bin/jupyter-execute", "--inplace", notebook)
        with open(notebook, encoding="utf-8") as file:
            cells = [c for c in json.load(file)["cells"] if c["cell_type"] == "code"]
        said = re.search(r"(\d+) of 400 stars predicted; (\d+)% within",
                         "".join(cells[-1]["outputs"][0]["text"]))
        self.assertGreater(int(said[1]), 380)
        self.assertTrue(50 <= int(said[2]) <= 85, said[0])
        kinds = [set(o.get("data", {})) for c in cells for o in c["outputs"]]
        self.assertTrue(any("image/svg+xml" in kind for kind in kinds))
        with open(f"{self.root}/tutorial/tutorial/predictions.png", "rb") as file:
            self.assertEqual(file.read(4), b"\x89PNG")

    def test_the_wheel_is_what_it_says(self):
        call(self.python, "-m", "pip", "install", "--quiet", "auditwheel==6.8.2")
        said = call(self.python, "-m", "auditwheel", "show", self.wheel)
        self.assertIn("is consistent with", said)
        self.assertIn(sysconfig.get_platform().replace("-", "_"), said)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
