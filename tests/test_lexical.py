"""Words: the cosines that asking computes by hand are those of scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from papersim.rank.lexical import Lexical
from papersim.rank.terms import terms

WORDS = ("nerf", "splats", "diffusion", "adapter", "三维生成", "扩散模型", "声を分ける", "3d", "!")

texts = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(st.lists(texts, min_size=1, max_size=8))
def test_cosines_are_those_of_scikit_learn(notes: list[str]) -> None:
    """The whole of it by the library's own matrix product: hand-made indexing must not differ."""
    found = Lexical.fit(notes)
    assert found.count == len(notes)
    assert found.lengths.tolist() == [len(terms(note)) for note in notes]
    if not any(terms(note) for note in notes):
        assert not any(found.cosines()[row].any() for row in range(len(notes)))
        return
    matrix = TfidfVectorizer(analyzer=terms, sublinear_tf=True).fit_transform(notes)
    expected = (matrix @ matrix.T).toarray()
    for row, note in enumerate(notes):
        assert found.cosines()[row] == pytest.approx(expected[row], abs=1e-5)
        # The same words asked as a text outside the index have to get the same answer.
        assert found.scores_of_terms(terms(note)) == pytest.approx(expected[row], abs=1e-5)


@settings(max_examples=40, deadline=None)
@given(st.lists(texts, min_size=1, max_size=6), st.text(max_size=40))
def test_any_text_can_be_asked(notes: list[str], text: str) -> None:
    scores = Lexical.fit(notes).scores_of_terms(terms(text))
    assert scores.shape == (len(notes),)
    assert ((scores >= 0) & (scores <= 1 + 1e-5)).all()


def test_unknown_words_do_not_count() -> None:
    """A word that no note holds must not make the known ones weigh less."""
    found = Lexical.fit(["splats and rays", "adapters and prompts"])
    known = found.scores_of_terms(terms("splats rays"))
    assert found.scores_of_terms(terms("splats rays zzz aaa 未知")) == pytest.approx(known)
    assert not found.scores_of_terms(terms("zzz")).any()


def test_a_long_note_does_not_win_by_size() -> None:
    once = "depth along each ray keeps a radiance field from overfitting"
    found = Lexical.fit([once, f"{once} " * 50, "something else entirely about sound"])
    first, second, _ = found.scores_of_terms(terms(once))
    assert first == pytest.approx(1.0, abs=1e-5)
    assert second <= first + 1e-5


@pytest.mark.parametrize("notes", [[], [""], ["", "—", "…"], ["$$", ""]])
def test_no_words_at_all(notes: list[str]) -> None:
    """A vault of images and formulas; scikit-learn itself refuses an empty vocabulary."""
    found = Lexical.fit(notes)
    assert found.count == len(notes)
    assert not found.scores_of_terms(terms("anything")).any()
    for row in range(len(notes)):
        assert found.cosines()[row].tolist() == [0.0] * len(notes)


def test_one_endless_word_costs_no_memory() -> None:
    """Encoded images are words of 100,000 letters; the vocabulary is as wide as its longest."""
    notes = ["iVBORw0KGgo" * 9000, *(f"word{i} and more" for i in range(500))]
    found = Lexical.fit(notes)
    assert found.vocabulary.nbytes < 1_000_000
    assert np.flatnonzero(found.scores_of_terms(terms(notes[0]))).tolist() == [0]
