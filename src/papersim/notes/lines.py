r"""A note's text as lines, each with what Markdown makes of it.

The text is cut at the same line ends as Markdown knows (``\n``, ``\r\n``, ``\r``), so
that line numbers and offsets agree with every editor. markdown-it-py says which lines are
code, headings, list items or raw HTML; the characters of a line are never changed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.token import Token

__all__ = ["Line", "parse_lines"]

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
_ORG_CODE = re.compile(r"\s*(?:[-*+]\s+)?#\+begin_(src|example|export|query)\b", re.IGNORECASE)
_MOST_MARKS = 2_000
"""The number of brackets and the like in one paragraph beyond which it is no person's."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a note.

    ``start`` and ``end`` are its offsets in the note, line end excluded. ``kind`` is
    ``blank``, ``heading``, ``code``, ``html``, ``rule``, ``table`` or ``text``; ``level`` is
    the heading's (1-6). ``depth`` is the number of lists the line's item is nested in and
    ``item`` says whether an item starts here. ``prose`` is the line without code spans, link
    targets and raw HTML: where tags are looked for.
    """

    number: int
    text: str
    start: int
    end: int
    kind: str = "text"
    level: int = 0
    depth: int = 0
    item: bool = False
    prose: str = ""


@cache
def _parser() -> MarkdownIt:
    """Return the parser: CommonMark with tables, less what turns people's text into something else.

    Emphasis would eat the underscores of tags; a rule under a paragraph is no heading in
    people's notes; deep indentation is a nested bullet, not code.
    """
    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": 60})
    parser.enable("table").disable(["emphasis", "lheading", "code", "entity"])
    # Inline markup matters only where there may be tags: it is parsed on demand.
    parser.core.ruler.disable("inline")
    return parser


def parse_lines(text: str, first_line: int = 1, offset: int = 0) -> tuple[Line, ...]:
    """Return the lines of a Markdown body in order.

    ``first_line`` and ``offset`` are those of the body in its note; the numbers and offsets
    of the result count from the note's beginning.
    """
    lines = _cut(text, first_line, offset)
    marks = _Marks(len(lines))
    for token in _parser().parse(text):
        marks.add(token)
    marks.add_org_code(lines)
    return tuple(
        replace(
            line,
            kind=marks.kind[i] if line.text.strip() or marks.kind[i] == "code" else "blank",
            level=marks.level[i],
            depth=marks.depth[i],
            item=marks.item[i],
            prose=line.text if (prose := marks.prose[i]) is None else prose,
        )
        for i, line in enumerate(lines)
    )


def _cut(text: str, first_line: int, offset: int) -> list[Line]:
    lines: list[Line] = []
    position = 0
    while position < len(text):
        match = _LINE.match(text, position)
        assert match is not None  # noqa: S101 - the pattern matches everywhere
        body = match.group().rstrip("\r\n")
        start = offset + position
        lines.append(Line(first_line + len(lines), body, start, start + len(body)))
        position = match.end()
    return lines


class _Marks:
    """What the tokens say of each line; filled while walking over them."""

    def __init__(self, count: int) -> None:
        self.kind = ["text"] * count
        self.level = [0] * count
        self.depth = [0] * count
        self.item = [False] * count
        self.prose: list[str | None] = [None] * count
        self._count = count
        self._lists = 0

    def add(self, token: Token) -> None:
        rows = self._rows(token)
        self._lists += _LIST_STEPS.get(token.type, 0)
        if token.type == "list_item_open":
            for row in rows:
                self.depth[row] = self._lists
            if rows:
                self.item[rows[0]] = True
        elif token.type == "heading_open":
            for row in rows:
                self.kind[row], self.level[row] = "heading", int(token.tag[1])
        elif token.type in _BLOCK_KINDS:
            for row in rows:
                self.kind[row] = _BLOCK_KINDS[token.type]
                self.prose[row] = "" if token.type == "fence" else None
        elif token.type == "inline" and rows:
            self._add_prose(token, rows)

    def add_org_code(self, lines: Sequence[Line]) -> None:
        """Take the blocks that Org and Logseq mark as code for what they are."""
        begun: dict[str, int] = {}
        for row, line in enumerate(lines):
            if begin := _ORG_CODE.match(line.text):
                begun[f"#+end_{begin[1]}".casefold()] = row
            elif begun and (first := begun.pop(line.text.strip().casefold(), None)) is not None:
                for inside in range(first, row + 1):
                    self.kind[inside], self.level[inside] = "code", 0
                    self.prose[inside] = ""

    def _rows(self, token: Token) -> range:
        if token.map is None:
            return range(0)
        return range(token.map[0], min(token.map[1], self._count))

    def _add_prose(self, token: Token, rows: Sequence[int]) -> None:
        if "#" not in token.content:
            return
        for row, part in zip(rows, _prose_lines(token.content), strict=False):
            before = self.prose[row]
            self.prose[row] = part if before is None else f"{before} {part}"


_LIST_STEPS = {
    "bullet_list_open": 1,
    "ordered_list_open": 1,
    "bullet_list_close": -1,
    "ordered_list_close": -1,
}
_BLOCK_KINDS = {"fence": "code", "html_block": "html", "hr": "rule", "table_open": "table"}


def _prose_lines(content: str) -> list[str]:
    """Return the readable text of each line of a paragraph or the like.

    Code spans become a blank, as does anything else that is not plain text, so that words on
    either side do not grow together.
    """
    if sum(map(content.count, "[<`*(")) > _MOST_MARKS:
        # Nobody writes this; the parser would take minutes over it.
        return re.sub(r"`[^`]*`|<[^<>]*>", " ", content).split("\n")
    tokens: list[Token] = []
    parser = _parser()
    parser.inline.parse(content, parser, {}, tokens)
    parts = [""]
    automatic = False
    for child in tokens:
        if child.type in {"softbreak", "hardbreak"}:
            parts.append("")
        elif child.type == "link_open":
            automatic = child.info == "auto"
        elif child.type == "link_close":
            automatic = False
        elif child.type == "text" and not automatic:
            parts[-1] += child.content
        elif child.type == "code_inline":
            parts[-1] += " "
            parts.extend([""] * child.content.count("\n"))
        else:
            parts[-1] += " "
    return parts
