"""From a query to suggested tags: what the tag model finds, less what the user does not want."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from papersim.index.taught import linked_papers
from papersim.model import Reason, Suggestion, Suggestions
from papersim.notes.edit_place import named_tag
from papersim.notes.tags import tag_key
from papersim.rank.new_tags import new_tags
from papersim.rank.tag_forms import TagForm
from papersim.suggest.reasons import reasons_for
from papersim.suggest.taught import Asked

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from numpy.typing import NDArray

    from papersim.index.derived import Derived
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
    """Suggests tags of a vault for queries; without a model there are none but new ones."""

    def __init__(
        self,
        model: TagModel | None,
        store: Store,
        derived: Derived,
        opinion_tags: Collection[str],
        rejections: Rejections,
    ) -> None:
        self._model = model
        self._store = store
        self._vectors, self._words = derived.vectors, derived.corpus.lexical
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
        if not len(query.vectors):
            return Suggestions(paper, (), guess=True)
        linked = self._linked.get(paper.id, frozenset())
        asked = Asked(query.vectors, paper.title, query.text, paper.id, paper.date, linked)
        found = () if self._model is None else self._in_use(self._model, asked, paper, options)
        own = bool(found) or (options.count_own and bool(paper.tags))
        new = () if own else self._new_tags(asked, paper)
        return Suggestions(paper, found, new, guess=self.tagged < LEAST_SURE)

    def _in_use(
        self, model: TagModel, asked: Asked, paper: Paper, options: TagOptions
    ) -> tuple[Suggestion, ...]:
        """Return the tags of the vault that fit."""
        row = model.row(paper.id) if paper.id else None
        facts = model.facts_of(asked)
        signals = model.signals_of(facts, row)
        confidence = model.confidence_of(signals, row)
        return tuple(
            Suggestion(
                str(model.tags[tag]),
                round(sure, 4),
                self._still_there(reasons_for(tag, model, asked, facts, signals, row)),
            )
            for tag, sure in self._chosen(model, paper, confidence, options)
        )

    def _still_there(self, reasons: tuple[Reason, ...]) -> tuple[Reason, ...]:
        """Return reasons without papers that have gone since the model learnt from them."""
        return tuple(
            replace(
                reason, papers=tuple(p for p in reason.papers if self._vectors.row(p) is not None)
            )
            for reason in reasons
        )

    def _new_tags(self, asked: Asked, paper: Paper) -> tuple[Suggestion, ...]:
        """Return tags not in use yet that a paper's own words would make, at most two."""
        own = self._vectors.row(paper.id)
        found = new_tags(
            asked.title,
            asked.text,
            self._vocabulary,
            lambda term: self._words.share_of(term, own),
            paper.authors,
        )
        barred = self._rejections.tags_of(paper)
        return tuple(
            Suggestion(one.tag, round(one.score, 4), (Reason("new", (), one.quote),))
            for one in found
            if tag_key(one.tag) not in barred
        )

    def _chosen(
        self, model: TagModel, paper: Paper, confidence: NDArray[np.float32], options: TagOptions
    ) -> list[tuple[int, float]]:
        """Return the tags to suggest, by their places in the model, with their confidence.

        Of tags that look alike only the one to keep is suggested, as sure as the surest of them.
        """
        least = self.threshold if options.min_confidence is None else options.min_confidence
        sure = np.zeros_like(confidence)
        np.maximum.at(sure, model.keep, confidence)
        sure[model.unpredictable] = 0.0
        own = self._alike(model, paper)
        barred = self._never | self._rejections.tags_of(paper)
        wanted = [
            tag
            for tag in np.argsort(-sure, kind="stable").tolist()
            if sure[tag] >= max(least, np.finfo(np.float32).tiny)
            and self._keys[tag] not in barred
            and (options.as_untagged or options.count_own or not own(tag))
        ]
        return [
            (tag, float(sure[tag]))
            for tag in wanted[: options.k]
            if not (options.count_own and own(tag))
        ]

    def _alike(self, model: TagModel, paper: Paper) -> Callable[[int], bool]:
        """Return what tells whether a paper carries a tag, or one that looks like it."""
        keys = {tag_key(tag) for tag in paper.tags}
        kept = {model.keep[place] for place, key in enumerate(self._keys) if key in keys}
        # The tags of a paper outside the vault may be in no other paper.
        spelled = {TagForm.of(tag).singular_key for tag in paper.tags}
        return lambda tag: tag in kept or TagForm.of(self._keys[tag]).singular_key in spelled

    @cached_property
    def _vocabulary(self) -> dict[str, int]:
        """The tags that say what papers are about, with how many papers carry each."""
        model = self._model
        if model is None:
            return {}
        known = zip(model.tags, model.labels.counts, model.unpredictable, strict=True)
        return {
            str(tag): int(count)
            for tag, count, by_chance in known
            if not by_chance and tag_key(str(tag)) not in self._opinions
        }

    @cached_property
    def _never(self) -> set[str]:
        """The keys of tags that no paper gets: opinions, and names that wait for their rest."""
        return self._opinions | {key for key in self._keys if key.endswith("/")}

    @cached_property
    def _keys(self) -> list[str]:
        return [] if self._model is None else [tag_key(str(tag)) for tag in self._model.tags]

    @cached_property
    def _linked(self) -> dict[str, frozenset[str]]:
        return linked_papers(self._store, self._store.papers())


def with_tags(found: Suggestions, tags: Iterable[str]) -> Suggestions:
    """Return suggestions with tags that the user named, which are as sure as can be.

    Raises EditError for a name that cannot be a tag's.
    """
    names = dict.fromkeys(map(named_tag, tags))
    named = tuple(Suggestion(tag, 1.0, (Reason("named", ()),)) for tag in names)
    keys = {tag_key(one.tag) for one in named}
    others = tuple(one for one in found.suggestions if tag_key(one.tag) not in keys)
    return replace(found, suggestions=(*named, *others)) if named else found
