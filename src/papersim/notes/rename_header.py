"""Where a note's header holds tags: YAML lists of every form, strings, comments, properties."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from papersim.notes.edit_flow import flow_items
from papersim.notes.rename_items import Item, TagList, value_items
from papersim.notes.tags import TAG_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from papersim.notes.header import Header

__all__ = ["header_lists"]

_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n|$)")
_KEYS = "|".join(map(re.escape, TAG_KEYS))
_KEY = re.compile(rf"([\"']?)(?:{_KEYS})\1\s*:(?:[ \t]+|$)", re.IGNORECASE)
_PROPERTY = re.compile(rf"(?:- )?\s*(?:{_KEYS})::[ \t]*", re.IGNORECASE)
_ITEM = re.compile(r"\s*-(?:\s+|$)")
_COMMENT = re.compile(r"\s+#.*$")


class _Row(NamedTuple):
    """A line of the header with its place; ``after`` is where the next one begins."""

    text: str
    start: int
    after: int


def header_lists(header: Header, text: str) -> Iterator[TagList]:
    """Yield the lists of tags in a header; ``text`` is the note's, without a BOM."""
    rows = [
        _Row(m.group(1), m.start(), m.end())
        for m in _LINE.finditer(text[: header.end])
        if m.group()
    ]
    for number, row in enumerate(rows):
        if header.form == "properties" and (match := _PROPERTY.match(row.text)):
            yield from _value(row.text[match.end() :], row.start + match.end())
        elif header.form == "yaml" and (match := _KEY.match(row.text)):
            yield from _yaml(row, match.end(), _continuation(rows, number), text, header)


def _continuation(rows: Sequence[_Row], number: int) -> list[_Row]:
    """Return the lines after a key's that belong to its value: indented ones and items."""
    rest: list[_Row] = []
    for row in rows[number + 1 :]:
        if row.text.strip() and not row.text.startswith((" ", "\t", "-", "]")):
            break
        rest.append(row)
    return rest


def _yaml(
    row: _Row, after_key: int, rest: Sequence[_Row], text: str, header: Header
) -> Iterator[TagList]:
    """Yield the lists in the value of a key, by the form that the value has."""
    value = row.text[after_key:]
    start = row.start + after_key
    if not value.strip() and any(line.text.strip() for line in rest):
        first = next(line for line in rest if line.text.strip())
        if not _ITEM.match(first.text):
            indent = len(first.text) - len(first.text.lstrip())
            value, start = first.text[indent:], first.start + indent
            rest = rest[rest.index(first) + 1 :]
    broken_links = header.broken and value.startswith("[[")
    if value.startswith("[") and not broken_links:
        stop = rest[-1].start + len(rest[-1].text) if rest else start + len(value)
        spans = flow_items(text[start:stop]) or []
        scalars = ((start + first, start + last) for first, last in spans)
        yield from _one_list([item for at in scalars for item in _scalar(text, *at, header)])
    elif value.startswith("#") and not any(_ITEM.match(line.text) for line in rest):
        yield from _value(value, start)
    elif value.strip() and not value.startswith(("#", ">", "|")):
        yield from _one_list(_scalar(text, start, start + len(value), header))
    for line in rest:
        if value.startswith("[") and not broken_links:
            break
        yield from _below(line, text, header)


def _below(line: _Row, text: str, header: Header) -> Iterator[TagList]:
    """Yield what a line below a key holds: an item of a list, or more of a string."""
    end = line.start + len(line.text)
    match = _ITEM.match(line.text)
    items = _scalar(text, line.start + (match.end() if match else 0), end, header)
    if items and match:
        yield TagList(tuple(items), (line.start, line.after), 0)
    else:
        yield from _one_list(items)


def _value(value: str, start: int) -> Iterator[TagList]:
    yield from _one_list([item.moved(start) for item in value_items(value)])


def _one_list(items: Sequence[Item]) -> Iterator[TagList]:
    if items:
        yield TagList(tuple(items), (items[0].first, items[-1].last), 0)


def _scalar(text: str, start: int, stop: int, header: Header) -> list[Item]:
    """Return the tags in a YAML scalar; its quotes belong to a tag that has it to itself."""
    value = text[start:stop]
    start += len(value) - len(value.lstrip())
    value = value.strip()
    quote = value[:1] if value[:1] in {'"', "'"} else ""
    if quote and (close := value.rfind(quote)) > 0:
        items = [item.moved(start + 1) for item in value_items(value[1:close])]
        if len(items) == 1:
            return [replace(items[0], first=start, last=start + close + 1)]
        return items
    bare = value if header.broken else _COMMENT.sub("", value)
    items = [item.moved(start) for item in value_items(bare)]
    if len(items) == 1 and (items[0].start, items[0].end) == (start, start + len(bare)):
        return [replace(items[0], plain=True)]
    return items
