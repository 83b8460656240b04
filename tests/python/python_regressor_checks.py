"""What test_python_door.py asks of headroom.HeadroomRegressor, where the package is installed.

    python_regressor_checks.py FOLDER [--sklearn]

FOLDER is empty. With --sklearn, all of scikit-learn's own checks are run: none may fail."""

import copy
import glob
import importlib.util
import os
import pickle
import signal
import subprocess
import sys
import time
import unittest
import warnings

import numpy as np

import headroom

FOLDER = sys.argv[1]
HAS_SKLEARN = importlib.util.find_spec("sklearn") is not None


def made_up(rows=400, pixels=30, seed=1):
    """Spectra around 1 whose lines depend on two labels, and one sigma of their noise."""
    draw = np.random.default_rng(seed)
    depth = draw.uniform(0, 0.1, size=(2, pixels))
    labels = draw.uniform([1, 4000], [5, 6000], size=(rows, 2))
    flux = 1 - np.column_stack([labels[:, 0] / 5, labels[:, 1] / 6000]) @ depth
    error = np.full(flux.shape, 0.005)
    return (flux + error * draw.normal(size=flux.shape)).astype(np.float32), labels, error


X, LABELS, ERROR = made_up()


class Fitting(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fitted = headroom.HeadroomRegressor().fit(X, LABELS[:, 0], ERROR)

    def test_it_learns_what_ridge_learns(self):
        """Least squares with the penalty that was chosen, from nothing but NumPy."""
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # an alpha alone has no list to be at the end of
            fitted = headroom.HeadroomRegressor({"ridge": {"alpha": [1e-4]}}).fit(X, LABELS[:, 0])
        x = X.astype(np.float64)
        centred, y = x - x.mean(axis=0), LABELS[:, 0]
        weights = np.linalg.solve(centred.T @ centred + 1e-4 * np.eye(x.shape[1]),
                                  centred.T @ (y - y.mean()))
        expected = y.mean() + centred @ weights
        np.testing.assert_allclose(fitted.predict(X), expected, atol=1e-4)
        self.assertEqual(fitted.expert_, ["ridge"])

    def test_ordinary_data_are_not_warned_of(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            headroom.HeadroomRegressor().fit(X, LABELS, ERROR)
            headroom.HeadroomRegressor(noise_level=1).fit(X, LABELS[:, 0], ERROR)
            headroom.HeadroomRegressor().fit(X - 1, LABELS[:, 0])
            # As observed, each star with an error of its own.
            draw = np.random.default_rng(5)
            error = np.repeat(np.geomspace(1e-3, 0.3, 400), 200).reshape(400, 200)
            noisy = 1 + error * draw.normal(size=error.shape)
            headroom.HeadroomRegressor().fit(noisy, LABELS[:, 0], error)

    def test_a_warning_that_is_an_error_does_not_lose_the_fit(self):
        regressor = headroom.HeadroomRegressor({"ridge": {"alpha": [10, 1000]}})
        with warnings.catch_warnings(), self.assertRaisesRegex(
                headroom.HeadroomWarning, "ridge: of . models the best alpha is at the end"):
            warnings.simplefilter("error")
            regressor.fit(X, LABELS)
        self.assertEqual((regressor.n_features_in_, regressor.n_outputs_), (30, 2))
        self.assertEqual(regressor.predict(X).shape, (400, 2))
        with self.assertWarns(headroom.HeadroomWarning) as caught:
            regressor.fit(X, LABELS)
        self.assertEqual(caught.filename, __file__)

    def test_what_it_says_of_itself(self):
        fresh, labels, error = made_up(seed=1)
        self.assertEqual(self.fitted.n_features_in_, 30)
        self.assertEqual(self.fitted.n_outputs_, 1)
        self.assertEqual(self.fitted.cv_r2_.shape, (1,))
        self.assertTrue(0.5 < self.fitted.cv_r2_[0] < 1)
        self.assertAlmostEqual(self.fitted.cv_r2_[0],
                               self.fitted.score(fresh, labels[:, 0], error=error), delta=0.1)
        self.assertEqual(self.fitted.model_.targets, ("y",))

    def test_sigma_is_one_sigma(self):
        """Of stars that it has not seen, by noise alone."""
        new, labels, error = made_up(rows=3000, seed=1)
        mean, sigma = self.fitted.predict(new[400:], error[400:], return_std=True)
        self.assertEqual(mean.shape, sigma.shape)
        share = np.mean(np.abs(mean - labels[400:, 0]) < sigma)
        self.assertTrue(0.6 < share < 0.76, share)
        self.assertTrue(np.array_equal(mean, self.fitted.predict(new[400:], error[400:])))

    def test_it_is_what_a_study_says_bit_for_bit(self):
        folder = f"{FOLDER}/arrays"
        os.makedirs(folder)
        labels = {"log_g": LABELS[:, 0], "id": np.arange(400) + 2**60, "one": np.zeros(400)}
        for name, rows in (("train", slice(None)), ("test", slice(0, 50))):
            path = headroom.write_spectra(
                f"{folder}/{name}.h5", X[rows], ERROR[rows].astype(np.float32),
                {key: values[rows] for key, values in labels.items()},
                wave=np.linspace(5000, 9000, 30))
            self.assertEqual(path, f"{folder}/{name}.h5")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            run = headroom.run(
                {"experiment": {"id": "ARRAYS"},
                 "data": {"train": ["train.h5"], "test": "test.h5", "target": "log_g",
                          "clip": False, "id": "id", "allow": ["test_in_training"],
                          "noise": {"level": 0, "test": "generated"}},
                 "binning": {"axes": {"one": [-1, 1]}}},
                out=f"{folder}/run", folder=folder, progress=False)
        said = run.predictions(as_frame=False)
        self.assertEqual(said["id"].tolist(), [2**60 + i for i in range(50)])
        self.assertTrue(np.array_equal(said["ridge_oracle"],
                                       self.fitted.predict(X[:50], ERROR[:50])))

    def test_several_targets(self):
        both = headroom.HeadroomRegressor().fit(X, LABELS, ERROR)
        self.assertEqual(both.expert_, ["ridge", "ridge"])
        mean, sigma = both.predict(X, ERROR, return_std=True)
        self.assertEqual((mean.shape, sigma.shape), ((400, 2), (400, 2)))
        self.assertTrue(np.array_equal(mean[:, 0], self.fitted.predict(X, ERROR)))
        self.assertAlmostEqual(both.score(X, LABELS),
                               np.mean(1 - np.mean((mean - LABELS) ** 2, axis=0)
                                       / LABELS.var(axis=0)), places=12)
        column = headroom.HeadroomRegressor().fit(X, LABELS[:, :1], ERROR).predict(X, ERROR)
        self.assertTrue(np.array_equal(column[:, 0], mean[:, 0]))

    def test_every_expert(self):
        forests = {"lightgbm": {"n_estimators": 10, "min_data_in_leaf": 10}}
        network = {"cnn": {"epochs": 20, "batch_size": 25, "channels": [8], "pool_size": 2,
                           "lr": 0.01, "bins": "all", "precision": "fp32"}}
        for experts, level in ((forests, 0), (network, 0), ({"ridge_marginal": {}}, 1),
                               ({"posterior": {}}, 1)):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", headroom.HeadroomWarning)
                fitted = headroom.HeadroomRegressor(experts, noise_level=level).fit(
                    X, LABELS[:, 0], ERROR)
            self.assertEqual(fitted.expert_, list(experts))
            mean = fitted.predict(X, ERROR)
            self.assertTrue(np.isfinite(mean).all(), experts)
            self.assertTrue(1 < mean.mean() < 5, experts)
        with self.assertRaises(headroom.UsageError) as caught:
            fitted.predict(X)
        self.assertEqual(str(caught.exception), "posterior has to know the error of every "
                         "spectrum; call predict(X, error)")

    def test_validation_chooses(self):
        experts = {"ridge": {}, "lightgbm": {"n_estimators": 3, "min_data_in_leaf": 50}}
        fitted = headroom.HeadroomRegressor(experts).fit(X, LABELS[:, 0], ERROR)
        self.assertEqual(fitted.expert_, ["ridge"])
        self.assertTrue(np.array_equal(fitted.predict(X, ERROR), self.fitted.predict(X, ERROR)))

    def test_bad_pixels_get_the_mean(self):
        spoilt = X.copy()
        spoilt[:, 7] = np.where(np.arange(400) % 4 == 0, np.nan, spoilt[:, 7])
        spoilt[3] = np.nan
        with self.assertRaises(headroom.DataError) as caught:
            headroom.HeadroomRegressor().fit(spoilt, LABELS[:, 0], ERROR)
        self.assertTrue(str(caught.exception).startswith("X: row 3 (counted from 0) has no good "
                                                         "pixel"), caught.exception)
        spoilt[3] = X[3]
        fitted = headroom.HeadroomRegressor().fit(spoilt, LABELS[:, 0], ERROR)
        filled = spoilt.copy()
        filled[::4, 7] = np.nanmean(spoilt[:, 7])
        np.testing.assert_allclose(fitted.predict(spoilt), fitted.predict(filled), atol=1e-5)
        nothing = np.full((1, 30), np.nan)
        self.assertTrue(np.isnan(fitted.predict(nothing)).all())

    def test_a_copy_by_pickle_in_another_process(self):
        path = f"{FOLDER}/regressor.pickle"
        with open(path, "wb") as file:
            pickle.dump((self.fitted, X), file)
        code = ("import pickle, sys\n"
                "fitted, X = pickle.load(open(sys.argv[1], 'rb'))\n"
                "sys.stdout.buffer.write(fitted.predict(X).tobytes())\n")
        said = subprocess.run([sys.executable, "-c", code, path], check=True,
                              capture_output=True).stdout
        self.assertEqual(said, self.fitted.predict(X).tobytes())

    def test_any_number_of_threads(self):
        code = ("import sys, numpy as np, headroom\n"
                "sys.path.insert(0, sys.argv[1])\n"
                "X = np.load(sys.argv[2])\n"
                "experts = {'ridge': {}, 'lightgbm': {'n_estimators': 5}}\n"
                "fitted = headroom.HeadroomRegressor(experts).fit(X[:, :-1], X[:, -1])\n"
                "for said in fitted.predict(X[:, :-1], return_std=True):\n"
                "    sys.stdout.buffer.write(said.tobytes())\n")
        path = f"{FOLDER}/threads.npy"
        np.save(path, np.column_stack([X, LABELS[:, 0]]))
        said = [subprocess.run([sys.executable, "-c", code, FOLDER, path], check=True,
                               capture_output=True,
                               env={**os.environ, "OMP_NUM_THREADS": str(threads)}).stdout
                for threads in (1, 2)]
        self.assertEqual(len(said[0]), 2 * 400 * 8)
        self.assertEqual(said[0], said[1])

    def test_nothing_is_left_behind(self):
        code = ("import sys, tempfile, os, numpy as np, headroom\n"
                "tempfile.tempdir = sys.argv[1]\n"
                "X = np.random.default_rng(0).normal(size=(50, 4))\n"
                "headroom.HeadroomRegressor().fit(X, X[:, 0]).predict(X)\n"
                "print(os.listdir(sys.argv[1]))\n")
        folder = f"{FOLDER}/temporary"
        os.makedirs(folder)
        said = subprocess.run([sys.executable, "-c", code, folder], check=True, text=True,
                              capture_output=True).stdout
        self.assertEqual(said, "[]\n")


    def test_a_constant_is_predicted(self):
        """As scikit-learn's own regressors do it; beside others, too."""
        y = np.column_stack([np.full(400, 7.25), LABELS[:, 0]])
        both = headroom.HeadroomRegressor().fit(X, y, ERROR)
        mean, sigma = both.predict(X, ERROR, return_std=True)
        self.assertEqual(both.expert_, ["constant", "ridge"])
        self.assertEqual(set(mean[:, 0].tolist()), {7.25})
        self.assertEqual(set(sigma[:, 0].tolist()), {0})
        np.testing.assert_array_equal(mean[:, 1], self.fitted.predict(X, ERROR))
        np.testing.assert_array_equal(both.cv_r2_, [np.nan, self.fitted.cv_r2_[0]])
        self.assertEqual(both.model_.targets, ("y[:, 1]",))
        alone = headroom.HeadroomRegressor().fit(X, y[:, 0])
        for regressor in (alone, pickle.loads(pickle.dumps(alone))):
            self.assertEqual(set(regressor.predict(X).tolist()), {7.25})
            self.assertEqual(regressor.score(X, y[:, 0]), 1)
        with self.assertRaises(headroom.UsageError) as caught:
            alone.model_.predict(X)
        self.assertEqual(str(caught.exception), "y was the same in all rows, so that nothing was "
                         "trained; predict says it of all spectra")

    def test_its_model_has_no_folder(self):
        for call in (pickle.dumps, copy.deepcopy):
            with self.assertRaises(headroom.UsageError) as caught:
                call(self.fitted.model_)
            self.assertEqual(str(caught.exception), "the model of a HeadroomRegressor has no "
                             "folder of its own; pickle the regressor, which has it in itself")
        with self.assertRaises(headroom.UsageError) as caught:
            self.fitted.model_.predict(X, router="global")
        self.assertEqual(str(caught.exception), "the model of a HeadroomRegressor has the router "
                         "'oracle' alone, and in each bin the expert that was chosen; leave router "
                         "and expert out")
        again = copy.deepcopy(self.fitted)
        self.assertEqual(again.predict(X).tobytes(), self.fitted.predict(X).tobytes())

    def test_ctrl_c_ends_a_fit_and_leaves_nothing(self):
        """While a network is trained that would take minutes."""
        code = ("import os, sys, tempfile, time, numpy as np, headroom\n"
                "tempfile.tempdir = sys.argv[1]\n"
                "X = np.random.default_rng(0).normal(size=(4000, 256))\n"
                "slow = {'cnn': {'epochs': 5000, 'bins': 'all', 'patience': 5000}}\n"
                "print('ready', flush=True)\n"
                "regressor = headroom.HeadroomRegressor(slow)\n"
                "try:\n"
                "    regressor.fit(X, X[:, 0])\n"
                "except KeyboardInterrupt:\n"
                "    at = time.monotonic()\n"
                "    left = os.listdir(sys.argv[1])\n"
                "    children = open(f'/proc/self/task/{os.getpid()}/children').read()\n"
                "    print('stopped', left, [children], hasattr(regressor, 'expert_'))\n")
        folder = f"{FOLDER}/interrupted"
        os.makedirs(folder)
        child = subprocess.Popen([sys.executable, "-c", code, folder], stdout=subprocess.PIPE,
                                 text=True)
        self.assertEqual(child.stdout.readline(), "ready\n")
        until = time.monotonic() + 60
        while not glob.glob(f"{folder}/*/run/tasks") and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(1)
        child.send_signal(signal.SIGINT)
        begun = time.monotonic()
        self.assertEqual(child.communicate(timeout=60)[0], "stopped [] [''] False\n")
        self.assertLess(time.monotonic() - begun, 20)
        self.assertEqual(child.returncode, 0)


class Parameters(unittest.TestCase):
    def test_they_are_kept_as_given(self):
        experts = {"ridge": {"alpha": [1.0]}}
        regressor = headroom.HeadroomRegressor(experts, folds=3)
        told = regressor.get_params(deep=False)
        self.assertEqual(set(told), {"experts", "alpha", "noise_level", "clip", "wave", "folds",
                                     "random_state", "memory_mib", "settings"})
        self.assertIs(told["experts"], experts)
        self.assertIs(regressor.set_params(folds=4, random_state=1), regressor)
        self.assertEqual((regressor.folds, regressor.random_state), (4, 1))
        with self.assertRaisesRegex(ValueError, "Invalid parameter 'fold' for estimator"):
            regressor.set_params(fold=3)
        self.assertTrue(repr(regressor).startswith("HeadroomRegressor(experts={'ridge'"))
        self.assertEqual(repr(headroom.HeadroomRegressor()), "HeadroomRegressor()")

    def test_the_seed(self):
        y = LABELS[:, 0]
        def said(seed):
            return headroom.HeadroomRegressor(noise_level=1.0, random_state=seed).fit(
                X, y, ERROR).predict(X).tobytes()
        self.assertEqual(said(7), said(7))
        self.assertNotEqual(said(7), said(8))
        self.assertEqual(said(None), said(42))
        draws = [said(np.random.default_rng(3)), said(np.random.RandomState(3))]
        self.assertEqual(draws[0], said(np.random.default_rng(3)))
        self.assertEqual(draws[1], said(np.random.RandomState(3)))

    def test_alpha(self):
        y = LABELS[:, 0]

        def said(*experts, **parameters):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", headroom.HeadroomWarning)
                return headroom.HeadroomRegressor(*experts, **parameters).fit(X, y).predict(
                    X).tobytes()

        one = said({"ridge": {"alpha": [1e-4]}})
        for alpha in (1e-4, [1e-4], (1e-4,), np.float64(1e-4), np.array([1e-4])):
            self.assertEqual(said(alpha=alpha), one)
        self.assertEqual(said({"ridge": None}, alpha=1e-4), one)
        self.assertNotEqual(said(alpha=1e6), one)
        self.assertEqual(said(alpha="auto"), said())
        self.assertEqual(said(alpha=[1e-4, 1e6]), one)  # cross-validation chooses

    def test_clip(self):
        y, clipped = LABELS[:, 0], np.maximum(X - 0.95, 0)
        plain = headroom.HeadroomRegressor(alpha=1e-8)
        expected = plain.fit(clipped, y).predict(clipped)
        said = headroom.HeadroomRegressor(alpha=1e-8, clip=True).fit(X - np.float32(0.95), y)
        np.testing.assert_allclose(said.predict(clipped), expected, atol=0.05)
        self.assertGreater(np.abs(said.predict(X - np.float32(0.95)) - expected).max(), 0.1)

    def test_other_keys_of_a_study(self):
        regressor = headroom.HeadroomRegressor(settings={"ridge.alpha": [1e6], "data.clip": True})
        said = regressor.fit(X, LABELS[:, 0]).predict(X)
        np.testing.assert_allclose(said, LABELS[:, 0].mean(), atol=0.01)
        with self.assertRaisesRegex(headroom.ConfigError, "experts.rigde"):
            headroom.HeadroomRegressor({"rigde": {}}).fit(X, LABELS[:, 0])


class BadInput(unittest.TestCase):
    def refused(self, sentence, call, *values, **names):
        self.refused_as(headroom.UsageError, sentence, call, *values, **names)

    def refused_as(self, kind, sentence, call, *values, **names):
        with self.assertRaises(kind) as caught:
            call(*values, **names)
        self.assertIsInstance(caught.exception, ValueError)
        self.assertEqual(str(caught.exception), sentence)

    def test_models_from_elsewhere(self):
        for where, parameters in (
                ("experts['mine']['predictions']",
                 {"experts": {"ridge": {}, "mine": {"predictions": "/a/b.csv", "column": "a"}}}),
                ("experts['net']['onnx']", {"experts": {"net": {"onnx": "net.onnx"}}}),
                ("settings['mine.predictions']", {"settings": {"mine.predictions": "b.csv"}}),
                ("settings['experts']['net']['onnx']",
                 {"settings": {"experts": {"net": {"onnx": "net.onnx"}}}})):
            self.refused_as(headroom.ConfigError, f"{where} is of a model from elsewhere, which a "
                            "regressor cannot fit; compare it in a study, with headroom.run",
                            headroom.HeadroomRegressor(**parameters).fit, X, LABELS[:, 0])

    def test_sentences_speak_of_what_was_given(self):
        """Of X and y, and not of names and files that the user has never seen."""
        y = LABELS[:, 0]
        fitted = "is what fit has as X and y, of which all rows are in one bin; leave it out"
        beside = ("names labels beside y, and fit has none; give them as further columns of y, or "
                  "leave it out")
        for sentence, parameters in (
                (f"settings['data.target'] {fitted}", {"settings": {"data.target": "z"}}),
                (f"settings['data.train'] {fitted}", {"settings": {"data.train": ["a.h5"]}}),
                (f"settings['data']['test'] {fitted}", {"settings": {"data": {"test": "a.h5"}}}),
                (f"settings['binning.axes'] {fitted}", {"settings": {"binning.axes": {}}}),
                (f"experts['vit']['auxiliary'] {beside}",
                 {"experts": {"vit": {"auxiliary": ["foo"]}}}),
                (f"settings['vit.auxiliary'] {beside}",
                 {"experts": {"vit": {}}, "settings": {"vit.auxiliary": ["foo"]}})):
            self.refused_as(headroom.ConfigError, sentence,
                            headroom.HeadroomRegressor(**parameters).fit, X, y)
        self.refused_as(headroom.DataError, "the label y reaches 5e+18, beyond 1e+15; rescale the "
                        "column", headroom.HeadroomRegressor().fit, X,
                        np.where(np.arange(400) == 3, 5e18, y))
        far = np.where(np.arange(400) == 3, -9999, y)
        for given, name in ((far, "y"), (np.column_stack([y, far]), "y[:, 1]")):
            with self.assertWarns(headroom.HeadroomWarning) as caught:
                headroom.HeadroomRegressor().fit(X, given)
            self.assertIn(f"X: the label {name} is -9999 in 1 of 400 rows", str(caught.warning))
        # A key within what was given is no key of the study.
        said = headroom.HeadroomRegressor()._in_parameters
        self.assertEqual(said("configuration: data.clip is 2, in /data.clip/a.h5, data.clips"),
                         "clip is 2, in /data.clip/a.h5, data.clips")

    def test_arrays(self):
        regressor, y = headroom.HeadroomRegressor(), LABELS[:, 0]
        self.refused("This HeadroomRegressor instance is not fitted yet. Call 'fit' with "
                     "appropriate arguments before using this estimator.", regressor.predict, X)
        self.refused("Found input variables with inconsistent numbers of samples: [400, 3]",
                     regressor.fit, X, y[:3])
        self.refused("error has shape (400, 2), but X has (400, 30)", regressor.fit, X, y, X[:, :2])
        self.refused("noise_level is 1.0, in units of the error; give fit an error",
                     headroom.HeadroomRegressor(noise_level=1.0).fit, X, y)
        self.refused("wave has shape (3,), but X has 30 features; give one wavelength a feature",
                     headroom.HeadroomRegressor(wave=[1, 2, 3]).fit, X, y)
        self.refused("Input y contains NaN.", regressor.fit, X, np.where(y > 3, np.nan, y))
        self.refused("Input X contains infinity or a value too large for dtype('float32').",
                     regressor.fit, np.where(X > 0.98, np.float32(np.inf), X), y)
        self.refused("Found array with n_samples=1: a minimum of 2 is required by "
                     "HeadroomRegressor.", regressor.fit, X[:1], y[:1])
        self.refused("y should be a 1d array, or [N, T] for T targets, got an array of shape "
                     "(400, 1, 1) instead.", regressor.fit, X, y[:, None, None])
        with self.assertRaisesRegex(ValueError, "^X holds what is no number: could not convert"):
            regressor.fit(np.full((400, 2), "a"), y)
        self.refused("This HeadroomRegressor estimator requires y to be passed, but the target y "
                     "is None", regressor.fit, X, None)
        fitted = regressor.fit(X, y)
        self.refused("X has 3 features, but HeadroomRegressor is expecting 30 features as input.",
                     fitted.predict, X[:, :3])
        for count, sentence in ((2, "2 masked values; leave these rows out"),
                                (1, "1 masked value; leave this row out")):
            self.refused(f"y has {sentence}", regressor.fit, X,
                         np.ma.masked_array(y, np.arange(400) < count))
        np.testing.assert_array_equal(regressor.fit(X, np.ma.masked_array(y)).predict(X),
                                      fitted.predict(X))
        self.refused("error holds no value above 0; give one sigma of each pixel, or leave error "
                     "out where none is known", regressor.fit, X, y, np.where(ERROR > 0, 0, np.nan))

        class WithUnit(np.ndarray):
            unit = "nm"
        for name, call in (("X", lambda x: regressor.fit(x, y)), ("X", fitted.predict),
                           ("error", lambda error: regressor.fit(X, y, error)),
                           ("wave", lambda x: headroom.HeadroomRegressor(wave=x[0]).fit(X, y))):
            self.refused(f"{name} has the unit nm; give plain numbers: flux and error in one unit, "
                         "wave in angstrom (x.to_value(u.AA))", call, X.view(WithUnit))
        with self.assertRaisesRegex(headroom.DataError, "wavelengths are finite, above 0 and"):
            headroom.HeadroomRegressor(wave=np.arange(30)).fit(X, y)
        ragged = "is no array of numbers, as its rows differ in length or hold something else; give"
        self.refused(f"X {ragged} numbers [N, P]", regressor.fit, [[1, 2], [3]], [1, 2])
        self.refused(f"y {ragged} numbers [N], or [N, T]", regressor.fit, X[:2], [[1, 2], [3]])
        with self.assertRaisesRegex(TypeError, "^X holds what is no number: float.. argument"):
            regressor.fit(np.array([[{}, 1], [2, 3]], dtype=object), [1, 2])
        with self.assertRaisesRegex(TypeError, "Sparse data was passed for X"):
            class Sparse:
                tocsr = None
            fitted.predict(Sparse())

    def test_parameters(self):
        y = LABELS[:, 0]
        for sentence, parameters in (
                ("experts is 'ridge'; give a dict of methods and their settings, such as "
                 "{'ridge': {}}", {"experts": "ridge"}),
                ("alpha is 1, but experts has an alpha of ridge, too; give one of them",
                 {"experts": {"ridge": {"alpha": [2]}}, "alpha": 1}),
                ("alpha is 1, but experts has no ridge that takes it; leave it out",
                 {"experts": {"lightgbm": {}}, "alpha": 1}),
                ("alpha is no array of numbers, as its rows differ in length or hold something "
                 "else; give a penalty, a list of them, or 'auto'", {"alpha": [[1], [2, 3]]}),
                ("alpha has dtype <U1; give a penalty, a list of them, or 'auto'",
                 {"alpha": ["a"]}),
                ("noise_level is 'a'; give one number", {"noise_level": "a"}),
                ("folds is 2.5; give a whole number from 0 to 2^63 - 1", {"folds": 2.5}),
                ("memory_mib is None; give a whole number from 0 to 2^63 - 1",
                 {"memory_mib": None}),
                ("clip is 'no', but must be True or False", {"clip": "no"}),
                ("wave has dtype <U1; give one wavelength a pixel, [P]", {"wave": "a"}),
                ("random_state is 'x'; give a whole number from 0 to 2^63 - 1",
                 {"random_state": "x"}),
                ("settings is of type list; give a dict of keys with dots, such as "
                 "{'ridge.alpha': 100}", {"settings": ["ridge.alpha=1"]})):
            for labels in (y, np.ones(400)):  # where nothing is trained, too
                self.refused(sentence, headroom.HeadroomRegressor(**parameters).fit, X, labels)
        self.refused("random_state is 9007199254740992; give a whole number from 0 to 2^53 - 1",
                     headroom.HeadroomRegressor(random_state=2**53).fit, X, y)
        known = "ridge, ridge_marginal, posterior, lightgbm, cnn, vit, line_index"
        for sentence, parameters in (  # nobody has written a file that has lines
                ("alpha[0] is -1, but must be between 1e-12 and 1e+30", {"alpha": -1}),
                ("folds is 1, but must be between 2 and 64", {"folds": 1}),
                ("noise_level is -1, but must be at least 0", {"noise_level": -1}),
                ("memory_mib is 0, but must be between 1 and 1073741824", {"memory_mib": 0}),
                (f"the key 'experts.foo' is not known; the keys here are {known}",
                 {"experts": {"foo": {}}}),
                ("experts.ridge.alpha[0] is -1, but must be between 1e-12 and 1e+30",
                 {"experts": {"ridge": {"alpha": [-1]}}}),
                ("there are 2 problems: (1) folds is 1, but must be between 2 and 64; (2) alpha[1] "
                 "is -2, but must be between 1e-12 and 1e+30", {"alpha": [1, -2], "folds": 1}),
                ("there are 2 problems: (1) folds is 1, but must be between 2 and 64; (2) settings "
                 "1: experts.ridge.alpha is -1, but must be between 1e-12 and 1e+30",
                 {"folds": 1, "settings": {"ridge.alpha": -1}}),
                ("settings 1: experts.ridge.alpha is -1, but must be between 1e-12 and 1e+30",
                 {"settings": {"ridge.alpha": -1}})):
            regressor = headroom.HeadroomRegressor(**parameters)
            self.refused_as(headroom.ConfigError, sentence, regressor.fit, X, y, np.ones_like(X))
        self.refused_as(headroom.EmptyError, "no expert could be trained: posterior (without noise "
                        "there is no posterior; noise_level has to be above 0)",
                        headroom.HeadroomRegressor({"posterior": {}}).fit, X, y, np.ones_like(X))
        with self.assertRaisesRegex(headroom.ConfigError, "alpha.* is 'many', which is"):
            headroom.HeadroomRegressor(alpha="many").fit(X, y)
        with self.assertRaisesRegex(
                headroom.ConfigError, "the study does not fit into memory_mib: 1; it needs at "
                "least [0-9]+, or fewer bins or folds$"):
            headroom.HeadroomRegressor(memory_mib=1).fit(np.tile(X, (1, 60)), y)
        self.refused("return_std is 'yes', but must be True or False",
                     headroom.HeadroomRegressor().fit(X, y).predict, X, return_std="yes")

    def test_what_no_score_can_be_taken_by(self):
        y = LABELS[:, 0]
        one, both = (headroom.HeadroomRegressor().fit(X, given) for given in (y, LABELS))
        self.refused("y has 2 targets, but HeadroomRegressor was fitted with 1", one.score, X,
                     LABELS)
        self.refused("y has 1 target, but HeadroomRegressor was fitted with 2", both.score, X, y)
        self.assertEqual(one.score(X, y[:, None]), one.score(X, y))
        self.refused("sample_weight has shape (3,), but there are 400 rows; give one weight a row",
                     one.score, X, y, np.ones(3))
        for weights in (np.zeros(400), np.arange(400) - 1, np.where(y > 3, np.nan, 1),
                        np.where(y > 3, np.inf, 1)):
            self.refused("sample_weight holds what is no weight; give finite numbers, at least 0, "
                         "and one above 0", one.score, X, y, weights)
        half = np.arange(400) < 200
        self.assertAlmostEqual(one.score(X, y, half), one.score(X[half], y[half]), places=12)

    def test_nothing_that_can_be_trained(self):
        short = {"cnn": {"epochs": 1, "channels": [4], "lr": 1e-9, "bins": "all"}}
        with warnings.catch_warnings(), self.assertRaisesRegex(
                headroom.EmptyError, "^no expert could be trained: "):
            warnings.simplefilter("ignore", headroom.HeadroomWarning)
            headroom.HeadroomRegressor(short).fit(X, LABELS[:, 0])
        experts = {"lightgbm": {}}
        with self.assertRaisesRegex(headroom.EmptyError,
                                    r"^no expert could be trained: lightgbm \("):
            headroom.HeadroomRegressor(experts).fit(X[:4], LABELS[:4, 0])


@unittest.skipUnless("--sklearn" in sys.argv, "scikit-learn is not asked")
class InScikitLearn(unittest.TestCase):
    def test_all_of_its_checks(self):
        try:
            from sklearn.utils.estimator_checks import estimator_checks_generator as all_checks
        except ImportError:  # before 1.6
            from sklearn.utils.estimator_checks import check_estimator

            def all_checks(estimator):
                return check_estimator(estimator, generate_only=True)

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            checks = list(all_checks(headroom.HeadroomRegressor()))
            self.assertGreaterEqual(len(checks), 40)
            skipped, failed = [], []
            for estimator, check in checks:
                name = getattr(check, "func", check).__name__
                with self.subTest(name):
                    try:
                        check(estimator)
                    except unittest.SkipTest as reason:  # what is not installed
                        self.assertRegex(str(reason), "ARRAY_API|pandas|polars|pyarrow")
                        skipped.append(name)
                    except Exception:
                        failed.append(name)
                        raise
        self.check_told(len(checks), skipped, failed)

    def check_told(self, count, skipped, failed):
        """The table of python/README.md says which pass."""
        import sklearn

        version = ".".join(sklearn.__version__.split(".")[:2])
        passed = count - len(skipped) - len(failed)
        line = (f"| {version} | {count} | {passed} | "
                f"{', '.join(f'`{name}`' for name in skipped) or 'none'} | "
                f"{', '.join(f'`{name}`' for name in failed) or 'none'} |")
        page = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../python/README.md")
        with open(page, encoding="utf-8") as file:
            self.assertIn(line + "\n", file.read())

    def test_searches_pipelines_and_copies(self):
        from sklearn.base import clone, is_regressor
        from sklearn.model_selection import GridSearchCV, cross_val_score
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        regressor, y = headroom.HeadroomRegressor(), LABELS[:, 0]
        self.assertTrue(is_regressor(regressor))
        self.assertEqual(clone(regressor).get_params(), regressor.get_params())
        scores = cross_val_score(regressor, X, y, cv=3, n_jobs=2)
        self.assertTrue((scores > 0.5).all(), scores)
        fitted = regressor.fit(X, y)
        self.assertAlmostEqual(fitted.cv_r2_[0], cross_val_score(regressor, X, y, cv=5).mean(),
                               delta=0.05)
        search = GridSearchCV(regressor, {"experts": [{"ridge": {"alpha": [1e6]}},
                                                      {"ridge": {"alpha": [1e-3]}}]}, cv=3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", headroom.HeadroomWarning)
            search.fit(X, y)
        self.assertEqual(search.best_params_, {"experts": {"ridge": {"alpha": [1e-3]}}})
        alphas = {"headroomregressor__alpha": [1e6, 1e-3]}
        search = GridSearchCV(make_pipeline(StandardScaler(), regressor), alphas, cv=3)
        self.assertEqual(search.fit(X, y).best_params_, {"headroomregressor__alpha": 1e-3})
        self.assertEqual(clone(search.best_estimator_)[1].alpha, 1e-3)
        piped = make_pipeline(StandardScaler(), headroom.HeadroomRegressor()).fit(X, y)
        self.assertGreater(piped.score(X, y), 0.8)


class WithoutScikitLearn(unittest.TestCase):
    def test_it_is_told_of(self):
        self.assertTrue(set(headroom.__all__) <= set(dir(headroom)))

    def test_it_is_not_needed(self):
        bases = [base.__module__.split(".")[0] for base in headroom.HeadroomRegressor.__mro__]
        self.assertEqual("sklearn" in bases, HAS_SKLEARN)

    def test_it_is_not_imported_before_it_is_asked_for(self):
        code = "import headroom, sys; print('sklearn' in sys.modules)"
        said = subprocess.run([sys.executable, "-c", code], check=True, text=True,
                              capture_output=True).stdout
        self.assertEqual(said, "False\n")


# What may differ where scikit-learn is: its numbers are ours either way.
WITH_IT = ["InScikitLearn", "WithoutScikitLearn", "Parameters", "BadInput",
           "Fitting.test_a_copy_by_pickle_in_another_process"]

if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *(WITH_IT if "--sklearn" in sys.argv else [])])
