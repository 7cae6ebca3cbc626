"""Whatever the text is: reading ends, raises nothing, and says truly where things stand."""

from __future__ import annotations

import random
import time
import unicodedata
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papersim.notes.labels import Labels, label_key
from papersim.notes.lines import parse_lines
from papersim.notes.plain import plain_text
from papersim.notes.reader import LONGEST_NOTE, MOST_LINES, read_note
from papersim.notes.tags import is_tag_line, split_tags
from papersim.notes.titles import clean_title, title_key

if TYPE_CHECKING:
    from papersim.notes.model import Note

LABELS = Labels.load()
SAMPLES = Path(__file__).resolve().parent.parent / "notes"
PIECES = (
    *("#", "##", "# ", "## ", "* ", "- ", "**", "[[", "]]", "[", "](", ")", "|", "::", "：", ": "),
    *("\n", "\n\n", "\r\n", "\r", "\t", "  ", "    ", "\0", "\ufeff", "🔥", "---\n", "```\n", "`"),
    *("> ", "> [!abstract] ", "title: ", "tags: [", "tags:: ", "  id:: 1\n", "heading:: true\n"),
    *(
        "#tag",
        "#概念",
        "研究背景",
        "**研究方法**：",
        "Method",
        "A Paper",
        "20240105",
        "实验",
        "what",
    ),
    *(
        "<div>",
        "</div>",
        "<!--",
        "$x$",
        "1. ",
        "(Ann Lee, Bo Ito)",
        "https://a.b/c",
        "{{",
        "}}",
        "====\n",
        "{{title}}",
        "<% tp.x %>",
        "#+BEGIN_SRC\n",
        "#+END_SRC\n",
    ),
)
"""What notes are made of, and what breaks readers."""

notes = st.one_of(
    st.text(max_size=300), st.lists(st.sampled_from(PIECES), max_size=60).map("".join)
)
paths = st.sampled_from(["20240105.md", "a/My Paper.md", "@X%3A y.md", "%ff.md", ".md", "a.b.c.md"])


def is_within(label: str, line: str) -> bool:
    """Return whether the letters of a label stand in a line in this order, whatever is between."""
    rest = iter(unicodedata.normalize("NFKC", unescape(line)).casefold())
    letters = unicodedata.normalize("NFKC", label).casefold()
    return all(letter in rest for letter in letters if letter.isalnum())


def check(note: Note, text: str) -> None:
    """Assert what holds of every note that was read."""
    assert bool(note.papers) != bool(note.skipped)
    lines = [line.text for line in parse_lines(text)] or [""]
    last = 0
    for paper in note.papers:
        assert paper.title.strip()
        assert 1 <= paper.line <= len(lines)
        for section in paper.sections:
            assert section.kinds
            assert 1 <= section.line <= len(lines)
            if section.end == 0:
                continue
            assert last <= section.start <= section.end <= len(text)
            last = section.end
            assert section.text in text[section.start : section.end]
            assert text[: section.start].replace("\r\n", "\n").replace("\r", "\n").count("\n") == (
                section.line - 1
            )
            if section.label:
                assert is_within(section.label, lines[section.line - 1])
        for index, one in enumerate(paper.sections[1:]):
            assert one.end == 0 or paper.sections[index].end <= one.start


@given(notes, paths)
@settings(max_examples=400, deadline=None)
def test_any_text_is_read(text: str, path: str) -> None:
    """A vault holds anything; one bad file must never stop the others from being read."""
    check(read_note(text, path, LABELS), text)


@given(notes, paths)
@settings(max_examples=200, deadline=None)
def test_every_word_of_a_one_paper_note_is_kept(text: str, path: str) -> None:
    """What stands in no section is title, tags, facts or furniture, never a paragraph of prose."""
    body = f"# A Paper\n\n{text}\n\nlastly some remarkable prose\n"
    note = read_note(body, path, LABELS)
    kept = "\n".join(section.text for paper in note.papers for section in paper.sections)
    fenced = any(mark in text for mark in ("```", "<!--", "<", "~~~", "\\", "{{", "---"))
    assert fenced or "remarkable prose" in kept


@given(st.text(alphabet="ab研#*-[]|:\r\n\t \0`>", max_size=200))
@settings(max_examples=300, deadline=None)
def test_lines_are_the_text_again(text: str) -> None:
    """Offsets and numbers are what editors and the tag writer rely on."""
    lines = parse_lines(text)
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    assert all(text[line.start : line.end] == line.text for line in lines)
    gaps = [text[one.end : two.start] for one, two in pairwise(lines)]
    assert set(gaps) <= {"\n", "\r\n", "\r"}


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_small_functions_take_any_text(text: str) -> None:
    """Titles, tags and labels come from anywhere."""
    clean_title(text)
    title_key(text)
    split_tags(text)
    is_tag_line(text)
    plain_text(text)
    assert label_key(label_key(text)) is not None
    assert set(LABELS.whole(text)) <= {*LABELS.kinds(text), "other"} or len(text) > 40


@pytest.mark.parametrize(
    "piece", ["[", "(", ">", "- ", "*", "`", "<", "{", "![", "[[", "**", "|", "#"]
)
@pytest.mark.parametrize("place", ["body", "header", "section", "lines"])
def test_endless_nesting_ends(piece: str, place: str) -> None:
    """A hundred thousand brackets make many a parser recurse or take minutes."""
    run = piece * 100_000
    text = {
        "body": f"# A Paper\n\nwords #a {run} end\n",
        "header": f"---\ntitle: A Paper\ntags: {run}\n---\nwords\n",
        "section": f"# A Paper\n- **方法**：{run}\n",
        "lines": "# A Paper\n" + (piece + "\n") * (MOST_LINES // 2),
    }[place]
    begin = time.perf_counter()
    note = read_note(text, "a.md", LABELS)
    for paper in note.papers:
        for section in paper.sections:
            plain_text(section.text)
    assert time.perf_counter() - begin < 10
    assert [paper.title for paper in note.papers] == ["A Paper"]


def test_what_is_too_long_is_skipped_with_a_reason() -> None:
    """Ten megabytes are a log file or a dump, and say so instead of taking minutes."""
    long = read_note("x" * 10_000_000, "a.md", LABELS)
    tall = read_note("x\n" * (MOST_LINES + 1), "a.md", LABELS)
    assert f"{LONGEST_NOTE:,}" in (long.skipped or "")
    assert f"{MOST_LINES:,}" in (tall.skipped or "")


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return a copy with a few pieces cut out, doubled, swapped or overwritten."""
    for _ in range(chance.randint(1, 6)):
        one, two = sorted(chance.randrange(len(data) + 1) for _ in range(2))
        two = min(two, one + chance.choice((1, 3, 40, 2000)))
        piece = data[one:two]
        match chance.randrange(4):
            case 0:
                data = data[:one] + data[two:]
            case 1:
                data = data[:two] + piece * chance.randint(1, 4) + data[two:]
            case 2:
                place = chance.randrange(len(data) + 1)
                data = data[:place] + piece + data[place:one] + data[two:]
            case _:
                data = data[:one] + chance.randbytes(len(piece[:8])) + data[two:]
    return data


@pytest.mark.slow
def test_damaged_notes_are_read() -> None:
    """Half-synced and half-merged files occur; none may crash or hang the reader."""
    chance = random.Random(20231130)  # noqa: S311 - no secret
    samples = [path.read_bytes() for path in sorted(SAMPLES.glob("*.md"))]
    for _ in range(20_000):
        text = mutated(chance.choice(samples), chance).decode("utf-8", errors="replace")
        begin = time.perf_counter()
        check(read_note(text, "20240105.md", LABELS), text)
        assert time.perf_counter() - begin < 5
