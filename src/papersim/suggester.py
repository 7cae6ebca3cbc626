"""From a query to suggested tags: what the tag model finds, less what the user does not want."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from papersim.index.taught import linked_papers
from papersim.model import Reason, Suggestion, Suggestions
from papersim.notes.tags import tag_key
from papersim.rank.new_tags import new_tags
from papersim.rank.tag_forms import TagForm
from papersim.suggest.reasons import reasons_for
from papersim.suggest.taught import Asked

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from numpy.typing import NDArray

    from papersim.index.store import Store
    from papersim.model import Paper
    from papersim.query import Query
    from papersim.rejections import Rejections
    from papersim.suggest.model import TagModel
    from papersim.tag_options import TagOptions

__all__ = ["LEAST_SURE", "Suggester", "with_tags"]

LEAST_SURE = 30
"""With fewer tagged papers what is suggested is a guess."""


class Suggester:
    """Suggests tags of a vault for queries; without a model there are none to suggest."""

    def __init__(
        self,
        model: TagModel | None,
        store: Store,
        opinion_tags: Collection[str],
        rejections: Rejections,
    ) -> None:
        self._model = model
        self._store = store
        self._rejections = rejections
        self._opinions = {tag_key(tag.lstrip("#")) for tag in opinion_tags}

    @property
    def threshold(self) -> float:
        """The confidence from which tags are suggested where none is asked for."""
        return 1.0 if self._model is None else self._model.additive.threshold

    @property
    def tagged(self) -> int:
        """How many tagged papers the model has learnt from."""
        return 0 if self._model is None else self._model.calibration.papers

    def suggest(self, paper: Paper, query: Query, options: TagOptions) -> Suggestions:
        """Return the tags that fit a paper, best first. Its own never speak for it."""
        model = self._model
        if model is None or not len(query.vectors):
            return Suggestions(paper, (), guess=True)
        linked = self._linked.get(paper.id, frozenset())
        asked = Asked(query.vectors, paper.title, query.text, paper.id, paper.date, linked)
        row = model.row(paper.id) if paper.id else None
        facts = model.facts_of(asked)
        signals = model.signals_of(facts, row)
        confidence = model.confidence_of(signals, row)
        found = tuple(
            Suggestion(
                str(model.tags[tag]),
                round(float(confidence[tag]), 4),
                reasons_for(tag, model, asked, facts, signals, row),
            )
            for tag in self._chosen(paper, confidence, options)
        )
        own = bool(found) or (options.count_own and bool(paper.tags))
        new = () if own else self._new_tags(model, asked, paper, row)
        return Suggestions(paper, found, new, guess=self.tagged < LEAST_SURE)

    def _new_tags(
        self, model: TagModel, asked: Asked, paper: Paper, row: int | None
    ) -> tuple[Suggestion, ...]:
        """Return tags not in use yet that a paper's own words would make, at most two."""
        counts = model.labels.counts
        vocabulary = {
            str(tag): int(count)
            for tag, count, by_chance in zip(model.tags, counts, model.unpredictable, strict=True)
            if not by_chance and tag_key(str(tag)) not in self._opinions
        }

        def share(term: str) -> float:
            return model.share_of(term, row)

        found = new_tags(asked.title, asked.text, vocabulary, share, paper.authors)
        barred = self._rejections.tags_of(paper)
        return tuple(
            Suggestion(one.tag, round(one.score, 4), (Reason("new", (), one.quote),))
            for one in found
            if tag_key(one.tag) not in barred
        )

    def _chosen(
        self, paper: Paper, confidence: NDArray[np.float32], options: TagOptions
    ) -> Iterator[int]:
        """Yield the tags to suggest, by their places in the model, best first."""
        given = options.min_confidence
        least = self.threshold if given is None else given
        barred = self._opinions | self._rejections.tags_of(paper)
        own = {tag_key(tag) for tag in paper.tags}
        spelled: set[tuple[str, ...]] = set()
        if not (options.as_untagged or options.count_own):
            barred |= own
            # Another spelling of a tag that the paper has would say nothing new.
            spelled = {TagForm.of(tag).singular_key for tag in paper.tags}
        order = np.argsort(-confidence, kind="stable")
        enough = order[(confidence[order] >= least) & (confidence[order] > 0)]
        wanted = [
            int(tag)
            for tag in enough
            if self._keys[tag] not in barred
            and TagForm.of(self._keys[tag]).singular_key not in spelled
        ]
        for tag in wanted[: options.k]:
            if not (options.count_own and self._keys[tag] in own):
                yield tag

    @cached_property
    def _keys(self) -> list[str]:
        return [] if self._model is None else [tag_key(str(tag)) for tag in self._model.tags]

    @cached_property
    def _linked(self) -> dict[str, frozenset[str]]:
        return linked_papers(self._store, self._store.papers())


def with_tags(found: Suggestions, tags: Iterable[str]) -> Suggestions:
    """Return suggestions with tags that the user named, which are as sure as can be."""
    names = dict.fromkeys(tag.strip().lstrip("#") for tag in tags)
    named = tuple(Suggestion(tag, 1.0, (Reason("named", ()),)) for tag in names if tag)
    keys = {tag_key(one.tag) for one in named}
    others = tuple(one for one in found.suggestions if tag_key(one.tag) not in keys)
    return replace(found, suggestions=(*named, *others)) if named else found
