"""Writing tags into notes: from papers and tags to changes of files, shown or made."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from papersim.errors import EditError, VaultError
from papersim.model import SkippedNote, TagCount, TagEdit
from papersim.notes.edit import plan_tags
from papersim.undo import Change
from papersim.write import decode_note, unified_diff

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from pathlib import Path

    from papersim.model import Suggestions
    from papersim.notes.labels import Labels

    Progress = Callable[[str, int, int], None]

__all__ = ["NotePlan", "Tagging", "by_note", "diff_of", "edit_of", "plan_note", "plan_notes"]


@dataclass(frozen=True, slots=True)
class Tagging:
    """Tags for one paper of a note."""

    line: int
    title: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotePlan:
    """What a note is to hold, and the tags that each of its papers gets by that."""

    change: Change
    added: tuple[tuple[str, ...], ...]


def by_note(found: Iterable[Suggestions]) -> dict[str, list[Tagging]]:
    """Return what is suggested, by the path of the note: one in the vault, or in full elsewhere."""
    notes: dict[str, list[Tagging]] = {}
    for f in found:
        if f.suggestions:
            tags = tuple(s.tag for s in f.suggestions)
            notes.setdefault(f.paper.note, []).append(Tagging(f.paper.line, f.paper.title, tags))
    return notes


def plan_notes(
    root: Path,
    notes: dict[str, list[Tagging]],
    labels: Labels,
    vault_tags: Collection[str],
    progress: Progress | None = None,
) -> tuple[list[NotePlan], list[SkippedNote]]:
    """Return what becomes of each note that changes, and the notes that are left, with reasons.

    Nothing is written. ``progress`` is told of every note.
    """
    plans, left = [], []
    for done, (note, taggings) in enumerate(notes.items(), 1):
        try:
            plan = plan_note(root, note, taggings, labels, vault_tags)
        except (EditError, VaultError) as error:
            left.append(SkippedNote(note, str(error)))
        else:
            plans += [plan] if plan.change.old != plan.change.new else []
        if progress:
            progress("plan", done, len(notes))
    return plans, left


def plan_note(
    root: Path,
    note: str,
    taggings: Iterable[Tagging],
    labels: Labels,
    vault_tags: Collection[str],
) -> NotePlan:
    """Return what becomes of a note; nothing is written.

    Raises VaultError where it cannot be read, EditError where a tag cannot be added so that it
    would be read back.
    """
    old = _read(root, note)
    new = decode_note(old, note)
    added = []
    for one in taggings:
        edit = plan_tags(
            new,
            note,
            labels,
            line=one.line,
            title=one.title,
            tags=one.tags,
            vault_tags=vault_tags,
        )
        new = edit.apply(new)
        added.append(tuple(edit.tags))
    return NotePlan(Change(note, old, new.encode("utf-8")), tuple(added))


def edit_of(
    plans: Sequence[NotePlan], left: Iterable[SkippedNote], written: Sequence[str] | None = None
) -> TagEdit:
    """Return what writing plans did: to the notes written, or would do to all without those."""
    if written is not None:
        names = set(written)
        plans = [plan for plan in plans if plan.change.path in names]
    papers = [tags for plan in plans for tags in plan.added if tags]
    counts = Counter(tag for tags in papers for tag in tags)
    ordered = sorted(counts.items(), key=lambda c: (-c[1], c[0]))
    return TagEdit(
        diff_of(plan.change for plan in plans),
        tuple(written or ()),
        tuple(left),
        len(papers),
        tuple(TagCount(tag, count) for tag, count in ordered),
    )


def diff_of(changes: Iterable[Change]) -> str:
    """Return changes as one unified diff that ``git apply`` takes in the notes folder.

    A note elsewhere goes by its name alone: in its own folder.
    """
    return "".join(unified_diff(_shown(c.path), c.old.decode(), c.new.decode()) for c in changes)


def _shown(path: str) -> str:
    return PurePath(path).name if PurePath(path).is_absolute() else path


def _read(root: Path, path: str) -> bytes:
    if path == "-":
        raise VaultError("standard input is no note to write tags to; name its file")
    try:
        return (root / path).read_bytes()
    except OSError as error:
        raise VaultError(f"{path} cannot be read: {error.strerror}; run: papersim index") from error
