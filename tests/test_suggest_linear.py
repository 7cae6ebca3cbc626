"""The linear models: what they would say had they never seen a paper, without fitting again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.kernel_ridge import KernelRidge

from papersim.suggest.linear import Solved

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Rows = NDArray[np.intp]

PAPERS, TAGS, DIMENSION = 24, 6, 10
NEAR = 2e-4


def cosines_of(seed: int) -> Matrix:
    """Return the cosines of papers, then of tags' names, with one another."""
    raw = np.random.default_rng(seed).normal(size=(PAPERS + TAGS, DIMENSION))
    units = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    return np.asarray(units @ units.T, np.float32)


def carries_of(seed: int) -> Matrix:
    drawn = np.random.default_rng(seed + 1000).random((PAPERS, TAGS)) < 0.3
    return np.asarray(drawn, np.float32)


def targets(carries: Matrix) -> NDArray[np.float64]:
    return np.vstack([carries, np.eye(carries.shape[1])])


def refitted(cosines: Matrix, carries: Matrix, penalty: float, rows: Rows) -> NDArray[np.float64]:
    """Return the scores of some papers by scikit-learn, fitted on all others and the names."""
    kept = np.setdiff1d(np.arange(len(cosines)), rows)
    ridge = KernelRidge(alpha=penalty, kernel="precomputed")
    ridge.fit(cosines[np.ix_(kept, kept)].astype(np.float64), targets(carries)[kept])
    return np.asarray(ridge.predict(cosines[np.ix_(rows, kept)]))


def solved_by_hand(
    cosines: Matrix, carries: Matrix, penalty: float, rows: Rows
) -> NDArray[np.float64]:
    kept = np.setdiff1d(np.arange(len(cosines)), rows)
    bent = cosines[np.ix_(kept, kept)].astype(np.float64) + penalty * np.eye(len(kept))
    return np.asarray(
        cosines[np.ix_(rows, kept)] @ np.linalg.solve(bent, targets(carries)[kept]), np.float64
    )


some_rows = st.lists(st.integers(0, PAPERS - 1), min_size=1, max_size=PAPERS, unique=True)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 99), some_rows, st.sampled_from([0.3, 0.8, 1.0, 5.0]))
def test_without_some_papers_is_fitted_without_them(
    seed: int, chosen: list[int], penalty: float
) -> None:
    cosines, carries, rows = cosines_of(seed), carries_of(seed), np.asarray(chosen, np.intp)
    found = Solved.fit(cosines, carries, penalty).without(rows)
    assert found == pytest.approx(refitted(cosines, carries, penalty, rows), abs=NEAR)
    assert found == pytest.approx(solved_by_hand(cosines, carries, penalty, rows), abs=NEAR)


@pytest.mark.parametrize("penalty", [0.3, 0.8, 1.0])
def test_a_known_paper_is_scored_as_if_it_had_not_been_there(penalty: float) -> None:
    cosines, carries = cosines_of(5), carries_of(5)
    model = Solved.fit(cosines, carries, penalty).model()
    found = model.of_known(np.arange(PAPERS), carries)
    for row in range(PAPERS):
        one = np.asarray([row])
        expected = refitted(cosines, carries, penalty, one)
        assert found[one] == pytest.approx(expected, abs=NEAR)
        assert model.of_known(one, carries) == pytest.approx(expected, abs=NEAR)


def test_leaving_out_one_paper_agrees_with_leaving_out_several() -> None:
    cosines, carries = cosines_of(6), carries_of(6)
    solved = Solved.fit(cosines, carries, 0.8)
    for row in range(PAPERS):
        one = np.asarray([row])
        known = solved.model().of_known(one, carries)
        assert solved.without(one) == pytest.approx(known, abs=NEAR)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 99), some_rows, st.integers(0, TAGS - 1))
def test_what_papers_carry_does_not_change_their_own_scores(
    seed: int, chosen: list[int], tag: int
) -> None:
    cosines, carries, rows = cosines_of(seed), carries_of(seed), np.asarray(chosen, np.intp)
    other = carries.copy()
    other[rows, tag] = 1 - other[rows, tag]
    one, two = Solved.fit(cosines, carries, 0.8), Solved.fit(cosines, other, 0.8)
    assert one.without(rows) == pytest.approx(two.without(rows), abs=NEAR)
    first = rows[:1]
    alone = carries.copy()
    alone[first] = 1 - alone[first]
    again = Solved.fit(cosines, alone, 0.8)
    known = again.model().of_known(first, alone)
    assert one.model().of_known(first, carries) == pytest.approx(known, abs=NEAR)


def test_a_new_text_is_scored_as_scikit_learn_scores_it() -> None:
    cosines, carries = cosines_of(7), carries_of(7)
    kept, new = np.arange(3, PAPERS + TAGS), np.arange(3)
    model = Solved.fit(cosines[np.ix_(kept, kept)], carries[3:], 0.8).model()
    papers, names = cosines[:3, 3:PAPERS], cosines[:3, PAPERS:]
    expected = refitted(cosines, carries, 0.8, new)
    assert model.of_new(papers, names) == pytest.approx(expected, abs=NEAR)


def test_a_text_learnt_from_gets_its_fitted_value_where_it_is_asked_as_new() -> None:
    cosines, carries = cosines_of(8), carries_of(8)
    model = Solved.fit(cosines, carries, 0.8).model()
    ridge = KernelRidge(alpha=0.8, kernel="precomputed").fit(cosines, targets(carries))
    found = model.of_new(cosines[:PAPERS, :PAPERS], cosines[:PAPERS, PAPERS:])
    assert found == pytest.approx(ridge.predict(cosines)[:PAPERS], abs=NEAR)
    held_out = model.of_known(np.arange(PAPERS), carries)
    nearer = np.abs(found - carries) < np.abs(held_out - carries)
    assert nearer.all(), "fitted, it is nearer to what it carries than held out"


def test_a_name_finds_a_tag_that_no_paper_carries() -> None:
    cosines, carries = cosines_of(9), np.zeros((PAPERS, TAGS), np.float32)
    model = Solved.fit(cosines, carries, 0.8).model()
    among_names = model.of_new(cosines[PAPERS:, :PAPERS], cosines[PAPERS:, PAPERS:])
    assert (among_names.argmax(axis=1) == np.arange(TAGS)).all()
    assert (np.diag(among_names) > 0.2).all()


def test_names_stay_when_papers_go() -> None:
    """Without any paper the names alone speak: as one ridge regression over them would."""
    cosines, carries = cosines_of(10), carries_of(10)
    found = Solved.fit(cosines, carries, 0.8).without(np.arange(PAPERS))
    ridge = KernelRidge(alpha=0.8, kernel="precomputed")
    ridge.fit(cosines[PAPERS:, PAPERS:], np.eye(TAGS))
    assert found == pytest.approx(ridge.predict(cosines[:PAPERS, PAPERS:]), abs=NEAR)


def test_what_is_kept_is_single_precision_and_of_the_right_shape() -> None:
    model = Solved.fit(cosines_of(11), carries_of(11), 0.8).model()
    assert model.dual.shape == (PAPERS + TAGS, TAGS)
    assert model.diagonal.shape == (PAPERS + TAGS,)
    assert {model.dual.dtype, model.diagonal.dtype} == {np.dtype(np.float32)}
    assert (model.diagonal > 0).all()
