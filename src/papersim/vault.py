"""The folder of notes: which files there are and what is in them. Never writes."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from fnmatch import translate
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from papersim.errors import VaultError
from papersim.model import SkippedNote

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["DEFAULT_EXCLUDE", "NoteFile", "Vault", "digest_of", "is_unread"]

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
_UNREAD = "cannot be read"
_WILD = re.compile(r"[*?\[]")


class NoteFile(NamedTuple):
    """A note as the file system knows it; ``path`` is relative to the vault, with ``/``."""

    path: str
    size: int
    mtime_ns: int


class _Exclusion(NamedTuple):
    """What is left out: plain names and paths, ends of paths, and patterns."""

    plain: frozenset[str]
    ends: tuple[str, ...]
    pattern: re.Pattern[str] | None

    @classmethod
    def of(cls, patterns: Sequence[str]) -> _Exclusion:
        wild = [p for p in patterns if _WILD.search(p)]
        return cls(
            frozenset(patterns).difference(wild),
            tuple(f"/{p}" for p in patterns if "/" in p or p in wild),
            re.compile("|".join(map(translate, wild))) if wild else None,
        )

    def covers(self, path: str, name: str) -> bool:
        if name in self.plain or path in self.plain or path.endswith(self.ends):
            return True
        return self.pattern is not None and bool(
            self.pattern.match(name) or self.pattern.match(path)
        )


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
        files: list[NoteFile] = []
        skipped: list[SkippedNote] = []
        folders = [(str(self.root), "")]
        while folders:
            folder, prefix = folders.pop()
            try:
                with os.scandir(folder) as entries:
                    found = list(entries)
            except OSError as error:
                skipped.append(_unreadable(prefix.rstrip("/"), error))
                continue
            for entry in found:
                path = prefix + entry.name
                if self._exclusion.covers(path, entry.name):
                    continue
                try:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append((entry.path, path + "/"))
                    elif entry.name.lower().endswith(_SUFFIXES):
                        self._take(entry, path, files, skipped)
                except OSError as error:
                    skipped.append(_unreadable(_shown(path), error))
        return tuple(sorted(files)), tuple(sorted(skipped, key=lambda s: s.note))

    def _take(
        self,
        entry: os.DirEntry[str],
        path: str,
        files: list[NoteFile],
        skipped: list[SkippedNote],
    ) -> None:
        if not path.isascii() and _shown(path) != path:
            skipped.append(SkippedNote(_shown(path), "its name is not UTF-8"))
        elif entry.is_symlink() and not self._holds(Path(entry.path)):
            reason = "a link that leads out of the notes folder or nowhere"
            skipped.append(SkippedNote(path, reason))
        elif entry.is_file():
            stat = entry.stat()
            files.append(NoteFile(path, stat.st_size, stat.st_mtime_ns))

    def _holds(self, link: Path) -> bool:
        try:
            return link.resolve(strict=True).is_relative_to(self.root.resolve())
        except (OSError, RuntimeError):
            return False

    @cached_property
    def _exclusion(self) -> _Exclusion:
        return _Exclusion.of(self.exclude)

    def excludes(self, path: str) -> bool:
        """Return whether a pattern leaves out a path: by its name, or by its whole path."""
        return self._exclusion.covers(path, path.rsplit("/", 1)[-1])

    def read(self, path: str) -> bytes:
        """Return the bytes of a note; raises OSError where it cannot be read."""
        return (self.root / path).read_bytes()


def digest_of(data: bytes) -> str:
    """Return the digest by which the content of a note is known."""
    import hashlib

    return hashlib.blake2b(data, digest_size=16).hexdigest()


def is_unread(skipped: SkippedNote) -> bool:
    """Return whether it is not known what is there, since the system would not tell."""
    return skipped.reason.startswith(_UNREAD)


def _unreadable(path: str, error: OSError) -> SkippedNote:
    return SkippedNote(path, f"{_UNREAD}: {error.strerror}")


def _shown(path: str) -> str:
    return path.encode("utf-8", "replace").decode("utf-8")
