"""What differs between the notes and the index, from names, sizes and times; then from contents."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from papersim.model import SkippedNote
from papersim.vault import digest_of, is_unread

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from papersim.index.store import NoteState
    from papersim.vault import NoteFile, Vault

__all__ = ["Changes", "Plan", "make_plan"]

_COARSEST_NS = 2_000_000_000  # to which any file system in use rounds its times: FAT's two seconds
_LEAST_SAMPLED = 8
_SAMPLED = 100


@dataclass(frozen=True)
class Plan:
    """What has to be looked at.

    ``read`` are files whose size or time is new, ``gone`` paths that are no more, ``same`` the
    number of files that need no look, ``skipped`` what could not be looked into. Among those to
    read are a few that look the same, taken in turn; ``sampled`` is the path of the last of them.
    """

    read: tuple[NoteFile, ...]
    gone: tuple[str, ...]
    same: int
    skipped: tuple[SkippedNote, ...]
    sampled: str = ""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.read and not self.gone


def make_plan(
    vault: Vault,
    known: Mapping[str, NoteState],
    *,
    fresh: Collection[str] = (),
    full: bool = False,
    after: str | None = None,
) -> Plan:
    """Return what has to be looked at; no file is opened.

    ``fresh`` are paths whose times do not tell whether they are still what was read. What lies
    in a folder that cannot be read is not gone. Where there is work to do, a hundredth of the
    other files is read as well, those behind the path ``after`` first, unless that is None.
    """
    files, skipped = vault.scan()
    read = tuple(
        f
        for f in files
        if full
        or f.path in fresh
        or (state := known.get(f.path)) is None
        or (state.size, state.mtime_ns) != (f.size, f.mtime_ns)
    )
    hidden = tuple(path for s in skipped if is_unread(s) for path in (s.note, f"{s.note}/"))
    gone = tuple(
        path
        for path in sorted(known.keys() - {f.path for f in files})
        if not (path in hidden or path.startswith(hidden[1::2]))
    )
    some: list[NoteFile] = []
    if after is not None and (read or gone):
        some = _sample(files, {f.path for f in read}, after)
        read = tuple(sorted([*read, *some]))
    last = some[-1].path if some else after or ""
    return Plan(read, gone, len(files) - len(read), skipped, last)


def _sample(files: Sequence[NoteFile], read: Collection[str], after: str) -> list[NoteFile]:
    """Return some files that are not read yet, in order, those behind a path first."""
    same = [f for f in files if f.path not in read]
    begin = next((i for i, f in enumerate(same) if f.path > after), 0)
    count = max(_LEAST_SAMPLED, len(same) // _SAMPLED)
    return [*same[begin:], *same[:begin]][:count]


class Changes:
    """What happened to each note that was looked at, told from its content.

    ``touched`` are files with a new date and the old content, ``moved`` pairs of an old path and
    a file with its content; what is added or changed is counted and has to be taken in.
    ``fresh`` are paths read so soon after they were written that they could change once more
    without a new time, or that could not be read at all.
    """

    def __init__(self, known: Mapping[str, NoteState], plan: Plan, *, full: bool) -> None:
        self._known = known
        self._lost: dict[str, list[str]] = {}
        for path in reversed(plan.gone):
            self._lost.setdefault(known[path].digest, []).append(path)
        self._full = full
        self._gone = plan.gone
        self.touched: list[NoteFile] = []
        self.moved: list[tuple[str, NoteFile]] = []
        self.added = 0
        self.changed = 0
        self.unread: list[SkippedNote] = []
        self.fresh: list[str] = []

    @property
    def removed(self) -> list[str]:
        """The paths that are gone and did not turn up elsewhere."""
        moved = {old for old, _ in self.moved}
        return [path for path in self._gone if path not in moved]

    def take_in(self, vault: Vault, file: NoteFile) -> bytes | None:
        """Return the content of a file that has to be taken in; None if it is known already."""
        if abs(time.time_ns() - file.mtime_ns) < _COARSEST_NS:
            self.fresh.append(file.path)
        try:
            data = vault.read(file.path)
        except OSError as error:
            self.fresh.append(file.path)
            self.unread.append(SkippedNote(file.path, f"cannot be read: {error.strerror}"))
            return None
        state, digest = self._known.get(file.path), digest_of(data)
        if state is None and (lost := self._lost.get(digest)):
            # Taken in again, too: the name of a note may give its date and its title.
            self.moved.append((lost.pop(), file))
        elif state is None:
            self.added += 1
        elif state.digest == digest:
            self.touched.append(file)
            return data if self._full else None
        else:
            self.changed += 1
        return data
