"""A tag renamed in a note: every manner of writing it, byte for byte."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersim.errors import EditError, UnwritableTagError
from papersim.notes.labels import Labels
from papersim.notes.reader import read_note
from papersim.notes.rename import Renaming, plan_rename
from papersim.notes.rename_items import is_hashtag, value_items
from papersim.notes.tags import split_tags, tag_key

LABELS = Labels.load()
PATH = "papers/note.md"


def renamed(text: str, old: str = "old", new: str = "new") -> str:
    return plan_rename(text, PATH, LABELS, Renaming(old, new)).text


def check(marked: str, old: str = "old", new: str = "new") -> None:
    """Check a rename against a note that has ``⟦before|after⟧`` where it changes."""
    before = re.sub(r"⟦([^|⟧]*)\|([^⟧]*)⟧", r"\1", marked)
    after = re.sub(r"⟦([^|⟧]*)\|([^⟧]*)⟧", r"\2", marked)
    assert renamed(before, old, new) == after


BODY = {
    "hashtag lines": "## A\n#x\n#⟦old|new⟧\n\ntext\n\n## B\n#⟦old|new⟧ #y\n\nmore\n",
    "in a sentence": "# A\n\nIt is about #⟦old|new⟧, and (#⟦old|new⟧). More #⟦old|new⟧.\n",
    "others stay": "# A\n#older #⟦old|new⟧ #old_one #bold #x/old\n\ntext old\n",
    "children": "# A\n#⟦old|new⟧/b #⟦old|new⟧/b/c #⟦old|new⟧\n\ntext\n",
    "case": "# A\n#⟦OLD|new⟧ #⟦Old|new⟧\n\ntext\n",
    "code": "# A\nand #⟦old|new⟧ `#old` x\n\n```\n#old\n```\n\n    #⟦old|new⟧\n",
    "links": "# A\nand #⟦old|new⟧ [[n#old]] [a](b.md#old) <https://a.b/#old> https://a.b/#old\n",
    "headings": "# A\n#⟦old|new⟧\n\n## old\n\n# old\n\ntext #⟦old|new⟧\n",
    "labelled": "# A\n\n**Tags**: x, ⟦old|new⟧, y\n\ntext\n",
    "labelled in ticks": "# A\n\n**关键词**：`x` `⟦old|new⟧`\n\ntext\n",
    "labelled links": "# A\n\nKeywords: [[x]], [[⟦old|new⟧]]\n\ntext\n",
    "under a heading": "# A\n\ntext\n\n## Tags\n- x / ⟦old|new⟧\n- ⟦old|new⟧\n",
    "page": "# A\n\nabout #[[⟦old|new⟧]] and #x\n",
    "CJK beside it": "# A\n#概念#⟦old|new⟧，#x\n\ntext\n",
    "BOM and CRLF": "\ufeff# A\r\n#⟦old|new⟧\r\n\r\ntext\r\n",
    "lone CR": "# A\r#⟦old|new⟧\r\rtext\r",
}


@pytest.mark.parametrize("case", BODY)
def test_body(case: str) -> None:
    check(BODY[case])


HEADER = {
    "block": "tags:\n- x\n- ⟦old|new⟧ # mine\n- y\n",
    "block, quoted": "tags:\n  - \"x\"\n  - '⟦old|new⟧'\n",
    "block, hashtags": 'tags:\n  - "#⟦old|new⟧/b"\n  - "#⟦old|new⟧"\n',
    "block, links": 'tags:\n  - "[[⟦old|new⟧]]"\n',
    "flow": "tags: [x,⟦old|new⟧, 'y']\n",
    "flow, several lines": "tags: [\n  x,\n  ⟦old|new⟧,\n]\n",
    "string": "tags: x, ⟦old|new⟧ # mine\n",
    "string, quoted": 'tags: "x, ⟦old|new⟧"\n',
    "folded": "tags: >-\n  x,\n  ⟦old|new⟧, y\nyear: 2020\n",
    "one": "tags: ⟦old|new⟧\n",
    "comment": "tags: #x, #⟦old|new⟧\n",
    "broken": "tags: [[X]], #y, [[⟦old|new⟧]]\n",
    "other keys": "keywords: [⟦old|new⟧]\nold: old\nurl: https://a.b/#old\n",
}


@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("bom", ["", "\ufeff"], ids=["", "BOM"])
@pytest.mark.parametrize("case", HEADER)
def test_header(case: str, bom: str, ending: str) -> None:
    marked = f"{bom}---\ntitle: T\n{HEADER[case]}---\n\n# T\n\nThe old text.\n"
    check(marked.replace("\n", ending))


def test_properties() -> None:
    check("title:: T\ntags:: [[⟦old|new⟧]], x, #[[a b]]\n\n- text\n")
    check("tags:: x, #[[⟦a b|c d⟧]]\n\n- text\n", "a b", "c d")


ALREADY = {
    "stack": "## A\n#new\n⟦#old\n|⟧#x\n\ntext\n",
    "first of a stack": "## A\n⟦#old\n|⟧#new\n\ntext\n",
    "row": "# A\n#new⟦ #old|⟧ #x\n\ntext\n",
    "first of a row": "# A\n⟦#old |⟧#new #x\n\ntext\n",
    "row at the end": "# A\n\ntext #new⟦ #old|⟧",
    "in a sentence": "# A\n#new\n\nIt is about #⟦old|new⟧ now.\n",
    "beside an image": "# A\n#new\n#⟦old|new⟧ ![](a.png)\n#x⟦ #old|⟧ `code`\n\ntext\n",
    "block": "---\ntitle: T\ntags:\n- new\n⟦- old\n|⟧- x\n---\n# T\n\ntext\n",
    "flow": "---\ntitle: T\ntags: [⟦old, |⟧x, 'new']\n---\n# T\n\ntext\n",
    "flow, last, quoted": '---\ntitle: T\ntags: [new⟦, "old"|⟧]\n---\n# T\n\ntext\n',
    "string": "---\ntitle: T\ntags: new, x⟦, old|⟧\n---\n# T\n\ntext\n",
    "elsewhere": "---\ntitle: T\ntags: [new, x]\n---\n# T\n⟦#old\n|⟧\ntext\n",
    "ticks": "# A\n\n**Tags**: `new`⟦ `old`|⟧\n\ntext\n",
    "property": "tags:: [[new]]⟦, [[old]]|⟧\n\n- text\n",
    "child": "# A\n#new/b⟦ #old/b|⟧ #⟦old|new⟧\n\ntext\n",
    "only that paper": "## A\n#new\n⟦#old\n|⟧\ntext\n\n## B\n#⟦old|new⟧\n\nmore\n",
}


@pytest.mark.parametrize("case", ALREADY)
def test_where_the_new_tag_is_there_already(case: str) -> None:
    check(ALREADY[case])


def test_only_case_is_changed() -> None:
    check("# A\n#⟦llm|LLM⟧ #LLM/x #⟦llm|LLM⟧/y\n\ntext\n", "llm", "LLM")
    check("# A\n#LLM⟦ #llm|⟧\n\ntext\n", "llm", "LLM")


def test_yaml_quotes_only_what_needs_it() -> None:
    note = "---\ntitle: T\ntags:\n- ⟦{}|{}⟧\n- x\n---\n# T\n\ntext\n"
    for plain in ("3d", "✔️", "a b", "概念"):
        check(note.format("old", plain), "old", plain)
    for quoted in ("no", "2020", "a: b", "true", "@a"):
        check(note.format("old", f'"{quoted}"'), "old", quoted)
    check("---\ntitle: T\ntags: ['⟦old|it''s⟧']\n---\n# T\n\ntext\n", "old", "it's")


def test_what_cannot_be_a_hashtag_is_refused() -> None:
    with pytest.raises(UnwritableTagError, match=r"papers/note.md:2"):
        renamed("# A\n#old\n\ntext\n", new="two words")
    with pytest.raises(UnwritableTagError):
        renamed("# A\n#old\n\ntext\n", new="123")
    check("---\ntitle: T\ntags: [⟦old|two words⟧]\n---\n# T\n\ntext\n", "old", "two words")


def test_a_tag_that_cannot_be_located_is_refused_only_where_it_is_meant() -> None:
    note = "# A\n\nx `a\nb` #old `c` #x\n\ntext\n"
    assert read_note(note, PATH, LABELS).papers[0].tags == ("old", "x")
    with pytest.raises(EditError, match="by hand"):
        renamed(note)
    assert renamed(f"{note}#y\n", "y", "z") == f"{note}#z\n"


def test_the_new_names_of_each_paper_are_told() -> None:
    note = "## A\n#old #old/x\n\ntext\n\n## B\n#y\n\nmore\n\n## C\n#old\n\nmore\n"
    found = plan_rename(note, PATH, LABELS, Renaming("old", "new"))
    assert found.tags == (("new", "new/x"), (), ("new",))
    assert plan_rename(note, PATH, LABELS, Renaming("none", "new")).text == note


# --- whatever the note --------------------------------------------------------------------------

WORDS = st.sampled_from(["old", "new", "x", "old/b", "Old", "概念", "olden", "two words"])
HASHTAGS = WORDS.map(lambda tag: "#" + tag.replace(" ", "_"))
LINES = st.one_of(
    st.lists(HASHTAGS, min_size=1, max_size=4).map(" ".join),
    st.lists(HASHTAGS, min_size=1, max_size=3).map(lambda tags: f"A text on {', '.join(tags)}."),
    st.lists(WORDS, min_size=1, max_size=4).map(lambda tags: f"**Tags**: {', '.join(tags)}"),
    st.sampled_from(
        [
            *(
                "",
                "## B",
                "## Tags",
                "- old",
                "- **Method**: we use `#old` here",
                "```",
                "    #old",
            ),
            *("see https://a.b/#old", "[[n#old]] #old", "<b>#old</b>", "| #old | x |", "> #old #x"),
        ]
    ),
)
HEADERS = st.one_of(
    st.just(""),
    st.lists(WORDS, max_size=4).map(
        lambda tags: f"---\ntitle: T\ntags: [{', '.join(tags)}]\n---\n"
    ),
    st.lists(WORDS, max_size=4).map(
        lambda tags: "---\ntitle: T\ntags:\n" + "".join(f"- {tag}\n" for tag in tags) + "---\n"
    ),
    st.lists(WORDS, min_size=1, max_size=4).map(lambda tags: f"tags:: {', '.join(tags)}\n\n"),
)
NOTES = st.builds(
    lambda head, lines, end: (head + "# A\n" + "\n".join(lines)).replace("\n", end),
    HEADERS,
    st.lists(LINES, max_size=12),
    st.sampled_from(["\n", "\r\n"]),
)


@given(NOTES)
def test_only_the_tag_changes_in_any_note(text: str) -> None:
    """A name never used before comes back: what stands between the names is every old byte."""
    try:
        there = renamed(text, "old", "fresh")
    except EditError:
        return
    assert there.replace("fresh", "old") == _spelled_like(text, there)
    papers = [read_note(t, PATH, LABELS).papers for t in (text, there)]
    renaming = Renaming("old", "fresh")
    for before, after in zip(*papers, strict=True):
        assert after.title == before.title
        assert {tag_key(t) for t in after.tags} == {tag_key(renaming.of(t)) for t in before.tags}


def _spelled_like(text: str, renamed_text: str) -> str:
    """Return a text with ``Old`` as ``old`` where the renamed text has the new name."""
    assert renamed_text.count("fresh") <= len(re.findall("old", text, re.IGNORECASE))
    parts, at = [], 0
    for piece in re.split("(fresh)", renamed_text):
        length = len("old") if piece == "fresh" else len(piece)
        taken = text[at : at + length]
        parts.append(taken.lower() if piece == "fresh" else taken)
        at += length
    return "".join(parts) + text[at:]


@given(NOTES)
def test_merged_into_another_tag_nothing_is_added(text: str) -> None:
    """With the new tag there, lines only lose what was written for the old one."""
    try:
        there = renamed(text, "old", "new")
    except EditError:
        return
    letters = [
        re.sub(r"old|new|[\s#,\-\[\]]", "", t, flags=re.IGNORECASE).replace("/b", "")
        for t in (text, there)
    ]
    assert letters[0] == letters[1]
    for paper in read_note(there, PATH, LABELS).papers:
        assert not any(tag_key(tag.split("/")[0]) == "old" for tag in paper.tags)


@given(st.lists(WORDS, min_size=1, max_size=4), st.sampled_from([", ", ",", "、", "; "]))
def test_the_items_of_a_value_are_its_tags(tags: list[str], separator: str) -> None:
    value = separator.join(tags)
    items = value_items(value)
    assert [item.tag for item in items] == split_tags(value)
    assert [value[item.start : item.end] for item in items] == tags


def test_is_hashtag() -> None:
    assert all(map(is_hashtag, ["a", "概念", "a/b", "3d", "⭕"]))
    assert not any(map(is_hashtag, ["a b", "", "12", "a.", "a,b", "#a"]))


def test_a_name_may_begin_with_the_old_one() -> None:
    text = "* **Title**: A Paper\n* **Tags**: Neural Network, generative\n\n# Method\nWe sample.\n"
    note = f"# A Paper\n{text}"
    assert "Neural Network, generative model" in renamed(note, "generative", "generative model")
