"""From facts and labels to signals: what may speak speaks, and a paper's own tags never do."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papersim.suggest.evidence import SIGNALS, SOURCES, evidence, votes_of
from papersim.suggest.facts import Facts, Labels
from papersim.suggest.linear import Solved
from papersim.suggest.model import MODELS, shortlist

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Rows = NDArray[np.intp]
    Signals = dict[str, Matrix]

PAPERS, TAGS = 30, 8
NAMES = {name for own in SIGNALS.values() for name in own}
FROM_OTHERS = ("vote", "together", "dates", "links")


def cosines_of(seed: int) -> Matrix:
    """Return the cosines of papers, then of tags' names, with one another."""
    raw = np.random.default_rng(seed).normal(size=(PAPERS + TAGS, 9))
    units = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    return np.asarray(units @ units.T, np.float32)


def facts_of(seed: int) -> Facts:
    """Return facts of all papers about all papers; no tag has been looked at."""
    rng = np.random.default_rng(seed)
    dense, words = cosines_of(seed), np.abs(cosines_of(seed + 500))
    early = np.where(rng.random((PAPERS, TAGS)) < 0.4, rng.random((PAPERS, TAGS)), 0)
    near = rng.random((PAPERS, PAPERS)) < 0.15
    found = {
        "dense": dense[:PAPERS, :PAPERS],
        "words": words[:PAPERS, :PAPERS],
        "dense_names": dense[:PAPERS, PAPERS:],
        "words_names": words[:PAPERS, PAPERS:],
        "name": dense[:PAPERS, PAPERS:],
        "days": rng.random((PAPERS, PAPERS)) * near,
        "links": near | near.T,
        "share": np.maximum(early > 0, rng.random((PAPERS, TAGS)) / 2),
        "title": (early > 0.8),
        "early": early,
    }
    return Facts(**{name: np.asarray(values, np.float32) for name, values in found.items()})


def labels_of(seed: int, facts: Facts) -> Labels:
    carries = np.random.default_rng(seed + 900).random((PAPERS, TAGS)) < 0.3
    return Labels(
        np.asarray(carries, np.float32),
        np.asarray(facts.early > 0, np.float32),
        facts.name.mean(axis=0),
        facts.name.std(axis=0),
        np.ones(PAPERS, np.bool_),
    )


def signals_of(seed: int, facts: Facts, labels: Labels, rows: Rows) -> Signals:
    """Return the signals of some papers that may not speak, learnt from all others."""
    cosines = cosines_of(seed)
    linear = {
        name: Solved.fit(cosines, labels.carries, penalty).without(rows)
        for name, penalty in zip(MODELS, (0.8, 1.0, 0.3), strict=True)
    }
    return evidence(facts.rows(rows), labels.without(rows), linear)


some_rows = st.lists(st.integers(0, PAPERS - 1), min_size=1, max_size=PAPERS - 1, unique=True)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 99), some_rows, st.data())
def test_no_signal_of_a_paper_hangs_on_what_it_carries(
    seed: int, chosen: list[int], data: st.DataObject
) -> None:
    """Whatever those that may not speak carry, every signal of theirs stays as it is."""
    facts, rows = facts_of(seed), np.asarray(chosen, np.intp)
    labels = labels_of(seed, facts)
    flips = data.draw(
        st.lists(st.lists(st.booleans(), min_size=TAGS, max_size=TAGS), min_size=1, max_size=4)
    )
    carries = labels.carries.copy()
    for row, own in zip(chosen, flips, strict=False):
        carries[row] = np.where(own, 1 - carries[row], carries[row])
    before = signals_of(seed, facts, labels, rows)
    after = signals_of(seed, facts, replace(labels, carries=carries), rows)
    for name in NAMES:
        assert after[name] == pytest.approx(before[name], abs=2e-4), name


def test_what_others_carry_is_heard() -> None:
    """Else the test above would hold for signals that hear nobody."""
    facts, rows = facts_of(1), np.arange(3)
    labels = labels_of(1, facts)
    other = replace(labels, carries=np.roll(labels.carries, 1, axis=1))
    before, after = (signals_of(1, facts, own, rows) for own in (labels, other))
    deaf = {name for name in NAMES if np.allclose(before[name], after[name])}
    assert deaf <= {"share", "title", "early", "name_here", "name_there", "once", "papers"}


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 99), st.integers(0, PAPERS - 1), st.integers(0, TAGS - 1))
def test_a_tag_of_one_paper_alone_gets_nothing_from_its_carrier(
    seed: int, row: int, tag: int
) -> None:
    facts = facts_of(seed)
    labels = labels_of(seed, facts)
    carries = labels.carries.copy()
    carries[:, tag] = 0
    nobodys = replace(labels, carries=carries.copy())
    carries[row, tag] = 1
    labels, rows = replace(labels, carries=carries), np.asarray([row])
    own, none = (signals_of(seed, facts, one, rows) for one in (labels, nobodys))
    for name in FROM_OTHERS:
        assert own[name][0, tag] == pytest.approx(0, abs=1e-5), name
    for name in ("rate", "common", "once", *MODELS):
        assert own[name][0, tag] == pytest.approx(none[name][0, tag], abs=2e-4), name
    assert own["once"][0, tag] == 1
    assert own["common"][0, tag] == own["common"][0].min()
    assert not shortlist(own, labels.without(rows).counts)[0, tag]


def test_every_signal_is_made_in_the_shape_of_papers_and_tags() -> None:
    facts = facts_of(2)
    labels = labels_of(2, facts)
    for rows in (np.arange(PAPERS), np.asarray([4]), np.asarray([1, 9, 17])):
        found = signals_of(2, facts, labels, rows)
        assert set(found) == NAMES
        for name, values in found.items():
            assert values.shape == (len(rows), TAGS), name
            assert values.dtype == np.float32, name
            assert np.isfinite(values).all(), name


def test_no_two_sources_claim_a_signal_and_each_makes_its_own() -> None:
    claimed = [name for own in SIGNALS.values() for name in own]
    assert len(claimed) == len(set(claimed))
    facts = facts_of(3)
    labels, linear = labels_of(3, facts), np.zeros((PAPERS, TAGS), np.float32)
    made = [tuple(source(facts, labels, linear)) for source in SOURCES]
    assert made == [own for source, own in SIGNALS.items() if source != "linear"]


@pytest.mark.parametrize("known", [0, 1, 2, PAPERS])
def test_however_few_may_speak_every_signal_is_a_number(known: int) -> None:
    facts = facts_of(4)
    labels = labels_of(4, facts)
    labels = labels.without(np.arange(known, PAPERS))
    linear = dict.fromkeys(MODELS, np.full((PAPERS, TAGS), 0.5, np.float32))
    found = evidence(facts, labels, linear)
    assert all(np.isfinite(values).all() for values in found.values())
    if not known:
        assert all((found[name] == 0).all() for name in FROM_OTHERS)
        assert (labels.counts == 0).all()
        assert not shortlist(found, labels.counts).any()


def test_a_vault_without_tags_has_signals_without_columns() -> None:
    facts = facts_of(5)
    bare = replace(
        facts,
        **{
            f.name: getattr(facts, f.name)[:, :0]
            for f in fields(facts)
            if getattr(facts, f.name).shape[1] == TAGS
        },
    )
    none = np.zeros((PAPERS, 0), np.float32)
    labels = Labels(none, none, none[0], none[0], np.ones(PAPERS, np.bool_))
    found = evidence(bare, labels, dict.fromkeys(MODELS, none))
    assert {values.shape for values in found.values()} == {(PAPERS, 0)}


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 99), some_rows)
def test_votes_are_shared_out_among_those_that_may_speak(seed: int, chosen: list[int]) -> None:
    facts, rows = facts_of(seed), np.asarray(chosen, np.intp)
    labels = labels_of(seed, facts).without(rows)
    votes = votes_of(facts, labels)
    assert votes.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert (votes >= 0).all()
    assert (votes[:, rows] == 0).all()
    assert (np.count_nonzero(votes, axis=1) == min(20, labels.known.sum())).all()


def test_nobody_votes_where_nobody_may_speak() -> None:
    facts = facts_of(6)
    labels = labels_of(6, facts).without(np.arange(PAPERS))
    assert (votes_of(facts, labels) == 0).all()


def test_the_nearest_by_vectors_and_words_has_the_greatest_vote() -> None:
    facts = facts_of(7)
    labels = labels_of(7, facts).without(np.asarray([0]))
    words, dense = facts.words.copy(), facts.dense.copy()
    words[0, 5] = dense[0, 5] = 1.0
    dense[0, 0] = words[0, 0] = 9.0
    votes = votes_of(replace(facts, words=words, dense=dense).rows(np.asarray([0])), labels)
    assert votes[0].argmax() == 5


def test_facts_are_left_as_they_were() -> None:
    facts = facts_of(8)
    labels = labels_of(8, facts).without(np.asarray([2]))
    before = {f.name: getattr(facts, f.name).copy() for f in fields(facts)}
    linear = dict.fromkeys(MODELS, np.full((PAPERS, TAGS), 0.5, np.float32))
    evidence(facts, labels, linear)
    assert all(np.array_equal(getattr(facts, name), values) for name, values in before.items())


def test_links_and_days_speak_for_the_tags_of_those_they_lead_to() -> None:
    facts = facts_of(9)
    links, days = np.zeros((2, PAPERS, PAPERS), np.float32)
    links[0, 3] = days[0, 4] = 1.0
    labels = labels_of(9, facts).without(np.asarray([0]))
    carries = np.zeros((PAPERS, TAGS), np.float32)
    carries[3, 1] = carries[4, 2] = carries[5, 3] = 1
    linear = dict.fromkeys(MODELS, np.zeros((PAPERS, TAGS), np.float32))
    found = evidence(
        replace(facts, links=links, days=days), replace(labels, carries=carries), linear
    )
    assert np.flatnonzero(found["links"][0]).tolist() == [1]
    assert np.flatnonzero(found["dates"][0]).tolist() == [2]


def test_words_that_never_meant_the_tag_speak_against_it() -> None:
    facts = facts_of(10)
    early = np.zeros((PAPERS, TAGS), np.float32)
    early[:, :2] = 0.5
    carries = np.zeros((PAPERS, TAGS), np.float32)
    carries[:, 0] = 1
    facts = replace(facts, early=early)
    labels = replace(
        labels_of(10, facts), carries=carries, phrases=np.asarray(early > 0, np.float32)
    )
    linear = dict.fromkeys(MODELS, np.zeros((PAPERS, TAGS), np.float32))
    rate = evidence(facts, labels.without(np.asarray([0])), linear)["rate"][0]
    assert rate[0] > 1
    assert rate[1] < -1
    assert (rate[2:] == 0).all()


def test_likely_tags_bring_along_those_they_stand_beside() -> None:
    facts = facts_of(11)
    carries = np.zeros((PAPERS, TAGS), np.float32)
    carries[1:9, :2] = 1
    carries[9:17, 2] = 1
    labels = replace(labels_of(11, facts), carries=carries).without(np.asarray([0]))
    likely = np.zeros((PAPERS, TAGS), np.float32)
    likely[0, 0] = 0.9
    found = evidence(facts, labels, dict.fromkeys(MODELS, likely))["together"][0]
    assert found[1] == pytest.approx(0.9 * 8 / 10)
    assert found[[0, 2, 3, 4, 5, 6, 7]] == pytest.approx(0, abs=1e-6), "not itself, nor others"
