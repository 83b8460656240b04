"""The Python package: built from the checkout into an empty environment, and asked there.

    test_python_door.py BUILD

What is asked stands in python_door_checks.py, python_writing_checks.py and
python_survey_checks.py, which run twice: with the newest NumPy and no pandas, and with Debian's
NumPy 1.24, pandas and astropy; and in python_regressor_checks.py, without scikit-learn, with
Debian's 1.2, and with one of today."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile

import python_package
import study_data
from python_package import PROJECT, call

BUILD = os.path.abspath(sys.argv[1])
HERE = os.path.dirname(os.path.abspath(__file__))
EXPERTS = """experts:
  ridge: {}
  posterior: {}
  lightgbm: {max_bin: 15, global: true, global_rows: 1200}
gates: {logistic: {}}
run: {memory_mib: 4096, model: full}
"""


# What a user writes, for a type checker.
USER = """import numpy as np
import headroom

study: str = headroom.simulate("data", train=100, shards=2)
run: headroom.Run = headroom.run(study, settings={"ridge.alpha": 10.0})
curve: headroom.Sweep = headroom.sweep(study, {"data.rows": [50, 100]}, "curve", progress=False)
point: headroom.Run = curve.run(50).target(curve.targets[0])
targets: tuple[str, ...] = run.model().targets
words: list[str] = headroom.flag_words(5)
path: str = headroom.write_spectra("x.h5", np.ones((2, 3)), wave=[1.0, 2.0, 3.0])
regressor = headroom.HeadroomRegressor({"ridge": {}}, folds=3, alpha=[1.0])
fitted = regressor.fit(np.ones((5, 3)), np.ones(5))
score: float = regressor.set_params(folds=4).score([[1.0]], [2.0])
drawn: str = run.figure("r2_by_snr").svg
print(study, curve.figure.svg, curve.table(), point, drawn, run.table("gate"), targets, words)
print(path, fitted.cv_r2_, score)
"""

# The kernels of OpenBLAS, a digest of predictions, and the libraries in use; with h5py imported
# before headroom, or behind it, and at work beside it.
BESIDE = """import ctypes, hashlib, sys
order, root = sys.argv[1:]
if order == "first":
    import h5py
import headroom
if order == "last":
    import h5py
test = f"{root}/data/test/dataset.h5"
spectra = headroom.read_spectra(test)
noisy = spectra.noisy
if order != "none":
    with h5py.File(test) as file:
        noisy = file["/dataset/arrays/noisy/value"][:]
    with h5py.File(f"{root}/beside_{order}.h5", "w") as file:
        file["x"] = noisy
    try:
        h5py.File(f"{root}/nowhere.h5")
    except FileNotFoundError:
        pass
    assert (headroom.read_spectra(test).noisy == noisy).all()
said = headroom.open(f"{root}/run").predict(noisy, spectra.error, as_frame=False)
if order != "none":
    with h5py.File(f"{root}/beside_{order}.h5") as file:
        assert (file["x"][:] == spectra.noisy).all()
libraries = sorted({line.split()[-1] for line in open("/proc/self/maps") if ".so" in line})
blas = [path for path in libraries if "/libopenblas" in path and "numpy.libs" not in path]
name = ctypes.CDLL(blas[0]).openblas_get_corename
name.restype = ctypes.c_char_p
print(name().decode())
print(hashlib.sha256(said.tobytes()).hexdigest())
print(*libraries)
"""


class Door(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.TemporaryDirectory()
        root = cls.root = cls.home.name
        call(sys.executable, "-m", "venv", f"{root}/empty")
        cls.python = f"{root}/empty/bin/python"
        cls.wheel = python_package.wheel(BUILD)
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
                            ignore=shutil.ignore_patterns("empty", "old", "tasks"))
            call(python, f"{HERE}/python_door_checks.py", f"{copy}/all", BUILD, **environment)
            for checks in ("writing", "survey"):
                call(python, f"{HERE}/python_{checks}_checks.py", f"{copy}/all", **environment)

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
                         "".join(cells[-2]["outputs"][0]["text"]))
        self.assertGreater(int(said[1]), 380)
        self.assertTrue(50 <= int(said[2]) <= 85, said[0])
        # What is imported along may warn on stderr first.
        r2 = re.search(r"R² (\S+), (\S+) in cross-validation",
                       "".join("".join(o.get("text", [])) for o in cells[-1]["outputs"]))
        self.assertIsNotNone(r2, cells[-1]["outputs"])
        self.assertTrue(0.2 < float(r2[1]) < 1, r2[0])
        self.assertAlmostEqual(float(r2[1]), float(r2[2]), delta=0.15)
        kinds = [set(o.get("data", {})) for c in cells for o in c["outputs"]]
        self.assertTrue(any("image/svg+xml" in kind for kind in kinds))
        with open(f"{self.root}/tutorial/tutorial/predictions.png", "rb") as file:
            self.assertEqual(file.read(4), b"\x89PNG")

    def check_regressor(self, python, *words, **environment):
        with tempfile.TemporaryDirectory() as folder:
            call(python, f"{HERE}/python_regressor_checks.py", folder, *words, **environment)

    def test_the_regressor_without_scikit_learn(self):
        self.check_regressor(self.python)

    def test_the_regressor_in_scikit_learn_1_2(self):
        call(self.python, "-m", "pip", "install", "--quiet", "--no-deps", "--target",
             f"{self.root}/old_too", self.wheel)
        self.check_regressor(sys.executable, "--sklearn", PYTHONPATH=f"{self.root}/old_too")

    def test_the_regressor_in_scikit_learn_of_today(self):
        call(self.python, "-m", "venv", f"{self.root}/sklearn")
        python = f"{self.root}/sklearn/bin/python"
        call(python, "-m", "pip", "install", "--quiet", "scikit-learn==1.9.1", "pandas==2.3.3",
             self.wheel)
        self.check_regressor(python, "--sklearn")

    def test_no_word_of_the_command_line(self):
        """No sentence in the library that the package is made of names an option of the program,
        but those of src/data/places.c, which only the program has asked for, whole commands of
        it in backquotes, and the jobs of Slurm (src/study/job.c)."""
        with zipfile.ZipFile(self.wheel) as wheel:
            name, = (name for name in wheel.namelist() if re.search(r"/_core\..*so$", name))
            texts = wheel.read(name)
        texts = texts.replace(b"\0 --out \0", b"\0\0")
        texts = re.sub(rb"`headroom [^`\0]*`", b"", texts)
        options = set(re.findall(rb"(?<![-\w])--[a-z][a-z-]+", texts))
        self.assertLessEqual(options, {b"--paths", b"--array", b"--output"})
        with open(f"{BUILD}/headroom", "rb") as file:
            self.assertIn(b"--no-preflight", file.read())  # what is looked for can be found

    def test_types_are_told(self):
        """A strict checker has nothing to say of ten sound lines, and finds a slip."""
        call(self.python, "-m", "venv", f"{self.root}/typed")
        python = f"{self.root}/typed/bin/python"
        call(python, "-m", "pip", "install", "--quiet", "mypy==2.4.1", self.wheel)
        with zipfile.ZipFile(self.wheel) as wheel:
            stub = wheel.read("headroom/_core.pyi").decode()
        for name in ("class Predictor:", "class Reader:", "class Writer:", "def run("):
            self.assertIn(name, stub)
        path = f"{self.root}/user.py"
        with open(path, "w", encoding="utf-8") as file:
            file.write(USER)
        call(python, "-m", "mypy", "--strict", "--cache-dir", f"{self.root}/mypy", path)
        with open(path, "w", encoding="utf-8") as file:
            file.write(USER.replace("shards=2", "shards='two'")
                       .replace("model().targets", "model().target"))
        done = subprocess.run([python, "-m", "mypy", "--strict", "--cache-dir",
                               f"{self.root}/mypy", path], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn('Argument "shards" to "simulate" has incompatible type "str"', done.stdout)
        self.assertIn('"Model" has no attribute "target"', done.stdout)
        self.assertIn("Found 2 errors", done.stdout)
        # Stubs and annotations are what the package has when it runs.
        with open(f"{self.root}/mypy.ini", "w", encoding="utf-8") as file:
            file.write("[mypy]\nignore_missing_imports = true\n")
        with open(f"{self.root}/allowed", "w", encoding="utf-8") as file:
            file.write("headroom\\._core\\..*\n")  # nanobind's are no functions of Python's
        call(python, "-m", "mypy.stubtest", "headroom", "--mypy-config-file",
             f"{self.root}/mypy.ini", "--allowlist", f"{self.root}/allowed")

    def test_a_wheel_that_stands_on_its_own(self):
        """auditwheel gives it the tag of this machine's glibc or an older one; no library that
        other packages bring, too, is the system's or theirs, and the numbers stay."""
        said = call(f"{PROJECT}/scripts/build_wheel.sh", f"{self.root}/fixed", self.wheel,
                    PYTHON=self.python)
        fixed = said.strip()
        tag = re.search(r"-manylinux_2_(\d+)_\w+\.whl$", fixed)
        self.assertIsNotNone(tag, fixed)
        self.assertLessEqual(int(tag[1]), int(os.confstr("CS_GNU_LIBC_VERSION").split(".")[1]))
        call(self.python, "-m", "venv", f"{self.root}/own")
        python = f"{self.root}/own/bin/python"
        call(python, "-m", "pip", "install", "--quiet", "h5py==3.16.0", fixed)
        before = call(self.python, "-c", BESIDE, "none", self.root)
        kernels = before.splitlines()[0]
        self.assertTrue(kernels)
        for order in ("first", "last"):
            told = call(python, "-c", BESIDE, order, self.root, OMP_NUM_THREADS="2")
            self.assertEqual(told.splitlines()[:2], before.splitlines()[:2])
            libraries = told.splitlines()[2].split()
            for name in ("hdf5", "openblas", "gomp", "cairo", "dnnl"):
                own = [path for path in libraries if f"/lib{name}" in path
                       and "/h5py.libs/" not in path and "/numpy.libs/" not in path]
                self.assertTrue(own, name)
                for path in own:
                    self.assertIn("/headroom.libs/", path)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
