"""The metrics agree with scikit-learn's, on data that scikit-learn and we order the same way."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.metrics import f1_score, ndcg_score, recall_score

from papersim.rank.evaluation import SimilarTally, best_rows
from papersim.rank.metrics import best_f1, f1_at, ndcg_at, recall_at, skewness, tag_overlap
from papersim.rank.overlap import Overlap
from papersim.suggest.quality import measures, worst_tags

if TYPE_CHECKING:
    from numpy.typing import NDArray

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


def random_judged(seed: int) -> tuple[NDArray[np.float64], NDArray[np.bool_], int]:
    """Return confidences, many of them equal, which of them are right, and the gold there is."""
    rng = np.random.default_rng(seed)
    confidence = rng.integers(0, 12, 80) / 12
    right = rng.random(80) < confidence
    return confidence, right, int(right.sum()) + 9


@pytest.mark.parametrize("seed", SEEDS)
def test_f1_is_scikit_learns(seed: int) -> None:
    confidence, right, gold = random_judged(seed)
    missed = gold - int(right.sum())
    is_gold = [*right.tolist(), *[True] * missed]
    for threshold in (0.0, 0.3, 0.5, 2 / 3, 1.0):
        given = [*(confidence >= threshold).tolist(), *[False] * missed]
        expected = f1_score(is_gold, given, zero_division=0.0)
        assert f1_at(threshold, confidence, right, gold) == pytest.approx(expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_threshold_is_better_than_the_best(seed: int) -> None:
    confidence, right, gold = random_judged(seed)
    threshold, best = best_f1(confidence, right, gold)
    every = (f1_at(c, confidence, right, gold) for c in confidence.tolist())
    assert f1_at(threshold, confidence, right, gold) == pytest.approx(best)
    assert best == pytest.approx(max(every))


def test_where_nothing_is_right_the_best_is_to_suggest_nothing() -> None:
    assert best_f1(np.asarray([0.9]), np.asarray([False]), 3) == (1.0, 0.0)
    assert best_f1(np.zeros(0), np.zeros(0, np.bool_), 0) == (1.0, 0.0)


def test_a_tag_that_no_other_paper_has_counts_as_not_found() -> None:
    confidence = np.asarray([[0.9, 0.4, 0.0], [0.9, 0.0, 0.0]], np.float32)
    carries = np.asarray([[1, 0, 1], [1, 0, 0]], np.float32)
    found = measures(confidence, carries)
    assert (found.p_at_1, found.recall_at_5) == (1.0, 0.75)
    assert found.ndcg_at_5 == pytest.approx((1 + 1 / (1 + 1 / math.log2(3))) / 2, abs=1e-4)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_ndcg_of_tags_is_scikit_learns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    confidence = rng.random((15, 20)).astype(np.float32)
    carries = (rng.random((15, 20)) < 0.3).astype(np.float32)
    carries[:, 0] = 1.0
    expected = ndcg_score(carries, confidence, k=5)
    assert measures(confidence, carries).ndcg_at_5 == pytest.approx(expected, abs=1e-4)


def test_the_threshold_of_f1_is_chosen_on_other_papers() -> None:
    # Twenty papers are best told apart at .5; for one the threshold lies too high.
    confidence = np.asarray([[0.5, 0.4]] * 20 + [[0.3, 0.2]], np.float32)
    carries = np.asarray([[1, 0]] * 21, np.float32)
    assert measures(confidence, carries).f1 == pytest.approx(2 * 20 / (20 + 21), abs=1e-4)


def test_the_worst_tags_are_those_suggested_badly() -> None:
    carries = np.asarray([[1, 1, 1], [1, 1, 0], [1, 1, 0], [0, 0, 0]], np.float32)
    confidence = np.asarray([[0.9, 0.1, 0], [0.9, 0.1, 0], [0.9, 0.9, 0], [0, 0.9, 0]], np.float32)
    worst = worst_tags(confidence, carries, ("sure", "vague", "once"), 0.5)
    assert [(w.tag, w.papers, w.suggested, w.right) for w in worst] == [
        ("vague", 3, 2, 1),
        ("sure", 3, 3, 3),
    ]


def test_without_queries_nothing_is_said() -> None:
    assert SimilarTally(3).quality().skewness is None
