"""The only code that writes notes: whole files, put in place at once, or not at all."""

from __future__ import annotations

import difflib
import os
import re
import stat
from functools import partial
from typing import TYPE_CHECKING

from papersim.errors import VaultError
from papersim.files import replace_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["decode_note", "is_inside", "unified_diff", "write_note"]

_DIFF_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_ESCAPES = {"\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r"}


def decode_note(data: bytes, path: str) -> str:
    """Return a note's text, byte for byte what encoding it as UTF-8 gives back (BOM kept).

    Raises VaultError for a note in another encoding: an edit would change more than it says.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise VaultError(
            f"{path} is not UTF-8 (byte {error.start}) and is not edited; save it as UTF-8"
        ) from error


def is_inside(vault: Path, path: str) -> bool:
    """Return whether a path, relative to the vault, leads to a place in it, links followed."""
    try:
        return (vault / path).resolve().is_relative_to(vault.resolve())
    except (OSError, RuntimeError, ValueError):
        return False


def write_note(vault: Path, path: str, old: bytes, new: bytes) -> None:
    """Put new content in a note of the vault, if it still has the old.

    The new file takes the old one's place at once, with its permissions and, where that is
    allowed, its owner; a link stays and its target is replaced. Raises VaultError, with nothing
    changed, where the note has other content by now, lies outside of the vault, is read-only
    or cannot be written.
    """
    try:
        target = (vault / path).resolve(strict=True)
        status = target.stat()
        reason = _refusal(vault, target, status)
        if reason is None and target.read_bytes() == old:
            replace_file(target, new, like=status, check=partial(_expect, target, old))
            return
    except _ChangedMeanwhile:
        reason = None
    except (OSError, RuntimeError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise VaultError(
            f"{path} cannot be written: {reason}; it is as it was, mend this and run again"
        ) from error
    raise VaultError(f"{path} {reason or 'has changed since it was read; run again'}")


def _refusal(vault: Path, target: Path, status: os.stat_result) -> str | None:
    """Return why a file is not to be written, None if it may be."""
    if not target.is_relative_to(vault.resolve()):
        return "leads out of the notes folder and is not edited"
    if not stat.S_ISREG(status.st_mode):
        return "is not a file and is not edited"
    # A file without any write permission is meant to stay, whoever runs this.
    if not status.st_mode & 0o222 or not os.access(target, os.W_OK):
        return "is read-only; make it writable and run again"
    return None


class _ChangedMeanwhile(Exception):  # noqa: N818 - a signal between two functions here
    """The file to replace has other content than was expected."""


def _expect(target: Path, old: bytes) -> None:
    if target.read_bytes() != old:
        raise _ChangedMeanwhile


def unified_diff(path: str, old: str, new: str) -> str:
    """Return the difference of two states of a note as ``git apply`` and ``patch -p1`` take it.

    Empty where they are the same. Line ends other than a line feed are characters of their
    line, so write the diff without translating them.
    """
    if old == new:
        return ""
    before, after = _DIFF_LINE.findall(old), _DIFF_LINE.findall(new)
    a, b = _quoted(f"a/{path}"), _quoted(f"b/{path}")
    tab = "\t" if " " in path else ""  # ends a name that has blanks, as git itself writes it
    head = [f"diff --git {a} {b}\n", f"--- {a}{tab}\n", f"+++ {b}{tab}\n"]
    return "".join([*head, *_hunks(before, after)])


def _hunks(before: list[str], after: list[str]) -> Iterator[str]:
    for number, line in enumerate(difflib.unified_diff(before, after)):
        if number >= 2:  # after difflib's own two header lines
            yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _quoted(name: str) -> str:
    """Return a name as git reads it: quoted for control characters, quotes and backslashes."""
    if not re.search(r'[\x00-\x1f\x7f"\\]', name):
        return name
    parts = [f"\\{c}" if c in '"\\' else f"\\{_ESCAPES[c]}" if c in _ESCAPES else c for c in name]
    return '"' + "".join(f"\\{ord(c):03o}" if c < " " or c == "\x7f" else c for c in parts) + '"'
