"""Spectra out of files: those that a study reads, and those of surveys."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Sequence

import numpy as np

from headroom import _checks, _core, _errors
from headroom._study import HeadroomWarning, _warn

# What the C library has in place of a whole number that is too large for it, and where fp64
# begins to leave whole numbers out.
_TOO_LARGE, _EXACT = 2**63 - 1, 2**53


class Spectra:
    """Spectra of one or several files.

    Attributes
    ----------
    wave : ndarray [P], or [N, P] where the spectra of a survey have pixels of their own
        Wavelengths, angstrom; those of surveys in vacuum, NaN behind the end of a shorter one.
    flux, error, noisy : ndarray of float32 [N, P]
        As a study sees them: clipped at 0 where it clips; error is one sigma, or 0 everywhere
        where the files do not know it (predict without it then). ``noisy`` is the flux with the
        noise of the file, None where it has none. Of surveys: as the file has them, f_lambda,
        whatever is not finite left as it is; error is 0 where none can be used.
    mask : ndarray of bool [N, P], or None
        Of surveys: True where a pixel is bad, by the bits of the file's mask that count, by its
        error or its flux (docs/survey-files.md), and behind the end of a shorter spectrum.
    labels : dict of ndarray [N]
        Columns of numbers that every file has, in the unit of the file: int64 where all files
        have whole numbers or truth values (0 and 1), else float64. Unsigned numbers of 2^63 - 1
        and beyond are rounded to float64, with a :class:`HeadroomWarning`.
    ids : tuple of str
        Of surveys: the labels that say which object it is, "catId" and "objId" of PFS.
    unit : str or None
        Of surveys: what flux and error are in, "1e-17 erg/s/cm2/Angstrom", or "" for none.
    layout : tuple of str
        Of surveys: what each file was taken for, "pfsObject, pfsSingle of PFS".
    """

    def __init__(self, wave, flux, error, noisy, labels, *, mask=None, ids=(), unit=None,
                 layout=()):
        self.wave, self.flux, self.error = wave, flux, error
        self.noisy, self.labels, self.mask = noisy, labels, mask
        self.ids, self.unit, self.layout = tuple(ids), unit, tuple(layout)

    def __len__(self) -> int:
        return len(self.flux)

    def __repr__(self) -> str:
        return (f"<headroom.Spectra: {len(self)} of {self.flux.shape[1]} pixels, labels "
                f"{', '.join(self.labels) or 'none'}>")


def read_spectra(files: str | os.PathLike | Sequence[str | os.PathLike], *,
                 untrusted: bool = False, mask_bits: str | None = None) -> Spectra:
    """Reads all spectra and labels of files that ``headroom predict`` reads.

    Parameters
    ----------
    files : path or list of paths
        One table, whose rows run on from file to file: HDF5 files laid out as a study's, or FITS
        files of surveys, by PFS, DESI, SDSS, LAMOST or a plain table (docs/survey-files.md).
    untrusted : bool
        HDF5 files that may come from anywhere: a child process reads them first, within limits.
    mask_bits : str, optional
        Of surveys' files: which bits of their masks make a pixel bad, "BAD,CR,SAT" by the names
        of PFS, "18,22" by numbers, or "none"; without it those that docs/survey-files.md names.

    Returns
    -------
    Spectra

    Raises
    ------
    MissingError, FormatError, DataError, EmptyError, UsageError
    """
    if isinstance(files, (str, bytes, os.PathLike)):
        files = [files]
    elif not isinstance(files, Iterable):
        raise _errors.UsageError(f"files is {files!r}; give a path, or a list of paths")
    paths = [_checks.path_of(path, "files") for path in files]
    if not paths:
        raise _errors.UsageError("files is empty; give a path, or a list of paths")
    untrusted = _checks.bool_of(untrusted, "untrusted")
    mask_bits = _checks.text_of(mask_bits, "mask_bits", "bits as text, such as 'BAD,CR,SAT'")
    is_survey = [_core.is_survey_file(path) for path in paths]
    if not any(is_survey):
        if mask_bits is not None:
            raise _errors.UsageError("mask_bits chooses among the bits of surveys' masks, and "
                                     f"{paths[0]} is no file of a survey; leave it out")
        return _read_own(_core.Reader(paths, 0, untrusted, _warn))
    if untrusted:
        raise _errors.UsageError("untrusted is for HDF5 files, and "
                                 f"{paths[is_survey.index(True)]} is a FITS file; leave it out")
    if not all(is_survey):
        raise _errors.UsageError(
            f"{paths[is_survey.index(True)]} is a file of a survey and "
            f"{paths[is_survey.index(False)]} is none; read them in two calls")
    parts = []
    for path in paths:  # no comprehension: warnings count the frames up to the caller
        parts.append(_read_survey(path, mask_bits))
    return _joined(parts, paths)


def _read_own(reader):
    """Files laid out as a study's."""
    info = reader.info()
    rows, wave = info["rows"], np.array(info["wave"])
    shape = (rows, len(wave))
    flux, error = np.empty(shape, np.float32), np.empty(shape, np.float32)
    noisy = np.empty(shape, np.float32) if info["has_noisy"] else None
    at = 0
    while count := reader.next(at, rows, flux, error, noisy):
        at += count
    labels = {}
    for name in info["labels"]:
        labels[name] = _label(reader, name, rows)
    return Spectra(wave, flux, error, noisy, labels)


def _label(reader, name, rows):
    """A column as int64 where it is of whole numbers, else as float64."""
    whole = np.empty(rows, np.int64)
    try:
        if reader.label_whole(name, whole):
            return whole
    except _errors.DataError as reason:
        _warn_of_rounding(name, reason)
    values = np.empty(rows)
    reader.label(name, values)
    return values


def _warn_of_rounding(name, reason):
    warnings.warn(f"labels[{name!r}] is rounded to float64: {reason}", HeadroomWarning,
                  stacklevel=5)


# --- surveys ---


def _read_survey(path, mask_bits):
    """All of one file, of at least two pixels a spectrum."""
    file = _core.SurveyFile(path, mask_bits)
    info = file.info()
    rows, pixels = info["objects"], info["pixels"]
    shape = (rows, pixels)
    is_one = info["is_shared"] or rows == 1
    wave = np.full((1, pixels) if is_one else shape, np.nan)
    flux, error = np.full(shape, np.nan, np.float32), np.zeros(shape, np.float32)
    mask = np.ones(shape, np.bool_)
    for i in range(rows):
        file.read(i, wave[0 if is_one else i], flux[i], error[i],
                  mask[i].view(np.uint8))
    labels = {}
    for name in info["columns"]:
        labels[name] = _survey_label(file, name, rows, path)
    return Spectra(wave[0] if is_one else wave, flux, error, None, labels, mask=mask,
                   ids=info["ids"], layout=[info["layout"]],
                   unit="1e-17 erg/s/cm2/Angstrom" if info["is_calibrated"] else "")


def _survey_label(file, name, rows, path):
    """A column as int64 where it is of whole numbers without a gap, else as float64."""
    values, whole = np.empty(rows), np.empty(rows, np.int64)
    if not file.column(name, values, whole):
        return values
    gaps = np.isnan(values)
    if not gaps.any() and not (whole == _TOO_LARGE).any():
        return whole
    if ((whole > _EXACT) | (whole < -_EXACT))[~gaps].any():
        reason = ("some numbers are missing, which only floats can say" if gaps.any() else
                  "some are 2^63 - 1 or beyond")
        _warn_of_rounding(name, f"{path}: {reason}")
    return values


def _joined(parts, paths):
    """One table of several files; rows run on."""
    first = parts[0]
    if len(parts) == 1:
        return first
    for part, path in zip(parts, paths):
        if part.unit != first.unit:
            raise _errors.DataError(
                f"the flux of {paths[0]} is in {first.unit or 'no unit'} and that of {path} in "
                f"{part.unit or 'no unit'}; read them in two calls")
    pixels = max(part.flux.shape[1] for part in parts)
    is_one = all(np.array_equal(part.wave, first.wave) for part in parts) and first.wave.ndim == 1
    names = [name for name in first.labels if all(name in part.labels for part in parts)]
    return Spectra(
        first.wave if is_one else _stacked(
            [np.broadcast_to(part.wave, part.flux.shape) for part in parts], pixels, np.nan),
        _stacked([part.flux for part in parts], pixels, np.nan),
        _stacked([part.error for part in parts], pixels, 0), None,
        {name: np.concatenate([part.labels[name] for part in parts]) for name in names},
        mask=_stacked([part.mask for part in parts], pixels, True),
        ids=first.ids if all(part.ids == first.ids for part in parts) else (),
        unit=first.unit, layout=[part.layout[0] for part in parts])


def _stacked(arrays, pixels, padding):
    """[N, pixels] of several [n, p]."""
    out = np.full((sum(len(a) for a in arrays), pixels), padding, arrays[0].dtype)
    at = 0
    for array in arrays:
        out[at:at + len(array), :array.shape[1]] = array
        at += len(array)
    return out
