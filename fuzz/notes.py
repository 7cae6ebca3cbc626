"""What holds of any note: how it is read, how tags are added to it, how one is renamed.

The inputs are files that people can read: a note as it is, or one line that says what is asked
for, and the note below it.
"""

from __future__ import annotations

import re
import time
from itertools import pairwise
from typing import TYPE_CHECKING

from papersim.errors import EditError
from papersim.notes.edit import forms_in, plan_tags
from papersim.notes.edit_forms import Form
from papersim.notes.edit_place import clean_tag, missing_tags, named_tag
from papersim.notes.labels import Labels
from papersim.notes.lines import parse_lines
from papersim.notes.plain import plain_text
from papersim.notes.reader import read_note
from papersim.notes.rename import Renaming, plan_rename
from papersim.notes.tags import tag_key

if TYPE_CHECKING:
    from papersim.notes.edit_place import Edit
    from papersim.notes.model import Note, PaperEntry

__all__ = ["reader", "renamer", "tagger"]

LABELS = Labels.load()
PATHS = ("20240105.md", "a/My Paper.md", "@X%3A y.md", "a.b.2401.00001.md", ".md")
FORMS = (
    Form("flow", "tags", '"a b"', ", "),
    Form("block", "keywords", "a b", "\n  - "),
    Form("property", "tags:: ", "#[[a b]]", ", "),
    Form("field", "> **标签**：", "`a b`", " "),
    Form("list", "## Keywords", "a b", "\n- "),
    Form("hashtags", "- #", "#a_b", "\n- "),
    Form("hashtags", "#", "#a_b", ", ", "end"),
)
_LONGEST = 10  # seconds, on a machine that does other things as well
_END = re.compile(r"\r\n|\r|\n")


def reader(data: bytes) -> None:
    """Read a note: it ends soon, raises nothing, and says truly where things stand."""
    text, path = data.decode("utf-8", "replace"), _path(data)
    begun = time.monotonic()
    note = read_note(text, path, LABELS)
    assert time.monotonic() - begun < _LONGEST, "reading takes too long"
    assert read_note(text, path, LABELS) == note, "read twice, it says two things"
    assert bool(note.papers) != bool(note.skipped)
    lines = parse_lines(text)
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    assert all(text[line.start : line.end] == line.text for line in lines)
    ends = {text[one.end : two.start] for one, two in pairwise(lines)}
    assert ends <= {"\n", "\r\n", "\r"}
    _check_places(note, text, len(lines))
    for paper in note.papers:
        assert not any(tag != tag.strip() or not tag for tag in paper.tags)
        for section in paper.sections:
            plain_text(section.text)


def _check_places(note: Note, text: str, lines: int) -> None:
    """Hold that sections are in order, apart, where they say, and of the text that is there."""
    last = 0
    for paper in note.papers:
        assert paper.title.strip()
        assert 1 <= paper.line <= max(1, lines)
        for section in paper.sections:
            assert section.kinds
            assert 1 <= section.line <= max(1, lines)
            if section.end == 0:  # from a header's key
                continue
            assert last <= section.start <= section.end <= len(text)
            last = section.end
            assert section.text in text[section.start : section.end]
            assert len(_END.findall(text[: section.start])) == section.line - 1


def tagger(data: bytes) -> None:
    """Add tags to each paper of a note: refused, or one piece, read back as just these tags.

    The first line names the tags, with ``|`` between; ``=`` in front makes them tags of the vault.
    """
    asked, text = _asked(data)
    known = asked.startswith("=")
    tags = [tag for tag in asked.removeprefix("=").split("|")[:3] if clean_tag(tag)]
    path = _path(data)
    note = read_note(text, path, LABELS)
    assert all(count >= 1 for _, count in forms_in(text, path, LABELS))
    forms = FORMS[len(data) % len(FORMS) :][: len(data) % 3]
    for paper in note.papers[:3]:
        try:
            edit = plan_tags(
                text,
                path,
                LABELS,
                line=paper.line,
                title=paper.title,
                tags=tags,
                vault_tags=[clean_tag(tag) for tag in tags] if known else (),
                forms=lambda: forms,
            )
        except EditError:
            continue
        _check_edit(note, paper, text, tags, edit)


def _check_edit(note: Note, paper: PaperEntry, text: str, tags: list[str], edit: Edit) -> None:
    new = edit.apply(text)
    gone = text[edit.at : edit.at + edit.cut]
    assert new[: edit.at] + gone + new[edit.at + len(edit.text) :] == text
    assert not any(c.isalnum() for c in gone) or gone.casefold() in {"null", "none"}
    assert not edit.text or text[max(0, edit.at - 1) : edit.at + 1] != "\r\n"
    assert not edit.text or edit.at >= text.startswith("\ufeff")
    after = read_note(new, note.path, LABELS)
    index = note.papers.index(paper)
    for number, (old, now) in enumerate(zip(note.papers, after.papers, strict=True)):
        assert _facts(old) == _facts(now)
        added = [tag for tag in now.tags if tag not in old.tags]
        assert sorted(added) == (sorted(edit.tags) if number == index else [])
        assert [tag for tag in now.tags if tag in old.tags] == list(old.tags)
    edited = after.papers[index]
    assert not missing_tags(edited.tags, tags)
    again = plan_tags(new, note.path, LABELS, line=edited.line, title=edited.title, tags=tags)
    assert again.text == "", "to add them once more is to do nothing"


def renamer(data: bytes) -> None:
    """Rename a tag in a note: refused, or every paper has the new name, and else says the same.

    The first line names the old tag and the new one, with ``|`` between.
    """
    asked, text = _asked(data)
    path = _path(data)
    try:
        old, new = (named_tag(name) for name in (*asked.split("|", 1), "")[:2])
        done = plan_rename(text, path, LABELS, Renaming(old, new))
    except EditError:
        return
    renaming = Renaming(old, new)
    before, after = read_note(text, path, LABELS), read_note(done.text, path, LABELS)
    assert after.skipped == before.skipped
    for one, other in zip(before.papers, after.papers, strict=True):
        assert _facts(one) == _facts(other)
        expected = {tag_key(renaming.of(tag)) for tag in one.tags}
        assert {tag_key(tag) for tag in other.tags} == expected
    if not any(renaming.meant(tag) for paper in before.papers for tag in paper.tags):
        assert not any(done.tags)
    again = plan_rename(text, path, LABELS, renaming)
    assert again == done


def _facts(paper: PaperEntry) -> tuple[object, ...]:
    return paper.title, paper.date, paper.arxiv, paper.doi, paper.authors, paper.venue


def _asked(data: bytes) -> tuple[str, str]:
    head, _, rest = data.partition(b"\n")
    return head.decode("utf-8", "replace"), rest.decode("utf-8", "replace")


def _path(data: bytes) -> str:
    return PATHS[len(data) % len(PATHS)]
