"""The seal of the database: a checksum of each of its pages, and parity to mend some by.

A run that has written the database seals it when it is closed; whoever writes breaks the seal
first. So a page that does not fit the seal is damage, and nothing else. Parity is the exclusive
or of every so-manieth page: one page of each such row can be worked out from the others, so that
a flipped bit, or a stretch as long as there are rows, costs nothing.

On opening, a small database is read to its end; of a large one the size and the first page tell.
"""

from __future__ import annotations

import os
import struct
import zlib
from array import array
from typing import TYPE_CHECKING, NamedTuple

from papersim.files import replace_file, sync_folder
from papersim.index.database import FILE_NAME as DATABASE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

__all__ = [
    "FILE_NAME",
    "PAGE",
    "Seal",
    "blocks_of",
    "break_seal",
    "is_sealed",
    "looks_damaged",
    "read_seal",
    "restore_pages",
    "set_seal",
]

FILE_NAME = f"{DATABASE}.seal"
PAGE = 4096  # bytes

_MAGIC = b"papersim-seal-1\n"
_HEAD = struct.Struct("<16sQIII")
"""The magic, the size of the database, the rows of parity, the CRC-32 of the sums, of parity."""

_SMALL = 4 << 20  # bytes; read and summed up in some milliseconds
_LEAST_ROWS = 16
_OPENED: dict[tuple[int, int], int] = {}
_MOST_OPENED = 64
_PAGES_A_ROW = 64


class Seal(NamedTuple):
    """The size of the database in bytes, the rows of parity, and the CRC-32 of each page."""

    size: int
    rows: int
    sums: array[int]

    def broken(self, file: Path) -> list[int]:
        """Return the numbers, from 0, of the pages of a file that are other ones, or missing.

        Raises OSError.
        """
        found = array("I")
        for block in blocks_of(file, self.rows * PAGE):
            found.extend(_page_sums(block))
        return [n for n, crc in enumerate(self.sums) if n >= len(found) or found[n] != crc]


def set_seal(folder: Path) -> None:
    """Seal the database of an index folder, which has to be closed. Raises OSError.

    Where something is left in its log, it is not sealed: another run will.
    """
    import numpy as np

    if _has_log(folder):
        return
    size = (folder / DATABASE).stat().st_size
    rows = max(_LEAST_ROWS, -(-size // (PAGE * _PAGES_A_ROW)))
    parity, sums = np.zeros((rows, PAGE), np.uint8), array("I")
    for block in blocks_of(folder / DATABASE, rows * PAGE):
        sums.extend(_page_sums(block))
        pages = np.frombuffer(_filled_up(block), np.uint8).reshape(-1, PAGE)
        parity[: len(pages)] ^= pages
    raw = parity.tobytes()
    head = _HEAD.pack(_MAGIC, size, rows, zlib.crc32(sums), zlib.crc32(raw))
    replace_file(folder / FILE_NAME, [head, sums.tobytes(), raw])


def break_seal(folder: Path) -> None:
    """Take the seal away, for good before anything is written. Raises OSError."""
    try:
        (folder / FILE_NAME).unlink()
    except FileNotFoundError:
        return
    sync_folder(folder)


def is_sealed(folder: Path, *, whole: bool = False) -> bool:
    """Return whether there is a seal that can be read, with ``whole`` to its last byte."""
    seal = read_seal(folder)
    if seal is None or not whole:
        return seal is not None
    data = (folder / FILE_NAME).read_bytes()
    parity = data[_HEAD.size + 4 * len(seal.sums) :]
    same = zlib.crc32(parity) == _HEAD.unpack_from(data)[-1]
    return same and len(parity) == seal.rows * PAGE


def read_seal(folder: Path) -> Seal | None:
    """Return the seal; None where there is none, or one that is damaged or of another kind."""
    try:
        with (folder / FILE_NAME).open("rb") as opened:
            magic, size, rows, crc, _ = _HEAD.unpack(opened.read(_HEAD.size))
            if magic != _MAGIC or size > (1 << 50):
                return None
            raw = opened.read(4 * -(-size // PAGE))
    except (OSError, struct.error):
        return None
    if zlib.crc32(raw) != crc or len(raw) != 4 * -(-size // PAGE) or rows < _LEAST_ROWS:
        return None
    sums = array("I")
    sums.frombytes(raw)
    return Seal(size, rows, sums)


def looks_damaged(folder: Path) -> bool:
    """Return whether the database is another than was sealed, as far as a short look tells.

    Raises OSError.
    """
    seal = read_seal(folder)
    if seal is None or not _differs(folder / DATABASE, seal):
        return False
    # One who writes breaks the seal before; then what was read is no damage.
    return read_seal(folder) == seal


def _differs(file: Path, seal: Seal) -> bool:
    size = file.stat().st_size
    if size != seal.size:
        return True
    if size <= _SMALL:
        return bool(seal.broken(file))
    return zlib.crc32(next(blocks_of(file, PAGE))) != seal.sums[0]


def restore_pages(folder: Path, copy: Path) -> list[int]:
    """Work out the broken pages in a copy of the database; return those that cannot be.

    What cannot be is filled with what no reader takes for content. A copy most of which differs
    is of another state, and left alone. Raises OSError.
    """
    seal = read_seal(folder)
    broken = seal.broken(copy) if seal else []
    if seal is None or len(broken) > len(seal.sums) // 2:
        return broken
    left = []
    by_row: dict[int, list[int]] = {}
    for page in broken:
        by_row.setdefault(page % seal.rows, []).append(page)
    with copy.open("r+b") as opened, (folder / FILE_NAME).open("rb") as sealed:
        opened.truncate(len(seal.sums) * PAGE)
        for row, pages in by_row.items():
            sealed.seek(_HEAD.size + 4 * len(seal.sums) + row * PAGE)
            found = sealed.read(PAGE)
            for other in range(row, len(seal.sums), seal.rows):
                if other != pages[0]:
                    found = _exclusive_or(found, _page(opened, other))
            whole = (
                len(pages) == 1 and zlib.crc32(_cut(found, pages[0], seal)) == (seal.sums[pages[0]])
            )
            left += [] if whole else pages
            for page in pages:
                opened.seek(page * PAGE)
                opened.write(found if whole else b"\xff" * PAGE)
        opened.truncate(seal.size)
    return left


def _cut(page: bytes, number: int, seal: Seal) -> bytes:
    return page[: seal.size - number * PAGE]


def _page(opened: BinaryIO, number: int) -> bytes:
    opened.seek(number * PAGE)
    return opened.read(PAGE)


def _exclusive_or(one: bytes, other: bytes) -> bytes:
    both = int.from_bytes(one, "little") ^ int.from_bytes(other, "little")
    return both.to_bytes(PAGE, "little")


def _has_log(folder: Path) -> bool:
    log = folder / f"{DATABASE}-wal"
    return log.exists() and log.stat().st_size > 0


def blocks_of(file: Path, size: int) -> Iterator[bytes]:
    """Yield the content of a database, so many bytes at a time. Raises OSError.

    To close a file takes away the locks that SQLite holds on it for the whole process (POSIX), so
    that it stays open until many others have been.
    """
    stat = file.stat()
    key = stat.st_dev, stat.st_ino
    if key not in _OPENED:
        _OPENED[key] = os.open(file, os.O_RDONLY)
        if len(_OPENED) > _MOST_OPENED:
            os.close(_OPENED.pop(next(iter(_OPENED))))
    place = 0
    while block := os.pread(_OPENED[key], size, place):
        place += len(block)
        yield block


def _page_sums(block: bytes) -> Iterator[int]:
    whole = memoryview(block)
    return (zlib.crc32(whole[begin : begin + PAGE]) for begin in range(0, len(block), PAGE))


def _filled_up(block: bytes) -> bytes:
    return block + bytes(-len(block) % PAGE)
