"""The title of a note that has neither header nor heading: in its first lines, if anywhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from papersim.notes.fields import names
from papersim.notes.furniture import is_furniture, is_link_line
from papersim.notes.titles import clean_title, is_date, title_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from papersim.notes.lines import Line

__all__ = ["FirstLines", "title_in_first_lines"]

_WITH_AUTHORS = re.compile(
    r"^(?P<title>.+?)\s*[(（](?P<authors>[^()（）]*(?:\([^()]*\)[^()（）]*)*)[)）]\s*$"
)
_WITH_LINK = re.compile(r"^(?P<title>.+?)\s*[(（<]?(?:https?://\S+?)[)）>]?\s*$")
_NAME = re.compile(r"[^\W\d_][\w'’.\-]*(?: [\w'’.\-]+){0,5}")
_SHORT_NAME = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2,4}")
_UNDERLINE = re.compile(r"^ {0,3}={3,}\s*$")
_SAYS_NOTHING = re.compile(
    r"(?:untitled|note|notes|paper|readme|index|new note|无标题|未命名|無題)?[\W\d_]*",
    re.IGNORECASE,
)
_SENTENCE_END = (".", "。", "．", "…", ":", "：", ";", "；", ",", "，", "、")
_LONGEST_TITLE = 250
_LONGEST_BARE = 160
_MOST_LINES = 4
_MOST_LINES_BEFORE = 12


@dataclass(frozen=True, slots=True)
class FirstLines:
    """A title found in a note's first lines, and who it says wrote the paper.

    ``first`` and ``after`` are the indices of its first line and of the line after it.
    """

    title: str
    authors: tuple[str, ...]
    first: int
    after: int


def title_in_first_lines(lines: Sequence[Line], name: str) -> FirstLines | None:
    """Return the title in the first lines of a note, None where they hold none.

    ``name`` is the title that the file's name gives. Links, tags, images and facts may stand
    before the title. A title is known by the authors in brackets after it, by its likeness
    to the file's name, by a row of ``=`` below it, or by standing alone above a link or
    in a file whose name says nothing.
    """
    first = next((i for i, line in enumerate(lines) if not is_furniture(line)), len(lines))
    if first >= min(len(lines), _MOST_LINES_BEFORE) or lines[first].kind != "text":
        return None
    block = _block(lines, first)
    if lines[first].item or re.match(r"^\s*[>|]", lines[first].text):
        return None
    return (
        _with_authors(lines, first, block)
        or _underlined(lines, first, block)
        or _like_name(lines, first, block, name)
        or _alone(lines, first, block, name)
    )


def _block(lines: Sequence[Line], first: int) -> int:
    """Return the index after the paragraph that begins at a line, at most a few lines on."""
    after = first
    while after < len(lines) and after - first < _MOST_LINES and lines[after].kind == "text":
        line = lines[after]
        if after > first and (line.item or is_furniture(line)):
            break
        after += 1
    return after


def _joined(lines: Sequence[Line], first: int, after: int) -> str:
    return " ".join(line.text.strip() for line in lines[first:after])


def _with_authors(lines: Sequence[Line], first: int, block: int) -> FirstLines | None:
    """Return a title, maybe wrapped, that ends with its authors in brackets."""
    for after in range(first + 1, block + 1):
        match = _WITH_AUTHORS.match(_joined(lines, first, after))
        if match is None:
            continue
        title, authors = clean_title(match["title"]), names(match["authors"])
        if _fits(title) and not title.endswith((".", "。")) and _are_people(authors):
            return FirstLines(title, authors, first, after)
    return None


def _are_people(authors: tuple[str, ...]) -> bool:
    """Return whether what stands in brackets may be a paper's authors."""
    named = sum(_is_name(author) for author in authors)
    if len(authors) < 2:
        return named == 1 and authors[0].istitle() and 2 <= len(authors[0].split()) <= 4
    return named * 3 >= len(authors) * 2


def _is_name(author: str) -> bool:
    if _SHORT_NAME.fullmatch(author):
        return True
    return author[0] != author[0].lower() and _NAME.fullmatch(author) is not None


def _like_name(lines: Sequence[Line], first: int, block: int, name: str) -> FirstLines | None:
    """Return the first line, or two wrapped ones, if the file is named after them."""
    key = title_key(name)
    for after in range(first + 1, min(block, first + 2) + 1):
        text = _joined(lines, first, after)
        match = _WITH_LINK.match(text)
        title = clean_title(match["title"] if match else text)
        own = title_key(title)
        longer = after == block and own.startswith(key) and not title.endswith(_SENTENCE_END)
        if len(key) > 2 and _fits(title) and (own == key or longer):
            return FirstLines(title, (), first, after)
    return None


def _underlined(lines: Sequence[Line], first: int, block: int) -> FirstLines | None:
    """Return the line over a row of ``=``, which is a heading to many tools."""
    if block - first > 1 and _UNDERLINE.match(lines[first + 1].text):
        title = clean_title(lines[first].text)
        return FirstLines(title, (), first, first + 2) if _fits(title) else None
    return None


def _alone(lines: Sequence[Line], first: int, block: int, name: str) -> FirstLines | None:
    """Return a line that stands alone, where a link follows or the file's name says nothing."""
    title = clean_title(lines[first].text)
    below = next((line for line in lines[block : block + 4] if line.kind != "blank"), None)
    linked = below is not None and is_link_line(below.text) and len(title.split()) > 2
    if (
        not (linked or is_date(name) or _SAYS_NOTHING.fullmatch(name))
        or block != first + 1
        or not _fits(title)
        or len(title) > _LONGEST_BARE
        or title.endswith(_SENTENCE_END)
    ):
        return None
    return FirstLines(title, (), first, block)


def _fits(title: str) -> bool:
    letters = sum(c.isalnum() for c in title)
    return letters >= 3 and len(title) <= _LONGEST_TITLE and "://" not in title
