"""All shelves of an index together, and where each paper stands on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from papersim.index.arrays import mapped
from papersim.index.kept import is_whole
from papersim.index.known import known_papers
from papersim.index.manifest import DERIVED, UNUSABLE, read_manifest
from papersim.index.shelf import Shelf, first_to_join
from papersim.rank.digests import Sets
from papersim.rank.spans import ends_of, places_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from papersim.index.manifest import File
    from papersim.index.store import Store

    Arrays = Mapping[str, NDArray[Any]]
    Places = dict[str, tuple[int, int]]

__all__ = ["Shelves", "shelves_in"]

_USE = "shelf-"


@dataclass(frozen=True)
class Shelves:
    """Shelves with the files they are kept in, None for one that is not kept yet.

    By row: ``papers`` are the ids, in order, of all papers that have a passage; that of row r is
    paper places[r] of shelf numbers[r].
    """

    shelves: tuple[Shelf, ...]
    files: tuple[File | None, ...]
    papers: NDArray[np.str_]
    numbers: NDArray[np.int16]
    places: NDArray[np.int32]

    @classmethod
    def of(
        cls,
        store: Store,
        fingerprint: str,
        dimension: int,
        old: Sequence[tuple[Shelf, File]] = (),
    ) -> Shelves:
        """Return the shelves of a store's papers; from old ones what has not changed since."""
        marks = store.marks()
        before = {
            mark: (number, place)
            for number, (shelf, _) in enumerate(old)
            for mark, place in shelf.places().items()
        }
        found = {paper: before[mark] for paper, (mark, _) in marks.items() if mark in before}
        live = np.bincount([number for number, _ in found.values()], minlength=len(old)).tolist()
        changed = {paper: mark for paper, mark in marks.items() if paper not in found}
        first = first_to_join(live, [shelf.count for shelf, _ in old], len(changed))
        shelves, files = [shelf for shelf, _ in old[:first]], [file for _, file in old[:first]]
        stand = {paper: place for paper, place in found.items() if place[0] < first}
        if changed or first < len(old) or not old:
            passages = sum(count for _, count in changed.values())
            known = known_papers(store, fingerprint, dimension, changed)
            shelf, order = _joined(
                [shelf for shelf, _ in old[first:]],
                {p: (n - first, place) for p, (n, place) in found.items() if n >= first},
                Shelf.of(known, passages, dimension),
                sorted(changed),
            )
            stand |= {paper: (first, place) for place, paper in enumerate(order)}
            shelves.append(shelf)
        ends = [shelf.starts for shelf in shelves]
        ids = sorted(p for p, (n, place) in stand.items() if ends[n][place] < ends[n][place + 1])
        return cls(
            tuple(shelves),
            (*files, *[None] * (len(shelves) - len(files))),
            np.asarray(ids, np.str_),
            np.asarray([stand[paper][0] for paper in ids], np.int16),
            np.asarray([stand[paper][1] for paper in ids], np.int32),
        )

    @property
    def rows(self) -> list[NDArray[np.int32]]:
        """For each shelf the row of each of its papers, -1 for one that has changed or is gone."""
        found = []
        for number, shelf in enumerate(self.shelves):
            rows = np.full(shelf.count, -1, np.int32)
            here = np.flatnonzero(self.numbers == number)
            rows[self.places[here]] = here
            found.append(rows)
        return found

    def by_paper(self, name: str) -> NDArray[Any]:
        """Return an array of the shelves that has a value for each paper, by row."""
        return np.concatenate([getattr(one, name) for one in self.shelves])[self._papers()]

    def by_passage(self, name: str) -> NDArray[Any]:
        """Return an array of the shelves that has a value for each passage, row after row."""
        return np.concatenate([getattr(one, name) for one in self.shelves])[self.slots()]

    def sets(self, name: str) -> Sets:
        """Return sets of the shelves, by row."""
        every = [(getattr(one, name), np.arange(one.count)) for one in self.shelves]
        return Sets.joined([(Sets.joined(every), self._papers())])

    def starts(self) -> NDArray[np.int64]:
        """Return where the passages of each row begin, row after row, and the end of the last."""
        lengths = np.concatenate([np.diff(one.starts) for one in self.shelves])
        return ends_of(lengths[self._papers()])

    def slots(self) -> NDArray[np.int64]:
        """Return where each passage stands on the shelves, one after the other, row after row."""
        shifts = ends_of([len(one.sections) for one in self.shelves])[:-1]
        begins = np.concatenate(
            [one.starts[:-1] + shift for one, shift in zip(self.shelves, shifts, strict=True)]
        )
        return places_in(begins[self._papers()], np.diff(self.starts()))

    def _papers(self) -> NDArray[np.int64]:
        """Return where each paper stands on the shelves, one after the other, by row."""
        return ends_of([one.count for one in self.shelves])[self.numbers] + self.places

    # --- as files -------------------------------------------------------------------------------

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return all but the shelves themselves, by name."""
        names = ("papers", "numbers", "places")
        return {f"shelves.{name}": getattr(self, name) for name in names}

    def contents(self) -> dict[str, Arrays | File]:
        """Return the shelves' files by their use, or the arrays of those not kept yet."""
        both = zip(self.shelves, self.files, strict=True)
        return {f"{_USE}{n}": file or shelf.arrays() for n, (shelf, file) in enumerate(both)}

    @classmethod
    def of_arrays(cls, arrays: Arrays, files: Mapping[str, Arrays]) -> Shelves:
        """Return what `arrays` and `contents` gave. Raises KeyError where a part is missing."""
        uses = [use for use in files if use.startswith(_USE)]
        shelves = tuple(Shelf.of_arrays(files[f"{_USE}{n}"]) for n in range(len(uses)))
        names = ("papers", "numbers", "places")
        own = (arrays[f"shelves.{name}"] for name in names)
        return cls(shelves, (None,) * len(shelves), *own)


def shelves_in(folder: Path, fingerprint: str) -> list[tuple[Shelf, File]]:
    """Return the shelves in an index folder, of any generation, that are whole to the last byte."""
    found = []
    try:
        files = read_manifest(folder, DERIVED, fingerprint=fingerprint)
    except UNUSABLE:
        return []
    for use, file in files.items():
        if use.startswith(_USE) and is_whole(folder, file):
            try:
                found.append((Shelf.of_arrays(mapped(folder / file.name, file.head)), file))
            except UNUSABLE:
                continue
    return found


def _joined(
    shelves: Sequence[Shelf], papers: Places, new: Shelf, ids: Sequence[str]
) -> tuple[Shelf, list[str]]:
    """Return a shelf of papers of several and of a new one, and the ids of its papers in order."""
    order: list[str] = []
    parts = []
    for number, shelf in enumerate(shelves):
        own = sorted((place, paper) for paper, (n, place) in papers.items() if n == number)
        order += [paper for _, paper in own]
        parts.append((shelf, np.asarray([place for place, _ in own], np.int64)))
    if not order:
        return new, list(ids)
    parts.append((new, np.arange(new.count)))
    return Shelf.joined(parts), [*order, *ids]
