"""The exceptions of aicodec_native: one tree, so that `except AicodecError` catches all of them."""

from __future__ import annotations


class AicodecError(Exception):
    """Base of every error that this package raises on purpose; its text is one line for the user."""


class InputError(AicodecError):
    """A source cannot be read, holds no video frames, or changes its picture size midway."""


class OutputError(AicodecError):
    """An output cannot be written: a missing or read-only folder, a full disk, an unknown file type."""


class OptionError(AicodecError, ValueError):
    """An option has a value that makes no sense, alone or with the others."""


class EncodeError(AicodecError):
    """Encoding failed though input and options are fine, such as by a worker process that died."""


class ProgramError(AicodecError):
    """A shader program's text is wrong: the message begins with line and column; a hint may end it."""

    def __init__(self, message: str, line: int = 0, column: int = 0, hint: str = "") -> None:
        where = f"line {line}, column {column}: " if line else ""
        super().__init__(f"{where}{message}{f' ({hint})' if hint else ''}")
        self.line = line
        self.column = column
        self.hint = hint


class FormatError(AicodecError):
    """Base of everything that is wrong with an .aic file."""


class NotAicError(FormatError):
    """The file is not an .aic file."""


class UnsupportedError(FormatError):
    """The file is newer than this build, or uses a feature that it does not know."""


class CorruptError(FormatError):
    """The file is damaged: a checksum, a size or a value is wrong."""


class TruncatedError(CorruptError):
    """The file, or a part of it, ends too early."""


# In the order of cpp/base/error_table.inl.
_NATIVE = (
    TruncatedError,
    NotAicError,
    UnsupportedError,
    UnsupportedError,
    CorruptError,
    CorruptError,
    CorruptError,
    CorruptError,
    CorruptError,
    CorruptError,
)


def native_error(code: int) -> type[FormatError]:
    """The exception class for error `code` of the C++ core."""
    return _NATIVE[code]
