"""Fitting the tag model: every part of it is judged on papers it has not learnt from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from papersim.rank.alike import look_alikes
from papersim.rank.center import normalised
from papersim.rank.lexical import Lexical
from papersim.rank.similar import sample_rows
from papersim.rank.tag_forms import spoken
from papersim.suggest.additive import prior
from papersim.suggest.calibration import Calibration, calibrated, unpredictable
from papersim.suggest.evidence import evidence
from papersim.suggest.facts import Facts, Labels
from papersim.suggest.grams import learning_terms
from papersim.suggest.linear import Solved
from papersim.suggest.model import (
    MODELS,
    TagModel,
    closeness,
    mixed,
    mixed_pair,
    ordinals,
    shortlist,
)
from papersim.suggest.together import agreed
from papersim.suggest.words import TagWords

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from papersim.suggest.additive import Additive
    from papersim.suggest.evidence import Signals
    from papersim.suggest.taught import Asked, Taught

    Matrix = NDArray[np.float32]
    Rows = NDArray[np.intp]

__all__ = ["LEAST_PAPERS", "CrossFitted", "cross_fit", "fit", "folds", "pairs_looked_at"]

LEAST_PAPERS = 15
"""With fewer tagged papers the prior alone speaks."""

_FOLDS = 10
_MOST_WEIGHING = 600  # papers; a few weights need no more
_PENALTIES = {"linear": 0.8, "linear_dense": 1.0, "linear_words": 0.3}


@dataclass(frozen=True)
class CrossFitted:
    """Every paper as if it had no tags; shapes are (papers, tags).

    ``listed`` are the pairs looked at closely, ``counts`` how many other papers carry the tag.
    What weighs the signals of a paper has not seen the paper; the confidence of a pair off the
    list is 0, unless a tag on it brings it along.
    """

    signals: Signals
    listed: NDArray[np.bool_]
    counts: Matrix
    confidence: Matrix
    calibration: Calibration
    unpredictable: NDArray[np.bool_]


def fit(taught: Taught) -> TagModel:
    """Return the model of a vault's tagged papers, of which there has to be one."""
    fitting = _Fitting.of(taught)
    signals = fitting.folded()
    crossed = _weighed(fitting, signals, signals, prior(), LEAST_PAPERS)
    carries = fitting.labels.carries
    additive = _additive(signals, crossed.listed, carries, prior(), LEAST_PAPERS)
    return TagModel(
        papers=np.asarray([paper.paper for paper in taught.papers], np.str_),
        means=fitting.means,
        days=fitting.days,
        tags=np.asarray(taught.tags, np.str_),
        names=taught.names,
        texts=fitting.texts,
        labels=fitting.labels,
        linear={name: one.model() for name, one in fitting.solved.items()},
        additive=replace(additive, threshold=crossed.calibration.threshold),
        unpredictable=crossed.unpredictable,
        keep=_kept(taught),
        calibration=crossed.calibration,
    )


def cross_fit(
    taught: Taught,
    sources: Collection[str] | None = None,
    start: Additive | None = None,
    least: int = LEAST_PAPERS,
) -> CrossFitted:
    """Return what is suggested for each paper, learnt from all others: leave-one-out.

    With ``sources`` no others are used. ``start`` stands in for the prior that ships; with
    fewer than ``least`` papers it alone speaks.
    """
    fitting = _Fitting.of(taught)
    begin = prior() if start is None else start
    if sources is not None:
        begin = begin.only(sources)
    return _weighed(fitting, fitting.folded(), fitting.alone(), begin, least)


def pairs_looked_at(taught: Taught) -> tuple[dict[str, Matrix], NDArray[np.bool_]]:
    """Return the signals of all pairs looked at closely, and which of them are right.

    Each paper's signals come from models that have not learnt from it; shapes are (pairs,).
    """
    fitting = _Fitting.of(taught)
    signals = fitting.folded()
    listed = shortlist(signals, fitting.counts)
    return _of_pairs(signals, listed), taught.carries[listed] > 0


@dataclass(frozen=True)
class _Fitting:
    """All papers' facts about one another, and the linear models being fitted."""

    facts: Facts
    labels: Labels
    solved: Mapping[str, Solved]
    means: Matrix
    days: NDArray[np.int64]
    texts: Lexical

    @classmethod
    def of(cls, taught: Taught) -> _Fitting:
        papers, names = taught.papers, taught.names
        means = normalised(np.stack([paper.vectors.mean(axis=0) for paper in papers]))
        days = ordinals([paper.day for paper in papers])
        said = [spoken(tag) for tag in taught.tags]
        texts = Lexical.fit([*(paper.text for paper in papers), *said], learning_terms)
        cosines, count = texts.cosines(), len(papers)
        words = TagWords.of(taught.tags, texts.idf_of)
        share, title, early = np.stack([words.found(p.title, p.text) for p in papers], axis=1)
        facts = Facts(
            dense=means @ means.T,
            words=cosines[:count, :count],
            dense_names=means @ names.T,
            words_names=cosines[:count, count:],
            name=_nearest_passages(papers, names),
            days=closeness(days, days),
            links=_links(papers),
            share=share,
            title=title,
            early=early,
        )
        labels = Labels(
            taught.carries,
            np.asarray(early > 0, np.float32),
            facts.name.mean(axis=0),
            facts.name.std(axis=0),
            np.ones(count, np.bool_),
        )
        solved = _solved(facts, taught.carries, names, cosines[count:, count:])
        return cls(facts, labels, solved, means, days, texts)

    @property
    def counts(self) -> Matrix:
        """How many other papers carry each tag, by paper and tag."""
        return np.asarray(self.labels.counts - self.labels.carries)

    def folded(self) -> Signals:
        """Return the signals of all papers; a tenth of them at a time learns from the rest."""
        return self._joined(
            (rows, {name: one.without(rows) for name, one in self.solved.items()})
            for rows in folds(len(self.days))
        )

    def alone(self) -> Signals:
        """Return the signals of all papers, each of them learnt from all others."""
        models = {name: one.model() for name, one in self.solved.items()}
        carries = self.labels.carries
        each = (np.asarray([row]) for row in range(len(self.days)))
        return self._joined(
            (row, {name: one.of_known(row, carries) for name, one in models.items()})
            for row in each
        )

    def _joined(self, parts: Iterable[tuple[Rows, Mapping[str, Matrix]]]) -> Signals:
        joined: Signals = {}
        for rows, linear in parts:
            found = evidence(self.facts.rows(rows), self.labels.without(rows), linear)
            for name, values in found.items():
                whole = joined.setdefault(name, np.zeros(self.labels.carries.shape, np.float32))
                whole[rows] = values
        return joined


def _kept(taught: Taught) -> NDArray[np.int64]:
    """Return for each tag the place of the one to write for it: another where two look alike."""
    carriers = [np.flatnonzero(column).tolist() for column in taught.carries.T]
    uses = {
        tag: frozenset(taught.papers[row].paper for row in rows)
        for tag, rows in zip(taught.tags, carriers, strict=True)
    }
    places = {tag: place for place, tag in enumerate(taught.tags)}
    keep = np.arange(len(places))
    for alike in look_alikes(uses, taught.names if taught.names.any() else None):
        keep[[places[tag] for tag in alike.tags]] = places[alike.keep]
    return keep


def _nearest_passages(papers: Sequence[Asked], names: Matrix) -> Matrix:
    """Return the cosine of each paper's nearest passage with each tag's name."""
    starts = np.cumsum([0, *(len(paper.vectors) for paper in papers[:-1])])
    cosines = np.concatenate([paper.vectors for paper in papers]) @ names.T
    return np.maximum.reduceat(cosines, starts, axis=0)


def _links(papers: Sequence[Asked]) -> Matrix:
    """Return 1 where two papers are linked."""
    rows = {paper.paper: row for row, paper in enumerate(papers)}
    found = np.zeros((len(papers), len(papers)), np.float32)
    for row, paper in enumerate(papers):
        found[row, [rows[other] for other in paper.linked if other in rows]] = 1.0
    return found


def _solved(
    facts: Facts, carries: Matrix, names: Matrix, name_cosines: Matrix
) -> dict[str, Solved]:
    near, among = mixed(facts), mixed_pair(names @ names.T, name_cosines)
    return {
        name: Solved.fit(
            np.block([[near[name][0], near[name][1]], [near[name][1].T, among[name]]]),
            carries,
            _PENALTIES[name],
        )
        for name in MODELS
    }


def _weighed(
    fitting: _Fitting, folded: Signals, asked: Signals, start: Additive, least: int
) -> CrossFitted:
    """Return the confidence in what the signals say, weighed by what other papers taught."""
    carries = fitting.labels.carries
    learnt, listed = shortlist(folded, fitting.counts), shortlist(asked, fitting.counts)
    confidence = np.zeros(carries.shape, np.float32)
    for rows in folds(len(carries)):
        others, own = learnt.copy(), np.zeros_like(listed)
        others[rows], own[rows] = False, listed[rows]
        additive = _additive(folded, others, carries, start, least)
        confidence[own] = additive.confidence(_of_pairs(asked, own))
    chance = unpredictable(confidence, carries)
    confidence[:, chance] = 0.0
    for rows in folds(len(carries)):
        known = fitting.labels.without(rows)
        confidence[rows] = [agreed(one, known) for one in confidence[rows]]
    confidence[:, chance] = 0.0
    kept = start.threshold if len(carries) < least else None
    calibration = calibrated(confidence, carries, kept)
    return CrossFitted(asked, listed, fitting.counts, confidence, calibration, chance)


def _additive(
    signals: Signals, listed: NDArray[np.bool_], carries: Matrix, start: Additive, least: int
) -> Additive:
    """Return the weights of signals: the prior's, moved by the pairs on a list."""
    if len(carries) < least:
        return start
    enough = np.zeros_like(listed)
    rows = np.flatnonzero(listed.any(axis=1))
    rows = rows[sample_rows(len(rows), _MOST_WEIGHING)]
    enough[rows] = listed[rows]
    return start.fitted(_of_pairs(signals, enough), carries[enough] > 0)


def _of_pairs(signals: Signals, pairs: NDArray[np.bool_]) -> dict[str, Matrix]:
    return {name: values[pairs] for name, values in signals.items()}


def folds(count: int) -> list[Rows]:
    """Return the rows of papers in ten parts, the same parts each time."""
    order = np.random.default_rng(0).permutation(count)
    return [np.sort(order[i::_FOLDS]) for i in range(min(_FOLDS, count))]
