"""What a score means, and what may not move it: size, sections, hubs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from papersim.rank.background import Background
from papersim.rank.center import normalised
from papersim.rank.overlap import Overlap
from papersim.rank.similar import hubness, pool_by_paper, pool_of_each, sample_rows
from papersim.rank.sources import Asked, Corpus, background_of, fused, hubness_of
from papersim.rank.words import Words

if TYPE_CHECKING:
    from collections.abc import Iterator

Matrix = NDArray[np.float32]

SHAPES = ["normal", "skewed", "two humps", "narrow"]


def draw(shape: str, count: int, seed: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    if shape == "normal":
        return rng.normal(0, 1, count)
    if shape == "skewed":
        return rng.exponential(0.5, count) - 0.5
    if shape == "narrow":
        return rng.normal(0, 0.01, count)
    return np.concatenate([rng.normal(-0.5, 0.3, count * 4 // 5), rng.normal(2, 0.4, count // 5)])


@pytest.mark.parametrize("shape", SHAPES)
def test_a_score_is_how_rare_a_pair_is(shape: str) -> None:
    """.2 one pair in ten, .4 one in a hundred, .6 in a thousand: the README says so."""
    background = Background.fit(draw(shape, 100_000, 0))
    scores = background.score(draw(shape, 100_000, 1))
    for score, share in ((0.2, 0.1), (0.4, 0.01), (0.6, 0.001)):
        assert (scores >= score).mean() == pytest.approx(share, rel=0.35)


@pytest.mark.parametrize("count", [50, 120, 700, 5000])
@pytest.mark.parametrize("shape", SHAPES)
def test_what_a_small_vault_can_show_is_shown(shape: str, count: int) -> None:
    """One pair in ten can be told from fifty; rarer pairs must not be made common by guessing."""
    pairs = draw(shape, count, 2)
    scores = Background.fit(pairs).score(pairs)
    assert (scores >= 0.2).mean() == pytest.approx(0.1, abs=3 / count)
    assert (scores >= 0.6).mean() <= 0.001 + 1 / count


@given(
    arrays(np.float64, st.integers(0, 200), elements=st.floats(-4, 8)),
    arrays(np.float64, 20, elements=st.floats(-20, 20)),
)
def test_scores_are_in_0_to_1_and_keep_the_order(
    pairs: NDArray[np.float64], asked: NDArray[np.float64]
) -> None:
    """Any vault, even one of a few papers or of papers that are all the same."""
    found = Background.fit(pairs).score(np.sort(asked))
    assert ((found >= 0) & (found <= 1)).all()
    assert (np.diff(found) >= -1e-12).all()


def test_a_vault_of_one_or_two_papers_still_has_scores() -> None:
    for count in (0, 1, 2, 49):
        scores = Background.fit(np.zeros(count)).score(np.asarray([-1.0, 0.0, 1.282, 2.326, 9.0]))
        assert np.isfinite(scores).all()
        assert scores[2] == pytest.approx(0.2, abs=0.01)
        assert scores[3] == pytest.approx(0.4, abs=0.01)
        assert scores[4] == 1.0


def test_what_is_rarer_than_all_pairs_of_the_vault_can_still_be_told_apart() -> None:
    """A translation and a mere duplicate must not both be cut at the same score."""
    background = Background.fit(draw("normal", 20_000, 3))
    scores = background.score(np.asarray([3.2, 3.6, 4.0]))
    assert (np.diff(scores) > 0.01).all()


def test_a_paper_that_may_be_no_hit_has_no_score() -> None:
    """Comparing by one kind, papers without it stand at minus infinity."""
    assert Background.fit(np.zeros(0)).score(np.asarray([-np.inf])).tolist() == [0.0]


# --- pooling ------------------------------------------------------------------------------------


@st.composite
def two_papers(draw: st.DrawFn) -> tuple[Matrix, Matrix]:
    """Return the passages of two papers as unit vectors."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    mine, theirs = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    return (
        normalised(rng.normal(size=(mine, 6)).astype(np.float32)),
        normalised(rng.normal(size=(theirs, 6)).astype(np.float32)),
    )


def score(mine: Matrix, theirs: Matrix, *, both_ways: bool = True) -> float:
    starts = np.asarray([0, len(theirs)])
    return float(pool_by_paper(mine @ theirs.T, starts, both_ways=both_ways)[0])


@given(two_papers())
def test_pooling_is_the_mean_of_best_matches(case: tuple[Matrix, Matrix]) -> None:
    mine, theirs = case
    similarities = (mine @ theirs.T).tolist()
    forward = np.mean([max(row) for row in similarities])
    backward = np.mean([max(column) for column in zip(*similarities, strict=True)])
    assert score(mine, theirs) == pytest.approx((forward + backward) / 2, abs=1e-5)
    assert score(mine, theirs, both_ways=False) == pytest.approx(forward, abs=1e-5)


@given(two_papers())
def test_both_ways_is_symmetric(case: tuple[Matrix, Matrix]) -> None:
    """A is as near to B as B to A; one way alone a survey is near to everything."""
    mine, theirs = case
    assert score(mine, theirs) == pytest.approx(score(theirs, mine), abs=1e-5)


@given(two_papers(), st.integers(2, 4))
def test_saying_it_again_changes_nothing(case: tuple[Matrix, Matrix], times: int) -> None:
    """A paper does not win by having its sections in two notes, nor a query by being long."""
    mine, theirs = case
    again = np.repeat(theirs, times, axis=0)
    for both_ways in (True, False):
        plain = score(mine, theirs, both_ways=both_ways)
        assert score(mine, again, both_ways=both_ways) == pytest.approx(plain, abs=1e-5)
        longer = score(np.tile(mine, (times, 1)), theirs, both_ways=both_ways)
        assert longer == pytest.approx(plain, abs=1e-5)


def test_many_sections_do_not_win_by_number() -> None:
    """Of papers on other topics, those with forty sections may not come before those with two.

    Forty lucky draws do reach higher than two from the query's side; the paper's own side,
    most of which matches nothing, holds against it.
    """
    rng = np.random.default_rng(4)
    topic = normalised(rng.normal(size=(1, 24)).astype(np.float32))[0]
    query = normalised(topic + 0.6 * rng.normal(size=(4, 24)).astype(np.float32) / 5)
    related = normalised(topic + 1.0 * rng.normal(size=(2, 24)).astype(np.float32) / 5)
    noise = [normalised(rng.normal(size=(40, 24)).astype(np.float32)) for _ in range(30)]
    assert score(query, related) > max(score(query, other) for other in noise)
    short = [normalised(rng.normal(size=(2, 24)).astype(np.float32)) for _ in range(30)]
    one_way = np.mean([score(query, o, both_ways=False) for o in noise]) - np.mean(
        [score(query, o, both_ways=False) for o in short]
    )
    both = np.mean([score(query, o) for o in noise]) - np.mean([score(query, o) for o in short])
    assert both < 0.75 * one_way


@given(
    st.lists(st.integers(1, 6), min_size=1, max_size=9),
    st.lists(st.integers(1, 6), max_size=6),
    st.lists(st.integers(1, 8), max_size=3),
)
def test_pooling_many_at_once_is_pooling_each(
    papers: list[int], queries: list[int], cuts: list[int]
) -> None:
    """However many passages each has, and however the papers are divided into parts."""
    rng = np.random.default_rng(8)
    starts = np.cumsum([0, *papers])
    vectors = rng.normal(size=(starts[-1], 6)).astype(np.float32)
    asked = [rng.normal(size=(count, 6)).astype(np.float32) for count in queries]
    bounds = sorted({0, len(papers), *(cut for cut in cuts if cut < len(papers))})
    rows = [slice(*pair) for pair in pairwise(bounds)]
    parts = ((part, vectors[starts[part.start] : starts[part.stop]]) for part in rows)
    found = pool_of_each(asked, parts, starts)
    assert found.shape == (len(queries), len(papers))
    for own, scores in zip(asked, found, strict=True):
        expected = pool_by_paper(own @ vectors.T, starts, both_ways=True)
        assert scores == pytest.approx(expected, abs=1e-5)


def test_no_papers() -> None:
    none = np.zeros((1, 0), np.float32)
    assert len(pool_by_paper(none, np.zeros(1, np.int64), both_ways=True)) == 0


# --- hubs ---------------------------------------------------------------------------------------


def corpus_of(vectors: Matrix) -> Corpus:
    """Return a corpus of papers with one passage each, and nothing else known of them."""
    count = len(vectors)
    return Corpus(
        starts=np.arange(count + 1),
        lexical=Words.of([""] * count),
        titles=Words.of([""] * count),
        tags=Overlap.build([()] * count),
        links=Overlap.build([()] * count),
        groups=np.zeros(count, np.int64),
        names=("en",),
        hubs=np.zeros(count),
        background=Background.fit(np.zeros(0)),
    )


@dataclass(frozen=True)
class OnePassageEach:
    """Vectors of papers with one passage each."""

    all: Matrix

    def vectors(self, positions: slice) -> Matrix:
        """Return the vectors at positions."""
        return self.all[positions]

    def parts(self) -> Iterator[tuple[slice, Matrix]]:
        """Yield the first paper, then the others."""
        yield slice(0, 1), self.all[:1]
        if len(self.all) > 1:
            yield slice(1, len(self.all)), self.all[1:]


def ranking(corpus: Corpus, vectors: Matrix, row: int) -> list[int]:
    dense = (vectors[row] @ vectors.T).astype(np.float64)
    parts = fused(corpus, replace(Asked.of_row(corpus, row), dense=dense))
    order = np.argsort(-np.sum(list(parts.values()), axis=0), kind="stable")
    return [int(other) for other in order if other != row]


def hub_and_others() -> Matrix:
    """Return clusters of papers, and as row 0 one that is fairly near to all of them."""
    rng = np.random.default_rng(5)
    centers = normalised(rng.normal(size=(8, 32)).astype(np.float32))
    clusters = np.repeat(centers, 6, axis=0) + 0.28 * rng.normal(size=(48, 32)).astype(np.float32)
    return normalised(np.vstack([centers.sum(axis=0), clusters]).astype(np.float32))


def test_a_hub_is_damped() -> None:
    """A paper in everyone's list (a survey, a vague note) tells nobody anything."""
    vectors = hub_and_others()
    plain = corpus_of(vectors)
    damped = Corpus(**{**vars(plain), "hubs": hubness_of(plain.starts, OnePassageEach(vectors))})
    assert damped.hubs.argmax() == 0

    def places(corpus: Corpus) -> float:
        return float(np.mean([ranking(corpus, vectors, row).index(0) for row in range(1, 49)]))

    assert places(damped) > places(plain) + 0.5
    # What is near stays near: the first hit is of the same cluster as before.
    for corpus in (plain, damped):
        first = [ranking(corpus, vectors, row)[0] for row in range(1, 49)]
        same = [(a - 1) // 6 == (b - 1) // 6 for a, b in enumerate(first, 1)]
        assert np.mean(same) > 0.5


def test_hubness_is_the_mean_of_the_ten_nearest() -> None:
    """For more papers than are gone through at once, too."""
    rng = np.random.default_rng(6)
    for count in (30, 5000):
        scores = rng.normal(size=(30, count))
        np.fill_diagonal(scores, -np.inf)
        expected = [np.sort(scores[:, column])[::-1][:10].mean() for column in range(count)]
        assert hubness(scores) == pytest.approx(np.asarray(expected))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_hubs_of_a_tiny_vault_are_finite(count: int) -> None:
    """A paper's score with itself is minus infinity; with one paper there is no other."""
    vectors = normalised(np.random.default_rng(7).normal(size=(count, 8)).astype(np.float32))
    corpus = corpus_of(vectors)
    assert np.isfinite(hubness_of(corpus.starts, OnePassageEach(vectors))).all()
    assert np.isfinite(background_of(corpus, OnePassageEach(vectors)).levels).all()


def test_the_sample_is_spread_over_all() -> None:
    assert sample_rows(5, 10).tolist() == [0, 1, 2, 3, 4]
    rows = sample_rows(1000, 10)
    assert (rows[0], rows[-1], len(rows)) == (0, 999, 10)
    assert sample_rows(0, 10).tolist() == []
