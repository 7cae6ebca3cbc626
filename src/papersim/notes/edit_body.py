"""Where a paper's own lines have tags: hashtags, labelled lines, a list under ``## Tags``."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from papersim.notes.edit_forms import form_of
from papersim.notes.edit_place import Place, line_end
from papersim.notes.edit_values import value_mark, value_place
from papersim.notes.fields import field_name, field_of
from papersim.notes.tags import hashtags, is_tag_line, split_tags

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from papersim.notes.edit_paper import PaperText
    from papersim.notes.edit_place import Style
    from papersim.notes.lines import Line

__all__ = ["body_places", "label_of", "line_end_places", "names_tags"]

_HASHTAG_LINE = re.compile(r"[\s>]*(?:[-*+]\s+)?#")
_ITEM = re.compile(r"(?P<prefix>[\s>]*(?:[-*+]|(?P<number>\d+)(?P<dot>[.)]))\s+)(?P<value>.*)")
_END_OF_TAG = re.compile(r"[.\-/+&:'’]*")
_AFTER_TAGS = " \t.,;:!?。，、；！？)）*_|"
_UNREAD = frozenset({"code", "heading", "blank", "html"})
_BLOCKLESS = _UNREAD | {"table"}


def body_places(paper: PaperText, style: Style) -> Iterator[Place]:
    """Yield the places in a paper's lines where it has tags."""
    yield from _labelled(paper.own, style)
    yield from _listed(paper.own, paper.text, style)
    yield from _tag_lines(paper, style)
    yield from line_end_places(paper.own, style, edges=True)


def label_of(line: Line | None) -> str:
    """Return what a labelled line begins with, up to its value; empty for any other line."""
    fact = field_of(line) if line is not None else None
    if line is None or fact is None:
        return ""
    return line.text[: line.text.rindex(fact.value)] if fact.value else line.text


def names_tags(line: Line) -> bool:
    """Return whether a line is a heading such as ``## Tags``."""
    if line.kind != "heading":
        return False
    return field_name(re.sub(r"^[\s>]*#{1,6}", "", line.text).strip(" :：#")) == "tags"


def _labelled(own: Sequence[Line], style: Style) -> Iterator[Place]:
    """Yield the lines such as ``**Tags**: a, b`` or ``tags:: #a``."""
    for above, line in zip([None, *own], own, strict=False):
        fact = field_of(line)
        if fact is None or fact.name != "tags" or not fact.value:
            continue
        label = label_of(line)
        start = line.start + len(label)
        place = value_place(fact.value, start, style, "labelled line", logseq="::" in label)
        if place and line.kind == "table":
            yield place
        elif place:
            yield replace(place, form=form_of(place, "field", label, label_of(above).strip()))


def _listed(own: Sequence[Line], text: str, style: Style) -> Iterator[Place]:
    """Yield the lists under ``## Tags``: one place for each, after its last item."""
    heading = ""
    held: list[str] = []
    last: int | None = None
    for index, line in enumerate([*own, None]):
        if line is None or line.kind == "heading":
            if last is not None and held:
                place = _after_item(own, last, text, style, len(set(held)))
                counted = place.between.strip()[:1].isdigit()  # the next list begins at 1
                yield place if counted else replace(place, form=form_of(place, "list", heading))
            held, last = [], None
            heading = line.text.strip() if line is not None and names_tags(line) else ""
        elif heading and line.item and (match := _ITEM.match(line.text)):
            held += split_tags(match["value"].split(" / "))
            last = index


def _after_item(own: Sequence[Line], index: int, text: str, style: Style, held: int) -> Place:
    item = own[index]
    match = _ITEM.match(item.text)
    assert match is not None  # noqa: S101 - the caller matched it
    while index + 1 < len(own) and own[index + 1].kind == "text" and not own[index + 1].item:
        index += 1  # an item may go on over several lines
    prefix = match["prefix"]
    if match["number"]:
        following = f"{int(match['number']) + 1}{match['dot']}"
        prefix = prefix.replace(f"{match['number']}{match['dot']}", following)
    lead = line_end(text, own[index].end) + prefix
    mark = value_mark(match["value"].strip(), style)
    return Place("list under a heading", own[index].end, mark, lead, lead, held=held)


def _tag_lines(paper: PaperText, style: Style) -> Iterator[Place]:
    """Yield where the blocks of hashtag lines go on, the block with most tags first.

    A lone tag under a title begins a stack, one a line; at the end of a text it begins a row.
    """
    own, text = paper.own, paper.text
    below = {line.number: after for line, after in pairwise(own)}
    blocks = _blocks(own)
    blocks.sort(key=lambda block: -sum(len(hashtags(line.prose)) for line in block))
    content = [line for line in own if line.kind != "blank"]
    for block in blocks:
        held = len({tag for line in block for tag in hashtags(line.prose)})
        several = [line for line in block if len(hashtags(line.prose)) > 1]
        first = block[0] is content[0]
        lone = first and not block[0].item and not _side_by_side(paper.lines)
        stacked = len(block) > 1 or lone
        last = block[-1]
        form = _form_of_block(block, content)
        if stacked and not several and (prefix := _repeatable(last, below.get(last.number))):
            lead = line_end(text, last.end) + prefix[:-1]
            place = Place("hashtag line of its own", last.end, style.hashtag, lead, lead, held=held)
            yield replace(place, form=form_of(place, *form))
        row = _append((several or block)[-1], style, "appended to a hashtag line", held)
        if row is not None:
            yield replace(row, form=form_of(row, *form))


def _form_of_block(block: Sequence[Line], content: Sequence[Line]) -> tuple[str, str, str]:
    """Return the kind, label and ``after`` of the form that a block of hashtag lines has."""
    number = content.index(block[0])
    above = content[number - 1] if number else None
    if above is not None and names_tags(above):
        return "list", above.text.strip(), ""
    at_end = above is not None and block[-1] is content[-1]
    return "hashtags", _beginning(block[-1]), "end" if at_end else ""


def _repeatable(line: Line, below: Line | None) -> str:
    """Return what stands before a line's tag, ``#`` included, where a new line can repeat it.

    An item with lines nested in it cannot be followed by another: it would take them over.
    """
    depth = 0 if below is None or below.kind == "blank" else below.depth + (not below.item)
    return "" if line.item and depth > line.depth else _beginning(line)


def _beginning(line: Line) -> str:
    """Return what a line begins with up to its first ``#``; nothing where a word comes before."""
    match = _HASHTAG_LINE.match(line.text)
    return match.group() if match else ""


def _blocks(lines: Sequence[Line]) -> list[list[Line]]:
    """Return the runs of hashtag lines; blank lines do not end a run."""
    blocks: list[list[Line]] = []
    going_on = False
    for line in lines:
        if _is_tag_line(line):
            if not going_on:
                blocks.append([])
            blocks[-1].append(line)
            going_on = True
        elif line.kind != "blank":
            going_on = False
    return blocks


def _is_tag_line(line: Line) -> bool:
    """Return whether a line is one of hashtags only, and of people's (Org has ``#+BEGIN_…``)."""
    return (
        line.kind not in _BLOCKLESS
        and is_tag_line(line.prose)
        and "#+" not in line.text
        and field_of(line) is None
    )


def _side_by_side(lines: Sequence[Line]) -> bool:
    """Return whether a note's hashtag lines hold several tags rather than stand in stacks."""
    several = stacks = 0
    for block in _blocks(lines):
        counts = [len(hashtags(line.prose)) for line in block]
        several += any(count > 1 for count in counts)
        stacks += len(counts) > 1 and max(counts) == 1
    return several > stacks


def line_end_places(own: Sequence[Line], style: Style, *, edges: bool) -> Iterator[Place]:
    """Yield the lines of prose that end in hashtags, the last one first.

    ``edges``: only the paper's first and last line, where hashtags speak of all of it; else
    only the others.
    """
    content = [line for line in own if line.kind != "blank"]
    for line in reversed(content):
        if (line in (content[0], content[-1])) is not edges or line.kind in _BLOCKLESS:
            continue
        fact = field_of(line)
        if is_tag_line(line.prose) or (fact is not None and fact.name != "ignored"):
            continue
        held = len(set(hashtags(line.prose)))
        place = _append(line, style, "appended to a line's hashtags", held)
        if place and not line.text[place.at - line.start :].strip(_AFTER_TAGS):
            yield place


def _append(line: Line, style: Style, manner: str, held: int) -> Place | None:
    """Return the place after a line's last hashtag, separated as its last two are."""
    spans: list[tuple[int, int]] = []
    position = 0
    for tag in hashtags(line.prose):
        found = re.compile(rf"#(?:\[\[\s*{re.escape(tag)}\s*\]\]|{re.escape(tag)}(?!\w))").search(
            line.text, position
        )
        if found is None:
            return None
        # What the reader takes off a tag's end (`C++`) is still part of the word.
        rest = _END_OF_TAG.match(line.text, found.end())
        position = rest.end() if rest else found.end()
        spans.append((found.start(), position))
    if not spans:
        return None
    gap = line.text[spans[-2][1] : spans[-1][0]] if len(spans) > 1 else " "
    between = " " if gap.strip(" \t,，、;；") else gap
    last = line.text[spans[-1][0] : spans[-1][1]]
    mark = style.page_hashtag if last.endswith("]]") else style.hashtag
    return Place(manner, line.start + spans[-1][1], mark, between, between, held=held)
