"""Lines and lists that state tags: read as tags, and no part of any text that is embedded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersim.notes.fields import without_tag_fields
from papersim.notes.labels import Labels
from papersim.notes.passages import passages_of
from papersim.notes.plain import plain_text
from papersim.notes.reader import read_note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from papersim.notes.model import PaperEntry

LABELS = Labels.load()
LABEL = (
    "Tags",
    "tags",
    "Keywords",
    "Keyword",
    "关键词",
    "标签",
    "キーワード",
    "태그",
    "Index Terms",
)

# Each lists the tags zebra and 三文鱼, under the title or amid a section.
ANYWHERE = (
    "Tags: zebra, 三文鱼",
    "关键词：zebra, 三文鱼",
    "Keywords:: [[zebra]], [[三文鱼]]",
    "tags:: #zebra #三文鱼",
    "- Tags: zebra, 三文鱼",
    "* Keywords: `zebra` `三文鱼`",
    "> Tags: zebra, 三文鱼",
    "> - 标签：zebra、三文鱼",
    "🏷️ Tags: zebra; 三文鱼",
    "Tags : zebra, 三文鱼",
    "#zebra #三文鱼",
    "see also #zebra and #三文鱼",
)
UNDER_THE_TITLE = (
    "* **Tags**: zebra, 三文鱼",
    "**Tags:** zebra, 三文鱼",
    "- **关键词**：`zebra` `三文鱼`",
    "> **Keywords**: zebra, 三文鱼",
    "- 🏷️ **Tags**: zebra, 三文鱼",
    "* __Tags__: zebra, 三文鱼",
    "__Tags:__ zebra, 三文鱼",
    "*Tags*: zebra, 三文鱼",
    "- *Tags:* zebra, 三文鱼",
    "***Tags***: zebra, 三文鱼",
    "***Tags**: zebra, 三文鱼",
    "*Tags: zebra, 三文鱼*",
    "| Item | Value |\n| --- | --- |\n| Tags | zebra, 三文鱼 |",
)
LISTS = (
    "## Keywords\n- zebra\n- 三文鱼",
    "## Tags\n\n* zebra\n* 三文鱼",
    "## 关键词\n- zebra / 三文鱼",
    "### Keywords:\n+ zebra\n+ 三文鱼",
    "## Tags\n- #zebra\n- #三文鱼",
    "## Keywords\n- zebra\n  - 三文鱼",
)
BEFORE, AFTER = "A gripper learns to open jars.", "It opens nine jars in ten."


def paper_of(text: str) -> PaperEntry:
    (paper,) = read_note(text, "a.md", LABELS).papers
    return paper


def embedded(paper: PaperEntry) -> str:
    """Return all that is embedded of a paper with text."""

    def words(texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    passages = passages_of(paper, 200, words)
    assert all(passage.section is not None for passage in passages)
    return "\n".join(passage.text for passage in passages)


def held(paper: PaperEntry) -> str:
    """Return all that its sections hold as plain text, which is what words are counted in."""
    return "\n".join(plain_text(section.text) for section in paper.sections)


def is_free_of_tags(paper: PaperEntry) -> bool:
    text = (embedded(paper) + held(paper)).casefold()
    return "zebra" not in text and "三文鱼" not in text


@pytest.mark.parametrize("line", [*ANYWHERE, *UNDER_THE_TITLE])
def test_under_the_title(line: str) -> None:
    paper = paper_of(
        f"# Jars and Grippers\n\n{line}\n\n## Method\n{BEFORE}\n\n## Results\n{AFTER}\n"
    )
    assert set(paper.tags) == {"zebra", "三文鱼"}
    assert is_free_of_tags(paper)
    assert [section.text for section in paper.sections][-2:] == [BEFORE, AFTER]
    assert len(paper.sections) == 2 or "see also" in line


@pytest.mark.parametrize("line", ANYWHERE)
def test_amid_a_section(line: str) -> None:
    """What stands before and after it stays."""
    paper = paper_of(f"# Jars and Grippers\n\n## Method\n{BEFORE}\n\n{line}\n\n{AFTER}\n")
    assert set(paper.tags) == {"zebra", "三文鱼"}
    assert is_free_of_tags(paper)
    assert BEFORE in embedded(paper)
    assert AFTER in embedded(paper)


@pytest.mark.parametrize("line", ANYWHERE)
def test_in_a_paper_without_a_heading(line: str) -> None:
    paper = paper_of(f"# Jars and Grippers\n\n{BEFORE}\n{line}\n{AFTER}\n")
    assert set(paper.tags) == {"zebra", "三文鱼"}
    assert is_free_of_tags(paper)
    assert BEFORE in embedded(paper)
    assert AFTER in embedded(paper)


@pytest.mark.parametrize("items", LISTS)
@pytest.mark.parametrize("last", [False, True])
def test_a_list_under_a_heading(items: str, last: bool) -> None:
    method = f"## Method\n{BEFORE}"
    body = f"{method}\n\n{items}" if last else f"{items}\n\n{method}"
    paper = paper_of(f"# Jars and Grippers\n\n{body}\n")
    assert set(paper.tags) == {"zebra", "三文鱼"}
    assert is_free_of_tags(paper)
    assert [section.text for section in paper.sections] == [BEFORE]


@pytest.mark.parametrize("items", LISTS[:2])
def test_two_papers_in_a_note_keep_their_own(items: str) -> None:
    text = (
        f"## Jars and Grippers\nTags: zebra\n- **Method**: {BEFORE}\n- **Results**: {AFTER}\n\n"
        f"## Bells of Bronze\nTags: 三文鱼\n- **Method**: A bell is struck.\n"
        f"- **Results**: It rings.\n"
    )
    first, second = read_note(text, "20240105.md", LABELS).papers
    assert (first.tags, second.tags) == (("zebra",), ("三文鱼",))
    assert is_free_of_tags(first)
    assert is_free_of_tags(second)
    assert "A bell is struck." in embedded(second)


def test_a_paper_that_has_nothing_but_tags_has_no_section() -> None:
    for line in (*ANYWHERE[:10], *UNDER_THE_TITLE, LISTS[0]):
        paper = paper_of(f"# Jars and Grippers\n\n{line}\n")
        assert set(paper.tags) == {"zebra", "三文鱼"}, line
        assert held(paper) == "", line


# --- what only looks like it ----------------------------------------------------------------------

PROSE = (
    "Tagging: we do it by hand.",
    "Tagged: nine thousand jars.",
    "Keyword spotting: a small network listens.",
    "The keywords: they come from the abstract.",
    "Price tags: read by the same camera.",
    "Keywords are weighed, tags: not.",
    "关键词抽取：先分词，再排序。",
    "Tags help: more of them help more.",
)


@pytest.mark.parametrize("line", PROSE)
@pytest.mark.parametrize("before", ["", "- ", "> "])
def test_prose_stays_and_makes_no_tag(line: str, before: str) -> None:
    paper = paper_of(f"# Jars and Grippers\n\n## Method\n{BEFORE}\n\n{before}{line}\n")
    assert paper.tags == ()
    assert line in held(paper)
    assert line in embedded(paper)
    assert without_tag_fields(f"{before}{line}") == f"{before}{line}"


@pytest.mark.parametrize("heading", ["## Keywords", "## Tags", "## 关键词"])
def test_prose_under_a_heading_of_tags_stays(heading: str) -> None:
    said = "Words that stand in the query are spotted by a small network."
    paper = paper_of(f"# Jars and Grippers\n\n## Method\n{BEFORE}\n\n{heading}\n{said}\n")
    assert paper.tags == ()
    assert said in embedded(paper)


def test_a_list_under_another_heading_stays() -> None:
    paper = paper_of("# Jars and Grippers\n\n## Results\n- zebra crossings\n- jars\n")
    assert paper.tags == ()
    assert "zebra crossings" in embedded(paper)


# --- lines taken out of a text --------------------------------------------------------------------


@given(
    label=st.sampled_from(LABEL),
    bullet=st.sampled_from(["", "- ", "* ", "+ ", "> ", "  - ", "\t", "> - ", "🏷️ "]),
    mark=st.sampled_from(["", "**"]),
    colon=st.sampled_from([":", "：", ": ", " : ", ":: "]),
    inside=st.booleans(),
)
def test_a_line_of_tags_goes_whatever_it_looks_like(
    label: str, bullet: str, mark: str, colon: str, inside: bool
) -> None:
    name = f"{mark}{label}{colon}{mark}" if inside else f"{mark}{label}{mark}{colon}"
    line = f"{bullet}{name}zebra, 三文鱼"
    assert plain_text(f"One.\n{line}\nTwo.") == "One.\nTwo."


@given(st.lists(st.sampled_from([*ANYWHERE[:10], *PROSE, BEFORE, "", "## Tags", "#zebra"])))
def test_lines_that_are_no_field_stay_in_their_order(lines: list[str]) -> None:
    fields = set(ANYWHERE[:10])
    left = without_tag_fields("\n".join(lines)).split("\n")
    expected = ["" if line in fields else line for line in lines] or [""]
    assert left == expected


pieces = st.sampled_from(["Tags", "标签", "key", ":", "：", "**", "- ", "> ", "|", "#", "a", " "])


@given(st.lists(st.lists(pieces, max_size=6).map("".join), max_size=6))
def test_lines_stay_lines_and_are_left_whole_or_go(lines: list[str]) -> None:
    text = "\n".join(line.lstrip(" *:：") for line in lines)
    left = without_tag_fields(text)
    assert without_tag_fields(left) == left
    for before, after in zip(text.split("\n"), left.split("\n"), strict=True):
        assert after in {"", before}
