"""How near two papers are: section against section, pooled by paper, hubs damped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float32]

__all__ = ["hubness", "pool_by_paper", "sample_rows"]

_NEIGHBOURS = 10
_SAMPLE = 400


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


def sample_rows(count: int, most: int = _SAMPLE) -> NDArray[np.int64]:
    """Return at most ``most`` of ``count`` rows, evenly spread; rows are in order of a hash."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))


def hubness(scores_of_sample: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how near each paper is to its ten nearest of a sample, from scores (sample, papers).

    Taken off a score, half and half on both sides, it damps papers that are everyone's
    neighbour (cross-domain similarity local scaling, Conneau et al. 2018). A paper's score with
    itself has to be -inf.
    """
    nearest = min(_NEIGHBOURS, max(1, len(scores_of_sample) - 1))
    best = np.sort(scores_of_sample, axis=0)[-nearest:]
    return np.asarray(np.where(np.isfinite(best), best, 0.0).mean(axis=0), np.float64)
