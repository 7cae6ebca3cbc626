"""The sources of similarity between a query and every paper, standardised and ready to fuse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from papersim.rank.background import Background
from papersim.rank.fusion import DEFAULT_WEIGHTS, confidence, fuse, standardised
from papersim.rank.similar import hubness, pool_of_each, sample_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from papersim.rank.fusion import Weights
    from papersim.rank.overlap import Overlap
    from papersim.rank.words import Words

    FloatArray = NDArray[np.float32]
    Scores = NDArray[np.float64]

__all__ = ["Asked", "Corpus", "Vectors", "background_of", "fused", "hubness_of"]

_HUB_SHARE = 0.25
_STAND_IN = 0.6
_BACKGROUND_QUERIES = 120
_BACKGROUND_PAIRS = 2_000_000
_SURE = 1e9


class Vectors(Protocol):
    """The centred vectors of passages, the passages of a paper together."""

    def vectors(self, positions: slice) -> FloatArray:
        """Return the vectors at positions."""
        ...

    def parts(self) -> Iterator[tuple[slice, FloatArray]]:
        """Yield rows of papers, one after the other, and the vectors of their passages."""
        ...


@dataclass(frozen=True)
class Corpus:
    """What is known of all papers, by row, beside their vectors.

    The passages of row r stand at starts[r]:starts[r + 1]. ``groups`` number the papers'
    languages, whose ``names`` end in ``-`` for papers without text; ``hubs`` are how near each
    paper is to its nearest ones.
    """

    starts: NDArray[np.int64]
    lexical: Words
    titles: Words
    tags: Overlap
    links: Overlap
    groups: NDArray[np.int64]
    names: tuple[str, ...]
    hubs: Scores
    background: Background

    def languages_like(self, row: int) -> tuple[int, ...]:
        """Return the groups whose words can be compared with a paper's.

        Titles are in English whatever language a note is in: papers without text are compared
        by their words with every paper.
        """
        return self.languages_named(self.names[self.groups[row]])

    def is_textless(self, row: int | None) -> bool:
        """Return whether a row is that of a paper without text."""
        return row is not None and self.names[self.groups[row]].endswith("-")

    def languages_named(self, code: str) -> tuple[int, ...]:
        """Return the groups in a language, and those of papers without text."""
        return tuple(i for i, name in enumerate(self.names) if name == code or name.endswith("-"))

    @property
    def count(self) -> int:
        """The number of papers."""
        return len(self.starts) - 1


@dataclass(frozen=True)
class Asked:
    """How near a query is to every paper, by row: its words, its title, its sections.

    ``row`` is the query's own paper, if it is one of the corpus; its tags and links are known
    then. ``terms`` is the number of its terms. ``languages`` are the groups whose papers are in
    its language, None if that is unknown; ``exclude`` a row that is not to count where scores
    are standardised. ``dense`` is None as long as its sections have not been compared; ``sample``
    tells which papers stand for all where not all were, None where they were.
    """

    words: FloatArray
    titles: FloatArray
    terms: float
    row: int | None = None
    languages: tuple[int, ...] | None = None
    exclude: int | None = None
    dense: Scores | None = None
    sample: NDArray[np.bool_] | None = None

    @classmethod
    def of_row(cls, corpus: Corpus, row: int) -> Asked:
        """Return the query that a paper of the corpus is."""
        words, titles = corpus.lexical.scores_of_row(row), corpus.titles.scores_of_row(row)
        terms = float(corpus.lexical.sizes[row])
        return cls(words, titles, terms, row, corpus.languages_like(row), row)

    @classmethod
    def of_text(
        cls,
        corpus: Corpus,
        text: str,
        title: str,
        languages: tuple[int, ...] | None = None,
        exclude: int | None = None,
    ) -> Asked:
        """Return the query that a text is, with its title if it has one."""
        words = corpus.lexical.scores_of_text(text)
        titles = corpus.titles.scores_of_text(title or text)
        # A query of a few words is all there is of it: its words are meant.
        return cls(words, titles, _SURE, None, languages, exclude)


def fused(corpus: Corpus, asked: Asked, weights: Weights = DEFAULT_WEIGHTS) -> dict[str, Scores]:
    """Return what each source adds to the score of each paper; the score is their sum.

    Where a paper is in another language than the query, the words have little to say; the
    vectors stand in for a part of what they would have added.
    """
    among = np.ones(corpus.count, bool)
    for row in (asked.row, asked.exclude):
        if row is not None:
            among[row] = False
    if asked.dense is None:
        sources = _lexical(corpus, asked, np.zeros(corpus.count), among)
    else:
        compared = among if asked.sample is None else among & asked.sample
        z_dense = standardised(asked.dense - _HUB_SHARE * corpus.hubs, corpus.groups, compared)
        sources = {"dense": z_dense, **_lexical(corpus, asked, z_dense, among)}
    if asked.row is not None:
        for name, overlap in (("tags", corpus.tags), ("links", corpus.links)):
            if weights.of(name):
                scores = overlap.scores(asked.row)
                sources[name] = standardised(scores, np.zeros_like(corpus.groups), among)
    return fuse(sources, weights)


def _lexical(
    corpus: Corpus, asked: Asked, z_dense: Scores, among: NDArray[np.bool_]
) -> dict[str, Scores]:
    trust = confidence(asked.terms, corpus.lexical.sizes.astype(np.float64))
    words, titles = asked.words.astype(np.float64), asked.titles.astype(np.float64)
    lexical = trust * standardised(words, corpus.groups, among)
    z_titles = (1 - trust) * standardised(titles, corpus.groups, among)
    if asked.languages is not None:
        other = ~np.isin(corpus.groups, asked.languages)
        stand_in = _STAND_IN * z_dense
        # The few words of a question or title that stand in another language's text were meant.
        brief = asked.row is None or corpus.is_textless(asked.row)
        both = np.maximum(lexical, stand_in) if brief else stand_in
        lexical = np.where(other, both, lexical)
    return {"lexical": lexical, "title": z_titles}


def hubness_of(starts: NDArray[np.int64], vectors: Vectors) -> Scores:
    """Return how near each paper is to its nearest ones of a sample of papers."""
    rows = sample_rows(len(starts) - 1)
    scores = _pooled(rows, starts, vectors)
    scores[np.arange(len(rows)), rows] = -np.inf
    return hubness(scores) if len(rows) else np.zeros(len(starts) - 1)


def background_of(corpus: Corpus, vectors: Vectors) -> Background:
    """Return the fused scores of random pairs: a sample of papers with all others."""
    rows = sample_rows(corpus.count, _BACKGROUND_QUERIES)
    dense = _pooled(rows, corpus.starts, vectors)
    words, titles = corpus.lexical.scores_of_rows(rows), corpus.titles.scores_of_rows(rows)
    found = []
    step = 1 + corpus.count * len(rows) // _BACKGROUND_PAIRS
    for place, row in enumerate(rows.tolist()):
        asked = Asked(
            words[place],
            titles[place],
            float(corpus.lexical.sizes[row]),
            row,
            corpus.languages_like(row),
            dense=dense[place].astype(np.float64),
        )
        total = np.sum(list(fused(corpus, asked).values()), axis=0)
        found.append(np.delete(total, row)[::step])
    return Background.fit(np.concatenate(found) if found else np.zeros(0))


def _pooled(rows: NDArray[np.int64], starts: NDArray[np.int64], vectors: Vectors) -> FloatArray:
    own = [vectors.vectors(slice(int(starts[row]), int(starts[row + 1]))) for row in rows.tolist()]
    return pool_of_each(own, vectors.parts(), starts)
