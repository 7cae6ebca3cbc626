"""The places in a paper's lines that are made for tags and hold none: ``Tags:``, ``## Tags``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from papersim.notes.edit_body import label_of, names_tags
from papersim.notes.edit_forms import Form
from papersim.notes.edit_place import Place, line_end
from papersim.notes.edit_values import value_mark
from papersim.notes.fields import field_name, field_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from papersim.notes.edit_paper import PaperText
    from papersim.notes.edit_place import Style
    from papersim.notes.lines import Line

__all__ = ["slot_places"]

_PLAIN_FIELD = Form("field", "", "a b", ", ")
_PLAIN_LIST = Form("list", "", "a b", "\n- ")
_NO_TAGS = frozenset({"-", "–", "—", "~", "#", "[]", "``", "''", '""', "null", "none"})
_ITEM = re.compile(r"[\s>]*(?:[-*+]|\d+[.)])(?:\s+(?P<value>.*))?")
_EMPTY_ITEM = re.compile(r"[\s>]*[-*+]\s*")
_CELLS = re.compile(r"(?P<first>[\s>]*\|(?P<label>[^|]*)\|)(?P<blanks>[ \t]*)(?:\|[ \t]*)?")


class _Slot(NamedTuple):
    """Where a value goes: what comes before and after it, how many characters give way.

    ``lead`` is None behind a label without a blank, where the vault shows if one is wanted.
    """

    at: int
    lead: str | None
    tail: str = ""
    cut: int = 0


def slot_places(paper: PaperText, style: Style, forms: Sequence[Form]) -> Iterator[Place]:
    """Yield the empty places for tags in a paper's lines.

    Each is filled in the forms of the vault that fit it, the most used first, then in the
    plainest.
    """
    own = paper.own
    fields = [*(form for form in forms if form.kind == "field"), _PLAIN_FIELD]
    for number, line in enumerate(own):
        if names_tags(line):
            yield from _below_heading(paper, number, style, forms)
        elif slot := _cell(line) or _field(line, own[number + 1 : number + 2]):
            for form in fields:
                mark = value_mark(form.sample, style, logseq="::" in line.text)
                lead = _blank(form, line) if slot.lead is None else slot.lead
                yield Place("labelled line", slot.at, mark, lead, form.between, slot.tail, 0,
                            slot.cut, form)  # fmt: skip


def _field(line: Line, below: Sequence[Line]) -> _Slot | None:
    """Return the slot behind a label such as ``Tags:`` that names none."""
    fact = field_of(line)
    if fact is None or fact.name != "tags":
        return None
    if fact.value:
        at = line.start + len(label_of(line))
        return _Slot(at, "", cut=len(fact.value)) if fact.value.casefold() in _NO_TAGS else None
    if any(_may_be_its_list(line, one) for one in below):
        return None
    return _Slot(line.end, "" if line.text.endswith((" ", "\t")) else None)


def _blank(form: Form, line: Line) -> str:
    label = form.label or ("" if line.text.endswith("：") else " ")
    return " " if label.endswith(" ") else ""


def _may_be_its_list(label: Line, below: Line) -> bool:
    """Return whether a line may begin a list of what a label above it names."""
    item = _ITEM.fullmatch(below.text)
    if item is None or field_of(below) or (item["value"] or "").startswith("**"):
        return False
    return not label.item or below.depth > label.depth


def _cell(line: Line) -> _Slot | None:
    """Return the slot in a table's row ``| Tags | |``."""
    row = _CELLS.fullmatch(line.text) if line.kind == "table" else None
    if row is None or field_name(row["label"].strip()) != "tags":
        return None
    return _Slot(line.start + row.end("first"), " ", "" if row["blanks"] else " ")


def _below_heading(
    paper: PaperText, number: int, style: Style, forms: Sequence[Form]
) -> Iterator[Place]:
    """Yield the places under a heading such as ``## Tags`` that has nothing, or an empty item."""
    heading, inside = paper.own[number], []
    for line in paper.own[number + 1 :]:
        if line.kind == "heading":
            break
        if line.kind != "blank":
            inside.append(line)
    last = inside[-1] if inside else heading
    if len(inside) > 1 or (inside and not _EMPTY_ITEM.fullmatch(last.text)):
        return
    end = line_end(paper.text, last.end)
    for form in (*(form for form in forms if form.kind in {"list", "hashtags"}), _PLAIN_LIST):
        between = form.between.replace("\n", end)
        lead = between if "\n" in form.between else end
        if inside:
            between = f"{end}{last.text.rstrip()} "
            lead = "" if last.text.endswith((" ", "\t")) else " "
        mark = value_mark(form.sample, style)
        yield Place("list under a heading", last.end, mark, lead, between, form=form)
