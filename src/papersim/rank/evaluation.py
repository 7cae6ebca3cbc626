"""Measuring answers against what the user set: similar papers by tags and links, tags by tags.

Each tally is fed one query at a time and then asked for its means. A query for which there is
nothing to be found does not count.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from papersim.model import SimilarQuality
from papersim.rank.metrics import ndcg_at, recall_at, skewness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Scores = NDArray[np.float64]

__all__ = ["DEPTH", "SimilarTally", "best_rows"]

DEPTH = 10


def best_rows(scores: Scores, among: NDArray[np.bool_], k: int = DEPTH) -> NDArray[np.int64]:
    """Return the k rows with the best scores among some, best first, the lower row in a tie."""
    rows = np.flatnonzero(among)
    return rows[np.argsort(-scores[rows], kind="stable")[:k]]


@dataclass
class SimilarTally:
    """How well one way of ranking brings up what goes together, query by query."""

    papers: int
    by_tags: list[float] = field(default_factory=list)
    link_recall: list[float] = field(default_factory=list)
    link_ndcg: list[float] = field(default_factory=list)
    listed: list[NDArray[np.int64]] = field(default_factory=list)

    def add_tags(self, ranking: NDArray[np.int64], gains: Scores) -> None:
        """Count a ranking by what its papers are worth, by row."""
        value = ndcg_at(DEPTH, ranking.tolist(), gains)
        if value is not None:
            self.by_tags.append(value)

    def add_links(self, ranking: NDArray[np.int64], relevant: Sequence[int]) -> None:
        """Count a ranking by the rows that the query's paper links to."""
        gains = np.zeros(self.papers)
        gains[list(relevant)] = 1.0
        recall = recall_at(DEPTH, ranking.tolist(), relevant)
        ndcg = ndcg_at(DEPTH, ranking.tolist(), gains)
        if recall is not None and ndcg is not None:
            self.link_recall.append(recall)
            self.link_ndcg.append(ndcg)

    def add_list(self, ranking: NDArray[np.int64]) -> None:
        """Count which papers a ranking brings up."""
        self.listed.append(ranking)

    def quality(self) -> SimilarQuality:
        """Return the means, and the skewness of how often each paper was brought up.

        A measure that nothing was counted for is None.
        """
        hubs = None
        if self.listed:
            counts = np.bincount(np.concatenate(self.listed), minlength=self.papers)
            hubs = round(skewness(counts.tolist()), 4)
        return SimilarQuality(
            _mean(self.by_tags), _mean(self.link_recall), _mean(self.link_ndcg), hubs
        )


def _mean(values: Sequence[float]) -> float | None:
    return round(float(np.mean(values)), 4) if values else None
