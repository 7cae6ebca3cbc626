"""New tags come from the paper's own words; better none than nonsense."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papersim.rank.new_tags import new_tags
from papersim.rank.terms import terms

ENGLISH = {"object-detection": 12, "image-editing": 9, "style-transfer": 4, "depth-estimation": 6}
CHINESE = {"扩散模型": 9, "三维重建": 6, "图像编辑": 5, "强化学习": 4}

TITLE = "PoseFlow: Crowd Counting with Density Maps"
TEXT = """Crowd counting asks how many people a photograph shows.
We propose PoseFlow, a novel method for crowd counting that predicts density maps.
Density maps keep where people stand, and PoseFlow sums them up.
Results on three datasets show that crowd counting improves; see https://example.org/poseflow.
"""

CHINESE_TITLE = "FlowCut：可控生成中的对比学习"
CHINESE_TEXT = """可控生成需要精确的条件。我们采用对比学习训练编码器。
本文提出的方法把对比学习引入可控生成，效果显著。可控生成的结果更稳定。
"""

OTHERS = [
    "We detect objects in images with a method that is fast. The results improve on baselines.",
    "A model edits images by text. People judge the results of the method in a study.",
    "我们提出一种三维重建的方法，结果优于基线。训练数据很大，效果显著。",
    "The paper proposes a framework for depth in photographs. Three datasets show the results.",
]


def share(term: str) -> float:
    """Return which share of the other papers holds a term."""
    counts = Counter(t for text in OTHERS for t in set(terms(text)))
    return counts[term] / len(OTHERS)


def tags(
    title: str, text: str, vocabulary: dict[str, int], least: float = 0.15, limit: int = 2
) -> list[str]:
    return [c.tag for c in new_tags(title, text, vocabulary, share, limit=limit, least=least)]


def test_the_topics_of_a_paper_in_the_vaults_style() -> None:
    assert tags(TITLE, TEXT, ENGLISH) == ["crowd-counting", "density-maps"]
    titled = {"Object Detection": 12, "Image Editing": 9, "Style Transfer": 4, "GAN": 3}
    assert tags(TITLE, TEXT, titled) == ["Crowd Counting", "Density Maps"]


def test_a_vault_that_writes_the_singular_gets_it_where_the_paper_has_it() -> None:
    text = f"{TEXT}Each density map is smooth."
    assert tags(TITLE, text, ENGLISH) == ["crowd-counting", "density-map"]
    plural = {"object-detectors": 4, "image-edits": 3, "style-transfers": 3}
    assert tags(TITLE, text, plural) == ["crowd-counting", "density-maps"]


def test_the_quote_is_a_sentence_of_the_paper_that_holds_the_tag() -> None:
    best = new_tags(TITLE, f"{TITLE}\n{TEXT}", ENGLISH, share)[0]
    assert best.quote == "Crowd counting asks how many people a photograph shows."
    assert 0.15 <= best.score <= 1


@pytest.mark.parametrize(
    "existing",
    [
        "crowd-counting",
        "CrowdCounting",
        "Counting_Crowd",
        "crowd countings",
        "topic/crowd_counting",
    ],
)
def test_another_spelling_of_an_existing_tag_is_not_new(existing: str) -> None:
    found = tags(TITLE, TEXT, {**ENGLISH, existing: 3}, least=0.0, limit=20)
    assert not {"crowd-counting", "crowd", "counting"} & set(found)
    assert "density-maps" in found


def test_an_existing_tag_with_a_general_word_behind_it_is_not_new() -> None:
    text = "Crowd counting networks are slow. A crowd counting network is large."
    found = tags("Crowd Counting Networks", text, {**ENGLISH, "crowd-counting": 3}, least=0.0)
    assert found == []


def test_a_tag_without_letters_makes_nothing_known() -> None:
    assert tags(TITLE, TEXT, {**ENGLISH, "✔️": 8, "area/": 2}) == ["crowd-counting", "density-maps"]


def test_the_name_a_paper_coins_is_no_tag() -> None:
    found = tags(TITLE, TEXT, ENGLISH, least=0.0, limit=50)
    assert "poseflow" not in found
    assert "crowd-counting" in found
    whole = tags(
        "DenseNet-X", "DenseNet-X grows. DenseNet-X is deep.", ENGLISH, least=0.0, limit=50
    )
    assert not any("dense" in tag for tag in whole)


def test_general_words_verbs_numbers_links_and_formulas_are_no_tags() -> None:
    text = r"""Our novel method and framework outperform 2019 baselines by 37 percent.
    The method uses $\alpha_{quux} + quux$ and \operatorname{quux}; see www.quux.org/quux.
    The framework and the method outperform the model on datasets in 2019.
    """
    assert tags("A Novel Framework: Results and Methods", text, ENGLISH, least=0.0, limit=50) == []


def test_people_are_no_tags() -> None:
    text = """Authors: Ada Quimby, Bo Zellweger
    Zellweger finds that herding is common. Zellweger calls herding a habit.
    Marlowe and Okafor (2011) doubt that herding lasts; Marlowe has herding data.
    """
    found = new_tags("Herding", text, ENGLISH, share, ["Bo Zellweger"], limit=50, least=0.0)
    assert [c.tag for c in found] == ["herding"]


def test_an_acronym_in_brackets_speaks_for_its_long_form() -> None:
    text = "A signed distance field (SDF) tells how far a surface is. It is smooth."
    both = tags("Surfaces from Photographs", text, ENGLISH, limit=50, least=0.0)
    assert {"signed-distance-field", "sdf"} & set(both)
    assert len({"signed-distance-field", "sdf"} & set(both)) == 1
    known = {**ENGLISH, "SDF": 3}
    assert "signed-distance-field" not in tags("Surfaces", text, known, limit=50, least=0.0)
    long = {**ENGLISH, "signed-distance-fields": 3}
    assert "sdf" not in tags("Surfaces", text, long, limit=50, least=0.0)


def test_initials_of_an_existing_tag_are_not_new() -> None:
    vault = {**ENGLISH, "optical-character-recognition": 3}
    text = "OCR reads street signs. OCR fails at night."
    assert "ocr" not in tags("OCR for Street Signs", text, vault, limit=50, least=0.0)
    assert "ocr" in tags("OCR for Street Signs", text, ENGLISH, limit=50, least=0.0)


def test_a_name_in_passing_is_no_tag() -> None:
    text = "The encoder is OWL-ViT. We compare with BitNet b1 and OWL-ViT. BitNet b1 is small."
    found = tags("Street Signs at Night", text, ENGLISH, limit=50, least=0.0)
    assert not {"owl-vit", "bitnet-b1", "bitnet"} & set(found)


def test_chinese_phrases_where_the_vault_tags_in_chinese() -> None:
    assert tags(CHINESE_TITLE, CHINESE_TEXT, CHINESE) == ["可控生成", "对比学习"]
    found = tags(CHINESE_TITLE, CHINESE_TEXT, CHINESE, limit=50, least=0.0)
    assert not {"方法", "我们", "结果", "控生成", "比学习", "可控", "flowcut"} & set(found)


def test_english_terms_of_chinese_prose_where_the_vault_tags_in_english() -> None:
    text = "用 crowd counting 统计人数。本文的 crowd counting 很快，人数统计也准。人数统计有用。"
    assert tags("人数统计：Crowd Counting", text, ENGLISH)[0] == "crowd-counting"
    assert tags("人数统计：Crowd Counting", text, CHINESE, least=0.0)[0] == "人数统计"


def test_japanese_and_korean_phrases() -> None:
    text = "拡散モデルで画像を作る。この論文は拡散モデルを速くする。"
    found = tags("拡散モデルの高速化", text, {"強化学習": 5, "物体検出": 4}, least=0.0)
    assert found[0] == "拡散モデル"
    text = "이 논문은 음성 합성을 빠르게 한다. 음성 합성은 어렵다. 음성 합성의 품질이 좋다."
    assert (
        tags("빠른 음성 합성", text, {"강화 학습": 5, "물체 검출": 4}, least=0.0)[0] == "음성 합성"
    )


def test_a_text_in_a_language_whose_small_words_are_unknown_gives_none() -> None:
    text = "Die Zählung der Menschen ist schwer. Die Zählung der Menschen und das Bild."
    assert tags("Die Zählung der Menschen", text, ENGLISH, least=0.0, limit=50) == []


def test_two_tags_do_not_say_the_same() -> None:
    text = "Image captioning writes a caption. Captioning is hard; each caption is short."
    found = tags("Image Captioning", text, ENGLISH, limit=50, least=0.0)
    assert sum("caption" in tag for tag in found) == 1


def test_a_remark_is_not_enough() -> None:
    assert tags("", "The garden gnome stood in the rain.", ENGLISH, least=0.0) == []
    assert tags("", "", {}) == []


def test_a_note_without_a_blank_or_a_stop_takes_no_time() -> None:
    start = time.perf_counter()
    for text in ("aB3" * 40_000, "字词典" * 5_000, "Deep Blob " * 8_000):
        new_tags("Street Signs", text, ENGLISH, share)
    assert time.perf_counter() - start < 20


@settings(deadline=None)
@given(
    st.text(max_size=60), st.text(max_size=300), st.dictionaries(st.text(max_size=8), st.just(2))
)
def test_any_text_gives_tags_of_its_own_words(
    title: str, text: str, vocabulary: dict[str, int]
) -> None:
    for found in new_tags(title, text, vocabulary, share, least=0.0):
        assert 0 <= found.score <= 1
        assert found.quote in title or found.quote in text
        assert found.tag not in vocabulary
