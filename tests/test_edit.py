"""Tags added to a note: one case for each manner in which notes hold them, byte for byte."""

from __future__ import annotations

import pytest

from papersim.errors import EditError
from papersim.notes.edit import add_tags, plan_tags
from papersim.notes.edit_place import Style, clean_tag, missing_tags
from papersim.notes.labels import Labels
from papersim.notes.reader import read_note

LABELS = Labels.load()
PATH = "papers/note.md"


def added(
    text: str, *tags: str, paper: int = 0, path: str = PATH, vault: tuple[str, ...] = ()
) -> str:
    """Return the note with tags added to one of its papers."""
    entry = read_note(text, path, LABELS).papers[paper]
    return add_tags(
        text, path, LABELS, line=entry.line, title=entry.title, tags=tags, vault_tags=vault
    )


def check(marked: str, *tags: str, paper: int = 0, path: str = PATH) -> None:
    """Check an edit against a note that has the expected insertion between ``⟦`` and ``⟧``."""
    before, rest = marked.split("⟦")
    inserted, after = rest.split("⟧")
    text = before + after
    new = added(text, *tags, paper=paper, path=path)
    assert new == before + inserted + after
    assert added(new, *tags, paper=paper, path=path) == new


HASHTAGS = {
    "lone tag under its title": ("## A\n#x⟦\n#new⟧\n\ntext one\n\n## B\n#y\n", "new"),
    "one a line": ("## A\n#x\n#y⟦\n#new⟧\n\ntext one\n\n## B\n#y\n", "new"),
    "one a line, blank line inside": ("## A\n#x\n\n#y⟦\n#new⟧\n\n![](a.png)\n\n## B\n#y\n", "new"),
    "one a line, hard breaks": ("## A\n#x  \n#y  ⟦\n#new⟧\ntext\n\n## B\n#y\n", "new"),
    "one a line, indented": ("## A\n\n  #x\n  #y⟦\n  #new⟧\n\n## B\n#y\n", "new"),
    "one an item": ("# A\n\n- #x\n- #y⟦\n- #new⟧\n\nThe text.\n", "new"),
    "several a line": ("# A\n#x #y⟦ #new⟧\n\nThe text.\n", "new"),
    "several a line, commas": ("# A\n#x, #y⟦, #new⟧\n\nThe text.\n", "new"),
    "several a line, two blanks": ("# A\n#x  #y⟦  #new⟧  \n\nThe text.\n", "new"),
    "several a line, without blanks": ("# A\n#x#y⟦#new⟧\n\nThe text.\n", "new"),
    "lone tag beside rows": ("## A\n#x⟦ #new⟧\n\n## B\n#y #z\n\n## C\n#q #r\n", "new"),
    "nested tags": ("# A\n#cv/video #cv/3d⟦ #cv/new⟧\n\nThe text.\n", "cv/new"),
    "emoji": ("# A\n#⭕ #📚⟦ #new⟧\n\nThe text.\n", "new"),
    "row at the end": ("A title\n\nA thought.\n\n#x #y⟦ #new⟧", "new"),
    "lone tag at the end": ("A title\n\nA thought.\n\n#x⟦ #new⟧", "new"),
    "end of the last line": ("# A\n\nA thought. #x⟦ #new⟧\n", "new"),
    "end of the last line, full stop": ("# A\n\nThis is about #x.⟦ #new⟧\n", "new"),
    "item with items in it": ("- #x⟦ #new⟧\n    - text\n    - more\n", "new"),
    "several new ones": (
        "## A\n#x\n#y⟦\n#new\n#概念擦除⟧\n\ntext\n\n## B\n#y\n",
        "new",
        "概念擦除",
    ),
    "CRLF": ("## A\r\n#x⟦\r\n#new⟧\r\n\r\ntext\r\n\r\n## B\r\n#y\r\n", "new"),
    "lone CR": ("## A\r#x⟦\r#new⟧\r\rtext\r\r## B\r#y\r", "new"),
    "BOM": ("\ufeff## A\n#x⟦\n#new⟧\n\ntext\n\n## B\n#y\n", "new"),
    "no line end": ("## A\n#x\n\ntext\n\n## B\n#y⟦\n#new⟧", "new"),
    "in a quotation": ("# A\n\n> #x\n> #y⟦\n> #new⟧\n\nThe text.\n", "new"),
    "blanks become underscores": ("# A\n#x_y #z⟦ #two_words⟧\n\nThe text.\n", "two words"),
    "blanks become hyphens": ("# A\n#x-y #a-b⟦ #two-words⟧\n\nThe text.\n", "two words"),
    "Dendron's underscore": ("# A\n#_2d #z⟦ #_3d生成⟧\n\nThe text.\n", "3d生成"),
    "no underscore elsewhere": ("# A\n#x #z⟦ #3d生成⟧\n\nThe text.\n", "3d生成"),
}


@pytest.mark.parametrize("case", HASHTAGS)
def test_hashtags(case: str) -> None:
    marked, *tags = HASHTAGS[case]
    paper = 1 if case == "no line end" else 0
    check(marked, *tags, paper=paper)


YAML = {
    "block": ("tags:\n- a\n- b⟦\n- new⟧\n", "new"),
    "block, indented": ("tags:\n  - a\n  - b⟦\n  - new⟧\nyear: 2020\n", "new"),
    "block, quoted": ('tags:\n  - "a"\n  - "b"⟦\n  - "new"⟧\n', "new"),
    "block, single quotes": ("tags:\n  - 'a'\n  - 'b'⟦\n  - 'new'⟧\n", "new"),
    "block, hashtags": ('tags:\n  - "#a/b"⟦\n  - "#two_words"⟧\n', "two words"),
    "block, links": ('tags:\n  - "[[a b]]"⟦\n  - "[[c d]]"⟧\n', "c d"),
    "block, wide": ("tags:\n-   a⟦\n-   new⟧\n", "new"),
    "block, comment": ("tags:\n- a # first⟦\n- new⟧\n# the end\nyear: 2020\n", "new"),
    "block, folded item": ("tags:\n- a long\n  tag⟦\n- new⟧\nyear: 2020\n", "new"),
    "block, null item": ("tags:\n-⟦ new⟧\nyear: 2020\n", "new"),
    "block, null item, two tags": ("tags:\n  - ⟦x\n  - z⟧\nyear: 2020\n", "x", "z"),
    "flow": ("tags: [a, b⟦, new⟧]\n", "new"),
    "flow, two": ("tags: [a, b⟦, x, z⟧]\n", "x", "z"),
    "flow, spaced": ("tags: [ a, b⟦, new⟧ ]\n", "new"),
    "flow, tight": ("tags: [a,b⟦,new⟧]\n", "new"),
    "flow, trailing comma": ("tags: [a, b⟦, new⟧,]\n", "new"),
    "flow, comment": ("tags: [a, b⟦, new⟧]  # mine\n", "new"),
    "flow, quoted": ('tags: ["a", "b, c"⟦, "new"⟧]\n', "new"),
    "flow, quoted where needed": ("tags: ['2019', AI⟦, new⟧]\n", "new"),
    "flow, needs quotes": ("tags: ['2019', AI⟦, '3d'⟧]\n", "3d"),
    "flow, blanks": ("tags: [a⟦, two words⟧]\n", "two words"),
    "flow, several lines": ("tags: [\n  a,\n  b⟦,\n  new⟧\n]\n", "new"),
    "flow, one on several lines": ("tags: [\n  a⟦,\n  new⟧\n]\n", "new"),
    "flow, below its key": ('tags:\n  [\n    "a",\n    "b"⟦,\n    "new"⟧,\n  ]\n', "new"),
    "empty list": ("tags: [⟦new⟧]\n", "new"),
    "no value": ("tags:⟦ [new]⟧\nyear: 2020\n", "new"),
    "no value, blank": ("tags: ⟦[x, z]⟧\n", "x", "z"),
    "empty string": ('tags: "⟦new⟧"\n', "new"),
    "comma string": ("tags: a, b⟦, new⟧\n", "new"),
    "comma string, quoted": ('tags: "a, b⟦, new⟧"\n', "new"),
    "comma string, comment": ("tags: a, b⟦, new⟧ # mine\n", "new"),
    "one word": ("tags: a⟦, new⟧\n", "new"),
    "folded string": ("tags: >-\n  a,\n  b⟦, new⟧\nyear: 2020\n", "new"),
    "YAML comment": ("tags: #a, #b⟦, #new⟧\n", "new"),
    "YAML comment, blanks": ("tags: #a #b⟦ #two_words⟧\n", "two words"),
    "broken by links": ("tags: [[A]], [[B c]]⟦, [[d e]]⟧\n", "d e"),
    "broken by a colon": ("note: a: b: c\ntags: [a, b⟦, new⟧]\n", "new"),
    "other key": ("keywords: [a, b⟦, new⟧]\n", "new"),
    "key with most": ("tags: [a]\nkeywords: [b, c⟦, new⟧]\n", "new"),
    "words of YAML": ('tags:\n- a⟦\n- "no"⟧\n', "no"),
    "a number": ('tags: [a⟦, "2020"⟧]\n', "2020"),
    "a colon": ('tags: [a⟦, "query:x"⟧]\n', "query:x"),
    "no key": ("year: 2020\n⟦tags: [new]\n⟧", "new"),
    "no key, two": ('⟦tags: [x, "3d"]\n⟧', "x", "3d"),
}


@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("bom", ["", "\ufeff"], ids=["", "BOM"])
@pytest.mark.parametrize("case", YAML)
def test_yaml(case: str, bom: str, ending: str) -> None:
    head, *tags = YAML[case]
    marked = head if "---" in head else f"{head}---\n\n# T\n\nThe text.\n"
    check((f"{bom}---\ntitle: T\n" + marked).replace("\n", ending), *tags)


EMPTY = {
    "null": ("---\ntitle: T\ntags: null\n---\nText.\n", "tags: null", "tags: [new, x]"),
    "tilde": ("---\ntags: ~  # none\ntitle: T\n---\nText.\n", "~", "[new, x]"),
    "dash": ("# T\n\n- **Tags**: -\n- Year: 2014\n\nText.\n", ": -", ": new, x"),
    "brackets": ("# T\n\n标签：[]\n\nText.\n", "[]", "new, x"),
    "cell": ("# T\n\n|a|b|\n|-|-|\n| Tags | - |\n\nText.\n", "| - |", "| new, x |"),
}


@pytest.mark.parametrize("case", EMPTY)
def test_what_says_that_there_are_no_tags_gives_way(case: str) -> None:
    text, old, new = EMPTY[case]
    assert added(text, "new", "x") == text.replace(old, new)


SLOTS = {
    "label among others": ("# A\n\n* **Tags**:⟦ x, y⟧\n* **Year**: 2014\n\nText.\n", "x", "y"),
    "full-width label": ("# A\n\n- 标签：⟦x, y⟧\n- 作者：甲\n\nText.\n", "x", "y"),
    "label, items below": ("# A\n\nTags:⟦ x⟧\n- **背景**：text\n\nText.\n", "x"),
    "block property": ("# A\n\n- A thought\n  tags::⟦ x y⟧\n\nText.\n", "x y"),
    "cell": ("# A\n\n|Item|Value|\n|-|-|\n| Tags |⟦ x y⟧ |\n\nText.\n", "x y"),
    "heading": ("# A\n\n## Tags⟦\n- x y\n- z⟧\n\n## Summary\n\nText.\n", "x y", "z"),
    "empty item": ("# A\n\n## Tags\n\n- ⟦x y\n- z⟧\n\n## Summary\n\nText.\n", "x y", "z"),
    "second of two": ("## A\n\nTags: x\n\none\n\n## B\n\nTags:⟦ y z⟧\n\ntwo\n", "y z"),
}


@pytest.mark.parametrize("case", SLOTS)
def test_an_empty_slot_is_filled(case: str) -> None:
    marked, *tags = SLOTS[case]
    check(marked, *tags, paper=1 if case.startswith("second") else 0, path="20240102.md")


def test_a_list_below_a_label_is_left_alone() -> None:
    """It may be one of tags, though it is not read as such."""
    text = "# A\n\n**Tags**:\n- x\n- y\n\nText.\n"
    assert added(text, "new") == text.replace("# A\n", "# A\n#new\n")


LABELLED = {
    "backticks": ("**关键词**: `a` `b c`⟦ `d e`⟧\n", "d e"),
    "one in backticks": ("**关键词**：`a`⟦ `b`⟧\n", "b"),
    "backticks and commas": ("**Keywords:** `a`, `b`⟦, `c`⟧\n", "c"),
    "bullet": ("* **Tags**: a, b c⟦, d e⟧\n", "d e"),
    "full-width commas": ("**标签**：甲，乙⟦，丙⟧\n", "丙"),
    "links": ("Keywords: [[a]], [[b c]]⟦, [[d e]]⟧\n", "d e"),
    "hashtags": ("Tags: #a #b⟦ #d_e⟧\n", "d e"),
    "hashtags and commas": ("* Tags: #⭕, #review⟦, #new⟧\n", "new"),
    "quotation": ("> **分类标签**：`a` `b`⟦ `c`⟧\n", "c"),
    "empty": ("**Tags**:⟦ x, y⟧\n", "x", "y"),
    "property of a block": ("- tags:: [[a]], [[b]]⟦, [[c d]]⟧\n", "c d"),
    "list": ("## Tags\n\n- a\n- b c⟦\n- d e⟧\n\n## Summary\n\nMore.\n", "d e"),
    "list of code": ("## Keywords\n\n* `a`⟦\n* `b`⟧\n", "b"),
    "numbered list": ("## Tags\n\n1. a\n2. b⟦\n3. c⟧\n", "c"),
}


@pytest.mark.parametrize("case", LABELLED)
def test_labelled(case: str) -> None:
    marked, *tags = LABELLED[case]
    check(f"# A title\n\n{marked}\nThe text of it.\n", *tags)


PROPERTIES = {
    "hashtags": ("tags:: #a, #b⟦, #c⟧\n", "c"),
    "page hashtags": ("tags:: #a, #[[b c]]⟦, #[[d e]]⟧\n", "d e"),
    "one hashtag": ("tags:: #a⟦, #[[d e]]⟧\n", "d e"),
    "links": ("tags:: [[a]], [[b]]⟦, [[d e]]⟧\n", "d e"),
    "words": ("tags:: a, b c⟦, d e⟧\nyear:: 2020\n", "d e"),
    "empty": ("tags::⟦ d e⟧\nyear:: 2020\n", "d e"),
    "none": ("year:: 2020⟦\ntags:: x, y⟧\n", "x", "y"),
}


@pytest.mark.parametrize("case", PROPERTIES)
def test_properties(case: str) -> None:
    marked, *tags = PROPERTIES[case]
    check(f"title:: A title\n{marked}\n- The text of it\n", *tags)


NONE_YET = {
    "under the title": ("# A title⟦\n#new⟧\n\nThe text of it.\n", "new"),
    "text follows at once": ("# A title⟦\n#new\n⟧\nThe text of it.\n", "new"),
    "nothing but the title": ("# A title⟦\n#x #y⟧", "x", "y"),
    "no heading": ("A title of a paper\n\nA thought about it.⟦\n\n#new⟧\n", "new"),
    "no heading, no line end": ("A title of a paper\n\nA thought about it.⟦\n\n#new⟧", "new"),
    "no heading, CRLF": ("A title of a paper\r\n\r\nA thought.⟦\r\n\r\n#new⟧\r\n", "new"),
    "second of two": ("## A\n#x\n\ntext\n\n## B⟦\n#new⟧\n\ntext\n\n## C\n#y\n", "new"),
    "code and URLs are none": ("# A title⟦\n#new⟧\n\nSee `#x` and https://a.org/#y\n", "new"),
}


@pytest.mark.parametrize("case", NONE_YET)
def test_none_yet(case: str) -> None:
    marked, *tags = NONE_YET[case]
    check(marked, *tags, paper=1 if case.startswith("second") else 0)


DENDRON = "---\nid: abc\ntitle: '20240105'\ndesc: ''\nupdated: 1\ncreated: 1\n---\n\n\n"


def test_dendron_header_gives_the_underscore() -> None:
    check(f"{DENDRON}## A\n#x⟦\n#_3dgs⟧\n\ntext\n\n## B\n", "3dgs")


def test_dendron_paper_has_the_tag_with_underscore_already() -> None:
    text = f"{DENDRON}## A\n#_3dgs\n\ntext\n\n## B\n"
    assert added(text, "3dgs", "_3DGS") == text


@pytest.mark.parametrize("tag", ["X", "#x", "ｘ", " x "])
def test_a_tag_that_is_there_is_not_added(tag: str) -> None:
    text = "# A\n#x #y\n"
    assert added(text, tag) == text


@pytest.mark.parametrize("tag", ["two words", "two_words", "two-words"])
def test_blanks_and_what_stands_for_them_are_the_same_tag(tag: str) -> None:
    assert missing_tags([tag], ["two words"]) == ()
    assert missing_tags(["two words"], [tag]) == ()


def test_the_same_tag_twice_is_added_once() -> None:
    check("# A\n#x #y⟦ #new⟧\n", "new", "NEW", "#new")


def test_the_vault_shows_what_stands_for_a_blank() -> None:
    text = "# A\n#x #y\n"
    assert added(text, "a b", vault=("c-d", "e-f", "g_h")) == "# A\n#x #y #a-b\n"


def test_the_manner_with_most_tags_wins() -> None:
    check("---\ntitle: T\ntags: [p]\n---\n# T\n#a #b⟦ #new⟧\n\ntext\n", "new")
    check("---\ntitle: T\ntags: [p, q, r⟦, new⟧]\n---\n# T\n#a #b\n\ntext\n", "new")


def test_hashtags_within_the_text_do_not_draw_tags_there() -> None:
    check(
        "---\ntitle: T\n⟦tags: [new]\n⟧---\n# T\n\nFirst line.\n\n- like #this\n\nLast line.\n",
        "new",
    )


def test_a_header_that_would_break_falls_back_to_hashtags() -> None:
    check("---\ntitle: T\ntags: [[A]]\n---\n# T⟦\n#new⟧\n\ntext\n", "new")


def test_two_papers_of_one_title_are_told_apart_by_line() -> None:
    text = "## A\n#x\n\ntext\n\n## A\n#y\n\ntext\n"
    new = add_tags(text, PATH, LABELS, line=6, title="A", tags=["new"])
    assert new == "## A\n#x\n\ntext\n\n## A\n#y\n#new\n\ntext\n"
    with pytest.raises(EditError, match="more than once"):
        add_tags(text, PATH, LABELS, line=5, title="A", tags=["new"])


def test_a_line_out_of_date_does_not_matter_where_the_title_is_alone() -> None:
    text = "## A\n#x\n\ntext\n\n## B\n#y\n\ntext\n"
    assert add_tags(text, PATH, LABELS, line=3, title="B", tags=["new"]).count("#y\n#new") == 1


def test_a_paper_that_is_gone() -> None:
    with pytest.raises(EditError, match=r"not in the note any more.*run `papersim index`"):
        add_tags("# A\n", PATH, LABELS, line=1, title="B", tags=["new"])
    with pytest.raises(EditError):
        add_tags("", PATH, LABELS, line=1, title="B", tags=["new"])


def test_a_tag_that_cannot_be_read_back() -> None:
    text = "## A\n#x\n\ntext\n\n## B\n#y\n\ntext\n"
    with pytest.raises(EditError, match=r"papers/note\.md:1: found no way to add '123'"):
        added(text, "123")


def test_an_edit_says_what_it_does() -> None:
    edit = plan_tags("# A\n#x_y #z\n", PATH, LABELS, line=1, title="A", tags=["b c", "x y"])
    assert (edit.at, edit.text, edit.tags) == (11, " #b_c", ("b_c",))
    assert edit.manner == "appended to a hashtag line"
    assert plan_tags("# A\n#x\n", PATH, LABELS, line=1, title="A", tags=[" ", "x"]).text == ""


def test_style_of_tags() -> None:
    assert clean_tag(" ##a \n b ") == "a b"
    assert Style("-", dendron=True).hashtag("3d a").text == "#_3d-a"
