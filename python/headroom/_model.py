"""A model that a study trained: labels of new spectra, from arrays."""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy as np

from headroom import _checks, _core, _errors, _tables

# Rows that are predicted at a time, so that Ctrl-C is heard, and converted where an array is
# not as the C library takes it: a multiple of 128, so that the posterior's bytes are those of
# one call.
_BLOCK_ROWS = 4096

FLAGS = {word: (bit, meaning) for bit, word, meaning in _core.flags()}
"""What there is to know of a prediction before it is trusted: word -> (bit, meaning)."""

_FLAGS_ARE = "the flags of one prediction, or a column or table of them"

_PARTS = ("mean", "sigma", "half68", "half95", "gap")
_SINGLE = {"slot": np.intc, "snr": np.double, "masked_fraction": np.double, "chi2": np.double,
           "effective": np.double, "flags": np.uintc}


def flag_words(flags: Any) -> list:
    """The flags of one prediction in words: 5 -> ["bad_spectrum", "outside_bins"]; of a table
    that :meth:`Model.predict` gave, or of its column, such a list for every row.

    The column is ``table["flags"]``: ``table.flags`` is pandas' own, and says something else.
    """
    by_name = hasattr(flags, "columns") or getattr(getattr(flags, "dtype", None), "names", None)
    if by_name:
        if "flags" not in (flags.dtype.names if hasattr(flags, "dtype") else flags.columns):
            raise _errors.UsageError("flags is a table without a column 'flags'; give what "
                                     "Model.predict gave")
        flags = flags["flags"]
    array = _checks.array_of(flags, "flags", _FLAGS_ARE)
    if array.dtype.kind not in "iu" and array.size or array.ndim > 1:
        raise _errors.UsageError(f"flags has shape {array.shape} and dtype {array.dtype}; give "
                                 f"{_FLAGS_ARE}")
    if array.ndim > 0:
        return [flag_words(one) for one in array.tolist()]
    return [word for word, (bit, _) in FLAGS.items() if int(flags) & bit]


def _two_dimensional(array, name, may_be_one=True):
    _checks.refuse_unit(array, name)
    array = _checks.array_of(array, name, "numbers [N, P], a row a spectrum")
    if array.ndim == 1 and may_be_one:
        array = array[np.newaxis]
    if array.ndim != 2 or array.dtype.kind not in "fiub":
        raise _errors.UsageError(
            f"{name} has shape {array.shape} and dtype {array.dtype}; give numbers [N, P], "
            "a row a spectrum")
    return array


def _is_taken_as_it_is(array, dtype):
    # A row that is broadcast has a stride of 0, which to the library means no gaps.
    return (array.dtype == dtype and array.dtype.isnative
            and (array.strides[0] > 0 or len(array) < 2)
            and (array.strides[1] == array.itemsize or array.shape[1] == 1)
            and array.flags.aligned)


class _Rows:
    """Flux, error and mask as the C library takes them, some rows at a time."""

    def __init__(self, flux, error, mask, pixels, grid="model.wave", *, name="flux"):
        of_model = grid == "model.wave"
        self.flux = _two_dimensional(flux, name, of_model)
        self.error = None if error is None else _two_dimensional(error, "error", of_model)
        mask = None if mask is None else _two_dimensional(mask, "mask", of_model)
        for name, array in ((name, self.flux), ("error", self.error), ("mask", mask)):
            if array is not None and array.shape != (len(self.flux), pixels):
                whose = "this model" if of_model else "this file"
                raise _errors.UsageError(
                    f"{name} has shape {array.shape}, but spectra of {whose} are "
                    f"[{len(self.flux)}, {pixels}]; bring them to its grid, {grid}")
        # Masked where any of them says so.
        self.masks = [np.ma.getmaskarray(a) for a in (self.flux, self.error)
                      if isinstance(a, np.ma.MaskedArray)] + ([] if mask is None else [mask])
        self.flux = np.ma.getdata(self.flux, subok=True)
        self.error = None if self.error is None else np.ma.getdata(self.error, subok=True)
        arrays = [a for a in (self.flux, self.error) if a is not None]
        # Single precision stays what it is; all else has room in double.
        single = all(a.dtype.kind == "f" and a.itemsize <= 4 for a in arrays)
        self.dtype = np.dtype(np.float32 if single else np.float64)
        self.is_taken = not self.masks and all(_is_taken_as_it_is(a, self.dtype)
                                               for a in arrays)

    def __len__(self):
        return len(self.flux)

    def blocks(self):
        """(rows, flux, error), in order; at least one."""
        for first in range(0, max(len(self), 1), _BLOCK_ROWS):
            rows = slice(first, min(first + _BLOCK_ROWS, len(self)))
            yield rows, *self._block(rows)

    def _block(self, rows):
        if self.is_taken:
            return self.flux[rows], None if self.error is None else self.error[rows]
        flux = np.array(self.flux[rows], dtype=self.dtype, order="C")
        error = None
        if self.error is not None:
            error = np.array(self.error[rows], dtype=self.dtype, order="C")
        for mask in self.masks:
            # What a masked pixel is to the library: no error, or, without errors, no flux.
            masked = np.asarray(mask[rows]) != 0
            if error is not None:
                error[masked] = 0
            else:
                flux[masked] = np.nan
        return flux, error


def _check_names(router, expert):
    _checks.text_of(router, "router")
    _checks.text_of(expert, "expert")


def _warn_of_labels(router):
    from headroom import _study  # which has models itself

    whose = "the router" + (f" {router!r}" if router else "")
    warnings.warn(f"labels are given, but {whose} does not look at them; ask for router='oracle' "
                  "or 'nearest', or leave labels out", _study.HeadroomWarning, stacklevel=3)


class Model:
    """What a study trained, opened once: give it spectra, get labels.

    Open with :func:`headroom.open`. Any number of threads may predict with one model.

    Attributes
    ----------
    path : str
    study : str
        The study's id.
    wave : ndarray [P]
        Wavelengths of the pixels, angstrom.
    targets, units : tuple of str [T]
        What is predicted, and in what unit.
    train_range : ndarray [T, 2]
        Range of the training labels, in the unit.
    snr_range : tuple of float
        Range of the training spectra's signal-to-noise ratio; NaN: not known.
    bins : tuple of str [K]
        Names of the bins; slot -1 is the model of all rows.
    axes : tuple of str
        Labels that the bins stand on.
    """

    def __init__(self, path: str | os.PathLike, router: str | None = None,
                 expert: str | None = None) -> None:
        # Models are opened as they are asked for, maybe from another current folder.
        self.path = os.path.abspath(_checks.path_of(path, "path"))
        self._of_regressor = False
        _check_names(router, expert)
        self.router, self.expert = router, expert
        self._open = {(router, expert): _core.Predictor(self.path, router, expert)}
        info = self._info = self._open[router, expert].info()
        self.study = info["study"]
        self.wave = np.array(info["wave"])
        self.targets, self.units = tuple(info["targets"]), tuple(info["units"])
        self.train_range = np.column_stack([info["train_minimum"], info["train_maximum"]])
        self.snr_range = (info["snr_minimum"], info["snr_maximum"])
        self.bins, self.axes = tuple(info["bins"]), tuple(info["axes"])

    def __repr__(self) -> str:
        return (f"<headroom.Model of {self.study}: {', '.join(self.targets)} from "
                f"{len(self.wave)} pixels, {self.wave[0]:.1f} to {self.wave[-1]:.1f} angstrom, "
                f"{len(self.bins)} bins>")

    def __reduce__(self):
        # A copy in another process opens the same folder.
        if self._of_regressor:
            raise _errors.UsageError("the model of a HeadroomRegressor has no folder of its own; "
                                     "pickle the regressor, which has it in itself")
        return open, (self.path, self.router, self.expert)

    def _predictor(self, router, expert):
        _check_names(router, expert)
        key = (router or self.router, expert or self.expert)
        if key not in self._open:
            if self._of_regressor:
                raise _errors.UsageError(
                    f"the model of a HeadroomRegressor has the router {self.router!r} alone, and "
                    "in each bin the expert that was chosen; leave router and expert out")
            predictor = _core.Predictor(self.path, *key)
            info = predictor.info()
            if any(info[name] != self._info[name]
                   for name in ("study", "targets", "bins", "axes", "wave", "train_minimum")):
                raise _errors.UsageError(
                    f"{self.path} holds another model than when it was opened; open it anew")
            self._open[key] = predictor
        return self._open[key]

    def _labels(self, labels, rows):
        """[axes, N] in fp64, from a mapping or a table by name, or an array [N, axes]."""
        if labels is None:
            return None
        by_name = hasattr(labels, "keys") or getattr(getattr(labels, "dtype", None), "names", None)
        if not by_name:
            labels = _checks.floats_of(labels, "labels", f"numbers [N, {len(self.axes)}], of "
                                       f"{', '.join(self.axes)}, or a mapping by name")
            if labels.shape != (rows, len(self.axes)):
                raise _errors.UsageError(
                    f"labels have shape {labels.shape}, but there are {rows} spectra, and the "
                    f"bins stand on {', '.join(self.axes)}; give [{rows}, {len(self.axes)}]")
            return np.ascontiguousarray(labels.T)
        columns = []
        for axis in self.axes:
            try:
                column = labels[axis]
            except (KeyError, ValueError, IndexError):
                raise _errors.UsageError(
                    f"labels have no column '{axis}', which the bins stand on; give "
                    f"{', '.join(self.axes)}") from None
            columns.append(_checks.floats_of(column, f"labels['{axis}']",
                                             "one number a spectrum"))
            if columns[-1].shape != (rows,):
                raise _errors.UsageError(
                    f"labels['{axis}'] has shape {columns[-1].shape}, but there are {rows} "
                    "spectra; give one number a spectrum")
        return np.array(columns)

    def _slots(self, slots, rows, predictor):
        if slots is None:
            return None
        if not predictor.info()["needs_labels"]:
            raise _errors.UsageError("slots are given, but the router does not look at them; "
                                     "ask for router='oracle'")
        what = "the number of a bin for each, -1 for the model of all rows"
        given = _checks.floats_of(slots, "slots", what)
        is_whole = np.all((given >= -2**31) & (given < 2**31) & (given == np.floor(given)))
        if given.shape != (rows,) or not is_whole:
            raise _errors.UsageError(
                f"slots have shape {given.shape} and dtype {np.asarray(slots).dtype}, but there "
                f"are {rows} spectra; give {what}")
        return np.ascontiguousarray(given, dtype=np.intc)

    def predict(self, flux: Any, error: Any = None, mask: Any = None, labels: Any = None, *,
                slots: Any = None, router: str | None = None, expert: str | None = None,
                as_frame: bool | None = None) -> Any:
        """Labels of spectra.

        Parameters
        ----------
        flux : array_like [N, P] or [P]
            As observed, in the unit of the training spectra, on the grid ``wave``. fp32 and
            fp64 of this machine's byte order are taken as they lie, memory maps and
            read-only arrays too; all else is converted 4,096 rows at a time.
        error : array_like [N, P], optional
            One sigma, in the unit of the flux. A pixel whose error is not above 0 or not
            finite is masked.
        mask : array_like of bool [N, P], optional
            True: the pixel is not to be used. Pixels that NumPy's masked arrays mask in
            ``flux`` or ``error`` are not used either.
        labels : mapping, DataFrame, structured array or array [N, axes], optional
            The labels that the bins stand on, for the routers "oracle" and "nearest"; with
            others a :class:`HeadroomWarning` says that they are not looked at.
        slots : array_like of int [N], optional
            The bin of each spectrum in place of labels, for the same routers; -1: the model
            of all rows.
        router : str, optional
            "global", "gate", "gate_<name>", "oracle", "nearest"; the model's own, else the
            study's gate where it has one, else "global".
        expert : str, optional
            The method whose models predict, such as "ridge"; in each bin what validation
            chose.
        as_frame : bool, optional
            A DataFrame, or a structured array; a DataFrame where pandas is there.

        Returns
        -------
        DataFrame or structured array, a row a spectrum
            For each target ``<target>_mean``, ``_sigma`` (one sigma), ``_half68`` and
            ``_half95`` (half-widths of intervals of 68.27 and 95.45 %) and ``_gap`` (how far
            the mean is outside the training labels), in the target's unit; ``slot``,
            ``snr``, ``masked_fraction``, ``chi2`` and ``effective`` (of templates) and
            ``flags`` (see :data:`headroom.FLAGS` and :func:`headroom.flag_words`; as
            ``table["flags"]``, since ``table.flags`` is pandas' own). What is not known is
            NaN. The columns
            of ``headroom predict``, to the last bit. A spectrum's numbers do not depend on
            the others but with the posterior mean, which compares 128 rows at a time: its
            mean may change by 1e-6 of the target with the row's neighbours.

        Spectra are predicted 4,096 at a time, and Ctrl-C is heard in between.

        Raises
        ------
        UsageError
            Arrays of another shape; labels or errors that are needed are missing; slots that
            the router does not look at.
        """
        as_frame = _tables.wants_frame(as_frame)
        predictor = self._predictor(router, expert)
        rows = _Rows(flux, error, mask, len(self.wave))
        if labels is not None and not predictor.info()["needs_labels"]:
            _warn_of_labels(router or self.router)
        labels = self._labels(labels, len(rows))
        slots = self._slots(slots, len(rows), predictor)
        out: dict[str, np.ndarray] = {
            name: np.empty((len(rows), len(self.targets))) for name in _PARTS}
        out.update((name, np.empty(len(rows), dtype=dtype)) for name, dtype in _SINGLE.items())
        for part, block_flux, block_error in rows.blocks():
            predictor.predict(
                part.stop - part.start, block_flux, block_error,
                None if labels is None else np.ascontiguousarray(labels[:, part]),
                None if slots is None else slots[part],
                {name: values[part] for name, values in out.items()})
        columns = {f"{target}_{name}": out[name][:, t]
                   for t, target in enumerate(self.targets) for name in _PARTS}
        columns.update((name, out[name]) for name in _SINGLE)
        return _tables.table(columns, as_frame)


def open(path: str | os.PathLike, router: str | None = None,
         expert: str | None = None) -> Model:
    """Opens what a study trained: a run directory, or its folder ``model``.

    Every file of it is checked. ``router`` and ``expert`` are those that
    :meth:`Model.predict` takes where it is told no others. Returns a :class:`Model`.

    Raises
    ------
    MissingError
        There is no model, or an incomplete one.
    FormatError
        It is damaged, or of a version that this package does not read.
    UsageError
        No such router or expert.
    """
    return Model(path, router, expert)
