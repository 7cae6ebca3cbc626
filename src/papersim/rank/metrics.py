"""How good a ranking is: nDCG and recall, as the field defines them."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["best_f1", "f1_at", "ndcg_at", "recall_at", "skewness", "tag_overlap"]


def ndcg_at(k: int, ranking: Sequence[int], gains: NDArray[np.float64]) -> float | None:
    """Return the nDCG of the first k of a ranking; None where nothing is worth anything.

    ``ranking`` holds positions into ``gains``, best first. A gain at rank r counts gain /
    log2(r + 1) (Järvelin and Kekäläinen 2002); the ideal is the k greatest gains in order.
    """
    ideal = np.sort(gains)[::-1][:k]
    discounts = 1 / np.log2(np.arange(2, k + 2))
    best = float(ideal @ discounts[: len(ideal)])
    if best <= 0:
        return None
    got = gains[np.asarray(ranking[:k], dtype=np.int64)]
    return float(got @ discounts[: len(got)]) / best


def recall_at(k: int, ranking: Sequence[int], relevant: Sequence[int]) -> float | None:
    """Return the share of what is relevant that the first k hold; None where nothing is."""
    wanted = set(relevant)
    if not wanted:
        return None
    return len(wanted & set(ranking[:k])) / len(wanted)


def tag_overlap(tags: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    """Return the idf-weighted Jaccard overlap of tags for each pair, shape (papers, papers).

    A tag on c of n papers weighs log(n / c): what the two share over what either has. A paper
    shares nothing with itself.
    """
    sets = [set(own) for own in tags]
    counts = Counter(tag for own in sets for tag in own)
    column = {tag: i for i, tag in enumerate(counts)}
    weight = np.asarray([math.log(len(sets) / counts[tag]) for tag in counts], np.float64)
    has = np.zeros((len(sets), len(column)))
    for row, own in enumerate(sets):
        has[row, [column[tag] for tag in own]] = 1.0
    weighted = has * weight
    shared: NDArray[np.float64] = weighted @ has.T
    total = weighted.sum(axis=1)
    either = total[:, None] + total[None, :] - shared
    overlap: NDArray[np.float64] = np.divide(
        shared, either, out=np.zeros_like(shared), where=either > 0
    )
    np.fill_diagonal(overlap, 0.0)
    return overlap


def skewness(counts: Sequence[int]) -> float:
    """Return the skewness of how often each paper stands in others' lists: 0 without hubs.

    The third standardised moment (Radovanović, Nanopoulos and Ivanović 2010).
    """
    values = np.asarray(counts, np.float64)
    spread = values.std()
    return float((((values - values.mean()) / spread) ** 3).mean()) if spread > 0 else 0.0


def f1_at(
    threshold: float, confidence: NDArray[np.floating], right: NDArray[np.bool_], gold: int
) -> float:
    """Return the F1 of what is at or above a threshold, out of ``gold`` that there are."""
    kept = right[confidence >= threshold]
    return float(2 * kept.sum() / (len(kept) + gold)) if len(kept) else 0.0


def best_f1(
    confidence: NDArray[np.floating], right: NDArray[np.bool_], gold: int
) -> tuple[float, float]:
    """Return the confidence at which the F1 of what is at or above it is best, and that F1.

    Of several the highest; 1 and 0 where nothing is right.
    """
    if not right.any():
        return 1.0, 0.0
    order = np.argsort(-confidence, kind="stable")
    ordered, found = confidence[order], np.cumsum(right[order])
    f1 = 2 * found / (np.arange(1, len(order) + 1) + gold)
    # Where several have the same confidence, only all of them can be kept.
    f1[:-1][ordered[:-1] == ordered[1:]] = -1.0
    best = int(f1.argmax())
    return float(ordered[best]), float(f1[best])
