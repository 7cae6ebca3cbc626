"""What a confidence is worth, which tags nothing tells, and tags that come together."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papersim.suggest.calibration import LEAST_CONFIDENCE, Calibration, calibrated, unpredictable
from papersim.suggest.facts import Labels
from papersim.suggest.together import agreed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

PAPERS, TAGS = 200, 40


def truthful(seed: int) -> tuple[Matrix, Matrix]:
    """Return confidences and what papers carry: of those said with p, a share of p is right."""
    rng = np.random.default_rng(seed)
    sure = rng.random((PAPERS, TAGS)).astype(np.float32)
    return sure, np.asarray(rng.random((PAPERS, TAGS)) < sure, np.float32)


def labels_of(carries: Matrix) -> Labels:
    none = np.zeros(carries.shape[1], np.float32)
    return Labels(carries, np.zeros_like(carries), none, none, np.ones(len(carries), np.bool_))


# --- is a confidence of .8 right four times in five? ---------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_a_confidence_that_keeps_its_word_has_a_small_error(seed: int) -> None:
    sure, carries = truthful(seed)
    error = calibrated(sure, carries, None).error
    assert error is not None
    assert error < 0.03


@pytest.mark.parametrize("seed", range(4))
def test_too_sure_or_too_shy_is_found_out(seed: int) -> None:
    sure, carries = truthful(seed)
    for wrong in (sure**0.3, sure**3):
        error = calibrated(np.asarray(wrong, np.float32), carries, None).error
        assert error is not None
        assert error > 0.12


def test_the_error_is_the_distance_in_each_tenth_by_how_many_there_are() -> None:
    sure = np.asarray([[0.85, 0.82, 0.25, 0.05, 0.0, 1.0]], np.float32)
    carries = np.asarray([[1, 0, 0, 1, 1, 1]], np.float32)
    found = calibrated(sure, carries, None)
    assert found.papers == 1
    assert [count for *_, count in found.bins] == [1, 2, 1]
    assert [right for _, right, _ in found.bins] == [0, 0.5, 1]
    assert [mean for mean, *_ in found.bins] == pytest.approx([0.25, 0.835, 1.0])
    assert found.error == pytest.approx((0.25 + 2 * 0.335 + 0) / 4)


def test_bins_hold_all_that_is_said_from_the_least_confidence() -> None:
    sure, carries = truthful(9)
    bins = calibrated(sure, carries, None).bins
    assert sum(count for *_, count in bins) == (sure >= LEAST_CONFIDENCE).sum()
    lows = [int(mean * 10) for mean, *_ in bins]
    assert lows == list(range(1, 10))


@pytest.mark.parametrize("seed", range(4))
def test_the_threshold_is_that_of_the_best_f1(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sure = np.round(rng.random((40, 5)), 2).astype(np.float32)
    carries = np.asarray(rng.random((40, 5)) < sure**2, np.float32)
    found = calibrated(sure, carries, None)

    def f1(threshold: float) -> float:
        kept = sure >= threshold
        return float(2 * carries[kept].sum() / (kept.sum() + carries.sum()))

    best = max(f1(float(one)) for one in np.unique(sure[sure > 0]))
    assert found.f1 == pytest.approx(best)
    assert f1(found.threshold) == pytest.approx(best)


def test_a_tag_that_was_never_said_counts_as_missed() -> None:
    sure = np.asarray([[0.9, 0.0], [0.8, 0.0]], np.float32)
    carries = np.asarray([[1, 1], [1, 1]], np.float32)
    found = calibrated(sure, carries, None)
    assert found.f1 == pytest.approx(2 * 2 / (2 + 4))
    assert found.threshold == pytest.approx(0.8)


def test_a_threshold_that_is_given_is_kept() -> None:
    sure, carries = truthful(1)
    given_one, best = calibrated(sure, carries, 0.36), calibrated(sure, carries, None)
    assert given_one.threshold == 0.36
    assert given_one.f1 == best.f1
    assert given_one.bins == best.bins


def test_where_nothing_is_said_there_is_no_error_and_nothing_is_suggested() -> None:
    nothing = np.zeros((3, 2), np.float32)
    found = calibrated(nothing, np.ones((3, 2), np.float32), None)
    assert (found.threshold, found.f1, found.error, found.bins) == (1.0, 0.0, None, ())


def test_it_is_kept_as_json_and_comes_back() -> None:
    found = calibrated(*truthful(2), None)
    assert Calibration.of_json(json.loads(json.dumps(found.to_json()))) == found


NONSENSE: dict[str, Any] = {
    "nothing": None,
    "a list": [1],
    "an empty object": {},
    "no bins": {"papers": 1, "threshold": 0.5, "f1": 0.5, "error": None},
    "bins of two": {"papers": 1, "threshold": 0.5, "f1": 0.5, "error": 0.0, "bins": [[0.1, 0.2]]},
    "bins in words": {"papers": 1, "threshold": 0.5, "f1": 0.5, "error": 0.0, "bins": ["abc"]},
    "papers in words": {"papers": "many", "threshold": 0.5, "f1": 0.5, "error": 0.0, "bins": []},
}


@pytest.mark.parametrize("what", NONSENSE)
def test_what_is_no_calibration_is_refused(what: str) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        Calibration.of_json(NONSENSE[what])


# --- tags that nothing tells ---------------------------------------------------------------------


def chosen(rng: np.random.Generator, count: int) -> Matrix:
    carries = np.zeros(PAPERS, np.float32)
    carries[rng.choice(PAPERS, count, replace=False)] = 1
    return carries


def test_tags_at_random_are_found_out_and_others_left_alone() -> None:
    """In nine of ten vaults, 12 papers in 200; a tag that is told on most of its papers is left."""
    found, left = [], []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        carries = np.stack([chosen(rng, count) for count in (12, 12, 40, 6)], axis=1)
        told = rng.random((PAPERS, 4))
        told[:, 1:] += 1.2 * carries[:, 1:]
        by_chance = unpredictable(np.asarray(told / 3, np.float32), carries)
        found.append(bool(by_chance[0]))
        left.append(not by_chance[1:].any())
    assert sum(found) >= 9
    assert sum(left) >= 9


def test_a_tag_that_is_told_less_than_by_chance_is_found_out() -> None:
    """Held out, a tag at random is said a little less on its own papers than elsewhere."""
    rng = np.random.default_rng(3)
    carries = chosen(rng, 30)[:, None]
    told = np.asarray(rng.random((PAPERS, 1)) - 0.3 * carries + 0.3, np.float32)
    assert unpredictable(told, carries).tolist() == [True]


def test_a_tag_that_is_never_said_is_found_out() -> None:
    carries = chosen(np.random.default_rng(4), 20)[:, None]
    assert unpredictable(np.zeros_like(carries), carries).tolist() == [True]


@pytest.mark.parametrize(("count", "judged"), [(4, False), (5, True), (149, True), (150, False)])
def test_on_few_papers_or_on_nearly_all_no_tag_is_judged(count: int, judged: bool) -> None:
    carries = chosen(np.random.default_rng(5), count)[:, None]
    assert unpredictable(np.zeros((PAPERS, 1), np.float32), carries).tolist() == [judged]


def test_one_paper_judges_nothing() -> None:
    one = np.ones((1, 3), np.float32)
    assert not unpredictable(one, one).any()


@given(st.integers(0, 99))
@settings(deadline=None, max_examples=20)
def test_what_counts_is_the_order_of_confidences_alone(seed: int) -> None:
    sure, carries = truthful(seed)
    squeezed = np.asarray(sure**3 / 2, np.float32)
    assert np.array_equal(unpredictable(sure, carries), unpredictable(squeezed, carries))


# --- tags that come together ---------------------------------------------------------------------

# video_editing, Video, photo: ten papers have both of the first, ten more the second alone.
CARRIES = np.zeros((30, 3), np.float32)
CARRIES[:10, 0] = CARRIES[:20, 1] = CARRIES[20:, 2] = 1


def agreeing(*confidence: float, carries: Matrix = CARRIES) -> list[float]:
    found = agreed(np.asarray(confidence, np.float32), labels_of(carries))
    return [round(float(one), 4) for one in found]


def test_a_child_brings_its_parent_along() -> None:
    video = round(0.8 * 10 / 11, 4)
    assert agreeing(0.8, 0.1, 0.2) == [0.8, video, 0.2]
    assert agreeing(0.8, 0.0, 0.0) == [0.8, video, 0.0], "even one that was not looked at"


def test_a_tag_above_a_nested_one_is_brought_along_through_all_its_parents() -> None:
    nested = np.zeros((30, 3), np.float32)
    nested[:5, 0] = nested[:12, 1] = nested[:20, 2] = 1  # a/b/c, a/b, a
    c, b, a = agreeing(0.9, 0.1, 0.1, carries=nested)
    assert (c, b, a) == (0.9, round(0.9 * 5 / 6, 4), round(0.9 * 5 / 6, 4))


def test_a_parent_brings_no_child_along() -> None:
    assert agreeing(0.1, 0.9, 0.0) == [0.1, 0.9, 0.0]


def test_a_surer_parent_stays_as_it_is() -> None:
    assert agreeing(0.5, 0.95, 0.0) == [0.5, 0.95, 0.0]


def test_two_tags_on_the_same_papers_stay_as_they_are() -> None:
    twins = np.zeros((20, 2), np.float32)
    twins[:8] = 1
    assert agreeing(0.9, 0.2, carries=twins) == [0.9, 0.2]


def test_an_unlikely_child_says_nothing() -> None:
    assert agreeing(0.1, 0.01, 0.0) == [0.1, 0.01, 0.0]


@pytest.mark.parametrize(
    ("together", "carriers", "raised"),
    [(9, 10, True), (8, 10, False), (3, 3, True), (2, 2, False), (2, 3, False)],
)
def test_nine_in_ten_of_three_papers_or_more(together: int, carriers: int, raised: bool) -> None:
    carries = np.zeros((40, 2), np.float32)
    carries[:carriers, 0] = carries[:together, 1] = carries[20:, 1] = 1
    expected = round(0.8 * together / (carriers + 1), 4) if raised else 0.2
    assert agreeing(0.8, 0.2, carries=carries) == [0.8, expected]


def test_the_paper_asked_about_has_no_say() -> None:
    """Of three papers with the child it is one, so that two are left: too few to go by."""
    carries = np.zeros((30, 2), np.float32)
    carries[:3, 0] = carries[:10, 1] = 1
    labels = labels_of(carries)
    sure = np.asarray([0.9, 0.2], np.float32)
    assert agreed(sure, labels)[1] > 0.6
    assert agreed(sure, labels.without(np.asarray([0])))[1] == np.float32(0.2)
    assert agreed(sure, labels.without(np.asarray([25])))[1] > 0.6
    carries[3, 0] = 1
    three = labels_of(carries).without(np.asarray([0]))
    assert agreed(sure, three)[1] == pytest.approx(0.9 * 3 / 4)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 9999))
def test_nothing_is_lowered_and_nothing_but_a_more_common_tag_raised(seed: int) -> None:
    rng = np.random.default_rng(seed)
    carries = (rng.random((25, 1)) < np.linspace(0.1, 0.9, 7)).astype(np.float32)
    labels, before = labels_of(carries), rng.random(7).astype(np.float32)
    after = agreed(before.copy(), labels)
    assert (after >= before).all()
    for tag in np.flatnonzero(after > before):
        assert (after[tag] < before[labels.counts < labels.counts[tag]]).any()
