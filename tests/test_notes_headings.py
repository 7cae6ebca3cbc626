"""Headings that hold a label's words: which are titles of papers, and which labels of sections."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papersim.notes.labels import Labels
from papersim.notes.reader import read_note

LABELS = Labels.load()
LATIN = ("grasping", "rivers", "with", "seven", "quiet", "robots", "under", "Arctic", "ice", "maps")
CHINESE = ("河流", "机器", "冰川", "抓取", "七座", "地图", "安静", "北极", "面向", "帆船", "灯塔")
FIRST = "## River Maps\n#water\n\n**Background**\n\nRivers are long.\n"
SECTIONS = "**Background**\n\nIce is cold.\n\n**Method**\n\nWe look.\n"


def titles(text: str, path: str = "20240105.md") -> list[str]:
    return [paper.title for paper in read_note(text, path, LABELS).papers]


@st.composite
def titles_with_a_label(draw: st.DrawFn) -> str:
    """Return a label's words with six or more others around them."""
    label = draw(st.sampled_from(sorted(LABELS.exact)))
    words, blank = draw(st.sampled_from([(LATIN, " "), (CHINESE, "")]))
    others = draw(st.lists(st.sampled_from(words), min_size=6, max_size=10))
    place = draw(st.integers(0, len(others)))
    return blank.join([*others[:place], label, *others[place:]])


@given(titles_with_a_label(), st.booleans())
@settings(max_examples=400, deadline=None)
def test_a_title_may_hold_any_label(title: str, before: bool) -> None:
    """Else the paper is a section of the one before it, and its tags are that one's."""
    text = f"{FIRST}\n" if before else ""
    papers = read_note(f"{text}## {title}\n#ice #arctic_sea\n\n{SECTIONS}", "20240105.md", LABELS)
    paper = papers.papers[-1]
    assert len(papers.papers) == 1 + before
    assert paper.title == " ".join(title.split())
    assert paper.tags == ("ice", "arctic_sea")
    assert [section.label for section in paper.sections] == ["Background", "Method"]


@pytest.mark.parametrize(
    "title",
    [
        "IceNet：面向河流的多模态摘要与抓取",
        "基于冰川地图的鲁棒方法",
        "Background Matting",
        "α-Fit – A Method of Lines",
        "A Survey of Related Work Generation",
        "Motivation: Why Robots Wait",
    ],
)
@pytest.mark.parametrize("tags", ["#ice #maps\n", "Tags: ice, maps\n"])
def test_tags_and_labelled_sections_make_a_title(title: str, tags: str) -> None:
    """A short title with a label in it is known by what follows it."""
    assert titles(f"{FIRST}\n## {title}\n{tags}\n{SECTIONS}") == ["River Maps", title]


def test_a_long_heading_beside_titles_is_one_without_tags() -> None:
    """Half of the papers in a daily note have prose only."""
    long = "IceNet：面向河流与冰川的多模态摘要与抓取"
    text = f"## River Maps\n#water\n\nRivers are long.\n\n## {long}\n\nIce is cold.\n"
    assert titles(text) == ["River Maps", long]


@pytest.mark.parametrize(
    "label",
    [
        "研究背景与动机",
        "2. 实验结果分析",
        "核心问题与整体含义（研究动机和背景）",
        "方法：作者怎样把河流的地图画成冰川的样子",
        "Proposed method in detail",
        "RQ1：实验结果",
    ],
)
def test_a_label_with_a_few_words_is_a_label(label: str) -> None:
    """Sections at the papers' own level stay sections, however they are put."""
    text = f"{FIRST}\n## 介绍\n\nMore words.\n\n## {label}\n\nEven more.\n"
    papers = read_note(text, "20240105.md", LABELS).papers
    assert [paper.title for paper in papers] == ["River Maps"]
    assert papers[0].sections[-1].label == label


@pytest.mark.parametrize("label", ["Method", "研究背景与动机", "方法"])
def test_a_tag_under_a_label_makes_it_no_title(label: str) -> None:
    """Some people tag a section: ``## Method`` and ``#todo`` below it."""
    assert titles(f"{FIRST}\n## {label}\n#todo\n\n{SECTIONS}") == ["River Maps"]


def test_the_first_heading_of_a_note_may_be_a_long_title_with_a_label() -> None:
    """Labels at the same level do not make one of it: it stands above them."""
    title = "IceNet：面向河流与冰川的多模态抓取方法"
    text = f"# {title}\n\n> 一段话。\n\n# 摘要\n\n冰。\n\n# 方法\n\n看。\n"
    paper = read_note(text, "ice.md", LABELS).papers[0]
    assert paper.title == title
    assert [section.label for section in paper.sections] == [None, "摘要", "方法"]
