"""Where papers begin in a note, and their titles, by what the note shows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from papersim.notes.fields import field_of
from papersim.notes.tags import is_tag_line
from papersim.notes.titles import clean_title, is_date, title_from_path, title_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from papersim.notes.header import Header
    from papersim.notes.labels import Labels
    from papersim.notes.lines import Line

__all__ = ["Segment", "find_segments"]

_NEAR = 4
_ARXIV_URL = re.compile(r"https?://\S*(?:arxiv\.org|openreview\.net|doi\.org)/\S+")
_PLACEHOLDER = re.compile(r"\{\{.*\}\}|<%.*%>")


@dataclass(frozen=True, slots=True)
class Segment:
    """One paper's part of a note: its title and the lines that tell of it.

    ``line`` is where the title stands (1 for a file name's); ``first`` and ``stop`` are the
    indices of the lines after the title, ``raw`` the title as written, with its links.
    """

    title: str
    line: int
    first: int
    stop: int
    raw: str = ""


def find_segments(
    header: Header, lines: Sequence[Line], labels: Labels, path: str
) -> tuple[Segment, ...]:
    """Return the papers of a note in order; none where the note says nothing at all.

    A note is of one paper unless it is dated or undated-but-untitled and its headings are
    titles, or unless several headings of one level each look like a paper's.
    """
    if not header.values and all(line.kind == "blank" for line in lines):
        return ()
    title = _header_title(header)
    headings = [i for i, line in enumerate(lines) if line.kind == "heading" and line.depth == 0]
    titles = [
        i for i in headings if not labels.kinds(_heading_text(lines[i])) and _heading_text(lines[i])
    ]
    several = _paper_headings(
        titles, lines, labels, dated=_is_dated(title, header, path, titles, lines)
    )
    if several:
        return tuple(_many(several, lines, headings))
    return (_one(title, header, lines, titles, labels, path),)


def _header_title(header: Header) -> str | None:
    """Return the title that the header gives, None where it is none or only a date."""
    written = header.text("title", "original-title", "论文标题")
    title = clean_title(written or "").lstrip("@").strip()
    return title if title and not is_date(title) and not _PLACEHOLDER.search(title) else None


def _is_dated(
    title: str | None, header: Header, path: str, titles: Sequence[int], lines: Sequence[Line]
) -> bool:
    """Return whether the note is a daily one: named after a date, in header, file or first heading."""
    if title is not None:
        return False
    named = header.text("title")
    if named is not None:
        return is_date(clean_title(named))
    if titles and lines[titles[0]].level == 1 and is_date(_heading_text(lines[titles[0]])):
        return True
    return is_date(title_from_path(path)) and sum(lines[i].level == 1 for i in titles) != 1


def _paper_headings(
    titles: Sequence[int], lines: Sequence[Line], labels: Labels, *, dated: bool
) -> list[int]:
    """Return the headings that are titles of papers; empty where the note holds one paper."""
    titles = [i for i in titles if not is_date(_heading_text(lines[i]))]
    for level in sorted({lines[i].level for i in titles}):
        here = [i for i in titles if lines[i].level == level]
        if dated:
            return here
        likely = [i for i in here if _looks_like_paper(i, lines, labels)]
        if len(likely) > 1 and len(likely) * 2 >= len(here):
            return here
    return []


def _looks_like_paper(index: int, lines: Sequence[Line], labels: Labels) -> bool:
    """Return whether a heading is followed at once by what follows a paper's title.

    That is a line of tags, an arXiv or DOI link, or a bold label that is known; or it links
    to the paper itself.
    """
    if _ARXIV_URL.search(lines[index].text):
        return True
    near = [line for line in lines[index + 1 : index + 12] if line.kind != "blank"][:_NEAR]
    for line in near:
        if line.kind == "heading":
            return False
        if is_tag_line(line.prose):
            return True
        bold = re.match(r"^\s*(?:[-*+]\s*)?\*\*([^*]{1,20}?)[:：]?\*\*", line.text)
        if bold and set(labels.whole(bold.group(1))) & {
            "background",
            "motivation",
            "method",
            "contributions",
        }:
            return True
    return False


def _many(starts: Sequence[int], lines: Sequence[Line], headings: Sequence[int]) -> list[Segment]:
    level = lines[starts[0]].level
    segments = []
    for number, start in enumerate(starts):
        stop = starts[number + 1] if number + 1 < len(starts) else len(lines)
        # A heading above the papers' level (a new day, an appendix) ends a paper, too.
        stop = next((i for i in headings if start < i < stop and lines[i].level < level), stop)
        raw = _raw_heading(lines[start])
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
            and _same(title, _heading_text(lines[titles[0]]))
            and _only_blank(lines, titles[0])
        ):
            first = titles[0] + 1
        line = header.lines.get("title", header.lines.get("original-title", 1))
        return Segment(title, line, first, count, header.raw.get("title", ""))
    if labelled := _labelled_title(lines):
        index, text = labelled
        return Segment(clean_title(text), lines[index].number, 0, count, text)
    content = next(
        (i for i, line in enumerate(lines) if line.kind not in {"blank", "html", "rule"}), count
    )
    for index in titles[:1]:
        line = lines[index]
        first_heading = not any(other.kind == "heading" for other in lines[:index])
        if (
            (line.level == 1 or index == content)
            and first_heading
            and not is_date(_heading_text(line))
        ):
            return Segment(_heading_text(line), line.number, index + 1, count, _raw_heading(line))
    return _untitled(lines, content, labels, path)


def _untitled(lines: Sequence[Line], content: int, labels: Labels, path: str) -> Segment:
    """Return the paper of a note without title or heading: a title in its first lines, or its name."""
    name = title_from_path(path)
    wrapped = _first_lines_title(lines, content)
    if wrapped is not None and not labels.kinds(wrapped[0]):
        title, after = wrapped
        return Segment(
            title,
            lines[content].number,
            after,
            len(lines),
            "\n".join(l.text for l in lines[content:after]),
        )
    return Segment(name, 1, 0, len(lines))


def _first_lines_title(lines: Sequence[Line], content: int) -> tuple[str, int] | None:
    return None


def _labelled_title(lines: Sequence[Line]) -> tuple[int, str] | None:
    """Return the line and text of a ``**Title**: …`` near the top."""
    for index, line in enumerate(lines[:15]):
        fact = field_of(line)
        if fact is not None and fact.name == "title" and clean_title(fact.value):
            return index, fact.value
    return None


def _same(one: str, other: str) -> bool:
    a, b = title_key(one), title_key(other)
    return bool(a) and bool(b) and (a.startswith(b) or b.startswith(a))


def _only_blank(lines: Sequence[Line], stop: int) -> bool:
    return all(line.kind in {"blank", "html", "rule"} for line in lines[:stop])


def _raw_heading(line: Line) -> str:
    return re.sub(r"^[\s>]*#{1,6}(?:\s|$)", "", line.text).rstrip("# \t").strip()


def _heading_text(line: Line) -> str:
    return clean_title(_raw_heading(line))
