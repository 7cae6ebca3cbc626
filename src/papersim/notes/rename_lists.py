"""Where the lines of a note hold tags: labelled lists, ``## Tags``, hashtags."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from papersim.errors import EditError
from papersim.notes.fields import field_name, field_of, hash_field
from papersim.notes.reader import may_hold_tags
from papersim.notes.rename_items import Item, TagList, hashtag_items, value_items
from papersim.notes.tags import hashtags

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from papersim.notes.lines import Line

__all__ = ["body_lists"]

_ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)])\s+")
_SIDE_BY_SIDE = " \t,，、;；"
_AROUND = _SIDE_BY_SIDE + ".*-+>|"


def body_lists(
    lines: Sequence[Line],
    headings: Collection[int],
    text: str,
    path: str,
    meant: Callable[[str], bool],
) -> Iterator[TagList]:
    """Yield the lists of tags in a note's lines, where the reader finds them.

    ``headings`` are the numbers of lines that name a section. Raises EditError for a line with
    a hashtag that is ``meant`` and cannot be located.
    """
    listed = False
    for line in lines:
        found: list[Item] = []
        if line.kind == "heading":
            label = re.sub(r"^[\s>]*#{1,6}", "", line.text).strip(" :：#")
            listed = field_name(label) == "tags"
        elif listed and line.item and (match := _ITEM.match(line.text)):
            found = _in_values(line.text, match.end(), re.compile(" / "))
        fact = field_of(line)
        if fact is not None and fact.name == "tags" and fact.value:
            start = line.text.rindex(fact.value)
            found = [item.moved(start) for item in value_items(fact.value)]
        if found:
            whole = _whole(line, text) if listed and fact is None else None
            span = whole or (line.start + found[0].first, line.start + found[-1].last)
            yield TagList(tuple(item.moved(line.start) for item in found), span, line.number)
        if may_hold_tags(line) and not (
            line.number in headings and line.text.lstrip(" \t-*+").startswith("#")
        ):
            yield from _hashtag_lists(line, found, text, path, meant)


def _in_values(text: str, start: int, separator: re.Pattern[str]) -> list[Item]:
    items: list[Item] = []
    for match in [*separator.finditer(text, start), None]:
        stop = match.start() if match else len(text)
        items += [item.moved(start) for item in value_items(text[start:stop])]
        start = match.end() if match else stop
    return items


def _hashtag_lists(
    line: Line, known: Sequence[Item], text: str, path: str, meant: Callable[[str], bool]
) -> Iterator[TagList]:
    """Yield the runs of hashtags in a line, without those that are known already."""
    if not any(map(meant, hashtags(line.prose))):
        return
    items = hashtag_items(line)
    if items is None:
        raise EditError(
            f"{path}:{line.number}: the tags in this line stand among code or links in a way that "
            "is not edited; rename there by hand"
        )
    items = items[1:] if items and items[0].tag == hash_field(line.text) else items
    items = [i for i in items if not any(k.first < i.last and i.first < k.last for k in known)]
    if not items:
        return
    alone = not known and not _beside(line, items).strip(_AROUND)
    runs = [[items[0]]]
    for before, item in pairwise(items):
        gap = line.text[before.last : item.first]
        if alone or not gap.strip(_SIDE_BY_SIDE):
            runs[-1].append(item)
        else:
            runs.append([item])
    whole = _whole(line, text) if alone else None
    for run in runs:
        yield TagList(tuple(item.moved(line.start) for item in run), whole, line.number)


def _beside(line: Line, items: Sequence[Item]) -> str:
    """Return what a line holds beside its hashtags: prose does not tell of images and code."""
    edges = [0, *(place for item in items for place in (item.first, item.last)), len(line.text)]
    return "".join(line.text[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True))


def _whole(line: Line, text: str) -> tuple[int, int]:
    """Return a line's place with its line end, the one before where it is the last line."""
    end = re.compile(r"\r\n|\r|\n|").match(text, line.end)
    stop = end.end() if end else line.end
    before = re.search(r"(?:\r\n|\r|\n)$", text[: line.start])
    return (before.start() if stop == line.end and before else line.start, stop)
