"""Files derived from the store: written whole, checked on reading, named by a manifest.

The manifest carries facts about what the files were made from. A new state is written beside
the old one and then named by the manifest, so that a reader sees the one or the other, whole.
"""

from __future__ import annotations

import io
import json
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from papersim.files import replace_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    Facts = Mapping[str, str | int]
    Arrays = Mapping[str, NDArray[Any]]

__all__ = ["is_kept", "keep", "kept", "pack", "unpack"]

_UNUSABLE = (OSError, ValueError, KeyError, TypeError, AttributeError)


def keep(folder: Path, name: str, facts: Facts, files: Mapping[str, bytes]) -> None:
    """Write files, by ending, as the state of a name; those of the state before go."""
    stem = f"{name}-{facts['generation']}"
    content = {f"{stem}.{ending}": data for ending, data in files.items()}
    for file, data in content.items():
        replace_file(folder / file, data)
    marks = {file: {"size": len(d), "crc": zlib.crc32(d)} for file, d in content.items()}
    manifest = {**facts, "files": marks}
    replace_file(folder / f"{name}.json", json.dumps(manifest).encode())
    for old in folder.glob(f"{name}-*"):
        if old.name not in content:
            old.unlink(missing_ok=True)


def kept(folder: Path, name: str, facts: Facts) -> dict[str, bytes] | None:
    """Return the files of a name by ending; None where they are missing, damaged or of others."""
    content = {}
    try:
        for file, mark in _marks(folder, name, facts).items():
            content[file.rsplit(".", 1)[-1]] = data = (folder / file).read_bytes()
            if zlib.crc32(data) != mark["crc"]:
                return None
    except _UNUSABLE:
        return None
    return content


def is_kept(folder: Path, name: str, facts: Facts) -> bool:
    """Return whether the files of a name are there in full size; what they hold is not read."""
    try:
        marks = _marks(folder, name, facts)
        return all((folder / file).stat().st_size == marks[file]["size"] for file in marks)
    except _UNUSABLE:
        return False


def _marks(folder: Path, name: str, facts: Facts) -> dict[str, dict[str, int]]:
    """Return size and checksum of each file. Raises KeyError for files made from other facts."""
    manifest = json.loads((folder / f"{name}.json").read_bytes())
    if any(manifest[key] != value for key, value in facts.items()):
        raise KeyError(name)
    marks: dict[str, dict[str, int]] = manifest["files"]
    return marks


def pack(arrays: Arrays) -> bytes:
    """Return arrays by name as bytes."""
    buffer = io.BytesIO()
    np.savez(buffer, **dict(arrays))  # type: ignore[arg-type]
    return buffer.getvalue()


def unpack(data: bytes) -> dict[str, NDArray[Any]]:
    """Return the arrays of `pack`; never unpickles.

    Raises ValueError, EOFError or BadZipFile for other bytes.
    """
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
