"""The one edit papersim makes: tags added to a paper in a note, every other character kept.

The places where the note has tags are tried in turn, those that hold most of them first. Each
edit is composed, the result read again, and taken only if the note then says just what it said
before with the new tags more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from papersim.errors import EditError
from papersim.notes.edit_body import body_places, line_end_places, new_line_places
from papersim.notes.edit_place import Edit, Style, missing_tags
from papersim.notes.edit_yaml import header_places, new_key_places
from papersim.notes.header import read_header
from papersim.notes.lines import parse_lines
from papersim.notes.reader import read_note
from papersim.notes.segments import find_segments
from papersim.notes.tags import TAG_KEYS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from papersim.notes.edit_place import Place
    from papersim.notes.header import Header
    from papersim.notes.labels import Labels
    from papersim.notes.model import Note, PaperEntry

__all__ = ["Edit", "add_tags", "plan_tags"]

_BOM = "\ufeff"


def add_tags(
    text: str,
    path: str,
    labels: Labels,
    *,
    line: int,
    title: str,
    tags: Sequence[str],
    vault_tags: Collection[str] = (),
) -> str:
    """Return a note's text with tags added to one of its papers; see ``plan_tags``."""
    edit = plan_tags(text, path, labels, line=line, title=title, tags=tags, vault_tags=vault_tags)
    return edit.apply(text)


def plan_tags(
    text: str,
    path: str,
    labels: Labels,
    *,
    line: int,
    title: str,
    tags: Sequence[str],
    vault_tags: Collection[str] = (),
) -> Edit:
    """Return the insertion that adds tags to the paper of a note that has this title and line.

    The line may be out of date where the title is the only one of its kind in the note. Tags
    that the paper has are left out; if it has all of them the edit is empty. ``vault_tags``
    are other tags of the vault, which show how it writes them. Raises EditError where the
    paper is not there, or where no insertion would be read back as just these tags.
    """
    note = read_note(text, path, labels)
    index = _index_of(note, line, title)
    paper = note.papers[index]
    missing = missing_tags(paper.tags, tags)
    if not missing:
        return Edit()
    before = _Reading(note, read_header(text.removeprefix(_BOM)))
    for place in _places(text, labels, note, index, vault_tags):
        edit = place.edit(missing)
        if before.agrees(edit, index, edit.apply(text), labels):
            return edit
    named = ", ".join(f"'{tag}'" for tag in missing)
    raise EditError(
        f"{path}:{paper.line}: found no way to add {named} that would be read back as such; "
        "add it by hand or choose another spelling"
    )


def _index_of(note: Note, line: int, title: str) -> int:
    """Return which of a note's papers is meant."""
    titled = [i for i, paper in enumerate(note.papers) if paper.title == title]
    here = [i for i in titled if note.papers[i].line == line]
    chosen = here or titled
    if len(chosen) != 1:
        wrong = "is not in the note any more" if not chosen else "is in the note more than once"
        raise EditError(
            f"{note.path}:{line}: the paper '{title}' {wrong}; run `papersim index` and try again"
        )
    return chosen[0]


def _places(
    text: str, labels: Labels, note: Note, index: int, vault_tags: Collection[str]
) -> Iterator[Place]:
    """Yield the places for a paper's new tags, the most fitting first."""
    bare = text.removeprefix(_BOM)
    bom = len(text) - len(bare)
    header = read_header(bare)
    lines = parse_lines(bare[header.end :], header.end_line, header.end + bom)
    segments = find_segments(header, lines, labels, note.path)
    segment = segments[index]
    own = lines[segment.first : segment.stop]
    alone = len(segments) == 1
    style = Style.of(header, [*vault_tags, *(tag for p in note.papers for tag in p.tags)])
    present: list[Place] = []
    if alone:
        present += (place.moved(bom) for place in header_places(header, bare, style))
    present += body_places(own, lines, text, style)
    yield from sorted(present, key=lambda place: -place.held)
    if alone:
        yield from (place.moved(bom) for place in new_key_places(header, bare, style))
    yield from line_end_places(own, style, edges=False)
    above = lines[segment.first - 1] if segment.first else None
    heading = above if above is not None and above.kind == "heading" else None
    yield from new_line_places(heading, own, text, style)


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a note said before an edit."""

    note: Note
    header: Header

    def agrees(self, edit: Edit, index: int, text: str, labels: Labels) -> bool:
        """Return whether the edited text says the same, with the edit's tags in one paper more."""
        after = read_note(text, self.note.path, labels)
        if len(after.papers) != len(self.note.papers) or not self._same_header(text):
            return False
        pairs = enumerate(zip(self.note.papers, after.papers, strict=True))
        return all(
            _facts(old) == _facts(new)
            and (_has_more(old, new, edit) if number == index else _same(old, new))
            for number, (old, new) in pairs
        )

    def _same_header(self, text: str) -> bool:
        """Return whether all keys but those for tags are what they were, and YAML as sound."""
        after = read_header(text.removeprefix(_BOM))
        return (
            after.form == self.header.form
            and after.broken == self.header.broken
            and _other_values(after) == _other_values(self.header)
        )


def _other_values(header: Header) -> dict[str, object]:
    return {key: value for key, value in header.values.items() if key not in TAG_KEYS}


def _facts(paper: PaperEntry) -> tuple[object, ...]:
    labels = tuple((section.label, section.kinds) for section in paper.sections)
    return (paper.title, paper.date, paper.arxiv, paper.doi, paper.authors, paper.venue, labels)


def _same(old: PaperEntry, new: PaperEntry) -> bool:
    texts = [[section.text for section in paper.sections] for paper in (old, new)]
    return old.tags == new.tags and old.links == new.links and texts[0] == texts[1]


def _has_more(old: PaperEntry, new: PaperEntry, edit: Edit) -> bool:
    """Return whether a paper has an edit's tags more, its old ones in order, its texts kept."""
    added = [tag for tag in new.tags if tag not in old.tags]
    kept = tuple(tag for tag in new.tags if tag in old.tags)
    texts = zip(old.sections, new.sections, strict=True)
    return (
        kept == old.tags
        and sorted(added) == sorted(edit.tags)
        and all(_is_longer(one.text, other.text) for one, other in texts)
    )


def _is_longer(old: str, new: str) -> bool:
    """Return whether a text is another with nothing or one piece put in."""
    pairs = enumerate(zip(old, new, strict=False))
    start = next((place for place, (one, other) in pairs if one != other), len(old))
    return len(new) >= len(old) and new.endswith(old[start:])
