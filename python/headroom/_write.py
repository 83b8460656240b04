"""Arrays in memory, written as the files that a study reads."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from headroom import _checks, _core, _errors, _model


def _columns(labels, rows):
    """(name, [N] fp64 or int64) of a mapping, a DataFrame or a structured array."""
    if labels is None:
        return []
    names = getattr(getattr(labels, "dtype", None), "names", None)
    if names is None and not hasattr(labels, "keys"):
        raise _errors.UsageError("labels have no names; give a dict, a DataFrame or a structured "
                                 "array")
    columns = []
    for name in names or labels.keys():
        if not _checks.is_plain_text(str(name)):
            raise _errors.UsageError(f"a label has the name {name!r}; names are of letters, digits "
                                     "and signs of ASCII, without a backslash")
        values = _checks.column_of(labels[name], f"labels[{name!r}]")
        if values.dtype.kind not in "fiub" or values.shape != (rows,):
            raise _errors.UsageError(
                f"labels[{name!r}] has shape {values.shape} and dtype {values.dtype}, but there "
                f"are {rows} spectra; give one number a spectrum")
        if values.dtype.kind == "u" and rows and int(values.max()) > np.iinfo(np.int64).max:
            raise _errors.UsageError(
                f"labels[{name!r}] goes up to {values.max()}; whole numbers end at 2^63 - 1")
        columns.append((str(name), values))
    return columns


def _as_stored(values):
    return np.ascontiguousarray(values, dtype=np.float64 if values.dtype.kind == "f" else np.int64)


def write_spectra(file: str | os.PathLike, flux: Any, error: Any = None, labels: Any = None, *,
                  wave: Any, noisy: Any = None, mask: Any = None,
                  overwrite: bool = False) -> str:
    """Writes spectra and labels as an HDF5 file that a study trains on or is tested with.

    Parameters
    ----------
    file : path
        It appears when it is whole.
    flux : array_like [N, P]
        In any unit, the same in all files of a study: without noise, which the study adds, or
        as observed, with ``data.noise.level: 0`` and ``data.clip: false`` (else the study sets
        what noise brings below 0 to 0). Plain numbers: what has a unit (astropy's Quantity) is
        refused. fp32 stays fp32, all else is stored in fp64. Memory maps are read 4,096 rows at
        a time.
    error : array_like [N, P], optional
        One sigma, in the unit of the flux. A pixel whose error is 0, negative or not finite is a
        bad one: it is written as it is, without a word, and a study, which fills it in, counts
        and tells it (docs/formats.md). Without this, or where none is above 0, errors are not
        known.
    labels : dict, DataFrame or structured array of numbers [N], optional
        By name, each in its unit: "T_eff" in K, "log_g" in dex. Whole numbers are kept to the
        last digit. A float that is masked or missing is written as NaN; whole numbers have no
        NaN, and are refused where some are masked or missing.
    wave : array_like [P]
        Wavelengths of the pixels, angstrom, above 0, increasing; the same in all files of a study.
    noisy : array_like [N, P], optional
        The flux with noise as it is to be predicted from; a study's test set has it, or
        ``data.noise.test: generated``.
    mask : array_like of bool [N, P], optional
        True: a bad pixel, as are those that NumPy's masked arrays mask. Its error becomes 0,
        or, without errors, its flux NaN.
    overwrite : bool
        Whether a file of that name may be replaced.

    Returns
    -------
    str
        The path of the file.

    Raises
    ------
    UsageError
        Arrays that do not go together; a file of that name.
    DataError
        Wavelengths that are not above 0 or do not increase.
    EmptyError
        There is no spectrum.
    FileError
    """
    path = _checks.path_of(file, "file")
    overwrite = _checks.bool_of(overwrite, "overwrite")
    wave = _checks.wavelengths_of(wave)
    rows = _model._Rows(flux, error, mask, len(wave), "wave")
    _checks.refuse_unit(noisy, "noisy")
    clean = None if noisy is None else _model._Rows(noisy, None, mask, len(wave), "wave",
                                                        name="noisy")
    if clean is not None and len(clean) != len(rows):
        raise _errors.UsageError(f"noisy has {len(clean)} row{'' if len(clean) == 1 else 's'}, "
                                 f"but flux has {len(rows)}")
    columns = _columns(labels, len(rows))
    dtype = rows.dtype if clean is None else max(rows.dtype, clean.dtype)
    writer = _core.Writer(path, {
        "rows": len(rows), "wave": wave.tolist(), "is_fp64": dtype == np.float64,
        "has_noisy": noisy is not None, "replace": overwrite,
        "labels": [name for name, _ in columns],
        "integers": [values.dtype.kind != "f" for _, values in columns]})
    noisy_blocks = iter(()) if clean is None else clean.blocks()
    try:
        for part, block_flux, block_error in rows.blocks():
            block_noisy = next(noisy_blocks, (None, None, None))[1]
            flux_error_noisy = [None if block is None else np.ascontiguousarray(block, dtype=dtype)
                                for block in (block_flux, block_error, block_noisy)]
            writer.append(part.stop - part.start, flux_error_noisy[0], flux_error_noisy[1],
                          flux_error_noisy[2],
                          [_as_stored(values[part]) for _, values in columns])
        writer.finish()
    finally:
        # Now, and not when the last look at a traceback has gone: what is unfinished is removed.
        writer.close()
    return path
