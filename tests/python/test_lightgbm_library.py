"""Where LightGBM's library is looked for, which one is taken, and what is said of one that
cannot be used. The libraries are made here: each says its own name where it is asked to work."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import study_data

BUILD = os.path.abspath(sys.argv[1])
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
FILE = "lib_lightgbm.so"
REMEDY = "scripts/setup.sh installs 4.7.0, LIGHTGBM_ROOT names another copy"
CONFIG = ("experiment: {id: library, language: en}\n"
          "data: {train: ['train_0/dataset.h5'], test: test/dataset.h5}\n"
          "experts: {ridge: {alpha: [10]}, lightgbm: {device: cpu, min_child_samples: 5}}\n")

with open(os.path.join(SOURCE, "src/methods/lightgbm/api.c"), encoding="utf-8") as api:
    FUNCTIONS = ["LGBM_" + name for name in re.findall(r"\bSYMBOL\((\w+), ", api.read())
                 if name != "name"]
MARK = "LGBM_DatasetInitStreaming"

# It reads and writes models of a format, and refuses everything else.
WORKING = r"""
#include <stdint.h>
#include <string.h>
const char *LGBM_GetLastError(void) { return "I am NAME"; }
int LGBM_BoosterLoadModelFromString(const char *text, int *trees, void **out) {
  *out = (void *)text;
  *trees = 0;
  return 0;
}
int LGBM_BoosterSaveModelToString(void *booster, int first, int trees, int importance,
                                  int64_t room, int64_t *length, char *out) {
  strcpy(out, "tree\nversion=FORMAT\n");
  *length = (int64_t)strlen(out) + 1;
  return 0;
}
int LGBM_BoosterFree(void *booster) { return 0; }
"""


def compile_library(path, code):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    subprocess.run(["gcc", "-shared", "-fPIC", "-xc", "-", "-o", path], input=code, text=True,
                   check=True)
    return path


def make_working(path, name, version="v4"):
    code = WORKING.replace("NAME", name).replace("FORMAT", version)
    for function in FUNCTIONS + [MARK]:
        if function + "(" not in code:
            code += f"int {function}(void) {{ return -1; }}\n"
    return compile_library(path, code)


def make_idle(path, functions):
    return compile_library(path, "".join(f"int {f}(void) {{ return 0; }}\n" for f in functions))


class Library(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory()
        full, folder = (cls.path(x) for x in ("full", "data"))
        study_data.run(BUILD, "headroom", "simulate", "--out", full, "--train", 400,
                       "--shards", 1, "--test", 200, "--seed", 5)
        for name in ("train_0", "test"):
            study_data.thin_out(os.path.join(full, name, "dataset.h5"),
                                os.path.join(folder, name, "dataset.h5"), 64)
        shutil.rmtree(full)
        cls.config = os.path.join(folder, "study.yaml")
        with open(cls.config, "w", encoding="utf-8") as file:
            file.write(CONFIG)
        # A program as it is installed: its own copy is beside it.
        cls.program = cls.path("prefix/bin/headroom")
        os.makedirs(os.path.dirname(cls.program))
        shutil.copy(os.path.join(BUILD, "headroom"), cls.program)
        with open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8") as file:
            folder = re.search(r"CMAKE_INSTALL_LIBDIR:\w+=(.*)", file.read()).group(1)
        cls.beside = cls.path("prefix", folder, "headroom", FILE)

    @classmethod
    def tearDownClass(cls):
        cls.place.cleanup()

    @classmethod
    def path(cls, *names):
        return os.path.join(cls.place.name, *names)

    def run_study(self, code=0, **variables):
        """What results.json says of LightGBM, and what the program and the report say."""
        out = self.path("run")
        shutil.rmtree(out, ignore_errors=True)
        environment = {name: value for name, value in os.environ.items()
                       if name not in ("LIGHTGBM_ROOT", "CONDA_PREFIX", "LD_LIBRARY_PATH")}
        done = subprocess.run([self.program, "run", self.config, "--out", out],
                              env=dict(environment, **variables), capture_output=True, text=True)
        self.assertEqual(done.returncode, code, done.stderr)
        with open(os.path.join(out, "results.json"), encoding="utf-8") as file:
            results = json.load(file)
        with open(os.path.join(out, "report.md"), encoding="utf-8") as file:
            report = file.read()
        return results, done.stderr, report

    def taken(self, **variables):
        """The name of the library that was asked to work."""
        _, told, _ = self.run_study(code=5, **variables)  # one that refuses all work
        return re.search(r"LightGBM says: I am (\w+)", told).group(1)

    def refusal(self, **variables):
        results, told, report = self.run_study(code=5, **variables)
        expert = results["experts"][1]
        self.assertEqual(expert["status"], "unavailable")
        self.assertEqual(results["bins"][0]["experts"]["lightgbm"]["status"], "unavailable")
        self.assertIn(f"the expert lightgbm is skipped: {expert['note']}\n", told)
        self.assertIn(f"- LightGBM: {expert['note']}.\n", report)
        return expert["note"]

    def test_the_order_of_places(self):
        own = make_working(self.path("own", FILE), "own")
        make_working(self.path("wheel/lightgbm/lib", FILE), "wheel")
        make_working(self.path("conda/lib", FILE), "conda")
        make_working(self.beside, "beside")
        conda = {"CONDA_PREFIX": self.path("conda")}
        try:
            self.assertEqual(self.taken(LIGHTGBM_ROOT=self.path("own"), **conda), "own")
            self.assertEqual(self.taken(LIGHTGBM_ROOT=own, **conda), "own")
            self.assertEqual(self.taken(LIGHTGBM_ROOT=self.path("wheel"), **conda), "wheel")
            self.assertEqual(self.taken(**conda), "conda")
            self.assertEqual(self.taken(), "beside")
            # One that cannot be used is passed over, but not the one that was named.
            make_working(self.path("conda/lib", FILE), "conda", "v5")
            self.assertEqual(self.taken(**conda), "beside")
            self.refusal(LIGHTGBM_ROOT=self.path("conda"))
        finally:
            os.remove(self.beside)

    def test_a_library_that_cannot_be_used_is_told(self):
        def said(name):
            return self.refusal(LIGHTGBM_ROOT=self.path(name))

        os.makedirs(self.path("empty"))
        self.assertEqual(said("empty"), f"there is no {FILE} in {self.path('empty')}; {REMEDY}")
        os.makedirs(self.path("broken"))
        with open(self.path("broken", FILE), "w", encoding="ascii") as file:
            file.write("no library")
        self.assertEqual(said("broken"), "LightGBM cannot be loaded: "
                                         f"{self.path('broken', FILE)}: file too short; {REMEDY}")
        path = make_idle(self.path("other", FILE), ["something_else"])
        self.assertEqual(said("other"),
                         f"{path} is not LightGBM: it lacks LGBM_GetLastError; {REMEDY}")
        path = make_idle(self.path("old", FILE), FUNCTIONS)
        self.assertEqual(said("old"), f"{path} is LightGBM of a version before 4.0 (it lacks "
                                      f"{MARK}); {REMEDY}")
        for version in ("v5", ""):
            path = make_working(self.path("new" + version, FILE), "new", version)
            self.assertEqual(said("new" + version),
                             f"{path} is LightGBM of another version than 4 (its models are of "
                             f"format '{version}', not v4); {REMEDY}")

    def load(self, name, definitions, **variables):
        """What the loader says that was compiled with other definitions than the build's."""
        sources = ["methods/lightgbm/api.c", "methods/shared_library.c",
                   *(f"core/{name}.c" for name in
                     ("alloc", "error", "file", "text", "utf8"))]
        main = ("#include <stdio.h>\n#include \"methods/lightgbm/api.h\"\n"
                "int main(void) { hr_lightgbm_library l; hr_error e;\n"
                "  int status = hr_lightgbm_load(&l, &e);\n"
                "  puts(status == HR_OK ? l.api.last_error() : e.message); }\n")
        program = self.path(name)
        subprocess.run(["gcc", "-std=c17", "-D_GNU_SOURCE", *definitions,
                        f"-I{SOURCE}/src", f"-I{SOURCE}/include", "-xc", "-",
                        *(os.path.join(SOURCE, "src", s) for s in sources), "-o", program, "-ldl"],
                       input=main, text=True, check=True)
        return subprocess.run([program], env=variables, capture_output=True, text=True,
                              check=True).stdout

    def test_the_system_comes_last_and_a_build_may_leave_it_out(self):
        nowhere = ['-DHR_LIGHTGBM_LIBDIR="nowhere"', '-DHR_LIGHTGBM_INSTALLED="/nowhere"']
        make_working(self.path("system", FILE), "system")
        make_working(self.path("built", FILE), "built")
        system = {"LD_LIBRARY_PATH": self.path("system")}
        built = f'-DHR_LIGHTGBM_BUILT="{self.path("built")}"'
        on = nowhere + ["-DHR_LIGHTGBM=1"]
        self.assertEqual(self.load("with", on + [built], **system), "I am built\n")
        alone = on + ['-DHR_LIGHTGBM_BUILT="/nowhere"']
        self.assertEqual(self.load("alone", alone, **system), "I am system\n")
        self.assertEqual(self.load("none", alone),
                         f"LightGBM is not on this machine; {REMEDY}\n")
        self.assertEqual(self.load("off", nowhere + ["-DHR_LIGHTGBM=0", built], **system),
                         "this program was built without LightGBM (HR_LIGHTGBM=OFF)\n")

    def set_up(self, **variables):
        """What the set-up script says; a Python that cannot fetch anything is all it finds."""
        folder = self.path("wanted")
        script = os.path.join(SOURCE, "scripts/get_lightgbm.sh")
        done = subprocess.run([script, folder], capture_output=True, text=True, check=True,
                              env=dict({"PATH": os.environ["PATH"], "PIP_NO_INDEX": "1"},
                                       **variables))
        self.assertFalse(os.path.exists(os.path.join(folder, "lightgbm")))
        return done.stdout + done.stderr

    def test_the_set_up_uses_what_is_there(self):
        own = make_working(self.path("root/lib", FILE), "own")
        make_working(self.path("environment/lib", FILE), "conda")
        make_working(self.path("loader", FILE), "loader")
        conda = {"CONDA_PREFIX": self.path("environment")}
        for root in (self.path("root"), own):
            self.assertEqual(self.set_up(LIGHTGBM_ROOT=root, **conda),
                             f"setup: using the LightGBM of LIGHTGBM_ROOT, {root}\n")
        self.assertEqual(self.set_up(LIGHTGBM_ROOT=self.path("loader", "no"), **conda),
                         f"setup: LIGHTGBM_ROOT is {self.path('loader', 'no')}, where there is no "
                         f"{FILE}; Headroom looks nowhere else\n")
        self.assertEqual(self.set_up(**conda),
                         f"setup: using the LightGBM of conda, {self.path('environment')}\n")
        self.assertEqual(self.set_up(LD_LIBRARY_PATH=self.path("loader")),
                         "setup: using the LightGBM that the system's loader finds\n")
        self.assertRegex(self.set_up(),
                         "(?s)setup: fetching LightGBM.*setup: LightGBM could not be fetched; "
                         "Headroom works without it, and says so\n$")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
