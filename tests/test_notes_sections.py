"""Every way in which notes label sections, and what only looks like a label."""

from __future__ import annotations

import pytest

from papersim.notes.labels import Labels, label_key
from papersim.notes.plain import plain_text
from papersim.notes.reader import read_note

LABELS = Labels.load()


def kinds(text: str, path: str = "a.md") -> list[tuple[str | None, str]]:
    """Return label and kinds of each section of a note's first paper."""
    paper = read_note(text, path, LABELS).papers[0]
    return [(section.label, "+".join(section.kinds)) for section in paper.sections]


@pytest.mark.parametrize(
    "block",
    [
        "- **研究背景**：文字",
        "- **研究背景**:文字",
        "- **研究背景：**文字",
        "- **研究背景**\n  文字",
        "**研究背景**\n\n- 文字",
        "__研究背景__\n\n- 文字",
        "- __研究背景：__文字",
        "- 研究背景：文字",
        "-**研究背景**：文字",
        "## 💡 研究背景\n文字",
        "### 1. 研究背景\n文字",
        "1. **研究背景**：文字",
        "> [!note] 研究背景\n> 文字",
        "> **研究背景**：文字",
        "- [[研究背景]]\n\t- 文字",
        "- 1. 研究背景\n  heading:: true\n\t- 文字",
    ],
)
def test_each_form_of_a_label(block: str) -> None:
    """All of these occur, several of them in one file."""
    text = f"# A Paper\n\n{block}\n"
    section = read_note(text, "a.md", LABELS).papers[0].sections[0]
    assert (label_key(section.label or ""), section.kinds) == ("研究背景", ("background",))
    assert "文字" in section.text
    assert "研究背景" in text.split("\n")[section.line - 1]


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("Introduction", "background"),
        ("研究動機", "motivation"),
        ("Q1: 这篇论文试图解决什么问题？", "motivation"),
        ("何を解決？", "motivation"),
        ("2. 方法详解", "method"),
        ("How it works", "method"),
        ("どうやってる？", "method"),
        ("Materiais e Métodos", "method"),
        ("제안 방법", "method"),
        ("🎯 关键创新", "contributions"),
        ("どこが強い？", "contributions"),
        ("Pontos fortes", "contributions"),
        ("Key findings", "results"),
        ("消融实验", "results"),
        ("Ergebnisse", "results"),
        ("与 X 系列的关系与区别", "related_work"),
        ("関連研究との違い", "related_work"),
        ("弱そうなところ", "limitations"),
        ("局限性与未来方向", "limitations"),
        ("tl;dr", "summary"),
        ("1. どんなもの？", "summary"),
        ("Résumé", "summary"),
        ("Self Notes", "notes"),
        ("自分の理解/感想", "notes"),
        ("References", "other"),
        ("Astract", "summary"),
    ],
)
def test_labels_name_kinds(label: str, kind: str) -> None:
    """Labels in seven languages, numbered, with emoji, as questions or with a slip."""
    assert kinds(f"# A Paper\n\n## {label}\ntext of it\n") == [(label, kind)]


def test_one_label_may_name_two_kinds() -> None:
    """``研究背景与动机`` is both, in the order in which kinds are listed."""
    assert LABELS.kinds("研究背景与动机") == ("background", "motivation")
    assert LABELS.kinds("核心问题与整体含义（研究动机和背景）") == ("background", "motivation")


def test_an_unknown_label_keeps_its_name() -> None:
    """What is no canonical kind is shown under its own name."""
    assert kinds("# A Paper\n\n## 应用场景\nwords\n") == [("应用场景", "other")]


def test_words_that_only_look_like_a_kind() -> None:
    """The methods compared with are not the paper's method."""
    assert LABELS.kinds("对比方法") == ()
    assert LABELS.kinds("Towards Reducing Covariate Shift") == ()


def test_bold_bullets_inside_a_section_are_no_sections() -> None:
    """The seed nests bold words in bullets; each would tear its section apart."""
    text = (
        "## A Paper\n#t\n- **研究方法**：\n    - **实验**：一\n    - **优化**：二\n- **实验**：三\n"
    )
    found = kinds(text, "20240105.md")
    assert found == [("研究方法", "method"), ("实验", "results")]


def test_items_inside_an_unknown_item_are_no_sections() -> None:
    """``* Context`` below ``* Comparison`` is a part of the comparison."""
    text = "* What\n  * x\n\n* Comparison\n  * Context\n    * y\n* How\n  * z\n"
    text = f"# A Paper\n\n# Summary\n\n{text}"
    assert kinds(text) == [("Summary", "summary"), ("What", "summary"), ("How", "method")]


def test_headings_inside_a_known_section() -> None:
    """A part of the method stays in it; the results below the method are results."""
    text = "## Method\nm\n### Encoder\ne\n### Ablation study\na\n### The cost of methods\nc\n"
    text = f"# A Paper\n\n{text}"
    assert kinds(text) == [("Method", "method"), ("Ablation study", "results")]


def test_a_callout_that_repeats_its_heading_is_one_section() -> None:
    """Obsidian templates write ``#### Opinion`` and a callout ``[!tip] Opinion`` below it."""
    assert kinds("# A Paper\n\n#### Opinion\n> [!tip] Opinion\n> good\n") == [("Opinion", "notes")]


def test_text_before_the_first_label_is_the_summary() -> None:
    """Half of the seed's vault is prose without any label."""
    assert kinds("## A Paper\n#t\n\nOnly prose here.\n", "20240105.md") == [(None, "summary")]


@pytest.mark.parametrize(
    "line",
    [
        "[PDF](http://a.b/c.pdf)",
        "https://a.b/c",
        "![x](y.png)",
        "**作者**: 甲, 乙",
        "> **Draft note**: made by a machine",
        "| Item | Value |\n| --- | --- |\n| Authors | Ann Lee |",
        '<div class="bar">\n  <a href="x">📄 arXiv</a>\n  <button>☆ 收藏</button>\n</div>',
        "| 2005.07502",
        "- A Paper",
    ],
)
def test_furniture_is_no_summary(line: str) -> None:
    """Links, images, facts and toolbars are not what the paper is about."""
    assert kinds(f"# A Paper\n\n{line}\n\n## Method\nwords\n") == [("Method", "method")]


def test_header_keys_as_sections() -> None:
    """Generated notes keep ``motivation:`` and ``tldr:`` in the header; switches are no text."""
    text = "---\ntitle: A Paper\ntldr: It works well.\nmethod: By counting.\ncomments: true\n---\n"
    assert kinds(text) == [("tldr", "summary"), ("method", "method")]
    section = read_note(text, "a.md", LABELS).papers[0].sections[0]
    assert (section.line, section.text, section.start, section.end) == (3, "It works well.", 0, 0)


def test_a_paper_without_text_has_no_sections() -> None:
    """A quarter of the seed's papers are title, tags and an image; they stay listed."""
    paper = read_note("## A Paper\n#t\n![图 0](a/b.png)\n", "20240105.md", LABELS).papers[0]
    assert (paper.sections, paper.tags) == ((), ("t",))


def test_a_broken_header_never_loses_the_note() -> None:
    """Three hundred of the notes looked at have a header that YAML refuses."""
    text = "---\ntitle: A: B: C\nauthors: [[X]], [[Y]]\ntags: [a\n---\n## Method\nwords\n"
    paper = read_note(text, "a.md", LABELS).papers[0]
    assert paper.title == "A: B: C"
    assert [section.kinds for section in paper.sections] == [("method",)]


def test_line_ends_and_bom_change_nothing() -> None:
    """Windows editors write CRLF and a mark at the beginning."""
    text = "---\ntitle: A Paper\n---\n\n**方法**\n\n- 甲\n"
    for other in (text.replace("\n", "\r\n"), "\ufeff" + text, text.replace("\n", "\r")):
        section = read_note(other, "a.md", LABELS).papers[0].sections[0]
        assert (section.label, section.line, section.text) == ("方法", 5, "- 甲")
        assert other[section.start : section.end].endswith("- 甲")


def test_facts_about_a_paper() -> None:
    """Identifiers, people, venue and day come from header, labelled lines or names."""
    text = (
        "---\ntitle: A Paper\ndoi: 10.1234/AB.C\nauthors: [Ann Lee, Bo Ito]\njournal: J. X\n"
        "arxiv: 2401.00001\ncreated: 1700000000000\nrelated: '[[other.note]]'\n---\nwords\n"
    )
    paper = read_note(text, "a.md", LABELS).papers[0]
    assert (paper.doi, paper.arxiv, paper.venue) == ("10.1234/ab.c", "2401.00001", "J. X")
    assert (paper.authors, paper.date) == (("Ann Lee", "Bo Ito"), "2023-11-14")
    assert paper.links == ("other.note",)
    assert read_note("# P\nx", "d/20240105.md", LABELS).papers[0].date == "2024-01-05"
    assert (
        read_note("date:: [[Dec 20th, 2018]]\n\n- x", "a.md", LABELS).papers[0].date == "2018-12-20"
    )


def test_users_labels_win() -> None:
    """A vault's own words come from papersim.toml, and no kind may be made up there."""
    mine = Labels.load({"method": {"exact": ["Kniffe", "概要"], "contains": ["Trick"]}})
    assert (
        mine.kinds("Kniffe") == mine.kinds("概要") == mine.kinds("All Tricks Used") == ("method",)
    )
    with pytest.raises(ValueError, match="unknown kind"):
        Labels.load({"methods": {"exact": ["x"]}})


def test_label_keys() -> None:
    """Numbering, emoji, accents, width and punctuation are no part of a label."""
    assert label_key("一、**研究背景**：") == label_key("2.1 研究背景") == "研究背景"
    assert label_key("🧪 Conclusões") == "conclusoes"
    assert label_key("ガイド") == "ガイド"


def test_plain_text_is_what_is_read_aloud() -> None:
    """Toolbars, footnote marks, Zotero links and properties would make unrelated notes alike."""
    markdown = (
        '<a class="toolbar-btn" href="x">📄 arXiv</a> <button>☆ 收藏</button>\n'
        "- **Bold** and [a link](http://x.y) said¹[1] so[^2].\n  id:: 5fbf-5c9c\n"
        "“quote” ([Lee, p. 1](zotero://select/items/A)) {{embed x}}\n| a | b |\n|---|---|\n$x_1$"
    )
    assert plain_text(markdown) == "Bold and a link said so.\n“quote”\na b\n$x_1$"
