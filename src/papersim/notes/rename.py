"""A tag renamed in a note: only its own characters change, wherever the reader finds it.

The edit is composed from the places of the tag, the result read again, and taken only if the
note then says just what it said before with the tag renamed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import yaml

from papersim.errors import EditError, UnwritableTagError
from papersim.notes.edit_scalar import quoted
from papersim.notes.header import read_header
from papersim.notes.lines import parse_lines
from papersim.notes.reader import read_note
from papersim.notes.rename_header import header_lists
from papersim.notes.rename_items import is_hashtag
from papersim.notes.rename_lists import body_lists
from papersim.notes.segments import find_segments
from papersim.notes.tags import TAG_KEYS, split_tags, tag_key, unique_tags, without_hashtags

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from papersim.notes.header import Header
    from papersim.notes.labels import Labels
    from papersim.notes.model import Note, PaperEntry
    from papersim.notes.rename_items import Item, TagList

__all__ = ["Renamed", "Renaming", "plan_rename"]

_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Renaming:
    """A tag's new name; tags nested under it keep what follows (``a/b`` becomes ``new/b``)."""

    old: str
    new: str

    def of(self, tag: str) -> str:
        """Return what a tag is after the renaming; case and width of the old name do not count."""
        parts = tag.split("/")
        depth = self.old.count("/") + 1
        if tag_key("/".join(parts[:depth])) != tag_key(self.old):
            return tag
        return "/".join([self.new, *parts[depth:]])

    def meant(self, tag: str) -> bool:
        """Return whether a tag gets another name."""
        return self.of(tag) != tag

    def of_all(self, tags: Sequence[str]) -> list[str]:
        """Return the keys of tags after the renaming, sorted, each once."""
        return sorted({tag_key(self.of(tag)) for tag in tags})


@dataclass(frozen=True, slots=True)
class Renamed:
    """A note's text with a tag renamed, and the new names that each of its papers has by that."""

    text: str
    tags: tuple[tuple[str, ...], ...] = ()


def plan_rename(text: str, path: str, labels: Labels, renaming: Renaming) -> Renamed:
    """Return a note with a tag renamed; its text is the same where it does not have the tag.

    Where a paper has the new tag already, the old one is taken out of lists and lines of tags
    with its separator, and doubled in a sentence. Raises EditError where the result would not
    be read back as the same note with the tag renamed, UnwritableTagError where the new name
    cannot be written in the place of the old.
    """
    if tag_key(renaming.old.split()[0]) not in tag_key(text):
        return Renamed(text)
    note = read_note(text, path, labels)
    header = read_header(text.removeprefix(_BOM))
    cuts: list[tuple[int, int, str]] = []
    for tag_list, held in _lists(text, labels, note, header, renaming):
        cuts += _cuts(tag_list, held, renaming, path, text)
    new = text
    for start, stop, by in sorted(set(cuts), reverse=True):
        new = new[:start] + by + new[stop:]
    tags = tuple(
        unique_tags([renaming.of(tag) for tag in paper.tags if renaming.meant(tag)])
        for paper in note.papers
    )
    if new != text or any(tags):
        _check(note, header, new, labels, renaming)
    return Renamed(new, tags)


def _lists(
    text: str, labels: Labels, note: Note, header: Header, renaming: Renaming
) -> Iterator[tuple[TagList, Sequence[str]]]:
    """Yield the lists of tags in a note, each with all the tags of the paper that has it."""
    bare = text.removeprefix(_BOM)
    bom = len(text) - len(bare)
    lines = parse_lines(bare[header.end :], header.end_line, header.end + bom)
    segments = find_segments(header, lines, labels, note.path)
    sections = {section.line for paper in note.papers for section in paper.sections}
    owner = {
        line.number: paper.tags
        for segment, paper in zip(segments, note.papers, strict=False)
        for line in (*lines[: segment.above], *lines[segment.first : segment.stop])
    }
    in_header = list(header_lists(header, bare))
    own = [item.tag for tag_list in in_header for item in tag_list.items]
    alone = note.papers[0].tags if len(note.papers) == 1 else own
    for tag_list in in_header:
        yield _moved(tag_list, bom), alone
    for tag_list in body_lists(lines, sections, text, note.path, renaming.meant):
        yield tag_list, owner.get(tag_list.line, [item.tag for item in tag_list.items])


def _moved(tag_list: TagList, offset: int) -> TagList:
    items = tuple(item.moved(offset) for item in tag_list.items)
    whole = tag_list.whole and (tag_list.whole[0] + offset, tag_list.whole[1] + offset)
    return type(tag_list)(items, whole, tag_list.line)


def _cuts(
    tag_list: TagList, held: Sequence[str], renaming: Renaming, path: str, text: str
) -> Iterator[tuple[int, int, str]]:
    """Yield what is replaced in a list: names, or tags with their separators."""
    present = {tag_key(tag) for tag in held if renaming.of(tag) == tag}
    changed = [(item, renaming.of(item.tag)) for item in tag_list.items]
    gone = [new != item.tag and tag_key(new) in present for item, new in changed]
    if all(gone) and tag_list.whole:
        yield (*tag_list.whole, "")
        return
    if all(gone):  # in a sentence, which would miss its word
        gone = [False] * len(gone)
    kept = gone.index(False)
    for number, (item, following) in enumerate(pairwise(tag_list.items)):
        if number < kept:
            yield item.first, following.first, ""
        elif gone[number + 1]:
            yield item.last, following.last, ""
    for (item, new), out in zip(changed, gone, strict=True):
        if new != item.tag and not out:
            yield _written(item, new, path, tag_list.line, text)


def _written(item: Item, new: str, path: str, line: int, text: str) -> tuple[int, int, str]:
    """Return how a tag is written in the place of another; raises UnwritableTagError."""
    if item.hashtag and not is_hashtag(new):
        place = f"{path}:{line}" if line else path
        raise UnwritableTagError(
            f"'{new}' cannot be written as a hashtag, as {place} has it; choose a name without "
            "blanks and punctuation"
        )
    if item.plain and not _is_text(new):
        return item.first, item.last, quoted(new, '"')
    quote = text[item.first]
    if quote in "\"'" and quote in new:
        return item.first, item.last, quoted(new, quote)
    return item.start, item.end, new


def _is_text(tag: str) -> bool:
    """Return whether YAML reads a tag without quotes, in a list of any form, as this text."""
    try:
        return bool(yaml.safe_load(f"[{tag}]") == [tag] == yaml.safe_load(f"- {tag}"))
    except (yaml.YAMLError, ValueError):
        return False


def _check(note: Note, header: Header, text: str, labels: Labels, renaming: Renaming) -> None:
    """Raise EditError where a text does not say what a note said, with the tag renamed."""
    after = read_note(text, note.path, labels)
    same = len(after.papers) == len(note.papers) and _same_header(
        header, read_header(text.removeprefix(_BOM)), renaming
    )
    pairs = zip(note.papers, after.papers, strict=False)
    if same and all(_same(old, new, renaming) for old, new in pairs):
        return
    raise EditError(
        f"{note.path}: '{renaming.old}' is written there in a way that is not renamed safely; "
        "rename it there by hand"
    )


def _same_header(old: Header, new: Header, renaming: Renaming) -> bool:
    values = [
        {key: value for key, value in header.values.items() if key not in TAG_KEYS}
        for header in (old, new)
    ]
    tags = [split_tags(header.items(*TAG_KEYS)) for header in (old, new)]
    before, after = (renaming.of_all(found) for found in tags)
    return (
        (old.form, old.broken) == (new.form, new.broken)
        and values[0] == values[1]
        and set(after) <= set(before)
    )


def _same(old: PaperEntry, new: PaperEntry, renaming: Renaming) -> bool:
    """Return whether a paper says the same, with its tags renamed."""
    rest = [[tag for tag in paper.tags if renaming.of(tag) == tag] for paper in (old, new)]
    names = {renaming.of(tag) for tag in old.tags}
    return (
        _facts(old, renaming) == _facts(new, renaming)
        and set(new.tags) <= names
        and sorted({tag_key(tag) for tag in new.tags}) == renaming.of_all(old.tags)
        and [tag for tag in rest[1] if tag in rest[0]] == rest[0]
    )


def _facts(paper: PaperEntry, renaming: Renaming) -> tuple[object, ...]:
    sections = tuple((s.label, s.kinds, _words(s.text, renaming)) for s in paper.sections)
    links = {link for link in paper.links if renaming.of(link) == link != renaming.new}
    return (
        *(paper.title, paper.date, paper.arxiv, paper.doi, paper.authors, paper.venue),
        *(sections, links),
    )


def _words(text: str, renaming: Renaming) -> str:
    """Return a text without hashtags and without what stands in lists of tags there."""
    bare = without_hashtags(text)
    # The longer first: the one may be the beginning of the other.
    longest = sorted((renaming.old, renaming.new), key=len, reverse=True)
    names = "|".join(re.escape(name) for name in longest)
    return "".join(c for c in re.sub(names, "", bare, flags=re.IGNORECASE) if c.isalnum())
