"""Edits of several notes that can be taken back: a journal of the last ones in the index folder.

The journal is on the disk before the first note is written. Whatever happens after, each note
is byte for byte old or new, and the journal tells which.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from papersim.errors import VaultError
from papersim.files import replace_file, sweep, sync_folder
from papersim.model import SkippedNote
from papersim.signature import is_signed, sign
from papersim.write import is_inside, write_note

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Progress = Callable[[str, int, int], None]

__all__ = [
    "JOURNAL",
    "Change",
    "Outcome",
    "apply_changes",
    "check_journal",
    "sweep_notes",
    "undo",
]

JOURNAL = "last-edit.json"
_VERSION = 1
_DAMAGED = (
    ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError, binascii.Error,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """What a note held when it was read and is to hold.

    It is named by its path in the vault, or in full where it is elsewhere.
    """

    path: str
    old: bytes
    new: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """Which notes were written and which were not."""

    written: tuple[str, ...]
    left: tuple[SkippedNote, ...] = ()


@dataclass(frozen=True, slots=True)
class _Record:
    """A change and how to take it back: ``old`` stood where ``new[start:end]`` stands."""

    path: str
    before: str
    after: str
    start: int
    end: int
    old: bytes
    signature: str = ""

    @classmethod
    def of(cls, change: Change) -> _Record:
        old, new = change.old, change.new
        shorter = min(len(old), len(new))
        pairs = zip(old, new, strict=False)
        start = next((i for i, (one, other) in enumerate(pairs) if one != other), shorter)
        ends = zip(reversed(old[start:]), reversed(new[start:]), strict=False)
        tail = next((i for i, (one, other) in enumerate(ends) if one != other), shorter - start)
        middle = old[start : len(old) - tail]
        own = cls(change.path, _digest(old), _digest(new), start, len(new) - tail, middle)
        return own.signed() if own.is_outside else own

    @classmethod
    def from_json(cls, data: Any) -> _Record:
        old = base64.b64decode(data["old"], validate=True)
        path, before, after = (str(data[key]) for key in ("path", "before", "after"))
        place = int(data["start"]), int(data["end"])
        return cls(path, before, after, *place, old, str(data.get("signature", "")))

    def to_json(self) -> dict[str, object]:
        return self._content() | ({"signature": self.signature} if self.signature else {})

    @property
    def is_outside(self) -> bool:
        return Path(self.path).is_absolute()

    def signed(self) -> _Record:
        return replace(self, signature=sign(json.dumps(self._content()).encode()))

    def refusal(self, vault: Path) -> str | None:
        """Return why a note is not even read: the journal may have come with someone's folder."""
        if not self.is_outside:
            left = f"{self.path} leads out of the notes folder and is left alone"
            return None if is_inside(vault, self.path) else left
        if is_signed(json.dumps(self._content()).encode(), self.signature):
            return None
        return (
            f"{self.path} is outside of the notes folder, and nothing shows that it was edited "
            "from here; take the edit back there by hand"
        )

    def _content(self) -> dict[str, object]:
        return {
            "path": self.path,
            "before": self.before,
            "after": self.after,
            "start": self.start,
            "end": self.end,
            "old": base64.b64encode(self.old).decode("ascii"),
        }

    def taken_back(self, vault: Path) -> Change | str | None:
        """Return the change that undoes this one, None where it is not in force, or why not."""
        if refused := self.refusal(vault):
            return refused
        try:
            current = (vault / self.path).read_bytes()
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            return f"{self.path} cannot be read: {reason}"
        if _digest(current) == self.before:
            return None
        old = current[: self.start] + self.old + current[self.end :]
        if _digest(current) != self.after or _digest(old) != self.before:
            return f"{self.path} has changed since the edit; undo it there by hand"
        return Change(self.path, current, old)


def apply_changes(
    index: Path, vault: Path, changes: Sequence[Change], progress: Progress | None = None
) -> Outcome:
    """Write changes to notes, each whole or not at all, so that ``undo`` can take them back.

    Notes that cannot be written are left and reported; the others are written all the same.
    Changes that change nothing are passed over; where none is written the edit before can still
    be undone. ``progress`` is told of every note. The index has to be held for writing. Raises
    VaultError, with nothing written, where the journal cannot be.
    """
    changes = [change for change in changes if change.old != change.new]
    if not changes:
        return Outcome(())
    records = [_Record.of(change).to_json() for change in changes]
    sweep_notes(index, vault)
    before = _bytes_of(index / JOURNAL)
    _write_journal(index, {"version": _VERSION, "notes": records})
    results = []
    for done, change in enumerate(changes, 1):
        results.append((change.path, _try(vault, change)))
        if progress:
            progress("write", done, len(changes))
    outcome = _outcome(results)
    if not outcome.written:
        _put_back(index, before)
    return outcome


def _try(vault: Path, change: Change) -> str | None:
    """Write one note; return the reason where that is not possible."""
    file = Path(change.path)
    folder, path = (file.parent, file.name) if file.is_absolute() else (vault, change.path)
    try:
        write_note(folder, path, change.old, change.new)
    except VaultError as error:
        return str(error)
    return None


def _outcome(results: Sequence[tuple[str, str | None]]) -> Outcome:
    written = tuple(path for path, reason in results if reason is None)
    return Outcome(written, tuple(SkippedNote(path, reason) for path, reason in results if reason))


def undo(index: Path, vault: Path) -> Outcome:
    """Take back the last applied changes, in the notes that are still as those left them.

    Notes that have been changed since are left and reported; notes that were never written are
    passed over. The journal goes, unless a note could not be written: then it can be tried
    again. The index has to be held for writing. Raises VaultError where there is nothing to take
    back.
    """
    sweep_notes(index, vault)
    results: list[tuple[str, str | None]] = []
    failed = False
    for record in _read_journal(index):
        found = record.taken_back(vault)
        if isinstance(found, str):
            results.append((record.path, found))
        elif found is not None:
            reason = _try(vault, found)
            failed = failed or reason is not None
            results.append((record.path, reason))
    if not failed:
        _clear(index)
    return _outcome(results)


def check_journal(index: Path) -> None:
    """Raise VaultError where there is a journal that cannot be read."""
    if (index / JOURNAL).exists():
        _read_journal(index)


def sweep_notes(index: Path, vault: Path) -> None:
    """Take away the temporary files that a kill during the last edit left beside notes.

    The journal tells where. The index has to be held for writing, so that no edit is under way.
    """
    try:
        records = [one for one in _read_journal(index) if one.refusal(vault) is None]
    except VaultError:
        return
    folders = set()
    for record in records:
        with suppress(OSError, RuntimeError, ValueError):
            # That of a link's target, where it is written.
            folders.add((vault / record.path).resolve().parent)
    for folder in sorted(folders):
        sweep(folder)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _write_journal(index: Path, data: dict[str, object]) -> None:
    try:
        index.mkdir(parents=True, exist_ok=True)
        replace_file(index / JOURNAL, json.dumps(data, indent=1).encode("ascii"))
    except OSError as error:
        raise VaultError(
            f"no note was edited: the undo journal cannot be written in {index}: {error.strerror}"
        ) from error


def _read_journal(index: Path) -> list[_Record]:
    try:
        data = json.loads((index / JOURNAL).read_bytes())
        notes = {_VERSION: data["notes"]}[data["version"]]
        return [_Record.from_json(note) for note in notes]
    except FileNotFoundError as error:
        raise VaultError(
            f"there is nothing more to take back in {index}: papersim undo goes one step back, "
            "to before the last --apply or --rename"
        ) from error
    except OSError as error:
        raise VaultError(f"{index / JOURNAL} cannot be read: {error.strerror}") from error
    except _DAMAGED as error:
        raise VaultError(f"{index / JOURNAL} is damaged and cannot be undone; delete it") from error


def _bytes_of(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None


def _put_back(index: Path, journal: bytes | None) -> None:
    """Put the journal of the edit before in place, none where there was none."""
    if journal is None:
        _clear(index)
        return
    try:
        replace_file(index / JOURNAL, journal)
    except OSError as error:
        raise VaultError(f"{index / JOURNAL} cannot be written: {error.strerror}") from error


def _clear(index: Path) -> None:
    try:
        (index / JOURNAL).unlink(missing_ok=True)
    except OSError as error:
        raise VaultError(f"{index / JOURNAL} cannot be deleted: {error.strerror}") from error
    sync_folder(index)
