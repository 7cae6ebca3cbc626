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

__all__ = ["keep", "kept", "pack", "unpack"]


def keep(folder: Path, name: str, facts: Facts, files: Mapping[str, bytes]) -> None:
    """Write files, by ending, as the state of a name; those of the state before go."""
    stem = f"{name}-{facts['generation']}"
    content = {f"{stem}.{ending}": data for ending, data in files.items()}
    for file, data in content.items():
        replace_file(folder / file, data)
    checksums = {file: zlib.crc32(data) for file, data in content.items()}
    manifest = {**facts, "files": checksums}
    replace_file(folder / f"{name}.json", json.dumps(manifest).encode())
    for old in folder.glob(f"{name}-*"):
        if old.name not in content:
            old.unlink(missing_ok=True)


def kept(folder: Path, name: str, facts: Facts) -> dict[str, bytes] | None:
    """Return the files of a name by ending; None where they are missing, damaged or of others."""
    try:
        manifest = json.loads((folder / f"{name}.json").read_bytes())
        if any(manifest[key] != value for key, value in facts.items()):
            return None
        content = {}
        for file, checksum in manifest["files"].items():
            content[file.rsplit(".", 1)[-1]] = data = (folder / file).read_bytes()
            if zlib.crc32(data) != checksum:
                return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return content


def pack(arrays: Arrays) -> bytes:
    """Return arrays by name as bytes."""
    buffer = io.BytesIO()
    np.savez(buffer, **dict(arrays))  # type: ignore[arg-type]
    return buffer.getvalue()


def unpack(data: bytes) -> dict[str, NDArray[Any]]:
    """Return the arrays of `pack`. Raises ValueError for other bytes; never unpickles."""
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
