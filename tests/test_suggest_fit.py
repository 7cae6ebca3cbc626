"""Fitting the tag model on a vault made up for it, and asking what it has learnt."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from papersim.suggest.additive import prior
from papersim.suggest.fit import LEAST_PAPERS, cross_fit, fit, folds
from papersim.suggest.model import TagModel
from papersim.suggest.quality import measures
from papersim.suggest.taught import Asked, Taught

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Arrays = dict[str, NDArray[Any]]

TOPICS = {
    "mesh": "vertex surface triangle texture sculpt remesh geometry polygon",
    "radiance": "ray camera photograph density viewpoint volume lens exposure",
    "speech": "microphone voice phoneme utterance speaker acoustic pitch syllable",
    "retrieval": "passage question index ranking query corpus document recall",
    "adapter": "layer frozen weight bottleneck task finetune module rank",
    "robot": "gripper arm grasp joint torque policy obstacle motor",
}
COMMON = "paper shows that with we model data result large small train better than first use"
PARENT, OPINION, ORPHAN = "shape", "read again", "Banach spaces"
TAGS = sorted([*TOPICS, PARENT, OPINION, ORPHAN], key=str.casefold)
PARENTED = ("mesh", "radiance")
PAPERS, DIMENSION = 120, 48
HOLDER, CARRIER = 33, 80
"""The paper that speaks of what the tag used once means, and the paper that carries it."""


def unit(vectors: NDArray[np.float64]) -> Matrix:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True), np.float32)


def topic_of(number: int) -> str:
    return list(TOPICS)[number % len(TOPICS)]


@cache
def vault(seed: int = 0, papers: int = PAPERS) -> Taught:
    """Return papers on six topics: their vectors lie together, their words are the topic's.

    Nine in ten carry the topic's tag, on two topics its parent beside it. One tag stands on
    papers at random, as many on each topic; another on one paper alone, while a second speaks
    of it.
    """
    rng = np.random.default_rng(seed)
    centres = dict(zip(TOPICS, unit(rng.normal(size=(len(TOPICS), DIMENSION))), strict=True))
    written, carries = [], np.zeros((papers, len(TAGS)), np.float32)
    for number in range(papers):
        topic = topic_of(number)
        own = centres[topic] + 0.14 * rng.normal(size=DIMENSION)
        vectors = unit(own + 0.08 * rng.normal(size=(3, DIMENSION)))
        special = [topic, *TOPICS[topic].split()]
        words = rng.choice(special, 12).tolist() + rng.choice(COMMON.split(), 25).tolist()
        rng.shuffle(words)
        title = f"Note {number} on {' '.join(words[:3])}"
        aside = "All of it happens in Banach spaces. " if number == HOLDER else ""
        text = f"{title}\n{aside}{' '.join(words)}."
        written.append(Asked(vectors, title, text, f"p{number:03d}", f"2023-0{1 + number % 9}-05"))
        if rng.random() < 0.9:
            carries[number, TAGS.index(topic)] = 1
            carries[number, TAGS.index(PARENT)] = topic in PARENTED
    for first in range(len(TOPICS)):
        own_papers = np.arange(first, papers, len(TOPICS))
        again = rng.choice(own_papers, len(own_papers) // 6, replace=False)
        carries[again, TAGS.index(OPINION)] = 1
    if papers > CARRIER:
        carries[CARRIER, TAGS.index(ORPHAN)] = 1
    either = centres[PARENTED[0]] + centres[PARENTED[1]]
    spaces = written[HOLDER % papers].vectors[0]
    near = {**centres, PARENT: either, OPINION: rng.normal(size=DIMENSION), ORPHAN: spaces}
    names = unit(np.stack([near[tag] + 0.05 * rng.normal(size=DIMENSION) for tag in TAGS]))
    return Taught(written, TAGS, carries, names)


@cache
def fitted() -> TagModel:
    return fit(vault())


def confidence_of(model: TagModel, asked: Asked) -> Matrix:
    row = model.row(asked.paper)
    return model.confidence_of(model.signals_of(model.facts_of(asked), row), row)


def said_of(model: TagModel, papers: Sequence[Asked]) -> Matrix:
    return np.stack([confidence_of(model, paper) for paper in papers])


def carried(tag: str, taught: Taught) -> NDArray[np.bool_]:
    return np.asarray(taught.carries[:, TAGS.index(tag)] > 0)


# --- what is suggested ---------------------------------------------------------------------------


def test_the_topic_comes_first_though_the_paper_itself_has_no_say() -> None:
    model, taught = fitted(), vault()
    said = said_of(model, taught.papers)
    topics = [TAGS.index(tag) for tag in TOPICS]
    first = [TAGS[topics[row[topics].argmax()]] for row in said]
    assert np.mean([tag == topic_of(n) for n, tag in enumerate(first)]) > 0.95
    enough = said >= model.additive.threshold
    assert enough[range(PAPERS), [TAGS.index(topic_of(n)) for n in range(PAPERS)]].mean() > 0.9


def test_papers_never_seen_get_their_topic_and_its_parent() -> None:
    """Other words than those learnt from, near the vectors of a paper on the same topic."""
    model, found = fitted(), []
    for number, other in enumerate(vault(1).papers[:30]):
        asked = replace(other, vectors=vault().papers[number].vectors, paper="")
        said = confidence_of(model, asked)
        tags = {TAGS[tag] for tag in np.flatnonzero(said >= model.additive.threshold)}
        assert OPINION not in tags
        assert tags <= {topic_of(number), PARENT}
        found.append((topic_of(number) in tags, (PARENT in tags) == (topic_of(number) in PARENTED)))
    topics, parents = np.mean(found, axis=0)
    assert topics > 0.75
    assert parents > 0.75


def test_an_opinion_is_found_out_and_never_suggested() -> None:
    model, taught = fitted(), vault()
    assert [TAGS[tag] for tag in np.flatnonzero(model.unpredictable)] == [OPINION]
    assert (said_of(model, taught.papers)[:, TAGS.index(OPINION)] == 0).all()


def test_a_parent_is_at_least_nearly_as_sure_as_its_child() -> None:
    said = said_of(fitted(), vault().papers)
    parent = said[:, TAGS.index(PARENT)]
    for child in PARENTED:
        own = said[:, TAGS.index(child)]
        assert (parent[own > 0.1] >= own[own > 0.1] * 0.9).all()


def test_a_tag_used_once_is_found_by_its_name_in_another_paper() -> None:
    """As public vaults taught; this one teaches that the paper does not carry it after all."""
    model, taught = fitted(), vault()
    orphan = TAGS.index(ORPHAN)
    usual = said_of(replace(model, additive=prior()), taught.papers)[:, orphan]
    assert usual.argmax() == HOLDER
    assert usual[HOLDER] > 5 * np.median(usual)
    assert np.median(usual) < 0.1
    silent = replace(taught.papers[HOLDER], text=taught.papers[HOLDER].title)
    said = confidence_of(model, taught.papers[HOLDER])[orphan]
    assert said > 2 * confidence_of(model, silent)[orphan]
    assert confidence_of(model, taught.papers[CARRIER])[orphan] == 0, "nobody else has it"


def test_the_paper_that_alone_has_a_tag_does_not_get_it_back_even_by_its_words() -> None:
    taught = vault()
    carries = taught.carries.copy()
    carries[[HOLDER, CARRIER], TAGS.index(ORPHAN)] = carries[[CARRIER, HOLDER], TAGS.index(ORPHAN)]
    model = fit(replace(taught, carries=carries))
    assert confidence_of(model, taught.papers[HOLDER])[TAGS.index(ORPHAN)] == 0


def test_a_confidence_means_what_it_says() -> None:
    """Also on papers held out by ourselves: fitted on a half, judged on the other."""
    taught = vault()
    error = fitted().calibration.error
    assert error is not None
    assert error < 0.15
    half = np.arange(PAPERS) // len(TOPICS) % 2 == 0
    model = fit(
        replace(
            taught,
            papers=[p for p, own in zip(taught.papers, half, strict=True) if own],
            carries=taught.carries[half],
        )
    )
    others = [replace(p, paper="") for p, own in zip(taught.papers, half, strict=True) if not own]
    said, right = said_of(model, others), taught.carries[~half]
    for low, high in ((0.1, 0.5), (0.5, 0.8), (0.8, 1.01)):
        own = (said >= low) & (said < high)
        if own.sum() >= 12:
            assert abs(said[own].mean() - right[own].mean()) < 0.25


def test_held_out_it_is_far_better_than_the_most_common_tags() -> None:
    taught = vault()
    tagged = taught.carries.any(axis=1)
    crossed = cross_fit(taught)
    sure = np.where(crossed.unpredictable, 0, crossed.confidence).astype(np.float32)
    ours = measures(sure[tagged], taught.carries[tagged])
    common = np.broadcast_to(taught.carries.mean(axis=0), taught.carries.shape)
    usual = measures(np.asarray(common[tagged]), taught.carries[tagged])
    assert ours.ndcg_at_5 is not None
    assert usual.ndcg_at_5 is not None
    assert ours.ndcg_at_5 > usual.ndcg_at_5 + 0.2


# --- the same paper, the same answer --------------------------------------------------------------


def test_asking_for_a_known_paper_is_leaving_it_out() -> None:
    """What is measured is what is suggested: both paths give the same signals."""
    model, taught = fitted(), vault()
    signals = cross_fit(taught).signals
    for row, paper in enumerate(taught.papers):
        found = model.signals_of(model.facts_of(paper), row)
        assert set(found) == set(signals)
        for name, values in found.items():
            assert values[0] == pytest.approx(signals[name][row], abs=1e-4), (row, name)


def test_what_a_known_paper_carries_never_reaches_its_signals() -> None:
    taught = vault()
    for row in (0, HOLDER, CARRIER):
        carries = taught.carries.copy()
        carries[row] = 1 - carries[row]
        other = fit(replace(taught, carries=carries))
        found, before = (
            one.signals_of(one.facts_of(taught.papers[row]), row) for one in (other, fitted())
        )
        for name, values in found.items():
            assert values == pytest.approx(before[name], abs=2e-4), name


def test_two_fits_are_the_same_to_the_last_bit() -> None:
    one, two = fitted().arrays(), fit(vault()).arrays()
    assert one.keys() == two.keys()
    for name, values in one.items():
        assert values.dtype == two[name].dtype
        assert np.array_equal(values, two[name]), name


def test_the_order_of_papers_does_not_matter() -> None:
    """Signals are the same; weights hang on which papers are judged together, hence hardly."""
    taught = vault()
    order = np.random.default_rng(5).permutation(PAPERS)
    mixed = replace(
        taught, papers=[taught.papers[row] for row in order], carries=taught.carries[order]
    )
    one, two = cross_fit(taught), cross_fit(mixed)
    for name, values in two.signals.items():
        assert values == pytest.approx(one.signals[name][order], abs=1e-4), name
    assert np.array_equal(two.unpredictable, one.unpredictable)
    assert two.confidence == pytest.approx(one.confidence[order], abs=0.2)
    assert np.abs(two.confidence - one.confidence[order]).mean() < 0.01


def test_the_order_of_tags_does_not_matter() -> None:
    taught = vault()
    order = np.arange(len(TAGS))[::-1]
    turned = Taught(
        taught.papers,
        [taught.tags[tag] for tag in order],
        taught.carries[:, order],
        taught.names[order],
    )
    said = said_of(fit(turned), taught.papers[:20])
    assert said == pytest.approx(said_of(fitted(), taught.papers[:20])[:, order], abs=0.01)


def test_with_sources_no_others_are_heard() -> None:
    taught = vault()
    changed = [replace(p, day=None, text=f"{p.title}\nnothing") for p in taught.papers]
    kept = cross_fit(taught, ["name", "habit"])
    other = cross_fit(replace(taught, papers=changed), ["name", "habit"])
    both = kept.listed & other.listed
    assert kept.confidence[both] == pytest.approx(other.confidence[both], abs=0.1)
    assert not np.allclose(kept.confidence, cross_fit(taught).confidence, atol=0.2)


@pytest.mark.parametrize("count", [1, 5, 10, 97])
def test_parts_hold_each_paper_once(count: int) -> None:
    parts = folds(count)
    assert len(parts) == min(10, count)
    assert sorted(np.concatenate(parts).tolist()) == list(range(count))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


# --- little to learn from -------------------------------------------------------------------------


def test_with_few_papers_the_prior_alone_speaks() -> None:
    few, enough = (fit(vault(papers=LEAST_PAPERS - short)) for short in (1, 0))
    assert np.array_equal(few.additive.weights, prior().weights)
    assert few.additive.threshold == prior().threshold
    assert not np.array_equal(enough.additive.weights, prior().weights)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_one_paper_is_enough_to_answer(count: int) -> None:
    taught = vault()
    tags = [TAGS.index(topic_of(0)), TAGS.index(PARENT)]
    tiny = Taught(
        taught.papers[:count],
        [TAGS[tag] for tag in tags],
        np.ones((count, 2), np.float32),
        taught.names[tags],
    )
    model = fit(tiny)
    said = confidence_of(model, replace(taught.papers[6], paper=""))
    assert said.shape == (2,)
    assert np.isfinite(said).all()
    own = confidence_of(model, taught.papers[0])
    assert (own == 0).all() if count == 1 else (own > 0).all()


def test_without_vectors_of_names_words_and_papers_still_find_the_topic() -> None:
    taught = vault()
    model = fit(replace(taught, names=np.zeros_like(taught.names)))
    topics = [TAGS.index(tag) for tag in TOPICS]
    said = said_of(model, taught.papers)[:, topics]
    assert (said.argmax(axis=1) == np.arange(PAPERS) % len(TOPICS)).mean() > 0.9


def test_without_a_word_the_vectors_still_find_the_topic() -> None:
    taught = vault()
    mute = replace(taught, papers=[replace(p, title="", text="") for p in taught.papers])
    topics = [TAGS.index(tag) for tag in TOPICS]
    said = said_of(fit(mute), mute.papers)[:, topics]
    assert (said.argmax(axis=1) == np.arange(PAPERS) % len(TOPICS)).mean() > 0.9


# --- kept as arrays -------------------------------------------------------------------------------


def through_a_file(arrays: Arrays) -> Arrays:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    buffer.seek(0)
    with np.load(buffer, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def test_kept_and_loaded_it_answers_the_same() -> None:
    model, papers = fitted(), vault().papers[::7]
    again = TagModel.of_arrays(through_a_file(model.arrays()))
    asked = [*papers, *(replace(paper, paper="") for paper in papers)]
    assert np.array_equal(said_of(again, asked), said_of(model, asked))
    assert again.calibration == model.calibration
    assert again.additive.threshold == model.additive.threshold
    assert again.arrays().keys() == model.arrays().keys()


def test_nothing_that_is_kept_needs_a_pickle() -> None:
    assert all(not values.dtype.hasobject for values in fitted().arrays().values())


REFUSED = (KeyError, TypeError, ValueError, IndexError)


def refused(arrays: Arrays) -> bool:
    """Load a model, ask it for a paper it knows and for one it does not: whether that failed."""
    try:
        model = TagModel.of_arrays(arrays)
        said_of(model, (vault().papers[3], replace(vault().papers[4], paper="")))
    except REFUSED:
        return True
    return False


def test_what_is_missing_is_refused_at_once() -> None:
    whole = fitted().arrays()
    for name in whole:
        with pytest.raises(KeyError):
            TagModel.of_arrays({other: values for other, values in whole.items() if other != name})


DAMAGES: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "cut short": lambda values: values[: len(values) // 2],
    "empty": lambda values: values[:0],
    "a number": lambda values: np.zeros((), values.dtype),
    "words": lambda values: np.asarray(["text"] * len(values)),
    "of another shape": lambda values: np.zeros((3, 3, 3), values.dtype),
    "numbers beyond all rows": lambda values: np.full(values.shape, 10**6, np.int64),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_is_refused_in_a_way_that_is_caught(damage: str) -> None:
    """Where it cannot be told at once, asking may answer anything, but fails no other way."""
    whole, damaged = fitted().arrays(), DAMAGES[damage]
    found = [refused({**whole, name: damaged(values)}) for name, values in whole.items()]
    assert sum(found) >= 4


@pytest.mark.parametrize("seed", range(20))
def test_flipped_bytes_are_refused_in_a_way_that_is_caught(seed: int) -> None:
    rng = np.random.default_rng(seed)
    whole = fitted().arrays()
    plain = whole["plain"].copy()
    assert not refused(whole)
    plain[rng.integers(len(plain), size=3)] ^= rng.integers(1, 255, 3).astype(np.uint8)
    refused({**whole, "plain": plain})


def test_rows_are_found_by_id_and_by_no_other_text() -> None:
    model = fitted()
    assert [model.row(paper.paper) for paper in vault().papers] == list(range(PAPERS))
    assert [model.row(other) for other in ("", "p", "p0001", "zzz", "P000")] == [None] * 5
