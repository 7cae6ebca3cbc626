"""Tags added to notes of any form: what holds whatever the note says."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from papersim.errors import EditError
from papersim.notes.edit import plan_tags
from papersim.notes.edit_forms import Form
from papersim.notes.edit_place import clean_tag, missing_tags
from papersim.notes.labels import Labels
from papersim.notes.reader import read_note

LABELS = Labels.load()
FORMS = [
    Form("flow", "tags", '"a b"', ", "),
    Form("block", "keywords", "a b", "\n  - "),
    Form("string", "tags", "[[a b]]", ", "),
    Form("property", "tags:: ", "#[[a b]]", ", "),
    Form("field", "* **Tags**: ", "a b", ", ", "* **Year**:"),
    Form("field", "> **标签**：", "`a b`", " "),
    Form("list", "## Keywords", "a b", "\n- "),
    Form("hashtags", "- #", "#a_b", "\n- "),
    Form("hashtags", "#", "#a_b", ", ", "end"),
]
PATH = "a/20240102 note.md"

HEADERS = [
    "---\ntitle: A title\ntags: [a, 'b c']\n---\n",
    '---\ntags:\n  - x\n  - "#y/z"\ntitle: 标题\n---\n\n',
    "---\ntags:\n-\n---\n",
    "---\ntags: #a, #b\nyear: 2020\n---\n",
    "---\ntitle: A: broken\ntags: [[A]], [[B]]\n---\n",
    "---\nid: q\ntitle: '20240102'\ndesc: ''\nupdated: 1\ncreated: 1\n---\n\n",
    "---\nabstract: |\n  tags: [a]\ntags: a, b # c\n---\n",
    "---\ntags: [\n  a,\n  b\n]\n---\n",
    "---\n---\n",
    "---\ntags: null\nkeywords:\n---\n",
    "title:: A title\ntags:: #a, #[[b c]]\n\n",
    "- title:: A title\n  year:: 2020\n- tags:: [[a]]\n",
]
LINES = [
    "# A title",
    "## Another: title",
    "## 第三篇",
    "## Tags",
    "## 研究背景",
    "#a",
    "#概念擦除 #b_c",
    "  #x, #y",
    "- #item",
    "- #item\n    - nested #tag",
    "> #quoted",
    "**关键词**: `a` `b`",
    "* **Tags**: a, b c",
    "Keywords: [[a]], [[b c]].",
    "tags:: #[[a b]]",
    "Tags:",
    "- 标签： -",
    "| Tags | |\n|---|---|\n| Tags | |",
    "- a\n- `b`",
    "| #a | #b |\n|---|---|",
    "```\n#code\n```",
    "```",
    "<div>",
    "<!-- #x -->",
    "$$\n#m\n$$",
    "text `#code` and https://a.org/#x",
    "The end of it. #end 📚",
    "- **研究方法**：做了些事。",
    "https://arxiv.org/abs/2401.00001",
    "-",
    "",
    "",
]
RANDOM = st.text(
    st.one_of(
        st.sampled_from("#-*>[]`\"':,，|$ \t_a9中⭕\u200d\u3000"), st.characters(codec="utf-8")
    ),
    max_size=12,
)


@st.composite
def notes(draw: st.DrawFn) -> str:
    """Return a note: a header or none, lines as people write them, and a few of any kind."""
    header = draw(st.one_of(st.just(""), st.sampled_from(HEADERS)))
    lines = draw(st.lists(st.one_of(st.sampled_from(LINES), RANDOM), max_size=12))
    text = header + "\n".join(lines) + draw(st.sampled_from(["\n", "", "\n\n", "  "]))
    text = text.replace("\n", draw(st.sampled_from(["\n", "\n", "\r\n", "\r"])))
    return draw(st.sampled_from(["", "\ufeff"])) + text


TAGS = st.one_of(
    st.sampled_from(
        ["new", "two words", "3dgs", "概念擦除", "a/b-c", "no", "2020", "C++", "a: b", "#h"]
    ),
    RANDOM,
)


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    notes(),
    st.lists(TAGS, min_size=1, max_size=3),
    st.integers(0, 3),
    st.lists(st.sampled_from(FORMS), max_size=2),
    st.booleans(),
)
def test_an_edit_adds_the_tags_in_one_piece_or_is_refused(
    text: str, tags: list[str], chosen: int, forms: list[Form], known: bool
) -> None:
    """Whatever the note says, in the vault's forms or others; known tags as they are known."""
    note = read_note(text, PATH, LABELS)
    if not note.papers:
        return
    paper = note.papers[chosen % len(note.papers)]
    try:
        edit = plan_tags(
            text,
            PATH,
            LABELS,
            line=paper.line,
            title=paper.title,
            tags=tags,
            vault_tags=[clean_tag(tag) for tag in tags] if known else (),
            forms=lambda: forms,
        )
    except EditError:
        return
    if known:
        assert set(edit.tags) <= {clean_tag(tag) for tag in tags}
    new = edit.apply(text)
    gone = text[edit.at : edit.at + edit.cut]
    assert new[: edit.at] + gone + new[edit.at + len(edit.text) :] == text
    assert not any(c.isalnum() for c in gone) or gone.casefold() in {"null", "none"}
    after = read_note(new, PATH, LABELS)
    assert [p.title for p in after.papers] == [p.title for p in note.papers]
    index = note.papers.index(paper)
    for number, (old, now) in enumerate(zip(note.papers, after.papers, strict=True)):
        added = [tag for tag in now.tags if tag not in old.tags]
        assert sorted(added) == (sorted(edit.tags) if number == index else [])
        assert [tag for tag in now.tags if tag in old.tags] == list(old.tags)
    edited = after.papers[index]
    assert not missing_tags(edited.tags, tags)
    again = plan_tags(new, PATH, LABELS, line=edited.line, title=edited.title, tags=tags)
    assert again.text == ""


@settings(max_examples=200, deadline=None)
@given(notes(), TAGS)
def test_an_edit_splits_no_line_end_and_keeps_the_bom(text: str, tag: str) -> None:
    note = read_note(text, PATH, LABELS)
    for paper in note.papers[:2]:
        try:
            edit = plan_tags(text, PATH, LABELS, line=paper.line, title=paper.title, tags=[tag])
        except EditError:
            continue
        if edit.text:
            assert text[edit.at - 1 : edit.at + 1] != "\r\n"
            assert edit.at >= text.startswith("\ufeff")
