"""Similar papers: how the sections of two papers match, pooled by paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float32]

__all__ = ["Pooled", "pool_by_paper"]


@dataclass(frozen=True)
class Pooled:
    """Papers with their scores: ``rows`` are paper rows, best first, and ``scores`` theirs."""

    rows: NDArray[np.int64]
    scores: NDArray[np.float64]


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
