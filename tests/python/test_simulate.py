"""What `headroom simulate` writes, opened by pandas and h5py and computed again by scipy.

    test_simulate.py BUILD_DIR
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

import h5py
import numpy as np
import pandas as pd
from scipy.interpolate import CubicSpline

BUILD = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else "build").resolve()
DATA = pathlib.Path(__file__).resolve().parents[2] / "data" / "headroom_data.h5"
COLUMNS = ["T_eff", "log_g", "M_H", "a_M", "C_M", "mag", "redshift", "snr", "seeing",
           "zenith_angle", "field_angle"]
ARRAYS = ("flux", "error", "noisy")


def simulate(folder, *options, threads=2):
    command = [str(BUILD / "headroom"), "simulate", "--out", str(folder), *map(str, options)]
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.returncode}\n{done.stderr}")
    return done


def read(path):
    """The arrays and the labels of one dataset.h5."""
    with h5py.File(path) as file:
        arrays = file["dataset/arrays"]
        values = {name: arrays[name]["value"][:] for name in ARRAYS if name in arrays}
    return values, pd.read_hdf(path)


class Calculator:
    """The simulator again, from docs/simulate.md and the tables alone, in numpy."""

    def __init__(self):
        with h5py.File(DATA) as file:
            self.axes = [file[f"grid/{name}"][:] for name in ("T_eff", "log_g", "M_H")]
            code, scale = file["grid/code"][:].astype("f8"), file["grid/scale"][:]
            flux = file["grid/maximum"][:][:, None] * np.exp(-code * scale[:, None])
            self.grid = flux.reshape([len(axis) for axis in self.axes] + [-1])
            self.noise = {name: file["noise"][name][:].astype("f8") for name in file["noise"]}
            self.fibre = {name: file["fibre"][name][:] for name in file["fibre"]}
            self.band = file["band/wave"][:], file["band/response"][:]
        self.wave = self.noise["wave"]

    def surface(self, labels):
        value = self.grid
        for axis, label in zip(self.axes, labels):
            value = CubicSpline(axis, value, axis=0, bc_type="not-a-knot")(label)
        return value

    def fibre_fraction(self, seeing, angle):
        at_angle = [[np.interp(angle, self.fibre["field_angle"], row) for row in plane]
                    for plane in self.fibre["fraction"]]
        values = [np.interp(seeing, self.fibre["seeing"], column) for column in at_angle]
        return np.polyval(np.polyfit(self.fibre["wave"] - 7975, values, 2), self.wave - 7975)

    def response(self, star, time, exposures, model):
        n, a = self.noise, star.field_angle
        z = np.radians(star.zenith_angle)
        X, s, f = 1 / np.sqrt(1 - 0.96 * np.sin(z) ** 2), 1 / np.cos(z), time / 10800
        v = np.interp(a, self.fibre["field_angle"], self.fibre["vignetting"])
        focal = np.interp(a, self.fibre["field_angle"], self.fibre["focal_length"])
        r = (self.fibre["focal_length"][0] / focal) ** 2
        T, g, q = 1.0, 1.0, 1.0
        if model == "A":
            T = n["throughput_ratio"] * (1 - (0.27 + 0.1333 * a)) / 0.81
            g, q = n["g6"], 1.015
        star_path = 10 ** (-0.4 * n["k"] * (s - 1))
        conv = f * T * v * n["conv0"] * star_path * self.fibre_fraction(star.seeing, a)
        lines = n["line0"] * np.exp(-n["k"] * (X - 1) / 1.086)
        S = f * T * v * r * X * (lines + g * n["cont0"] * star_path)
        padded = np.pad(S, 1)
        most = np.max([padded[:-2], S, padded[2:]], axis=0)
        V = S + (0.01 * most) ** 2 + 0.015 * S.mean() + 5e-4 * time + 80 * exposures
        return conv, q * V

    def observe(self, star, exposures=12, exposure_time=900.0, model="U"):
        surface = self.surface((star.T_eff, star.log_g, star.M_H))
        band = np.interp(self.wave, *self.band, left=0, right=0) * self.wave
        ab = 3.631e-20 * 10 ** (-0.4 * star.mag) * 2.99792458e18 / self.wave ** 2 / 1e-17
        F = surface * (ab * band).sum() / (surface * band).sum()
        conv, V = self.response(star, exposures * exposure_time, exposures, model)
        sigma = np.sqrt(conv * F + V) / conv
        unit = 0.5 / np.median(F)
        return F * unit, sigma * unit, np.quantile(F / sigma, 0.95)


class Simulated(unittest.TestCase):
    def setUp(self):
        self.holder = tempfile.TemporaryDirectory()
        self.addCleanup(self.holder.cleanup)
        self.folder = pathlib.Path(self.holder.name)

    def check_against_calculator(self, options, **settings):
        simulate(self.folder, "--train", 0, "--test", 6, "--seed", 9, *options)
        values, labels = read(self.folder / "test/dataset.h5")
        calculator = Calculator()
        for i, star in labels.iterrows():
            flux, error, snr = calculator.observe(star, **settings)
            np.testing.assert_allclose(values["flux"][i], flux, rtol=1e-5)
            np.testing.assert_allclose(values["error"][i], error, rtol=1e-5)
            self.assertAlmostEqual(star.snr / snr, 1, delta=1e-5)

    def test_model_u_is_the_documented_calculation(self):
        self.check_against_calculator([])

    def test_model_a_and_all_options_are_too(self):
        self.check_against_calculator(
            ["--noise-model", "A", "--seeing", "0.5,1.5", "--exposures", 4,
             "--exposure-time", 450, "--mag", "17,19", "--zenith-angle", "10,60"],
            exposures=4, exposure_time=450.0, model="A")

    def test_layout_and_ranges(self):
        simulate(self.folder, "--train", 500, "--shards", 3, "--test", 100,
                 "--teff", "4000,5000", "--logg", "2,3", "--mh", "-1,0", "--mag", "21,22")
        sizes = []
        for name in ("train_0", "train_1", "train_2", "test"):
            path = self.folder / name / "dataset.h5"
            values, labels = read(path)
            sizes.append(len(labels))
            self.assertEqual(list(labels.columns), COLUMNS)
            self.assertTrue((labels.dtypes == "float64").all())
            self.assertEqual(list(labels.index), list(range(len(labels))))
            self.assertEqual("noisy" in values, name == "test")
            for array in values.values():
                self.assertEqual(array.dtype, "float32")
                self.assertEqual(array.shape, (len(labels), 4096))
            for column, low, high in (("T_eff", 4000, 5000), ("log_g", 2, 3), ("M_H", -1, 0),
                                      ("mag", 21, 22), ("zenith_angle", 0, 45),
                                      ("field_angle", 0, 0.65), ("seeing", 0.8, 0.8)):
                self.assertTrue(labels[column].between(low, high).all(), column)
            self.assertTrue((labels[["a_M", "C_M", "redshift"]] == 0).all(axis=None))
            medians = np.median(values["flux"], axis=1)
            np.testing.assert_allclose(medians, 0.5, rtol=1e-6)
            snr = np.quantile(values["flux"] / values["error"], 0.95, axis=1)
            np.testing.assert_allclose(labels.snr, snr, rtol=1e-6)
            with h5py.File(path) as file:
                wave = file["spectrumdataset/wave"][:]
                self.assertEqual(file["dataset/arrays/flux/value"].chunks, None)
            np.testing.assert_allclose(wave, 7100.2136 + 0.427246 * np.arange(4096), atol=1e-3)
        self.assertEqual(sizes, [166, 167, 167, 100])

    def test_pandas_selects_and_appends(self):
        simulate(self.folder, "--train", 0, "--test", 50)
        path = self.folder / "test/dataset.h5"
        labels = pd.read_hdf(path)
        part = pd.read_hdf(path, "/dataset/params", start=10, stop=20, columns=["snr"])
        self.assertEqual(list(part.snr), list(labels.snr[10:20]))
        labels.to_hdf(path, "/dataset/params", append=True, format="table")
        twice = pd.read_hdf(path)
        self.assertEqual(len(twice), 100)
        pd.testing.assert_frame_equal(twice[50:], labels)

    def test_noise_is_standard_normal(self):
        simulate(self.folder, "--train", 0, "--test", 300)
        values, _ = read(self.folder / "test/dataset.h5")
        z = (values["noisy"].astype("f8") - values["flux"]) / values["error"]
        self.assertAlmostEqual(z.mean(), 0, delta=0.005)
        self.assertAlmostEqual(z.std(), 1, delta=0.004)

    def test_f64_holds_the_same_numbers(self):
        simulate(self.folder / "a", "--train", 0, "--test", 20)
        simulate(self.folder / "b", "--train", 0, "--test", 20, "--dtype", "f64")
        (a, labels_a), (b, labels_b) = (read(self.folder / x / "test/dataset.h5") for x in "ab")
        for name in ARRAYS:
            self.assertEqual(b[name].dtype, "float64")
            np.testing.assert_array_equal(a[name], b[name])
        pd.testing.assert_frame_equal(labels_a, labels_b)

    def test_stars_depend_on_seed_and_number_alone(self):
        simulate(self.folder / "a", "--train", 600, "--shards", 2, "--test", 30, threads=1)
        simulate(self.folder / "b", "--train", 700, "--shards", 5, "--test", 31, threads=2)
        simulate(self.folder / "c", "--train", 600, "--shards", 2, "--test", 30, "--seed", 2)

        def whole(name):
            parts = [read(path) for path in sorted((self.folder / name).glob("train_*/*.h5"))]
            flux = np.concatenate([values["flux"] for values, _ in parts])
            error = np.concatenate([values["error"] for values, _ in parts])
            return flux, error, pd.concat([labels for _, labels in parts], ignore_index=True)

        a, b, c = whole("a"), whole("b"), whole("c")
        for i in range(2):
            np.testing.assert_array_equal(a[i], b[i][:600])
        pd.testing.assert_frame_equal(a[2], b[2][:600])
        self.assertFalse((a[2].mag == c[2].mag).any())
        test_a, test_b = (read(self.folder / x / "test/dataset.h5")[0] for x in "ab")
        np.testing.assert_array_equal(test_a["noisy"], test_b["noisy"][:30])

    def test_files_are_the_same_bytes_at_another_time(self):
        options = ["--train", 20, "--shards", 1, "--test", 10, "--seed", 5]
        for name in ("now", "later"):
            simulate(self.folder / name, *options)
            time.sleep(1.1)  # HDF5's times are whole seconds
        for name in ("train_0/dataset.h5", "test/dataset.h5"):
            now, later = ((self.folder / n / name).read_bytes() for n in ("now", "later"))
            self.assertEqual(now, later, name)

    def test_lower_resolution_smooths(self):
        simulate(self.folder / "a", "--train", 0, "--test", 20)
        simulate(self.folder / "b", "--train", 0, "--test", 20, "--resolving-power", 1000)
        (a, labels_a), (b, labels_b) = (read(self.folder / x / "test/dataset.h5") for x in "ab")
        np.testing.assert_array_equal(labels_a.T_eff, labels_b.T_eff)
        rough = [np.diff(values["flux"], axis=1).std(axis=1) for values in (a, b)]
        self.assertTrue((rough[1] < 0.5 * rough[0]).all())

    def test_mistakes_are_made_as_asked(self):
        """A wrong error, a wrong label and a coarser grid change that and nothing else."""
        some = ("--train", 0, "--test", 40)
        simulate(self.folder / "right", *some)
        right, labels = read(self.folder / "right/test/dataset.h5")

        simulate(self.folder / "error", *some, "--error-scale", 1.25)
        wrong, shown = read(self.folder / "error/test/dataset.h5")
        np.testing.assert_array_equal(wrong["flux"], right["flux"])
        np.testing.assert_array_equal(wrong["noisy"], right["noisy"])
        np.testing.assert_allclose(wrong["error"], 1.25 * right["error"], rtol=2e-7)
        np.testing.assert_allclose(shown["snr"], labels["snr"] / 1.25, rtol=1e-12)

        simulate(self.folder / "offset", *some, "--mh-offset", -0.2)
        wrong, shown = read(self.folder / "offset/test/dataset.h5")
        np.testing.assert_allclose(shown["M_H"], labels["M_H"] - 0.2, atol=1e-12)
        for name in ARRAYS:
            np.testing.assert_array_equal(wrong[name], right[name])

        simulate(self.folder / "half", *some, "--nodes", "half")
        wrong, shown = read(self.folder / "half/test/dataset.h5")
        pd.testing.assert_frame_equal(shown[["T_eff", "log_g", "M_H", "mag"]],
                                      labels[["T_eff", "log_g", "M_H", "mag"]])
        difference = np.sqrt(np.mean((wrong["flux"] - right["flux"]) ** 2)) / 0.5
        self.assertGreater(difference, 1e-4)
        self.assertLess(difference, 0.02)

    def test_lattice_labels_sit_on_nodes(self):
        simulate(self.folder, "--train", 0, "--test", 300, "--labels", "lattice")
        labels = pd.read_hdf(self.folder / "test/dataset.h5")
        off = np.array([labels[name] % step != 0
                        for name, step in (("T_eff", 250), ("log_g", 0.5), ("M_H", 0.25))])
        self.assertEqual(off.sum(axis=0).max(), 1)
        self.assertTrue(all(30 < count < 90 for count in off.sum(axis=1)), off.sum(axis=1))

    def test_snr_is_distributed_as_the_users(self):
        simulate(self.folder, "--train", 10000, "--shards", 1, "--test", 0)
        snr = pd.read_hdf(self.folder / "train_0/dataset.h5").snr
        found = [snr.mean(), snr.median(), snr.std(), *np.percentile(snr, [5, 25, 75, 95])]
        users = [9.16, 8.21, 4.41, 3.71, 5.29, 12.53, 17.22]
        np.testing.assert_allclose(found, users, rtol=0.03)


if __name__ == "__main__":
    unittest.main()
