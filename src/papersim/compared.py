"""Which papers a query is compared with: all, or in a large vault those that may be near.

What the vectors, the words, the tags and the links of a query each find nearest is compared by
the vectors themselves; and a sample of all papers, which tells what is near and what is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from papersim.rank.similar import pool_by_paper, sample_rows
from papersim.rank.spans import places_in

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from papersim.index.vectors import VectorIndex

    FloatArray = NDArray[np.float32]
    Mask = NDArray[np.bool_]
    Scores = NDArray[np.float64]

__all__ = ["Compared", "compare_all", "compare_some", "may_be_near"]

_NEAREST = 100  # passages for each of the query's
_NEAREST_OTHERWISE = 300  # papers by what is known beside the vectors
_SCATTERED = 15  # times as long as of one after the other it takes to compare passages
_SAMPLE = 2000  # papers


@dataclass(frozen=True)
class Compared:
    """How near the passages of some papers are to those of a query.

    ``rows`` are the papers, in order; ``similarities`` have shape (query passages, passages), those
    of paper i at starts[i]:starts[i + 1]. ``sample`` tells by row which papers stand for all of
    them, None where all were compared.
    """

    rows: NDArray[np.int64]
    starts: NDArray[np.int64]
    similarities: FloatArray
    sample: Mask | None

    def pooled(self, *, both_ways: bool) -> Scores:
        """Return the score of each of the papers; see `pool_by_paper`."""
        return pool_by_paper(self.similarities, self.starts, both_ways=both_ways)


def compare_all(vectors: VectorIndex, queries: FloatArray, allowed: Mask | None) -> Compared:
    """Return how near all passages that are ``allowed``, by position, are to those of a query."""
    similarities = vectors.similarities(queries)
    if allowed is None:
        return Compared(np.arange(len(vectors.papers)), vectors.starts, similarities, None)
    positions = np.flatnonzero(allowed)
    return _compared(vectors, positions, similarities[:, positions], None)


def compare_some(
    vectors: VectorIndex, queries: FloatArray, allowed: Mask | None, rows: NDArray[np.int64]
) -> Compared:
    """Return how near the passages of papers at some rows are, and those of a sample of all."""
    sample = np.zeros(len(vectors.papers), np.bool_)
    sample[sample_rows(len(sample), _SAMPLE)] = True
    wanted = sample.copy()
    wanted[rows] = True
    every = np.flatnonzero(wanted)
    begins = vectors.starts[every]
    positions = places_in(begins, vectors.starts[every + 1] - begins)
    if allowed is not None:
        positions = positions[allowed[positions]]
    return _compared(vectors, positions, queries @ vectors.vectors(positions).T, sample)


def may_be_near(
    vectors: VectorIndex,
    queries: FloatArray,
    allowed: Mask | None,
    passing: Mask,
    otherwise: Scores | None,
) -> NDArray[np.int64]:
    """Return the rows among which the nearest are of the papers that are ``passing``.

    ``otherwise`` are the scores of papers by what is known of them beside their vectors. Where
    few pass, it is all of them.
    """
    wanted = passing[vectors.owners] if allowed is None else passing[vectors.owners] & allowed
    if _SCATTERED * int(wanted.sum()) < len(wanted):
        return np.flatnonzero(passing)
    near = np.zeros(len(passing), np.bool_)
    near[vectors.owners[vectors.nearest(queries, _NEAREST, wanted)]] = True
    if otherwise is not None:
        rows = np.flatnonzero(passing)
        most = min(_NEAREST_OTHERWISE, len(rows))
        near[rows[np.argpartition(-otherwise[rows], most - 1)[:most]]] = True
    return np.flatnonzero(near)


def _compared(
    vectors: VectorIndex,
    positions: NDArray[np.int64],
    similarities: FloatArray,
    sample: Mask | None,
) -> Compared:
    rows, begins = np.unique(vectors.owners[positions], return_index=True)
    return Compared(rows, np.append(begins, len(positions)), similarities, sample)
