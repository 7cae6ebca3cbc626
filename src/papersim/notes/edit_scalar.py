"""A tag as a YAML scalar, quoted as its neighbours are and wherever YAML needs it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from papersim.notes.edit_place import Written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from papersim.notes.edit_place import Mark, Style

__all__ = ["quoted", "scalar_mark"]

_PLAIN = re.compile(r"[^\W\d](?:[\w \-/+.&()’·]*[\w+)])?")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "none", "y", "n"})


def scalar_mark(items: Sequence[str], style: Style, *, flow: bool) -> Mark:
    """Return how a tag is written beside the items of a YAML list.

    Quoted where all of them are; with ``#`` or as a ``[[link]]`` where all of them are; else
    plain, and quoted only where YAML would make something else of it.
    """
    items = [item for item in items if item]
    quotes = [item[0] for item in items if item[0] in "\"'"]
    quote = max(quotes, key=quotes.count) if quotes else '"'
    always = bool(items) and len(quotes) == len(items)
    inside = [item.strip("\"'") for item in items]

    def mark(tag: str) -> Written:
        written = style.plain(tag)
        if inside and all(item.startswith("#") for item in inside):
            written = style.hashtag(tag)
        elif inside and all(item.startswith("[[") for item in inside):
            written = style.wikilink(tag)
        plain = not always and _is_plain(written.text, flow=flow)
        return Written(written.tag, written.text if plain else quoted(written.text, quote))

    return mark


def quoted(text: str, quote: str) -> str:
    """Return a text as a quoted YAML scalar, in the given quotes where they need no escape."""
    if quote == "'" or ('"' in text or "\\" in text):
        return "'" + text.replace("'", "''") + "'"
    return f'"{text}"'


def _is_plain(text: str, *, flow: bool) -> bool:
    if flow and re.search(r"[,\[\]{}]", text):
        return False
    return _PLAIN.fullmatch(text) is not None and text.casefold() not in _WORDS
