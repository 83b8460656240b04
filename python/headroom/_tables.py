"""Tables as pandas has them where it is there, and as NumPy's structured arrays else."""

import csv
import importlib.util
import io

import numpy as np

from headroom import _errors


def has_pandas():
    return importlib.util.find_spec("pandas") is not None


def wants_frame(as_frame):
    """Whether a table is to be a DataFrame: None, where pandas is there."""
    if not (as_frame is None or isinstance(as_frame, (bool, np.bool_))):
        raise _errors.UsageError(f"as_frame is {as_frame!r}, but must be None, True or False")
    return has_pandas() if as_frame is None else bool(as_frame)


def table(columns, as_frame):
    """The columns, arrays [N] by name, as a table; no value is changed."""
    if wants_frame(as_frame):
        import pandas

        return pandas.DataFrame(columns)
    arrays = {name: np.asarray(values) for name, values in columns.items()}
    rows = len(next(iter(arrays.values()))) if arrays else 0
    out = np.empty(rows, dtype=[(name, a.dtype) for name, a in arrays.items()])
    for name, values in arrays.items():
        out[name] = values
    return out


def _column(cells):
    """Whole numbers, numbers (empty: NaN), or text."""
    try:
        return np.array([int(cell) for cell in cells], dtype=np.int64)
    except (ValueError, OverflowError):
        pass
    try:
        return np.array([float(cell) if cell else np.nan for cell in cells])
    except ValueError:
        return np.array(cells, dtype=str)


def _lines(content):
    return csv.reader(io.StringIO(content.decode(), newline=""))


def read_texts(content):
    """The lines of a table as dicts of text, every cell as it stands."""
    head, *rows = _lines(content)
    return [dict(zip(head, row)) for row in rows]


def read_csv(content, as_frame=None):
    """A table of a run directory, of its bytes, every number to its last bit."""
    if wants_frame(as_frame):
        import pandas

        # Since 3.1 pandas reads every number so, and warns where it is asked for.
        version = tuple(int(part) for part in pandas.__version__.split(".")[:2])
        exact = {"float_precision": "round_trip"} if version < (3, 1) else {}
        return pandas.read_csv(io.BytesIO(content), **exact)
    head, *rows = _lines(content)
    return table({name: _column([row[i] for row in rows]) for i, name in enumerate(head)}, False)
