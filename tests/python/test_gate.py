"""Gates against NumPy (what they measure), scikit-learn (logistic) and PyTorch (MLP)."""

import os
import subprocess
import sys
import tempfile
import time
import unittest
import warnings

import numpy as np

BUILD = sys.argv[1]
TOOL = os.path.join(BUILD, "tool_gate")
WAVE = 7100.2136 + 0.427246 * np.arange(4096)
ALL = ("mean", "depth", "ew")
WINDOWS = {
    "default": [(8500.35, 10, ALL), (8544.44, 12, ALL), (8664.52, 12, ALL), (8185.51, 5.5, ALL),
                (8197.08, 5.5, ALL), (8809.18, 5, ALL)],
    "users_37": [(8498, 10, ALL), (8542, 12, ALL), (8662, 12, ALL), (8183, 8, ALL), (8195, 8, ALL),
                 (8806, 5, ALL), (8807, 5, ALL), (8808, 5, ALL)],
    "users_13": [(8500, 10, ALL[1:]), (8542.5, 12.5, ALL[1:]), (8662.5, 12.5, ALL[1:]),
                 (8190, 10, ALL[1:])],
}
TOTALS = {"default": [(0, 1, 2), (3, 4)], "users_37": [(0, 1, 2), (3, 4), (5, 6, 7)],
          "users_13": [(0, 1, 2)]}


def call(verb, *arguments, **environment):
    """Runs the tool on arrays, by way of files; the array that it writes, and what it prints."""
    with tempfile.TemporaryDirectory() as place:
        words, out = [], os.path.join(place, "out.npy")
        for number, argument in enumerate(arguments):
            if isinstance(argument, np.ndarray):
                path = os.path.join(place, f"{number}.npy")
                np.save(path, np.atleast_2d(argument).astype(np.float64))
                argument = path
            words.append(str(argument))
        printed = subprocess.run([TOOL, verb, *words, out], check=True, capture_output=True,
                                 text=True, env=dict(os.environ, **environment)).stdout
        return np.load(out), printed


def spectra(rows, seed=1):
    """Flux of about 1/2 with lines of any depth, and noise; some of it negative."""
    rng = np.random.default_rng(seed)
    flux = np.full((rows, len(WAVE)), 0.5)
    for centre in (8500.35, 8544.44, 8664.52, 8185.51, 8197.08, 8809.18):
        depth = rng.uniform(0, 0.9, (rows, 1))
        flux *= 1 - depth * np.exp(-0.5 * ((WAVE - centre) / 3) ** 2)
    flux += rng.uniform(0.01, 0.6, (rows, 1)) * rng.standard_normal(flux.shape)
    flux[0] = -1  # no continuum anywhere
    return flux.astype(np.float32).astype(np.float64)


def measured(table, flux, components):
    """The features as they are written down in docs/numerics.md."""
    columns = [(flux - components[0]) @ components[1:].T]
    widths = []
    for centre, half, measures in WINDOWS[table]:
        low, high = centre - half, centre + half
        inside = (WAVE >= low) & (WAVE <= high)
        beside = ((WAVE >= low - 20) & (WAVE < low)) | ((WAVE > high) & (WAVE <= high + 20))
        window = flux[:, inside]
        continuum = np.median(flux[:, beside], axis=1)
        good = continuum > 0
        safe = np.where(good, continuum, 1)[:, None]
        values = {"mean": window.mean(axis=1),
                  "depth": np.where(good, 1 - (window / safe).min(axis=1), 0),
                  "ew": np.where(good, (1 - window / safe).sum(axis=1), 0)}
        widths.append(values["ew"])
        columns += [values[measure][:, None] for measure in measures]
    columns += [sum(widths[w] for w in total)[:, None] for total in TOTALS[table]]
    return np.hstack(columns)


class Features(unittest.TestCase):
    def test_features_are_those_of_numpy(self):
        flux = spectra(67)
        components = np.random.default_rng(2).standard_normal((11, len(WAVE))) / 64
        for table, count in (("default", 30), ("users_37", 37), ("users_13", 13)):
            used = components[:5] if table == "users_13" else components
            ours, _ = call("features", table, WAVE, flux, used)
            theirs = measured(table, flux, used)
            self.assertEqual(ours.shape, (67, count))
            self.assertEqual(theirs.shape, ours.shape)
            scale = np.maximum(1, np.abs(theirs).max(axis=0))
            np.testing.assert_array_less(np.abs(ours - theirs) / scale, 1e-6)

    def test_threads_change_no_bit(self):
        flux = spectra(67)
        used = np.random.default_rng(2).standard_normal((11, len(WAVE)))
        one, _ = call("features", "default", WAVE, flux, used, OMP_NUM_THREADS="1")
        many, _ = call("features", "default", WAVE, flux, used, OMP_NUM_THREADS="3")
        self.assertEqual(one.tobytes(), many.tobytes())

    def test_components_are_the_leading_singular_vectors(self):
        rng = np.random.default_rng(3)
        shapes = rng.standard_normal((6, 301))
        flux = 2 + (rng.standard_normal((700, 6)) * [8, 6, 5, 4, 3, 2]) @ shapes
        flux = (flux + 0.1 * rng.standard_normal(flux.shape)).astype(np.float32)
        flux = flux.astype(np.float64)
        ours, _ = call("components", flux, 6, "plain", OMP_NUM_THREADS="1")
        again, _ = call("components", flux, 6, "plain", OMP_NUM_THREADS="3")
        theirs = np.linalg.svd(flux - flux.mean(axis=0), full_matrices=False)[2][:6]
        self.assertEqual(ours.tobytes(), again.tobytes())
        np.testing.assert_allclose(ours[0], flux.mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(np.abs(np.sum(ours[1:] * theirs, axis=1)), 1, atol=1e-6)
        np.testing.assert_allclose(ours[1:] @ ours[1:].T, np.eye(6), atol=1e-10)

    def test_weighted_pixels_count_by_their_noise(self):
        rng = np.random.default_rng(4)
        noise = np.where(np.arange(200) % 10 == 3, 9, rng.uniform(0.2, 0.6, 200))
        shape = np.cos(np.arange(200) / 30)
        star = 0.5 * rng.standard_normal((900, 1))
        flux = (star * shape + noise * rng.standard_normal((900, 200))).astype(np.float32).astype(np.float64)
        ours, _ = call("components", flux, 1, "weighted", OMP_NUM_THREADS="1")
        again, _ = call("components", flux, 1, "weighted", OMP_NUM_THREADS="3")
        self.assertEqual(ours.tobytes(), again.tobytes())
        x = flux - flux.mean(axis=0)
        left = np.hstack([x[:, 1:2], x[:, :-1]])
        right = np.hstack([x[:, 1:], x[:, -2:-1]])
        scatter = np.median(np.abs(x - (left + right) / 2)[:512], axis=0) / (0.6745 * np.sqrt(1.5))
        scatter = np.maximum(scatter, 0.05 * np.median(scatter))
        theirs = np.linalg.svd(x / scatter, full_matrices=False)[2][0]
        theirs *= np.sign(theirs[np.abs(theirs).argmax()])
        np.testing.assert_allclose(ours[1] * scatter, theirs, atol=2e-4)
        tells = abs(np.corrcoef(x @ ours[1], star[:, 0])[0, 1])
        self.assertGreater(tells, 0.9)

    def test_components_of_fewer_directions_are_0(self):
        flux = np.outer([1.0, 2, 4, 7], np.arange(50.0)) + 3
        ours, _ = call("components", flux, 3, "plain")
        np.testing.assert_allclose(np.linalg.norm(ours[1:], axis=1), [1, 0, 0], atol=1e-10)


def softmax(logits):
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def stars(rows, features, bins, seed=5):
    """Standardised features of which one is the sum of others, and bins that they tell of."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((rows, features))
    z[:, -1] = z[:, :3].sum(axis=1)
    truth = softmax(3 * z @ rng.standard_normal((features, bins)) / np.sqrt(features))
    bin_ = np.array([rng.choice(bins, p=p) for p in truth])
    z = ((z - z.mean(axis=0)) / z.std(axis=0)).astype(np.float32).astype(np.float64)
    return z, bin_


class Logistic(unittest.TestCase):
    def compare(self, z, bin_, bins, C):
        from sklearn.linear_model import LogisticRegression
        ours, printed = call("logistic", z, bin_, bins, C)
        theirs = LogisticRegression(C=C, multi_class="multinomial", tol=1e-9, max_iter=100000)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs.fit(z, bin_)
        present = np.unique(bin_)
        mine = softmax(z @ ours[present, 1:].T + ours[present, 0])
        np.testing.assert_allclose(mine, theirs.predict_proba(z), rtol=0, atol=1e-4)
        self.assertEqual(printed.split()[1], "1")  # converged
        return ours

    def test_probabilities_are_those_of_scikit_learn(self):
        z, bin_ = stars(3000, 13, 9)
        for C in (0.01, 1, 100):
            self.compare(z, bin_, 9, C)

    def test_a_bin_without_rows_has_no_weight(self):
        z, bin_ = stars(1500, 7, 4)
        bin_[bin_ >= 2] += 1
        ours = self.compare(z, bin_, 6, 10)
        self.assertTrue(np.all(ours[[2, 5]] == 0))

    def test_bins_that_a_feature_tells_apart_without_doubt(self):
        z, _ = stars(600, 5, 3)
        bin_ = np.digitize(z[:, 0], [-0.5, 0.5])
        self.compare(z, bin_, 3, 100)

    def test_many_rows_begin_from_some_of_them(self):
        z, bin_ = stars(20000, 9, 5)
        self.compare(z, bin_, 5, 100)

    def test_threads_change_no_bit(self):
        z, bin_ = stars(20000, 9, 5)
        one, _ = call("logistic", z, bin_, 5, 100, OMP_NUM_THREADS="1")
        many, _ = call("logistic", z, bin_, 5, 100, OMP_NUM_THREADS="3")
        self.assertEqual(one.tobytes(), many.tobytes())


class Mlp(unittest.TestCase):
    def test_ten_steps_are_those_of_pytorch(self):
        try:
            import torch
        except ImportError as reason:
            self.skipTest(f"{reason}; scripts/setup.sh test brings PyTorch")
        torch.manual_seed(1)
        torch.set_num_threads(1)
        rng = np.random.default_rng(6)
        rows, features, bins = 331, 13, 9
        z = rng.standard_normal((rows, features)).astype(np.float32).astype(np.float64)
        y = rng.uniform(1, 5, rows)
        said = (y[:, None] + rng.standard_normal((rows, bins)) * rng.uniform(0.1, 1, bins))
        said = said.astype(np.float32).astype(np.float64)
        missing = rng.uniform(size=said.shape) < 0.2
        missing[:, 4] = False
        layers = [torch.nn.Linear(features, 32), torch.nn.Linear(32, 16), torch.nn.Linear(16, bins)]
        net = torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1], torch.nn.ReLU(),
                                  layers[2]).double()

        def parameters():
            return np.concatenate([p.detach().numpy().ravel() for layer in layers
                                   for p in (layer.weight, layer.bias)])

        ours, _ = call("mlp", z, y, np.where(missing, np.nan, said), parameters(), 10)
        adam = torch.optim.Adam(net.parameters(), lr=1e-3)
        masked = torch.tensor(missing)
        for step in range(11):
            logits = net(torch.tensor(z)).masked_fill(masked, -np.inf)
            mixed = (torch.softmax(logits, dim=1) * torch.tensor(said)).sum(dim=1)
            loss = torch.mean((torch.tensor(y) - mixed) ** 2)
            np.testing.assert_allclose(ours[step, 0], loss.item(), rtol=0, atol=1e-5)
            np.testing.assert_allclose(ours[step, 1:], parameters(), rtol=0, atol=1e-5)
            adam.zero_grad()
            loss.backward()
            adam.step()
        self.assertGreater(ours[0, 0] - ours[10, 0], 1e-3)


def clock_logistic():
    """python3 test_gate.py BUILD --clock: 50,000 rows of 37 features against scikit-learn."""
    from sklearn.linear_model import LogisticRegression
    z, bin_ = stars(50000, 37, 9)
    began = time.time()
    _, printed = call("logistic", z, bin_, 9, 100)
    print(f"ours {time.time() - began:.2f} s with files, {printed.strip()}")
    for tolerance in (1e-4, 1e-9):
        began = time.time()
        model = LogisticRegression(C=100, tol=tolerance, max_iter=10000).fit(z, bin_)
        print(f"scikit-learn, tol {tolerance:g}: {time.time() - began:.2f} s, {model.n_iter_[0]}")


if __name__ == "__main__":
    if "--clock" in sys.argv:
        clock_logistic()
    else:
        unittest.main(argv=sys.argv[:1])
