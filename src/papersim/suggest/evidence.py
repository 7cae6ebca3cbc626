"""From facts and labels to signals: what each source says of each paper and tag.

A source is a function from facts and labels to signals; none sees the labels of papers that
may not speak. Leaving a source out leaves the others as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from papersim.suggest.facts import Facts, Labels

    Matrix = NDArray[np.float32]
    Signals = dict[str, Matrix]

__all__ = ["SIGNALS", "SOURCES", "evidence", "votes_of"]

_NEIGHBOURS = 20
_TEMPERATURE = 0.6
_DENSE_SHARE = 0.5
_SMOOTHING = 2.0

SIGNALS: Mapping[str, tuple[str, ...]] = {
    "linear": ("linear", "linear_dense", "linear_words"),
    "neighbours": ("vote",),
    "words": ("share", "title", "early", "rate"),
    "name": ("name_here", "name_there"),
    "together": ("together",),
    "dates": ("dates",),
    "links": ("links",),
    "habit": ("common", "once", "papers"),
}
"""The signals of each source."""


def evidence(facts: Facts, labels: Labels, linear: Mapping[str, Matrix]) -> Signals:
    """Return every signal, shape (papers, tags); those of the linear models are given."""
    signals: Signals = dict(linear)
    for source in SOURCES:
        signals.update(source(facts, labels, linear["linear"]))
    return signals


def votes_of(facts: Facts, labels: Labels) -> Matrix:
    """Return the weight of each known paper in the vote, shape (papers, known papers).

    A softmax over the 20 nearest, by vectors and words alike, in standard deviations.
    """
    share = _DENSE_SHARE
    near = share * _standard(facts.dense, labels.known) + (1 - share) * _standard(
        facts.words, labels.known
    )
    near[:, ~labels.known] = -np.inf
    if (count := int(labels.known.sum())) > _NEIGHBOURS:
        least = np.partition(near, -_NEIGHBOURS, axis=1)[:, -_NEIGHBOURS, None]
        near[near < least] = -np.inf
    if not count:
        return np.zeros_like(near)
    weights = np.exp((near - near.max(axis=1, keepdims=True)) / _TEMPERATURE)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def _standard(cosines: Matrix, known: NDArray[np.bool_]) -> Matrix:
    """Return cosines in standard deviations above their mean over the papers that may speak."""
    among = cosines[:, known]
    if not among.shape[1]:
        return np.zeros_like(cosines)
    mean, spread = among.mean(axis=1, keepdims=True), among.std(axis=1, keepdims=True)
    return np.asarray((cosines - mean) / (spread + 1e-9), np.float32)


def _neighbours(facts: Facts, labels: Labels, _linear: Matrix) -> Signals:
    return {"vote": votes_of(facts, labels) @ labels.carries}


def _words(facts: Facts, labels: Labels, _linear: Matrix) -> Signals:
    """Return what the tag's own words say, and how often they meant the tag where they stood."""
    return {
        "share": facts.share,
        "title": facts.title,
        "early": facts.early,
        "rate": np.where(facts.early > 0, _log_odds_of_tag(labels), 0.0).astype(np.float32),
    }


def _log_odds_of_tag(labels: Labels) -> Matrix:
    unknown = ~labels.known
    holds, both = labels.phrases, labels.phrases * labels.carries
    held = holds.sum(axis=0) - holds[unknown].sum(axis=0)
    meant = both.sum(axis=0) - both[unknown].sum(axis=0)
    usual = (meant.sum() + 0.5) / (held.sum() + 1.0)
    share = (meant + _SMOOTHING * usual) / (held + _SMOOTHING)
    return np.asarray(np.log((share + 1e-3) / (1 - share + 1e-3)), np.float32)


def _name(facts: Facts, labels: Labels, _linear: Matrix) -> Signals:
    """Return how near the tag's name is, beside other tags here and beside it elsewhere."""
    if facts.name.shape[1] == 0:
        return {"name_here": facts.name, "name_there": facts.name}
    here = facts.name - facts.name.mean(axis=1, keepdims=True)
    there = (facts.name - labels.name_mean) / (labels.name_spread + 1e-9)
    return {
        "name_here": here / (here.std(axis=1, keepdims=True) + 1e-9),
        "name_there": np.asarray(there, np.float32),
    }


def _together(_facts: Facts, labels: Labels, linear: Matrix) -> Signals:
    """Return what the likely tags bring along: the sum of P(tag | other) by how likely that is."""
    counts = labels.counts
    likely = np.clip(linear, 0, 1) / (counts + _SMOOTHING)
    carries = labels.carries[labels.known]
    brought = (likely @ carries.T) @ carries - likely * counts
    return {"together": np.asarray(brought, np.float32)}


def _dates(facts: Facts, labels: Labels, _linear: Matrix) -> Signals:
    return {"dates": _share_among(facts.days, labels)}


def _links(facts: Facts, labels: Labels, _linear: Matrix) -> Signals:
    return {"links": _share_among(facts.links, labels)}


def _share_among(weights: Matrix, labels: Labels) -> Matrix:
    own = np.where(labels.known, weights, 0.0)
    total = own.sum(axis=1, keepdims=True)
    return np.asarray(own @ labels.carries / (total + 0.5), np.float32)


def _habit(facts: Facts, labels: Labels, _linear: Matrix) -> Signals:
    """Return how common a tag is, whether one paper alone carries it, and how many papers speak."""
    counts, papers = labels.counts, int(labels.known.sum())
    common = np.log((counts + 0.5) / (papers - counts + 1.5))
    shape = facts.share.shape
    return {
        "common": np.broadcast_to(common.astype(np.float32), shape),
        "once": np.broadcast_to((counts <= 1).astype(np.float32), shape),
        "papers": np.full(shape, np.log1p(papers), np.float32),
    }


SOURCES: tuple[Callable[[Facts, Labels, Matrix], Signals], ...] = (
    _neighbours,
    _words,
    _name,
    _together,
    _dates,
    _links,
    _habit,
)
