"""A damaged database: what of it is sound goes on living.

A page or a few are worked out by the seal. Beyond that a new database is made of the embeddings,
which cost hours, and the names of papers, which keep their ids; the notes are then read again.
The damaged file is kept beside it.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from datetime import datetime
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from papersim.files import sync_folder
from papersim.index.database import FILE_NAME as DATABASE
from papersim.index.database import connect
from papersim.index.schema import VERSION
from papersim.index.seal import blocks_of, break_seal, read_seal, restore_pages
from papersim.index.store import Store, drop_derived

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["beside", "fault_of", "salvage"]

_AT_ONCE = 256  # rows
_BLOCK = 1 << 20  # bytes
_SMALLEST = 512  # bytes of a row with a vector, which bounds how many rows there can be
_VECTORS = "SELECT digest, fingerprint, vector FROM {} WHERE rowid BETWEEN ? AND ?"


def fault_of(folder: Path, *, deep: bool = False) -> str:
    """Return what is wrong with the database of an index folder, empty where nothing is.

    Every byte is compared with the seal, where there is one; with ``deep`` the structure is gone
    through as well. One of a newer papersim is left to it. Raises OSError.
    """
    file = folder / DATABASE
    if not file.is_file() or not file.stat().st_size:
        return ""
    seal = read_seal(folder)
    if seal is not None:
        broken = len(seal.broken(file)) + (file.stat().st_size > seal.size)
        if broken:
            return f"{broken} of its {len(seal.sums)} pages do not hold what was written to them"
    return _fault(file, deep=deep)


def _fault(file: Path, *, deep: bool) -> str:
    try:
        with closing(connect(file, create=False)) as db:
            version = int(db.execute("PRAGMA user_version").fetchone()[0])
            if version > VERSION or not deep:
                return ""
            return Store(db).fault()
    except sqlite3.OperationalError:
        return ""  # opening it for good tells what is the matter
    except sqlite3.DatabaseError as error:
        return str(error)


def salvage(folder: Path) -> str:
    """Put a sound database in the place of a damaged one; return what was done, in one line.

    Raises OSError or sqlite3.Error, with everything as it was.
    """
    file = folder / DATABASE
    with TemporaryDirectory(prefix=".papersim-", suffix=".tmp", dir=folder) as name:
        draft = folder / name / "draft.sqlite"
        with draft.open("wb") as opened:
            opened.writelines(blocks_of(file, _BLOCK))
        with suppress(FileNotFoundError):
            copyfile(f"{file}-wal", f"{draft}-wal")
        if read_seal(folder) and not restore_pages(folder, draft):
            _put_in_place(draft, file)
            return f"the index in {folder} was damaged; what was is restored to the last byte"
        new = Store.open(folder / name, create=True)
        try:
            count = _fill(new, draft)
        finally:
            new.close()
        aside = _keep_aside(file)
        drop_derived(folder)
        _put_in_place(folder / name / DATABASE, file)
    break_seal(folder)
    return (
        f"the index in {folder} was damaged; {count} embeddings of it were saved, all else is "
        f"read from the notes; the damaged file is kept as {aside.name}"
    )


def _fill(new: Store, draft: Path) -> int:
    """Take what is sound in a database into a new one; return how many embeddings that is."""
    try:
        old = connect(draft, create=False)
    except sqlite3.DatabaseError:
        return 0
    with closing(old), new.transaction():
        new.take_embeddings(_rows(old, "embeddings", draft))
        new.take_probes(_rows(old, "probes", draft))
        new.take_names(_names(old))
    return new.count("embeddings")


def _rows(db: sqlite3.Connection, table: str, file: Path) -> Iterator[tuple[bytes, str, bytes]]:
    """Yield the rows of a table of vectors that can be read, whatever lies between them."""
    most = file.stat().st_size // _SMALLEST
    with suppress(sqlite3.DatabaseError):
        most = int(db.execute(f"SELECT MAX(rowid) FROM {table}").fetchone()[0] or 0)  # noqa: S608
    for first in range(1, most + 1, _AT_ONCE):
        for row in _readable(db, _VECTORS.format(table), first, first + _AT_ONCE - 1):
            if isinstance(row[0], bytes) and isinstance(row[1], str):
                yield row


def _readable(db: sqlite3.Connection, query: str, first: int, last: int) -> list[Any]:
    """Return what can be read of the rows with these numbers, by halves where that fails."""
    try:
        return db.execute(query, (first, last)).fetchall()
    except sqlite3.DatabaseError:
        if first == last:
            return []
        middle = (first + last) // 2
        return [*_readable(db, query, first, middle), *_readable(db, query, middle + 1, last)]


def _names(db: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Yield the names of papers with their ids, from both ends as far as they can be read."""
    for order in ("", "DESC"):
        with suppress(sqlite3.DatabaseError):
            for name, paper in db.execute(f"SELECT name, paper FROM names ORDER BY name {order}"):  # noqa: S608
                if isinstance(name, str) and isinstance(paper, str):
                    yield name, paper


def beside(file: Path) -> Path:
    """Return a free name beside a damaged file, to keep it under."""
    first = f"{file.name}.damaged-{datetime.now().astimezone().date().isoformat()}"
    names = (first, *(f"{first}-{number}" for number in range(2, 99)))
    return next(path for path in map(file.with_name, names) if not path.exists())


def _keep_aside(file: Path) -> Path:
    """Keep a database, with its log, under another name as well; return that."""
    aside = beside(file)
    try:
        os.link(file, aside)
    except OSError:
        file.rename(aside)
    log = file.with_name(f"{file.name}-wal")
    if log.exists():  # it must not be taken for that of the new one
        log.replace(file.with_name(f"{aside.name}-wal"))
    return aside


def _put_in_place(new: Path, file: Path) -> None:
    with new.open("rb") as opened:
        os.fsync(opened.fileno())
    new.replace(file)
    sync_folder(file.parent)
