"""Sweeps: one study at several values of one key."""

from __future__ import annotations

import base64
import html
import os
import re
from collections.abc import Callable, Iterable
from typing import Any

from headroom import _checks, _core, _errors, _study, _tables

_SUCH = "such as {'data.rows': [1000, 5000, 20000]}"

# Text that YAML takes for itself without quotes, so that a folder made here is called what the
# program calls it.
_WORD = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*")
_NO_WORDS = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")


def _value_of(value, name):
    """A value of the key, in YAML."""
    text = _study._yaml_of(value, name)
    word = text[1:-1]
    is_word = text[0] == '"' and _WORD.fullmatch(word) and word.lower() not in _NO_WORDS
    return word if is_word else text


def _swept(given):
    """The key and its values, of {key: values}."""
    if not isinstance(given, dict) or len(given) != 1:
        raise _errors.UsageError(f"set is {_checks.shown(given)}; give a dict of one key and its "
                                 f"values, {_SUCH}")
    (key, values), = given.items()
    _study._check_key(key, "set")
    if isinstance(values, (str, bytes, dict)) or not isinstance(values, Iterable):
        raise _errors.UsageError(f"set[{key!r}] is {_checks.shown(values)}; give a list of values, "
                                 f"{_SUCH}")
    values = list(values)
    for value in values:
        _study._refuse_contents({key: value})
    return key, [_value_of(value, f"set[{key!r}]") for value in values]


def _folder_of(key, value):
    """As the C library calls the folder of a point."""
    return f"{key}=" + re.sub(r"[\x00-\x1f/%]", lambda c: f"%{ord(c[0]):02X}", value)


def _key_of(path, values):
    """The key whose points are there with all values."""
    try:
        there = set(os.listdir(os.path.join(path, "points")))
    except OSError:
        there = set()
    keys = sorted({name.partition("=")[0] for name in there if "=" in name})
    keys = [key for key in keys if all(_folder_of(key, value) in there for value in values)]
    if not keys:
        raise _errors.of_status("HR_ERR_MISSING", f"{path} lacks points of its sweep.csv: they were "
                                "moved or removed; headroom.sweep(..., mode=\"resume\") makes them")
    if len(keys) > 1:
        raise _errors.UsageError(f"{path} has points of several keys, {', '.join(keys)}; say which "
                                 "with key=")
    return keys[0]


class Sweep:
    """A sweep that is done: a run for every value of its key, their table and figure. A notebook
    shows these.

    Parameters
    ----------
    path : path
        The folder of the sweep.
    key : str, optional
        Which key, where the folder has points of several.
    target : str, optional
        Which label; the study's first.

    Attributes
    ----------
    path, key : str
    values : list of str
        As ``headroom sweep --set`` takes them, in the order in which they were given.
    troubles : dict of str
        What went wrong at a value. A point that has no results is in ``troubles`` and not in
        ``runs``.
    """

    def __init__(self, path: str | os.PathLike, key: str | None = None,
                 target: str | None = None):
        self.path = os.path.abspath(_checks.path_of(path, "path"))
        self._target = _checks.text_of(target, "target")
        self._folder = self.path
        if target is not None:
            self._folder = os.path.join(self.path, "targets", target)
        try:
            self._csv = _study._read(os.path.join(self._folder, "sweep.csv"))
        except _errors.MissingError:
            raise _errors.of_status("HR_ERR_MISSING", f"{self._folder} has no sweep.csv: it is no "
                                    "sweep, or one that is not done; headroom.sweep(..., "
                                    "mode=\"resume\") goes on with it") from None
        lines = _tables.read_texts(self._csv)
        self.values = list(dict.fromkeys(line["value"] for line in lines))
        self.troubles = {line["value"]: line["trouble"] for line in lines if line["trouble"]}
        self._done = list(dict.fromkeys(line["value"] for line in lines if line["method"]))
        self._rungs = [line for line in lines if line["rung"]]
        self.key = _checks.text_of(key, "key") or _key_of(self.path, self.values)

    def __repr__(self) -> str:
        return f"<headroom.Sweep {self.path}: {self.key} of {', '.join(self.values)}>"

    def __str__(self) -> str:
        page = _study._read(os.path.join(self._folder, "sweep.md")).decode()
        return "".join(line for line in page.splitlines(True) if not line.startswith("!["))

    def __reduce__(self):
        return Sweep, (self.path, self.key, self._target)

    def _text_of(self, value):
        """The value as `values` has it: 1000 is "1000", and "1e3" too."""
        text = value if isinstance(value, str) else _value_of(value, "value")
        if text in self.values:
            return text
        try:
            number = float(text)
        except ValueError:
            return text
        return next((own for own in self.values if _is_number(own, number)), text)

    def run(self, value: Any) -> _study.Run:
        """The :class:`Run` at a value; UsageError where the sweep has no such value or its point
        no results."""
        text = self._text_of(value)
        if text not in self._done:
            if text in self.troubles:
                raise _errors.UsageError(f"{self.key}={text} has no results: {self.troubles[text]}")
            raise _study._no("the sweep", "value", value, self.values)
        done = _study.Run(os.path.join(self.path, "points", _folder_of(self.key, text)))
        return done if self._target is None else done.target(self._target)

    @property
    def runs(self) -> dict[str, _study.Run]:
        """The runs that have results, by their value, each opened anew."""
        return {value: self.run(value) for value in self._done}

    @property
    def targets(self) -> list[str]:
        """The labels that the study predicts; none where no point has results."""
        if not self._done:
            return []
        point = os.path.join(self.path, "points", _folder_of(self.key, self._done[0]))
        return _study.Run(point).targets

    def target(self, name: str) -> Sweep:
        """The sweep of another target of the same study."""
        targets = self.targets
        if not _study._is_in(name, targets):
            raise _study._no("the study", "target", name, targets)
        return Sweep(self.path, self.key, None if name == targets[0] else name)

    def table(self, as_frame: bool | None = None) -> Any:
        """``sweep.csv`` as DataFrame or structured array: a line a point and rung of the ladder,
        then a line a point and method: ``value``, ``n_train`` rows, ``rung``, ``method``,
        ``title``, ``rows``, ``n`` test rows, ``r2`` with the ends ``r2_low`` and ``r2_high`` of
        its 95 % interval, and ``trouble`` (docs/formats.md, "A sweep")."""
        return _tables.read_csv(self._csv, as_frame)

    @property
    def figure(self) -> _study.Figure:
        """R² with its interval against the value, a line a rung; MissingError where no point has
        anything to draw."""
        figure = _study.Figure(os.path.join(self._folder, "figures"), "sweep")
        if not os.path.exists(figure.svg):
            raise _errors.of_status("HR_ERR_MISSING", f"{figure.svg} is not there: no point has "
                                    "anything to draw, or the sweep was moved or is run anew")
        return figure

    def _repr_html_(self):
        rungs = list(dict.fromkeys(line["rung"] for line in self._rungs))
        cells = {(line["value"], line["rung"]): _cell_of(line) for line in self._rungs}
        heads = "".join(f"<th>{html.escape(word)}</th>" for word in (self.key, *rungs))
        rows = "".join("<tr><td>" + "</td><td>".join(
            html.escape(text) for text in
            (value, *(cells.get((value, rung), "") for rung in rungs))) + "</td></tr>"
            for value in self.values)
        page = f"<table><tr>{heads}</tr>{rows}</table>"
        for value, trouble in self.troubles.items():
            page += f"<p>{html.escape(f'{self.key}={value}: {trouble}')}</p>"
        if self._rungs:
            # An image, so that its names do not meet those of another one on the page.
            drawn = base64.b64encode(_study._read(self.figure.svg)).decode()
            page += f'<img alt="R²" src="data:image/svg+xml;base64,{drawn}">'
        return page


def _is_number(text, number):
    try:
        return float(text) == number
    except ValueError:
        return False


def _cell_of(line):
    """An R² with its interval as reports have it; a dash where it is undefined."""
    ends = [line[name] for name in ("r2", "r2_low", "r2_high")]
    if not ends[0]:
        return "–"
    r2, low, high = (f"{float(end):.4f}" if end else "–" for end in ends)
    return f"{r2} [{low}, {high}]"


def sweep(config: dict | str | os.PathLike, set: dict[str, Any],
          out: str | os.PathLike | None = None, *, mode: str = "new",
          settings: dict[str, Any] | None = None, folder: str | os.PathLike | None = None,
          compat: str | None = None, progress: bool | Callable | None = True,
          preflight: bool = True) -> Sweep:
    """Runs a study at several values of one key: a learning curve, a curve over noise.

    Parameters
    ----------
    config : path or dict
        The study, as that of :func:`headroom.run`.
    set : dict
        The key and its values, two or more: ``{"data.rows": [1000, 5000, 20000]}`` (training
        rows, fewer being some of more), ``{"noise.level": [0.5, 1, 2]}`` (in units of the
        files' one sigma). A value may be a list.
    out : path, optional
        The folder of the sweep; ``runs/<experiment.id>-<key>``. Every point is an ordinary run
        in ``points/KEY=VALUE`` there.
    mode : {"new", "resume", "restart", "replace"}
        As that of :func:`headroom.run`, of every point: "resume" goes on with a sweep, and adds
        points for further values.
    settings : dict, optional
        Of other keys one value, for all points.
    folder, compat, progress, preflight
        As those of :func:`headroom.run`.

    Returns
    -------
    Sweep

    All points are checked before the first is begun. One that fails takes no other with it. What
    goes wrong at a point is issued as :class:`HeadroomWarning`, an expert without a model, too.
    Ctrl-C stops the sweep after the block it is at; ``mode="resume"`` goes on.

    Raises
    ------
    ConfigError, MissingError, FormatError, DataError, EmptyError
        What is wrong with configuration and files.
    UsageError
        The values are fewer than two or not distinct; the folder holds something else, or a
        sweep over another key, or is in use.
    HeadroomError
        When all points are done: that of the first that failed, where one has no results. Its
        ``sweep`` is the :class:`Sweep`.
    """
    key, values = _swept(set)
    given = _study._given(config, out, {"mode": mode, "settings": settings, "folder": folder,
                                        "compat": compat, "preflight": preflight})
    _study._check_progress(progress)
    bar = _study._Bar() if progress is True else None
    telling = _study._Telling(bar=bar)
    try:
        with _study._without_places(given):
            path, status, message = _core.sweep(given, key, values, telling,
                                                bar or progress or None)
    finally:
        if bar:
            bar.close()
    done = Sweep(path, key)
    if len(done._done) < len(done.values):
        failure = _errors.of_status(status, message)
        failure.sweep = done
        raise failure
    telling.raise_first("sweep", done)
    return done
