"""Where a YAML flow list, ``[a, "b"]``, goes on; over one line or several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from papersim.notes.edit_place import Place
from papersim.notes.edit_scalar import scalar_mark
from papersim.notes.tags import split_tags

if TYPE_CHECKING:
    from papersim.notes.edit_place import Style

__all__ = ["flow_items", "flow_place"]


def flow_place(value: str, style: Style) -> Place | None:
    """Return the place after the last item of the list that ``value`` begins with.

    None where the list is not closed, or where its brackets are those of a ``[[link]]``: YAML
    reads a list in a list there, and the next item would tear the link apart.
    """
    spans = flow_items(value)
    if spans is None:
        return None
    texts = [value[start:end] for start, end in spans]
    if value.lstrip().startswith("[[") and len(spans) == 1:
        return None
    held = len(set(split_tags(texts)))
    mark = scalar_mark(texts, style, flow=True)
    if not spans:
        return Place("YAML flow list", value.index("[") + 1, mark, "", ", ")
    if len(spans) > 1:
        between = value[spans[-2][1] : spans[-1][0]]
    else:
        before = value[value.index("[") + 1 : spans[0][0]]
        between = "," + before if "\n" in before or "\r" in before else ", "
    if between.strip() != ",":
        between = ", "
    return Place("YAML flow list", spans[-1][1], mark, between, between, held=held)


def flow_items(value: str) -> list[tuple[int, int]] | None:
    """Return the spans of a flow list's items, blanks around them left out."""
    spans: list[tuple[int, int]] = []
    start = value.index("[") + 1
    depth, quote = 1, ""
    for place in range(start, len(value)):
        character = value[place]
        if quote:
            quote = "" if character == quote and value[place - 1] != "\\" else quote
        elif character in "\"'" and not value[start:place].strip():
            quote = character
        elif character in "[{":
            depth += 1
        elif character in "]}":
            depth -= 1
        if not quote and (depth == 0 or (character == "," and depth == 1)):
            item = value[start:place]
            if item.strip():
                first = start + len(item) - len(item.lstrip())
                spans.append((first, first + len(item.strip())))
            start = place + 1
        if depth == 0:
            return spans
    return None
