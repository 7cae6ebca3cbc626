"""Where a paper's own lines take tags: hashtags, labelled lists, ``## Tags``, or none yet."""

from __future__ import annotations

import re
from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING

from papersim.notes.edit_place import Place, line_end
from papersim.notes.edit_values import value_mark, value_place
from papersim.notes.fields import field_name, field_of
from papersim.notes.tags import hashtags, is_tag_line, split_tags

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from papersim.notes.edit_place import Style
    from papersim.notes.lines import Line

__all__ = ["body_places", "line_end_places", "new_line_places"]

_HASHTAG_LINE = re.compile(r"[\s>]*(?:[-*+]\s+)?#")
_ITEM = re.compile(r"(?P<prefix>[\s>]*(?:[-*+]|(?P<number>\d+)(?P<dot>[.)]))\s+)(?P<value>.*)")
_END_OF_TAG = re.compile(r"[.\-/+&:'’]*")
_AFTER_TAGS = " \t.,;:!?。，、；！？)）*_|"
_UNREAD = frozenset({"code", "heading", "blank", "html"})
_BLOCKLESS = _UNREAD | {"table"}


def body_places(
    own: Sequence[Line], every: Sequence[Line], text: str, style: Style
) -> Iterator[Place]:
    """Yield the places in a paper's lines where it has tags or a label for them.

    ``every`` are the lines of the whole note: they show whether tags stand one a line.
    """
    yield from _labelled(own, style)
    yield from _listed(own, text, style)
    yield from _tag_lines(own, every, text, style)
    yield from line_end_places(own, style, edges=True)


def new_line_places(
    heading: Line | None, own: Sequence[Line], text: str, style: Style
) -> Iterator[Place]:
    """Yield the places for a paper's first line of hashtags: under its heading, at its end."""
    if heading is not None:
        end = line_end(text, heading.end)
        # Without the blank line the hashtags would run into the paragraph below.
        tail = end if own and own[0].number == heading.number + 1 and own[0].text.strip() else ""
        yield Place(
            "new hashtag line under the heading", heading.end, style.hashtag, end, " ", tail
        )
    content = [line for line in own if line.kind != "blank"]
    if content:
        end = line_end(text, content[-1].end)
        yield Place("new hashtag line at the end", content[-1].end, style.hashtag, end + end, " ")
    elif heading is None:
        lead = "" if not text or text.endswith(("\n", "\r")) else line_end(text)
        yield Place("new hashtag line at the end", len(text), style.hashtag, lead, " ")


def _labelled(own: Sequence[Line], style: Style) -> Iterator[Place]:
    """Yield the lines such as ``**Tags**: a, b`` or ``tags:: #a``."""
    for line, after in zip_longest(own, own[1:]):
        fact = field_of(line)
        if fact is None or fact.name != "tags":
            continue
        start = line.start + len(line.text.rstrip()) - len(fact.value)
        logseq = "::" in line.text[: start - line.start]
        if fact.value:
            place = value_place(fact.value, start, style, "labelled line", logseq=logseq)
            if place:
                yield place
        elif after is None or not _ITEM.match(after.text):
            lead = "" if line.text.endswith((" ", "\t", "：")) else " "
            yield Place("labelled line", line.end, style.plain, lead, ", ")


def _listed(own: Sequence[Line], text: str, style: Style) -> Iterator[Place]:
    """Yield the lists under ``## Tags``: one place for each, after its last item."""
    inside = False
    held: list[str] = []
    last: int | None = None
    for index, line in enumerate(own):
        if line.kind == "heading":
            if last is not None:
                yield _after_item(own, last, text, style, len(set(held)))
            held, last = [], None
            inside = field_name(re.sub(r"^[\s>]*#{1,6}", "", line.text).strip(" :：#")) == "tags"
        elif inside and line.item and (match := _ITEM.match(line.text)):
            held += split_tags(match["value"].split(" / "))
            last = index
    if last is not None:
        yield _after_item(own, last, text, style, len(set(held)))


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


def _tag_lines(
    own: Sequence[Line], every: Sequence[Line], text: str, style: Style
) -> Iterator[Place]:
    """Yield where the blocks of hashtag lines go on, the block with most tags first.

    A lone tag under a title begins a stack, one a line; at the end of a text it begins a row.
    """
    below = {line.number: after for line, after in pairwise(own)}
    blocks = _blocks(own)
    blocks.sort(key=lambda block: -sum(len(hashtags(line.prose)) for line in block))
    first = next((line for line in own if line.kind != "blank"), None)
    for block in blocks:
        held = len({tag for line in block for tag in hashtags(line.prose)})
        several = [line for line in block if len(hashtags(line.prose)) > 1]
        lone = block[0] is first and not block[0].item and not _side_by_side(every)
        stacked = len(block) > 1 or lone
        last = block[-1]
        if stacked and not several and (prefix := _repeatable(last, below.get(last.number))):
            lead = line_end(text, last.end) + prefix[:-1]
            yield Place("hashtag line of its own", last.end, style.hashtag, lead, lead, held=held)
        if place := _append((several or block)[-1], style, "appended to a hashtag line", held):
            yield place


def _repeatable(line: Line, below: Line | None) -> str:
    """Return what stands before a line's tag, ``#`` included, where a new line can repeat it.

    An item with lines nested in it cannot be followed by another: it would take them over.
    """
    match = _HASHTAG_LINE.match(line.text)
    if match is None:
        return ""
    depth = 0 if below is None or below.kind == "blank" else below.depth + (not below.item)
    return "" if line.item and depth > line.depth else match.group()


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
