"""The folder of notes: which files there are and what is in them. Never writes."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from papersim.errors import VaultError
from papersim.model import SkippedNote

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["DEFAULT_EXCLUDE", "NoteFile", "Vault", "digest_of"]

DEFAULT_EXCLUDE = (
    ".git",
    ".obsidian",
    ".trash",
    "logseq/bak",
    ".stversions",
    "node_modules",
    ".venv",
)
"""Folders left out unless papersim.toml says otherwise."""

_SUFFIXES = (".md", ".markdown")


@dataclass(frozen=True, slots=True)
class NoteFile:
    """A note as the file system knows it; ``path`` is relative to the vault, with ``/``."""

    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Vault:
    """A folder of notes and the patterns of what in it is left alone."""

    root: Path
    exclude: tuple[str, ...] = DEFAULT_EXCLUDE

    @classmethod
    def open(cls, root: Path, exclude: Sequence[str] = DEFAULT_EXCLUDE) -> Vault:
        """Return the vault at a folder; raises VaultError where there is none to read."""
        if not root.is_dir():
            what = "is not a folder" if root.exists() else "does not exist"
            raise VaultError(f"the notes folder {root} {what}; name yours with --notes DIR")
        if not os.access(root, os.R_OK | os.X_OK):
            raise VaultError(f"the notes folder {root} may not be read; check its permissions")
        return cls(root, tuple(exclude))

    def scan(self) -> tuple[tuple[NoteFile, ...], tuple[SkippedNote, ...]]:
        """Return the notes in order of their paths, and what was not looked into.

        Files are not opened. Links to folders are not followed; a link to a file counts only
        if the file lies in the vault.
        """
        skipped: list[SkippedNote] = []
        files = sorted(self._walk(self.root, "", skipped), key=lambda file: file.path)
        return tuple(files), tuple(sorted(skipped, key=lambda s: s.note))

    def _walk(self, folder: Path, prefix: str, skipped: list[SkippedNote]) -> Iterator[NoteFile]:
        try:
            with os.scandir(folder) as entries:
                found = list(entries)
        except OSError as error:
            skipped.append(SkippedNote(prefix.rstrip("/"), f"cannot be read: {error.strerror}"))
            return
        for entry in found:
            path = prefix + entry.name
            if self.excludes(path):
                continue
            try:
                if entry.is_dir(follow_symlinks=False):
                    yield from self._walk(Path(entry.path), path + "/", skipped)
                elif entry.name.lower().endswith(_SUFFIXES):
                    yield from self._file(entry, path, skipped)
            except OSError as error:
                skipped.append(SkippedNote(_shown(path), f"cannot be read: {error.strerror}"))

    def _file(
        self, entry: os.DirEntry[str], path: str, skipped: list[SkippedNote]
    ) -> Iterator[NoteFile]:
        if _shown(path) != path:
            skipped.append(SkippedNote(_shown(path), "its name is not UTF-8"))
        elif entry.is_symlink() and not self._holds(Path(entry.path)):
            reason = "a link that leads out of the notes folder or nowhere"
            skipped.append(SkippedNote(path, reason))
        elif entry.is_file():
            stat = entry.stat()
            yield NoteFile(path, stat.st_size, stat.st_mtime_ns)

    def _holds(self, link: Path) -> bool:
        try:
            return link.resolve(strict=True).is_relative_to(self.root.resolve())
        except (OSError, RuntimeError):
            return False

    def excludes(self, path: str) -> bool:
        """Return whether a pattern leaves out a path: by its name, or by its whole path."""
        name = path.rsplit("/", 1)[-1]
        return any(
            fnmatchcase(name, pattern) or fnmatchcase(path, pattern) or path.endswith("/" + pattern)
            for pattern in self.exclude
        )

    def read(self, path: str) -> bytes:
        """Return the bytes of a note; raises OSError where it cannot be read."""
        return (self.root / path).read_bytes()


def digest_of(data: bytes) -> str:
    """Return the digest by which the content of a note is known."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _shown(path: str) -> str:
    return path.encode("utf-8", "replace").decode("utf-8")
