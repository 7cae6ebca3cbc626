"""A list of tags on one line: where it goes on, and in which manner."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from papersim.notes.edit_place import Place
from papersim.notes.tags import split_tags

if TYPE_CHECKING:
    from collections.abc import Sequence

    from papersim.notes.edit_place import Mark, Style

__all__ = ["value_mark", "value_place"]

_CODE = re.compile(r"`[^`\r\n]+`")
_TOKEN = re.compile(r"#?\[\[[^\[\]\r\n]+\]\]|#[^\s,，、;；#`\[\]]+")
_COMMA = re.compile(r"\s*[,，、;；]\s*")
_SEPARATORS = " \t,，、;；"


def value_place(
    value: str, start: int, style: Style, manner: str, *, logseq: bool = False
) -> Place | None:
    """Return where a list such as ``a, b``, ``#a #b``, ``[[a]], [[b]]`` goes on.

    ``value`` holds one tag or more and stands at ``start``. What comes last in it says how the
    next one is written; a separator at its end stays at the end. None where the value does not
    hold tags. ``logseq``: pages may have blanks, so hashtags write them as ``#[[a b]]``.
    """
    held = len(set(split_tags(value)))
    body = value.rstrip(_SEPARATORS)
    if not held or not body:
        return None
    mark = value_mark(body, style, logseq=logseq)
    spans = list((_CODE if body.endswith("`") else _TOKEN).finditer(body))
    if spans and spans[-1].end() == len(body):
        between = _between(body, spans) or (", " if logseq or body.endswith("]]") else " ")
    else:
        if body.startswith("[") and body.endswith("]"):
            body = body[:-1].rstrip(_SEPARATORS)
        commas = _COMMA.findall(body)
        between = commas[-1] if commas else ", "
    return Place(manner, start + len(body), mark, between, between, held=held)


def value_mark(value: str, style: Style, *, logseq: bool = False) -> Mark:
    """Return how a tag is written after a list that ends as ``value`` does."""
    if _CODE.search(value) and value.endswith("`"):
        return style.code
    tokens = list(_TOKEN.finditer(value))
    if not tokens or tokens[-1].end() != len(value):
        return style.plain
    if tokens[-1].group().startswith("[["):
        return style.wikilink
    return style.page_hashtag if logseq or "#[[" in value else style.hashtag


def _between(body: str, spans: Sequence[re.Match[str]]) -> str:
    """Return what separates the last two items, nothing where it is more than a separator."""
    if len(spans) < 2:
        return ""
    gap = body[spans[-2].end() : spans[-1].start()]
    return gap if gap and not gap.strip(_SEPARATORS) else ""
