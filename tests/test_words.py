"""Words of papers in several postings: in whichever they stand, the cosines are the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from papersim.rank.postings import Postings
from papersim.rank.terms import terms
from papersim.rank.words import Words

WORDS = ("nerf", "splats", "diffusion", "adapter", "三维生成", "扩散模型", "声を分ける", "3d", "!")

texts = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(st.lists(texts, min_size=1, max_size=8))
def test_cosines_are_those_of_scikit_learn(notes: list[str]) -> None:
    """The whole of it by the library's own matrix product: hand-made indexing must not differ."""
    found = Words.of(notes)
    assert found.count == len(notes)
    assert found.sizes.tolist() == [len(terms(note)) for note in notes]
    rows = np.arange(len(notes))
    if not any(terms(note) for note in notes):
        assert not found.scores_of_rows(rows).any()
        assert not any(found.scores_of_row(row).any() for row in range(len(notes)))
        return
    matrix = TfidfVectorizer(analyzer=terms, sublinear_tf=True).fit_transform(notes)
    expected = (matrix @ matrix.T).toarray()
    assert found.scores_of_rows(rows) == pytest.approx(expected, abs=1e-5)
    for row, note in enumerate(notes):
        assert found.scores_of_row(row) == pytest.approx(expected[row], abs=1e-5)
        # The same words asked as a text outside the index have to get the same answer.
        assert found.scores_of_text(note) == pytest.approx(expected[row], abs=1e-5)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(texts, st.integers(0, 2), st.booleans()), min_size=1, max_size=10))
def test_where_a_text_stands_and_what_stood_there_before_do_not_count(
    notes: list[tuple[str, int, bool]],
) -> None:
    """Each text in one of three postings, some of them of papers that are gone."""
    live = [text for text, _, is_live in notes if is_live]
    expected = Words.of(live)
    row_of = np.cumsum([is_live for _, _, is_live in notes]) - 1
    postings, rows = [], []
    for number in range(3):
        here = [i for i, (_, where, _) in enumerate(notes) if where == number]
        postings.append(Postings.of([notes[i][0] for i in here]))
        rows.append(np.asarray([row_of[i] if notes[i][2] else -1 for i in here], np.int32))
    found = Words.fit(postings, rows, len(live))
    assert found.lengths == pytest.approx(expected.lengths, abs=1e-5)
    assert found.sizes.tolist() == expected.sizes.tolist()
    every = np.arange(len(live))
    assert found.scores_of_rows(every) == pytest.approx(expected.scores_of_rows(every), abs=1e-5)
    for row, text in enumerate(live):
        assert found.scores_of_row(row) == pytest.approx(expected.scores_of_row(row), abs=1e-5)
        assert found.scores_of_text(text) == pytest.approx(expected.scores_of_text(text), abs=1e-5)
    together = Postings.joined([(p, np.flatnonzero(r >= 0)) for p, r in zip(postings, rows)])  # noqa: B905
    in_order = np.concatenate([own[own >= 0] for own in rows])
    plain = Postings.of([live[row] for row in in_order.tolist()])
    assert all(
        (ours == theirs).all() and ours.dtype == theirs.dtype
        for ours, theirs in zip(
            together.arrays("").values(), plain.arrays("").values(), strict=True
        )
    ), "joined, they are as if they had been read together"


@settings(max_examples=40, deadline=None)
@given(st.lists(texts, min_size=1, max_size=6), st.text(max_size=40))
def test_any_text_can_be_asked(notes: list[str], text: str) -> None:
    scores = Words.of(notes).scores_of_text(text)
    assert scores.shape == (len(notes),)
    assert ((scores >= 0) & (scores <= 1 + 1e-5)).all()


def test_unknown_words_do_not_count() -> None:
    """A word that no note holds must not make the known ones weigh less."""
    found = Words.of(["splats and rays", "adapters and prompts"])
    known = found.scores_of_text("splats rays")
    assert found.scores_of_text("splats rays zzz aaa 未知") == pytest.approx(known)
    assert not found.scores_of_text("zzz").any()


@pytest.mark.parametrize("notes", [[], [""], ["", "—", "…"], ["$$", ""]])
def test_no_words_at_all(notes: list[str]) -> None:
    found = Words.of(notes)
    assert found.count == len(notes)
    assert not found.scores_of_text("anything").any()
    for row in range(len(notes)):
        assert found.scores_of_row(row).tolist() == [0.0] * len(notes)


def test_one_endless_word_costs_no_memory() -> None:
    """Encoded images are words of 100,000 letters; the vocabulary is as wide as its longest."""
    notes = ["iVBORw0KGgo" * 9000, *(f"word{i} and more" for i in range(500))]
    found = Words.of(notes)
    assert found.postings[0].vocabulary.nbytes < 1_000_000
    assert np.flatnonzero(found.scores_of_text(notes[0])).tolist() == [0]


def test_a_word_said_a_hundred_thousand_times_is_counted_as_often_as_can_be() -> None:
    found = Words.of(["again " * 100_000, "again and again"])
    assert found.sizes.tolist() == [100_000, 3]
    assert found.scores_of_row(0) == pytest.approx(found.scores_of_text("again"), abs=1e-5)


def test_how_common_a_term_is_leaves_the_paper_asked_about_out() -> None:
    found = Words.of(["mesh and ray", "mesh and voice", "voice", "splats"])
    assert found.share_of("mesh", None) == pytest.approx(2 / 4)
    assert found.share_of("mesh", 0) == pytest.approx(1 / 3)
    assert found.share_of("mesh", 2) == pytest.approx(2 / 3)
    assert found.share_of("splat", 3) == 0
    assert found.share_of("nowhere", None) == 0
    assert Words.of([""]).share_of("mesh", 0) == 0
