"""The lexical side: tf-idf over the words of whole notes, CJK characters in pairs.

scikit-learn fits it when the index changes; asking needs no more than NumPy. Cosines of
sublinear tf-idf: a term that occurs c times weighs 1 + log c, times its idf, and each paper's
vector has unit length (Salton and Buckley 1988), so that long notes do not win by size.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from papersim.rank.terms import terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Lexical"]


@dataclass(frozen=True)
class Lexical:
    """The weights of terms in papers, by term and by paper.

    ``vocabulary`` holds the terms in order and ``idf`` their weights. The papers that hold term
    t are rows[starts[t]:starts[t + 1]] with ``weights``; the terms of paper r are
    columns[row_starts[r]:row_starts[r + 1]] with ``row_weights``. ``lengths`` are the papers'
    numbers of terms, repeats counted.
    """

    vocabulary: NDArray[np.str_]
    idf: NDArray[np.float32]
    starts: NDArray[np.int64]
    rows: NDArray[np.int32]
    weights: NDArray[np.float32]
    row_starts: NDArray[np.int64]
    columns: NDArray[np.int32]
    row_weights: NDArray[np.float32]
    lengths: NDArray[np.int32]

    @classmethod
    def fit(cls, texts: Sequence[str]) -> Lexical:
        """Return the index of texts, one a paper row."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        found = [terms(text) for text in texts]
        lengths = np.asarray([len(own) for own in found], np.int32)
        if not lengths.any():
            return cls.empty(len(texts))
        vectorizer = TfidfVectorizer(analyzer=list, sublinear_tf=True, dtype=np.float32)
        by_row = vectorizer.fit_transform(found).tocsr()
        by_term = by_row.tocsc()
        return cls(
            np.asarray(vectorizer.get_feature_names_out(), np.str_),
            np.asarray(vectorizer.idf_, np.float32),
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
        words = np.zeros(0, np.str_)
        return cls(words, none[1], np.zeros(1, np.int64), *none, starts, *none, lengths)

    @property
    def count(self) -> int:
        """The number of papers."""
        return len(self.row_starts) - 1

    def scores_of_row(self, row: int) -> NDArray[np.float32]:
        """Return the cosine of a paper with every paper, in 0..1."""
        span = slice(int(self.row_starts[row]), int(self.row_starts[row + 1]))
        return self._scores(self.columns[span], self.row_weights[span])

    def scores_of_text(self, text: str) -> NDArray[np.float32]:
        """Return the cosine of a text with every paper, in 0..1; unknown terms do not count."""
        counts = Counter(terms(text))
        if not counts or not len(self.vocabulary):
            return np.zeros(self.count, np.float32)
        words = np.asarray(list(counts), np.str_)
        places = np.minimum(np.searchsorted(self.vocabulary, words), len(self.vocabulary) - 1)
        known = self.vocabulary[places] == words
        columns = places[known]
        tf = 1 + np.log(np.asarray(list(counts.values()), np.float32)[known])
        weights = tf * self.idf[columns]
        length = float(np.linalg.norm(weights)) or 1.0
        return self._scores(columns, weights / length)

    def _scores(
        self, columns: NDArray[np.integer], weights: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        scores = np.zeros(self.count, np.float32)
        for column, weight in zip(columns.tolist(), weights.tolist(), strict=True):
            span = slice(self.starts[column], self.starts[column + 1])
            scores[self.rows[span]] += weight * self.weights[span]
        return scores
