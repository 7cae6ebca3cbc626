"""Files put in place whole: what is read at any moment, also after a crash, is old or new."""

from __future__ import annotations

import os
import re
import secrets
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

__all__ = ["replace_file", "sweep", "sync_folder"]

_TEMPORARY = re.compile(r"\.papersim-[0-9a-f]{16}\.tmp")


def replace_file(
    target: Path,
    data: bytes | Iterable[bytes | memoryview],
    *,
    like: os.stat_result | None = None,
    check: Callable[[], None] | None = None,
) -> None:
    """Replace a file at once and for good: temporary file beside it, both synced to the disk.

    ``data`` are bytes, or pieces of them. The new file takes over owner and permissions from
    ``like``. ``check`` is called right before the replacement and may raise. Raises OSError; the
    temporary file does not stay.
    """
    # Not made from the target's name, which may be as long as a name can be.
    temporary = target.with_name(f".papersim-{secrets.token_hex(8)}.tmp")
    mode = 0o666 if like is None else 0o600
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines([data] if isinstance(data, bytes) else data)
            file.flush()
            if like is not None:
                _take_over(file.fileno(), like)
            os.fsync(file.fileno())
        if check is not None:
            check()
        temporary.replace(target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    sync_folder(target.parent)


def sweep(folder: Path) -> None:
    """Take away the temporary files that a kill left in a folder.

    Were one still being written, its writer would fail, and leave the file it was to replace as
    it is: so nobody else should be writing here.
    """
    with suppress(OSError):
        for file in folder.iterdir():
            if _TEMPORARY.fullmatch(file.name):
                with suppress(OSError):
                    file.unlink()


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk, where the system can do that."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _take_over(descriptor: int, like: os.stat_result) -> None:
    """Give a new file the owner and the permissions of the one it replaces."""
    made = os.fstat(descriptor)
    if (made.st_uid, made.st_gid) != (like.st_uid, like.st_gid):
        with suppress(OSError):
            os.fchown(descriptor, like.st_uid, like.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(like.st_mode))
