"""Every way in which notes state tags, and what only looks like one."""

from __future__ import annotations

import pytest

from papersim.notes.labels import Labels
from papersim.notes.reader import read_note
from papersim.notes.tags import hashtags, is_tag_line, split_tags, tag_key

LABELS = Labels.load()


def tags(text: str, path: str = "a.md") -> tuple[str, ...]:
    """Return the tags of a note's first paper."""
    return read_note(text, path, LABELS).papers[0].tags


def test_tag_lines_under_a_title() -> None:
    """One or several a line, a blank line inside, a repeat, an image after: the seed's form."""
    text = "## P One\n\n#概念擦除 #Text23D\n\n#GPT-4\n#Text23D\n![i](a.png)\n## P Two\n#_3d生成\n"
    papers = read_note(text, "20240105.md", LABELS).papers
    assert [p.tags for p in papers] == [("概念擦除", "Text23D", "GPT-4"), ("_3d生成",)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("good work. #a", ("a",)),
        ("this is #a, and #b.", ("a", "b")),
        ("x #a/b #1stage #In-context-Learning", ("a/b", "1stage", "In-context-Learning")),
        ("#🔥hot #✔️", ("🔥hot", "✔️")),
        ("#[[two words]] #one", ("two words", "one")),
    ],
)
def test_hashtags_in_prose(text: str, found: tuple[str, ...]) -> None:
    """Tags stand at the end of lines and sentences as well."""
    assert tuple(hashtags(text)) == found


@pytest.mark.parametrize(
    "text",
    [
        "see `#nottag` here",
        "```\n#nottag\n```",
        "https://a.b/c#nottag",
        "# heading",
        "issue #123",
        "C#sharp",
        "[x](#nottag)",
        "| Name | #params |\n|---|---|\n| a | 3 |",
        "#+BEGIN_NOTE\nx\n#+END_NOTE",
        "- #title Some Paper, 2018",
        "colour #a1b2c3",
    ],
)
def test_what_is_no_tag(text: str) -> None:
    """Code, links, headings, numbers, table heads and markup hold ``#`` that is no tag."""
    assert tags(f"# A Paper\n\nwords\n\n{text}\n") == ()


@pytest.mark.parametrize(
    "value",
    [
        "tags: [a, b c]",
        "tags:\n  - a\n  - b c\n  -",
        "tags: a, b c",
        'tags: ["#a", "[[b c]]"]',
        "tags: #a, #b c",
        "tags: [[a]], [[b c]]",
        "keywords: a; b c",
        "title: x: y: z\ntags: [a, b c]",
        "tags:\n- a\n- b c\nnote: 'broken",
    ],
)
def test_tags_in_a_header(value: str) -> None:
    """Lists, strings, comments to YAML, wikilinks and broken YAML all state the same tags."""
    assert tags(f"---\n{value}\n---\n# A Paper\nwords\n") == ("a", "b c")


@pytest.mark.parametrize(
    "line",
    [
        "**关键词**: `a` `b c`",
        "* **Tags**: a, b c",
        "Keywords: [[a]], [[b c]]",
        "## Tags\n- a\n- b c",
        "## Keywords\n* a / b c",
        "> **分类标签**：`a` `b c`",
        "**Palavras-chave**: a; b c.",
        "| Item | Value |\n| --- | --- |\n| Tags | a, b c |",
    ],
)
def test_tags_behind_a_label(line: str) -> None:
    """People list tags in the body behind a label, under a heading, or in a table of facts."""
    assert tags(f"# A Paper\n\n{line}\n\n## Summary\nwords\n") == ("a", "b c")


def test_logseq_page_tags() -> None:
    """Logseq keeps tags as a property in front of the page."""
    assert tags("tags:: #a, #[[b c]]\ntitle:: A Paper\n\n- words\n") == ("a", "b c")


def test_a_hash_before_a_label_with_items_is_a_label() -> None:
    """``- #abstract`` over indented items is how some outlines write headings."""
    text = "title:: A Paper\n\n- #abstract\n\t- We do it.\n- #idea\n"
    paper = read_note(text, "a.md", LABELS).papers[0]
    assert (paper.tags, [s.kinds for s in paper.sections]) == (("idea",), [("summary",)])


def test_a_tag_named_like_a_label_stays_a_tag() -> None:
    """``#review`` at the end of a note is a tag and no section."""
    paper = read_note("# A Paper\n\nSome words.\n\n#review\n", "a.md", LABELS).papers[0]
    assert (paper.tags, len(paper.sections)) == (("review",), 1)


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (["{{allTags}}", "{% for t in tags %}", "a"], ["a"]),
        ("{% for t in tags %}{{t}}{% if not loop.last %}, {% endif %}{% endfor %}, a", ["a"]),
        ('<% tp.date.now("YYYY", 1, "b") %>, topic/{{c}}, a', ["a"]),
        (["12", "1/2", "--", "?", "2019", "3D", "✔️"], ["2019", "3D", "✔️"]),
    ],
)
def test_what_is_no_tag_in_a_list(values: str | list[str], found: list[str]) -> None:
    """Templates state ``{{tags}}`` to be filled in; a number names nothing."""
    assert split_tags(values) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("#topic/{{name}} #read-{{year}} #a", ["a"]),
        ('<% tp.tag(" #no") %> {{#if x}} #a', ["a"]),
        ("#a/#b #c/d", ["a", "b", "c/d"]),
        ("#2019_05 #1/2 #a", ["a"]),
    ],
)
def test_what_is_no_hashtag(text: str, found: list[str]) -> None:
    """The same holds behind a ``#``."""
    assert hashtags(text) == found


def test_tag_lines_and_keys() -> None:
    """A tag's key takes case and width away, nothing else: ``Video`` is not ``video_editing``."""
    assert is_tag_line("#a #b")
    assert not is_tag_line("#a b")
    assert tag_key("ＮeRF") == tag_key("nerf") != tag_key("NeRFs")
