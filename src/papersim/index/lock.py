"""One writer at a time: a lock on the index folder, which the system lets go when its holder ends.

Whoever writes to the index folder, or to notes with a journal there, takes it first. Readers never
do: they see the last state that is whole. A note beside the lock tells who holds it; it counts only
while the lock is held, so that one left by a process that was killed does no harm.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from papersim.errors import IndexBusyError
from papersim.files import replace_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["HOLDER", "LOCK", "PATIENCE", "writing"]

LOCK = "writer.lock"
HOLDER = "writer.json"

PATIENCE = 10.0
"""Seconds in which an edit of notes or a small update is done."""

_SILENCE = 1.0  # seconds before it is said that there is something to wait for


@contextmanager
def writing(
    folder: Path,
    what: str,
    *,
    patience: float = PATIENCE,
    on_wait: Callable[[str], None] = lambda _: None,
) -> Iterator[None]:
    """Hold the lock of an index folder, made where there is none, while ``what`` is done.

    Another holder is waited for as many seconds as there is ``patience``; ``on_wait`` is told who
    it is. Raises IndexBusyError where that is not enough. In a folder that cannot be written, or on
    a file system without locks, there is no lock: what is written then says so itself, or is safe
    from all but another papersim.
    """
    from filelock import FileLock, Timeout

    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK)
    try:
        try:
            lock.acquire(timeout=min(_SILENCE, patience), poll_interval=0.05)
        except Timeout:
            if patience > _SILENCE:
                on_wait(f"waiting for {_holder(folder)}")
            lock.acquire(timeout=max(0.0, patience - _SILENCE), poll_interval=0.05)
    except Timeout as error:
        raise IndexBusyError(
            f"{_holder(folder)} is writing to the index in {folder}; run again when it is done"
        ) from error
    except (OSError, NotImplementedError):
        yield
        return
    try:
        _sign(folder, what)
        yield
    finally:
        with suppress(OSError):
            (folder / HOLDER).unlink(missing_ok=True)
        lock.release()


def _sign(folder: Path, what: str) -> None:
    from datetime import datetime

    since = datetime.now().astimezone().isoformat(timespec="seconds")
    told = {"process": os.getpid(), "what": what, "since": since}
    with suppress(OSError):
        replace_file(folder / HOLDER, json.dumps(told).encode())


def _holder(folder: Path) -> str:
    """Return who holds the lock, as far as is known."""
    from datetime import datetime

    try:
        told = json.loads((folder / HOLDER).read_bytes())
        since = datetime.fromisoformat(told["since"])
        return f"papersim {told['what']} (process {int(told['process'])}, since {since:%H:%M:%S})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another papersim"
