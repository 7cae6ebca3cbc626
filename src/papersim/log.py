"""The log in the index folder: what was done to notes and index, in lines that grow and are turned.

It is Python's logging with a handler of its own, since several processes may write at once: each
line goes in at the end of whatever file bears the name, under a lock, and the one who fills the
file turns it. A log that cannot be written is no reason to fail.
"""

from __future__ import annotations

import fcntl
import logging
import os
import time
from contextlib import suppress
from traceback import walk_tb
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["FILES", "FILE_NAME", "trace_of", "write_log"]

FILE_NAME = "papersim.log"
_OLDER = (f"{FILE_NAME}.1", f"{FILE_NAME}.2")
FILES = (FILE_NAME, *_OLDER)
"""The names of the log's files, the newest first."""

_FULL = 1_000_000  # bytes
_HOW = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK


def write_log(
    folder: Path, level: str, lines: Iterable[tuple[str, str]], below: Iterable[str] = ()
) -> None:
    """Add lines, each a severity and a text, to the log of an index folder.

    Severities and ``level`` are debug, info, warning, error; what is below the level is left out.
    A text is one line, whatever is in it; ``below`` are lines set in below the last. Nothing is
    raised where the folder is not there or nothing can be written.
    """
    # Not one of logging's own tree: what is logged here is nobody's standard error.
    logger = logging.Logger("papersim", level.upper())
    logger.addHandler(_Handler(folder / FILE_NAME))
    texts = [(severity, [text]) for severity, text in lines]
    if texts:
        texts[-1][1].extend(below)
    for severity, text in texts:
        logger.log(logging.getLevelName(severity.upper()), "%s", "\n  ".join(map(_escaped, text)))


def _escaped(text: str) -> str:
    """Return a text on one line that steers no terminal: other characters as Python escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def trace_of(error: BaseException) -> list[str]:
    """Return where an error came from, a line a call, without its message: that may hold a note."""
    found: list[str] = []
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        found.append(type(one).__name__)
        for frame, line in walk_tb(one.__traceback__):
            found.append(f"{frame.f_code.co_filename}:{line} in {frame.f_code.co_name}")
        one = one.__cause__ or one.__context__
    return found


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        return f"{moment} {record.process} {record.levelname} {record.getMessage()}"


class _Handler(logging.Handler):
    """Writes to whatever file bears the name, and turns it when it is full."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file
        self.setFormatter(_Formatter())

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError):
            _append(self._file, f"{self.format(record)}\n".encode())


def _append(file: Path, data: bytes) -> None:
    while True:
        descriptor = os.open(file, _HOW, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if not _bears_the_name(descriptor, file):
                continue  # turned while we waited
            os.write(descriptor, data)
            if os.fstat(descriptor).st_size >= _FULL:
                _turn(file)
            return
        finally:
            os.close(descriptor)


def _bears_the_name(descriptor: int, file: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), file.lstat())
    except FileNotFoundError:
        return False


def _turn(file: Path) -> None:
    names = [file.with_name(name) for name in FILES]
    for newer, older in zip(names[-2::-1], names[:0:-1], strict=True):
        with suppress(FileNotFoundError):
            newer.replace(older)
