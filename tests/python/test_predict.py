"""`headroom predict` from a copied bundle against the study that trained it, and its tables
against pandas.

    test_predict.py BUILD
"""

import glob
import json
import os
import re
import shutil
import sys
import tempfile
import unittest

import h5py
import numpy as np
import pandas
from astropy.io import fits

import study_data

BUILD = sys.argv[1]
EXPERTS = """experts:
  ridge: {alpha: [1, 100, 10000]}
  ridge_marginal: {}
  posterior: {}
  lightgbm: {max_bin: 63, global: true, global_rows: 1200}
  cnn: {batch_size: 64, epochs: 2, global: true, global_epochs: 1}
run: {memory_mib: 4096, model: full}
"""
NAMES = ["ridge", "ridge_marginal", "posterior", "lightgbm", "cnn"]


def read_csv(path):
    return pandas.read_csv(path, float_precision="round_trip")


def same(a, b):
    """Bit for bit; where one has no number, neither has the other."""
    return np.array_equal(np.asarray(a, np.float64), np.asarray(b, np.float64), equal_nan=True)


class Predict(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.TemporaryDirectory()
        root = cls.home.name
        study_data.run(BUILD, "headroom", "simulate", "--out", f"{root}/data", "--train", 2000,
                       "--test", 400)
        path = f"{root}/data/study.yaml"
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text[:text.index("experts:")] + EXPERTS)
        cls.run_dir = f"{root}/run"
        study_data.run(BUILD, "headroom", "run", path, "--out", cls.run_dir)
        # All that is left is the copied bundle, the test file and what the study said.
        cls.model = f"{root}/elsewhere/copied"
        shutil.copytree(f"{cls.run_dir}/model", cls.model)
        shutil.rmtree(f"{cls.run_dir}/model")
        for train in glob.glob(f"{root}/data/train_*"):
            shutil.rmtree(train)
        cls.test = f"{root}/data/test/dataset.h5"
        cls.study = read_csv(f"{cls.run_dir}/predictions.csv")
        with open(f"{cls.model}/model.json", encoding="utf-8") as file:
            cls.bundle = json.load(file)

    @classmethod
    def tearDownClass(cls):
        cls.home.cleanup()

    def predict(self, *words, out="table.csv", **options):
        path = os.path.join(self.home.name, out)
        study_data.run(BUILD, "headroom", "predict", self.model, *words, "--out", path, **options)
        return path

    def methods(self):
        return sorted({c["method"] for c in self.bundle["candidates"]})

    def test_every_method_is_in_the_bundle(self):
        self.assertEqual(self.methods(), sorted(NAMES))

    def test_the_tasks_themselves(self):
        """Of every expert in every bin, from the study's own files."""
        bins = self.study["bin"].to_numpy()
        for method in self.methods():
            table = read_csv(self.predict(self.test, "--router", "oracle", "--expert", method))
            compared = 0
            for candidate in self.bundle["candidates"]:
                if candidate["method"] != method or candidate["slot"] is None:
                    continue
                name = f"{candidate['slot']}-{method}"
                _, predictions = study_data.task(self.run_dir, name)
                rows = table["log_g_mean"][bins == candidate["slot"]]
                self.assertTrue(same(rows, predictions[candidate["chosen"]]), name)
                compared += len(rows)
            self.assertGreater(compared, 0, method)

    def test_all_methods_of_the_study(self):
        compared = []
        for method in self.methods():
            for router, column in (("global", f"global_{method}"), ("oracle", f"{method}_oracle")):
                if column not in self.study:
                    continue
                path = self.predict(self.test, "--router", router, "--expert", method)
                self.assertTrue(same(read_csv(path)["log_g_mean"], self.study[column]), column)
                compared.append(column)
        for name in ("posterior", "lightgbm", "cnn"):
            self.assertIn(f"global_{name}", compared)
        self.assertIn("ridge_oracle", compared)
        path = self.predict(self.test, "--router", "oracle")
        self.assertTrue(same(read_csv(path)["log_g_mean"], self.study["oracle_hybrid_cv"]))

    def test_blocks_and_threads(self):
        """Neither changes a byte."""
        for router in ("global", "nearest"):
            whole = open(self.predict(self.test, "--router", router, threads=1), "rb").read()
            cut = open(self.predict(self.test, "--router", router, "--block-rows", 128,
                                    threads=2), "rb").read()
            self.assertEqual(whole, cut)

    def test_nearest_bins(self):
        """Covered rows as the oracle has them; the others have an expert, and say so."""
        oracle = read_csv(self.predict(self.test, "--router", "oracle"))
        nearest = read_csv(self.predict(self.test, "--router", "nearest"))
        covered = self.study["bin"].notna().to_numpy()
        self.assertTrue(same(oracle["log_g_mean"][covered], nearest["log_g_mean"][covered]))
        self.assertTrue(nearest["log_g_mean"].notna().all())
        self.assertTrue((nearest["flags"][~covered] & 4 == 4).all())
        self.assertTrue((nearest["flags"][covered] & 4 == 0).all())

    def test_sigma(self):
        """The posterior's, from the variance that the study kept."""
        table = read_csv(self.predict(self.test, "--expert", "posterior"))
        path = f"{self.run_dir}/tasks/global-posterior/variance.f64"
        variance = np.fromfile(path, np.float64)
        self.assertTrue(same(table["log_g_sigma"], np.sqrt(variance)))
        self.assertTrue(table["chi2"].notna().all() and table["effective"].notna().all())
        self.assert_as_on_card(table, "posterior", np.sqrt(variance))

    def test_learnt_sigma(self):
        """What validation has shown, as the study's card says it, at the spectrum's ratio."""
        table = read_csv(self.predict(self.test, "--expert", "ridge"))
        self.assert_as_on_card(table, "ridge", 1)
        truth = pandas.read_hdf(self.test)["log_g"].to_numpy()
        missed = np.abs(truth - table["log_g_mean"])
        self.assertAlmostEqual(np.mean(missed <= table["log_g_half68"]), 0.6827, delta=0.08)
        self.assertAlmostEqual(np.mean(missed <= table["log_g_half95"]), 0.9545, delta=0.04)
        card, _ = study_data.task(self.run_dir, "0-ridge")
        self.assertGreater(card["sigma"]["rows"], 100)

    def test_gap(self):
        """From the range of the training labels; none of the test stars' is beyond it."""
        table = read_csv(self.predict(self.test, "--router", "oracle"))
        with open(f"{self.model}/model.json", encoding="utf-8") as file:
            target = json.load(file)["targets"][0]
        mean = table["log_g_mean"]
        gap = np.maximum(0, np.maximum(target["minimum"] - mean, mean - target["maximum"]))
        self.assertTrue(same(table["log_g_gap"], gap))
        self.assertTrue(same(table["log_g_gap"] > 0, table["flags"] & 16 > 0))

    def assert_as_on_card(self, table, method, scale):
        """The global model's sigma, linear in log snr, of which the table has six digits."""
        sigma = study_data.task(self.run_dir, f"global-{method}")[0]["sigma"]
        at = np.log([c["snr"] for c in sigma["classes"]])
        for name in ("sigma", "half68", "half95"):
            values = [c[name] for c in sigma["classes"]]
            expected = scale * np.interp(np.log(table["snr"]), at, values)
            found = table[f"log_g_{name}"].to_numpy()
            self.assertTrue(np.allclose(found, expected, rtol=1e-4), name)

    def with_ids(self):
        """The test file with 64-bit identifiers, bad rows and no clean flux worth reading."""
        path = os.path.join(self.home.name, "ids.h5")
        labels = pandas.read_hdf(self.test)
        labels["id"] = np.arange(len(labels), dtype=np.int64) + (1 << 62)
        labels["name"], labels["catId"], labels["objId"] = "star", 1, labels["id"]
        with h5py.File(self.test) as old, h5py.File(path, "w") as new:
            old.copy("/spectrumdataset", new)
            for name in ("flux", "error", "noisy"):
                array = f"/dataset/arrays/{name}/value"
                values = old[array][:]
                if name == "noisy":
                    values[3, 100] = np.nan
                if name == "error":
                    values[5] = np.inf
                    values[7, :1000] = 0
                new[array] = values
        labels.to_hdf(path, "dataset/params", format="table")
        return path, labels

    def test_hdf5(self):
        path, labels = self.with_ids()
        words = (path, "--keep", "id,log_g,snr", "--router", "oracle")
        table = pandas.read_hdf(self.predict(*words, "--format", "hdf5", out="table.h5"))
        text = read_csv(self.predict(*words))
        self.assertEqual([*table.columns, "flag_words"], [*text.columns])
        for name in table.columns:
            if table[name].dtype == object:
                self.assertEqual(list(table[name]), list(text[name].fillna("")))
            else:
                self.assertTrue(same(table[name], text[name]), name)
        self.assertEqual(table["id"].dtype, np.int64)
        self.assertTrue((table["id"] == labels["id"].to_numpy()).all())
        self.assertTrue((text["id"] == labels["id"].to_numpy()).all())
        self.assertTrue(same(table["label_snr"], labels["snr"]))

    def test_all_formats_agree_to_the_last_bit(self):
        path, _ = self.with_ids()
        words = (path, "--keep", "id,catId,objId", "--router", "oracle")
        text = read_csv(self.predict(*words))
        numbers = [name for name in text.columns if text[name].dtype == np.float64]
        self.assertTrue({"snr", "masked_fraction", "log_g_mean", "log_g_gap"} <= set(numbers))
        # Six digits are not enough for them.
        self.assertTrue(any(float(f"{value:.6g}") != value for value in text["snr"]))
        frame = pandas.read_hdf(self.predict(*words, "--format", "hdf5", out="same.h5"))
        table = fits.getdata(self.predict(*words, "--format", "fits", out="same.fits"))
        star = fits.getdata(self.predict(*words, "--format", "pfsstar", out="star.fits"))
        for name in numbers:
            self.assertTrue(same(frame[name], text[name]), name)
            self.assertTrue(same(table[name], text[name]), name)
        for own, name in (("snr_m", "snr"), ("log_g", "log_g_mean"), ("log_gErr", "log_g_sigma")):
            self.assertTrue(same(star[own], text[name]), own)

    def test_bad_rows(self):
        path, _ = self.with_ids()
        table = read_csv(self.predict(path, "--expert", "ridge"))
        self.assertEqual(list(table["flag_words"][[5, 7]]),
                         ["bad_spectrum|masked", "masked"])
        self.assertTrue(np.isnan(table["log_g_mean"][5]))
        # A pixel that is NaN is filled, and so are those without an error.
        self.assertAlmostEqual(table["masked_fraction"][3], 1 / 4096, places=6)
        self.assertTrue(np.isfinite(table["log_g_mean"][[3, 7]]).all())
        others = [i for i in range(len(table)) if i not in (3, 5, 7)]
        self.assertTrue(same(table["log_g_mean"][others], self.study["global_ridge"][others]))

    def test_snr_and_masks(self):
        path, _ = self.with_ids()
        table = read_csv(self.predict(path))
        with h5py.File(path) as file:
            noisy = file["/dataset/arrays/noisy/value"][:]
            error = file["/dataset/arrays/error/value"][:]
        for row in (0, 7, 20):
            good = (error[row] > 0) & np.isfinite(error[row])
            pair = np.stack([noisy[row], error[row]]).astype("f8")
            signal, noise = np.where(good, pair, 0).reshape(2, -1, 8).sum(axis=2)
            wanted = np.quantile(signal[noise > 0] / noise[noise > 0], 0.95)
            np.testing.assert_allclose(table["snr"][row], wanted, rtol=1e-6)
            np.testing.assert_allclose(table["masked_fraction"][row], 1 - good.mean(), rtol=1e-12)

    def test_errors_that_are_not_known(self):
        """All of them 0: predicted as a file that has none, and said so once."""
        zeros, bare = (os.path.join(self.home.name, f"{name}.h5") for name in ("zeros", "no_error"))
        for path, has_error in ((zeros, True), (bare, False)):
            with h5py.File(self.test) as old, h5py.File(path, "w") as new:
                old.copy("/spectrumdataset", new)
                flux = new["/dataset/arrays/flux/value"] = old["/dataset/arrays/flux/value"][:]
                if has_error:
                    new["/dataset/arrays/error/value"] = np.zeros_like(flux)
        tables = [read_csv(self.predict(path, "--expert", "ridge")) for path in (zeros, bare)]
        for name in tables[0]:
            if tables[0][name].dtype.kind == "f":
                self.assertTrue(same(tables[0][name], tables[1][name]), name)
            elif name != "file":
                self.assertEqual(list(tables[0][name]), list(tables[1][name]), name)
        self.assertTrue(tables[0]["log_g_mean"].notna().all())
        self.assertFalse(tables[0]["flag_words"].astype(str).str.contains("bad_spectrum").any())
        out = os.path.join(self.home.name, "zeros.csv")
        done = study_data.run(BUILD, "headroom", "predict", self.model, zeros, "--expert", "ridge",
                              "--out", out)
        self.assertEqual(done.stderr.count(
            f"warning: {zeros}: no spectrum has an error above 0, so errors are taken as not "
            "known, and mark no pixel as bad"), 1)
        done = study_data.run(BUILD, "headroom", "predict", self.model, zeros, "--expert",
                              "posterior", check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn(f"{zeros} has no error (/dataset/arrays/error/value), which Posterior mean "
                      "has to know", done.stderr)

    def test_files_that_are_refused(self):
        short = os.path.join(self.home.name, "short.h5")
        bare = os.path.join(self.home.name, "bare.h5")
        with h5py.File(self.test) as old, h5py.File(short, "w") as new:
            new["/spectrumdataset/wave"] = old["/spectrumdataset/wave"][:4095]
            for name in ("flux", "error"):
                array = f"/dataset/arrays/{name}/value"
                new[array] = old[array][:, :4095]
        with h5py.File(self.test) as old, h5py.File(bare, "w") as new:
            old.copy("/spectrumdataset", new)
            new["/dataset/arrays/flux/value"] = old["/dataset/arrays/flux/value"][:]
        noisy = os.path.join(self.home.name, "noisy.h5")
        none = os.path.join(self.home.name, "none.h5")
        for path, names in ((noisy, ("error", "noisy")), (none, ("error",))):
            with h5py.File(self.test) as old, h5py.File(path, "w") as new:
                old.copy("/spectrumdataset", new)
                for name in names:
                    new[f"/dataset/arrays/{name}/value"] = old[f"/dataset/arrays/{name}/value"][:]
        cases = [((short,), f"{short} has 4095 pixels a spectrum, but the bundle {self.model} was "
                  "trained on 4096; resample the spectra to its wave.npy"),
                 ((bare, "--expert", "posterior"),
                  f"{bare} has no error (/dataset/arrays/error/value), which Posterior mean has "
                  "to know; supply it, or ask for another expert with --expert")]
        for words, sentence in cases:
            done = study_data.run(BUILD, "headroom", "predict", self.model, *words, check=False)
            self.assertEqual((done.returncode, done.stderr), (3, f"headroom: {sentence}\n"))
        cases = [((noisy, "--flux", "flux"),
                  f"{noisy} holds no flux (/dataset/arrays/flux/value); predict its noisy "
                  "spectra with --flux noisy"),
                 ((none,), f"{none} has no /dataset/arrays/flux/value: /dataset/arrays holds "
                  "error; nor has it noisy spectra (/dataset/arrays/noisy/value or /noisy), "
                  "which will do")]
        for words, sentence in cases:
            done = study_data.run(BUILD, "headroom", "predict", self.model, *words, check=False)
            self.assertEqual((done.returncode, done.stderr), (3, f"headroom: {sentence}\n"))
        whole = read_csv(self.predict(self.test, "--expert", "ridge"))
        table = read_csv(self.predict(noisy, "--expert", "ridge"))
        self.assertTrue((table["log_g_mean"] == whole["log_g_mean"]).all())
        table = read_csv(self.predict(bare, "--expert", "ridge"))
        self.assertTrue(table["snr"].isna().all() and table["log_g_mean"].notna().all())

    def test_labels_in_another_order(self):
        labels = pandas.read_hdf(self.test, "dataset/params").sample(frac=1, random_state=3)
        shuffled = f"{self.home.name}/shuffled.h5"
        def predict(frame, *words):
            shutil.copy(self.test, shuffled)
            with h5py.File(shuffled, "a") as file:
                del file["/dataset/params"]
            frame.to_hdf(shuffled, key="dataset/params", mode="a", format="table")
            return study_data.run(BUILD, "headroom", "predict", self.model, shuffled, "--out",
                                  f"{self.home.name}/shuffled.csv", "--expert", "ridge", *words,
                                  check=False)
        done = predict(labels, "--keep", "log_g")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn(": the index of the labels says that they are in another order than the "
                      "spectra, and flux over error goes with the label snr in that order "
                      "alone; --index rows puts them in the order of the spectra", done.stderr)
        done = predict(labels, "--keep", "log_g,T_eff", "--index", "rows")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("order", done.stderr)
        followed = read_csv(f"{self.home.name}/shuffled.csv")
        for name in ("log_g", "T_eff"):
            self.assertTrue((followed[name] == labels.sort_index()[name].to_numpy()).all())
        done = predict(labels.drop(columns="snr"), "--keep", "log_g")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("is in another order than the rows; if it says which spectrum a row of "
                      "labels belongs to, follow it with --index rows", done.stderr)
        done = predict(labels.drop(columns="snr"), "--router", "global")
        self.assertNotIn("order", done.stderr)
        done = predict(labels.sort_index().set_axis(labels.index), "--keep", "log_g")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("order", done.stderr)

    def test_damaged_bundles(self):
        """Every file of a bundle vouched for."""
        for path in sorted(glob.glob(f"{self.model}/**/*", recursive=True)):
            if os.path.isdir(path):
                continue
            copy = os.path.join(self.home.name, "damaged")
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(self.model, copy)
            name = os.path.relpath(path, self.model)
            with open(os.path.join(copy, name), "r+b") as file:
                content = bytearray(file.read())
                at = len(content) // 2
                # The last of 17 digits may be another one of the same number.
                while name.endswith(".json") and not chr(content[at]).isalpha():
                    at += 1
                content[at] ^= 0x11
                file.seek(0)
                file.write(content)
            done = study_data.run(BUILD, "headroom", "predict", copy, self.test, check=False)
            self.assertEqual(done.returncode, 3, name)
            self.assertTrue(re.fullmatch(rf"headroom: .*{re.escape(copy)}.*\n", done.stderr),
                            done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
