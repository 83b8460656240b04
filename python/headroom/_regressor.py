"""A regressor with scikit-learn's conventions, over arrays in memory. scikit-learn itself is
not needed: where it is installed, the class is one of its estimators."""

from __future__ import annotations

import json
import os
import re
import tempfile
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from headroom import _checks, _core, _errors, _model, _study, _write


class _Parameters:
    """What scikit-learn's BaseEstimator has, where that is not installed."""

    _parameters = ("experts", "alpha", "noise_level", "clip", "wave", "folds", "random_state",
                   "memory_mib", "settings")

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name, as they were given."""
        return {name: getattr(self, name) for name in self._parameters}

    def set_params(self, **parameters: Any) -> Any:
        """Sets parameters by name; returns self."""
        for name, value in parameters.items():
            if name not in self._parameters:
                raise _errors.UsageError(
                    f"Invalid parameter {name!r} for estimator {self!r}. Valid parameters "
                    f"are: {list(self._parameters)!r}.")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        usual = type(self)()
        given = (f"{name}={value!r}" for name, value in self.get_params().items()
                 if repr(value) != repr(getattr(usual, name)))
        return f"{type(self).__name__}({', '.join(given)})"


if TYPE_CHECKING:
    _Base = _Parameters
    _NotFitted = AttributeError
else:
    try:
        from sklearn.base import BaseEstimator, RegressorMixin
        from sklearn.exceptions import NotFittedError as _NotFitted

        class _Base(RegressorMixin, BaseEstimator):
            pass
    except ImportError:
        _Base, _NotFitted = _Parameters, AttributeError


class NotFittedError(_errors.UsageError, _NotFitted):
    """The regressor has not been fitted."""


# Words of warnings about what is ours: the one test row, what is judged by it, labels without
# units.
_OURS = ("test.h5", "Calibration in the report", "data.units")

# The one bin that all rows are in: a label of zeros between -1 and 1.
_BIN_LABEL = "all_rows"

_CHECKED_ROWS = 4096

# Parameters by the keys of the study that they are told as.
_KEYS = {"data.noise.level": "noise_level", "selection.folds": "folds",
         "data.noise.seed": "random_state", "selection.seed": "random_state",
         "data.clip": "clip"}


# Keys of `settings` that the arrays of `fit` stand for.
_FITTED = ("data.train", "data.test", "data.target", "data.labels", "data.columns", "data.root",
           "data.id", "data.units", "binning")


def _refuse_arrays(given, path, begin=""):
    """What names files and labels, of which a regressor has none but X and y."""
    for key, value in given.items():
        key_of_study, where = f"{begin}{key}", f"{path}[{key!r}]"
        if any(f"{key_of_study}.".startswith(f"{own}.") for own in _FITTED):
            raise _errors.ConfigError(f"{where} is what fit has as X and y, of which all rows are "
                                      "in one bin; leave it out")
        if isinstance(value, dict):
            _refuse_arrays(value, where, f"{key_of_study}.")


def _refuse_elsewhere(given, path):
    """Models from elsewhere: what has been trained is not fitted. Labels beside y."""
    for key, value in given.items():
        where = f"{path}[{key!r}]"
        name = key.rpartition(".")[2] if isinstance(key, str) else ""
        if name == "auxiliary" and value:
            raise _errors.ConfigError(f"{where} names labels beside y, and fit has none; give them "
                                      "as further columns of y, or leave it out")
        if name in ("predictions", "onnx"):
            raise _errors.ConfigError(f"{where} is of a model from elsewhere, which a regressor "
                                      "cannot fit; compare it in a study, with headroom.run")
        if isinstance(value, dict):
            _refuse_elsewhere(value, where)


def _as_array(array, name):
    """Numbers, as they are where they are numbers; in scikit-learn's words where not."""
    if hasattr(array, "tocsr") or hasattr(array, "tocoo"):
        raise TypeError(f"Sparse data was passed for {name}, but dense data is required. Use "
                        "'.toarray()' to convert to a dense numpy array.")
    if name != "y":
        _checks.refuse_unit(array, name)
    array = _checks.array_of(array, name, "numbers [N], or [N, T]" if name == "y" else
                             "one number a row" if name == "sample_weight" else "numbers [N, P]")
    if array.dtype.kind == "c":
        raise _errors.UsageError(f"Complex data not supported\n{array}\n")
    if array.dtype.kind not in "fiub":
        try:
            array = array.astype(np.float64)
        except ValueError as error:
            raise _errors.UsageError(f"{name} holds what is no number: {error}") from None
        except TypeError as error:  # as scikit-learn has it
            raise TypeError(f"{name} holds what is no number: {error}") from None
    return array


def _check_finite(array, name, allow_nan):
    if array.dtype.kind != "f":
        return
    for first in range(0, len(array), _CHECKED_ROWS):
        block = np.ma.getdata(array[first:first + _CHECKED_ROWS])
        if not allow_nan and np.isnan(block).any():
            raise _errors.UsageError(f"Input {name} contains NaN.")
        if np.isinf(block).any():
            raise _errors.UsageError(
                f"Input {name} contains infinity or a value too large for {array.dtype!r}.")


def _check_spectra(array, name="X"):
    array = _as_array(array, name)
    if array.ndim != 2:
        raise _errors.UsageError(
            f"Expected 2D array, got {array.ndim}D array instead:\narray={array}.\nReshape your "
            "data either using array.reshape(-1, 1) if your data has a single feature or "
            "array.reshape(1, -1) if it contains a single sample.")
    for size, what in ((array.shape[0], "sample"), (array.shape[1], "feature")):
        if size == 0:
            raise _errors.UsageError(f"Found array with 0 {what}(s) (shape={array.shape}) while a "
                                     "minimum of 1 is required.")
    _check_finite(array, name, allow_nan=True)
    return array


def _check_targets(y, rows):
    if y is None:
        raise _errors.UsageError("This HeadroomRegressor estimator requires y to be passed, but "
                                 "the target y is None")
    y = _as_array(y, "y")
    if np.ma.is_masked(y):
        masked = np.ma.count_masked(y)
        plural = "" if masked == 1 else "s"
        raise _errors.UsageError(f"y has {masked} masked value{plural}; leave " +
                                 ("this row out" if masked == 1 else "these rows out"))
    y = np.asarray(y, dtype=np.float64)
    if y.ndim not in (1, 2) or y.ndim == 2 and y.shape[1] == 0:
        raise _errors.UsageError(f"y should be a 1d array, or [N, T] for T targets, got an array "
                                 f"of shape {y.shape} instead.")
    if len(y) != rows:
        raise _errors.UsageError("Found input variables with inconsistent numbers of samples: "
                                 f"{[rows, len(y)]}")
    _check_finite(y, "y", allow_nan=False)
    return y


def _refuse_no_error(error):
    for first in range(0, len(error), _CHECKED_ROWS):
        block = error[first:first + _CHECKED_ROWS]
        good = np.ma.filled((block > 0) & np.isfinite(block), False)
        if np.any(good):
            return
    raise _errors.UsageError("error holds no value above 0; give one sigma of each pixel, or leave "
                             "error out where none is known")


def _names_of(X):
    """Names of columns, where all are text."""
    names = getattr(X, "columns", None)
    if names is None or not all(isinstance(name, str) for name in names):
        return None
    return np.array(list(names), dtype=object)


def _seed_of(random_state):
    if random_state is None:
        return 42
    for draw in ("randint", "integers"):  # RandomState, Generator
        if hasattr(random_state, draw):
            return int(getattr(random_state, draw)(0, 2**31 - 1))
    seed = _study._whole("random_state", random_state)
    if seed >= 2**53:
        raise _errors.UsageError(f"random_state is {random_state!r}; give a whole number from 0 to "
                                 "2^53 - 1")
    return seed


def _read_folder(folder):
    """The bytes of every file, by its path below."""
    files = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            with open(path, "rb") as file:
                files[os.path.relpath(path, folder)] = file.read()
    return files


def _opened_in(folder):
    """The model of a folder that is about to go: all of it is in memory once it is open."""
    model = _model.Model(folder, router="oracle")
    model._of_regressor = True
    return model


def _check_weights(weights, rows):
    if weights is None:
        return np.ones(rows)
    weights = np.asarray(_as_array(weights, "sample_weight"), dtype=np.float64)
    if weights.shape != (rows,):
        raise _errors.UsageError(f"sample_weight has shape {weights.shape}, but there are {rows} "
                                 "rows; give one weight a row")
    if not (np.all(np.isfinite(weights)) and np.all(weights >= 0) and np.any(weights > 0)):
        raise _errors.UsageError("sample_weight holds what is no weight; give finite numbers, at "
                                 "least 0, and one above 0")
    return weights


def _r2(y, predicted, weights):
    """R² of each target [T]; NaN of fewer than two rows."""
    if len(y) < 2:
        warnings.warn("R^2 score is not well-defined with less than two samples.",
                      stacklevel=3)
        return np.full(y.shape[1], np.nan)
    left = np.sum(weights[:, None] * (y - predicted) ** 2, axis=0)
    mean = np.average(y, axis=0, weights=weights)
    all_of_it = np.sum(weights[:, None] * (y - mean) ** 2, axis=0)
    # As scikit-learn has it: a constant is predicted perfectly, or not at all.
    return np.where(all_of_it > 0, 1 - left / np.where(all_of_it > 0, all_of_it, 1),
                    np.where(left > 0, 0.0, 1.0))


class HeadroomRegressor(_Base):
    """Headroom's experts as a regressor: labels of spectra from arrays in memory.

    One model of all rows, without bins and gates; what a mixture would gain is what a study
    (:func:`headroom.run`) tells. Where scikit-learn is installed this is one of its estimators,
    for its pipelines, searches and cross-validation.

    Parameters
    ----------
    experts : dict, optional
        Methods and their settings, as ``experts`` of a study (docs/configuration.md):
        ``{"ridge": {"alpha": [1, 100]}}``, ``ridge_marginal``, ``lightgbm``, ``cnn``,
        ``vit``, ``posterior``, ``line_index``. Of several, cross-validation chooses one for
        each target. Default: ``{"ridge": {}}``. ``posterior`` and ``ridge_marginal`` need ``error``
        and ``noise_level=1``.
    alpha : float, list of float, "auto" or None
        Ridge's penalties, of which cross-validation chooses one: on spectra as a study scales
        them (docs/numerics.md, "Penalties are those of x"), not scikit-learn's on X as given.
        None: what ``experts`` says, or "auto", a list that goes on where it has to.
    noise_level : float
        The noise that training adds to X, in units of ``error``. 0, the default: X is as it
        was observed, or clean, and is taken as it is (in a study, ``data.noise.level: 0``
        beside ``data.clip: false``).
    clip : bool
        Whether values of X below 0 become 0 in training, before noise is added, as studies
        have it; ``predict`` takes X as it is. X that was centred or scaled has to stay so.
    wave : array_like [P], optional
        Wavelengths of the columns, angstrom, above 0, increasing, which ``line_index`` takes.
        Default: they have none, and stand for 5000 to 9000 angstrom, evenly.
    folds : int
        The folds of cross-validation.
    random_state : int, RandomState, Generator or None
        The seed of folds, noise and whatever methods draw; None: 42.
    memory_mib : int
        The memory that training may use, in MiB. Bytes do not depend on it, nor on the number
        of threads.
    settings : dict, optional
        Any other key of a study, such as ``{"cnn.epochs": 20}``. Bins and gates are none of
        them: one model of all rows has no use for them.

    Attributes
    ----------
    n_features_in_ : int
    feature_names_in_ : ndarray of str [P]
        Only where X had names.
    n_outputs_ : int
        Targets, T.
    expert_ : list of str [T]
        The expert that predicts each target; "constant" where y was the same in all rows,
        which is then what is predicted, with a sigma of 0.
    cv_r2_ : ndarray [T]
        Its R² in cross-validation on the training rows; NaN where it has none.
    model_ : Model
        What was trained, for flags, half-widths of intervals and the like: of the targets that
        were not constant, "y", or of several "y[:, 0]" and so on.

    A NaN in X is a bad pixel: it gets the mean of that pixel over training rows. So does a value
    beyond 1e15 (in units of the study's scale, which is about five times the spread of X). A
    spectrum without a good pixel is predicted as NaN, and refused in training; infinite values
    are refused. Spectra are rounded to fp32, and X is scaled as one array of flux: columns of
    very different offsets or units need a ``StandardScaler`` first, as in a pipeline. Plain
    numbers: what has a unit (astropy's Quantity) is refused.

    A fitted regressor keeps its model in memory and can be pickled; training goes through a
    temporary folder, with room for X and error once.
    """

    def __init__(self, experts: dict[str, Any] | None = None, *, alpha: Any = None,
                 noise_level: float = 0.0, clip: bool = False, wave: Any = None, folds: int = 5,
                 random_state: Any = 42, memory_mib: int = 4096,
                 settings: dict[str, Any] | None = None) -> None:
        self.experts = experts
        self.alpha = alpha
        self.noise_level = noise_level
        self.clip = clip
        self.wave = wave
        self.folds = folds
        self.random_state = random_state
        self.memory_mib = memory_mib
        self.settings = settings

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.input_tags.allow_nan = True
        return tags

    def _more_tags(self):
        # What scikit-learn before 1.6 asks.
        return {"multioutput": True, "allow_nan": True}

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_files")

    # --- training ---

    def fit(self, X: Any, y: Any, error: Any = None) -> HeadroomRegressor:
        """Trains on spectra.

        Parameters
        ----------
        X : array_like [N, P]
            Flux, in any unit; NaN: a bad pixel.
        y : array_like [N] or [N, T]
            One label, or T of them, in their units; none may be masked or missing.
        error : array_like [N, P], optional
            One sigma of the flux, in its unit. A pixel whose error is not above 0 or not
            finite is a bad one; one has to be above 0. ``posterior``, ``ridge_marginal`` and a
            ``noise_level`` above 0 take it.

        Returns
        -------
        self

        Raises
        ------
        UsageError
            Arrays that do not go together; also a ValueError.
        ConfigError
            Parameters that are wrong.
        DataError, EmptyError, OutOfMemoryError, NumericError
        HeadroomWarning
            Where warnings are made errors: the first of them, once all is trained.
        """
        names = _names_of(X)
        spectra = _check_spectra(X)
        targets = _check_targets(y, len(spectra))
        if error is not None:
            error = self._check_error(error, spectra.shape)
            _refuse_no_error(error)
        elif _study._number("noise_level", self.noise_level):
            raise _errors.UsageError(
                f"noise_level is {self.noise_level!r}, in units of the error; give fit an error")
        if len(spectra) < 2:
            raise _errors.UsageError(
                f"Found array with n_samples={len(spectra)}: a minimum of 2 is required by "
                "HeadroomRegressor.")
        wave = self._grid(spectra.shape[1])
        by_target = targets.reshape(len(targets), -1)
        varies = np.any(by_target != by_target[0], axis=0)
        names_of_y = ["y" if targets.ndim == 1 else f"y[:, {t}]" for t in np.flatnonzero(varies)]
        given = self._given(names_of_y)
        telling = _study._Telling(stacklevel=5)  # where fit was called
        if names_of_y:
            with tempfile.TemporaryDirectory(prefix="headroom-") as folder:
                self._train(folder, spectra, by_target[:, varies], error, wave, given, telling)
        else:
            self._keep({}, None, [], [])
        self._constants = np.where(varies, np.nan, by_target[0])
        self.expert_ = self._of_all("constant", self._chosen[0])
        self.cv_r2_ = np.array(self._of_all(np.nan, self._chosen[1]), dtype=np.float64)
        self.n_features_in_ = spectra.shape[1]
        self.n_outputs_ = 1 if targets.ndim == 1 else targets.shape[1]
        self._is_flat = targets.ndim == 1
        if names is not None:
            self.feature_names_in_ = names
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        telling.raise_first("run", None)
        return self

    def _grid(self, pixels):
        if self.wave is None:
            return np.linspace(5000.0, 9000.0, pixels)
        wave = _checks.wavelengths_of(self.wave)
        if wave.shape != (pixels,):
            raise _errors.UsageError(f"wave has shape {wave.shape}, but X has {pixels} features; "
                                     "give one wavelength a feature")
        return wave

    @staticmethod
    def _check_error(error, shape):
        error = _as_array(error, "error")
        if error.shape != shape:
            raise _errors.UsageError(f"error has shape {error.shape}, but X has {shape}")
        return error

    def _of_all(self, constant, others):
        """Of all targets, of what is known of those that are not constant."""
        others = iter(others)
        return [next(others) if np.isnan(value) else constant for value in self._constants]

    def _methods(self):
        """The experts, with `alpha` where it belongs."""
        experts = {"ridge": {}} if self.experts is None else self.experts
        if not isinstance(experts, dict):
            raise _errors.UsageError(f"experts is {experts!r}; give a dict of methods and their "
                                     "settings, such as {'ridge': {}}")
        _refuse_elsewhere(experts, "experts")
        if self.alpha is None:
            return experts
        ridge = experts.get("ridge", 0)
        if not (ridge is None or isinstance(ridge, dict)) or "alpha" in (ridge or {}):
            raise _errors.UsageError(
                f"alpha is {self.alpha!r}, but experts has " +
                ("an alpha of ridge, too; give one of them" if isinstance(ridge, dict) else
                 "no ridge that takes it; leave it out"))
        alpha = self.alpha
        if not isinstance(alpha, str):
            alpha = _checks.floats_of(alpha, "alpha", "a penalty, a list of them, or 'auto'")
            alpha = np.atleast_1d(alpha).tolist()
        return {**experts, "ridge": {**(ridge or {}), "alpha": alpha}}

    def _given(self, names):
        """What the C library is told."""
        if isinstance(self.settings, dict):
            _refuse_elsewhere(self.settings, "settings")
            _refuse_arrays(self.settings, "settings")
        text = _study._yaml_of(self._configuration(names), "the configuration")
        return {"path": None, "compat": None, "mode": 0, "report": False, "preflight": True,
                "text": text, "settings": _study._settings_of(self.settings)}

    def _configuration(self, targets):
        seed = _seed_of(self.random_state)
        return {
            "experiment": {"id": "HeadroomRegressor"},
            # A study has to have a test set; its scores are of no interest here, as those of
            # cross-validation are told, so that all rows are trained on and one serves for it.
            "data": {"train": ["train.h5"], "test": "test.h5", "target": targets,
                     "clip": _checks.bool_of(self.clip, "clip"),
                     "allow": ["far_label", "rows_twice", "test_in_training"],
                     "noise": {"level": _study._number("noise_level", self.noise_level),
                               "test": "generated", "seed": seed}},
            "binning": {"axes": {_BIN_LABEL: [-1, 1]}, "at_risk_below": 0},
            "selection": {"folds": _study._whole("folds", self.folds), "seed": seed},
            "controls": {"placebo": False, "leakage": False},
            "experts": self._methods(),
            "run": {"model": "full",
                    "memory_mib": _study._whole("memory_mib", self.memory_mib)},
        }

    def _train(self, folder, spectra, targets, error, wave, given, telling):
        names = json.loads(given["text"])["data"]["target"]

        def readable(text):
            for ours, yours in ((os.path.join(folder, "train.h5"), "X"), (folder + os.sep, ""),
                                (folder, "the temporary folder"),
                                (", or name another one as data.target", ""),
                                ("run.memory_mib", "memory_mib"),
                                (", or try it all the same with preflight=False", ""),
                                ("with out=", "by the variable TMPDIR")):
                text = text.replace(ours, yours)
            return self._in_parameters(text)

        def tell(is_warning, line):
            telling(is_warning and not any(word in line for word in _OURS), readable(line))

        for name, rows in (("train.h5", slice(None)), ("test.h5", slice(0, 1))):
            labels = {label: targets[rows, t] for t, label in enumerate(names)}
            labels[_BIN_LABEL] = np.zeros(len(spectra[rows]))
            _write.write_spectra(os.path.join(folder, name), spectra[rows],
                                 None if error is None else error[rows], labels, wave=wave)
        try:
            with _study._without_places(given):
                run = _core.run({**given, "folder": folder, "out": os.path.join(folder, "run")},
                                tell, None)
            lost = _core.lost(run)
            self._take(os.path.join(run, "model"), len(names), lost and readable(lost), telling)
        except _errors.HeadroomError as failure:
            raise _errors.of_status(failure.status, readable(str(failure))) from None

    def _in_parameters(self, text):
        """A sentence about the configuration as one about what was given."""
        if text.startswith("configuration, "):
            return text.removeprefix("configuration, ")  # it names one of `settings`
        text = re.sub("^configuration(: | has| and the call have)",
                      lambda begin: "" if begin[1] == ": " else "there are", text)
        text = text.replace(", and a model from elsewhere needs predictions or onnx", "")
        keys = {**_KEYS, **({} if self.alpha is None else {"experts.ridge.alpha": "alpha"})}
        # Whole keys, and not what a path or a longer key has in it.
        known = "|".join(map(re.escape, keys))
        return re.sub(rf"(?<![\w./-])({known})(?![\w/-]|\.\w)", lambda key: keys[key[1]], text)

    def _take(self, folder, targets, lost, telling):
        # Without a model there is no such folder.
        files = _read_folder(folder)
        about = json.loads(files.get("model.json", '{"slots": []}'))
        slots = {slot.get("target", 0): slot["expert"] for slot in about["slots"]
                 if slot["slot"] == 0}
        if any(slots.get(t) is None for t in range(targets)):
            raise _errors.EmptyError(
                f"no expert could be trained: {lost or 'none is better than the mean of y'}")
        if lost:
            telling(True, f"trained without {lost}")
        chosen = [about["candidates"][slots[t]] for t in range(targets)]
        self._keep(files, _opened_in(folder), [candidate["method"] for candidate in chosen],
                   [np.nan if candidate.get("r2_cv") is None else candidate["r2_cv"]
                    for candidate in chosen])

    def _keep(self, files: dict[str, bytes], opened: _model.Model | None, experts: list[str],
              r2: list[float]) -> None:
        self._files, self._opened, self._chosen = files, opened, (experts, r2)

    # --- predicting ---

    def __getstate__(self) -> dict[str, Any]:
        # An open model stays with its process; the bytes that it is opened from go along.
        return {**self.__dict__, **({"_opened": None} if "_opened" in self.__dict__ else {})}

    @property
    def model_(self) -> _model.Model:
        """What was trained; ``predict`` asks it as ``model_.predict(X, error, slots=...)``
        with the slot 0 for every row."""
        self._check_fitted()
        if not self._files:
            raise _errors.UsageError("y was the same in all rows, so that nothing was trained; "
                                     "predict says it of all spectra")
        if self._opened is None:
            with tempfile.TemporaryDirectory(prefix="headroom-") as folder:
                for path, content in self._files.items():
                    path = os.path.join(folder, path)
                    os.makedirs(os.path.dirname(path), exist_ok=True)
                    with open(path, "wb") as file:
                        file.write(content)
                self._opened = _opened_in(folder)
        return self._opened

    def _check_fitted(self):
        if not self.__sklearn_is_fitted__():
            raise NotFittedError(
                "This HeadroomRegressor instance is not fitted yet. Call 'fit' with appropriate "
                "arguments before using this estimator.")

    def _check_names(self, X):
        told, known = _names_of(X), getattr(self, "feature_names_in_", None)
        if told is None and known is None:
            return
        if known is None:
            warnings.warn("X has feature names, but HeadroomRegressor was fitted without feature "
                          "names", UserWarning, stacklevel=4)
        elif told is None:
            warnings.warn("X does not have valid feature names, but HeadroomRegressor was fitted "
                          "with feature names", UserWarning, stacklevel=4)
        elif list(told) != list(known):
            raise _errors.UsageError(_names_differ(list(told), list(known)))

    def predict(self, X: Any, error: Any = None, return_std: bool = False) -> Any:
        """Labels of spectra.

        Parameters
        ----------
        X : array_like [N, P]
            Flux, in the unit of the training spectra; NaN: a bad pixel.
        error : array_like [N, P], optional
            One sigma of the flux; the sigma of a label is then that of spectra of this
            signal-to-noise ratio. ``posterior`` takes it.
        return_std : bool
            Whether to say one sigma, too.

        Returns
        -------
        ndarray [N] or [N, T], as y was; with ``return_std`` a pair (labels, sigma)
            NaN where nothing can be predicted, or a sigma is not known; ``model_`` says why.

        Raises
        ------
        NotFittedError
        UsageError
            Arrays of another shape; also a ValueError.
        """
        self._check_fitted()
        self._check_names(X)
        spectra = _check_spectra(X)
        if spectra.shape[1] != self.n_features_in_:
            raise _errors.UsageError(
                f"X has {spectra.shape[1]} features, but HeadroomRegressor is expecting "
                f"{self.n_features_in_} features as input.")
        if error is not None:
            error = self._check_error(error, spectra.shape)
        elif "posterior" in self.expert_:
            raise _errors.UsageError("posterior has to know the error of every spectrum; call "
                                     "predict(X, error)")
        return_std = _checks.bool_of(return_std, "return_std")
        said = [np.tile(constants, (len(spectra), 1))
                for constants in (self._constants, np.where(np.isnan(self._constants), np.nan, 0))]
        if self._files:
            table = self.model_.predict(spectra, error,
                                        slots=np.zeros(len(spectra), dtype=np.intc),
                                        as_frame=False)
            for t, target in zip(np.flatnonzero(np.isnan(self._constants)), self.model_.targets):
                for values, part in zip(said, ("mean", "sigma")):
                    values[:, t] = table[f"{target}_{part}"]
        if self._is_flat:
            said = [values[:, 0] for values in said]
        return tuple(said) if return_std else said[0]

    def score(self, X: Any, y: Any, sample_weight: Any = None, error: Any = None) -> float:
        """R² of the predictions, the mean over targets.

        ``X``, ``y`` and ``error`` as those of :meth:`fit`; ``sample_weight`` [N], at least 0.
        """
        predicted = self.predict(X, error)
        y = _check_targets(y, len(predicted))
        y, predicted = y.reshape(len(y), -1), predicted.reshape(len(predicted), -1)
        if y.shape != predicted.shape:
            plural = "" if y.shape[1] == 1 else "s"
            raise _errors.UsageError(f"y has {y.shape[1]} target{plural}, but "
                                     f"HeadroomRegressor was fitted with {predicted.shape[1]}")
        return float(np.mean(_r2(y, predicted, _check_weights(sample_weight, len(y)))))


def _names_differ(told: Sequence[str], known: Sequence[str]) -> str:
    """What scikit-learn says of columns that are not those of the training."""
    words = ["The feature names should match those that were passed during fit."]
    for what, names in (("Feature names unseen at fit time:", set(told) - set(known)),
                        ("Feature names seen at fit time, yet now missing:",
                         set(known) - set(told))):
        if names:
            words += [what, *(f"- {name}" for name in sorted(names)[:5])]
    if set(told) == set(known):
        words.append("Feature names must be in the same order as they were in fit.")
    return "\n".join(words) + "\n"
