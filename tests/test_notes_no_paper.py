"""Notes that are no papers: templates that wait to be filled in, and pages of code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersim.notes.labels import Labels
from papersim.notes.placeholders import is_placeholder
from papersim.notes.plain import plain_text
from papersim.notes.reader import read_note

if TYPE_CHECKING:
    from conftest import Cli, Vault
    from papersim.notes.model import Note

LABELS = Labels.load()
CODE = "  .tag {\n    color: #AABBCC;\n    border-radius: 5px;\n  }\n" * 8


def read(text: str, path: str = "notes/Page.md") -> Note:
    return read_note(text, path, LABELS)


@pytest.mark.parametrize(
    "text",
    [
        "---\ntitle: {{title}}\ntags: [paper, {{tags}}]\n---\n## Abstract\n\nWrite it here.\n",
        '---\ntitle: "{{title | safe}}"\nyear: {{date | format("YYYY")}}\n---\n> [!note] Idea\n',
        "---\ntitle: <% tp.file.title %>\ntags: todo\n---\n\nWords of advice.\n",
        "# <% tp.file.title %>\n#todo\n\n## Method\n\n(how it is done)\n",
        "# {{VALUE}}\n\n**Tags**: #paper\n",
        "# Title: {{citekey}}\n\n- Author: {{author}}\n\n(as in the journal)\n",
        "* **Title**: {{title}}\n* **Tags**: {{tags}}\n\nSome advice.\n",
        "## {{title}}\n#paper\n\n{% for a in annotations %}\n> {{a.text}}\n{% endfor %}\n",
        "## Authors: {{authors}}\n> [!abstract] Abstract\n> {{a}}\n- **方法**：{{m}}\n",
        "{% for p in site.posts %}{{p.title}}{% endfor %}\n",
        "`$= dv.pages('#paper').length`\n",
    ],
)
def test_a_template_is_no_paper(text: str) -> None:
    """Listed as a paper it would be like every other template, and its tags would be learnt."""
    note = read(text)
    assert note.papers == ()
    assert "a template" in (note.skipped or "")


def test_a_paper_left_to_fill_in_is_none_among_others() -> None:
    """A daily note may end in what its template began, which is no part of the paper before."""
    text = "## River Maps\n#water\n\nRivers are long.\n\n## {{title}}\n#paper\n\n{{abstract}}\n"
    papers = read(text, "20240105.md").papers
    assert [(p.title, p.tags) for p in papers] == [("River Maps", ("water",))]
    assert [s.text for s in papers[0].sections] == ["Rivers are long."]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("---\ntitle: '{{ICE}}: Drifting Maps'\n---\nWords.\n", "{{ICE}}: Drifting Maps"),
        ("# River Maps\n\n{{abstractNote}}\n", "River Maps"),
        ("---\ntitle: {{title}}\n---\n\n# River Maps\n\nWords.\n", "River Maps"),
        ("title:: River Maps\n\n- {{embed ((64f0))}}\n", "River Maps"),
        ("# `$= dv.current().file.name`\n\nRivers are long.\n", "Page"),
        ("# River Maps\n\n`= this.year` and {% include map.html %} more.\n", "River Maps"),
    ],
)
def test_a_note_with_some_braces_is_a_paper(text: str, title: str) -> None:
    """BibTeX, Jekyll, Logseq and queries put braces into notes that people have written."""
    assert [paper.title for paper in read(text).papers] == [title]


def test_what_waits_to_be_filled_in_is_not_read_aloud() -> None:
    markdown = "a {{b}} {% if c %}d{% endif %} <% tp.e %> `$= dv.f()` g `= this.h` `i = 1`"
    assert plain_text(markdown) == "a d g i = 1"


@given(st.text(alphabet="{}%<>=$`ab .|:\n", max_size=80))
def test_any_title_may_be_asked_about(title: str) -> None:
    """And none without a mark of templates is a placeholder."""
    assert not is_placeholder(title) or any(mark in title for mark in ("{{", "{%", "<%"))


@pytest.mark.parametrize(
    "text",
    [
        f"# Styles\n\n```css\n{CODE}```\n",
        f"```\n{CODE}```\n",
        f"---\ntitle: x\n---\n- Tips\n  heading:: true\n    - #+BEGIN_SRC\n{CODE}    #+END_SRC\n",
        f"- shown pages\n  #+begin_query\n{CODE}  #+END_QUERY\n",
    ],
)
def test_a_page_of_code_is_no_paper(text: str) -> None:
    """Style sheets, queries and settings live beside the notes in many a vault."""
    note = read(text)
    assert (note.papers, note.skipped) == ((), "nothing but code")


@pytest.mark.parametrize(
    "around",
    [
        "# Maps\n#water\n\n{}",
        "# Maps\n\n## Method\n\n{}",
        "# [Maps](https://arxiv.org/abs/2401.00001)\n\n{}",
        "# Maps\n\n**Authors**: Ann Lee, Bo Ito\n\n{}",
        "# Maps\n\nRivers are long, and so is the code that draws them all in one go.\n\n{}",
        "# Maps\n\n```bibtex\n@article{{ice,\n  title = {{Maps}}\n}}\n```\n\n{}",
    ],
)
def test_a_paper_with_code_is_a_paper(around: str) -> None:
    """Tags, a labelled section, an identifier, authors, a sentence or BibTeX tell of one."""
    note = read(around.format(f"```css\n{CODE}```\n"))
    assert [paper.title for paper in note.papers] == ["Maps"]


def test_blocks_of_org_are_code() -> None:
    """Logseq writes them where Markdown has fences: no tags, headings and labels in them."""
    text = (
        "# Maps\n#water\n\nRivers are long.\n\n#+BEGIN_SRC python\n# Method\ncolour = ' #blue'\n"
        "#+END_SRC\n\n#+BEGIN_QUOTE\nIt is cold. #ice\n#+END_QUOTE\n\n#+BEGIN_SRC\n#left #open\n"
    )
    (paper,) = read(text).papers
    assert paper.tags == ("water", "ice", "left", "open")
    assert [section.label for section in paper.sections] == [None]
    assert plain_text("- #+BEGIN_SRC c\n  x = 1;\n  #+END_SRC") == "x = 1;"


def test_what_is_no_paper_is_not_listed_and_the_doctor_says_why(cli: Cli, vault: Vault) -> None:
    vault.write("templates/Paper.md", "# {{title}}\n#unread_paper\n\n## Method\n")
    vault.write("styles.md", f"```css\n{CODE}```\n")
    vault.update()
    listed = cli.at(vault, "papers", "--json").json["papers"]
    assert not {p["note"] for p in listed} & {"templates/Paper.md", "styles.md"}
    assert "unread_paper" not in {t["tag"] for t in cli.at(vault, "tags", "--json").json["tags"]}
    found = cli.at(vault, "doctor", "--json").json["findings"]
    reasons = {f["subject"]: f["detail"] for f in found if f["kind"] == "skipped"}
    assert reasons == {
        "templates/Paper.md": "a template: a placeholder for a title",
        "styles.md": "nothing but code",
    }
