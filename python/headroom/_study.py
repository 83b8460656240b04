"""Studies: simulated spectra, running, results."""

from __future__ import annotations

import contextlib
import glob
import json
import operator
import os
import re
import sys
import time
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from headroom import _checks, _core, _errors, _model, _tables

if TYPE_CHECKING:
    from headroom import _sweep


class HeadroomWarning(UserWarning):
    """What a study says of its data or results that should not be overlooked.

    Attributes
    ----------
    run : Run or None
    sweep : Sweep or None
        Where warnings are made errors: the study, which is done all the same.
    """

    run: Run | None = None
    sweep: _sweep.Sweep | None = None


class _Bar:
    """Progress on one line of stderr, anew at most five times a second."""

    def __init__(self, stream=None):
        self.stream, self.prefix = stream or sys.stderr, ""
        self.drawn, self.stage, self.begun, self.width = 0.0, None, 0.0, 0

    def __call__(self, stage, unit, done, total, skipped, number_of_bytes):
        now = time.monotonic()
        if stage != self.stage:
            self.stage, self.begun = stage, now
        elif now - self.drawn < 0.2 and done != total:
            return
        self.drawn = now
        line = f"{stage}: {done} {unit}"
        if total:
            filled = int(20 * done / total)
            line = f"{stage} [{'#' * filled:<20}] {done} of {total} {unit}"
            fresh, left = done - skipped, total - done
            if fresh > 0 and left > 0:
                line += f", {(now - self.begun) * left / fresh:.0f} s left"
        line = self.prefix + line
        self.stream.write("\r" + line.ljust(self.width))
        self.width = len(line)
        self.stream.flush()

    def close(self):
        if self.width:
            self.stream.write("\r" + " " * self.width + "\r")
            self.stream.flush()


def _warn(is_warning, line):
    if is_warning:
        warnings.warn(line, HeadroomWarning, stacklevel=3)


class _Telling:
    """Issues the warnings of a study. Where they are made errors, the first is kept until
    the study is done, so that hours of work are not lost to a word about them."""

    def __init__(self, stacklevel=3, bar=None):
        self.first, self.stacklevel, self.bar = None, stacklevel, bar

    def __call__(self, is_warning, line):
        if not is_warning:
            if self.bar and line.startswith("point "):  # of a sweep
                self.bar.prefix = line.partition(":")[0] + ": "
            return
        try:
            warnings.warn(line, HeadroomWarning, stacklevel=self.stacklevel)
        except HeadroomWarning as warning:
            self.first = self.first or warning

    def raise_first(self, what, done):
        """`done` is the Run or Sweep, what is "run" or "sweep"."""
        if self.first:
            setattr(self.first, what, done)
            raise self.first


_MODES = {"new": 0, "resume": 1, "restart": 2, "replace": 3}


def run(config: dict | str | os.PathLike, out: str | os.PathLike | None = None, *,
        mode: str = "new", settings: dict[str, Any] | None = None,
        folder: str | os.PathLike | None = None, compat: str | None = None,
        progress: bool | Callable | None = True, preflight: bool = True) -> Run:
    """Runs a study and writes its report.

    Parameters
    ----------
    config : path or dict
        The YAML file, or what it would hold (docs/configuration.md).
    out : path, optional
        The run directory; ``runs/<experiment.id>``.
    mode : {"new", "resume", "restart", "replace"}
        What to do about an earlier run there: refuse an unfinished one, go on with it, throw
        it away, or throw away a finished run of another study, too.
    settings : dict, optional
        Over what the configuration says: ``{"ridge.alpha": 100}``.
    folder : path, optional
        Where relative paths of a dict begin; the current folder.
    compat : str, optional
        "users": experts and gates with the settings of earlier studies.
    progress : bool or callable
        A bar on stderr; or ``progress(stage, unit, done, total, skipped, bytes)``.
    preflight : bool
        Whether to refuse to begin where memory or disk seem too small.

    Returns
    -------
    Run

    Warnings of the study are issued as :class:`HeadroomWarning`; where these are made errors
    (``-W error``) the first is raised when the study is done, with the :class:`Run` as its
    ``run``. Ctrl-C stops the study after the block it is at; ``mode="resume"`` goes on. Memory
    stays within ``run.memory_mib``.

    Raises
    ------
    ConfigError, MissingError, FormatError, DataError, EmptyError
        What is wrong with configuration and files.
    UsageError
        The run directory holds something else, or is in use.
    """
    given = _given(config, out, {"mode": mode, "settings": settings, "folder": folder,
                                 "compat": compat, "preflight": preflight})
    _check_progress(progress)
    bar, telling = _Bar() if progress is True else None, _Telling()
    try:
        with _without_places(given):
            done = Run(_core.run(given, telling, bar or progress or None))
    finally:
        if bar:
            bar.close()
    telling.raise_first("run", done)
    return done


def _given(config, out, options):
    """What the C library is told of a study, of the arguments of `run`."""
    folder = options["folder"]
    given = {"path": None, "text": None, "folder": None,
             "compat": _checks.text_of(options["compat"], "compat"),
             "mode": _MODES[_checks.choice_of(options["mode"], "mode", _MODES)],
             "preflight": _checks.bool_of(options["preflight"], "preflight"),
             "report": True, "out": None if out is None else _checks.path_of(out, "out"),
             "settings": _settings_of(options["settings"])}
    if isinstance(config, dict):
        _refuse_contents(config)
        given["text"] = _yaml_of(config, "the configuration")
        given["folder"] = None if folder is None else _checks.path_of(folder, "folder")
    elif folder is not None:
        raise _errors.UsageError(f"folder is {folder!r}, but relative paths of a file begin where "
                                 "it lies; give folder with a dict alone")
    elif isinstance(config, (str, bytes, os.PathLike)):
        given["path"] = _checks.path_of(config, "config")
    else:
        raise _errors.UsageError(f"config is of type {type(config).__name__}; give a dict, or the "
                                 "path of a YAML file")
    return given


# A dict has no lines: the text that is made of it is one, and where in it a key stands is
# nobody's concern. The C library says it at the beginning, behind the point of a sweep, or of each
# of several problems.
_PLACE = re.compile(r"(^|: )configuration:1:[0-9]+: ")
_PLACES = re.compile(r"(\([0-9]+\) )1:[0-9]+: ")


def _without_lines(message):
    if message.startswith("configuration ") or ": configuration " in message:
        message = _PLACES.sub(r"\1", message)
    return _PLACE.sub(r"\1configuration: ", message)


@contextlib.contextmanager
def _without_places(given):
    """Around what reads a configuration; no function of its own, whose frame a warning would
    have to be told above."""
    try:
        yield
    except _errors.HeadroomError as failure:
        said = _without_lines(str(failure))
        if given["text"] is None or said == str(failure):
            raise
        raise _errors.of_status(failure.status, said) from None


# Keys that are files, whose content is likely to be given in their place, and how it becomes one.
_TABLE, _SPECTRA = "save it with numpy.save or to_csv", "write it with headroom.write_spectra"
_LABELS = "write it with to_csv"
_FILES = {"predictions": _TABLE, "validation": _TABLE, "labels": _LABELS, "train": _SPECTRA,
          "test": _SPECTRA, "onnx": "save the network as an ONNX file"}


# Files are named at the third level, and what holds itself has no end.
_DEEPEST = 8


def _refuse_contents(value, path="", depth=0):
    """An array or a table, or nothing, where a configuration names a file."""
    if depth > _DEEPEST:
        return
    key = path.rpartition(".")[2].partition("[")[0]
    if isinstance(value, dict):
        for name, item in value.items():
            _refuse_contents(item, f"{path}.{name}" if path else str(name), depth + 1)
    elif isinstance(value, (list, tuple)) and key in _FILES:
        for i, item in enumerate(value):
            _refuse_contents(item, f"{path}[{i}]", depth + 1)
    elif hasattr(value, "__array__") and np.ndim(value) and key in _FILES:
        remedy = _LABELS if path.startswith("data.labels") else _FILES[key]
        raise _errors.ConfigError(f"{path} is of type {type(value).__name__}, but names a file; "
                                  f"{remedy}, and give the path")
    elif value is None and key in ("predictions", "onnx"):
        raise _errors.ConfigError(f"{path} is None, but names a file; give its path, or leave the "
                                  "key out")


def _check_progress(progress):
    if not (progress is None or isinstance(progress, bool) or callable(progress)):
        raise _errors.UsageError(f"progress is {progress!r}; give True, False or a function")


def _yaml_of(value, name):
    """YAML of a configuration or a part of it: every JSON text is one."""
    try:
        text = json.dumps(value, default=_plain, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        if isinstance(error, _errors.HeadroomError):
            raise
        raise _errors.ConfigError(f"{name} cannot be written as YAML ({error}); give text, "
                                  "numbers, lists and dicts, whose keys are text") from None
    if not _checks.is_plain_text(text):
        raise _errors.ConfigError(f"{name} holds text that is not UTF-8; write it anew")
    return text


def _settings_of(settings):
    """["KEY=VALUE"] of a mapping, or of None."""
    if settings is None:
        return []
    if not isinstance(settings, dict):
        raise _errors.UsageError(f"settings is of type {type(settings).__name__}; give a dict of "
                                 "keys with dots, such as {'ridge.alpha': 100}")
    _refuse_contents(settings)
    for key in settings:
        _check_key(key, "settings")
    return [f"{key}={_yaml_of(value, f'settings[{key!r}]')}" for key, value in settings.items()]


def _check_key(key, whose):
    is_key = isinstance(key, str) and all(key.split(".")) and _checks.is_plain_text(key)
    if not is_key or "=" in key:
        raise _errors.ConfigError(f"{whose} has the key {key!r}; give keys with dots, such as "
                                  "{'ridge.alpha': 100}")


def _plain(value):
    """Paths and NumPy's numbers and arrays in a configuration."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    if isinstance(value, tuple):
        return list(value)
    raise _errors.ConfigError(
        f"the configuration holds {_checks.shown(value)}; give text, numbers, lists and dicts")


_CHOICES = {"dtype": ("f32", "f64"), "labels": ("uniform", "lattice"), "nodes": ("all", "half"),
            "noise_model": ("U", "A")}
_RANGES = ("teff", "logg", "mh", "mag", "seeing", "zenith_angle", "field_angle", "rv")
_NUMBERS = ("exposures", "exposure_time", "resolving_power", "fwhm", "error_scale", "mh_offset",
            "free_fraction")
_PATHS = ("instrument", "survey_file")


def simulate(folder: str | os.PathLike, train: int = 20000, test: int = 4000, *,
             shards: int = 5, seed: int = 1, progress: bool | Callable | None = False,
             overwrite: bool = False, **options: Any) -> str:
    """Simulated stars as PFS's medium-resolution arm, or another instrument, sees them.

    Parameters
    ----------
    folder : path
        Where ``train_0 ..``, ``test`` and ``study.yaml`` go.
    train, test : int
        Rows; 32 KiB of disk each.
    shards, seed : int
    progress : bool or callable
        As that of :func:`headroom.run`.
    overwrite : bool
        Whether an earlier simulation there may be replaced. What is none never is.
    **options
        ``teff`` (K), ``logg``, ``mh`` (dex), ``mag`` (AB), ``seeing`` (arcsec),
        ``zenith_angle``, ``field_angle`` (degrees), ``rv`` (km/s): (low, high) or one number;
        ``exposures``, ``exposure_time`` (s), ``resolving_power``, ``fwhm`` (angstrom),
        ``error_scale``, ``mh_offset`` (dex), ``free_fraction``; ``dtype`` "f32" or "f64",
        ``labels`` "uniform" or "lattice", ``nodes`` "all" or "half", ``noise_model`` "U" or
        "A"; ``instrument`` "pfs-mr", "desi-z", "sdss", "lamost-red", "gaia-rvs" or a YAML file
        (docs/simulate.md); ``survey_file`` a FITS file, whose pixels and errors are taken.

    Returns
    -------
    str
        The path of ``study.yaml``, which :func:`headroom.run` takes; of the folder, where
        there are no rows to train on or to test with and so no study.

    Raises
    ------
    UsageError
        Options that are wrong; spectra or a ``study.yaml`` are in the folder already.
    FileError
    """
    given = {name: _whole(name, value) for name, value in (
        ("train", train), ("test", test), ("shards", shards), ("seed", seed))}
    given["train_rows"], given["test_rows"] = given.pop("train"), given.pop("test")
    _check_progress(progress)
    overwrite = _checks.bool_of(overwrite, "overwrite")
    for name, value in options.items():
        if name in _CHOICES:
            given[name] = _CHOICES[name].index(_checks.choice_of(value, name, _CHOICES[name]))
        elif name in _RANGES:
            given[name] = _range(name, value)
        elif name in _PATHS:
            given[name] = _checks.path_of(value, name)
        elif name == "exposures":
            given[name] = _whole(name, value)
        elif name in _NUMBERS:
            given[name] = _number(name, value)
        else:
            raise _errors.UsageError(
                f"simulate has no option {name!r}; it has "
                f"{', '.join((*_CHOICES, *_RANGES, *_NUMBERS, *_PATHS))}")
    folder = _checks.path_of(folder, "folder")
    if not overwrite:
        _refuse_earlier(folder, ("train_*/dataset.h5", "test/dataset.h5", "study.yaml"))
    bar = _Bar() if progress is True else None
    try:
        _core.simulate(folder, given, bar or progress or None)
    finally:
        if bar:
            bar.close()
    study = os.path.join(folder, "study.yaml")
    return study if given["train_rows"] and given["test_rows"] else folder


def _refuse_earlier(folder, patterns):
    for pattern in patterns:
        for there in sorted(glob.glob(os.path.join(glob.escape(folder), pattern))):
            raise _errors.UsageError(
                f"{there} is there already; give another folder, or overwrite=True")


def _whole(name, value):
    try:
        number = operator.index(value)
    except TypeError:
        number = -1
    if not 0 <= number < 2**63:
        raise _errors.UsageError(f"{name} is {value!r}; give a whole number from 0 to 2^63 - 1")
    return number


def _number(name, value):
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise _errors.UsageError(f"{name} is {value!r}; give one number") from None


def _range(name, value):
    """[low, high] of a pair, or of one number."""
    try:
        ends = np.asarray(value)
        if ends.dtype.kind not in "fiu":
            raise TypeError
        return [float(end) for end in np.broadcast_to(ends, 2)]
    except (TypeError, ValueError, OverflowError):
        raise _errors.UsageError(
            f"{name} is {value!r}; give a number, or, of a range, (low, high)") from None


def _is_in(name, names):
    return isinstance(name, str) and name in names


def _no(whose, what, name, names):
    """The exception for a name that is none of the names."""
    there = ", ".join(names) or "none"
    return _errors.UsageError(f"{whose} has no {what} {name!r}; it has {there}")


class Figure:
    """A figure of a report; a notebook shows it. ``png``, ``svg``, ``pdf`` and ``csv`` (the
    numbers drawn) are its files."""

    png: str
    svg: str
    pdf: str
    csv: str

    def __init__(self, folder, name):
        self.name = name
        for suffix in ("png", "svg", "pdf", "csv"):
            setattr(self, suffix, os.path.join(folder, f"{name}.{suffix}"))

    def __repr__(self) -> str:
        return f"<headroom.Figure {self.svg}>"

    def _repr_svg_(self):
        return _read(self.svg).decode()

    def _repr_png_(self):
        return _read(self.png)


def _read(path):
    """The bytes of a file of a run that was there when it was opened."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        raise _errors.of_status("HR_ERR_MISSING", f"{path} is not there any more: the run was "
                                "moved or removed; open it anew") from None


def _names(folder, suffix):
    if not os.path.isdir(folder):
        return []
    return sorted(name[:-len(suffix)] for name in os.listdir(folder) if name.endswith(suffix))


class Run:
    """A finished study: its numbers, tables, predictions, figures and model.

    Nothing is handed out unless the ledger of the study balances and its files confirm one
    another. A notebook shows the report.

    Attributes
    ----------
    path : str
        The run directory.
    results : dict
        ``results.json``; an undefined number is None (docs/formats.md).
    """

    def __init__(self, path, model_path=None):
        # Files are opened as they are asked for, maybe from another current folder.
        self.path = os.path.abspath(_checks.path_of(path, "path"))
        # One model predicts all targets of a study.
        self._model_path = model_path or self.path
        self._state = self._look()
        _core.check_results(self.path)
        self.results = json.loads(_read(os.path.join(self.path, "results.json")))
        self._check()

    def __repr__(self) -> str:
        experiment = self.results["experiment"]
        return f"<headroom.Run {self.path}: {experiment['target']} of {experiment['id']}>"

    def __str__(self) -> str:
        return _core.report_text(self.path)

    def __reduce__(self):
        # A copy in another process opens the same directory, and checks it.
        return Run, (self.path, self._model_path)

    def _look(self):
        """What tells the two files of results from later ones of their names."""
        stats = []
        for name in ("results.json", "predictions.csv"):
            try:
                stat = os.stat(os.path.join(self.path, name))
                stats.append((stat.st_ino, stat.st_size, stat.st_mtime_ns))
            except OSError:
                stats.append(None)
        return stats

    def _check(self):
        """Refuses to hand out of one study what belongs to another."""
        state = self._look()
        if None in state:
            raise _errors.of_status("HR_ERR_MISSING", f"{self.path} has no results any more: the "
                                    "run was moved, removed or is run anew; open it anew")
        if state != self._state:
            raise _errors.UsageError(f"{self.path} holds other results than when it was opened; "
                                     "open it anew")

    def _folder(self, name):
        self._check()
        folder = os.path.join(self.path, name)
        if not os.path.isdir(folder):
            self.report()
        return folder

    def report(self) -> None:
        """Writes tables, figures, ``report.md`` and ``report.html`` anew."""
        _core.report(self.path, _warn)

    @property
    def targets(self) -> list[str]:
        """The labels that the study predicts, the first of them this run's own."""
        experiment = self.results["experiment"]
        return list(experiment.get("targets", [experiment["target"]]))

    def target(self, name: str) -> Run:
        """The run of another target of the same study."""
        if not _is_in(name, self.targets):
            raise _no("the study", "target", name, self.targets)
        if name == self.targets[0]:
            return self
        return Run(os.path.join(self.path, "targets", name), self._model_path)

    @property
    def table_names(self) -> list[str]:
        return _names(self._folder("tables"), ".csv")

    def table(self, name: str, as_frame: bool | None = None) -> Any:
        """A table of the report, as DataFrame or structured array."""
        if not _is_in(name, self.table_names):
            raise _no("the report", "table", name, self.table_names)
        return _tables.read_csv(_read(os.path.join(self._folder("tables"), f"{name}.csv")),
                                as_frame)

    def predictions(self, as_frame: bool | None = None) -> Any:
        """Truth and predictions of every test row, as DataFrame or structured array: the
        columns of ``predictions.csv`` (docs/formats.md), labels in the target's unit. Those of
        another target are ``run.target(name).predictions()``."""
        if isinstance(as_frame, str):
            raise _errors.UsageError(f"as_frame is {as_frame!r}, but must be None, True or False; "
                                     "predictions of another target are "
                                     "run.target(name).predictions()")
        self._check()
        return _tables.read_csv(_read(os.path.join(self.path, "predictions.csv")), as_frame)

    @property
    def figure_names(self) -> list[str]:
        return _names(self._folder("figures"), ".svg")

    def figure(self, name: str) -> Figure:
        """A figure of the report, which a notebook shows."""
        if not _is_in(name, self.figure_names):
            raise _no("the report", "figure", name, self.figure_names)
        return Figure(self._folder("figures"), name)

    def model(self, router: str | None = None, expert: str | None = None) -> _model.Model:
        """What the study trained, a :class:`Model` of all its targets."""
        return _model.open(self._model_path, router, expert)

    def _repr_html_(self):
        self._check()
        path = os.path.join(self.path, "report.html")
        if not os.path.exists(path):
            self.report()
        page = _read(path).decode()
        # A page of its own, so that its styles stay there.
        quoted = page.replace("&", "&amp;").replace('"', "&quot;")
        return f'<iframe srcdoc="{quoted}" width="100%" height="800"></iframe>'


class Comparison:
    """Runs held against one another, on the same stars. A notebook shows it.

    Attributes
    ----------
    results : dict
        Every number: R² of each run, and what it is over the first run's with its paired
        95 % interval, on the rows that all have (docs/formats.md, "Comparison").
    """

    # Named as the files that `save` writes: the key of a line, and its list in `results`.
    _lists = {"ladder": ("rung", "ladder"), "methods": ("method", "methods"),
              "bins": ("bin", "bins"), "snr": (None, "octiles")}

    def __init__(self, runs, target):
        self._given = (runs, target)
        self._text, self._markdown, told = _core.compare(runs, target, None)
        self.results = json.loads(told)

    def __repr__(self) -> str:
        return f"<headroom.Comparison of {len(self.results['runs'])} runs>"

    def __str__(self) -> str:
        return self._text

    def _repr_markdown_(self):
        return self._markdown

    def save(self, folder: str | os.PathLike, *, overwrite: bool = False) -> None:
        """Writes ``comparison.md``, ``comparison.json``, ``tables/`` and ``figures/``; over those
        of an earlier comparison where ``overwrite`` says so, else that is a UsageError."""
        runs, target = self._given
        folder = _checks.path_of(folder, "folder")
        if not _checks.bool_of(overwrite, "overwrite"):
            _refuse_earlier(folder, ("comparison.json", "comparison.md"))
        _core.compare(runs, target, folder)

    @property
    def table_names(self) -> list[str]:
        return list(self._lists)

    def table(self, name: str, as_frame: bool | None = None) -> Any:
        """A line a rung ("ladder"), method ("methods"), bin ("bins") or octile of the
        signal-to-noise ratio ("snr") and run: ``run`` (from 0), ``method``, ``n`` rows, ``r2``
        and ``delta_r2`` with ``_low`` and ``_high``; NaN where undefined."""
        if not _is_in(name, self._lists):
            raise _no("the comparison", "table", name, self._lists)
        (key, listed), lines = self._lists[name], []
        for line in self.results[listed]:
            first = {key: line[key]} if key else {end: line[end] for end in
                                                  ("snr_low", "snr_high")}
            for k, own in enumerate(line["runs"]):
                lines.append({**first, "rows": line["rows"], "n": line["n"], "run": k,
                              **({} if key == "method" else {"method": own["method"] or ""}),
                              **_estimate(own, "r2"), **_estimate(own, "delta_r2")})
        return _tables.table({column: np.array([line[column] for line in lines])
                              for column in (lines[0] if lines else ())}, as_frame)


def _estimate(own, key):
    values = {key: own[key], f"{key}_low": own[f"{key}_ci"][0],
              f"{key}_high": own[f"{key}_ci"][1]}
    return {name: np.nan if value is None else value for name, value in values.items()}


_MOST_RUNS = 16


def compare(*runs: Run | str | os.PathLike, target: str | None = None) -> Comparison:
    """Holds runs against the first of them, on the test stars that all have.

    Parameters
    ----------
    *runs : Run or path
        Two to sixteen. Rows are joined by the label that ``data.id`` names in every run,
        else by their numbers, and the truth has to be the same.
    target : str, optional
        Which label; the first run's first.

    Returns
    -------
    Comparison

    Raises
    ------
    UsageError, MissingError, LedgerError
    DataError
        Where the rows are not the same stars, or their truth differs.
    """
    if not 2 <= len(runs) <= _MOST_RUNS:
        raise _errors.UsageError(f"runs: 2 to {_MOST_RUNS} can be compared, not {len(runs)}; give "
                                 "the one that others are held against first")
    return Comparison([run.path if isinstance(run, Run) else _checks.path_of(run, "run")
                       for run in runs], _checks.text_of(target, "target"))
