"""Which entries in notes are the same paper, and the id that stays with it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["EntryKey", "assign_ids"]

_SHORTEST = 4
_GENERIC = frozenset(
    ("readme", "index", "untitled", "todo", "inbox", "template", "notes", "home", "paper", "note")
) | frozenset(("title", "无标题", "未命名", "新建", "笔记", "論文", "论文", "メモ"))


@dataclass(frozen=True, slots=True)
class EntryKey:
    """What tells one entry from another: its place, the key of its title, its arXiv id."""

    note: str
    ordinal: int
    title_key: str
    arxiv: str | None

    def names(self) -> tuple[str, ...]:
        """Return the names by which this entry's paper may be known; the first is its own."""
        if len(self.title_key) < _SHORTEST or self.title_key in _GENERIC:
            own = f"place:{self.note}#{self.ordinal}:{self.title_key}"
        else:
            own = f"title:{self.title_key}"
        return (own, f"arxiv:{self.arxiv}") if self.arxiv else (own,)


def assign_ids(
    entries: Sequence[EntryKey], known: Mapping[str, str]
) -> tuple[list[str], dict[str, str]]:
    """Return the paper id of each entry, and the id of each name for the next time.

    Entries with the same full title or the same arXiv id are one paper; a title too short or
    too general to name a paper counts only in its own note. ``known`` are the names of
    earlier runs: a paper keeps its id as long as one of its names does.
    """
    groups = _groups([entry.names() for entry in entries])
    ids: list[str] = [""] * len(entries)
    names_of: dict[str, str] = {}
    taken: set[str] = set()
    pending: list[tuple[list[int], list[str]]] = []
    for members in groups:
        names = sorted({name for i in members for name in entries[i].names()})
        pending.append((members, names))
    # A paper under its own first name comes before one that only once shared the id.
    pending.sort(
        key=lambda group: (_natural(group[1]) not in _known_ids(group[1], known), group[1])
    )
    for members, names in pending:
        candidates = [*_known_ids(names, known), *map(_hash, names)]
        paper = next((c for c in candidates if c not in taken), _hash("|".join(names)))
        taken.add(paper)
        for i in members:
            ids[i] = paper
        names_of.update(dict.fromkeys(names, paper))
    return ids, names_of


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
