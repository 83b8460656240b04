"""Headroom: how much would a mixture of specialists gain?

>>> import headroom
>>> study = headroom.simulate("data", train=2000, test=400)
>>> run = headroom.run(study, out="run")
>>> model = run.model()
>>> spectra = headroom.read_spectra("data/test/dataset.h5")
>>> model.predict(spectra.noisy, spectra.error)

Every function is described by its own ``help()``; files and numbers by the project's docs.
"""

import os as _os
import typing as _typing

from headroom import _core
from headroom._errors import (ConfigError, DataError, EmptyError, FileError, FormatError,
                              HeadroomError, InternalError, LedgerError, MissingError,
                              NumericError, OutOfMemoryError, UsageError)
from headroom._model import FLAGS, Model, flag_words, open
from headroom._spectra import Spectra, read_spectra
from headroom._study import (Comparison, Figure, HeadroomWarning, Run, compare, run,
                             simulate)
from headroom._sweep import Sweep, sweep
from headroom._write import write_spectra

if _typing.TYPE_CHECKING:
    from headroom._regressor import HeadroomRegressor

__version__ = _core.version()

__all__ = ["FLAGS", "Comparison", "ConfigError", "DataError", "EmptyError", "Figure", "FileError",
           "FormatError", "HeadroomError", "HeadroomRegressor", "HeadroomWarning", "InternalError",
           "LedgerError", "MissingError", "Model", "NumericError", "OutOfMemoryError", "Run",
           "Spectra", "Sweep", "UsageError", "compare", "flag_words", "open", "read_spectra", "run",
           "simulate", "sweep", "write_spectra"]


def __getattr__(name):
    # Importing scikit-learn takes longer than all the rest, so it waits until it is asked for.
    if name == "HeadroomRegressor":
        from headroom._regressor import HeadroomRegressor

        return HeadroomRegressor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})


# The OpenMP threads of this process are not there in a child of fork, which would wait for
# them.
if hasattr(_os, "register_at_fork"):
    _os.register_at_fork(after_in_child=_core.be_alone)
