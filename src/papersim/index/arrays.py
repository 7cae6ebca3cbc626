"""Arrays in one file: a head that names them, then their bytes as they are in memory.

Such a file is mapped, not read: what is never touched costs neither time nor memory. One file
holds many arrays, so that a state is opened, written and synced in a few steps. Nothing in it is
ever unpickled.
"""

from __future__ import annotations

import json
import mmap
import re
import zlib
from contextlib import contextmanager
from os import SEEK_CUR
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from io import FileIO
    from pathlib import Path

    from numpy.typing import NDArray

    Arrays = Mapping[str, NDArray[Any]]

__all__ = ["checksum", "in_parts", "let_go", "mapped", "packed", "rows_of"]

_MAGIC = b"papersim-arrays1"
_ALIGNED = 64  # bytes; what a processor reads at a time
_PAGE = 4096  # bytes; what is mapped and copied at a time
_LARGE = 1 << 16  # bytes of an array that begins at a page
_KINDS = re.compile(r"[<>|][biufcmMSU]\d{1,9}(?:\[\w{1,2}\])?")
_MOST = 1 << 20  # of a head; a damaged length must not fill the memory


def packed(arrays: Arrays) -> list[bytes | memoryview]:
    """Return the content of a file of arrays, in pieces: the head, then each array."""
    table: dict[str, tuple[str, tuple[int, ...], int]] = {}
    pieces: list[bytes | memoryview] = []
    end = 0
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise TypeError(f"{name} holds objects")
        raw = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
        padding = -end % (_ALIGNED if len(raw) < _LARGE else _PAGE)
        table[name] = array.dtype.str, array.shape, end + padding
        pieces += [bytes(padding), raw]
        end += padding + len(raw)
    head = json.dumps(table, separators=(",", ":")).encode()
    head += b" " * (-(len(_MAGIC) + 8 + len(head)) % _PAGE)
    return [_MAGIC + len(head).to_bytes(8, "little") + head, *pieces]


def mapped(file: Path, head: int) -> dict[str, NDArray[Any]]:
    """Return the arrays of a file by name, mapped, not to be written to.

    ``head`` is the checksum of the first piece it was packed in. Raises OSError, ValueError or
    TypeError for a file with another head, too short for what its head names, or of kinds that are
    no plain values: NumPy would take the bytes of objects for their addresses.
    """
    with file.open("rb") as opened:
        memory = _Memory(opened.fileno(), 0, access=mmap.ACCESS_READ)
    memory.file = file
    first = len(_MAGIC) + 8
    begin = first + int.from_bytes(memory[len(_MAGIC) : first], "little")
    if begin > _MOST or checksum([memory[:begin]]) != head:
        raise ValueError("another head")
    found: dict[str, NDArray[Any]] = {}
    for name, (kind, shape, offset) in json.loads(memory[first:begin]).items():
        if not _KINDS.fullmatch(kind):
            raise ValueError(f"{name} is of kind {kind}")
        found[name] = np.ndarray(tuple(shape), np.dtype(kind), memory, begin + offset)
    return found


def in_parts(array: NDArray[Any], count: int) -> Iterator[NDArray[Any]]:
    """Yield all rows of an array in order, ``count`` at a time; each part is to be used at once.

    Those of a mapped file are read into the same memory again and again: that takes less time
    than mapping all of them, and no more memory than a part. Where the file has gone since it
    was mapped, they are the mapped ones.
    """
    with _opened(array) as file:
        part = np.empty((count, *array.shape[1:]), array.dtype)
        for start in range(0, len(array), count):
            rows = array[start : start + count]
            read = part[: len(rows)]
            yield read if file and file.readinto(read.data) == read.nbytes else rows


def rows_of(array: NDArray[Any], begin: int, end: int) -> NDArray[Any]:
    """Return some rows of an array as a copy; see `in_parts` for what that is good for."""
    with _opened(array) as file:
        if file is not None:
            found: NDArray[Any] = np.empty((end - begin, *array.shape[1:]), array.dtype)
            file.seek(begin * array.strides[0], SEEK_CUR)
            if file.readinto(found.data) == found.nbytes:
                return found
    return np.array(array[begin:end])


def let_go(array: NDArray[Any]) -> None:
    """Let the memory go that the file of an array takes; it is read anew when it is needed."""
    memory: object = array.base
    if isinstance(memory, _Memory) and hasattr(mmap, "MADV_DONTNEED"):
        memory.madvise(mmap.MADV_DONTNEED)


@contextmanager
def _opened(array: NDArray[Any]) -> Iterator[FileIO | None]:
    """Open the file that an array is mapped from, where it begins; None where there is none."""
    memory: object = array.base
    if not isinstance(memory, _Memory) or not array.flags.c_contiguous:
        yield None
        return
    try:
        file = memory.file.open("rb", buffering=0)
    except OSError:
        yield None
        return
    with file:
        file.seek(array.ctypes.data - np.frombuffer(memory, np.uint8).ctypes.data)
        yield file


class _Memory(mmap.mmap):
    """A file that is mapped, and which one."""

    file: Path


def checksum(pieces: Iterable[bytes | memoryview]) -> int:
    """Return the CRC-32 of pieces of bytes, one after the other."""
    found = 0
    for piece in pieces:
        found = zlib.crc32(piece, found)
    return found
