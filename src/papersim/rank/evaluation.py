"""Measuring answers against what the user set: similar papers by tags and links, tags by tags.

Each tally is fed one query at a time and then asked for its means. A query for which there is
nothing to be found does not count.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from papersim.model import SimilarQuality, TagQuality
from papersim.rank.metrics import ndcg_at, recall_at, skewness

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    Scores = NDArray[np.float64]

__all__ = ["DEPTH", "TAG_DEPTH", "SimilarTally", "TagTally", "best_f1", "best_rows", "f1_at"]

DEPTH = 10
TAG_DEPTH = 5


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


@dataclass
class TagTally:
    """How well suggested tags meet those that papers have, paper by paper.

    A tag of a paper that was not suggested at all, because no other paper has it, counts as
    not found.
    """

    limit: int
    first: list[float] = field(default_factory=list)
    recall: list[float] = field(default_factory=list)
    ndcg: list[float] = field(default_factory=list)
    judged: list[tuple[float, bool]] = field(default_factory=list)
    gold: int = 0

    def add(self, suggested: Sequence[tuple[str, float]], gold: Collection[str]) -> None:
        """Count one paper's suggestions (tag, confidence), best first, each tag once."""
        right = [tag in gold for tag, _ in suggested]
        gains = np.asarray([*right, *[True] * (len(gold) - sum(right))], np.float64)
        ndcg = ndcg_at(TAG_DEPTH, range(len(suggested)), gains)
        if ndcg is None:
            return
        self.first.append(float(any(right[:1])))
        self.recall.append(sum(right[:TAG_DEPTH]) / len(gold))
        self.ndcg.append(ndcg)
        self.gold += len(gold)
        given = zip(suggested[: self.limit], right[: self.limit], strict=True)
        self.judged += [(confidence, good) for (_, confidence), good in given]

    def quality(self, default_threshold: float) -> TagQuality:
        """Return the means over papers, and the micro-averaged F1 at the default threshold."""
        papers = len(self.first)
        threshold, best = best_f1(self.judged, self.gold)
        return TagQuality(
            papers,
            _mean(self.first),
            _mean(self.recall),
            _mean(self.ndcg),
            round(f1_at(default_threshold, self.judged, self.gold), 4) if papers else None,
            threshold if papers else None,
            round(best, 4) if papers else None,
            default_threshold,
        )


def f1_at(threshold: float, judged: Sequence[tuple[float, bool]], gold: int) -> float:
    """Return the F1 of what is at or above a threshold: (confidence, right) out of ``gold``."""
    kept = [right for confidence, right in judged if confidence >= threshold]
    return 2 * sum(kept) / (len(kept) + gold) if kept else 0.0


def best_f1(judged: Sequence[tuple[float, bool]], gold: int) -> tuple[float, float]:
    """Return the confidence at which the F1 of what is at or above it is best, and that F1.

    Of several the highest; 1 and 0 where nothing is right.
    """
    if not any(right for _, right in judged):
        return 1.0, 0.0
    confidence = np.asarray([c for c, _ in judged])
    right = np.asarray([r for _, r in judged], np.float64)
    order = np.argsort(-confidence, kind="stable")
    confidence, found = confidence[order], np.cumsum(right[order])
    f1 = 2 * found / (np.arange(1, len(order) + 1) + gold)
    # Where several have the same confidence, only all of them can be kept.
    f1[:-1][confidence[:-1] == confidence[1:]] = -1.0
    best = int(f1.argmax())
    return float(confidence[best]), float(f1[best])


def _mean(values: Sequence[float]) -> float | None:
    return round(float(np.mean(values)), 4) if values else None
