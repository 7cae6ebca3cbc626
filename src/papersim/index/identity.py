"""Which entries in notes are the same paper, and the id that stays with it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["EntryKey", "assign_ids", "names_a_paper"]

_SHORTEST = 4
_PLACE = "place:"
_GENERIC = frozenset(
    ("readme", "index", "untitled", "todo", "inbox", "template", "notes", "home", "paper", "note")
) | frozenset(("title", "无标题", "未命名", "新建", "笔记", "論文", "论文", "メモ"))


@dataclass(frozen=True, slots=True)
class EntryKey:
    """What tells one entry from another: its place, the key of its title, its arXiv id.

    ``ordinal`` counts the entries with that key in the note; ``was`` is the id that the entry had
    before, empty if it is new.
    """

    note: str
    ordinal: int
    title_key: str
    arxiv: str | None
    was: str = ""

    def names(self) -> tuple[str, ...]:
        """Return the names by which this entry's paper may be known; the first is its own."""
        if names_a_paper(self.title_key):
            own = f"title:{self.title_key}"
        else:
            own = f"{_PLACE}{self.note}#{self.ordinal}:{self.title_key}"
        return (own, f"arxiv:{self.arxiv}") if self.arxiv else (own,)


def names_a_paper(title_key: str) -> bool:
    """Return whether a title is long and particular enough to name one paper in all notes."""
    return len(title_key) >= _SHORTEST and title_key not in _GENERIC


def assign_ids(
    entries: Sequence[EntryKey], known: Mapping[str, str]
) -> tuple[list[str], dict[str, str]]:
    """Return the paper id of each entry, and the id of each name for the next time.

    Entries with the same full title or the same arXiv id are one paper; a title too short or
    too general to name a paper counts only in its own note. ``known`` are the names of
    earlier runs: a paper keeps its id as long as one of its names does, and one with a short
    title takes its id along to another note.
    """
    groups = _groups([entry.names() for entry in entries])
    ids: list[str] = [""] * len(entries)
    names_of: dict[str, str] = {}
    taken: set[str] = set()
    pending: list[tuple[list[int], list[str]]] = []
    for members in groups:
        names = sorted({name for i in members for name in entries[i].names()})
        pending.append((members, names))
    lost = _lost(known, {name for _, names in pending for name in names})
    # A paper under its own first name comes before one that only once shared the id, and both
    # before one that is known by no name.
    pending.sort(key=lambda group: (*_newness(group[1], known), group[1]))
    for members, names in pending:
        before = [entries[i].was for i in members if entries[i].was]
        moved = [lost[entries[i].title_key] for i in members if entries[i].title_key in lost]
        candidates = [*_known_ids(names, known), *before, *moved, *map(_hash, names)]
        paper = next((c for c in candidates if c not in taken), _hash("|".join(names)))
        taken.add(paper)
        for i in members:
            ids[i] = paper
        names_of.update(dict.fromkeys(names, paper))
    return ids, names_of


def _lost(known: Mapping[str, str], present: set[str]) -> dict[str, str]:
    """Return by short title the ids of papers that stood in a place where they are no more."""
    gone = [
        (name.rsplit(":", 1)[-1], paper)
        for name, paper in known.items()
        if name.startswith(_PLACE) and name not in present
    ]
    return {key: paper for key, paper in gone if key and key not in _GENERIC}


def _newness(names: Sequence[str], known: Mapping[str, str]) -> tuple[bool, bool]:
    ids = _known_ids(names, known)
    return not ids, _natural(names) not in ids


def _natural(names: Sequence[str]) -> str:
    return _hash(next((n for n in names if not n.startswith("arxiv:")), names[0]))


def _known_ids(names: Iterable[str], known: Mapping[str, str]) -> list[str]:
    titled_first = sorted(names, key=lambda name: name.startswith("arxiv:"))
    return list(dict.fromkeys(known[name] for name in titled_first if name in known))


def _hash(name: str) -> str:
    return hashlib.blake2b(name.encode(), digest_size=5).hexdigest()


def _groups(names: Sequence[tuple[str, ...]]) -> list[list[int]]:
    """Return the indices of entries connected by shared names (union-find)."""
    parent = list(range(len(names)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    first: dict[str, int] = {}
    for i, own in enumerate(names):
        for name in own:
            parent[root(i)] = root(first.setdefault(name, i))
    groups: dict[int, list[int]] = {}
    for i in range(len(names)):
        groups.setdefault(root(i), []).append(i)
    return list(groups.values())
