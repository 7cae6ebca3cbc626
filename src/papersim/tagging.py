"""Writing tags into notes: from papers and tags to changes of files, shown or made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from papersim.errors import VaultError
from papersim.notes.edit import plan_tags
from papersim.undo import Change
from papersim.write import decode_note, unified_diff

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from papersim.notes.labels import Labels

__all__ = ["Tagging", "changes_for", "diff_of"]


@dataclass(frozen=True, slots=True)
class Tagging:
    """Tags for one paper in one note; its path is one in the vault, or in full elsewhere."""

    note: str
    line: int
    title: str
    tags: tuple[str, ...]


def changes_for(
    root: Path, taggings: Iterable[Tagging], labels: Labels, vault_tags: Collection[str]
) -> list[Change]:
    """Return what the notes are to hold; those that need no change are left out.

    Nothing is written. Raises VaultError where a note cannot be read, EditError where a tag
    cannot be added so that it would be read back.
    """
    old: dict[str, bytes] = {}
    new: dict[str, str] = {}
    for tagging in taggings:
        path = tagging.note
        if path not in new:
            old[path] = _read(root, path)
            new[path] = decode_note(old[path], path)
        edit = plan_tags(
            new[path],
            path,
            labels,
            line=tagging.line,
            title=tagging.title,
            tags=tagging.tags,
            vault_tags=vault_tags,
        )
        new[path] = edit.apply(new[path])
    changes = [Change(path, old[path], text.encode("utf-8")) for path, text in new.items()]
    return [change for change in changes if change.old != change.new]


def diff_of(changes: Sequence[Change]) -> str:
    """Return changes as one unified diff that ``git apply`` takes in the notes folder.

    A note elsewhere goes by its name alone: in its own folder.
    """
    return "".join(unified_diff(_shown(c.path), c.old.decode(), c.new.decode()) for c in changes)


def _shown(path: str) -> str:
    return PurePath(path).name if PurePath(path).is_absolute() else path


def _read(root: Path, path: str) -> bytes:
    try:
        return (root / path).read_bytes()
    except OSError as error:
        raise VaultError(f"{path} cannot be read: {error.strerror}; run: papersim index") from error
