"""Centring by language: what makes vectors of two languages comparable.

Raw e5 vectors of one language lie close together whatever they say, so that a paper's own
translation is hardly ever its nearest neighbour. Taking off the mean of each language and
normalising again leaves the topic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float32]

__all__ = ["LanguageMeans", "normalised"]

_PRIOR = 8.0


@dataclass(frozen=True)
class LanguageMeans:
    """The mean vector of each language's passages, and of all of them.

    The mean of a language with few passages is drawn towards that of all: it counts as if
    eight more passages lay there. A language never seen has the mean of all.
    """

    languages: tuple[str, ...]
    counts: NDArray[np.int64]
    means: FloatArray
    overall: FloatArray

    @classmethod
    def fit(cls, vectors: FloatArray, languages: Sequence[str]) -> LanguageMeans:
        """Return the means of vectors, shape (n, dimension), whose languages are given."""
        codes = np.asarray(languages, dtype=np.str_)
        names = tuple(sorted(set(languages)))
        counts = np.zeros(len(names), np.int64)
        sums = np.zeros((len(names), vectors.shape[1]))
        for row, name in enumerate(names):
            own = vectors[codes == name]
            counts[row], sums[row] = len(own), own.sum(axis=0, dtype=np.float64)
        return cls.of_sums(names, counts, sums)

    @classmethod
    def of_parts(
        cls,
        names: tuple[str, ...],
        dimension: int,
        parts: Iterable[tuple[NDArray[np.integer], FloatArray]],
    ) -> LanguageMeans:
        """Return the means of vectors that come part by part with the numbers of their languages.

        The numbers are places in ``names``; the vectors of a part have shape (n, dimension).
        """
        counts, sums = np.zeros(len(names), np.int64), np.zeros((len(names), dimension))
        for numbers, vectors in parts:
            is_in = np.arange(len(names))[:, None] == numbers
            counts += is_in.sum(axis=1)
            sums += is_in.astype(np.float32) @ vectors
        return cls.of_sums(names, counts, sums)

    @classmethod
    def of_sums(
        cls, languages: tuple[str, ...], counts: NDArray[np.int64], sums: NDArray[np.float64]
    ) -> LanguageMeans:
        """Return the means where each language has so many vectors, and these are their sums."""
        overall = sums.sum(axis=0) / max(1, int(counts.sum()))
        means = (sums + _PRIOR * overall) / (counts[:, None] + _PRIOR)
        return cls(languages, counts, means.astype(np.float32), overall.astype(np.float32))

    @property
    def table(self) -> FloatArray:
        """The mean of each language, then that of all, shape (languages + 1, dimension)."""
        return np.vstack([self.means, self.overall[None, :]])

    def center(self, vectors: FloatArray, languages: Sequence[str]) -> FloatArray:
        """Return vectors with the mean of their language taken off, of unit length again."""
        rows = {name: row for row, name in enumerate(self.languages)}
        index = np.asarray([rows.get(name, len(rows)) for name in languages], dtype=np.int64)
        if not len(index):
            return vectors
        return normalised(vectors - self.table[index])


def normalised(vectors: FloatArray) -> FloatArray:
    """Return vectors of unit length; a vector of zeros stays one."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)
