"""LightGBM through its C interface against LightGBM's own Python package, fed the same rows;
and what a study does where it is interrupted, or told of a GPU that is not there."""

import csv
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import h5py
import numpy as np

import study_data

BUILD = sys.argv[1]
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
WHEEL = os.path.join(SOURCE, "build", "lightgbm")  # where scripts/get_lightgbm.sh unpacks it
sys.path.insert(0, WHEEL)
if not os.path.isdir(os.path.join(WHEEL, "lightgbm")):
    print("skipped: scripts/setup.sh test brings LightGBM, and could not fetch it")
    sys.exit(0)

import lightgbm  # noqa: E402

STEP, PIXELS = 16, 256
TREES = {"n_estimators": 80, "max_depth": 5, "learning_rate": 0.05, "num_leaves": 20,
         "feature_fraction": 0.3, "bagging_fraction": 0.7, "min_child_samples": 20}


def config(experts):
    return ("experiment: {id: trees, language: en}\n"
            "data: {train: ['train_{0..1}/dataset.h5'], test: test/dataset.h5,\n"
            "       noise: {level: 1.0, seed: 42, test: stored}}\n"
            "selection: {seed: 42}\n"
            f"experts: {json.dumps(experts)}\n")


def peer_parameters(size):
    """The same in the words of the package; what it leaves open is the package's default."""
    words = dict(TREES, objective="regression", bagging_freq=1, reg_alpha=1.0, reg_lambda=1.0,
                 seed=42, deterministic=True, force_col_wise=True, verbosity=-1)
    words["min_data_in_leaf"] = words.pop("min_child_samples")
    words["num_iterations"] = words.pop("n_estimators")
    return dict(words, bin_construct_sample_cnt=size)


def r2(target, predicted):
    return 1 - np.sum((target - predicted) ** 2) / np.sum((target - target.mean()) ** 2)


class Trees(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory()
        full, cls.folder = (os.path.join(cls.place.name, x) for x in ("full", "data"))
        study_data.run(BUILD, "headroom", "simulate", "--out", full, "--train", 6000,
                       "--shards", 2, "--test", 2000, "--seed", 5)
        for path in glob.glob(os.path.join(full, "*", "dataset.h5")):
            study_data.thin_out(path, path.replace(full, cls.folder), STEP)
        shutil.rmtree(full)
        # All rows make the boundaries, in the package as here.
        cls.all = {"lightgbm": dict(TREES, subsample_for_bin=100000, **{"global": True})}
        cls.two = cls.run_study(cls.all, "two", 2)
        files = (("train", "generated", [f"train_{k}/dataset.h5" for k in (0, 1)]),
                 ("test", "stored", ["test/dataset.h5"]))
        cls.rows = {split: study_data.Rows(
            BUILD, os.path.join(cls.folder, "two.yaml"), split, noise,
            [os.path.join(cls.folder, name) for name in names], PIXELS, cls.place.name)
            for split, noise, names in files}

    @classmethod
    def tearDownClass(cls):
        cls.place.cleanup()

    @classmethod
    def write(cls, experts, name):
        path = os.path.join(cls.folder, name + ".yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(config(experts))
        return path

    @classmethod
    def run_study(cls, experts, name, threads=2):
        out = os.path.join(cls.place.name, name)
        study_data.run(BUILD, "headroom", "run", cls.write(experts, name), "--out", out,
                       threads=threads)
        return out

    def peer(self, k, size=200000, rows=None, **more):
        """The package's model of bin k, None: of all rows; `rows`: of them, to train on."""
        train = self.rows["train"]
        here = np.full(len(train.bin), True) if k is None else train.bin == k
        data = lightgbm.Dataset(train.noisy[here].astype(np.float32), train.target[here],
                                params=peer_parameters(size), free_raw_data=False)
        if rows is not None:
            data = data.construct().subset(rows)
        return lightgbm.train(dict(peer_parameters(size), **more), data)

    def bin_of_test(self, k):
        test = self.rows["test"]
        here = test.bin == k
        return test.noisy[here].astype(np.float32), test.target[here]

    def ok_bins(self, out):
        return [k for k in range(9)
                if study_data.task(out, f"{k}-lightgbm")[0]["status"] == "ok"]

    def test_predictions_are_those_of_the_package(self):
        self.assertEqual(self.ok_bins(self.two), list(range(9)))
        for k in range(9):
            x, _ = self.bin_of_test(k)
            _, predicted = study_data.task(self.two, f"{k}-lightgbm")
            np.testing.assert_allclose(predicted[0], self.peer(k).predict(x), rtol=0, atol=1e-6)

    def test_quantized_gradients_are_those_of_the_package(self):
        experts = {"lightgbm": dict(self.all["lightgbm"], quantized=True)}
        two, one = (self.run_study(experts, f"quantized{n}", n) for n in (2, 1))
        for k in range(9):
            x, _ = self.bin_of_test(k)
            _, predicted = study_data.task(two, f"{k}-lightgbm")
            model = self.peer(k, use_quantized_grad=True, stochastic_rounding=False)
            np.testing.assert_allclose(predicted[0], model.predict(x), rtol=0, atol=1e-6)
            self.assertFalse(np.allclose(predicted[0], self.peer(k).predict(x), atol=1e-3))
            texts = []
            for out in (one, two):
                with open(f"{out}/tasks/{k}-lightgbm/model.txt", encoding="utf-8") as file:
                    texts.append(file.read())
            self.assertEqual(*texts)

    def test_the_saved_model_predicts_the_same_there(self):
        for k in range(9):
            x, _ = self.bin_of_test(k)
            path = os.path.join(self.two, "tasks", f"{k}-lightgbm", "model.txt")
            _, predicted = study_data.task(self.two, f"{k}-lightgbm")
            np.testing.assert_allclose(predicted[0], lightgbm.Booster(model_file=path).predict(x),
                                       rtol=0, atol=1e-6)

    def test_the_model_of_all_rows_is_the_package_s(self):
        train, test = self.rows["train"], self.rows["test"]
        card, predicted = study_data.task(self.two, "global-lightgbm")
        self.assertEqual(card["train_rows"], len(train.bin))
        self.assertGreater(np.sum(train.bin < 0), 100)  # the uncovered ones among them
        theirs = self.peer(None).predict(test.noisy.astype(np.float32))
        np.testing.assert_allclose(predicted[0], theirs, rtol=0, atol=1e-6)
        held = train.fold == 0
        model = self.peer(None, rows=np.flatnonzero(~held))
        validated = model.predict(train.noisy[held].astype(np.float32))
        self.assertAlmostEqual(card["variants"][0]["r2_cv"], r2(train.target[held], validated), 6)
        self.assertEqual(card["validated_rows"], held.sum())

    def test_bins_are_the_same_without_a_model_of_all_rows(self):
        alone = self.run_study({"lightgbm": dict(TREES, subsample_for_bin=100000)}, "alone")
        self.assertFalse(os.path.exists(os.path.join(alone, "tasks", "global-lightgbm")))
        names = glob.glob(os.path.join(alone, "tasks", "*-lightgbm", "[mpi]*.*"))
        self.assertEqual(len(names), 27)
        for name in names:
            with open(name, "rb") as a, open(name.replace(alone, self.two), "rb") as b:
                self.assertEqual(a.read(), b.read(), name)

    def test_validation_holds_out_the_first_fold(self):
        train = self.rows["train"]
        for k in (0, 4):
            card, _ = study_data.task(self.two, f"{k}-lightgbm")
            here = train.bin == k
            held = train.fold[here] == 0
            model = self.peer(k, rows=np.flatnonzero(~held))
            predicted = model.predict(train.noisy[here][held].astype(np.float32))
            self.assertAlmostEqual(card["variants"][0]["r2_cv"],
                                   r2(train.target[here][held], predicted), 6)
            self.assertEqual(card["validated_rows"], held.sum())
            self.assertLess(card["validation_seconds"], card["seconds"])

    def test_importance_is_the_package_s_gain(self):
        folder = os.path.join(self.two, "tasks", "4-lightgbm")
        with open(os.path.join(folder, "importance.csv"), encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        model = lightgbm.Booster(model_file=os.path.join(folder, "model.txt"))
        gain = [float(row["gain"]) for row in rows]
        np.testing.assert_allclose(gain, model.feature_importance("gain"), rtol=1e-12)
        with h5py.File(os.path.join(self.folder, "test/dataset.h5")) as file:
            wave = file["/spectrumdataset/wave"][()]
        np.testing.assert_allclose([float(row["wavelength_angstrom"]) for row in rows], wave)

    def test_a_small_sample_of_rows_is_as_good(self):
        """At a tenth of the noise, so that luck in the trees does not hide the difference.
        With all rows the models are the package's own, as shown above."""
        scores = []
        for name, size in (("sampled", 300), ("whole", 100000)):
            out = os.path.join(self.place.name, name)
            path = self.write({"lightgbm": dict(TREES, subsample_for_bin=size)}, name)
            with open(path, encoding="utf-8") as file:
                text = file.read().replace("level: 1.0, seed: 42, test: stored",
                                           "level: 0.1, seed: 42, test: generated")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            study_data.run(BUILD, "headroom", "run", path, "--out", out)
            pairs = [(self.bin_of_test(k)[1], study_data.task(out, f"{k}-lightgbm")[1][0])
                     for k in range(9)]
            scores.append(r2(*map(np.concatenate, zip(*pairs))))
        print(f"R2 with boundaries of 300 rows a bin {scores[0]:.4f}, of all {scores[1]:.4f}")
        self.assertNotEqual(*scores)
        self.assertLess(abs(scores[0] - scores[1]), 0.005)

    def test_threads_do_not_change_a_byte(self):
        one = self.run_study(self.all, "one", 1)
        names = glob.glob(os.path.join(self.two, "tasks", "*-lightgbm", "[mpi]*.*"))
        self.assertEqual(len(names), 30)
        for name in names:
            with open(name, "rb") as a, open(name.replace(self.two, one), "rb") as b:
                self.assertEqual(a.read(), b.read(), name)

    def test_an_interrupt_leaves_no_task_and_there_is_one_openmp(self):
        path = self.write({"lightgbm": dict(TREES, n_estimators=100000)}, "long")
        out = os.path.join(self.place.name, "long")
        process = subprocess.Popen([os.path.join(BUILD, "headroom"), "run", path, "--out", out],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        maps, deadline = "", time.monotonic() + 120
        while "lib_lightgbm" not in maps and time.monotonic() < deadline:
            time.sleep(0.05)
            with open(f"/proc/{process.pid}/maps", encoding="utf-8") as file:
                maps = file.read()
        stage = ""
        while stage != "growing LightGBM trees" and time.monotonic() < deadline:
            time.sleep(0.05)
            if os.path.exists(os.path.join(out, "status.json")):
                with open(os.path.join(out, "status.json"), encoding="utf-8") as file:
                    stage = json.load(file).get("stage", {}).get("name")
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, told)
        self.assertIn("headroom: interrupted while growing LightGBM trees\n", told)
        self.assertEqual(glob.glob(os.path.join(out, "tasks", "*")), [])
        self.assertFalse(os.path.exists(os.path.join(out, "results.json")))
        runtimes = set(re.findall(r"/\S*lib(?:gomp|omp|iomp)\S*\.so\S*", maps))
        self.assertEqual(len(runtimes), 1, runtimes)
        self.assertIn("libgomp.so.1", runtimes.pop())

    def test_a_gpu_that_is_not_there_is_refused_before_anything_is_read(self):
        """By a dry run in the words of the run."""
        for device, reason in (
                ("gpu", "this machine has no OpenCL platform"),
                ("cuda", "LightGBM says: CUDA Tree Learner was not enabled in this build. "
                         "Please recompile with CMake option -DUSE_CUDA=1 (NVIDIA GPUs) or "
                         "-DUSE_ROCM=1 (AMD GPUs)")):
            with self.subTest(device):
                if device == "gpu" and glob.glob("/etc/OpenCL/vendors/*.icd"):
                    self.skipTest("there may be a GPU")
                config = os.path.join(self.folder, f"{device}.yaml")
                with open(os.path.join(self.folder, "two.yaml"), encoding="utf-8") as file:
                    study = re.sub(r"^experts:.*\Z", "", file.read(), flags=re.M | re.S)
                with open(config, "w", encoding="utf-8") as file:
                    file.write(study + f"experts: {{ridge: {{alpha: [10]}}, lightgbm: {{device: {device}}}}}\n")
                for words in ([], ["--dry-run"]):
                    done = study_data.run(BUILD, "headroom", "run", config, "--out",
                                          os.path.join(self.place.name, device), *words, check=False)
                    self.assertEqual(done.returncode, 2, done.stderr)
                    self.assertRegex(done.stderr.strip().splitlines()[-1],
                                     f"^headroom: {re.escape(config)}:[0-9:]+ experts.lightgbm.device is {device}, "
                                     f"and {re.escape(reason)}; device: auto or cpu grows trees here$")
                self.assertFalse(os.path.exists(os.path.join(self.place.name, device)))

    def test_values_that_are_no_numbers_are_bad_pixels(self):
        for name, value in (("nan", np.nan), ("inf", np.inf)):
            folder = os.path.join(self.place.name, name)
            shutil.copytree(self.folder, folder)
            with h5py.File(os.path.join(folder, "train_1/dataset.h5"), "r+") as file:
                file["/dataset/arrays/flux/value"][7, 9] = value
            done = study_data.run(BUILD, "headroom", "run", os.path.join(folder, "two.yaml"),
                                  "--out", os.path.join(folder, "run"), check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(os.path.join(folder, "run", "results.json"), encoding="utf-8") as file:
                results = json.load(file)
            self.assertEqual(results["preparation"]["train"]["bad_flux_pixels"], 1)
            for method in results["overall"]:
                self.assertTrue(np.isfinite(method["r2_pooled"]), method)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
