"""From a query to hits: every paper scored, filtered, cut to k, and told why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from papersim.compared import compare_all, compare_some, may_be_near
from papersim.errors import ConfigError, DamagedIndexError
from papersim.filters import NO_FILTERS
from papersim.index.vectors import kind_mask
from papersim.model import Evidence, Hit
from papersim.notes.tags import tag_key
from papersim.rank.center import normalised
from papersim.rank.fusion import DEFAULT_WEIGHTS, mmr, standardised
from papersim.rank.sources import Asked, fused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from papersim.compared import Compared
    from papersim.filters import Filters
    from papersim.index.derived import Derived
    from papersim.index.store import Store
    from papersim.model import Paper, PaperSection
    from papersim.query import Query
    from papersim.rank.fusion import Weights

    Mask = NDArray[np.bool_]
    Scores = NDArray[np.float64]

__all__ = ["Ask", "Ranked", "Ranker"]

_DAMAGED = "files of the index are damaged; run: papersim index --full"
_PAIRS = 3
_VARIETY_POOL = 100
_SAME = 0.85  # of centred vectors; two papers on one topic reach .7, the same text about .9


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked for: k papers, by which kinds, through which filters, how varied.

    ``diversity`` is in 0..1, 0 the plain ranking; ``weights`` are those of the sources. Without
    ``evidence`` hits come without it, which takes less time.
    """

    k: int = 10
    by: tuple[str, ...] = ()
    filters: Filters = NO_FILTERS
    diversity: float = 0.0
    weights: Weights = DEFAULT_WEIGHTS
    evidence: bool = True

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ConfigError(f"-k {self.k} asks for nothing; it has to be 1 or more")
        if not 0 <= self.diversity <= 1:
            raise ConfigError(f"--diversity {self.diversity} has to be from 0 to 1")


@dataclass(frozen=True)
class Ranked:
    """The papers that pass, best first: their rows, and by row the score and what gave it.

    ``allowed`` says by position which passages took part.
    """

    rows: NDArray[np.int64]
    scores: NDArray[np.float64]
    sources: Mapping[str, NDArray[np.float64]]
    allowed: NDArray[np.bool_]


class Ranker:
    """Ranks the papers of a store for queries, with what is derived from it."""

    def __init__(self, store: Store, derived: Derived) -> None:
        self._store = store
        self._vectors = derived.vectors
        self._corpus = derived.corpus

    def rank(self, query: Query, ask: Ask, *, exact: bool = False) -> Ranked:
        """Return the papers that pass the filters, best first, without the query's own.

        In a large vault they are those that may be among the best, unless ``exact``.
        """
        own = self._vectors.row(query.paper) if query.paper is not None else None
        passing = self._passing(ask.filters)
        if own is not None:
            passing[own] = False
        some = self._vectors.is_approximate and not exact and len(query.vectors) > 0
        try:
            ranked = self._ranked(query, ask, passing, own, some=some)
            if len(ranked.rows) < ask.k and some:
                ranked = self._ranked(query, ask, passing, own, some=False)
        except IndexError as error:  # what is mapped is not checked before it is used
            raise DamagedIndexError(_DAMAGED) from error
        return ranked

    def _ranked(
        self, query: Query, ask: Ask, passing: Mask, own: int | None, *, some: bool
    ) -> Ranked:
        allowed = (self._vectors.kinds & kind_mask(ask.by)) > 0 if ask.by else None
        asked = None if ask.by else self._asked(query, own)
        if some:
            otherwise = None if asked is None else _sum(fused(self._corpus, asked, ask.weights))
            near = may_be_near(self._vectors, query.vectors, allowed, passing, otherwise)
            compared = compare_some(self._vectors, query.vectors, allowed, near)
        else:
            compared = compare_all(self._vectors, query.vectors, allowed)
        dense = np.zeros(self._corpus.count)
        if len(compared.rows):
            dense[compared.rows] = compared.pooled(both_ways=query.both_ways)
        if asked is None:
            sources = {"dense": self._standardised(dense, compared, own)}
        else:
            asked = replace(asked, dense=dense, sample=compared.sample)
            sources = fused(self._corpus, asked, ask.weights)
        scores = _sum(sources)
        if np.isnan(scores).any():
            raise DamagedIndexError(_DAMAGED)
        rows = compared.rows[passing[compared.rows]]
        order = rows[np.argsort(-scores[rows], kind="stable")]
        every = np.ones(self._vectors.count, np.bool_) if allowed is None else allowed
        return Ranked(order, scores, sources, every)

    def _asked(self, query: Query, own: int | None) -> Asked:
        """Return what is known of a query before it is compared by its vectors."""
        corpus = self._corpus
        if own is not None and query.as_indexed:
            return Asked.of_row(corpus, own)
        # A paper asked about as if it had no tags, or from outside, speaks by its text alone.
        languages = (
            corpus.languages_like(own)
            if own is not None
            else corpus.languages_named(query.language)
        )
        return Asked.of_text(corpus, query.text, query.title, languages, own)

    def _standardised(self, dense: Scores, compared: Compared, own: int | None) -> Scores:
        """Return scores of the papers that were compared, in standard deviations, 0 for others."""
        among = np.zeros(len(dense), np.bool_)
        among[compared.rows] = True
        if own is not None:
            among[own] = False
        if compared.sample is not None:
            among &= compared.sample
        found = np.zeros(len(dense))
        if len(compared.rows):
            found[compared.rows] = standardised(dense, self._corpus.groups, among)[compared.rows]
        return found

    def _passing(self, filters: Filters) -> NDArray[np.bool_]:
        """Return by row whether the paper may be a hit."""
        passing = np.ones(self._corpus.count, bool)
        if not filters.empty:
            papers = self._store.papers()
            passing[:] = [filters(papers[str(paper)]) for paper in self._vectors.papers]
        return passing

    # --- hits --------------------------------------------------------------------------------

    def hits(self, query: Query, ask: Ask, tags: Sequence[str] = ()) -> tuple[Hit, ...]:
        """Return the k best papers with their evidence; ``tags`` are those of the query's paper."""
        ranked = self.rank(query, ask)
        rows = self._varied(ranked, ask) if ask.diversity > 0 else self._spread(ranked, ask.k)
        ids = [str(self._vectors.papers[row]) for row in rows]
        papers = self._store.papers(ids)
        sections = self._store.sections(ids if ask.evidence else ())
        scores = self._corpus.background.score(ranked.scores[rows])
        own = {tag_key(tag) for tag in tags}
        return tuple(
            Hit(
                rank,
                round(float(score), 4),
                papers[paper],
                tuple(tag for tag in papers[paper].tags if tag_key(tag) in own),
                self._evidence(query, row, ranked, [s for _, s in sections[paper]])
                if paper in sections
                else (),
                tuple((name, round(float(s[row]), 3)) for name, s in ranked.sources.items()),
            )
            for rank, (row, paper, score) in enumerate(zip(rows, ids, scores, strict=True), 1)
        )

    def _spread(self, ranked: Ranked, k: int) -> list[int]:
        """Return the first k rows, where a note that repeats itself has one place for it.

        Near-identical papers of one note come in only where no others are left.
        """
        by_note: dict[str, list[int]] = {}
        looked_at: list[int] = []
        repeated: list[int] = []
        for row, note in self._with_notes(ranked.rows, k):
            looked_at.append(row)
            siblings = by_note.setdefault(note, [])
            if siblings and self._repeats(row, siblings):
                repeated.append(row)
            else:
                siblings.append(row)
            if len(looked_at) - len(repeated) == k:
                break
        left_out = set(repeated[k - (len(looked_at) - len(repeated)) :])
        return [row for row in looked_at if row not in left_out]

    def _with_notes(self, rows: NDArray[np.int64], step: int) -> Iterator[tuple[int, str]]:
        """Yield rows with the notes of their papers, so many asked for at a time."""
        for start in range(0, len(rows), step):
            some = rows[start : start + step].tolist()
            papers = self._store.papers([self.paper_of(row) for row in some])
            for row in some:
                yield row, papers[self.paper_of(row)].note

    def _repeats(self, row: int, others: Sequence[int]) -> bool:
        means = self._means([row, *others])
        return bool((means[1:] @ means[0] > _SAME).any())

    def _varied(self, ranked: Ranked, ask: Ask) -> list[int]:
        rows = ranked.rows[: max(_VARIETY_POOL, 5 * ask.k)]
        relevance = self._corpus.background.score(ranked.scores[rows])
        means = self._means(rows.tolist())
        similarity = np.clip(means @ means.T, 0, 1)
        return [int(rows[i]) for i in mmr(relevance, similarity, ask.diversity, ask.k)]

    def _means(self, rows: Sequence[int]) -> NDArray[np.float32]:
        vectors = [self._vectors.vectors(self._vectors.span(row)).mean(axis=0) for row in rows]
        return normalised(np.asarray(vectors, np.float32))

    def _evidence(
        self, query: Query, row: int, ranked: Ranked, sections: Sequence[PaperSection]
    ) -> tuple[Evidence, ...]:
        from papersim.notes.plain import plain_text
        from papersim.rank.evidence import best_pairs, best_sentence

        span = self._vectors.span(row)
        allowed = ranked.allowed[span]
        similarities = query.vectors @ self._vectors.vectors(span).T
        similarities[:, ~allowed] = -1.0
        found = []
        for mine, theirs in best_pairs(similarities, _PAIRS):
            number = int(self._vectors.sections[span][theirs])
            if not allowed[theirs] or not 0 <= number < len(sections):
                continue
            section = sections[number]
            own = query.sections[mine]
            about = plain_text(own.text) if own else query.text
            words = plain_text(section.text)
            quote = best_sentence(words, about)
            asked = best_sentence(about, words) if own else ""
            score = round(float(np.clip(similarities[mine, theirs], 0, 1)), 4)
            found.append(Evidence(own, section, score, quote, asked))
        return tuple(found)

    def paper_of(self, row: int) -> str:
        """Return the id of the paper at a row."""
        return str(self._vectors.papers[row])

    def papers(self) -> dict[str, Paper]:
        """Return all papers by id."""
        return self._store.papers()


def _sum(sources: Mapping[str, Scores]) -> Scores:
    return np.asarray(np.sum(list(sources.values()), axis=0), np.float64)
