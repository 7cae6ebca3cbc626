"""Texts as terms and sentences: the words that evidence and tags are found by."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersim.rank.evidence import best_pairs, best_sentence
from papersim.rank.terms import sentences, terms


def test_words_and_pairs_of_characters() -> None:
    assert terms("Gaussian Splatting") == ["gaussian", "splatting"]
    assert terms("三维生成") == ["三维", "维生", "生成"]
    assert terms("用CLIP做") == ["用", "clip", "做"]
    assert terms("ＮｅＲＦ") == terms("nerf")
    assert terms("networks") == terms("network")
    assert terms("glass corpus analysis") == ["glass", "corpus", "analysis"]


def test_sentences_of_several_scripts() -> None:
    assert sentences("一。二！Three is. Four?\nfive") == [
        "一。",
        "二！",
        "Three is.",
        "Four?",
        "five",
    ]
    assert sentences("about 3.5 points and e.g. this")[0].startswith("about 3.5 points")
    assert sentences("") == []


@given(st.text(max_size=200))
def test_every_sentence_stands_in_its_text(text: str) -> None:
    found = sentences(text)
    assert all(sentence in text for sentence in found)
    assert "".join("".join(found).split()) == "".join(text.split())


@given(st.text(max_size=200), st.text(max_size=50))
def test_the_best_sentence_stands_in_its_text(text: str, about: str) -> None:
    assert best_sentence(text, about).removesuffix("…") in text


def test_the_best_sentence_is_the_one_that_is_about_it() -> None:
    text = "We first load images. Depth keeps the field from overfitting. It is fast."
    assert best_sentence(text, "overfitting of radiance fields, depth") == (
        "Depth keeps the field from overfitting."
    )
    assert len(best_sentence("word " * 500, "word")) <= 300


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (5, 2)])
def test_pairs_take_each_section_once_best_first(shape: tuple[int, int]) -> None:
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    pairs = best_pairs(values, 3)
    assert len(pairs) == min(3, *shape)
    assert len({mine for mine, _ in pairs}) == len({theirs for _, theirs in pairs}) == len(pairs)
    assert values[pairs[0]] == values.max()
    found = [float(values[pair]) for pair in pairs]
    assert found == sorted(found, reverse=True)
