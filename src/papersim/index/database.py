"""The database file of the index."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

__all__ = ["FILE_NAME", "connect"]

FILE_NAME = "papersim.sqlite"


def connect(file: Path, *, create: bool) -> sqlite3.Connection:
    """Return a connection to a database file; raises sqlite3.Error where there is none to use."""
    import sqlite3

    mode = "rwc" if create else "rw"
    uri = file.absolute().as_uri() + f"?mode={mode}"
    try:
        db = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=30)
        db.execute("PRAGMA foreign_keys = ON")
        if create:
            db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
    except sqlite3.OperationalError:
        if create:
            raise
        # A folder that may only be read can still answer.
        db = sqlite3.connect(file.absolute().as_uri() + "?mode=ro&immutable=1", uri=True)
    return db
