"""From a query to hits: every paper scored, filtered, cut to k, and told why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from papersim.errors import ConfigError, DamagedIndexError
from papersim.filters import NO_FILTERS
from papersim.index.vectors import kind_mask
from papersim.model import Evidence, Hit
from papersim.notes.tags import tag_key
from papersim.rank.center import normalised
from papersim.rank.fusion import DEFAULT_WEIGHTS, mmr, standardised
from papersim.rank.similar import pool_by_paper
from papersim.rank.sources import Asked, fused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from papersim.filters import Filters
    from papersim.index.derived import Derived
    from papersim.index.store import Store
    from papersim.model import Paper, PaperSection
    from papersim.query import Query
    from papersim.rank.fusion import Weights

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
    """All papers that pass, best first: their rows, and by row the score and what gave it.

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

    def rank(self, query: Query, ask: Ask) -> Ranked:
        """Return the papers that pass the filters, best first, without the query's own."""
        own = self._vectors.row(query.paper) if query.paper is not None else None
        passing = self._passing(ask.filters)
        if own is not None:
            passing[own] = False
        similarities = self._vectors.similarities(query.vectors)
        try:
            if ask.by:
                sources, allowed = self._by_kind(similarities, kind_mask(ask.by), query)
                passing &= np.isfinite(sources["dense"])
            else:
                sources = self._fused(similarities, query, own, ask.weights)
                allowed = np.ones(self._vectors.count, bool)
        except IndexError as error:  # what is mapped is not checked before it is used
            raise DamagedIndexError(_DAMAGED) from error
        scores = np.sum(list(sources.values()), axis=0)
        if np.isnan(scores).any():
            raise DamagedIndexError(_DAMAGED)
        rows = np.flatnonzero(passing)
        order = rows[np.argsort(-scores[rows], kind="stable")]
        return Ranked(order, scores, sources, allowed)

    def _fused(
        self, similarities: NDArray[np.float32], query: Query, own: int | None, weights: Weights
    ) -> Mapping[str, NDArray[np.float64]]:
        corpus = self._corpus
        dense = pool_by_paper(similarities, corpus.starts, both_ways=query.both_ways)
        if own is not None and query.as_indexed:
            asked = Asked.of_row(corpus, own, dense)
        else:
            # A paper asked about as if it had no tags, or from outside, speaks by its text alone.
            languages = (
                corpus.languages_like(own)
                if own is not None
                else corpus.languages_named(query.language)
            )
            asked = Asked.of_text(corpus, query.text, query.title, dense, languages, own)
        return fused(corpus, asked, weights)

    def _by_kind(
        self, similarities: NDArray[np.float32], mask: int, query: Query
    ) -> tuple[Mapping[str, NDArray[np.float64]], NDArray[np.bool_]]:
        """Return the dense source over sections of some kinds, -inf for papers without one."""
        allowed = (self._vectors.kinds & mask) > 0
        positions = np.flatnonzero(allowed)
        rows, starts = np.unique(self._vectors.owners[positions], return_index=True)
        scores = np.full(self._corpus.count, -np.inf)
        if len(rows):
            bounds = np.append(starts, len(positions))
            pooled = pool_by_paper(similarities[:, positions], bounds, both_ways=query.both_ways)
            among = rows != self._vectors.row(query.paper or "")
            scores[rows] = standardised(pooled, self._corpus.groups[rows], among)
        return {"dense": scores}, allowed

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
