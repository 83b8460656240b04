"""The posterior mean through the program against plain NumPy, on the same files.

    test_posterior.py BUILD
"""

import glob
import json
import os
import sys
import tempfile
import unittest

import h5py
import numpy as np
import pandas

import study_data

BUILD = sys.argv[1]
LEVEL = 1.0


def read_split(files):
    """Clean flux (clipped), error and log g of a split."""
    flux, error, target = [], [], []
    for path in files:
        with h5py.File(path) as file:
            flux.append(np.maximum(file["/dataset/arrays/flux/value"][:], 0))
            error.append(file["/dataset/arrays/error/value"][:])
        target.append(pandas.read_hdf(path, "/dataset/params")["log_g"].to_numpy())
    return (np.concatenate(part).astype(np.float64) for part in (flux, error, target))


def log_weights(x, sigma, templates, amplitude):
    """As the formulas are written. amplitude: None (it is 1), "flat", or a standard deviation."""
    inverse = 1 / sigma**2
    s, q = (x * inverse) @ templates.T, inverse @ (templates**2).T
    if amplitude is None:
        return s - q / 2
    if amplitude == "flat":
        return s**2 / (2 * q) - np.log(q) / 2
    k = 1 / amplitude**2
    return (s + k)**2 / (2 * (q + k)) - np.log(q + k) / 2


def posterior(x, sigma, templates, y, amplitude=None):
    """Mean, variance and effective number of templates."""
    log_weight = log_weights(x, sigma, templates, amplitude)
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    total = weight.sum(axis=1)
    mean = weight @ y / total
    return mean, weight @ y**2 / total - mean**2, total**2 / (weight**2).sum(axis=1)


def local_linear(x, sigma, templates, y, wanted, reach=5):
    """One star: mean and variance of the local model, by solving for pixels, not templates."""
    log_weight = log_weights(x[None], sigma[None], templates, None)[0]
    near = np.argsort(-log_weight)[:int(reach * wanted)]
    wanted = min(wanted, len(near) / 2)

    def share(temperature):
        w = np.exp((log_weight[near] - log_weight[near[0]]) / temperature)
        return w / w.sum()

    low, high = 0.0, np.log(1e9)
    for _ in range(60):
        middle = (low + high) / 2
        if 1 / np.sum(share(np.exp(middle))**2) < wanted:
            low = middle
        else:
            high = middle
    v, kappa = share(np.exp(high)), 1 / (1 - np.exp(-high))
    f, label = templates[near] / sigma, y[near]
    mean, label_mean = v @ f, v @ label
    f, label = f - mean, label - label_mean
    covariance = (f.T * v) @ f + kappa * np.eye(f.shape[1])
    with_label = (f.T * v) @ label
    solved = np.linalg.solve(covariance, with_label)
    return (label_mean + solved @ (x / sigma - mean),
            v @ label**2 - solved @ with_label)


class AgainstNumpy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.data = os.path.join(cls.scratch.name, "data")
        study_data.run(BUILD, "headroom", "simulate", "--out", cls.data, "--train", 1600,
                       "--shards", 2, "--test", 300, "--seed", 6,
                       "--mag", "19,23")  # SNR 3 to 35
        cls.train = sorted(glob.glob(os.path.join(cls.data, "train_*", "dataset.h5")))
        cls.test = os.path.join(cls.data, "test", "dataset.h5")
        cls.run_dir = cls.run_study("posterior: {weigh: pixels, kernel: constant}", "all")
        cls.templates, _, cls.y = read_split(cls.train)
        with h5py.File(cls.test) as file:
            cls.x = file["/dataset/arrays/noisy/value"][:].astype(np.float64)
            cls.sigma = LEVEL * file["/dataset/arrays/error/value"][:].astype(np.float64)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    @classmethod
    def run_study(cls, expert, name, extra="", threads=2):
        cls.config = os.path.join(cls.data, name + ".yaml")
        with open(cls.config, "w", encoding="utf-8") as file:
            file.write("experiment: {id: small, language: en}\n"
                       "data: {train: [\"train_{0..1}/dataset.h5\"], test: test/dataset.h5}\n"
                       f"experts: {{{expert}}}\n{extra}")
        out = os.path.join(cls.scratch.name, name)
        study_data.run(BUILD, "headroom", "run", cls.config, "--out", out, threads=threads)
        return out

    def rows_of(self, bin_number):
        plan = study_data.Rows(BUILD, self.config, "test", "stored", [self.test], 4096,
                               self.scratch.name)
        return plan.bin == bin_number

    def check(self, run_dir, name, rows, tolerance=1e-5, amplitude=None):
        folder = os.path.join(run_dir, "tasks", name)
        used = np.load(os.path.join(folder, "templates.npy"))[:, 0].astype(int)
        mean, variance, effective = posterior(self.x[rows], self.sigma[rows],
                                              self.templates[used], self.y[used], amplitude)
        _, predictions = study_data.task(run_dir, name)
        found = np.load(os.path.join(folder, "posterior.npy"))
        self.assertLess(np.max(np.abs(predictions[0] - mean)), tolerance)
        self.assertLess(np.max(np.abs(found[:, 0] - variance)), tolerance)
        self.assertLess(np.max(np.abs(found[:, 1] / effective - 1)), 100 * tolerance)
        self.assertTrue(np.all(np.abs(predictions[0] - mean) <= found[:, 2] + 1e-4))
        return used

    def test_global(self):
        used = self.check(self.run_dir, "global-posterior", np.ones(300, bool))
        self.assertEqual(sorted(used), list(range(1600)))

    def test_bins(self):
        for k in (0, 3, 8):
            self.check(self.run_dir, f"{k}-posterior", self.rows_of(k))

    def test_components(self):
        out = self.run_study("posterior: {kernel: constant}", "components")
        for name, rows in (("global", np.ones(300, bool)), (3, self.rows_of(3))):
            self.check(out, f"{name}-posterior", rows, 1e-3)
            error = np.load(os.path.join(out, "tasks", f"{name}-posterior", "posterior.npy"))[:, 2]
            self.assertGreater(np.mean(error > 0), 0.8)  # by components, but the brightest

    def test_amplitude(self):
        everything = np.ones(300, bool)
        out = self.run_study("posterior: {weigh: pixels, kernel: constant, amplitude: flat}", "flat")
        self.check(out, "global-posterior", everything, 1e-5, "flat")
        out = self.run_study("posterior: {kernel: constant, amplitude: gaussian, "
                             "amplitude_sigma: 0.02}", "gaussian")
        self.check(out, "global-posterior", everything, 1e-3, 0.02)

    def test_local_linear(self):
        """Stars with few effective templates, in the reference's own way; others as ever."""
        out = self.run_study("posterior: {weigh: pixels}", "local")
        _, (found,) = study_data.task(out, "global-posterior")
        _, (plain,) = study_data.task(self.run_dir, "global-posterior")
        beside = np.load(os.path.join(out, "tasks", "global-posterior", "posterior.npy"))
        few = beside[:, 1] < 20
        np.testing.assert_array_equal(found[~few], plain[~few])
        self.assertGreater(few.sum(), 100)
        for i in np.flatnonzero(few)[::40]:
            mean, variance = local_linear(self.x[i], self.sigma[i], self.templates, self.y, 20)
            self.assertLess(abs(found[i] - mean), 1e-4)
            self.assertLess(abs(beside[i, 0] - variance), 1e-4)
        truth = pandas.read_hdf(self.test, "/dataset/params")["log_g"].to_numpy()
        errors = [np.mean((p - truth)**2) for p in (found, plain)]
        print(f"local linear: mean squared error {errors[0]:.4f}, constant {errors[1]:.4f}, "
              f"mean posterior variance {beside[:, 0].mean():.4f}")
        self.assertLess(errors[0], 0.9 * errors[1])

    def test_templates_from_the_grid(self):
        """As good as as many stored ones, which were drawn from the same grid."""
        found = {}
        for source in ("stored", "grid"):
            out = self.run_study(f"posterior: {{source: {source}, templates: 1600}}", source)
            with open(os.path.join(out, "results.json"), encoding="utf-8") as file:
                found[source] = json.load(file)["ceiling"]["routed"]
            _, (predictions,) = study_data.task(out, "global-posterior")
            truth = pandas.read_hdf(self.test, "/dataset/params")["log_g"].to_numpy()
            squares = (predictions - truth)**2
            found[source]["squares"] = squares
            found[source]["r2"] = 1 - squares.mean() / truth.var()
        labels = np.load(os.path.join(out, "tasks", "global-posterior", "templates.npy"))
        self.assertEqual(labels.shape, (1600, 3))
        for column, (low, high) in zip(labels.T, ((3750, 6000), (1, 5), (-2.5, 0.75))):
            self.assertTrue(low <= column.min() and column.max() <= high)
            # Uniform: the mean to five standard errors.
            self.assertLess(abs(column.mean() - (low + high) / 2),
                            5 * (high - low) / np.sqrt(12 * 1600))
        # Paired: the mean difference of squares to three standard errors.
        change = found["grid"]["squares"] - found["stored"]["squares"]
        print(f"global R2: stored {found['stored']['r2']:.4f}, grid {found['grid']['r2']:.4f}; "
              f"R2_max in the bin {found['stored']['r2_max']:.4f}, {found['grid']['r2_max']:.4f}")
        self.assertLess(abs(change.mean()), 3 * change.std() / np.sqrt(len(change)))
        self.assertGreater(found["grid"]["r2"], 0.6)
        low, high = found["stored"]["r2_max_ci"]
        self.assertTrue(low <= found["grid"]["r2_max"] <= high)

    def test_another_wavelength_grid(self):
        data = os.path.join(self.scratch.name, "thin")
        for path in [*self.train, self.test]:
            study_data.thin_out(path, path.replace(self.data, data), 64)
        config = os.path.join(data, "study.yaml")
        with open(config, "w", encoding="utf-8") as file:
            file.write("experiment: {id: small, language: en}\n"
                       "data: {train: [\"train_{0..1}/dataset.h5\"], test: test/dataset.h5}\n"
                       "experts: {posterior: {source: grid}}\n")
        done = study_data.run(BUILD, "headroom", "run", config, "--out",
                              os.path.join(self.scratch.name, "refused"), check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(f"{config}:3:22: experts.posterior.source is grid, but the spectra have 64 pixels "
                      "and the built-in model grid has 4096; say stored, which takes templates "
                      "from the training spectra, or have their files tell their line spread",
                      done.stderr)

    def test_a_sample_of_templates(self):
        out = self.run_study("posterior: {weigh: pixels, kernel: constant, templates: 700, "
                             "validation: 50}", "sample")
        used = self.check(out, "global-posterior", np.ones(300, bool))
        self.assertEqual(len(set(used)), 700)
        self.assertLess(abs(np.mean(used) - 800), 70)

    def test_threads_and_blocks_do_not_change_a_byte(self):
        reference = self.run_study("posterior: {}", "reference")
        for name, extra, threads in (("one", "", 1), ("blocks", "run: {block_rows: 7}\n", 2)):
            out = self.run_study("posterior: {}", name, extra, threads)
            for path in glob.glob(os.path.join(reference, "tasks", "*", "*.[fn]*")):
                with open(path, "rb") as a, open(path.replace(reference, out), "rb") as b:
                    self.assertEqual(a.read(), b.read(), path)
            with open(os.path.join(reference, "results.json"), encoding="utf-8") as file:
                first = json.load(file)
            with open(os.path.join(out, "results.json"), encoding="utf-8") as file:
                other = json.load(file)
            for a, b in zip(first["bins"], other["bins"]):
                self.assertEqual(a["experts"]["posterior"]["r2_cv"],
                                 b["experts"]["posterior"]["r2_cv"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
