"""The sources of similarity between a query and every paper, standardised and ready to fuse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from papersim.rank.background import Background
from papersim.rank.fusion import DEFAULT_WEIGHTS, confidence, fuse, standardised
from papersim.rank.similar import hubness, pool_by_paper, sample_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from papersim.rank.fusion import Weights
    from papersim.rank.lexical import Lexical
    from papersim.rank.overlap import Overlap

    FloatArray = NDArray[np.float32]
    Scores = NDArray[np.float64]

__all__ = ["Asked", "Corpus", "background_of", "fused", "hubness_of"]

_HUB_SHARE = 0.25
_STAND_IN = 0.6
_BACKGROUND_QUERIES = 120
_SURE = 1e9


@dataclass(frozen=True)
class Corpus:
    """What is known of all papers, by row, beside their vectors.

    The passages of row r stand at starts[r]:starts[r + 1]. ``groups`` number the papers'
    languages, whose ``names`` end in ``-`` for papers without text; ``hubs`` are how near each
    paper is to its nearest ones.
    """

    starts: NDArray[np.int64]
    lexical: Lexical
    titles: Lexical
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
    """What a query brings: the similarity of its passages to all passages, and the rest of it.

    ``similarities`` has shape (query passages, passages). ``row`` is the query's own paper, if
    it is one of the corpus; its words, title, tags and links are known then. Else ``text``
    holds its words and ``title`` its title. ``languages`` are the groups whose papers are in
    its language, None if that is unknown; ``exclude`` a row that is not to count where scores
    are standardised.
    """

    similarities: FloatArray
    row: int | None = None
    text: str = ""
    title: str = ""
    languages: tuple[int, ...] | None = None
    both_ways: bool = True
    exclude: int | None = None


def fused(corpus: Corpus, asked: Asked, weights: Weights = DEFAULT_WEIGHTS) -> dict[str, Scores]:
    """Return what each source adds to the score of each paper; the score is their sum.

    Where a paper is in another language than the query, the words have little to say; the
    vectors stand in for a part of what they would have added.
    """
    among = np.ones(corpus.count, bool)
    for row in (asked.row, asked.exclude):
        if row is not None:
            among[row] = False
    dense = pool_by_paper(asked.similarities, corpus.starts, both_ways=asked.both_ways)
    z_dense = standardised(dense - _HUB_SHARE * corpus.hubs, corpus.groups, among)
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
    if asked.row is not None:
        words = corpus.lexical.scores_of_row(asked.row)
        titles = corpus.titles.scores_of_row(asked.row)
        terms = float(corpus.lexical.lengths[asked.row])
    else:
        words = corpus.lexical.scores_of_text(asked.text)
        titles = corpus.titles.scores_of_text(asked.title or asked.text)
        # A query of a few words is all there is of it: its words are meant.
        terms = _SURE
    trust = confidence(terms, corpus.lexical.lengths.astype(np.float64))
    lexical = trust * standardised(words.astype(np.float64), corpus.groups, among)
    z_titles = (1 - trust) * standardised(titles.astype(np.float64), corpus.groups, among)
    if asked.languages is not None:
        other = ~np.isin(corpus.groups, asked.languages)
        stand_in = _STAND_IN * z_dense
        # The few words of a question or title that stand in another language's text were meant.
        brief = asked.row is None or corpus.is_textless(asked.row)
        both = np.maximum(lexical, stand_in) if brief else stand_in
        lexical = np.where(other, both, lexical)
    return {"lexical": lexical, "title": z_titles}


def hubness_of(corpus: Corpus, matrix: FloatArray) -> Scores:
    """Return how near each paper is to its nearest ones of a sample of papers."""
    rows = sample_rows(corpus.count)
    scores = np.empty((len(rows), corpus.count))
    for place, row in enumerate(rows.tolist()):
        own = matrix[corpus.starts[row] : corpus.starts[row + 1]]
        scores[place] = pool_by_paper(own @ matrix.T, corpus.starts, both_ways=True)
        scores[place, row] = -np.inf
    return hubness(scores) if len(rows) else np.zeros(corpus.count)


def background_of(corpus: Corpus, matrix: FloatArray) -> Background:
    """Return the fused scores of random pairs: a sample of papers with all others."""
    found = []
    for row in sample_rows(corpus.count, _BACKGROUND_QUERIES).tolist():
        own = matrix[corpus.starts[row] : corpus.starts[row + 1]]
        asked = Asked(own @ matrix.T, row, languages=corpus.languages_like(row))
        total = np.sum(list(fused(corpus, asked).values()), axis=0)
        found.append(np.delete(total, row))
    return Background.fit(np.concatenate(found) if found else np.zeros(0))
