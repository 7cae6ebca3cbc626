"""From a query to suggested tags: the neighbours' vote and the paper's own words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from papersim.errors import ConfigError
from papersim.model import Reason, Suggestion, Suggestions
from papersim.notes.tags import tag_key
from papersim.rank.fusion import DEFAULT_WEIGHTS
from papersim.rank.tags import suggest
from papersim.ranker import Ask

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from papersim.model import Paper
    from papersim.query import Query
    from papersim.rank.tags import ScoredTag
    from papersim.ranker import Ranker
    from papersim.rejections import Rejections

__all__ = ["DEFAULT_CONFIDENCE", "Suggester", "TagOptions"]

DEFAULT_CONFIDENCE = 0.55
"""Where F1 was about best on five public vaults (.51 to .64); `papersim eval` finds yours."""

_TEXT_ONLY = DEFAULT_WEIGHTS.without("tags", "links")


@dataclass(frozen=True, slots=True)
class TagOptions:
    """How tags are suggested: at most ``k`` a paper, none below ``min_confidence``.

    None is the default confidence. Tags a paper has are left out, unless ``as_untagged``:
    then it gets what it would if it had none. With ``count_own`` they are left out after the
    cut to k, so that writing what is suggested and asking again suggests nothing more.
    """

    k: int = 5
    min_confidence: float | None = None
    as_untagged: bool = False
    count_own: bool = False

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ConfigError(f"-k {self.k} asks for nothing; it has to be 1 or more")


class Suggester:
    """Suggests tags of a vault for queries."""

    def __init__(
        self, ranker: Ranker, opinion_tags: Collection[str], rejections: Rejections
    ) -> None:
        self._ranker = ranker
        self._rejections = rejections
        self._opinions = {tag_key(tag.lstrip("#")) for tag in opinion_tags}
        self._papers = ranker.papers()

    def suggest(self, paper: Paper, query: Query, options: TagOptions) -> Suggestions:
        """Return the tags that fit a paper, best first. Its own never speak for it."""
        by_text = replace(query, as_indexed=False)
        ranked = self._ranker.rank(by_text, Ask(weights=_TEXT_ONLY))
        neighbours = [
            (other, float(ranked.scores[row]))
            for row in ranked.rows
            if (other := self._papers[self._ranker.paper_of(row)]).tags
        ]
        scored = suggest(
            [score for _, score in neighbours],
            [other.tags for other, _ in neighbours],
            query.text,
            sorted(self._vocabulary(paper, options)),
        )
        given = options.min_confidence
        least = DEFAULT_CONFIDENCE if given is None else given
        suggestions = [
            Suggestion(s.tag, round(s.confidence, 4), tuple(_reasons(s, neighbours)))
            for s in scored
            if s.confidence >= least
        ]
        best = suggestions[: options.k]
        if options.count_own:
            own = {tag_key(tag) for tag in paper.tags}
            best = [s for s in best if tag_key(s.tag) not in own]
        return Suggestions(paper, tuple(best))

    def _vocabulary(self, paper: Paper, options: TagOptions) -> set[str]:
        """Return the tags that may be suggested: those other papers have, but no unwanted ones."""
        others = (p for p in self._papers.values() if p.id != paper.id)
        barred = self._opinions | self._rejections.tags_of(paper)
        tags = {tag for p in others for tag in p.tags if tag_key(tag) not in barred}
        if options.as_untagged or options.count_own:
            return tags
        own = {tag_key(tag) for tag in paper.tags}
        return {tag for tag in tags if tag_key(tag) not in own}


def _reasons(scored: ScoredTag, neighbours: Sequence[tuple[Paper, float]]) -> Iterator[Reason]:
    if scored.vote > 0:
        yield Reason("neighbours", tuple(neighbours[i][0].id for i in scored.voters))
    if scored.quote:
        yield Reason("words", (), scored.quote)
