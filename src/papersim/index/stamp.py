"""Telling that a run of indexing would do nothing, before anything it needs is loaded.

A run that left nothing undone leaves a stamp: what it went by, and what it left behind, each
file by its size and time. As long as the stamp would be the same, the next run has nothing to
do. Where anything differs, even if it does not matter, the run has to look for itself.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from papersim.encode.place import mark_of
from papersim.errors import EncoderError
from papersim.index.database import FILE_NAME as DATABASE
from papersim.index.lock import FILE_NAMES as OF_THE_LOCK
from papersim.model import IndexReport, SkippedNote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from papersim.index.store import NoteState
    from papersim.vault import Vault

    Told = list[Any]

__all__ = ["drop_stamp", "leave_stamp", "report_if_unchanged", "surroundings"]

FILE_NAME = "stamp.json"
_UNUSABLE = (
    OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError,
)  # fmt: skip
_LOG = f"{DATABASE}-wal"
_TOLD = {"last-run.json", "papersim.log", "papersim.log.1", "papersim.log.2"}
_PASSING = {FILE_NAME, f"{DATABASE}-shm", *OF_THE_LOCK, *_TOLD}
_PROGRAM = str(Path(__file__).parents[1])


def surroundings(vault: Vault, model: str, labels: Mapping[str, object]) -> Told | None:
    """Return what a run goes by apart from the notes: this program, the settings, the model.

    None where that cannot be told without loading the model.
    """
    try:
        weights = mark_of(model)
    except (EncoderError, OSError):
        return None
    if weights is None:
        return None
    settings = [str(vault.root.resolve()), list(vault.exclude), model, weights, labels]
    return [*settings, list(_program(_PROGRAM))]


def drop_stamp(folder: Path) -> None:
    """Take the stamp away as a run begins, so that one cut short leaves none."""
    with suppress(OSError):
        (folder / FILE_NAME).unlink(missing_ok=True)


def leave_stamp(
    folder: Path, around: Told, notes: Mapping[str, NoteState], report: IndexReport
) -> None:
    """Keep in the index folder that all is done; the store has to be closed.

    ``around`` are the surroundings before the run, ``notes`` what it left in the store. Where
    that cannot be kept, the next run looks for itself.
    """
    from papersim.files import replace_file

    stamp = {
        "around": around,
        "made": _made(folder),
        "notes": [[path, notes[path].size, notes[path].mtime_ns] for path in sorted(notes)],
        "left_out": [[s.note, s.reason] for s in report.skipped if s.note not in notes],
        "skipped": [[s.note, s.reason] for s in report.skipped],
        "papers": report.papers,
        "sections": report.sections,
    }
    with suppress(OSError):
        replace_file(folder / FILE_NAME, json.dumps(stamp | {"crc": _checksum(stamp)}).encode())


def report_if_unchanged(folder: Path, vault: Vault, around: Told) -> IndexReport | None:
    """Return the report of a run that does nothing; None where there may be something to do."""
    started = time.monotonic()
    try:
        stamp = json.loads((folder / FILE_NAME).read_bytes())
        if stamp.pop("crc") != _checksum(stamp):
            return None
        if stamp["around"] != around or stamp["made"] != _made(folder):
            return None
        files, left_out = vault.scan()
        found = [list(file) for file in files], [[s.note, s.reason] for s in left_out]
        if found != (stamp["notes"], stamp["left_out"]):
            return None
        return IndexReport(
            added=0,
            changed=0,
            moved=0,
            removed=0,
            unchanged=len(files),
            papers=int(stamp["papers"]),
            sections=int(stamp["sections"]),
            embedded=0,
            seconds=time.monotonic() - started,
            skipped=tuple(SkippedNote(str(note), str(why)) for note, why in stamp["skipped"]),
        )
    except _UNUSABLE:
        return None


def _checksum(stamp: Mapping[str, object]) -> int:
    return zlib.crc32(json.dumps(stamp).encode())


def _made(folder: Path) -> Told:
    """Return what lies in an index folder, and in the database's log if there is anything."""
    with os.scandir(folder) as entries:
        found = sorted(_told(entry) for entry in entries if entry.name not in _PASSING)
    return [told for told in found if told[:2] != [_LOG, 0]]


def _program(folder: str) -> Iterator[Told]:
    """Yield the files of a package: another version may understand the same notes otherwise."""
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if not entry.is_dir():
                yield _told(entry)
            elif entry.name != "__pycache__":
                yield from _program(entry.path)


def _told(entry: os.DirEntry[str]) -> Told:
    stat = entry.stat()
    return [entry.name, stat.st_size, stat.st_mtime_ns]
