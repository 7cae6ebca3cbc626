"""Shelves: what is known of papers each by itself, in arrays that are never changed.

A change of the notes puts the papers that changed on a new shelf; the others stay where they are.
What changed or went leaves gaps. Now and then shelves are joined, so that they stay few and the
gaps small: the more a shelf holds, the more seldom. A full one is left alone but for its gaps, so
that neither the memory nor the time that a change takes grows with the vault.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from papersim.index.quantised import Quantised
from papersim.rank.center import normalised
from papersim.rank.digests import Sets
from papersim.rank.postings import Gathered, Postings
from papersim.rank.spans import ends_of, places_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from papersim.index.known import Known

    Arrays = Mapping[str, NDArray[Any]]

__all__ = ["FULL", "LEAST_QUANTISED", "MARK", "Shelf", "to_join"]

MARK = 16
"""Bytes of a mark."""

FULL = 1 << 16
"""Passages from which a shelf is full; a paper without any counts as one."""

LEAST_QUANTISED = 1 << 13
"""Passages in a language on a shelf."""

_AT_ONCE = 4096  # vectors gone through in one step
_GROWTH = 3
_GAPS = 0.25


@dataclass(frozen=True)
class Shelf:
    """What is known of some papers, each by itself; see `Known` for what it is.

    ``marks`` have shape (papers, MARK). The passages of paper i stand at starts[i]:starts[i + 1]
    of ``vectors``, ``sections``, ``kinds`` and ``languages``. In a large vault ``quantised``
    are the vectors in a language, those of papers in others being less near.
    """

    marks: NDArray[np.uint8]
    starts: NDArray[np.int64]
    vectors: NDArray[np.float32]
    sections: NDArray[np.int32]
    kinds: NDArray[np.int16]
    languages: NDArray[np.str_]
    groups: NDArray[np.str_]
    texts: Postings
    titles: Postings
    tags: Sets
    names: Sets
    targets: Sets
    quantised: Mapping[str, Quantised] = field(default_factory=dict)

    @classmethod
    def of(cls, papers: Iterable[Known], passages: int, dimension: int) -> Shelf:
        """Return the shelf of papers, in order; they have at most so many passages."""
        vectors = np.empty((passages, dimension), np.float32)
        marks, groups, lengths = bytearray(), list[str](), list[int]()
        sections, kinds, languages = list[int](), list[int](), list[str]()
        texts, titles = Gathered(), Gathered()
        tags, names, targets = list[set[str]](), list[set[str]](), list[set[str]]()
        for paper in papers:
            vectors[len(sections) : len(sections) + len(paper.vectors)] = paper.vectors
            marks += paper.mark
            groups.append(paper.group)
            lengths.append(len(paper.vectors))
            sections += paper.sections
            kinds += paper.kinds
            languages += paper.languages
            texts.add(paper.text)
            titles.add(paper.title)
            tags.append(paper.tags)
            names.append(paper.names)
            targets.append(paper.targets)
        return cls(
            np.frombuffer(bytes(marks), np.uint8).reshape(-1, MARK),
            ends_of(lengths),
            vectors[: len(sections)],
            np.asarray(sections, np.int32),
            np.asarray(kinds, np.int16),
            np.asarray(languages, np.str_),
            np.asarray(groups, np.str_),
            texts.postings(),
            titles.postings(),
            Sets.of(tags),
            Sets.of(names),
            Sets.of(targets),
        )

    @classmethod
    def joined(cls, parts: Sequence[tuple[Shelf, NDArray[np.int64]]]) -> Shelf:
        """Return some papers of several shelves, in order: (shelf, which of its papers)."""
        lengths = [np.diff(shelf.starts)[chosen] for shelf, chosen in parts]
        places = [
            places_in(shelf.starts[chosen], own)
            for (shelf, chosen), own in zip(parts, lengths, strict=True)
        ]

        def by_passage(name: str) -> NDArray[Any]:
            arrays = zip(parts, places, strict=True)
            return np.concatenate([getattr(shelf, name)[own] for (shelf, _), own in arrays])

        def of_all(name: str) -> list[tuple[Any, NDArray[np.int64]]]:
            return [(getattr(shelf, name), chosen) for shelf, chosen in parts]

        return cls(
            np.concatenate([shelf.marks[chosen] for shelf, chosen in parts]),
            ends_of(np.concatenate(lengths)),
            by_passage("vectors"),
            by_passage("sections"),
            by_passage("kinds"),
            by_passage("languages"),
            np.concatenate([shelf.groups[chosen] for shelf, chosen in parts]),
            Postings.joined(of_all("texts")),
            Postings.joined(of_all("titles")),
            Sets.joined(of_all("tags")),
            Sets.joined(of_all("names")),
            Sets.joined(of_all("targets")),
        )

    @property
    def count(self) -> int:
        """The number of papers."""
        return len(self.marks)

    @property
    def large_languages(self) -> list[str]:
        """The languages in which there is more than can be compared in no time."""
        names, counts = np.unique(self.languages, return_counts=True)
        return [str(name) for name in names[counts >= LEAST_QUANTISED]]

    def with_quantised(self) -> Shelf:
        """Return the shelf with its vectors quantised, centred by their means on this shelf."""
        quantised = {}
        for name in self.large_languages:
            places = np.flatnonzero(self.languages == name).astype(np.int32)
            begins = range(0, len(places), _AT_ONCE)
            sums = [self.vectors[places[b : b + _AT_ONCE]].sum(axis=0) for b in begins]
            mean = np.sum(sums, axis=0) / len(places)
            quantised[name] = Quantised.of(
                places, self.vectors.shape[1], partial(self._centred, mean)
            )
        return replace(self, quantised=quantised)

    def _centred(self, mean: NDArray[np.float32], places: NDArray[np.int32]) -> NDArray[np.float32]:
        return normalised(self.vectors[places] - mean)

    @property
    def sizes(self) -> NDArray[np.int64]:
        """How much each paper takes of a shelf: its passages, or one where it has none."""
        return np.maximum(np.diff(self.starts), 1)

    def places(self) -> dict[bytes, int]:
        """Return where the paper with each mark stands; those without one are left out."""
        data = self.marks.tobytes()
        found = {data[i * MARK : (i + 1) * MARK]: i for i in range(self.count)}
        found.pop(bytes(MARK), None)
        return found

    # --- as arrays ------------------------------------------------------------------------------

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what it is made of, by name."""
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            **self.texts.arrays("texts"),
            **self.titles.arrays("titles"),
            **self.tags.arrays("tags"),
            **self.names.arrays("names"),
            **self.targets.arrays("targets"),
            **self._quantised_arrays(),
        }

    def _quantised_arrays(self) -> dict[str, NDArray[Any]]:
        found: dict[str, NDArray[Any]] = {}
        for name, own in self.quantised.items():
            crc = np.asarray([own.crc], np.uint32)
            found |= {f"codes.{name}": own.data, f"places.{name}": own.places}
            found[f"crc.{name}"] = crc
        return found

    @classmethod
    def of_arrays(cls, arrays: Arrays) -> Shelf:
        """Return what `arrays` gave. Raises KeyError where a part is missing."""
        parts: dict[str, Any] = {name: arrays[name] for name in _PLAIN}
        parts |= {name: Postings.of_arrays(name, arrays) for name in ("texts", "titles")}
        parts |= {name: Sets.of_arrays(name, arrays) for name in ("tags", "names", "targets")}
        dimension = parts["vectors"].shape[1]
        quantised = {}
        for key in arrays:
            if key.startswith("codes."):
                name = key.removeprefix("codes.")
                crc, places = int(arrays[f"crc.{name}"][0]), arrays[f"places.{name}"]
                quantised[name] = Quantised(arrays[key], crc, places, dimension)
        return cls(**parts, quantised=quantised)


_PLAIN = ("marks", "starts", "vectors", "sections", "kinds", "languages", "groups")


def to_join(live: Sequence[int], sizes: Sequence[int], new: int, full: int) -> list[int]:
    """Return which shelves are joined with what is new, in order.

    ``live`` is how much of each shelf is still as it was, of ``sizes`` it has, ``full`` what none
    exceeds. A nearly full shelf is joined when a quarter of it is gaps; another then, too, or
    when the later ones hold a third as much as it does, and with it all those. So there are few
    shelves, and a paper moves as often as a logarithm says.
    """
    gaps = [size - kept > _GAPS * size for kept, size in zip(live, sizes, strict=True)]
    large = [size > (1 - _GAPS) * full for size in sizes]
    joined = [place for place in range(len(live)) if large[place] and gaps[place]]
    others = [place for place in range(len(live)) if not large[place]]
    later = new + sum(live[place] for place in joined)
    first = len(others)
    for number in reversed(range(len(others))):
        place = others[number]
        if gaps[place] or live[place] < _GROWTH * later:
            first = number
        later += live[place]
    return sorted([*joined, *others[first:]])
