"""One confidence out of many signals: a prior, moved as far as a vault's own papers ask for."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papersim.suggest.additive import Additive, prior
from papersim.suggest.evidence import SIGNALS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

NAMES = [name for own in SIGNALS.values() for name in own]
PLAIN = Additive({"x": np.asarray([0.0, 0.5, 1.0])}, np.zeros(3), 0.5)


def drawn(seed: int, count: int) -> dict[str, Matrix]:
    """Return signals of pairs, some of them beyond what the prior's knots span."""
    rng = np.random.default_rng(seed)
    return {
        name: rng.uniform(knots[0] - 0.5, knots[-1] + 0.5, count).astype(np.float32)
        for name, knots in prior().knots.items()
    }


def said(model: Additive, signals: Mapping[str, Matrix], seed: int) -> NDArray[np.bool_]:
    """Return what is right if a model is right."""
    return np.asarray(
        np.random.default_rng(seed + 10_000).random(len(signals["linear"]))
        < model.confidence(signals)
    )


def loss(
    model: Additive, start: Additive, signals: Mapping[str, Matrix], right: NDArray[np.bool_]
) -> float:
    """Return the loss that is to be least, written anew: likelihood and a prior of variance .3."""
    logits = model.weights[0] + sum(model.added(signals).values())
    wrong = np.logaddexp(0, np.where(right, -logits, logits)).sum()
    return float(wrong + ((model.weights - start.weights) ** 2).sum() / (2 * 0.3))


def slopes(
    model: Additive, start: Additive, signals: Mapping[str, Matrix], right: NDArray[np.bool_]
) -> list[float]:
    """Return by weight how the loss changes, from small steps to both sides."""
    found = []
    for place in range(len(model.weights)):
        step = np.zeros(len(model.weights))
        step[place] = 1e-4
        more, less = (replace(model, weights=model.weights + own) for own in (step, -step))
        change = loss(more, start, signals, right) - loss(less, start, signals, right)
        found.append(change / 2e-4)
    return found


# --- fitted -------------------------------------------------------------------------------------


def test_what_can_be_told_apart_is() -> None:
    x = np.linspace(0, 1, 400, dtype=np.float32)
    away = np.abs(x - 0.5) > 0.1
    fitted = PLAIN.fitted({"x": x[away]}, x[away] > 0.5, variance=10.0)
    sure = fitted.confidence({"x": x})
    assert (sure[x > 0.8] > 0.95).all()
    assert (sure[x < 0.2] < 0.05).all()
    assert (np.diff(sure) >= 0).all()


@pytest.mark.parametrize("seed", range(3))
def test_no_step_away_from_what_was_fitted_is_better(seed: int) -> None:
    start, signals = prior(), drawn(seed, 300)
    rng = np.random.default_rng(seed)
    truth = replace(start, weights=start.weights + rng.normal(0, 0.7, len(start.weights)))
    right = said(truth, signals, seed)
    fitted = start.fitted(signals, right)
    assert max(np.abs(slopes(start, start, signals, right))) > 1, "there was somewhere to go"
    assert slopes(fitted, start, signals, right) == pytest.approx(
        [0.0] * len(fitted.weights), abs=5e-3
    )
    least = loss(fitted, start, signals, right)
    for _ in range(50):
        aside = replace(fitted, weights=fitted.weights + rng.normal(0, 0.1, len(start.weights)))
        assert loss(aside, start, signals, right) > least


def test_without_a_pair_it_is_the_prior() -> None:
    fitted = prior().fitted(drawn(0, 0), np.zeros(0, np.bool_))
    assert np.array_equal(fitted.weights, prior().weights)
    assert fitted.threshold == prior().threshold


def test_the_more_there_is_to_learn_from_the_farther_from_the_prior() -> None:
    """A prior that is wrong about everything is left step by step for what nine in ten say."""
    doubting = replace(PLAIN, weights=np.asarray([-3.0, 0.0, 0.0]))
    high = {"x": np.ones(1, np.float32)}
    sure = []
    for count in (0, 10, 100, 10_000):
        right = np.arange(count) % 10 != 0
        fitted = doubting.fitted({"x": np.ones(count, np.float32)}, right)
        sure.append(float(fitted.confidence(high)[0]))
    assert sure == sorted(sure)
    assert sure[0] == pytest.approx(0.047, abs=1e-3)
    assert 0.1 < sure[1] < 0.7
    assert sure[-1] == pytest.approx(0.9, abs=0.01)


def test_a_smaller_variance_keeps_it_nearer_the_prior() -> None:
    signals = drawn(1, 200)
    right = np.random.default_rng(1).random(200) < 0.5
    moved = [
        np.linalg.norm(prior().fitted(signals, right, variance).weights - prior().weights)
        for variance in (0.001, 0.3, 3.0)
    ]
    assert moved[0] < moved[1] < moved[2]
    default = prior().fitted(signals, right)
    assert np.linalg.norm(default.weights - prior().weights) == pytest.approx(moved[1])


def test_what_the_prior_says_is_learnt_back_from_it() -> None:
    signals = drawn(2, 8_000)
    fitted = prior().fitted(signals, said(prior(), signals, 2))
    aside = np.abs(fitted.confidence(signals) - prior().confidence(signals))
    assert aside.mean() < 0.03


def test_fitting_leaves_what_it_began_with_as_it_was() -> None:
    before = prior().weights.copy()
    signals = drawn(3, 50)
    fitted = prior().fitted(signals, np.ones(50, np.bool_))
    assert np.array_equal(prior().weights, before)
    assert not np.array_equal(fitted.weights, before)
    assert fitted.knots == prior().knots


def test_a_signal_no_pair_differs_in_moves_nothing_else() -> None:
    two = Additive(
        {"x": np.asarray([0.0, 1.0]), "y": np.asarray([0.0, 1.0])}, np.asarray([0.0, 0.0, 2.0]), 0.5
    )
    x = np.linspace(0, 1, 100, dtype=np.float32)
    fitted = two.fitted({"x": x, "y": np.zeros(100, np.float32)}, x > 0.5)
    assert fitted.weights[1] > 1
    assert fitted.weights[2] == pytest.approx(2.0, abs=1e-6)


# --- what each signal adds -----------------------------------------------------------------------


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 999))
def test_what_signals_add_up_to_is_the_confidence(seed: int) -> None:
    signals = drawn(seed, 20)
    added = prior().added(signals)
    assert set(added) == set(NAMES)
    logits = prior().weights[0] + np.sum(list(added.values()), axis=0)
    assert prior().confidence(signals) == pytest.approx(1 / (1 + np.exp(-logits)), abs=1e-6)


def test_between_knots_it_is_straight_and_beyond_them_level() -> None:
    model = Additive({"x": np.asarray([0.0, 1.0, 3.0])}, np.asarray([-1.0, 2.0, -1.0]), 0.5)
    x = np.asarray([-9, 0, 0.25, 1, 2, 3, 99], np.float32)
    assert model.added({"x": x})["x"].tolist() == [0, 0, 0.5, 2, 1.5, 1, 1]
    assert model.confidence({"x": x})[1] == pytest.approx(1 / (1 + np.e))


def test_confidences_have_the_shape_of_the_signals() -> None:
    signals = {name: values.reshape(4, 5) for name, values in drawn(4, 20).items()}
    found = prior().confidence(signals)
    assert found.shape == (4, 5)
    assert found.dtype == np.float32
    assert ((found > 0) & (found < 1)).all()


@pytest.mark.parametrize("source", SIGNALS)
def test_a_source_alone_is_heard_as_if_all_others_said_their_least(source: str) -> None:
    signals = drawn(5, 40)
    least = {
        name: values if name in SIGNALS[source] else np.full_like(values, prior().knots[name][0])
        for name, values in signals.items()
    }
    alone = prior().only([source])
    assert set(alone.knots) == set(SIGNALS[source])
    assert alone.confidence(signals) == pytest.approx(prior().confidence(least), abs=1e-6)
    assert alone.threshold == prior().threshold


def test_all_sources_are_the_whole_and_none_is_the_constant() -> None:
    whole, none = prior().only(list(SIGNALS)), prior().only([])
    assert np.array_equal(whole.weights, prior().weights)
    assert none.weights.tolist() == [prior().weights[0]]
    with pytest.raises(KeyError):
        prior().only(["hearsay"])


def test_several_sources_can_be_fitted_alone() -> None:
    signals = drawn(6, 200)
    some = prior().only(["neighbours", "name"])
    fitted = some.fitted(signals, signals["vote"] > 0.5)
    assert set(fitted.knots) == {"vote", "name_here", "name_there"}
    sure = fitted.confidence(signals)
    assert sure[signals["vote"] > 0.6].mean() > sure[signals["vote"] < 0.4].mean() + 0.3


# --- kept ---------------------------------------------------------------------------------------


def test_what_is_kept_as_json_comes_back() -> None:
    signals = drawn(7, 100)
    model = prior().fitted(signals, signals["linear"] > 0.4)
    again = Additive.of_json(json.loads(json.dumps(model.to_json())))
    assert np.array_equal(again.weights, model.weights)
    assert again.threshold == model.threshold
    assert {name: knots.tolist() for name, knots in again.knots.items()} == {
        name: knots.tolist() for name, knots in model.knots.items()
    }
    assert np.array_equal(again.confidence(signals), model.confidence(signals))


NONSENSE: dict[str, Any] = {
    "nothing": None,
    "a number": 3,
    "a list": [1, 2],
    "an empty object": {},
    "no weights": {"threshold": 0.5, "knots": {"x": [0, 1]}},
    "no knots": {"threshold": 0.5, "weights": [0, 1]},
    "no threshold": {"knots": {"x": [0, 1]}, "weights": [0, 1]},
    "too few weights": {"threshold": 0.5, "knots": {"x": [0, 1, 2]}, "weights": [0, 1]},
    "too many weights": {"threshold": 0.5, "knots": {"x": [0, 1]}, "weights": [0, 1, 2]},
    "weights that are no list": {"threshold": 0.5, "knots": {"x": [0, 1]}, "weights": 7},
    "weights in words": {"threshold": 0.5, "knots": {"x": [0, 1]}, "weights": ["a", "b"]},
    "knots in words": {"threshold": 0.5, "knots": {"x": "01"}, "weights": [0, 1]},
    "a threshold in words": {"threshold": "half", "knots": {"x": [0, 1]}, "weights": [0, 1]},
    "no threshold but null": {"threshold": None, "knots": {"x": [0, 1]}, "weights": [0, 1]},
}


@pytest.mark.parametrize("what", NONSENSE)
def test_what_is_no_model_is_refused(what: str) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        Additive.of_json(NONSENSE[what])


def test_the_prior_that_comes_along_is_whole() -> None:
    model = prior()
    assert set(model.knots) == set(NAMES)
    for name, knots in model.knots.items():
        assert len(knots) >= 2, name
        assert (np.diff(knots) > 0).all(), name
    assert len(model.weights) == 1 + sum(len(knots) - 1 for knots in model.knots.values())
    assert np.isfinite(model.weights).all()
    assert 0 < model.threshold < 1


def test_the_prior_knows_what_speaks_for_a_tag() -> None:
    """From none to all that each of these can say, it is worth more, and all of it is sure."""
    model = prior()
    low, high = (
        {name: np.asarray([knots[end]], np.float32) for name, knots in model.knots.items()}
        for end in (0, -1)
    )
    assert model.confidence(low)[0] < 0.05
    assert model.confidence(high)[0] > 0.8
    added = model.added(high)
    for source in ("linear", "neighbours", "words", "name", "links"):
        assert sum(float(added[name][0]) for name in SIGNALS[source]) > 0, source
