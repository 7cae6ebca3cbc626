"""A new tag looks like the vault's own: separator, case, acronyms, underscores, script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersim.notes.tags import hashtags, tag_key
from papersim.rank.tag_style import TagStyle, learn_style, write_tag
from papersim.rank.tag_words import han_phrases, is_tag_word, says_nothing


@pytest.mark.parametrize(
    ("vocabulary", "words", "expected"),
    [
        ({"object_detection": 9, "style_transfer": 2, "gan": 5}, ["Point", "Cloud"], "point_cloud"),
        ({"loss-aversion": 9, "peer-effects": 2}, ["Point", "Cloud"], "point-cloud"),
        ({"object detection": 9, "GAN": 4}, ["Point", "Cloud"], "point cloud"),
        ({"Object Detection": 9, "Style Transfer": 2}, ["point", "cloud"], "Point Cloud"),
        (
            {"Object detection": 9, "Style transfer": 2, "Depth": 9},
            ["point", "cloud"],
            "Point cloud",
        ),
        ({"ObjectDetection": 9, "StyleTransfer": 2}, ["point", "cloud"], "PointCloud"),
        ({}, ["Point", "Cloud"], "point-cloud"),
    ],
)
def test_separator_and_case_are_the_vaults(
    vocabulary: dict[str, int], words: list[str], expected: str
) -> None:
    assert write_tag(words, learn_style(vocabulary)) == expected


def test_acronyms_are_kept_where_the_vault_keeps_them() -> None:
    assert write_tag(["NeRF"], learn_style({"GAN": 4, "object detection": 9})) == "NeRF"
    assert write_tag(["NeRF"], learn_style({"gan": 4, "object_detection": 9})) == "nerf"
    assert write_tag(["NeRF", "editing"], learn_style({"StyleTransfer": 4})) == "NeRFEditing"


def test_a_hyphen_within_a_word_gives_way_to_the_separator() -> None:
    words = ["self-supervised", "learning"]
    assert write_tag(words, learn_style({"style_transfer": 2})) == "self_supervised_learning"
    assert write_tag(words, learn_style({"style transfer": 2})) == "self-supervised learning"
    assert write_tag(words, learn_style({"StyleTransfer": 2})) == "SelfSupervisedLearning"


def test_an_underscore_before_a_digit_only_where_the_vault_sets_one() -> None:
    assert write_tag(["3D", "生", "成"], learn_style({"_3D重建": 3, "扩散模型": 5})) == "_3D生成"
    assert write_tag(["3D", "生", "成"], learn_style({"3D重建": 3, "扩散模型": 5})) == "3D生成"


def test_one_tag_on_every_paper_does_not_outvote_the_others() -> None:
    vocabulary = {"toRead_later": 400, "style-transfer": 3, "point-cloud": 3, "loss-aversion": 4}
    style = learn_style({**vocabulary, "peer-effects": 3, "image-editing": 9})
    assert write_tag(["Depth", "Estimation"], style) == "depth-estimation"


def test_no_parent_is_invented_for_a_nested_vault() -> None:
    style = learn_style({"task/object_detection": 4, "task/depth_estimation": 2})
    assert write_tag(["Style", "Transfer"], style) == "style_transfer"


def test_script_and_size_of_tags_are_learned() -> None:
    chinese = learn_style({"扩散模型": 9, "三维重建": 5, "强化学习": 4})
    assert chinese.script_share("han") > 4 * chinese.script_share("word")
    assert chinese.size_share("han", 4) > chinese.size_share("han", 2)
    single = learn_style({"gan": 20, "bert": 9, "pruning": 9, "object_detection": 1})
    assert single.size_share("word", 1) > 2 * single.size_share("word", 2)
    assert TagStyle().script_share("han") == TagStyle().script_share("word")


def test_tags_without_a_letter_teach_nothing() -> None:
    assert learn_style({"✔️": 30, "2018": 12, "area/": 0}) == TagStyle()


def test_words_that_no_tag_holds() -> None:
    no_words = [
        "proposes",
        "using",
        "improved",
        "efficiently",
        "the",
        "2019",
        "x",
        "we’ve",
        "novel",
    ]
    assert [word for word in no_words if is_tag_word(word)] == []
    good = ["training", "learning", "3D", "self-supervised", "seed", "anomaly", "splatting"]
    assert [word for word in good if not is_tag_word(word)] == []
    assert says_nothing("method")
    assert not says_nothing("splatting")


def test_han_characters_part_at_particles_but_not_within_terms() -> None:
    assert han_phrases("我们提出对比学习的目标") == ["对比学习", "目标"]
    assert han_phrases("通过可控生成与图像编辑") == ["可控生成", "图像编辑"]


_TAG = st.text(st.sampled_from("abZ3D_- /图像生成모델"), min_size=1, max_size=12)


@given(st.dictionaries(_TAG, st.integers(0, 50), max_size=8))
def test_what_is_written_reads_as_one_hashtag_unless_tags_have_blanks(
    vocabulary: dict[str, int],
) -> None:
    style = learn_style(vocabulary)
    for words in (["Point", "Cloud"], ["3D", "重", "建"], ["self-supervised", "NeRF"]):
        tag = write_tag(words, style)
        if style.separator != " ":
            assert [tag_key(read) for read in hashtags(f"#{tag}")] == [tag_key(tag)]
