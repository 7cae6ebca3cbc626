"""What stands in a template in place of words: ``{{title}}``, ``{% for … %}``, ``<% tp.date %>``.

It waits to be filled in, so it is no title, no tag and no text of a paper. A query in code
(``$= dv.current()``) is worked out whenever the note is shown, and says nothing of its own either.
"""

from __future__ import annotations

import re

__all__ = ["has_mark", "is_placeholder", "is_query", "without_placeholders"]

_MARKS = ("{{", "}}", "{%", "%}", "<%", "%>")
_BRACES = re.compile(r"\{\{([^{}]*)\}\}")
_COMMAND = re.compile(r"\{%[^%]*%\}|<%[^%]*%>")
_QUERY = re.compile(r"`\$?=[^`\r\n]*`")
_QUERY_TITLE = re.compile(r"`?(?:\$=|= ?this\.)")
_NAME = re.compile(r"\s*([A-Za-z][\w-]*)(?:\s*\|.*|[.:(].*|\s*)", re.DOTALL)
_OF_TOOLS = frozenset({"value", "name", "time", "field", "file", "entry", "item"})
"""What tools call what they fill in, besides the names of facts about a paper."""


def has_mark(text: str) -> bool:
    """Return whether a text holds what begins or ends a placeholder."""
    return any(mark in text for mark in _MARKS)


def without_placeholders(text: str, instead: str = " ") -> str:
    """Return a text with something else, a blank, for each placeholder and each query in code."""
    if not has_mark(text) and "`" not in text:
        return text
    for pattern in (_BRACES, _COMMAND, _QUERY):
        text = pattern.sub(instead, text)
    return text


def is_placeholder(title: str) -> bool:
    """Return whether what stands in a title's place is a template's: ``{{title}}``, ``<% … %>``.

    BibTeX has double braces, too (``{{BERT}}: …``): they hold a place where they name a fact
    about a paper, or where a name in them is all there is.
    """
    if _COMMAND.search(title):
        return True
    # Here, since to read tags takes this module, too, and no names of facts.
    from papersim.notes.fields import field_name

    inside = _BRACES.findall(title)
    names = [match[1] for text in inside if (match := _NAME.fullmatch(text))]
    if any(field_name(name) or name.casefold() in _OF_TOOLS for name in names):
        return True
    alone = not any(c.isalnum() for c in _BRACES.sub("", title))
    return alone and 0 < len(inside) == len(names)


def is_query(title: str) -> bool:
    """Return whether a title is worked out when it is shown: ``$= dv.current().file.name``."""
    return _QUERY_TITLE.match(title) is not None
