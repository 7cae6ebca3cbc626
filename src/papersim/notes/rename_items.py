"""The tags on a line or in a value, each with its place: what a rename replaces or takes out."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from papersim.notes.tags import hashtag_spans, hashtags, split_tags

if TYPE_CHECKING:
    from collections.abc import Iterator

    from papersim.notes.lines import Line

__all__ = ["Item", "TagList", "hashtag_items", "is_hashtag", "value_items"]

_CODE = re.compile(r"`([^`]+)`")
_LINK_OR_TEXT = re.compile(r"#?\[\[([^\[\]\r\n]+)\]\]|([^,，、;；\[\]]+)")
_LINK = re.compile(r"\[\[[^\[\]\r\n]+\]\]")
_SEPARATOR = re.compile(r"[,，、;；\n]|\s+(?=#)|(?<=\w)(?=#)")
_UNSEEN = re.compile(
    r"(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`)"  # code
    r"|!\[[^\]]*\]\([^)]*\)|(?<=\])\([^)]*\)"  # an image, where a link leads to
    r"|<[^<>]*>"
)
_WORD_ENDS = re.compile(r"[+&/\-]*(?=[\s,，、;；#]|$)")


@dataclass(frozen=True, slots=True)
class Item:
    """A tag in a note's text.

    It is read as ``tag`` and stands at ``start``:``end``; ``first``:``last`` is all that was
    written for it, with ``#``, quotes or brackets. ``hashtag``: a blank would end it; ``plain``:
    it is a YAML scalar of its own, without quotes.
    """

    tag: str
    start: int
    end: int
    first: int
    last: int
    hashtag: bool = False
    plain: bool = False

    def moved(self, offset: int) -> Item:
        """Return the same item in a text that stands ``offset`` characters further on."""
        places = (self.start, self.end, self.first, self.last)
        start, end, first, last = (place + offset for place in places)
        return replace(self, start=start, end=end, first=first, last=last)


@dataclass(frozen=True, slots=True)
class TagList:
    """Tags that stand side by side, in order.

    ``whole`` is what goes where all of them go, None where they are part of a sentence. ``line``
    counts from 1, 0 in the header.
    """

    items: tuple[Item, ...]
    whole: tuple[int, int] | None
    line: int


def is_hashtag(tag: str) -> bool:
    """Return whether ``#`` and a tag are read as just this tag."""
    return hashtags(f"#{tag}") == [tag]


def hashtag_items(line: Line) -> list[Item] | None:
    """Return a line's hashtags with their places in the line; None where they cannot be told.

    That is where code, links or escapes are such that text and prose do not agree.
    """
    seen = _UNSEEN.sub(lambda unseen: " " * len(unseen.group()), line.text)
    spans = hashtag_spans(seen)
    if [tag for tag, _, _ in spans] != hashtags(line.prose):
        return None
    items = []
    for tag, start, end in spans:
        closing = re.match(r"\s*\]\]", line.text[end:])
        opening = line.text.rindex("#", 0, start)
        if closing:
            items.append(Item(tag, start, end, opening, end + closing.end()))
        else:
            ends = _WORD_ENDS.match(line.text, end)
            last = ends.end() if ends else end
            items.append(Item(tag, start, last, opening, last, hashtag=True))
    return items


def value_items(value: str) -> list[Item]:
    """Return the tags in a value such as ``a, b``, ``#a #b`` or ``[[a]]``, as `split_tags` does."""
    items = []
    for first, last, inside in _parts(value):
        part = value[first:last]
        tags = split_tags(part)
        if len(tags) != 1:
            continue
        pattern = r"\s+".join(map(re.escape, tags[0].split()))
        found = re.search(pattern, part)
        if found:
            hashtag = part.startswith("#") and not inside
            start, end = found.span()
            items.append(Item(tags[0], first + start, first + end, first, last, hashtag))
    return items


def _parts(value: str) -> Iterator[tuple[int, int, bool]]:
    """Yield where each part of a value stands without blanks, and if brackets or ticks hold it."""
    if "`" in value and _CODE.search(value):
        yield from ((m.start(), m.end(), True) for m in _CODE.finditer(value))
    elif _LINK.search(value):
        for match in _LINK_OR_TEXT.finditer(value):
            yield (*_stripped(value, *match.span()), match.group(1) is not None)
    else:
        first, last = _stripped(value, 0, len(value))
        if value[first:last].startswith("[") and value[first:last].endswith("]"):
            first, last = first + 1, last - 1
        for match in _SEPARATOR.finditer(value, first, last):
            yield (*_stripped(value, first, match.start()), False)
            first = match.end()
        yield (*_stripped(value, first, last), False)


def _stripped(text: str, first: int, last: int) -> tuple[int, int]:
    part = text[first:last]
    return first + len(part) - len(part.lstrip()), last - len(part) + len(part.rstrip())
