"""Where a note's header takes tags: YAML lists of every form, strings, comments, properties."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from papersim.notes.edit_flow import flow_place
from papersim.notes.edit_place import Place, line_end
from papersim.notes.edit_scalar import scalar_mark
from papersim.notes.edit_values import value_place
from papersim.notes.tags import TAG_KEYS, split_tags

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from papersim.notes.edit_place import Style
    from papersim.notes.header import Header

__all__ = ["header_places", "new_key_places"]

_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n|$)")
_FENCE = re.compile(r"(?:-{3,}|\.\.\.)\s*")
_ITEM = re.compile(r"(?P<dash>\s*-)(?:(?P<gap>\s+)(?P<value>\S.*?))?\s*")
_PROPERTY = re.compile(r"(?P<bullet>- )?\s*(?P<key>[A-Za-z][\w-]*)::[ \t]*(?P<value>.*)")
_COMMENT = re.compile(r"\s+#.*$")
_NOTHING = frozenset({"null", "~", "none"})


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the header and its place in the header's text."""

    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def header_places(header: Header, text: str, style: Style) -> Iterator[Place]:
    """Yield the places in a header where it has tags, or a key for them.

    ``text`` is the note's without a BOM, as the header was read from it.
    """
    if header.form == "properties":
        yield from _property_places(_rows(text[: header.end]), style)
    elif header.form == "yaml":
        yaml = _Yaml.of(header, text, style)
        yield from filter(None, map(yaml.place, TAG_KEYS))


def new_key_places(header: Header, text: str, style: Style) -> Iterator[Place]:
    """Yield the place for a ``tags`` key where a header has none: its last line."""
    if "tags" in header.raw:
        return
    rows = _rows(text[: header.end])
    if header.form == "yaml":
        mark = scalar_mark((), style, flow=True)
        closing = rows[_closing(rows)]
        tail = "]" + line_end(text)
        yield Place("new tags key in the header", closing.start, mark, "tags: [", ", ", tail)
    elif header.form == "properties":
        # A page's properties end where its first block begins, which may repeat them.
        row, indent = rows[0], "  " if rows[0].text.startswith("- ") else ""
        for following in rows[1:]:
            match = _PROPERTY.fullmatch(following.text)
            if match is None or match["bullet"]:
                break
            row = following
        lead = f"{line_end(text, row.end)}{indent}tags:: "
        yield Place("new tags:: property", row.end, style.plain, lead, ", ")


def _rows(text: str) -> list[_Row]:
    return [_Row(m.group(1), m.start()) for m in _LINE.finditer(text) if m.group()]


def _closing(rows: Sequence[_Row]) -> int:
    """Return the index of the line that closes a YAML header."""
    return max(i for i, row in enumerate(rows) if _FENCE.fullmatch(row.text))


@dataclass(frozen=True, slots=True)
class _Yaml:
    """A YAML header, line by line."""

    rows: tuple[_Row, ...]
    header: Header
    text: str
    style: Style

    @classmethod
    def of(cls, header: Header, text: str, style: Style) -> _Yaml:
        rows = _rows(text[: header.end])
        return cls(tuple(rows[: _closing(rows)]), header, text, style)

    def place(self, key: str) -> Place | None:
        """Return where the value of a key goes on, by the form that the value has."""
        pattern = re.compile(rf"([\"']?){re.escape(key)}\1\s*:(?:[ \t]+|$)", re.IGNORECASE)
        found = (
            (i, match) for i, row in enumerate(self.rows) if (match := pattern.match(row.text))
        )
        number, match = next(found, (0, None))
        if match is None:
            return None
        row, rest = self.rows[number], self._continuation(number)
        value = row.text[match.end() :]
        items = [line for line in rest if _ITEM.fullmatch(line.text)]
        if items and (not value.strip() or value.startswith("#")):
            return self._in_block(items, rest, len(set(split_tags(self.header.items(key)))))
        if value.strip():
            return self._in_value(value, row.start + match.end(), rest)
        if filled := [line for line in rest if line.text.strip()]:
            return self._below(filled)
        lead = "[" if row.text.endswith((" ", "\t")) else " ["
        mark = scalar_mark((), self.style, flow=True)
        return Place("YAML key without value", row.end, mark, lead, ", ", "]")

    def _continuation(self, number: int) -> list[_Row]:
        """Return the lines after a key's that belong to its value: indented ones and items."""
        rest: list[_Row] = []
        for row in self.rows[number + 1 :]:
            if row.text.strip() and not row.text.startswith((" ", "\t", "-", "]")):
                break
            rest.append(row)
        return rest

    def _in_block(self, items: Sequence[_Row], rest: Sequence[_Row], held: int) -> Place:
        """Return the place after the last ``- item``, or in it where it has no value."""
        matches = [match for item in items if (match := _ITEM.fullmatch(item.text))]
        values = [_COMMENT.sub("", match["value"] or "") for match in matches]
        mark = scalar_mark(values, self.style, flow=False)
        last = items[-1]
        gap = next((match["gap"] for match in reversed(matches) if match["gap"]), " ")
        lead = between = line_end(self.text, last.end) + matches[-1]["dash"] + gap
        if values[-1]:
            # A long item may go on over lines that are indented further.
            after = [row for row in rest[rest.index(last) :] if row.text.strip()]
            last = [row for row in after if not row.text.lstrip().startswith("#")][-1]
        else:
            lead = "" if last.text.endswith((" ", "\t")) else " "
        return Place("YAML block list", last.end, mark, lead, between, held=held)

    def _in_value(self, value: str, start: int, rest: Sequence[_Row]) -> Place | None:
        """Return where a value goes on that begins on the line of its key."""
        bare = value.strip()
        if bare.startswith("#"):
            return value_place(value.rstrip(), start, self.style, "YAML comment")
        if bare.startswith("[") and not (self.header.broken and bare.startswith("[[")):
            stop = rest[-1].end if rest else start + len(value)
            place = flow_place(self.text[start:stop], self.style)
            return place.moved(start) if place else None
        if filled := [row for row in rest if row.text.strip()]:
            last = filled[-1]
            indent = len(last.text) - len(last.text.lstrip())
            return value_place(last.text.strip(), last.start + indent, self.style, "YAML string")
        return self._in_string(_COMMENT.sub("", value.rstrip()), start)

    def _below(self, rest: Sequence[_Row]) -> Place | None:
        """Return where a value goes on that begins on the line below its key."""
        first = rest[0]
        value = first.text.strip()
        if ":" in value:
            return None  # keys of its own, most likely
        indent = len(first.text) - len(first.text.lstrip())
        return self._in_value(value, first.start + indent, rest[1:])

    def _in_string(self, value: str, start: int) -> Place | None:
        """Return where a string of tags goes on, quoted or not."""
        if value in {'""', "''"}:
            return Place("YAML string", start + 1, self.style.plain, "", ", ")
        if value[0] in "\"'":
            return value_place(value[1:-1], start + 1, self.style, "YAML string")
        if value.casefold() in _NOTHING or value[0] in "{&*!|>":
            return None
        return value_place(value, start, self.style, "YAML string")


def _property_places(rows: Sequence[_Row], style: Style) -> Iterator[Place]:
    """Yield the ``tags::`` lines of a Logseq page."""
    for row in rows:
        match = _PROPERTY.fullmatch(row.text)
        if match is None or match["key"].casefold() not in TAG_KEYS:
            continue
        value, manner = match["value"].strip(), "tags:: property"
        start = row.start + match.start("value")
        if not value:
            lead = "" if row.text.endswith((" ", "\t")) else " "
            yield Place(manner, row.end, style.plain, lead, ", ")
        elif place := value_place(value, start, style, manner, logseq=True):
            yield place
