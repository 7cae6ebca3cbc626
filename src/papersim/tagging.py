"""Writing tags into notes: from papers and tags to changes of files, shown or made."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from pathlib import PurePath
from typing import TYPE_CHECKING

from papersim.errors import EditError, VaultError
from papersim.model import SkippedNote, TagCount, TagEdit
from papersim.notes.edit import forms_in, plan_tags
from papersim.notes.edit_forms import most_used
from papersim.notes.edit_place import clean_tag
from papersim.undo import Change
from papersim.write import decode_note, is_inside, unified_diff

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from papersim.model import Suggestions
    from papersim.notes.edit_forms import Form
    from papersim.notes.labels import Labels

    Progress = Callable[[str, int, int], None]

__all__ = [
    "NotePlan",
    "Tagging",
    "VaultTags",
    "as_written",
    "by_note",
    "diff_of",
    "edit_of",
    "plan_note",
    "plan_notes",
]

_MOST_READ = 200


@dataclass(frozen=True, slots=True)
class Tagging:
    """Tags for one paper of a note."""

    line: int
    title: str
    tags: tuple[str, ...]


@dataclass(frozen=True)
class VaultTags:
    """How a vault has its tags: which there are, and in what forms, learnt when first needed.

    ``notes`` are the paths of the notes with tagged papers; some of them are read.
    """

    root: Path
    labels: Labels
    tags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @cached_property
    def forms(self) -> tuple[Form, ...]:
        """The forms in which papers have their tags, the most used first."""
        step = -(-len(self.notes) // _MOST_READ) or 1
        return most_used(chain.from_iterable(map(self._forms_in, self.notes[::step])))

    def _forms_in(self, note: str) -> list[tuple[Form, int]]:
        try:
            text = decode_note(_read_inside(self.root, note), note)
            return list(forms_in(text, note, self.labels))
        except VaultError:
            return []


@dataclass(frozen=True, slots=True)
class NotePlan:
    """What a note is to hold, and the tags that each of its papers gets by that.

    ``left`` says of papers why they get none, ``respelled`` which tags are spelled otherwise there.
    """

    change: Change
    added: tuple[tuple[str, ...], ...]
    left: tuple[str, ...] = ()
    respelled: tuple[tuple[str, str, str, str], ...] = ()


def by_note(found: Iterable[Suggestions]) -> dict[str, list[Tagging]]:
    """Return what is suggested, by the path of the note: one in the vault, or in full elsewhere."""
    notes: dict[str, list[Tagging]] = {}
    for f in found:
        if f.suggestions:
            tags = tuple(s.tag for s in f.suggestions)
            notes.setdefault(f.paper.note, []).append(Tagging(f.paper.line, f.paper.title, tags))
    return notes


def plan_notes(
    notes: dict[str, list[Tagging]],
    vault: VaultTags,
    progress: Progress | None = None,
) -> tuple[list[NotePlan], list[SkippedNote]]:
    """Return what becomes of each note that changes; and what is left, by note, with the reason.

    Of a note one paper may be left, and the others not. Nothing is written. ``progress`` is told
    of every note.
    """
    plans, left = [], []
    for done, (note, taggings) in enumerate(notes.items(), 1):
        try:
            plan = plan_note(note, taggings, vault)
        except VaultError as error:
            left.append(SkippedNote(note, str(error)))
        else:
            left += [SkippedNote(note, reason) for reason in plan.left]
            plans += [plan] if plan.change.old != plan.change.new else []
        if progress:
            progress("plan", done, len(notes))
    return plans, left


def plan_note(note: str, taggings: Iterable[Tagging], vault: VaultTags) -> NotePlan:
    """Return what becomes of a note; nothing is written.

    A paper is left where a tag cannot be added so that it would be read back. Raises VaultError
    where the note cannot be read.
    """
    outside = PurePath(note).is_absolute()  # which only who asks can name
    old = _read(vault.root, note) if outside else _read_inside(vault.root, note)
    new = decode_note(old, note)
    added, left, respelled = [], [], []
    for one in taggings:
        try:
            edit = plan_tags(
                new,
                note,
                vault.labels,
                line=one.line,
                title=one.title,
                tags=one.tags,
                vault_tags=vault.tags,
                forms=lambda: vault.forms,
            )
        except EditError as error:
            left.append(str(error))
            continue
        new = edit.apply(new)
        added.append(edit.tags)
        respelled += [
            (note, one.title, tag, written)
            for tag, written in zip(edit.wanted, edit.tags, strict=True)
            if tag != written
        ]
    change = Change(note, old, new.encode("utf-8"))
    return NotePlan(change, tuple(added), tuple(left), tuple(respelled))


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
        tuple(one for plan in plans for one in plan.respelled),
    )


def as_written(found: Suggestions, edit: TagEdit) -> Suggestions:
    """Return suggestions with the tags as an edit spells them in the note."""
    spelled = {tuple(place): written for *place, written in edit.respelled}
    place = (found.paper.note, found.paper.title)
    suggestions = tuple(
        replace(one, tag=spelled.get((*place, clean_tag(one.tag)), one.tag))
        for one in found.suggestions
    )
    return replace(found, suggestions=suggestions)


def diff_of(changes: Iterable[Change]) -> str:
    """Return changes as one unified diff that ``git apply`` takes in the notes folder.

    A note elsewhere goes by its name alone: in its own folder.
    """
    return "".join(unified_diff(_shown(c.path), c.old.decode(), c.new.decode()) for c in changes)


def _shown(path: str) -> str:
    return PurePath(path).name if PurePath(path).is_absolute() else path


def _read_inside(root: Path, path: str) -> bytes:
    if path != "-" and not is_inside(root, path):
        raise VaultError(f"{path} leads out of the notes folder and is not read")
    return _read(root, path)


def _read(root: Path, path: str) -> bytes:
    if path == "-":
        raise VaultError("standard input is no note to write tags to; name its file")
    try:
        return (root / path).read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise VaultError(f"{path} cannot be read: {reason}; run: papersim index") from error
