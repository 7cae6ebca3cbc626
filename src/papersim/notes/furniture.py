"""Lines that say nothing of a paper's content: links, images, facts, toolbars."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from papersim.notes.fields import field_name, field_of, hash_field
from papersim.notes.tags import is_tag_line
from papersim.notes.titles import clean_title, title_key

if TYPE_CHECKING:
    from papersim.notes.lines import Line

__all__ = ["is_furniture", "is_link_line"]

_IMAGE = r"!\[[^\]]*\]\([^)]*\)(?:\{[^}]*\})?|!\[\[[^\]]*\]\]"
_IMAGE_ONLY = re.compile(rf"^[\s>]*(?:[-*+] )?(?:{_IMAGE}|\s)+$")
_LINK_ONLY = re.compile(
    r"^[\s>🔗]*(?:[-*+] )?(?:[^\W\d_][\w ]{0,30}::?\s*)?"
    r"(?:(?:\[(?:[^\[\]]|\[[^\[\]]*\])*\]\([^)\s]*\)|<?(?:https?|zotero|file)://[^\s>]+>?)[\s|,，、·/]*)+$"
)
_CLICKABLE = re.compile(r"<(a|button)\b[^<>]*>[^<>]*</\1>", re.IGNORECASE)
_HTML = re.compile(r"<!--.*?-->|<[^<>]*>|" + _IMAGE)
_RULE = re.compile(r"^\s*(?:-{3,}|\*{3,}|_{3,})\s*$")
_PROPERTY = re.compile(r"^\s*(?:[-*+] )?[A-Za-z][\w-]*:: ?")
_TABLE_HEADS = {"Item", "Key", "Field", "Property", "item", "key", "field", "项目", "項目", "字段"}
_MACRO = re.compile(r"\{\{[^{}]*\}\}")
_UNFINISHED = re.compile(r"^[\s>]*(?:[-*+] )?(?:#[\w/-]+/(?:\s+|$))+$")
_LONGEST = 20_000


def is_furniture(line: Line, title: str = "") -> bool:
    """Return whether a line says nothing of the paper with that title but where and what it is."""
    text = line.text
    if line.kind in {"blank", "rule"} or _RULE.match(text):
        return True
    if len(text) > _LONGEST:
        return False
    if line.kind == "html":
        return not _has_words(_HTML.sub(" ", _CLICKABLE.sub(" ", text)))
    if line.kind == "table":
        return _is_fact_row(text)
    return bool(
        is_tag_line(line.prose)
        or is_link_line(text)
        or _UNFINISHED.match(text)
        or _IMAGE_ONLY.match(text)
        or _PROPERTY.match(text)
        or not any(c.isalpha() for c in text)
        or field_of(line)
        or hash_field(text)
        or (len(text) < 80 and field_name(text))
        or (title and _repeats(text, title))
    )


def is_link_line(text: str) -> bool:
    """Return whether a line holds links and nothing else but a label before them."""
    if "://" not in text and "](" not in text:
        return False
    return _LINK_ONLY.match(_MACRO.sub("", text)) is not None


def _has_words(text: str) -> bool:
    return any(c.isalnum() for c in text)


def _is_fact_row(text: str) -> bool:
    """Return whether a table's row is a rule, a head such as ``Item | Value``, or states a fact."""
    cells = [cell.strip(" *`") for cell in text.strip(" >|").split("|")]
    if len(cells) > 2 and _has_words(text):
        return False
    return not _has_words(text) or field_name(cells[0]) is not None or cells[0] in _TABLE_HEADS


def _repeats(text: str, title: str) -> bool:
    """Return whether a line is the title once more, maybe longer and with tags behind it."""
    bare = title_key(clean_title(re.sub(r"^[\s>]*(?:[-*+] )?", "", text)))
    own = title_key(title)
    if len(own) <= 3 or len(text) > 400:
        return False
    return bare == own or (bare.startswith(own) and ":" in text)
