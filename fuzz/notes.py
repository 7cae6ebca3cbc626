"""What holds of any note: how it is read, how tags are added to it, how one is renamed.

What the property tests of the same promises hold is held here, of inputs that coverage leads to.
"""

from __future__ import annotations

import re
import sys
import time
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from papersim.errors import EditError
from papersim.notes.edit_place import named_tag
from papersim.notes.labels import Labels
from papersim.notes.lines import parse_lines
from papersim.notes.plain import plain_text
from papersim.notes.reader import read_note
from papersim.notes.rename import Renaming, plan_rename
from papersim.notes.tags import tag_key
from test_edit_properties import (
    FORMS,
    test_an_edit_adds_the_tags_in_one_piece_or_is_refused,
)
from test_notes_any_text import check
from test_rename import test_only_the_tag_changes_in_any_note

__all__ = ["merging", "reader", "renaming", "tag_writer"]

LABELS = Labels.load()
PATHS = ("20240105.md", "a/My Paper.md", "@X%3A y.md", "a.b.c.md")
SIGNS_AT_THE_END = re.compile(r"#[^\s#]*[+&/\-](?=[\s,，、;；#]|$)")
_LONGEST = 10  # seconds, on a machine that does other things as well


def reader(data: bytes) -> None:
    """Read a note: it ends soon, nothing is raised, and what is said of places is true."""
    text, path = data.decode("utf-8", "replace"), _path(data)
    begun = time.monotonic()
    note = read_note(text, path, LABELS)
    assert time.monotonic() - begun < _LONGEST, "reading takes too long"
    assert read_note(text, path, LABELS) == note, "read twice, it says two things"
    check(note, text)
    lines = parse_lines(text)
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    assert all(text[line.start : line.end] == line.text for line in lines)
    ends = {text[one.end : two.start] for one, two in pairwise(lines)}
    assert ends <= {"\n", "\r\n", "\r"}
    for paper in note.papers:
        assert all(tag and tag == tag.strip() for tag in paper.tags)
        for section in paper.sections:
            plain_text(section.text)


def tag_writer(data: bytes) -> None:
    """Add tags: the first line has them, the second what is chosen, then comes the note."""
    head, _, rest = data.decode("utf-8", "replace").partition("\n")
    chosen, _, text = rest.partition("\n")
    number = sum(map(ord, chosen))
    tags = [tag.strip() for tag in head.split(";")][:4]
    forms = [FORMS[(number + i) % len(FORMS)] for i in range(number % 3)]
    promise = test_an_edit_adds_the_tags_in_one_piece_or_is_refused.hypothesis.inner_test  # type: ignore[attr-defined]
    promise(text, tags, number % 4, forms, known=bool(number & 4))


def renaming(data: bytes) -> None:
    """Rename a tag: nothing but its name changes, and the signs at its end that belong to it."""
    text = data.decode("utf-8", "replace")
    if "fresh" not in text.casefold() and not SIGNS_AT_THE_END.search(text):
        promise = test_only_the_tag_changes_in_any_note.hypothesis.inner_test  # type: ignore[attr-defined]
        promise(text)


def merging(data: bytes) -> None:
    """Rename any tag to any other: refused, or each paper has the new name and else says the same.

    The first line names the two, with ``|`` between, then comes the note.
    """
    asked, _, text = data.decode("utf-8", "replace").partition("\n")
    path = _path(data)
    try:
        old, new = (named_tag(name) for name in (*asked.split("|", 1), "")[:2])
        done = plan_rename(text, path, LABELS, Renaming(old, new))
    except EditError:
        return
    between = Renaming(old, new)
    before, after = read_note(text, path, LABELS), read_note(done.text, path, LABELS)
    assert after.skipped == before.skipped
    for one, other in zip(before.papers, after.papers, strict=True):
        assert (one.title, one.date, one.arxiv, one.doi) == (
            *(other.title, other.date, other.arxiv, other.doi),
        )
        expected = {tag_key(between.of(tag)) for tag in one.tags}
        assert {tag_key(tag) for tag in other.tags} == expected
    if not any(between.meant(tag) for paper in before.papers for tag in paper.tags):
        assert not any(done.tags)


def _path(data: bytes) -> str:
    return PATHS[len(data) % len(PATHS)]
