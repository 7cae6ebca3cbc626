"""A tag renamed in all notes of a vault: from names to changes of files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from papersim.errors import EditError, LookupFailedError, UnwritableTagError, VaultError
from papersim.model import SkippedNote
from papersim.notes.edit_place import named_tag
from papersim.notes.reader import read_note
from papersim.notes.rename import Renaming, plan_rename
from papersim.tagging import NotePlan
from papersim.undo import Change
from papersim.write import decode_note

if TYPE_CHECKING:
    from collections.abc import Iterable

    from papersim.notes.labels import Labels
    from papersim.vault import Vault

__all__ = ["closest_tags", "make_renaming", "no_such_tag", "plan_renames"]

_SHOWN = 3
_CLOSE = 60


def make_renaming(old: str, new: str) -> Renaming:
    """Return the renaming that two names ask for; raises EditError where one is no tag."""
    renaming = Renaming(named_tag(old), named_tag(new))
    if renaming.old == renaming.new:
        raise EditError(f"the tag is called '{renaming.new}' already; give another name")
    return renaming


def plan_renames(
    vault: Vault, renaming: Renaming, labels: Labels
) -> tuple[list[NotePlan], list[SkippedNote]]:
    """Return what becomes of each note that has the tag, and the notes that are left, with reasons.

    Nothing is written. Raises UnwritableTagError where the new name cannot stand in the place of
    the old one.
    """
    plans, left = [], []
    for file in vault.scan()[0]:
        plan = _plan_or_reason(vault, file.path, renaming, labels)
        if isinstance(plan, SkippedNote):
            left.append(plan)
        elif plan:
            plans.append(plan)
    return plans, left


def _plan_or_reason(
    vault: Vault, path: str, renaming: Renaming, labels: Labels
) -> NotePlan | SkippedNote | None:
    try:
        return _plan(vault, path, renaming, labels)
    except UnwritableTagError:
        raise
    except (EditError, VaultError) as error:
        return SkippedNote(path, str(error))


def _plan(vault: Vault, path: str, renaming: Renaming, labels: Labels) -> NotePlan | None:
    """Return what becomes of a note, None where it does not have the tag."""
    try:
        old = vault.read(path)
    except OSError as error:
        raise VaultError(f"{path} cannot be read: {error.strerror}; run: papersim index") from error
    try:
        text = decode_note(old, path)
    except VaultError:
        note = read_note(old.decode("utf-8", "replace"), path, labels)
        if any(renaming.meant(tag) for paper in note.papers for tag in paper.tags):
            raise
        return None
    renamed = plan_rename(text, path, labels, renaming)
    change = Change(path, old, renamed.text.encode("utf-8"))
    return NotePlan(change, renamed.tags) if change.old != change.new else None


def no_such_tag(renaming: Renaming, tags: Iterable[str]) -> LookupFailedError:
    """Return what to say where no note has the tag: the closest of the vault's, if any is close."""
    known = list(tags)
    if any(map(renaming.meant, known)):
        return LookupFailedError(
            f"no note has the tag '{renaming.old}' any more; run: papersim index"
        )
    names = ", ".join(f"'{tag}'" for tag in closest_tags(renaming.old, known))
    closest = f"; the closest are {names}" if names else ""
    return LookupFailedError(
        f"no note has the tag '{renaming.old}'{closest}; all are listed by: papersim tags"
    )


def closest_tags(name: str, tags: Iterable[str]) -> list[str]:
    """Return at most three of the tags, those that are spelled most like a name, if any is."""
    from rapidfuzz import fuzz, process, utils

    found = process.extract(
        name, list(tags), scorer=fuzz.WRatio, processor=utils.default_process, limit=_SHOWN
    )
    return [tag for tag, score, _ in found if score >= _CLOSE]
