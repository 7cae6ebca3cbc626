"""How well confidences meet what papers carry: the measures of suggested tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from papersim.model import TagMeasures, WorstTag
from papersim.rank.metrics import best_f1
from papersim.suggest.fit import folds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

__all__ = ["measures", "worst_tags"]

_DEPTH = 5
_LEAST_CARRIERS = 3


def measures(confidence: Matrix, carries: Matrix) -> TagMeasures:
    """Return how good a ranking of tags is, shapes (papers, tags); every paper carries one.

    A tag that no other paper carries counts as not found. F1 is that of what is at or above
    the best threshold of the other papers, in ten parts: nothing is chosen with hindsight.
    """
    gold = carries.sum(axis=1)
    order = np.argsort(-confidence, axis=1, kind="stable")[:, :_DEPTH]
    right = np.take_along_axis(carries, order, axis=1)
    right = right * (np.take_along_axis(confidence, order, axis=1) > 0)
    discounts = 1 / np.log2(np.arange(2, _DEPTH + 2))
    ideal = np.cumsum(discounts)[np.minimum(gold, _DEPTH).astype(np.int64) - 1]
    return TagMeasures(
        p_at_1=_mean(right[:, 0]),
        recall_at_5=_mean(right.sum(axis=1) / gold),
        ndcg_at_5=_mean((right @ discounts[: right.shape[1]]) / ideal),
        f1=round(_held_out_f1(confidence, carries), 4),
    )


def _held_out_f1(confidence: Matrix, carries: Matrix) -> float:
    hits, suggested = 0.0, 0
    for rows in folds(len(carries)):
        others = np.ones(len(carries), np.bool_)
        others[rows] = False
        said = confidence[others] > 0
        known = carries[others]
        threshold, _ = best_f1(confidence[others][said], known[said] > 0, int(known.sum()))
        chosen = confidence[rows] >= threshold
        hits += float(carries[rows][chosen].sum())
        suggested += int(chosen.sum())
    return 2 * hits / (suggested + float(carries.sum()))


def worst_tags(
    confidence: Matrix, carries: Matrix, tags: Sequence[str], threshold: float, most: int = 10
) -> tuple[WorstTag, ...]:
    """Return the tags with the lowest F1 at a threshold, of those that three papers carry."""
    suggested = confidence >= threshold
    found = (suggested * carries).sum(axis=0)
    carried, said = carries.sum(axis=0), suggested.sum(axis=0)
    f1 = 2 * found / np.maximum(1, carried + said)
    places = np.flatnonzero(carried >= _LEAST_CARRIERS)
    order = sorted(places.tolist(), key=lambda tag: (f1[tag], -carried[tag], tags[tag]))
    return tuple(
        WorstTag(tags[t], int(carried[t]), int(said[t]), int(found[t]), round(float(f1[t]), 4))
        for t in order[:most]
    )


def _mean(values: NDArray[np.floating]) -> float:
    return round(float(values.mean()), 4)
