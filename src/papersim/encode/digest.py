"""Cheap identities of large files."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["sampled_digest", "short"]

BLOCK_BYTES = 4096
BLOCKS = 128


def sampled_digest(path: Path) -> bytes:
    """Return a SHA-256 over the size of a file and blocks spread evenly over it.

    Reads half a megabyte at most, about a millisecond, first and last block always among it.
    Weights that were trained anew differ everywhere; a change to a few bytes can go unseen.
    Raises OSError where the file cannot be read.
    """
    size = path.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    last = max(0, size - BLOCK_BYTES)
    with path.open("rb", buffering=0) as file:
        for offset in sorted({last * block // (BLOCKS - 1) for block in range(BLOCKS)}):
            file.seek(offset)
            digest.update(file.read(BLOCK_BYTES))
    return digest.digest()


def short(digest: bytes) -> str:
    """Return the first 12 hexadecimal digits of a digest."""
    return digest.hex()[:12]
