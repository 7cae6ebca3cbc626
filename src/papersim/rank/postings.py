"""Which terms stand in which texts, and how often: by term and by text.

Nothing here depends on any other text, so that postings of unchanged texts stay as they are when
others change; what does (how rare a term is, how long a vector) is for `Words`.
"""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from papersim.rank.digests import digests_of
from papersim.rank.spans import ends_of, places_in
from papersim.rank.terms import terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Arrays = Mapping[str, NDArray[Any]]

__all__ = ["Gathered", "Postings", "tf_of"]

_AT_ONCE = 1 << 20  # occurrences of terms that are added up at a time
_MOST = np.iinfo(np.uint16).max


@dataclass(frozen=True)
class Postings:
    """The terms of texts, by their digests.

    ``vocabulary`` holds the digests in order. The texts with term t are
    texts[starts[t]:starts[t + 1]], in which it weighs ``tf``, as `tf_of` has it. The terms of
    text i are columns[text_starts[i]:text_starts[i + 1]], in order, which stand in it ``counts``
    times. ``sizes`` are the texts' numbers of terms, repeats counted.
    """

    vocabulary: NDArray[np.uint64]
    starts: NDArray[np.int64]
    texts: NDArray[np.int32]
    tf: NDArray[np.float32]
    text_starts: NDArray[np.int64]
    columns: NDArray[np.int32]
    counts: NDArray[np.uint16]
    sizes: NDArray[np.int32]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Postings:
        """Return the postings of texts."""
        gathered = Gathered()
        for text in texts:
            gathered.add(text)
        return gathered.postings()

    @classmethod
    def joined(cls, parts: Sequence[tuple[Postings, NDArray[np.integer]]]) -> Postings:
        """Return the postings of some texts of several, in order: (postings, which of theirs)."""
        numbers, counts, lengths = [], [], []
        shift = 0
        for postings, chosen in parts:
            own = np.diff(postings.text_starts)[chosen]
            places = places_in(postings.text_starts[chosen], own)
            numbers.append(postings.columns[places].astype(np.int64) + shift)
            counts.append(postings.counts[places])
            lengths.append(own)
            shift += len(postings.vocabulary)
        return cls.of_flat(
            np.concatenate([postings.vocabulary for postings, _ in parts]),
            np.concatenate(numbers),
            np.concatenate(counts),
            np.concatenate(lengths),
            np.concatenate([postings.sizes[chosen] for postings, chosen in parts]),
        )

    @classmethod
    def of_flat(
        cls,
        digests: NDArray[np.uint64],
        numbers: NDArray[np.int64],
        counts: NDArray[np.uint16],
        lengths: NDArray[np.int64],
        sizes: NDArray[np.int32],
    ) -> Postings:
        """Return postings of the terms, text after text, that have these digests by number."""
        used = np.bincount(numbers, minlength=len(digests)) > 0
        numbers = (np.cumsum(used) - 1)[numbers]
        vocabulary, columns = np.unique(digests[used], return_inverse=True)
        found = columns[numbers]
        # By term, then by text: a stable sort of what is by text.
        by_term = np.argsort(found, kind="stable")
        starts = ends_of(np.bincount(found, minlength=len(vocabulary)))
        texts = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)[by_term]
        counts = counts[by_term]
        # And back, so that the terms of a text are in order.
        by_text = np.argsort(texts, kind="stable")
        in_order = np.repeat(np.arange(len(vocabulary), dtype=np.int32), np.diff(starts))
        return cls(
            vocabulary,
            starts,
            texts,
            tf_of(counts),
            ends_of(lengths),
            in_order[by_text],
            counts[by_text],
            sizes,
        )

    @property
    def count(self) -> int:
        """The number of texts."""
        return len(self.sizes)

    def terms_of(self, text: int) -> tuple[NDArray[np.uint64], NDArray[np.uint16]]:
        """Return the digests of a text's terms, in order, and how often each stands there."""
        span = slice(int(self.text_starts[text]), int(self.text_starts[text + 1]))
        return self.vocabulary[self.columns[span]], self.counts[span]

    def find(self, digests: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return the place of each term in the vocabulary, and whether it is there at all."""
        if not len(self.vocabulary):
            return np.zeros(len(digests), np.int64), np.zeros(len(digests), np.bool_)
        places = np.minimum(np.searchsorted(self.vocabulary, digests), len(self.vocabulary) - 1)
        return places, self.vocabulary[places] == digests

    def weighted(
        self, places: NDArray[np.integer], weights: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Return for each text the sum of tf times weight over the terms at these places."""
        found = np.zeros(self.count, np.float32)
        begins, ends = self.starts[places], self.starts[places + 1]
        steps = np.cumsum(ends - begins) // _AT_ONCE
        for step in np.unique(steps).tolist():
            here = np.flatnonzero(steps == step)
            spans = [slice(*span) for span in zip(begins[here], ends[here], strict=True)]
            added = np.concatenate([self.tf[span] for span in spans])
            added *= np.repeat(weights[here], ends[here] - begins[here])
            np.add.at(found, np.concatenate([self.texts[span] for span in spans]), added)
        return found

    def columns_of(self, texts: NDArray[np.integer]) -> NDArray[np.int32]:
        """Return the places in the vocabulary of the terms of some texts, text after text."""
        begins = self.text_starts[texts]
        return self.columns[places_in(begins, self.text_starts[texts + 1] - begins)]

    # --- as arrays ------------------------------------------------------------------------------

    def arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """Return what it is made of, by names that begin with one."""
        return {f"{name}.{field.name}": getattr(self, field.name) for field in fields(self)}

    @classmethod
    def of_arrays(cls, name: str, arrays: Arrays) -> Postings:
        """Return what `arrays` gave. Raises KeyError where a part is missing."""
        return cls(**{field.name: arrays[f"{name}.{field.name}"] for field in fields(cls)})


class Gathered:
    """The terms of texts, gathered one text after the other."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._terms = array("l")
        self._counts = array("H")
        self._lengths = array("l")
        self._sizes = array("l")

    def add(self, text: str) -> None:
        """Add a text."""
        bag = Counter(terms(text))
        numbers = self._numbers
        self._terms.extend(numbers.setdefault(term, len(numbers)) for term in bag)
        self._counts.extend(min(count, _MOST) for count in bag.values())
        self._lengths.append(len(bag))
        self._sizes.append(bag.total())

    def postings(self) -> Postings:
        """Return the postings of all texts so far."""
        return Postings.of_flat(
            digests_of(self._numbers),
            np.asarray(self._terms, np.int64),
            np.asarray(self._counts, np.uint16),
            np.asarray(self._lengths, np.int64),
            np.asarray(self._sizes, np.int32),
        )


def tf_of(counts: NDArray[np.integer]) -> NDArray[np.float32]:
    """Return the weight of terms by how often they occur: 1 + log count."""
    return np.asarray(_tf()[counts], np.float32)


@lru_cache(maxsize=1)
def _tf() -> NDArray[np.float32]:
    return 1 + np.log(np.maximum(np.arange(_MOST + 1, dtype=np.float32), 1))
