"""What speaks for a tag: the sources that raised it, papers that carry it, a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from papersim.model import Reason
from papersim.rank.terms import sentences, terms
from papersim.suggest.evidence import SIGNALS, votes_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from papersim.suggest.evidence import Signals
    from papersim.suggest.facts import Facts, Labels, Matrix
    from papersim.suggest.model import TagModel
    from papersim.suggest.taught import Asked

    Rows = NDArray[np.intp]

__all__ = ["reasons_for"]

_LEAST_ADDED = 0.25  # of the log odds; less does not speak for anything
_MOST_PAPERS = 5
_LONGEST = 300
_QUOTING = {"linear", "words", "name"}


def reasons_for(
    tag: int, model: TagModel, asked: Asked, facts: Facts, signals: Signals, row: int | None
) -> tuple[Reason, ...]:
    """Return the sources that speak for a tag, the one that says most first.

    Each with the papers that carry the tag and that it goes by, nearest first, or with the
    sentence. ``signals`` and ``facts`` are those of the one paper asked about.
    """
    labels = model.labels_without(row)
    carriers = np.flatnonzero(labels.carries[:, tag] * labels.known)
    weights = _weights(facts, labels)
    words = model.words.sentence(tag, asked.text)
    found = []
    for source in _speaking(tag, model, signals):
        near = _nearest(carriers, weights[source]) if source in weights else carriers[:0]
        quote = None
        if source in _QUOTING:
            quote = words or _sentence_like(asked.text, carriers, model)
        if len(near) or quote:
            ids = tuple(str(paper) for paper in model.papers[near])
            found.append(Reason(source, ids, quote[:_LONGEST] if quote else None))
    return tuple(found)


def _speaking(tag: int, model: TagModel, signals: Signals) -> list[str]:
    """Return the sources that raise a tag above one of which nothing is known."""
    here = model.additive.added({name: values[0, [tag]] for name, values in signals.items()})
    nothing = model.additive.added({name: np.zeros(1, np.float32) for name in signals})
    raised = {
        source: sum(float(here[name][0] - nothing[name][0]) for name in own if name in here)
        for source, own in SIGNALS.items()
    }
    return sorted((s for s in raised if raised[s] >= _LEAST_ADDED), key=lambda s: -raised[s])


def _weights(facts: Facts, labels: Labels) -> Mapping[str, Matrix]:
    """Return by source how much each known paper has to say about the one asked about."""
    near = facts.dense[0] + facts.words[0]
    return {
        "linear": near,
        "neighbours": votes_of(facts, labels)[0],
        "together": near,
        "dates": facts.days[0],
        "links": facts.links[0],
    }


def _nearest(carriers: Rows, weights: Matrix) -> Rows:
    """Return at most five of the carriers that have a say, the one with most to say first."""
    order = carriers[np.argsort(-weights[carriers], kind="stable")][:_MOST_PAPERS]
    return order[weights[order] > 0]


def _sentence_like(text: str, carriers: Rows, model: TagModel) -> str | None:
    """Return the sentence below the title most like the papers with a tag, None if none is."""
    typical = model.texts.mean_weights(carriers)
    best, quote = 0.0, None
    for sentence in sentences(text.partition("\n")[2]):
        found = model.texts.columns_of(dict.fromkeys(terms(sentence)))
        score = float(typical[found].sum()) / max(1.0, len(found)) ** 0.5
        if score > best:
            best, quote = score, sentence
    return quote
