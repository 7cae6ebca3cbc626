"""A folder that a target works in, and a watch over what it touches outside of that."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import papersim

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["confined_to", "put", "scratch"]

_EVENTS = frozenset(
    {
        "open", "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink",
        "os.chmod", "os.chown", "os.truncate", "os.listdir", "os.scandir", "sqlite3.connect",
        "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "socket.connect",
    }
)  # fmt: skip
HERE = Path(__file__).resolve().parent
_MEMORY = Path("/dev/shm")  # noqa: S108 - where files need no disk
_PROGRAM = tuple(
    os.path.realpath(place) + os.sep
    for place in (sys.prefix, sys.base_prefix, *map(str, papersim.__path__), str(HERE))
)
_touched: list[str] | None = None


@cache
def scratch(name: str) -> Path:
    """Return an empty folder for a target, which goes when the process ends."""
    place = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix=f"papersim-fuzz-{name}-", dir=place)).resolve()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def put(file: Path, data: bytes) -> Path:
    """Let a file hold bytes, as a new file: an old one may still be mapped."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    file.write_bytes(data)
    return file


@contextmanager
def confined_to(folder: Path) -> Iterator[None]:
    """Hold that nothing outside of a folder is opened, made, moved or taken away meanwhile.

    The program's own files may be read.
    """
    global _touched  # noqa: PLW0603 - an audit hook is the process's own
    _install()
    _touched = []
    try:
        yield
    finally:
        touched, _touched = _touched, None
    inside = os.path.realpath(folder)
    for place in dict.fromkeys(touched):
        real = os.path.realpath(place)
        allowed = real == inside or real.startswith((inside + os.sep, *_PROGRAM))
        assert allowed, f"{place!r} was touched, outside of {folder}"


@cache
def _install() -> None:
    sys.addaudithook(_hook)


def _hook(event: str, args: tuple[object, ...]) -> None:
    if _touched is None or event not in _EVENTS:
        return
    for place in args[:2]:
        # The second argument of opening is how.
        if isinstance(place, (str, bytes, os.PathLike)) and (event != "open" or place is args[0]):
            name = os.fsdecode(place)
            if name != ":memory:":  # SQLite's word for no file
                _touched.append(name.removeprefix("file:").partition("?")[0])
