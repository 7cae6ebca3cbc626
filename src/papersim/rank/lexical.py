"""The terms of what tags are learnt from: tf-idf that is fitted once, papers against papers.

scikit-learn fits it with the tag model; asking needs no more than NumPy. What similar papers are
found by changes with the notes, and is `Words`. Cosines of sublinear tf-idf: a term that occurs
c times weighs 1 + log c, times its idf, and each paper's vector has unit length (Salton and
Buckley 1988), so that long notes do not win by size.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from papersim.rank.digests import digests_of
from papersim.rank.terms import terms

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from numpy.typing import NDArray

__all__ = ["Lexical"]


@dataclass(frozen=True)
class Lexical:
    """The weights of terms in papers, by term and by paper.

    ``vocabulary`` holds the terms' digests in order, ``idf`` their weights. The papers with term t
    are rows[starts[t]:starts[t + 1]] with ``weights``; the terms of paper r are
    columns[row_starts[r]:row_starts[r + 1]] with ``row_weights``. ``lengths`` are the papers'
    numbers of terms, repeats counted.
    """

    vocabulary: NDArray[np.uint64]
    idf: NDArray[np.float32]
    starts: NDArray[np.int64]
    rows: NDArray[np.int32]
    weights: NDArray[np.float32]
    row_starts: NDArray[np.int64]
    columns: NDArray[np.int32]
    row_weights: NDArray[np.float32]
    lengths: NDArray[np.int32]

    @classmethod
    def fit(cls, texts: Sequence[str], analyse: Callable[[str], list[str]] = terms) -> Lexical:
        """Return the index of texts, one a paper row; ``analyse`` gives the terms of a text."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        found = [analyse(text) for text in texts]
        lengths = np.asarray([len(own) for own in found], np.int32)
        if not lengths.any():
            return cls.empty(len(texts))
        vectorizer = TfidfVectorizer(analyzer=list, sublinear_tf=True, dtype=np.float32)
        by_row = vectorizer.fit_transform(found).tocsr()
        digests = digests_of(vectorizer.get_feature_names_out().tolist())
        order = np.argsort(digests)
        by_row = by_row[:, order]
        by_row.sort_indices()
        by_term = by_row.tocsc()
        return cls(
            digests[order],
            np.asarray(vectorizer.idf_, np.float32)[order],
            by_term.indptr.astype(np.int64),
            by_term.indices.astype(np.int32),
            by_term.data,
            by_row.indptr.astype(np.int64),
            by_row.indices.astype(np.int32),
            by_row.data,
            lengths,
        )

    @classmethod
    def empty(cls, count: int) -> Lexical:
        """Return the index of papers without a word."""
        none = np.zeros(0, np.int32), np.zeros(0, np.float32)
        starts = np.zeros(count + 1, np.int64)
        lengths = np.zeros(count, np.int32)
        words = np.zeros(0, np.uint64)
        return cls(words, none[1], np.zeros(1, np.int64), *none, starts, *none, lengths)

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of the arrays it is made of."""
        return tuple(field.name for field in fields(cls))

    def is_sound(self) -> bool:
        """Return whether terms and papers point at one another, and nowhere else."""
        inside = all(
            not len(places) or (places.min() >= 0 and places.max() < count)
            for places, count in (
                (self.rows, self.count),
                (self.columns, len(self.vocabulary)),
                (self.starts, len(self.rows) + 1),
                (self.row_starts, len(self.columns) + 1),
            )
        )
        ordered = (np.diff(self.starts) >= 0).all() and (np.diff(self.row_starts) >= 0).all()
        return bool(inside and ordered and len(self.starts) == len(self.vocabulary) + 1)

    @property
    def count(self) -> int:
        """The number of papers."""
        return len(self.row_starts) - 1

    def scores_of_terms(self, found: Sequence[str]) -> NDArray[np.float32]:
        """Return the cosine of a text with these terms with every paper, in 0..1.

        Terms that no paper holds do not count.
        """
        counts = Counter(found)
        if not counts or not len(self.vocabulary):
            return np.zeros(self.count, np.float32)
        columns, known = self._columns(counts)
        tf = 1 + np.log(np.asarray(list(counts.values()), np.float32)[known])
        weights = tf * self.idf[columns]
        length = float(np.linalg.norm(weights)) or 1.0
        return self._scores(columns, weights / length)

    def idf_of(self, term: str) -> float:
        """Return the weight of a term; one that no paper holds weighs as much as the rarest."""
        if not len(self.vocabulary):
            return 1.0
        columns, known = self._columns([term])
        return float(self.idf[columns[0]] if known[0] else self.idf.max())

    def columns_of(self, found: Collection[str]) -> NDArray[np.intp]:
        """Return the columns of the terms among these that a paper holds."""
        return self._columns(found)[0] if len(self.vocabulary) else np.zeros(0, np.intp)

    def _columns(self, found: Collection[str]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        digests = digests_of(found)
        places = np.minimum(np.searchsorted(self.vocabulary, digests), len(self.vocabulary) - 1)
        known = self.vocabulary[places] == digests
        return places[known], known

    def mean_weights(self, rows: NDArray[np.integer]) -> NDArray[np.float32]:
        """Return the mean weight of each term in some papers, by column."""
        found = np.zeros(len(self.vocabulary), np.float32)
        for row in rows.tolist():
            span = slice(int(self.row_starts[row]), int(self.row_starts[row + 1]))
            found[self.columns[span]] += self.row_weights[span]
        return np.asarray(found / max(1, len(rows)), np.float32)

    def cosines(self) -> NDArray[np.float32]:
        """Return the cosine of every paper with every paper, shape (papers, papers)."""
        from scipy.sparse import csr_array

        shape = self.count, len(self.vocabulary)
        rows = csr_array((self.row_weights, self.columns, self.row_starts), shape)
        return np.asarray((rows @ rows.T).toarray(), np.float32)

    def _scores(
        self, columns: NDArray[np.integer], weights: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        scores = np.zeros(self.count, np.float32)
        for column, weight in zip(columns.tolist(), weights.tolist(), strict=True):
            span = slice(self.starts[column], self.starts[column + 1])
            scores[self.rows[span]] += weight * self.weights[span]
        return scores
