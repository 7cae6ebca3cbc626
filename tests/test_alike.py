"""Tags that look alike: what is one tag in two spellings, and what only looks so."""

from __future__ import annotations

import numpy as np
import pytest

from papersim.encode import load_encoder
from papersim.language import language_of
from papersim.model import Alike
from papersim.rank.alike import look_alikes
from papersim.rank.center import LanguageMeans
from papersim.rank.nearest import mutual_nearest
from papersim.rank.tag_forms import TagForm, spoken


def on(*papers: int) -> frozenset[str]:
    return frozenset(map(str, papers))


def apart(*tags: str) -> dict[str, frozenset[str]]:
    """Return tags that are used alike often, and never together."""
    return {tag: on(10 * row, 10 * row + 1) for row, tag in enumerate(tags)}


def groups(uses: dict[str, frozenset[str]]) -> list[set[str]]:
    return [set(alike.tags) for alike in look_alikes(uses)]


@pytest.mark.parametrize(
    "tags",
    [
        ("text_to_3d", "Text-To-3D", "Text23D", "text to 3d"),
        ("LLM", "LLMs", "llm"),
        ("meta_learning", "metalearning", "MetaLearning"),
        ("Poincaré ball", "poincare-ball"),
        ("ＧＡＮ", "gan"),
        ("_3d生成", "3D生成"),
        ("a/b_c", "a/B-C"),
        ("consideration-sets", "consideration-set"),
        ("decision-under-risk", "decisions-under-risk"),
        ("GPT-3.5", "gpt_3.5"),
    ],
)
def test_one_tag_in_several_spellings(tags: tuple[str, ...]) -> None:
    assert groups(apart(*tags)) == [set(tags)]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("diffusion", "difusion"),
        ("image_editing", "image_editting"),
        ("labor-supply", "labour-supply"),
        ("language_model", "langauge_model"),
        ("batch_normalization", "batch_normalisation"),
    ],
)
def test_a_slip_of_the_fingers(right: str, wrong: str) -> None:
    (alike,) = look_alikes({wrong: on(1), right: on(2, 3, 4)})
    assert alike.keep == right
    assert alike.reason == "one letter apart"


@pytest.mark.parametrize(
    "tags",
    [
        ("GPT3", "GPT4"),
        ("2D", "3D"),
        ("ICLR 2018", "ICLR 2019"),
        ("1stage", "2stage"),
        ("a", "a/b"),
        ("Video", "video_editing"),
        ("fish/shrimp", "meta/shrimp"),
        ("segmentation", "detection"),
        ("text_to_image", "image_to_text"),
        ("text2image", "image2text"),
        ("supervised", "unsupervised"),
        ("symmetric", "asymmetric"),
        ("microeconomics", "macroeconomics"),
        ("content_based", "context_based"),
        ("三维生成", "三维重建"),
        ("CNN", "RNN"),
        ("C", "C++", "C#"),
        ("CRF", "MRF"),
        ("⭕", "✔️"),
    ],
)
def test_what_only_looks_alike(tags: tuple[str, ...]) -> None:
    """A wrong proposal costs more than a missing one, however rare one of the tags is."""
    assert groups(apart(*tags)) == []
    rare = {tag: on(*range(20)) if row else on(99) for row, tag in enumerate(tags)}
    assert groups(rare) == []


def test_a_slip_is_rare_and_stands_alone() -> None:
    """Two words in steady use are two words, and nobody slips beside the right form."""
    steady = {"planning": on(1, 2, 3, 4), "planing": on(5, 6, 7)}
    assert groups(steady) == []
    assert groups({**steady, "planing": on(5)}) == [{"planning", "planing"}]
    assert groups({**steady, "planing": on(4)}) == []


def test_an_abbreviation_stands_on_the_same_papers() -> None:
    together = {"reinforcement learning": on(1, 2, 3), "RL": on(1, 2, 3, 4)}
    (alike,) = look_alikes(together)
    assert set(alike.tags) == set(together)
    assert alike.reason == "an abbreviation on the same papers"
    assert groups({**together, "RL": on(3, 7, 8, 9)}) == []
    both = {"CL": on(1, 2), "continual learning": on(1, 2), "contrastive learning": on(2, 5)}
    assert groups(both) == [{"CL", "continual learning"}]


def test_which_tag_to_keep() -> None:
    """The most used; then the one of known words; then the one written as the others are."""
    assert look_alikes({"LLM": on(1), "LLMs": on(2, 3)})[0].keep == "LLMs"
    slip = {"image_editting": on(1), "image_editing": on(2), "video_editing": on(3)}
    assert look_alikes(slip)[0].keep == "image_editing"
    style = {"Text-To-3D": on(1), "text_to_3d": on(2), "a_b": on(3), "c_d": on(4)}
    assert look_alikes(style)[0].keep == "text_to_3d"


def test_the_surest_first_whatever_the_order_of_tags() -> None:
    uses = {"LLM": on(1), "LLMs": on(2), "gan": on(3), "GAN": on(4, 5), "slam": on(6)}
    found = look_alikes(uses)
    assert found == [
        Alike(("GAN", "gan"), "GAN", 1.0, "the same but for case and separators"),
        Alike(("LLM", "LLMs"), "LLM", 0.95, "singular and plural"),
    ]
    assert look_alikes(dict(reversed(uses.items()))) == found
    assert look_alikes({}) == []


# --- by meaning, with the real model ------------------------------------------------------------

NAMES = [
    "object_detection", "segmentation", "image_editing", "video_editing",
    "video_generation", "attention", "distillation", "optimization", "Customization",
    "_3D_generation", "reinforcement_learning", "dataset", "robustness", "quantization",
    "contrastive_learning", "machine_translation", "lab-experiment", "text_to_image",
    "image_to_text", "laboratory-experiment", "price-discrimination", "tracking",
    "style_transfer", "language_model", "目标检测", "对比学习", "机器翻译",
    "强化学习", "语言模型", "_3d生成", "重点", "笔记",
]  # fmt: skip


def test_translations_and_other_forms_of_words() -> None:
    """Tags of two languages are one where each is by far the nearest of the other."""
    tags = NAMES
    names = [spoken(tag) for tag in tags]
    languages = [language_of(name) for name in names]
    raw = load_encoder().encode_queries(names)
    vectors = LanguageMeans.fit(raw, languages).center(raw, languages)
    found = {frozenset(a.tags) for a in look_alikes(apart(*tags), vectors)}
    right = {
        frozenset(pair)
        for pair in (
            ("object_detection", "目标检测"),
            ("contrastive_learning", "对比学习"),
            ("machine_translation", "机器翻译"),
            ("reinforcement_learning", "强化学习"),
            ("language_model", "语言模型"),
            ("_3D_generation", "_3d生成"),
            ("lab-experiment", "laboratory-experiment"),
        )
    }
    assert found <= right, found - right
    assert len(found) >= 4
    assert look_alikes(apart(*tags)) == [], "none of them by spelling"


def test_mutual_nearest_finds_what_comparing_all_pairs_finds() -> None:
    vectors = np.random.default_rng(0).standard_normal((40, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    kinds = np.asarray(["a", "b"] * 20)
    similar = vectors @ vectors.T
    np.fill_diagonal(similar, -1)
    expected = set()
    for one in range(40):
        for other in range(one + 1, 40):
            mine = kinds == kinds[one]
            theirs = kinds == kinds[other]
            if (
                similar[one][theirs].max() == similar[one, other]
                and similar[other][mine].max() == similar[one, other]
            ):
                expected.add((one, other))
    found = {(min(n.one, n.other), max(n.one, n.other)) for n in mutual_nearest(vectors, kinds)}
    assert found == expected
    assert all(near.margin >= 0 for near in mutual_nearest(vectors, kinds))


def test_spoken() -> None:
    assert spoken("Text23D") == "Text to 3D"
    assert spoken("_3d生成") == "3d生成"
    assert spoken("a/NeRF-editing") == "a NeRF editing"
    assert spoken("LLMs") == "LLMs"


def test_a_form_without_letters_is_the_tag_itself() -> None:
    assert TagForm.of("-").key != TagForm.of("_").key
