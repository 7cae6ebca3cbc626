"""The forms in which a vault has its tags: learnt from some notes, used in others."""

from __future__ import annotations

import pytest

from papersim.errors import EditError
from papersim.notes.edit import add_tags, forms_in
from papersim.notes.edit_forms import Form, most_used
from papersim.notes.labels import Labels
from papersim.notes.reader import read_note

LABELS = Labels.load()
DAILY = "20240102.md"

LEARNT = {
    "YAML flow list": ("---\ntags: [a, b c]\n---\n# T\n", Form("flow", "tags", "a b", ", ")),
    "YAML list, quoted": (
        "---\nkeywords: ['a', 'b']\n---\n# T\n",
        Form("flow", "keywords", "'a b'", ", "),
    ),
    "YAML list on lines": (
        "---\ntags: [\n  a,\n  b\n]\n---\n# T\n",
        Form("flow", "tags", "a b", ", "),
    ),
    "YAML block": ("---\ntags:\n  - a\n  - b\n---\n# T\n", Form("block", "tags", "a b", "\n  - ")),
    "YAML string": ("---\ntags: a, b\n---\n# T\n", Form("string", "tags", "a b", ", ")),
    "YAML comment": ("---\ntags: #a #b\n---\n# T\n", Form("string", "tags", "#a_b", " ")),
    "property": ("tags:: [[a]], [[b]]\n\n- t\n", Form("property", "tags:: ", "[[a b]]", ", ")),
    "field": (
        "# T\n\n* **Link**: x\n* **Tags**: a, b\n",
        Form("field", "* **Tags**: ", "a b", ", ", "* **Link**:"),
    ),
    "field of code": ("# T\n\n> 标签：`a` `b`\n", Form("field", "> 标签：", "`a b`", " ")),
    "list": ("# T\n\ntext\n\n## Tags\n* a\n* b\n", Form("list", "## Tags", "a b", "\n* ")),
    "hashtags below a heading": (
        "# T\n\ntext\n\n## Tags\n#a #b\n",
        Form("list", "## Tags", "#a_b", " "),
    ),
    "stack": ("# T\n#a\n#b\n\ntext\n", Form("hashtags", "#", "#a_b", "\n")),
    "stack, CRLF": ("# T\r\n#a\r\n#b\r\n\r\ntext\r\n", Form("hashtags", "#", "#a_b", "\n")),
    "items": ("# T\n- #a\n- #b\n\ntext\n", Form("hashtags", "- #", "#a_b", "\n- ")),
    "row": ("# T\n#a, #b\n\ntext\n", Form("hashtags", "#", "#a_b", ", ")),
    "row at the end": ("# T\n\ntext\n\n#a #b\n", Form("hashtags", "#", "#a_b", " ", "end")),
}


@pytest.mark.parametrize("case", LEARNT)
def test_a_form_is_learnt(case: str) -> None:
    text, form = LEARNT[case]
    assert list(forms_in(text, "note.md", LABELS)) == [(form, 2)]


@pytest.mark.parametrize(
    "text",
    [
        "# T\n\nNo tags.\n",
        "",
        "# T\n\nAll of it is about #a.\n\nx\n",
        "---\nzotero_keywords: [a, b]\n---\n# T\n\nx\n",
    ],
)
def test_no_form_is_learnt(text: str) -> None:
    assert list(forms_in(text, "note.md", LABELS)) == []


def test_of_a_paper_with_tags_in_two_places_the_fuller_counts() -> None:
    text = "---\ntags: [p]\n---\n# T\n#a #b\n\ntext\n"
    assert [form.kind for form, _ in forms_in(text, "note.md", LABELS)] == ["hashtags"]


def test_the_most_used_family_comes_first_and_in_it_what_holds_several_tags() -> None:
    flow, block = Form("flow", "tags", "a b", ", "), Form("block", "tags", "a b", "\n- ")
    row, stack = Form("hashtags", "#", "#a_b", " "), Form("hashtags", "#", "#a_b", "\n")
    found = [(row, 2), (row, 2), (row, 2), *[(flow, 1)] * 4, (block, 2), (stack, 1)]
    assert most_used(found) == (block, flow, row, stack)
    assert most_used([]) == ()


FIELD = Form("field", "* **Tags**: ", "a b", ", ", "* **Link**:")
FLOW = Form("flow", "tags", "a b", ", ")
STACK = Form("hashtags", "#", "#a_b", "\n")

NEW = {
    "field below its like": (
        FIELD,
        "# T\n\n* **Link**: x⟦\n* **Tags**: u v, w⟧\n* **Year**: 2014\n\ntext\n",
    ),
    "field below what is nested in its like": (
        FIELD,
        "# T\n\n* **Link**:\n  * x\n  * y⟦\n* **Tags**: u v, w⟧\n* **Year**: 2014\n\ntext\n",
    ),
    "field below the last": (
        FIELD,
        "# T\n\n* **Authors**: A B\n* **Year**: 2014⟦\n* **Tags**: u v, w⟧\n\ntext\n",
    ),
    "field below a heading": (FIELD, "# T⟦\n* **Tags**: u v, w⟧\n\ntext\n"),
    "field over text": (FIELD, "# T⟦\n* **Tags**: u v, w\n⟧\ntext\n"),
    "field over others": (
        Form("field", "Tags: ", "#a_b", " "),
        "# T⟦\nTags: #u_v #w⟧\nYear: 2014\n\ntext\n",
    ),
    "field without a heading": (FIELD, "---\ntitle: T\n---\n\n⟦* **Tags**: u v, w\n\n⟧text\n"),
    "key in a header": (FLOW, "---\ntitle: T\n⟦tags: [u v, w]\n⟧---\n\ntext\n"),
    "block in a header": (
        Form("block", "keywords", '"a b"', "\n  - "),
        '---\ntitle: T\n⟦keywords:\n  - "u v"\n  - "w"\n⟧---\n\ntext\n',
    ),
    "string in a header": (
        Form("string", "tags", "a b", "; "),
        "---\ntitle: T\n⟦tags: u v; w\n⟧---\n\ntext\n",
    ),
    "a header": (FLOW, "⟦---\ntags: [u v, w]\n---\n⟧# T\n\ntext\n"),
    "a header below a BOM": (FLOW, "\ufeff⟦---\ntags: [u v, w]\n---\n⟧# T\n\ntext\n"),
    "a property": (
        Form("property", "tags:: ", "#[[a b]]", ", "),
        "title:: T\nyear:: 2014⟦\ntags:: #[[u v]], #w⟧\n\n- text\n",
    ),
    "properties": (
        Form("property", "tags:: ", "[[a b]]", ", "),
        "⟦tags:: [[u v]], [[w]]\n\n⟧- text\n",
    ),
    "list": (
        Form("list", "## Tags", "a b", "\n* "),
        "# T\n\ntext⟦\n\n## Tags\n* u v\n* w⟧\n",
    ),
    "stack": (STACK, "## T⟦\n#u_v\n#w⟧\n\ntext\n"),
    "stack of items": (Form("hashtags", "- #", "#a_b", "\n- "), "# T⟦\n- #u_v\n- #w⟧\n\ntext\n"),
    "row at the end": (Form("hashtags", "#", "#a_b", " ", "end"), "# T\n\ntext⟦\n\n#u_v #w⟧\n"),
    "row without a heading": (
        Form("hashtags", "#", "#a_b", ", "),
        "---\ntitle: T\n---\n⟦#u_v, #w\n\n⟧text\n",
    ),
}


@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("case", NEW)
def test_a_paper_without_tags_gets_them_in_the_form_of_the_vault(case: str, ending: str) -> None:
    form, marked = NEW[case]
    before, rest = marked.replace("\n", ending).split("⟦")
    inserted, after = rest.split("⟧")
    assert added(before + after, "u v", "w", forms=(form,)) == before + inserted + after


def added(
    text: str,
    *tags: str,
    forms: tuple[Form, ...],
    paper: int = 0,
    vault: tuple[str, ...] = (),
    path: str = "note.md",
) -> str:
    entry = read_note(text, path, LABELS).papers[paper]
    return add_tags(
        text,
        path,
        LABELS,
        line=entry.line,
        title=entry.title,
        tags=tags,
        vault_tags=vault,
        forms=lambda: forms,
    )


def test_a_form_that_a_note_cannot_have_gives_way_to_the_next() -> None:
    """The header of a daily note is not that of its papers."""
    text = "---\ntitle: 20240102\n---\n## A\n\none\n\n## B\n\ntwo\n"
    new = added(text, "u", "v", forms=(FLOW, STACK), paper=1, path=DAILY)
    assert new == text.replace("## B\n", "## B\n#u\n#v\n")


def test_the_forms_of_the_vault_are_asked_for_only_where_a_paper_has_no_tags() -> None:
    """To find them many notes are read."""

    def forms() -> tuple[Form, ...]:
        raise AssertionError

    text = "# T\n#x #y\n\ntext\n"
    new = add_tags(text, "n.md", LABELS, line=1, title="T", tags=["w"], forms=forms)
    assert new == text.replace("#y", "#y #w")


def test_a_tag_of_the_vault_is_not_written_as_another() -> None:
    """Beside hashtags there is no room for blanks: it goes where the vault has such tags."""
    text = "# T\n#x #y\n\n* **Link**: z\n\ntext\n"
    new = added(text, "u v", forms=(STACK, FIELD), vault=("u v", "x"))
    assert new == text.replace("z\n", "z\n* **Tags**: u v\n")
    assert added(text, "u v", forms=(FIELD,)) == text.replace("#y", "#y #u_v"), "new anyway"
    vault = ("u v", "u-v")
    assert added(text, "u v", forms=(FIELD,), vault=vault) == text.replace("#y", "#y #u-v")


def test_a_digit_gets_no_underscore_where_the_vault_has_the_tag_without() -> None:
    text = "# T\n#_2d #x\n\ntext\n"
    assert added(text, "3d", forms=()) == text.replace("#x", "#x #_3d")
    assert added(text, "3d", forms=(), vault=("3d", "_2d")) == text.replace("#x", "#x #3d")


def test_a_tag_that_no_form_holds_is_refused_with_the_reason() -> None:
    with pytest.raises(EditError) as caught:
        added("# T\n#x #y\n\ntext\n", "w", "u v", forms=(STACK,), vault=("u v", "w"))
    assert str(caught.value) == (
        "note.md:1: 'u v' would have to be written as 'u_v' there, another tag; "
        "add it by hand or choose another spelling"
    )


def test_the_slot_of_the_family_in_use_is_filled() -> None:
    text = "---\ntitle: T\ntags:\n---\n\n* **Tags**:\n* **Year**: 2014\n\ntext\n"
    assert added(text, "u", forms=(FIELD, FLOW)) == text.replace("* **Tags**:", "* **Tags**: u")
    assert added(text, "u", forms=(FLOW, FIELD)) == text.replace("\ntags:", "\ntags: [u]")
