"""The lexical side: tf-idf over the words of whole notes, CJK characters in pairs.

Cosines of sublinear tf-idf: a term that occurs c times weighs 1 + log c, times its idf, and
each paper's vector has unit length (Salton and Buckley 1988), so that long notes do not win by
size. The idf is log((1 + papers) / (1 + papers with the term)) + 1.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from papersim.rank.digests import digests_of
from papersim.rank.postings import Postings, tf_of
from papersim.rank.spans import places_in
from papersim.rank.terms import terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float32]

__all__ = ["Words"]

_AT_ONCE = 16  # rows asked for in one step


@dataclass(frozen=True)
class Words:
    """The words of papers, by row, in one or several postings.

    ``rows`` hold for each postings the paper row of each text, -1 for one that is no paper's any
    more. ``lengths`` are those of the papers' vectors before they were made unit length.
    """

    postings: tuple[Postings, ...]
    rows: tuple[NDArray[np.int32], ...]
    lengths: FloatArray

    @classmethod
    def fit(
        cls, postings: Sequence[Postings], rows: Sequence[NDArray[np.int32]], count: int
    ) -> Words:
        """Return the words of ``count`` papers; see the class for the rest."""
        words = cls(tuple(postings), tuple(rows), np.ones(count, np.float32))
        squares = np.zeros(count, np.float64)
        for one, own in zip(postings, rows, strict=True):
            live = np.flatnonzero(own >= 0)
            idf = words._idf(words._counts(one.vocabulary))
            begins, ends = one.text_starts[live], one.text_starts[live + 1]
            places = places_in(begins, ends - begins)
            weights = tf_of(one.counts[places]) * idf[one.columns[places]]
            owners = np.repeat(own[live], ends - begins)
            squares += np.bincount(owners, weights.astype(np.float64) ** 2, minlength=count)
        return cls(words.postings, words.rows, np.sqrt(squares).astype(np.float32))

    @classmethod
    def of(cls, texts: Sequence[str]) -> Words:
        """Return the words of texts, one a paper row."""
        return cls.fit([Postings.of(texts)], [np.arange(len(texts), dtype=np.int32)], len(texts))

    @property
    def count(self) -> int:
        """The number of papers."""
        return len(self.lengths)

    @cached_property
    def sizes(self) -> NDArray[np.int32]:
        """The papers' numbers of terms, repeats counted."""
        sizes = np.zeros(self.count, np.int32)
        for postings, rows in zip(self.postings, self.rows, strict=True):
            sizes[rows[rows >= 0]] = postings.sizes[rows >= 0]
        return sizes

    def scores_of_row(self, row: int) -> FloatArray:
        """Return the cosine of a paper with every paper, in 0..1."""
        return self._scores(*self._terms_of(row))

    def scores_of_text(self, text: str) -> FloatArray:
        """Return the cosine of a text with every paper, in 0..1; unknown terms do not count."""
        bag = Counter(terms(text))
        counts = np.asarray(list(bag.values()), np.float32)
        return self._scores(digests_of(bag), 1 + np.log(counts))

    def scores_of_rows(self, rows: NDArray[np.integer]) -> FloatArray:
        """Return the cosines of papers with every paper, shape (rows, papers).

        All at once by SciPy, which a single one would only wait for.
        """
        from scipy.sparse import csr_array

        scores = np.zeros((self.count, len(rows)), np.float32)
        asked = [self._terms_of(int(row)) for row in rows]
        weights = [self._weights(digests, tf) for digests, tf in asked]
        for postings, own in zip(self.postings, self.rows, strict=True):
            shape = postings.count, len(postings.vocabulary)
            tf = tf_of(postings.counts)
            matrix = csr_array((tf, postings.columns, postings.text_starts), shape)
            live = own >= 0
            for begin in range(0, len(rows), _AT_ONCE):
                part = slice(begin, begin + _AT_ONCE)
                queries = np.zeros((shape[1], len(weights[part])), np.float32)
                for place, ((digests, _), weight) in enumerate(
                    zip(asked[part], weights[part], strict=True)
                ):
                    found, known = postings.find(digests)
                    queries[found[known], place] = weight[known]
                scores[own[live], part] = (matrix @ queries)[live]
        lengths = self.lengths[:, None]
        return np.asarray(np.divide(scores, lengths, out=scores, where=lengths > 0).T)

    def share_of(self, term: str, row: int | None = None) -> float:
        """Return the share of the papers, but for one by its row, that hold a term."""
        digest = digests_of([term])
        holders = int(self._counts(digest)[0])
        if row is None:
            return holders / max(1, self.count)
        own = digest[0] in self._terms_of(row)[0]
        return (holders - own) / max(1, self.count - 1)

    def _terms_of(self, row: int) -> tuple[NDArray[np.uint64], FloatArray]:
        for postings, rows in zip(self.postings, self.rows, strict=True):
            if len(own := np.flatnonzero(rows == row)):
                digests, counts = postings.terms_of(int(own[0]))
                return digests, tf_of(counts)
        return np.zeros(0, np.uint64), np.zeros(0, np.float32)

    def _weights(self, digests: NDArray[np.uint64], tf: FloatArray) -> FloatArray:
        """Return what each term of a query adds, times its tf in a paper, before the length."""
        counts = self._counts(digests)
        idf = self._idf(counts)
        weights = tf * idf
        length = float(np.linalg.norm(weights[counts > 0])) or 1.0
        return np.asarray(weights * idf / length, np.float32)

    def _scores(self, digests: NDArray[np.uint64], tf: FloatArray) -> FloatArray:
        weights = self._weights(digests, tf)
        scores = np.zeros(self.count, np.float32)
        for postings, rows in zip(self.postings, self.rows, strict=True):
            places, known = postings.find(digests)
            found = postings.weighted(places[known], weights[known])
            live = rows >= 0
            scores[rows[live]] = found[live]
        return np.divide(scores, self.lengths, out=scores, where=self.lengths > 0)

    def _idf(self, counts: NDArray[np.int64]) -> FloatArray:
        return np.asarray(np.log((1 + self.count) / (1 + counts)) + 1, np.float32)

    def _counts(self, digests: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return in how many papers each term stands."""
        counts = np.zeros(len(digests), np.int64)
        for postings, gone in zip(self.postings, self._gone, strict=True):
            places, known = postings.find(digests)
            own = places[known]
            counts[known] += postings.starts[own + 1] - postings.starts[own]
            if gone is not None:
                counts[known] -= gone[own]
        return counts

    @cached_property
    def _gone(self) -> tuple[NDArray[np.int64] | None, ...]:
        """In how many texts that are no paper's any more each term of each postings stands."""
        found: list[NDArray[np.int64] | None] = []
        for postings, rows in zip(self.postings, self.rows, strict=True):
            gone = np.flatnonzero(rows < 0)
            columns = postings.columns_of(gone) if len(gone) else None
            size = len(postings.vocabulary)
            found.append(None if columns is None else np.bincount(columns, minlength=size))
        return tuple(found)
