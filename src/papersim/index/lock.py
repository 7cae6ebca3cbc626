"""One writer at a time: a lock of the operating system on a file in the index folder.

The system takes the lock back when the process that holds it ends, however it ends: nothing a
dead process left is in the way. Who holds it is told by a file beside, for people to read. To ask
takes no lock. On a file system that has no locks there is none, and whoever writes is told so.
"""

from __future__ import annotations

import errno
import json
import os
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from papersim.errors import IndexBusyError, IndexUnusableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from filelock import BaseFileLock

    Say = Callable[[str], None]

__all__ = ["FILE_NAMES", "HOLDER", "LOCK", "PATIENCE", "writing"]

LOCK = "writer.lock"
HOLDER = "writer.json"
FILE_NAMES = frozenset({LOCK, HOLDER})
"""What lies in an index folder beside the index, and tells nothing of it."""

PATIENCE = 10.0
"""Seconds: two short runs get along, a long one is not waited for."""

_SILENT = 1.0
_NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP}

_held: set[tuple[str, int]] = set()


@contextmanager
def writing(
    folder: Path,
    what: str,
    on_message: Say = lambda _: None,
    *,
    wait: float | None = None,
    make: bool = True,
) -> Iterator[bool]:
    """Hold an index folder for writing; yield whether another writer had to be waited for.

    ``what`` tells others what is being done. The folder is made unless ``make`` is false. A
    thread that holds it may do so again, as when one step takes in another. ``on_message`` is
    told of a writer that takes more than a second. Temporary files that a killed writer left in
    the folder go. Raises IndexBusyError where it is still held after ``wait`` seconds (PATIENCE),
    IndexUnusableError where the lock is somebody else's. A folder that cannot be written is not
    held: what tries to write tells what is the matter.
    """
    import threading

    me = (os.path.realpath(folder), threading.get_ident())
    if me in _held:
        yield False
        return
    if make:
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
    patience = PATIENCE if wait is None else wait
    # Where there is no folder, filelock would make one.
    lock, waited = _acquired(folder, on_message, patience) if folder.is_dir() else (None, False)
    if lock is None:
        yield waited
        return
    _held.add(me)
    try:
        _begin(folder, what)
        yield waited
    finally:
        _held.discard(me)
        with suppress(OSError):
            (folder / HOLDER).unlink(missing_ok=True)
        lock.release()


def _acquired(folder: Path, on_message: Say, wait: float) -> tuple[BaseFileLock | None, bool]:
    """Return the lock, held, and whether that took waiting; no lock where there can be none."""
    from filelock import FileLock, Timeout

    # Where the system has no locks, filelock would go by whether the file is there; one that a
    # killed process left would then have to be told from one in use.
    lock = FileLock(folder / LOCK, fallback_to_soft=False)
    waited = False
    try:
        try:
            lock.acquire(timeout=min(wait, _SILENT))
        except Timeout:
            waited = True
            if wait > _SILENT:
                on_message(f"waiting for {_holder(folder)}, which is writing the index")
            lock.acquire(timeout=max(0.0, wait - _SILENT))
    except Timeout:
        raise IndexBusyError(
            f"{_holder(folder)} is writing the index in {folder}; run again when it is done"
        ) from None
    except OSError as error:
        if error.errno in _NO_LOCKS:
            on_message(
                f"the file system of {folder} has no locks; let only one papersim write at a time"
            )
        elif isinstance(error, PermissionError) and os.access(folder, os.W_OK):
            raise IndexUnusableError(
                f"{folder / LOCK} may not be opened: {error.strerror}; change its permissions, "
                "or name another folder with --index DIR"
            ) from error
        return None, waited
    return lock, waited


def _begin(folder: Path, what: str) -> None:
    """Say who holds the folder, and take away what a killed writer left half-written."""
    from papersim.files import sweep

    sweep(folder)
    told = {
        "process": os.getpid(),
        "host": os.uname().nodename,
        "doing": what,
        "since": time.strftime("%Y-%m-%d %H:%M:%S"),
    }
    with suppress(OSError):
        (folder / HOLDER).write_text(json.dumps(told), "utf-8")


def _holder(folder: Path) -> str:
    """Return who holds a folder, what it does and since when, as far as it has said so."""
    try:
        told = json.loads((folder / HOLDER).read_bytes())
        process, host = int(told["process"]), str(told["host"])
        doing, since = str(told["doing"]), str(told["since"])
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return "another papersim"
    there = "" if host == os.uname().nodename else f" on {host}"
    said = f"{doing} (process {process}{there}, since {since})"
    return said if said.isprintable() else "another papersim"
