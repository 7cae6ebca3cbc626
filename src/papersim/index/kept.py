"""Files of arrays derived from the store: written whole, mapped on opening, named by a manifest.

A new state is written beside the old one, which goes when the new one is in force, so that a reader
sees the one or the other, whole; a reader that has opened the old one goes on with it. Files are
never changed: a name holds a digest of the content, and a file that serves both states stays.

Opening looks at sizes and heads, and reads to its end only what is small. All else is checked
where damage can be told or mended: by `damaged` and `is_whole`.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from papersim.files import replace_file
from papersim.index.arrays import checksum, mapped, packed
from papersim.index.manifest import (
    UNUSABLE,
    File,
    names_in_force,
    read_manifest,
    take_coming,
    write_manifest,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from papersim.index.manifest import Kind, State

    Arrays = Mapping[str, NDArray[Any]]

__all__ = ["damaged", "is_whole", "keep", "kept", "put", "settle"]

_AT_ONCE = 1 << 20  # bytes


def keep(folder: Path, kind: Kind, state: State, files: Mapping[str, Arrays | File]) -> None:
    """Make files, by what they are for, those of a coming state: arrays to write, or files there.

    Those of the state in force stay until `settle`. Raises OSError.
    """
    now = {
        use: content if isinstance(content, File) else put(folder, kind, content)
        for use, content in files.items()
    }
    write_manifest(folder, kind, state, now)


def settle(folder: Path, kind: Kind, state: State) -> None:
    """Let the files of a state be those in force, if it was coming, and all others go.

    A coming state that is another never came: its run was cut short.
    """
    # Where a file cannot go, since it is mapped or the folder may not be written, it goes later.
    with suppress(OSError):
        take_coming(folder, kind, state)
        names = names_in_force(folder, kind)
        for old in folder.glob(f"{kind.name}-*"):
            if old.name not in names:
                old.unlink()


def put(folder: Path, kind: Kind, arrays: Arrays) -> File:
    """Write a file of arrays, which goes again unless `keep` names it. Raises OSError."""
    pieces = packed(arrays)
    digest = hashlib.blake2b(digest_size=8)
    for piece in pieces:
        digest.update(piece)
    name = f"{kind.name}-{digest.hexdigest()}.arrays"
    size = sum(map(len, pieces))
    replace_file(folder / name, pieces)
    return File(name, size, head=checksum(pieces[:1]), crc=checksum(pieces))


def kept(
    folder: Path, kind: Kind, state: State, whole: Collection[str] = ()
) -> dict[str, Arrays] | None:
    """Return the arrays of a state, mapped, by what their files are for.

    None where they are missing, damaged as far as sizes and heads tell, or of another state.
    The files for what is in ``whole`` are read to their ends.
    """
    try:
        files = read_manifest(folder, kind, **asdict(state))
        if not all(file.is_full(folder) for file in files.values()):
            return None
        if not all(is_whole(folder, files[use]) for use in whole):
            return None
        return {use: mapped(folder / file.name, file.head) for use, file in files.items()}
    except UNUSABLE:
        return None


def is_whole(folder: Path, file: File) -> bool:
    """Return whether a file holds the very bytes that were written; it is read to its end."""
    try:
        if not file.is_full(folder):
            return False
        with (folder / file.name).open("rb") as opened:
            return checksum(iter(partial(opened.read, _AT_ONCE), b"")) == file.crc
    except UNUSABLE:
        return False


def damaged(folder: Path, kind: Kind) -> list[str]:
    """Return the names of the files that do not hold what was written to them.

    The manifest is one of them. Where nothing was ever kept there are none, and none where an
    older papersim kept it, which is made again by itself.
    """
    found = _damaged(folder, kind)
    # A writer may have put the next state in place meanwhile, and taken away the files of this.
    again = set(_damaged(folder, kind)) if found else set()
    return [name for name in found if name in again]


def _damaged(folder: Path, kind: Kind) -> list[str]:
    manifest = kind.manifest(folder)
    if not manifest.exists():
        return []
    try:
        files = read_manifest(folder, kind).values()
    except KeyError:
        return []
    except UNUSABLE:
        return [manifest.name]
    return [file.name for file in files if not is_whole(folder, file)]
