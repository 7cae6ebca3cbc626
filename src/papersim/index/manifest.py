"""Manifests: which files hold what is derived from the store, and from which state of it.

A state that is being made has a manifest of its own beside that of the state in force: which of the
two is meant is known from the store, so that both change in one step, as the store commits.
Looking at them takes neither NumPy nor the files themselves.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from papersim.files import replace_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = [
    "DERIVED",
    "TAG_MODEL",
    "UNUSABLE",
    "File",
    "Kind",
    "State",
    "is_kept",
    "is_own_name",
    "names_in_force",
    "read_manifest",
    "take_coming",
    "write_manifest",
]

UNUSABLE = (
    OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError,
    RecursionError,
)  # fmt: skip
"""What reading a damaged file may raise."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of derived files: the name they begin with, and the format they are in."""

    name: str
    format: int

    def manifest(self, folder: Path) -> Path:
        """Return where the manifest is."""
        return folder / f"{self.name}.json"

    def coming(self, folder: Path) -> Path:
        """Return where the manifest is of a state that is not in force yet."""
        return folder / f"{self.name}-coming.json"


DERIVED = Kind("derived", 11)
TAG_MODEL = Kind("tag-model", 4)


@dataclass(frozen=True, slots=True)
class State:
    """A state of the store: how often its papers changed, and the encoder of its vectors."""

    generation: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class File:
    """A file of arrays: its name, its size in bytes, and the checksums of its head and of all."""

    name: str
    size: int
    head: int
    crc: int

    def is_full(self, folder: Path) -> bool:
        """Return whether the file is there in full size."""
        return (folder / self.name).stat().st_size == self.size


def write_manifest(folder: Path, kind: Kind, state: State, files: Mapping[str, File]) -> None:
    """Let the files, by what they are for, be those of a coming state. Raises OSError."""
    named = {use: asdict(file) for use, file in files.items()}
    content = {"format": kind.format, **asdict(state), "files": named}
    replace_file(kind.coming(folder), json.dumps(content).encode())


def read_manifest(folder: Path, kind: Kind, **facts: str | int) -> dict[str, File]:
    """Return the files that a manifest names, by what they are for.

    Raises one of UNUSABLE where there is none, or none of this format with these facts.
    """
    wanted = {"format": kind.format, **facts}
    try:
        return _files(kind.manifest(folder), wanted)
    except UNUSABLE:
        if not kind.coming(folder).exists():
            raise
        return _files(kind.coming(folder), wanted)


def _files(manifest: Path, wanted: Mapping[str, str | int]) -> dict[str, File]:
    content = json.loads(manifest.read_bytes())
    if any(content[key] != value for key, value in wanted.items()):
        raise KeyError(manifest.name)
    files = {use: File(**file) for use, file in content["files"].items()}
    if not all(is_own_name(file.name) for file in files.values()):
        raise ValueError(manifest.name)
    return files


def is_own_name(name: str) -> bool:
    """Return whether a name is of a file in the same folder that a manifest may name."""
    return name.endswith(".arrays") and not {"/", "\\", "\0"} & set(name)


def take_coming(folder: Path, kind: Kind, state: State) -> None:
    """Put the coming manifest in force if it is of this state, and take it away if not.

    Raises OSError.
    """
    coming = kind.coming(folder)
    try:
        _files(coming, {"format": kind.format, **asdict(state)})
    except UNUSABLE:
        coming.unlink(missing_ok=True)
    else:
        coming.replace(kind.manifest(folder))


def names_in_force(folder: Path, kind: Kind) -> frozenset[str]:
    """Return the names of the files in force; none where the manifest cannot be read."""
    try:
        content = json.loads(kind.manifest(folder).read_bytes())
        return frozenset(str(file["name"]) for file in content["files"].values())
    except UNUSABLE:
        return frozenset()


def is_kept(folder: Path, kind: Kind, state: State) -> bool:
    """Return whether the files of a state are there in full size; what they hold is not read."""
    try:
        files = read_manifest(folder, kind, **asdict(state))
        return all(file.is_full(folder) for file in files.values())
    except UNUSABLE:
        return False
