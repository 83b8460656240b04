"""What is asked of paths, names and arrays before the C library has them."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from headroom import _errors

# Whole numbers beyond this lose digits in fp64.
_EXACT = 2**53


def shown(value: Any) -> str:
    """What was given, not more than a line of it."""
    text, kind = repr(value), f"of type {type(value).__name__}"
    return f"{' '.join(text.split())} {kind}" if len(text) <= 60 else f"something {kind}"


def text_of(value: Any, name: str, what: str = "its name as text") -> str | None:
    """A name, or None, which stays what it is."""
    if value is not None and not (isinstance(value, str) and is_plain_text(value)):
        raise _errors.UsageError(f"{name} is {value!r}; give {what}")
    return value


def choice_of(value: Any, name: str, choices: Any) -> Any:
    """One of some words."""
    if not isinstance(value, str) or value not in choices:
        raise _errors.UsageError(f"{name} is {value!r}, but must be one of {', '.join(choices)}")
    return value


def bool_of(value: Any, name: str) -> bool:
    """Yes or no, of Python or NumPy: a text that says so is none."""
    if not isinstance(value, (bool, np.bool_)):
        raise _errors.UsageError(f"{name} is {value!r}, but must be True or False")
    return bool(value)


def array_of(values: Any, name: str, what: str) -> np.ndarray:
    """An array, of whatever it holds; `what` it should hold is told where it is none."""
    try:
        # np.asanyarray keeps a memory map what it is: nothing is read yet.
        return np.asanyarray(with_masks_of_numpy(values))
    except (TypeError, ValueError, OverflowError):
        raise _errors.UsageError(f"{name} is no array of numbers, as its rows differ in length or "
                                 f"hold something else; give {what}") from None


def floats_of(values: Any, name: str, what: str) -> np.ndarray:
    """Numbers in fp64, of any shape: NaN where they are masked or missing."""
    values = with_masks_of_numpy(values)
    dtype: Any = getattr(values, "dtype", None)
    if hasattr(dtype, "na_value") and dtype.kind in "iubf":
        return values.to_numpy(dtype=np.float64, na_value=np.nan)
    array = array_of(values, name, what)
    try:
        if array.dtype.kind not in "fiubO":
            raise TypeError
        array = array.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        raise _errors.UsageError(f"{name} has dtype {array.dtype}; give {what}") from None
    return np.asarray(np.ma.filled(array, np.nan))


def wavelengths_of(wave: Any) -> np.ndarray:
    """The wavelengths of pixels [P], fp64."""
    refuse_unit(wave, "wave")
    wave = floats_of(wave, "wave", "one wavelength a pixel, [P]")
    if wave.ndim != 1 or len(wave) == 0:
        raise _errors.UsageError(f"wave has shape {wave.shape}; give one wavelength a pixel, [P]")
    return wave


def is_plain_text(text: str) -> bool:
    """Whether the C library can be told it: UTF-8 without NUL, which ends a text there."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def path_of(value: Any, name: str) -> str:
    """A path as text."""
    try:
        path = os.fsdecode(value)
    except TypeError:
        raise _errors.UsageError(f"{name} is {shown(value)}; give a path, as text, bytes or "
                                 "os.PathLike") from None
    if not is_plain_text(path):
        raise _errors.UsageError(f"{name} is {path!r}, which is no path: give text of UTF-8 "
                                 "without NUL")
    return path


def refuse_unit(array: Any, name: str) -> None:
    """Quantities and columns that have a unit: what it is here is not looked at."""
    # What pandas has by that name is a column.
    unit = None if hasattr(array, "iloc") else getattr(array, "unit", None)
    if unit is None or str(unit) in ("", "dimensionless"):
        return
    raise _errors.UsageError(f"{name} has the unit {unit}; give plain numbers: flux and error in "
                             "one unit, wave in angstrom (x.to_value(u.AA))")


def with_masks_of_numpy(array: Any) -> Any:
    """What astropy masks (astropy.utils.masked), as NumPy masks it; all else as it is."""
    if hasattr(array, "unmasked") and hasattr(array, "mask"):
        return np.ma.masked_array(np.asarray(array.unmasked), array.mask)
    return array


def _refuse_lost_digits(values: Any, array: np.ndarray, name: str) -> None:
    """Whole numbers that are whole no more once they are an array."""
    if not hasattr(values, "dtype") and array.dtype.kind in "fO" and array.ndim == 1:
        for value in values:
            if isinstance(value, (int, np.integer)) and abs(int(value)) > _EXACT:
                raise _errors.UsageError(
                    f"{name} holds {value} in a list that NumPy does not keep as whole numbers, "
                    "and would lose its last digits; give whole numbers from -2^63 to 2^63 - 1 "
                    "alone")


def _whole_with_gaps(name, missing):
    return (f"{name} are whole numbers, of which {missing} are missing, and only floats can say "
            "so; write them as floats, with NaN, or leave these rows out")


def _without_gaps(values, name):
    """pandas' and pyarrow's own kinds of numbers, which may be missing."""
    kind, missing = values.dtype.kind, int(np.sum(values.isna()))
    if kind == "f":
        return values.to_numpy(dtype=np.float64, na_value=np.nan)
    if missing:
        raise _errors.UsageError(_whole_with_gaps(name, missing))
    return values.to_numpy(dtype={"i": np.int64, "u": np.uint64, "b": np.bool_}[kind])


def column_of(values: Any, name: str) -> np.ndarray:
    """A label as NumPy's numbers: NaN where a float is masked or missing, whole numbers to the
    last digit."""
    values = with_masks_of_numpy(values)
    dtype: Any = getattr(values, "dtype", None)
    if hasattr(dtype, "na_value") and dtype.kind in "iubf":
        return _without_gaps(values, name)
    array = np.asarray(array_of(values, name, "one number a spectrum"))
    _refuse_lost_digits(values, array, name)
    masked = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else None
    if masked is None or not masked.any():
        return array
    if array.dtype.kind in "iub":
        raise _errors.UsageError(_whole_with_gaps(name, int(masked.sum())))
    return np.where(masked, np.nan, array) if array.dtype.kind == "f" else array
