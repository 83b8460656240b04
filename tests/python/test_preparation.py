#!/usr/bin/env python3
"""Inputs as people have them: units, pedestals, bad pixels, masks, spectra around zero.

Every study here is small, made up of smooth spectra in which log g is in some lines, and
changed in one thing. What that change must not do is change the result.
"""

import csv
import json
import os
import shutil
import sys
import tempfile
import unittest

import h5py
import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge

import study_data

BUILD = sys.argv.pop(1)
ARRAYS = ("flux", "error", "noisy")
SIZES = {"train_0.h5": 700, "train_1.h5": 700, "test.h5": 500}
PIXELS = 128
BINS = "binning: {T_eff: [3750, 4900, 6000], M_H: [-2.0, -0.75, 0.5], at_risk_below: 10}\n"
FAST = ("  ridge: {alpha: [0.1, 1, 10]}\n  ridge_marginal: {}\n"
        "  posterior: {templates: 600, validation: 50}\n"
        "  lightgbm: {n_estimators: 40, min_child_samples: 20}\n")
CNN = ("  cnn: {bins: [3], channels: [4, 4], epochs: 2, "
       "batch_size: 64}\n")


ONE_BY_ONE = ("global_ridge", "global_ridge_marginal", "global_posterior", "ridge_oracle",
              "ridge_marginal_oracle", "posterior_oracle", "lightgbm_oracle")


def stars(count, seed):
    """Flux, error, noisy flux in a unit of about 1, and labels."""
    random = np.random.default_rng(seed)
    t, g, m = random.uniform(-1, 1, (3, count, 1))
    x = np.linspace(0, 1, PIXELS)
    flux = 1 + 0.2 * t * (x - 0.5)
    for k, centre in enumerate(np.linspace(0.08, 0.92, 8)):
        depth = (0.25 + 0.08 * g * np.sin(k + 1) + 0.06 * m * np.cos(k)
                 + 0.04 * t * g * (k % 2) + 0.05 * t * m)
        flux = flux - depth * np.exp(-0.5 * ((x - centre) / 0.015) ** 2)
    error = np.ones_like(flux) / 30 * random.uniform(0.5, 1.5, (count, 1))
    noisy = flux + error * random.standard_normal(flux.shape)
    labels = pd.DataFrame({"T_eff": 4900 + 1200 * t[:, 0], "log_g": 3 + 2 * g[:, 0],
                           "M_H": -0.75 + 1.35 * m[:, 0]})
    return {"flux": flux, "error": error, "noisy": noisy, "labels": labels}


def write(path, s, dtype="f8"):
    with h5py.File(path, "w") as file:
        file["/spectrumdataset/wave"] = np.linspace(7100.0, 8850.0, PIXELS)
        for name in ARRAYS:
            file[f"/dataset/arrays/{name}/value"] = s[name].astype(dtype)
        if "mask" in s:
            file["/dataset/arrays/mask/value"] = s["mask"]
    s["labels"].to_hdf(path, key="dataset/params", mode="a", format="table")


class Preparation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.TemporaryDirectory()
        cls.number = 0
        cls.plain = cls.r2(FAST + CNN)

    @classmethod
    def tearDownClass(cls):
        cls.home.cleanup()

    @classmethod
    def run_study(cls, experts, change=None, data="", dtype="f8", check=True):
        """The run directory of the study with `change` made to every file."""
        cls.number += 1
        folder = os.path.join(cls.home.name, str(cls.number))
        os.mkdir(folder)
        for seed, (name, count) in enumerate(SIZES.items()):
            s = stars(count, seed + 1)
            if change:
                change(s, np.random.default_rng(100 + seed), name)
            write(os.path.join(folder, name), s, dtype)
        config = os.path.join(folder, "study.yaml")
        with open(config, "w", encoding="utf-8") as file:
            file.write("experiment: {id: PREPARATION}\n"
                       'data:\n  train: ["train_{0..1}.h5"]\n  test: test.h5\n' + data
                       + BINS + "experts:\n" + experts)
        run = os.path.join(folder, "run")
        cls.done = study_data.run(BUILD, "headroom", "run", config, "--out", run, check=check)
        return run

    @staticmethod
    def results(run):
        with open(os.path.join(run, "results.json"), encoding="utf-8") as file:
            return json.load(file)

    @classmethod
    def r2(cls, experts, change=None, data="", dtype="f8"):
        """R2 of every way to predict, by its name."""
        return cls.covered_r2(cls.results(cls.run_study(experts, change, data, dtype)))

    @staticmethod
    def covered_r2(results):
        return {one["method"]: one["r2_pooled"] for one in results["overall"]
                if one["rows"] == "covered" and one["r2_pooled"] is not None}

    def check_same(self, found, tolerance, names=None):
        names = names or [n for n in found if n in self.plain and "hybrid" not in n]
        self.assertGreater(len(names), 3)
        for name in names:
            self.assertLessEqual(abs(found[name] - self.plain[name]), tolerance, name)

    # --- units ---

    def test_every_unit_gives_the_same(self):
        for power in (-40, -17, -13, 8, 30):
            with self.subTest(power=power):
                def scale(s, _random, _name, factor=10.0 ** power):
                    for name in ARRAYS:
                        s[name] = s[name] * factor
                self.check_same(self.r2(FAST + CNN, scale), 1e-6)

    def test_an_odd_unit_of_fp32_gives_nearly_the_same(self):
        def scale(s, _random, _name):
            for name in ARRAYS:
                s[name] = s[name] * 2.5e-17
        self.check_same(self.r2(FAST, scale, dtype="f4"), 0.02)

    def test_a_bundle_takes_spectra_in_the_unit_that_it_was_trained_in(self):
        def scale(s, _random, _name):
            for name in ARRAYS:
                s[name] = 1e-17 * (s[name] + (1000 if name != "error" else 0))
        run = self.run_study(FAST, scale)
        test = os.path.join(os.path.dirname(run), "test.h5")
        table = os.path.join(os.path.dirname(run), "table.csv")
        study_data.run(BUILD, "headroom", "predict", run, test, "--expert", "ridge", "--out",
                       table)
        with open(os.path.join(run, "predictions.csv"), encoding="utf-8") as file:
            own = [float(row["global_ridge"]) for row in csv.DictReader(file)]
        found = pd.read_csv(table)
        np.testing.assert_array_equal(np.float32(found["log_g_mean"]), np.float32(own))
        self.assertTrue((found["snr"] > 10000).all())  # of the flux with its pedestal

    # --- pedestals ---

    def test_every_pedestal_gives_the_same(self):
        for pedestal in (10, 100, 1000, 1e4, -1000):
            with self.subTest(pedestal=pedestal):
                def raise_all(s, _random, _name, by=pedestal):
                    s["flux"] = s["flux"] + by
                    s["noisy"] = s["noisy"] + by
                found = self.r2(FAST, raise_all)
                self.check_same(found, 1e-6)

    def test_an_amplitude_keeps_the_zero(self):
        def raise_all(s, _random, _name):
            s["flux"] = s["flux"] + 100
            s["noisy"] = s["noisy"] + 100
        run = self.run_study("  posterior: {templates: 300, validation: 50, amplitude: flat}\n",
                             raise_all)
        with open(os.path.join(run, "model", "model.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["preparation"]["base"], 0)

    # --- spectra around zero ---

    def test_flux_around_zero_is_not_clipped(self):
        def subtract(s, _random, _name):
            level = 0.95
            s["flux"] = s["flux"] - level
            s["noisy"] = s["noisy"] - level
        found = self.r2(FAST, subtract)
        # LightGBM puts an edge of its histograms at 0, which is elsewhere now.
        self.check_same(found, 1e-5, [n for n in ONE_BY_ONE if "lightgbm" not in n])
        self.check_same(found, 0.01)
        self.assertIn("flux below 0 is not clipped", self.done.stderr)
        clipped = self.r2(FAST, subtract, data="  clip: true\n")
        self.assertLess(clipped["ridge_oracle"], self.plain["ridge_oracle"] - 0.2)

    def test_absorption_below_zero_is_not_clipped(self):
        def turn(s, _random, _name):
            s["flux"] = s["flux"] - 1.5
            s["noisy"] = s["noisy"] - 1.5
        self.check_same(self.r2(FAST, turn), 0.01)

    def test_few_negative_pixels_are_clipped(self):
        def dip(s, random, _name):
            bad = random.random(s["flux"].shape) < 0.001
            s["flux"][bad] = -0.1
        run = self.run_study("  ridge: {alpha: [1]}\n", dip)
        self.assertGreater(self.results(run)["preparation"]["train"]["clipped_pixels"], 100)
        run = self.run_study("  ridge: {alpha: [1]}\n", dip, data="  clip: false\n")
        self.assertEqual(self.results(run)["preparation"]["train"]["clipped_pixels"], 0)

    # --- bad pixels ---

    def noisy_rows(self, name):
        """The noisy rows of a sound study: noise does not depend on what is bad."""
        if name == "test.h5":
            return stars(SIZES[name], 3)["noisy"]
        path = os.path.join(self.home.name, "sound")
        files = [f"{path}_{k}.h5" for k in (0, 1)]
        for k in (0, 1):
            write(files[k], stars(SIZES[f"train_{k}.h5"], k + 1))
        study_data.run(BUILD, "tool_dump_rows", path, "generated", 1, 42, "train", 0, 1 << 28,
                       *files)
        rows = np.fromfile(path + ".noisy.f32", np.float32).reshape(-1, PIXELS)
        return rows[:SIZES[name]] if name == "train_0.h5" else rows[SIZES["train_0.h5"]:]

    def r2_of_sklearn(self, run):
        """R2 of scikit-learn's Ridge of all rows, with column means at bad pixels, for the best
        alpha; the same noise as the study's."""
        folder = os.path.dirname(run)
        x, y = {}, {}
        for name in SIZES:
            path = os.path.join(folder, name)
            labels = pd.read_hdf(path)
            covered = (labels["T_eff"].between(3750, 6000) & labels["M_H"].between(-2, 0.5))
            with h5py.File(path) as file:
                a = {n: file[f"/dataset/arrays/{n}/value"][:] for n in ARRAYS}
                bad = ~((a["error"] > 0) & (a["error"] < 100) & np.isfinite(a["flux"])
                        & np.isfinite(a["noisy"] if name == "test.h5" else 0))
                if "/dataset/arrays/mask/value" in file:
                    bad |= file["/dataset/arrays/mask/value"][:] != 0
            keep = covered if name == "test.h5" else slice(None)
            x[name] = np.where(bad, np.nan, self.noisy_rows(name))[keep]
            y[name] = labels["log_g"].to_numpy()[keep]
        train = np.concatenate([x["train_0.h5"], x["train_1.h5"]])
        target = np.concatenate([y["train_0.h5"], y["train_1.h5"]])
        means = np.nanmean(train, axis=0)
        train = np.where(np.isnan(train), means, train)
        test = np.where(np.isnan(x["test.h5"]), means, x["test.h5"])
        truth = y["test.h5"]
        return max(1 - np.mean((Ridge(alpha=a).fit(train, target).predict(test) - truth) ** 2)
                   / truth.var() for a in (0.1, 1, 10))

    def check_bad(self, spoil, data=""):
        run = self.run_study(FAST, spoil, data)
        results = self.results(run)
        found = self.covered_r2(results)
        self.check_same(found, 0.01)
        # Its means are those of noisy flux, which the noise moves a little.
        self.assertGreater(found["global_ridge"], self.r2_of_sklearn(run) - 3e-4)
        return results["preparation"]

    def test_bad_pixels_by_their_error(self):
        for value in (-99.9, 0, np.nan, 1e30, 1e10):
            with self.subTest(value=value):
                def spoil(s, random, _name, error=value):
                    s["error"][random.random(s["error"].shape) < 0.01] = error
                counted = self.check_bad(spoil)
                self.assertGreater(counted["train"]["bad_pixels"], 1500)
                self.assertGreater(counted["test"]["bad_pixels"], 500)

    def test_bad_pixels_in_all_arrays(self):
        for value in (-99.9, np.nan, np.inf, 0):
            with self.subTest(value=value):
                def spoil(s, random, _name, everywhere=value):
                    bad = random.random(s["error"].shape) < 0.01
                    for name in ARRAYS:
                        s[name][bad] = everywhere
                self.check_bad(spoil)

    def test_bad_flux_alone(self):
        def spoil(s, random, name):
            bad = random.random(s["error"].shape) < 0.01
            s["flux" if name != "test.h5" else "noisy"][bad] = np.nan
        self.assertGreater(self.check_bad(spoil)["train"]["bad_flux_pixels"], 1500)

    def spoil_masked(self, s, random, _name):
        bad = random.random(s["error"].shape) < 0.01
        for name in ARRAYS:
            s[name][bad] = 5
        s["mask"] = np.where(bad, 4, 0).astype("i8")

    def test_a_mask_alone(self):
        self.assertGreater(self.check_bad(self.spoil_masked)["train"]["marked_pixels"], 1500)
        self.check_bad(self.spoil_masked, "  mask: [0, 2]\n")
        self.check_bad(self.spoil_masked, "  mask: 6\n")
        for other in ("none", "[0, 1]", "3"):
            with self.subTest(mask=other):
                found = self.r2("  ridge: {alpha: [0.1, 1, 10]}\n", self.spoil_masked,
                                f"  mask: {other}\n  allow: [pixels]\n")
                self.assertLess(found["ridge_oracle"], self.plain["ridge_oracle"] - 0.1)

    def test_masks_of_any_whole_type(self):
        for dtype in ("?", "u1", "i2", ">u4"):
            with self.subTest(dtype=dtype):
                def spoil(s, random, name, dtype=dtype):
                    self.spoil_masked(s, random, name)
                    s["mask"] = s["mask"].astype(dtype)
                found = self.r2("  ridge: {alpha: [0.1, 1, 10]}\n", spoil)
                self.assertLess(abs(found["ridge_oracle"] - self.plain["ridge_oracle"]), 0.01)

    def test_masks_that_are_refused(self):
        for mask, sentence in ((np.zeros((3, 4), "i4"), "is 3 x 4, but"),
                               (np.zeros((700, PIXELS)), "holds neither integers nor booleans")):
            def spoil(s, _random, name, mask=mask):
                if name == "train_0.h5":
                    s["mask"] = mask
            self.run_study("  ridge: {}\n", spoil, check=False)
            self.assertEqual(self.done.returncode, 3)
            self.assertIn(sentence, self.done.stderr)
            self.assertIn("data.mask: none", self.done.stderr)
            self.run_study("  ridge: {alpha: [1]}\n", spoil, "  mask: none\n")
        self.run_study("  ridge: {}\n", data="  mask: [64]\n", check=False)
        self.assertEqual(self.done.returncode, 2)
        self.assertIn("data.mask cannot be 64", self.done.stderr)

    def test_errors_that_are_not_known(self):
        def forget(s, _random, _name):
            s["error"][:] = 0
        run = self.run_study("  ridge: {alpha: [0.1, 1]}\n", forget, "  allow: [error]\n")
        self.assertIn("no training row has an error above 0", self.done.stderr)
        self.assertEqual(self.results(run)["preparation"]["train"]["bad_pixels"], 0)

    # --- rows ---

    def test_rows_without_a_good_pixel(self):
        def spoil(s, _random, name):
            s["error"][7 if name == "train_1.h5" else 9] = -1
            if name == "train_0.h5":
                s["error"][9] = 0.03
        folder = os.path.dirname(self.run_study("  ridge: {alpha: [1]}\n", spoil, check=False))
        self.assertEqual(self.done.returncode, 3)
        self.assertIn("train_1.h5: row 7 (counted from 0) has no good pixel", self.done.stderr)
        self.assertIn("data.reject_outliers: true", self.done.stderr)
        said = self.done.stderr
        self.done = study_data.run(BUILD, "headroom", "run", f"{folder}/study.yaml",
                                   "--dry-run", check=False)
        self.assertEqual(self.done.returncode, 3)
        self.assertEqual(self.done.stderr, said)
        seen = study_data.run(BUILD, "headroom", "inspect", f"{folder}/test.h5").stdout
        self.assertIn("1 of 500 rows have no good pixel, the first is row 9", seen)
        self.assertIn(f"the error is 0 or below at {PIXELS} of", seen)

    def test_outliers_are_told_and_left_out(self):
        def spoil(s, _random, name):
            if name == "train_0.h5":
                s["flux"][11] *= 1e8
            if name == "train_1.h5":
                s["flux"][7] = np.nan
                s["flux"][8, 5] = 1e5
        experts = "  ridge: {alpha: [0.1, 1, 10]}\n"
        run = self.run_study(FAST, spoil, "  reject_outliers: true\n")
        self.assertIn("left out 3 training rows; the first is row 11 of", self.done.stderr)
        results = self.results(run)
        self.assertEqual(results["preparation"]["train"]["left_out_rows"], 3)
        self.assertEqual(results["ledger"]["train_rows"], 1397)
        found = self.covered_r2(results)
        self.check_same(found, 0.01)

        def wild(s, _random, name):
            if name == "train_1.h5":
                s["flux"][11] *= 1e8
        run = self.run_study(experts, wild)
        self.assertIn("the flux of 1 training row is far beyond that of all others",
                      self.done.stderr)
        self.assertIn("the first is row 11 of", self.done.stderr)
        self.assertIn("train_1.h5", self.done.stderr)

    def test_inspect_says_all_of_it(self):
        path = os.path.join(self.home.name, "inspected.h5")
        s = stars(100, 1)
        write(path, s)
        text = study_data.run(BUILD, "headroom", "inspect", path).stdout
        self.assertIn("Problems\n  none", text)
        s["flux"][3] *= 1e9
        s["error"][5, 7] = 1e10
        s["mask"] = np.zeros(s["flux"].shape, "i4")
        s["mask"][6, :9] = 1
        for name in ARRAYS:
            s[name] = s[name] * 1e-17
        write(path, s)
        text = study_data.run(BUILD, "headroom", "inspect", path).stdout
        self.assertIn("1 of 100 rows have flux far beyond that of all others", text)
        self.assertIn("the error is more than a thousand times that of the row's other pixels at "
                      "1 of 12800 pixels", text)
        self.assertIn("the mask is not 0 at 9 of 12800 pixels", text)


if __name__ == "__main__":
    unittest.main()
