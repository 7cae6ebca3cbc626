"""Fusing sources: standardised by language, weighted, varied; the arithmetic under every answer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from papersim.rank.fusion import DEFAULT_WEIGHTS, Weights, confidence, fuse, mmr, standardised

Scores = NDArray[np.float64]

finite = st.floats(-5, 5, allow_nan=False, width=32)


@st.composite
def grouped(draw: st.DrawFn) -> tuple[Scores, NDArray[np.int64], NDArray[np.bool_]]:
    """Return scores of some papers, the group of each, and which of them count."""
    count = draw(st.integers(1, 40))
    scores = np.asarray(draw(st.lists(finite, min_size=count, max_size=count)))
    groups = draw(st.lists(st.integers(0, 3), min_size=count, max_size=count))
    among = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    return scores, np.asarray(groups, np.int64), np.asarray(among, bool)


def with_twenty_more(scores: Scores, group: Scores) -> Scores:
    """Return a group's z-scores as if twenty average papers were in it: the documented meaning.

    Twenty that lie at the mean of all for the mean, and spread like all for the spread.
    """
    mean = (group.sum() + 20 * scores.mean()) / (len(group) + 20)
    variance = (((group - mean) ** 2).sum() + 20 * scores.var()) / (len(group) + 20)
    return np.asarray((group - mean) / np.sqrt(variance), np.float64)


@given(grouped())
def test_a_group_is_standardised_as_if_twenty_more_papers_were_in_it(
    case: tuple[Scores, NDArray[np.int64], NDArray[np.bool_]],
) -> None:
    """Shrinkage is what keeps the one Korean paper of a vault from being an extreme outlier."""
    scores, groups, _ = case
    found = standardised(scores, groups, np.ones(len(scores), bool))
    if scores.std() < 1e-3:
        return
    for group in np.unique(groups):
        expected = with_twenty_more(scores, scores[groups == group])
        assert found[groups == group] == pytest.approx(expected, abs=1e-6)


@given(grouped(), st.floats(0.1, 10), st.floats(-5, 5))
def test_neither_scale_nor_offset_of_a_source_matters(
    case: tuple[Scores, NDArray[np.int64], NDArray[np.bool_]], scale: float, offset: float
) -> None:
    """Else a source would gain weight by being measured in larger numbers."""
    scores, groups, among = case
    if not among.any() or scores[among].std() < 1e-2:
        return
    moved = standardised(scale * scores + offset, groups, among)
    assert moved == pytest.approx(standardised(scores, groups, among), rel=1e-4, abs=1e-4)


@given(grouped(), finite)
def test_papers_that_do_not_count_move_no_other(
    case: tuple[Scores, NDArray[np.int64], NDArray[np.bool_]], other: float
) -> None:
    """The query's own score, which is the greatest there is, must not stretch the scale."""
    scores, groups, among = case
    changed = np.where(among, scores, other)
    first, second = standardised(scores, groups, among), standardised(changed, groups, among)
    assert np.array_equal(first[among], second[among])


@given(grouped())
def test_the_order_within_a_language_stays_and_all_is_finite(
    case: tuple[Scores, NDArray[np.int64], NDArray[np.bool_]],
) -> None:
    scores, groups, among = case
    found = standardised(scores, groups, among)
    assert np.isfinite(found).all()
    for group in np.unique(groups):
        own = groups == group
        order = np.argsort(scores[own], kind="stable")
        assert (np.diff(found[own][order]) >= 0).all()


def test_a_large_group_has_its_own_mean_and_spread() -> None:
    """Two languages whose scores lie apart become comparable: that is why groups exist."""
    rng = np.random.default_rng(0)
    scores = np.concatenate([rng.normal(0.1, 0.02, 2000), rng.normal(0.6, 0.1, 2000)])
    groups = np.repeat([0, 1], 2000)
    found = standardised(scores, groups, np.ones(4000, bool))
    for group in (0, 1):
        assert abs(found[groups == group].mean()) < 0.1
        # The narrow group is still drawn a little towards the spread of all.
        assert 0.5 < found[groups == group].std() < 1.05


def test_a_lonely_group_is_judged_by_all() -> None:
    scores = np.concatenate([np.linspace(-1, 1, 101), [1.0]])
    groups = np.asarray([0] * 101 + [1])
    found = standardised(scores, groups, np.ones(102, bool))
    assert found[-1] == pytest.approx(found[100], rel=0.15)


@pytest.mark.parametrize("value", [0.0, 0.3, -7.0, 1e6])
def test_scores_that_tell_nothing_apart_add_nothing(value: float) -> None:
    """A source such as links in a vault without links; dividing by its spread would be 0 / 0."""
    groups = np.asarray([0, 0, 1, 2])
    assert not standardised(np.full(4, value), groups, np.ones(4, bool)).any()


def test_nothing_to_compare_with() -> None:
    none = np.zeros(0)
    groups = np.zeros(0, np.int64)
    assert len(standardised(none, groups, np.zeros(0, bool))) == 0
    assert not standardised(np.asarray([3.0]), np.zeros(1, np.int64), np.zeros(1, bool)).any()


# --- confidence and fusion ----------------------------------------------------------------------


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_trust_is_mutual_and_grows_with_what_there_is_to_read(mine: int, theirs: int) -> None:
    """A note of one line must not be tied to another by one chance word, from either side."""
    trust = float(confidence(mine, np.asarray([theirs], np.float64))[0])
    back = float(confidence(theirs, np.asarray([mine], np.float64))[0])
    more = float(confidence(mine, np.asarray([theirs + 1.0]))[0])
    assert trust == pytest.approx(back)
    assert 0 <= trust <= more <= 1


def test_trust_at_its_ends() -> None:
    assert confidence(0, np.asarray([0.0, 500.0])).tolist() == [0.0, 0.0]
    assert confidence(200, np.asarray([200.0]))[0] == pytest.approx(0.5)
    assert confidence(1e9, np.asarray([1e9]))[0] == pytest.approx(1.0)


def test_a_weight_of_nothing_leaves_a_source_out() -> None:
    sources = {"dense": np.asarray([1.0, 2.0]), "tags": np.asarray([9.0, 9.0])}
    parts = fuse(sources, Weights(dense=0.5, tags=0.0))
    assert list(parts) == ["dense"]
    assert parts["dense"].tolist() == [0.5, 1.0]


def test_without_takes_some_and_keeps_the_others() -> None:
    kept = DEFAULT_WEIGHTS.without("tags", "links")
    assert (kept.tags, kept.links) == (0, 0)
    for source in ("dense", "lexical", "title"):
        assert kept.of(source) == DEFAULT_WEIGHTS.of(source) > 0
    assert DEFAULT_WEIGHTS.without() == DEFAULT_WEIGHTS
    assert DEFAULT_WEIGHTS.tags > 0, "the default itself is not changed"


# --- variety ------------------------------------------------------------------------------------


@st.composite
def candidates(draw: st.DrawFn) -> tuple[Scores, NDArray[np.float32]]:
    """Return candidates' relevance, best first, and how alike they are, in 0..1."""
    count = draw(st.integers(1, 8))
    unit = st.floats(0, 1, width=32)
    relevance = np.sort(draw(arrays(np.float64, count, elements=st.floats(0, 1))))[::-1].copy()
    half = draw(arrays(np.float32, (count, count), elements=unit))
    alike = np.maximum(half, half.T)
    np.fill_diagonal(alike, 1.0)
    return relevance, alike


@given(candidates(), st.floats(0, 1), st.integers(1, 10))
def test_each_pick_is_the_best_by_definition(
    case: tuple[Scores, NDArray[np.float32]], diversity: float, count: int
) -> None:
    """Maximal marginal relevance, computed for each pick from nothing."""
    relevance, alike = case
    order = mmr(relevance, alike, diversity, count)
    assert len(order) == len(set(order)) == min(count, len(relevance))

    def value(candidate: int, chosen: list[int]) -> float:
        nearest = max((float(alike[candidate, c]) for c in chosen), default=0.0)
        return (1 - diversity) * float(relevance[candidate]) - diversity * nearest

    for place, picked in enumerate(order):
        before = order[:place]
        left = [c for c in range(len(relevance)) if c not in before]
        assert value(picked, before) == pytest.approx(max(value(c, before) for c in left))


@given(candidates())
def test_no_diversity_is_the_plain_order(case: tuple[Scores, NDArray[np.float32]]) -> None:
    """Exactly, ties included: --diversity 0 may not shuffle what --diversity is not asked of."""
    relevance, alike = case
    assert mmr(relevance, alike, 0.0, len(relevance)) == list(range(len(relevance)))


def test_full_diversity_takes_one_of_each_before_a_second_of_any() -> None:
    """Three clusters of three: three picks have to come from three clusters."""
    cluster = np.repeat(np.arange(3), 3)
    alike = np.where(cluster[:, None] == cluster[None, :], 0.9, 0.1).astype(np.float32)
    relevance = np.linspace(1, 0, 9)
    assert sorted(cluster[mmr(relevance, alike, 1.0, 3)].tolist()) == [0, 1, 2]
    assert cluster[mmr(relevance, alike, 0.0, 3)].tolist() == [0, 0, 0]


def test_no_candidates() -> None:
    assert mmr(np.zeros(0), np.zeros((0, 0), np.float32), 0.5, 3) == []
