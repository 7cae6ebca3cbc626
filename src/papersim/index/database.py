"""The database file of the index."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from papersim.errors import DamagedIndexError, IndexUnusableError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["FILE_NAME", "MEND", "connect", "damaged", "explained"]

FILE_NAME = "papersim.sqlite"

MEND = "run: papersim doctor --fix"
"""What mends a damaged index."""


def connect(file: Path, *, create: bool) -> sqlite3.Connection:
    """Return a connection to a database file; raises sqlite3.Error where there is none to use."""
    import sqlite3

    mode = "rwc" if create else "rw"
    uri = file.absolute().as_uri() + f"?mode={mode}"
    try:
        db = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=30)
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA synchronous = NORMAL")
    except sqlite3.OperationalError:
        if create:
            raise
        db = _read_only(file.absolute().as_uri())
    return db


def _read_only(uri: str) -> sqlite3.Connection:
    """Return a connection to a database in a folder that may only be read."""
    import sqlite3

    # While somebody else writes, what is needed to read beside that is there; else nothing is.
    for how in ("mode=ro", "mode=ro&immutable=1"):
        db = sqlite3.connect(f"{uri}?{how}", uri=True, isolation_level=None, timeout=30)
        try:
            db.execute("PRAGMA user_version").fetchone()
        except sqlite3.OperationalError:
            continue
        break
    return db


def damaged(folder: Path, why: object) -> DamagedIndexError:
    """Return the error that an index is damaged, and how to mend it."""
    return DamagedIndexError(f"the index in {folder} is damaged ({why}); {MEND}")


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn what goes wrong with the files of an index into errors that say what to do.

    Raises DamagedIndexError or IndexUnusableError.
    """
    import sqlite3

    try:
        yield
    except sqlite3.OperationalError as error:
        raise IndexUnusableError(_reason(folder, str(error))) from error
    except sqlite3.DatabaseError as error:
        raise damaged(folder, error) from error
    except OSError as error:
        raise IndexUnusableError(_reason(folder, error.strerror or str(error))) from error


def _reason(folder: Path, why: str) -> str:
    """Return what cannot be done and why, in one line: all that was finished is kept."""
    known = {
        "disk is full": "make room on its disk and run the same command again",
        "No space left": "make room on its disk and run the same command again",
        "quota": "make room on its disk and run the same command again",
        "locked": "another papersim writes to it; wait for that and run the same command again",
    }
    for part, advice in known.items():
        if part in why:
            return f"the index in {folder} cannot be written: {why}; {advice}"
    return f"the index in {folder} cannot be used: {why}; name another with --index DIR"
