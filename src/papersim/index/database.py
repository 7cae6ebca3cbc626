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
