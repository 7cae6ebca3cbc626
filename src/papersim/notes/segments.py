"""Where papers begin in a note, and their titles, by what the note shows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from papersim.notes.fields import field_name, field_of
from papersim.notes.first_lines import title_in_first_lines
from papersim.notes.furniture import is_furniture
from papersim.notes.headings import heading_text, looks_like_paper, raw_heading, title_headings
from papersim.notes.placeholders import is_placeholder, is_query
from papersim.notes.titles import clean_title, is_date, title_from_path, title_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from papersim.notes.header import Header
    from papersim.notes.labels import Labels
    from papersim.notes.lines import Line

__all__ = ["Segment", "find_segments"]

_LONGEST_TITLE = 250


@dataclass(frozen=True, slots=True)
class Segment:
    """One paper's part of a note: its title and the lines that tell of it.

    ``line`` is where the title stands (1 for a file name's); ``first`` and ``stop`` are the
    indices of the lines after the title, ``raw`` the title as written, with its links (empty
    for a file name's), and ``authors`` those it names in brackets. The lines before ``above``
    stand over the title and belong to the paper, too.
    """

    title: str
    line: int
    first: int
    stop: int
    raw: str = ""
    authors: tuple[str, ...] = ()
    above: int = 0


def find_segments(
    header: Header, lines: Sequence[Line], labels: Labels, path: str
) -> tuple[Segment, ...]:
    """Return the papers of a note in order; none where the note says nothing at all.

    Nor is a paper where a template's placeholder stands in the place of a title.
    A note is of one paper unless it is dated or undated-but-untitled and its headings are
    titles, or unless several headings of one level each look like a paper's.
    """
    if not header.values and all(line.kind == "blank" for line in lines):
        return ()
    title = _header_title(header)
    headings = [i for i, line in enumerate(lines) if line.kind == "heading" and line.depth == 0]
    titles = title_headings(headings, lines, labels)
    several = _paper_headings(
        titles, lines, labels, dated=_is_dated(title, header, path, titles, lines)
    )
    segments = (
        _many(several, lines, headings)
        if several
        else [_one(title, header, lines, titles, labels, path)]
    )
    return tuple(segment for segment in segments if not is_placeholder(segment.title))


def _header_title(header: Header) -> str | None:
    """Return the title that the header gives, None where it is none or only a date."""
    title = _written_title(header)
    useless = not title or is_date(title) or is_placeholder(title) or is_query(title)
    return None if useless else title


def _written_title(header: Header) -> str:
    written = header.text("title", "original-title", "论文标题")
    return clean_title(written or "").lstrip("@").strip()


def _is_dated(
    title: str | None, header: Header, path: str, titles: Sequence[int], lines: Sequence[Line]
) -> bool:
    """Return whether the note is named after a date, in its header, file or first heading."""
    if title is not None:
        return False
    named = header.text("title")
    if named is not None:
        return is_date(clean_title(named))
    if titles and lines[titles[0]].level == 1 and is_date(heading_text(lines[titles[0]])):
        return True
    return is_date(title_from_path(path)) and sum(lines[i].level == 1 for i in titles) != 1


def _paper_headings(
    titles: Sequence[int], lines: Sequence[Line], labels: Labels, *, dated: bool
) -> list[int]:
    """Return the headings that are titles of papers; empty where the note holds one paper."""
    titles = [i for i in titles if not is_date(heading_text(lines[i]))]
    by_level: dict[int, list[int]] = {}
    for i in titles:
        by_level.setdefault(lines[i].level, []).append(i)
    likely = {
        level: sum(looks_like_paper(i, lines, labels) for i in here)
        for level, here in by_level.items()
    }
    if dated and titles:
        best = max(by_level, key=lambda level: (likely[level], len(by_level[level]) > 1, -level))
    else:
        sure = (
            level
            for level in sorted(by_level)
            if likely[level] > 1 and likely[level] * 2 >= len(by_level[level])
        )
        best = next(sure, 0)
    # A heading above the papers with text of its own is listed, too: nothing is dropped.
    return [
        i
        for i in titles
        if lines[i].level == best or (lines[i].level < best and _has_text(i, lines))
    ]


def _has_text(heading: int, lines: Sequence[Line]) -> bool:
    """Return whether anything stands between a heading and the next one."""
    for line in lines[heading + 1 :]:
        if line.kind == "heading":
            return False
        if not is_furniture(line):
            return True
    return False


def _many(starts: Sequence[int], lines: Sequence[Line], headings: Sequence[int]) -> list[Segment]:
    segments = []
    for number, start in enumerate(starts):
        level = lines[start].level
        stop = starts[number + 1] if number + 1 < len(starts) else len(lines)
        # A heading above the papers' level (a new day, an appendix) ends a paper, too.
        stop = next((i for i in headings if start < i < stop and lines[i].level < level), stop)
        raw = raw_heading(lines[start])
        segments.append(Segment(clean_title(raw), lines[start].number, start + 1, stop, raw))
    return segments


def _one(
    title: str | None,
    header: Header,
    lines: Sequence[Line],
    titles: Sequence[int],
    labels: Labels,
    path: str,
) -> Segment:
    """Return the one paper of a note, its title from header, heading, label, text or file name."""
    count = len(lines)
    if title is not None:
        first = 0
        if (
            titles
            and _same(title, heading_text(lines[titles[0]]))
            and _only_blank(lines, titles[0])
        ):
            first = titles[0] + 1
        line = header.lines.get("title", header.lines.get("original-title", 1))
        return Segment(title, line, first, count, header.raw.get("title") or title)
    heading = _title_heading(lines, titles)
    labelled = _labelled_title(lines)
    if labelled and (heading is None or labelled[0] < heading):
        index, text = labelled
        return Segment(clean_title(text), lines[index].number, 0, count, text)
    if heading is not None:
        line_of = lines[heading]
        raw = raw_heading(line_of)
        return Segment(clean_title(raw), line_of.number, heading + 1, count, raw, above=heading)
    unfilled = _unfilled_title(header, lines)
    return Segment(unfilled, 1, 0, count) if unfilled else _untitled(lines, labels, path)


def _unfilled_title(header: Header, lines: Sequence[Line]) -> str | None:
    """Return the placeholder in the place of a title: in the header or in the first heading."""
    first = next((heading_text(line) for line in lines if line.kind == "heading"), "")
    return next((title for title in (_written_title(header), first) if is_placeholder(title)), None)


def _title_heading(lines: Sequence[Line], titles: Sequence[int]) -> int | None:
    """Return the index of the heading that is a one-paper note's title, None without.

    It is the first heading of all, and of the first level or before any text.
    """
    if not titles or is_date(heading_text(lines[titles[0]])):
        return None
    index = titles[0]
    if any(line.kind == "heading" for line in lines[:index]):
        return None
    if _only_blank(lines, index):
        return index
    above = (line for line in lines[:index] if not line.text.lstrip().startswith(">"))
    return index if lines[index].level == 1 and all(map(is_furniture, above)) else None


def _untitled(lines: Sequence[Line], labels: Labels, path: str) -> Segment:
    """Return the paper of a note without heading, its title from the first lines or the name."""
    name = title_from_path(path)
    found = title_in_first_lines(lines, name)
    if found is None or labels.kinds(found.title):
        return Segment(name, 1, 0, len(lines))
    raw = "\n".join(line.text for line in lines[found.first : found.after])
    number = lines[found.first].number
    return Segment(found.title, number, found.after, len(lines), raw, found.authors, found.first)


def _labelled_title(lines: Sequence[Line]) -> tuple[int, str] | None:
    """Return the line and text of a ``**Title**: …`` near the top, or below a ``# Title``."""
    for index, line in enumerate(lines[:15]):
        fact = field_of(line)
        if fact is not None and fact.name == "title" and clean_title(fact.value):
            return index, fact.value
        if line.kind == "heading" and field_name(heading_text(line)) == "title":
            below = next((i for i in range(index + 1, len(lines)) if lines[i].text.strip()), None)
            if below is not None and lines[below].kind == "text" and not is_furniture(lines[below]):
                text = re.sub(r"^\s*[-*+]\s+", "", lines[below].text).strip()
                return (below, text) if len(text) <= _LONGEST_TITLE else None
    return None


def _same(one: str, other: str) -> bool:
    a, b = title_key(one), title_key(other)
    return bool(a) and bool(b) and (a.startswith(b) or b.startswith(a))


def _only_blank(lines: Sequence[Line], stop: int) -> bool:
    return all(line.kind in {"blank", "html", "rule"} for line in lines[:stop])
