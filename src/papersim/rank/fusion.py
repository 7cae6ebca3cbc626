"""Fusing sources: each standardised within a language, then added up with fixed weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from papersim.rank.weights import DEFAULT_WEIGHTS, Weights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Scores = NDArray[np.float64]

__all__ = ["DEFAULT_WEIGHTS", "Weights", "confidence", "fuse", "mmr", "standardised"]

_PRIOR = 20.0
_TERMS = 200.0


def standardised(scores: Scores, groups: NDArray[np.integer], among: NDArray[np.bool_]) -> Scores:
    """Return scores in standard deviations above the mean of their group.

    ``groups`` tell the language of each paper: what is near for a text of another language is
    not what is near for one of the same. The mean and spread of a small group are drawn
    towards those of all, as if twenty more papers were in it. Only papers ``among`` count.
    """
    if not among.any():
        return np.zeros_like(scores)
    counted, own = scores[among], groups[among]
    mean, variance = counted.mean(), counted.var()
    kinds = int(groups.max()) + 1
    counts = np.bincount(own, minlength=kinds)
    shares, least = counts / (counts + _PRIOR), np.maximum(counts, 1)
    sums = np.bincount(own, counted, minlength=kinds)
    centers = shares * (sums / least) + (1 - shares) * mean
    squares = np.bincount(own, (counted - centers[own]) ** 2, minlength=kinds)
    spreads = np.sqrt(shares * (squares / least) + (1 - shares) * variance)
    spreads[spreads <= 1e-9] = np.inf
    return np.asarray((scores - centers[groups]) / spreads[groups], np.float64)


def confidence(mine: float, theirs: NDArray[np.floating]) -> Scores:
    """Return how far the words of two texts can be trusted, in 0..1, from their numbers of terms.

    Two notes of a line each share a word by chance; two of a page do not.
    """
    trust = theirs / (theirs + _TERMS)
    return np.asarray(np.sqrt(trust * (mine / (mine + _TERMS))), np.float64)


def fuse(sources: Mapping[str, Scores], weights: Weights) -> dict[str, Scores]:
    """Return what each source adds to each paper's score; the score is their sum.

    ``sources`` are standardised. Their weights are used as they are: a source that says nothing
    of a paper adds 0.
    """
    return {name: weights.of(name) * scores for name, scores in sources.items() if weights.of(name)}


def mmr(
    relevance: Scores, similarity: NDArray[np.float32], diversity: float, count: int
) -> list[int]:
    """Return the order of candidates that trades relevance for variety, the best first.

    Maximal marginal relevance (Carbonell and Goldstein 1998): each next one has the greatest
    (1 - diversity) * relevance - diversity * its similarity to those chosen. ``similarity`` has
    shape (candidates, candidates); with diversity 0 the order is that of relevance.
    """
    nearest = np.zeros(len(relevance))
    left = np.ones(len(relevance), bool)
    chosen: list[int] = []
    for _ in range(min(count, len(relevance))):
        value = np.where(left, (1 - diversity) * relevance - diversity * nearest, -np.inf)
        best = int(value.argmax())
        chosen.append(best)
        left[best] = False
        nearest = np.maximum(nearest, similarity[best])
    return chosen
