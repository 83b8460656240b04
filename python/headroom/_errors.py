"""Exceptions: one for every status of the C library, below the exception of Python's own
that means the same, so that ``except FileNotFoundError`` catches what it should."""

import errno
import os

from headroom import _core


class HeadroomError(Exception):
    """What all exceptions of this package are, but Ctrl-C. ``status`` is the C library's
    name of it, such as "HR_ERR_DATA"; the text is one sentence that names file, field and
    remedy. Where points of a sweep failed, ``sweep`` is the :class:`Sweep` of the others."""

    status = "HR_ERR_INTERNAL"
    sweep = None


class UsageError(HeadroomError, ValueError):
    """The call is wrong."""


class ConfigError(HeadroomError, ValueError):
    """The configuration of a study is wrong."""


class MissingError(HeadroomError, FileNotFoundError):
    """A file is missing or cannot be opened."""


class FormatError(HeadroomError, ValueError):
    """A file is damaged or not laid out as documented."""


class DataError(HeadroomError, ValueError):
    """The values in the data cannot be used."""


class EmptyError(HeadroomError, ValueError):
    """There are too few rows for what was asked."""


class FileError(HeadroomError, OSError):
    """Reading or writing failed."""


class OutOfMemoryError(HeadroomError, MemoryError):
    """Memory ran out."""


class NumericError(HeadroomError, ArithmeticError):
    """A numerical method did not succeed."""


class LedgerError(HeadroomError):
    """The accounts of a study do not balance, or its files contradict one another."""


class InternalError(HeadroomError, RuntimeError):
    """A fault of this program; please report it."""


STATUSES = {
    "HR_ERR_USAGE": UsageError,
    "HR_ERR_CONFIG": ConfigError,
    "HR_ERR_MISSING": MissingError,
    "HR_ERR_FORMAT": FormatError,
    "HR_ERR_DATA": DataError,
    "HR_ERR_EMPTY": EmptyError,
    "HR_ERR_IO": FileError,
    "HR_ERR_MEMORY": OutOfMemoryError,
    "HR_ERR_NUMERIC": NumericError,
    "HR_ERR_LEDGER": LedgerError,
    "HR_ERR_INTERNAL": InternalError,
    "HR_ERR_INTERRUPTED": KeyboardInterrupt,
}


for _name, _exception in STATUSES.items():
    if issubclass(_exception, HeadroomError):
        setattr(_exception, "status", _name)

# What the system may have said of a file, the words that end such a sentence.
_ERRNOS = (errno.ENOENT, errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTDIR, errno.ENOSPC,
           errno.EROFS, errno.EFBIG, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EIO,
           errno.ENAMETOOLONG, errno.ELOOP, errno.EEXIST)


def _errno_of(message, default):
    return next((code for code in _ERRNOS if message.endswith(os.strerror(code))), default)


def of_status(status, message):
    """The exception that stands for a status of the C library."""
    error = STATUSES.get(status, HeadroomError)(message)
    if isinstance(error, HeadroomError):
        error.status = status
    if isinstance(error, OSError):
        # Those who ask an OSError look here, not at its words.
        error.errno = _errno_of(message,
                                errno.ENOENT if status == "HR_ERR_MISSING" else errno.EIO)
    return error


assert not set(STATUSES) - {name for name, _, _ in _core.statuses()}
