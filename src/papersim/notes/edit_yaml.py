"""Where a note's header takes tags: YAML lists of every form, strings, comments, properties."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from papersim.notes.edit_flow import flow_place
from papersim.notes.edit_forms import YAML_KINDS, Form, form_of
from papersim.notes.edit_place import Place, line_end
from papersim.notes.edit_scalar import scalar_mark
from papersim.notes.edit_values import value_mark, value_place
from papersim.notes.tags import TAG_KEYS, split_tags

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from papersim.notes.edit_place import Style
    from papersim.notes.header import Header

__all__ = ["PLAIN_KEY", "PLAIN_PROPERTY", "header_places", "new_key_places"]

PLAIN_KEY = Form("flow", "tags", "a b", ", ")
"""How a YAML key holds tags where the vault shows no other form."""

PLAIN_PROPERTY = Form("property", "tags:: ", "a b", ", ")
"""How a Logseq page holds tags where the vault shows no other form."""

_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n|$)")
_FENCE = re.compile(r"(?:-{3,}|\.\.\.)\s*")
_ITEM = re.compile(r"(?P<dash>\s*-)(?:(?P<gap>\s+)(?P<value>\S.*?))?\s*")
_PROPERTY = re.compile(r"(?P<bullet>- )?\s*(?P<key>[A-Za-z][\w-]*)::[ \t]*(?P<value>.*)")
_COMMENT = re.compile(r"\s+#.*$")
_NOTHING = frozenset({"null", "~", "none"})
_KINDS = {"YAML flow list": "flow", "YAML block list": "block"}


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the header and its place in the header's text."""

    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def header_places(
    header: Header, text: str, style: Style, forms: Sequence[Form] = ()
) -> Iterator[Place]:
    """Yield the places in a header where it has tags, or a key for them.

    ``text`` is the note's without a BOM, as the header was read from it. ``forms`` are those in
    use in the vault, the most used first: an empty key is filled so.
    """
    if header.form == "properties":
        yield from _property_places(_rows(text[: header.end]), style, forms)
    elif header.form == "yaml":
        yaml = _Yaml.of(header, text, style)
        for key in TAG_KEYS:
            yield from yaml.places(key, [form for form in forms if form.kind in YAML_KINDS])


def new_key_places(form: Form, header: Header, text: str, style: Style) -> Iterator[Place]:
    """Yield the place for a key with tags where a header has none, or where there is no header."""
    if form.label.rstrip(": ").casefold() in header.raw:
        return
    end = line_end(text)
    if form.kind in YAML_KINDS and header.form != "properties":
        at = header.end
        lead, tail = f"---{end}{form.label}:", f"{end}---{end}"
        if header.form:
            rows = _rows(text[: header.end])
            at, lead, tail = rows[_closing(rows)].start, f"{form.label}:", end
        place = _laid_out(form, at, style, end, "new tags key in the header")
        yield replace(place, lead=lead + place.lead, tail=place.tail + tail)
    elif form.kind == "property" and header.form != "yaml":
        mark = value_mark(form.sample, style, logseq=True)
        manner = "new tags:: property"
        if not header.form:
            yield Place(manner, 0, mark, form.label, form.between, end + end, form=form)
            return
        # A page's properties end where its first block begins, which may repeat them.
        rows = _rows(text[: header.end])
        row, indent = rows[0], "  " if rows[0].text.startswith("- ") else ""
        for following in rows[1:]:
            match = _PROPERTY.fullmatch(following.text)
            if match is None or match["bullet"]:
                break
            row = following
        lead = f"{line_end(text, row.end)}{indent}{form.label}"
        yield Place(manner, row.end, mark, lead, form.between, form=form)


def _laid_out(form: Form, at: int, style: Style, end: str, manner: str) -> Place:
    """Return the place after a YAML key and its colon for a value of this form."""
    if form.kind == "string":
        mark = value_mark(form.sample, style)
        return Place(manner, at, mark, " ", form.between, form=form)
    mark = scalar_mark([form.sample], style, flow=form.kind == "flow")
    if form.kind == "flow":
        return Place(manner, at, mark, " [", form.between, "]", form=form)
    between = form.between.replace("\n", end)
    return Place(manner, at, mark, between, between, form=form)


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

    def places(self, key: str, forms: Sequence[Form]) -> Iterator[Place]:
        """Yield where the value of a key goes on, by the form that the value has.

        A key without value is filled in the forms of the vault, then in the plainest.
        """
        pattern = re.compile(rf"([\"']?)({re.escape(key)})\1\s*:(?:[ \t]+|$)", re.IGNORECASE)
        found = (
            (i, match) for i, row in enumerate(self.rows) if (match := pattern.match(row.text))
        )
        number, match = next(found, (0, None))
        if match is None:
            return
        row, rest = self.rows[number], self._continuation(number)
        value = row.text[match.end() :]
        bare = _COMMENT.sub("", value).strip()
        filled = any(line.text.strip() for line in rest)
        if not filled and (not value.strip() or bare.casefold() in _NOTHING):
            for form in (*forms, PLAIN_KEY):
                place = self._filling(row, match.end(), form)
                yield replace(place, cut=len(bare))
        elif there := self._place(key, row, match.end(), rest):
            kind = _KINDS.get(there.manner, "string")
            if kind == "flow" and not there.held:
                sample = next((form.sample for form in forms if form.kind == kind), "a b")
                there = replace(there, mark=scalar_mark([sample], self.style, flow=True))
            yield replace(there, form=form_of(there, kind, match[2]))

    def _filling(self, row: _Row, after_key: int, form: Form) -> Place:
        """Return the place for the value of a key that has none."""
        end = line_end(self.text, row.end)
        at = row.start + after_key
        place = _laid_out(form, at, self.style, end, "YAML key without value")
        blank = row.text[:after_key].endswith((" ", "\t"))
        return replace(place, lead=place.lead.removeprefix(" ")) if blank else place

    def _place(self, key: str, row: _Row, after_key: int, rest: Sequence[_Row]) -> Place | None:
        """Return where a value goes on that is there; ``after_key`` is where it may begin."""
        value = row.text[after_key:]
        items = [line for line in rest if _ITEM.fullmatch(line.text)]
        if items and (not value.strip() or value.startswith("#")):
            return self._in_block(items, rest, len(set(split_tags(self.header.items(key)))))
        if value.strip():
            return self._in_value(value, row.start + after_key, rest)
        return self._below([line for line in rest if line.text.strip()])

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


def _property_places(rows: Sequence[_Row], style: Style, forms: Sequence[Form]) -> Iterator[Place]:
    """Yield the ``tags::`` lines of a Logseq page."""
    for row in rows:
        match = _PROPERTY.fullmatch(row.text)
        if match is None or match["key"].casefold() not in TAG_KEYS:
            continue
        value, manner = match["value"].strip(), "tags:: property"
        start = row.start + match.start("value")
        if not value:
            lead = "" if row.text.endswith((" ", "\t")) else " "
            for form in (*(form for form in forms if form.kind == "property"), PLAIN_PROPERTY):
                mark = value_mark(form.sample, style, logseq=True)
                yield Place(manner, row.end, mark, lead, form.between, form=form)
        elif place := value_place(value, start, style, manner, logseq=True):
            yield replace(place, form=form_of(place, "property", f"{match['key']}:: "))
