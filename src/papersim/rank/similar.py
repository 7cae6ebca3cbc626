"""How near two papers are: section against section, pooled by paper, hubs damped."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from papersim.rank.spans import ends_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float32]

__all__ = ["hubness", "pool_by_paper", "pool_of_each", "sample_rows"]

_NEIGHBOURS = 10
_SAMPLE = 400
_AT_ONCE = 4096  # papers gone through in one step


def pool_by_paper(
    similarities: FloatArray, starts: NDArray[np.int64], *, both_ways: bool
) -> NDArray[np.float64]:
    """Return the score of each paper from the similarities of its passages to the query's.

    ``similarities`` has shape (query passages, passages); the passages of paper i stand at
    starts[i]:starts[i + 1]. Each passage of the query takes its best match among the paper's,
    averaged; with ``both_ways`` each of the paper's takes its best among the query's, too, and
    the two averages are averaged. So neither a long paper nor a long query wins by size.
    """
    if similarities.shape[1] == 0:
        return np.zeros(len(starts) - 1)
    forward = np.maximum.reduceat(similarities, starts[:-1], axis=1).mean(axis=0)
    if not both_ways:
        return np.asarray(forward, np.float64)
    best = similarities.max(axis=0)
    backward = np.add.reduceat(best, starts[:-1]) / np.diff(starts)
    return np.asarray((forward + backward) / 2, np.float64)


def pool_of_each(
    queries: Sequence[FloatArray],
    parts: Iterable[tuple[slice, FloatArray]],
    starts: NDArray[np.int64],
) -> FloatArray:
    """Return `pool_by_paper`, both ways, for many queries at once, shape (queries, papers).

    ``queries`` are the passages of each, shape (n, dimension); ``parts`` give rows of papers and
    the vectors of their passages. Passages are put in layers, the first of each query or paper,
    then the second of those that have one: so a maximum or sum is taken of whole rows at once.
    """
    found = np.empty((len(queries), len(starts) - 1), np.float32)
    if not len(queries):
        return found
    mine = _Layers.of(np.asarray([len(query) for query in queries]))
    columns = np.concatenate(queries)[mine.places].T
    for rows, vectors in parts:
        theirs = _Layers.of(np.diff(starts[rows.start : rows.stop + 1]))
        similarities = vectors[theirs.places] @ columns
        # The best of each query for each passage, then its mean over those of a paper.
        backward = theirs.mean(mine.greatest(similarities.T).T)
        forward = mine.mean(theirs.greatest(similarities).T)
        pooled = (forward + backward.T) / 2
        found[np.ix_(mine.order, rows.start + theirs.order)] = pooled
    return found


@dataclass(frozen=True)
class _Layers:
    """Items of several owners in layers: the first of each, the second of those that have one.

    ``order`` are the owners, those with most items first; ``places`` where each item stands
    among the items of the first owner, the second and so on; layer i is rows
    ends[i]:ends[i + 1] and belongs to the first ends[i + 1] - ends[i] owners.
    """

    order: NDArray[np.int64]
    places: NDArray[np.int64]
    ends: NDArray[np.int64]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, counts: NDArray[np.int64]) -> _Layers:
        """Return the layers of owners with so many items each, one or more."""
        order = np.argsort(-counts, kind="stable")
        starts = ends_of(counts)[:-1][order]
        sizes = [int((counts > layer).sum()) for layer in range(int(counts.max()))]
        places = np.concatenate([starts[:size] + layer for layer, size in enumerate(sizes)])
        return cls(order, places, ends_of(sizes), counts[order])

    def greatest(self, values: FloatArray) -> FloatArray:
        """Return the greatest value of each owner in order, from values by item, rows in layers."""
        first, *others = self._split(values)
        found: FloatArray = first.copy("K")
        for layer in others:
            np.maximum(found[: len(layer)], layer, out=found[: len(layer)])
        return found

    def mean(self, values: FloatArray) -> FloatArray:
        """Return the mean value of each owner in order; see `greatest`."""
        first, *others = self._split(values)
        found: FloatArray = first.copy("K")
        for layer in others:
            found[: len(layer)] += layer
        return np.asarray(found / self.counts[:, None], np.float32)

    def _split(self, values: FloatArray) -> Iterator[FloatArray]:
        for begin, end in pairwise(self.ends.tolist()):
            yield values[begin:end]


def sample_rows(count: int, most: int = _SAMPLE) -> NDArray[np.int64]:
    """Return at most ``most`` of ``count`` rows, evenly spread; rows are in order of a hash."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))


def hubness(scores_of_sample: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return how near each paper is to its ten nearest of a sample, from scores (sample, papers).

    Taken off a score, half and half on both sides, it damps papers that are everyone's
    neighbour (cross-domain similarity local scaling, Conneau et al. 2018). A paper's score with
    itself has to be -inf.
    """
    nearest = min(_NEIGHBOURS, max(1, len(scores_of_sample) - 1))
    found = np.empty(scores_of_sample.shape[1])
    for begin in range(0, len(found), _AT_ONCE):
        part = slice(begin, begin + _AT_ONCE)
        best = np.partition(scores_of_sample[:, part].T, -nearest, axis=1)[:, -nearest:]
        found[part] = np.where(np.isfinite(best), best, 0.0).mean(axis=1)
    return found
