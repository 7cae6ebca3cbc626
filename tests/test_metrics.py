"""The metrics agree with scikit-learn's, on data that scikit-learn and we order the same way."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import f1_score, ndcg_score, recall_score

from papersim.rank.evaluation import SimilarTally, TagTally, best_f1, best_rows, f1_at
from papersim.rank.metrics import ndcg_at, recall_at, skewness, tag_overlap
from papersim.rank.overlap import Overlap

SEEDS = range(10)
WORDS = ("nerf", "diffusion", "llm", "speech", "peft", "3d", "video")


def random_tags(rng: np.random.Generator, papers: int) -> list[list[str]]:
    return [[word for word in WORDS if rng.random() < 0.3] for _ in range(papers)]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("k", [1, 5, 10, 100])
def test_ndcg_is_scikit_learns(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    gains = rng.random(40) * (rng.random(40) < 0.4)
    scores = rng.random(40)
    ranking = best_rows(scores, np.ones(40, bool), 100).tolist()
    expected = ndcg_score([gains], [scores], k=k)
    assert ndcg_at(k, ranking, gains) == pytest.approx(expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_ndcg_is_scikit_learns_when_only_the_best_ten_are_known(seed: int) -> None:
    rng = np.random.default_rng(seed)
    gains, scores = rng.random(40), rng.random(40)
    ranking = best_rows(scores, np.ones(40, bool)).tolist()
    assert len(ranking) == 10
    assert ndcg_at(10, ranking, gains) == pytest.approx(ndcg_score([gains], [scores], k=10))


@pytest.mark.parametrize("seed", SEEDS)
def test_among_equal_scores_the_lower_row_is_always_first(seed: int) -> None:
    """Scikit-learn can average over the orders of a tie; what we show people has one order."""
    rng = np.random.default_rng(seed)
    gains = rng.random(30)
    scores = rng.integers(0, 4, 30).astype(np.float64)
    ranking = best_rows(scores, np.ones(30, bool), 30)
    assert ranking.tolist() == sorted(range(30), key=lambda row: (-scores[row], row))
    in_that_order = scores - 1e-6 * np.arange(30)
    expected = ndcg_score([gains], [in_that_order], k=10)
    assert ndcg_at(10, ranking.tolist(), gains) == pytest.approx(expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_recall_is_scikit_learns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    relevant = np.flatnonzero(rng.random(50) < 0.2)
    scores = rng.random(50)
    ranking = best_rows(scores, np.ones(50, bool))
    wanted, shown = np.zeros(50, int), np.zeros(50, int)
    wanted[relevant], shown[ranking] = 1, 1
    expected = recall_score(wanted, shown)
    assert recall_at(10, ranking.tolist(), relevant.tolist()) == pytest.approx(expected)


def test_where_nothing_can_be_found_there_is_no_figure() -> None:
    assert ndcg_at(10, [0, 1], np.zeros(3)) is None
    assert recall_at(10, [0, 1], []) is None


def test_only_those_among_whom_is_asked_are_ranked() -> None:
    among = np.asarray([True, False, True, True])
    assert best_rows(np.asarray([0.1, 0.9, 0.3, 0.2]), among, 2).tolist() == [2, 3]


@pytest.mark.parametrize("seed", SEEDS)
def test_tag_overlap_is_the_weighted_jaccard_of_each_pair(seed: int) -> None:
    tags = random_tags(np.random.default_rng(seed), 12)
    counts = {word: sum(word in own for own in tags) for word in WORDS}
    overlap = tag_overlap(tags)
    rows = Overlap.build(tags)
    for i, mine in enumerate(tags):
        for j, theirs in enumerate(tags):
            both, either = set(mine) & set(theirs), set(mine) | set(theirs)
            weight = sum(math.log(12 / counts[word]) for word in either)
            shared = sum(math.log(12 / counts[word]) for word in both)
            expected = shared / weight if weight and i != j else 0.0
            assert overlap[i, j] == pytest.approx(expected)
        own = np.delete(rows.scores(i), i)
        assert own == pytest.approx(np.delete(overlap[i], i), abs=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_skewness_is_scipys(seed: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    counts = np.random.default_rng(seed).poisson(3, 60)
    assert skewness(counts.tolist()) == pytest.approx(float(stats.skew(counts)))


def test_papers_that_all_stand_equally_often_in_lists_are_not_skewed() -> None:
    assert skewness([3, 3, 3]) == 0.0
    assert skewness([0, 0, 0, 9]) > 0


# --- tags ---------------------------------------------------------------------------------------


def random_judged(seed: int) -> tuple[list[tuple[float, bool]], int]:
    """Return judged suggestions, many of the same confidence, and a number of gold tags."""
    rng = np.random.default_rng(seed)
    confidence = rng.integers(0, 12, 80) / 12
    judged = [(float(c), bool(rng.random() < c)) for c in confidence]
    return judged, sum(right for _, right in judged) + 9


@pytest.mark.parametrize("seed", SEEDS)
def test_f1_is_scikit_learns(seed: int) -> None:
    judged, gold = random_judged(seed)
    missed = gold - sum(right for _, right in judged)
    is_gold = [right for _, right in judged] + [True] * missed
    for threshold in (0.0, 0.3, 0.5, 2 / 3, 1.0):
        given = [confidence >= threshold for confidence, _ in judged] + [False] * missed
        expected = f1_score(is_gold, given, zero_division=0.0)
        assert f1_at(threshold, judged, gold) == pytest.approx(expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_threshold_is_better_than_the_best(seed: int) -> None:
    judged, gold = random_judged(seed)
    threshold, best = best_f1(judged, gold)
    assert f1_at(threshold, judged, gold) == pytest.approx(best)
    assert best == pytest.approx(max(f1_at(c, judged, gold) for c, _ in judged))


def test_where_nothing_is_right_the_best_is_to_suggest_nothing() -> None:
    assert best_f1([(0.9, False)], 3) == (1.0, 0.0)
    assert best_f1([], 0) == (1.0, 0.0)


def test_a_tag_that_no_other_paper_has_counts_as_not_found() -> None:
    tally = TagTally(5)
    tally.add([("nerf", 0.9), ("video", 0.4)], {"nerf", "used-once"})
    found = tally.quality(0.5)
    assert (found.p_at_1, found.recall_at_5) == (1.0, 0.5)
    assert found.ndcg_at_5 == pytest.approx(1 / (1 + 1 / math.log2(3)), abs=1e-4)
    assert found.f1 == pytest.approx(2 / 3, abs=1e-4)
    assert found.threshold == 0.9


@pytest.mark.parametrize("seed", SEEDS)
def test_the_ndcg_of_tags_is_scikit_learns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    confidence = rng.random(20)
    gold = {str(i) for i in np.flatnonzero(rng.random(20) < 0.3)} | {"0"}
    order = np.argsort(-confidence)
    tally = TagTally(5)
    tally.add([(str(i), float(confidence[i])) for i in order], gold)
    wanted = [str(i) in gold for i in range(20)]
    expected = ndcg_score([wanted], [confidence], k=5)
    assert tally.quality(0.5).ndcg_at_5 == pytest.approx(expected, abs=1e-4)


def test_only_as_many_tags_as_are_shown_count_for_f1() -> None:
    tally = TagTally(1)
    tally.add([("a", 0.9), ("b", 0.8)], {"b"})
    assert tally.quality(0.1).f1 == 0.0


def test_without_papers_nothing_is_said() -> None:
    found = TagTally(5).quality(0.1)
    assert (found.papers, found.p_at_1, found.f1, found.threshold) == (0, None, None, None)
    assert SimilarTally(3).quality().skewness is None
