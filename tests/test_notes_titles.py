"""Where papers begin and what they are called, form by form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from papersim.notes.labels import Labels
from papersim.notes.reader import read_note
from papersim.notes.titles import (
    clean_title,
    is_date,
    title_from_path,
    title_key,
    wikilink_text,
)

if TYPE_CHECKING:
    from papersim.notes.model import Note

LABELS = Labels.load()


def read(text: str, path: str = "20240105.md") -> Note:
    """Return a note as read with the labels that come with papersim."""
    return read_note(text, path, LABELS)


def titles(text: str, path: str = "20240105.md") -> list[str]:
    """Return the titles of a note's papers."""
    return [paper.title for paper in read(text, path).papers]


def test_each_second_level_heading_of_a_daily_note_is_a_paper() -> None:
    """The seed's own form: the title of such a note is a date and no paper's."""
    text = "---\ntitle: '20240105'\n---\n\n##  SHOUTED TITLE : Of a Paper\n#a\n\n## S$^{2}$-Net\n"
    assert titles(text, "any.md") == ["SHOUTED TITLE : Of a Paper", "S$^{2}$-Net"]


def test_a_date_that_yaml_loads_as_a_number_is_no_title() -> None:
    """``title: 20240105`` is an int to YAML; the papers below it must be found all the same."""
    assert titles("---\ntitle: 20240105\n---\n## One\n#a\n## Two\n#b\n", "x.md") == ["One", "Two"]


def test_a_section_label_at_the_papers_level_starts_no_paper() -> None:
    """Some notes put ``## 介绍`` beside ``## Paper``: each would become a paper of its own."""
    text = "## Real Paper: A Study\n#a\n## 介绍\nwords\n## 研究背景\nmore\n## Second Paper\n#b\n"
    assert titles(text) == ["Real Paper: A Study", "Second Paper"]
    labels = [section.label for section in read(text).papers[0].sections]
    assert labels == ["介绍", "研究背景"]


def test_a_title_may_hold_the_words_of_labels() -> None:
    """Papers are called "How to ..." and "A Method for ...": such headings are titles."""
    text = (
        "## How to Train Rather Small Networks\n#a\n## A Method for Robust Fitting of Lines\n#b\n"
    )
    assert len(titles(text)) == 2


def test_papers_that_share_the_part_before_the_colon_are_two() -> None:
    """Two different papers have been called GaussianEditor."""
    assert len(titles("## Editor: Swift Edits\n#a\n## Editor: Text Edits\n#a\n")) == 2


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# A Fine Paper\n\nWords.\n", "A Fine Paper"),
        ("# # A Fine Paper\n\nWords.\n", "A Fine Paper"),
        ("# [A Fine Paper](https://arxiv.org/abs/2401.00001)\nWords.\n", "A Fine Paper"),
        ("# [[A Fine Paper]]\nWords.\n", "A Fine Paper"),
        (
            "# Paper\n\n* **Title**: A Fine Paper\n* **Tags**: x\n\n# Summary\nWords\n",
            "A Fine Paper",
        ),
        ("# 标题\n\nA Fine Paper\n\n## 摘要\nwords\n", "A Fine Paper"),
        ("---\ntitle: >-\n  A Fine\n  Paper\ntitle_zh: 好论文\n---\nWords.\n", "A Fine Paper"),
        ('---\ntitle: "[[A Fine Paper]]"\n---\nWords.\n', "A Fine Paper"),
        ("title:: A Fine Paper\ntags:: a\n\n- words\n", "A Fine Paper"),
        ("# A Fine Paper #tag\nWords\n", "A Fine Paper"),
        ("# A Fine Paper\n> 论文：*Its Other Name*\n\nWords\n", "A Fine Paper"),
    ],
)
def test_the_title_of_a_note_on_one_paper(text: str, title: str) -> None:
    """Header, heading and labelled line are the places where people and exporters put it."""
    assert titles(text, "some-file.md") == [title]


def test_a_link_in_a_title_gives_the_arxiv_id() -> None:
    """The link's target is a fact about the paper, not a part of its title."""
    paper = read("# [A Fine Paper](https://arxiv.org/abs/2401.00001v2)\nWords.\n", "x.md").papers[0]
    assert paper.arxiv == "2401.00001"


@pytest.mark.parametrize(
    ("text", "path", "title"),
    [
        (
            "https://a.b/1\n\nA Long Title That Goes\n  On Below (Ann Lee, Bo Ito)\n\n글.",
            "200101 A Long.md",
            "A Long Title That Goes On Below",
        ),
        ("Small Nets (Ann Lee)\n\nText. #a", "200101 Small Nets.md", "Small Nets"),
        ("Small Nets (https://x.org/a)\n써봤다.", "200101 Small Nets.md", "Small Nets"),
        (
            "https://x.org/1\n\n재미있는 방법. (빠르고, 좋음)\n\n#a",
            "200101 Small Nets.md",
            "Small Nets",
        ),
        ("변수 발견과 문장 생성\n====\n글", "09.md", "변수 발견과 문장 생성"),
        (
            "Sensors for Health Watching\n\n[PDF](http://a.b/c.pdf)\n",
            "11 - x.md",
            "Sensors for Health Watching",
        ),
        ("A Title Alone\n\nThen the text begins here.\n", "2024-01-05.md", "A Title Alone"),
        ("One sentence of prose.\n\nAnother one.\n", "My Paper.md", "My Paper"),
    ],
)
def test_a_title_without_heading(text: str, path: str, title: str) -> None:
    """Thousands of short notes begin with the title, wrapped, or with a link; some have none."""
    assert titles(text, path) == [title]


def test_authors_in_brackets_after_a_title_are_kept() -> None:
    """They are not part of the title and must not be lost either."""
    assert read("Small Nets (Ann Lee, Bo Ito)\n\ntext", "a.md").papers[0].authors == (
        "Ann Lee",
        "Bo Ito",
    )


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("pages/@ESRGAN%3A Enhanced Things.md", "ESRGAN: Enhanced Things"),
        ("paper.vision.deep-nets.md", "deep-nets"),
        ("200128 Attentive Nets.md", "Attentive Nets"),
        ("a_b_c.md", "a b c"),
        ("@.md", "@"),
        ("papers/20240105.md", "20240105"),
    ],
)
def test_a_file_name_as_title(path: str, title: str) -> None:
    """Logseq encodes names, Dendron dots them, others put the day before them."""
    assert title_from_path(path) == title


def test_text_above_the_title_belongs_to_the_paper() -> None:
    """Obsidian templates put callouts over the heading; what they say must not be dropped."""
    text = "> [!abstract] Abstract\n> We do it.\n\n# A Fine Paper\n\n## Method\nLike so.\n"
    paper = read(text, "x.md").papers[0]
    assert paper.title == "A Fine Paper"
    assert [(s.label, s.kinds[0]) for s in paper.sections] == [
        ("Abstract", "summary"),
        ("Method", "method"),
    ]


def test_a_heading_above_the_papers_with_text_is_listed_too() -> None:
    """What follows the papers of a day under a higher heading must not vanish."""
    text = "## One Paper Here\n#a\n## Two Papers Here\n#b\n# Ideas of the Day\nTry both.\n"
    assert titles(text) == ["One Paper Here", "Two Papers Here", "Ideas of the Day"]


@pytest.mark.parametrize(("text", "reason"), [("", "empty"), (" \n\n", "empty")])
def test_an_empty_file_is_skipped_with_a_reason(text: str, reason: str) -> None:
    """Every file ends as papers or with a reason."""
    note = read(text, "x.md")
    assert (note.papers, note.skipped) == ((), reason)


def test_a_file_of_placeholders_is_skipped_with_a_reason() -> None:
    """A template without a word in it would be a paper like all other templates."""
    assert "template" in (read("{{citekey}}\n<p>{{noteContent}}</p>\n", "t.md").skipped or "")


def test_dates_are_told_from_titles() -> None:
    """A title such as "1984" or "GPT-4" is no day."""
    assert all(
        map(is_date, ["20240105", "2024-01-05", "2024-01-05 Fri", "Jan 5th, 2024", "2024年1月5日"])
    )
    assert not any(map(is_date, ["GPT-4", "3D", "2024 in Review", "A 2024-01-05 Paper"]))


def test_title_keys_agree_on_spellings_of_one_title_only() -> None:
    """The same paper is written in capitals, with TeX, accents and other widths."""
    assert title_key("S$^{2}$-DMs: Étude") == title_key("s2-dms：ETUDE")
    assert title_key("Editor: A") != title_key("Editor: B")


@pytest.mark.parametrize(
    ("inside", "shown"),
    [("target|alias", "alias"), ("An alias|a.dotted.target", "An alias"), ("plain", "plain")],
)
def test_wikilinks_show_what_people_see(inside: str, shown: str) -> None:
    """Dendron and Obsidian write alias and target in opposite orders."""
    assert wikilink_text(inside) == shown


def test_markup_goes_from_titles() -> None:
    """Emphasis, HTML, images and escapes are no part of a title."""
    assert clean_title("**A** <br>\\[B\\] ![x](y.png) `C`") == "A [B] `C`"
