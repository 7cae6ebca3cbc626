"""All shelves of an index together, and where each paper stands on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from papersim.encode.runtime import give_back_memory
from papersim.index.arrays import let_go, mapped
from papersim.index.kept import is_whole
from papersim.index.known import known_papers
from papersim.index.manifest import DERIVED, UNUSABLE, read_manifest
from papersim.index.shelf import FULL, Shelf, to_join
from papersim.rank.digests import Sets
from papersim.rank.spans import ends_of, places_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from papersim.index.manifest import File
    from papersim.index.store import Store

    Arrays = Mapping[str, NDArray[Any]]
    Kept = tuple[Shelf, File | None]

__all__ = ["Shelves", "shelves_in"]

Stand = dict[str, tuple[int, int]]
"""By the ids of papers the number of a shelf, and the place there."""

APPROXIMATE_FROM = 100_000
"""Passages from which the quantised are looked through first: `benchmarks/scale.py` tells why."""

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
        old: Sequence[Kept] = (),
        put: Callable[[Shelf], Kept] = lambda shelf: (shelf, None),
        progress: Callable[[str, int, int], None] | None = None,
    ) -> Shelves:
        """Return the shelves of a store's papers; from old ones what has not changed since.

        Each new shelf is handed to ``put``, so that it need not stay in memory. ``progress`` is
        told of the stage ``derive``, how many papers stand on shelves and how many there are.
        """
        marks = store.marks()
        sizes = {paper: max(1, count) for paper, (_, count) in marks.items()}
        found = _standing([shelf for shelf, _ in old], marks)
        joined = _to_join([shelf for shelf, _ in old], found, sizes)
        is_large = sum(count for _, count in marks.values()) >= APPROXIMATE_FROM

        def made(ids: Sequence[str]) -> tuple[Kept, list[str]]:
            """Return a shelf of papers, handed over, and their order on it."""
            moved = {paper: found[paper] for paper in ids if paper in found}
            new = {paper: marks[paper] for paper in ids if paper not in found}
            known = known_papers(store, fingerprint, dimension, new)
            one = Shelf.of(known, sum(count for _, count in new.values()), dimension)
            shelf, order = _joined([shelf for shelf, _ in old], moved, one, sorted(new))
            return put(shelf.with_quantised() if is_large else shelf), order

        shelves: list[Kept] = []
        stand = Stand()
        for number, kept in enumerate(old):
            if number not in joined:
                own = {p: place for p, (n, place) in found.items() if n == number}
                stand |= {p: (len(shelves), place) for p, place in own.items()}
                lacks = is_large and not kept[0].quantised and kept[0].large_languages
                shelves.append(put(kept[0].with_quantised()) if lacks else kept)
        heaps = _heaps(sorted(marks.keys() - stand.keys()), sizes)
        for some in heaps if shelves else heaps or [[]]:
            if progress:
                progress("derive", len(stand), len(marks))
            kept, order = made(some)
            give_back_memory()
            stand |= {paper: (len(shelves), place) for place, paper in enumerate(order)}
            shelves.append(kept)
        ends = [shelf.starts for shelf, _ in shelves]
        ids = sorted(p for p, (n, place) in stand.items() if ends[n][place] < ends[n][place + 1])
        return cls(
            tuple(shelf for shelf, _ in shelves),
            tuple(file for _, file in shelves),
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

    def let_go(self) -> None:
        """Let the memory go that mapped shelves take; they are read anew when they are needed."""
        for shelf in self.shelves:
            let_go(shelf.vectors)
        give_back_memory()

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


def shelves_in(folder: Path, fingerprint: str) -> list[Kept]:
    """Return the shelves in an index folder, of any generation, that are whole to the last byte."""
    found: list[Kept] = []
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


def _heaps(papers: Sequence[str], sizes: Mapping[str, int]) -> list[list[str]]:
    """Return papers in order, as many together as a shelf takes."""
    heaps: list[list[str]] = []
    left = 0
    for paper in papers:
        if sizes[paper] > left or not heaps:
            heaps.append([])
            left = max(FULL, sizes[paper])
        heaps[-1].append(paper)
        left -= sizes[paper]
    return heaps


def _standing(shelves: Sequence[Shelf], marks: Mapping[str, tuple[bytes, int]]) -> Stand:
    """Return where the papers stand that have not changed since."""
    before = {
        mark: (number, place)
        for number, shelf in enumerate(shelves)
        for mark, place in shelf.places().items()
    }
    return {paper: before[mark] for paper, (mark, _) in marks.items() if mark in before}


def _to_join(shelves: Sequence[Shelf], found: Stand, sizes: Mapping[str, int]) -> set[int]:
    """Return which shelves are joined with the papers that are not found on any."""
    live = [0] * len(shelves)
    for paper, (number, _) in found.items():
        live[number] += sizes[paper]
    whole = [int(shelf.sizes.sum()) for shelf in shelves]
    return set(to_join(live, whole, sum(sizes.values()) - sum(live), FULL))


def _joined(
    shelves: Sequence[Shelf], papers: Stand, new: Shelf, ids: Sequence[str]
) -> tuple[Shelf, list[str]]:
    """Return a shelf of papers of several and of a new one, and the ids of its papers in order."""
    order: list[str] = []
    parts = []
    for number in sorted({number for number, _ in papers.values()}):
        own = sorted((place, paper) for paper, (n, place) in papers.items() if n == number)
        order += [paper for _, paper in own]
        parts.append((shelves[number], np.asarray([place for place, _ in own], np.int64)))
    if not order:
        return new, list(ids)
    parts.append((new, np.arange(new.count)))
    return Shelf.joined(parts), [*order, *ids]
