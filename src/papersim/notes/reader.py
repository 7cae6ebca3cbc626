"""A note's text → the note with its papers. The one entrance to reading."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from papersim.notes.fields import arxiv_id, date_in, doi, field_name, field_of, names
from papersim.notes.header import read_header
from papersim.notes.labels import Labels
from papersim.notes.lines import parse_lines
from papersim.notes.model import Note, PaperEntry, Section
from papersim.notes.sections import find_sections
from papersim.notes.segments import find_segments
from papersim.notes.tags import hashtags, split_tags, unique_tags

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from papersim.notes.fields import Field
    from papersim.notes.header import Header
    from papersim.notes.lines import Line
    from papersim.notes.segments import Segment

__all__ = ["LONGEST_NOTE", "read_note"]

LONGEST_NOTE = 4_000_000
"""The number of characters beyond which a file is no note of a person's."""

_TAG_KEYS = ("tags", "tag", "keywords", "keyword", "zotero_keywords", "关键词", "标签")
_LINK_KEYS = ("related", "links", "see-also", "相关")
_WIKILINK = re.compile(r"(?<!!)\[\[([^\[\]\r\n]+)\]\]")
_NEAR_TITLE = 12


def read_note(text: str, path: str, labels: Labels) -> Note:
    """Return what a note's text says; never raises, whatever the text is.

    ``path`` is the note's place in the vault, for its date and, last of all, its title. A note
    that holds no paper says why under ``skipped``.
    """
    if len(text) > LONGEST_NOTE:
        return Note(path, skipped=f"longer than {LONGEST_NOTE // 1_000_000} million characters")
    bare = text.removeprefix("\ufeff")
    bom = len(text) - len(bare)
    header = read_header(bare)
    lines = parse_lines(bare[header.end :], header.end_line, header.end + bom)
    segments = find_segments(header, lines, labels, path)
    if not segments:
        return Note(path, skipped="empty")
    alone = len(segments) == 1
    papers = [_read_paper(s, header, lines, labels, text, path, alone=alone) for s in segments]
    return Note(path, tuple(papers))


def _read_paper(
    segment: Segment,
    header: Header,
    lines: Sequence[Line],
    labels: Labels,
    text: str,
    path: str,
    *,
    alone: bool,
) -> PaperEntry:
    own = lines[segment.first : segment.stop]
    facts = [fact for line in own if (fact := field_of(line))]
    tags = [
        *(split_tags(header.items(*_TAG_KEYS)) if alone else ()),
        *(tag for fact in facts if fact.name == "tags" for tag in split_tags(fact.value)),
        *_listed_tags(own),
        *(tag for line in own if _may_hold_tags(line) for tag in hashtags(line.prose)),
    ]
    sections = find_sections(own, labels, text)
    if alone:
        sections = (*_header_sections(header, labels), *sections)
    near = "\n".join(line.text for line in own[:_NEAR_TITLE])
    given = [
        header.text(key) for key in ("arxiv", "arxiv_id", "eprint", "url", "pdf", "link", "extra")
    ]
    return PaperEntry(
        title=segment.title,
        line=segment.line,
        tags=unique_tags(tags),
        sections=sections,
        date=_date(header, path),
        arxiv=arxiv_id(segment.raw, *(given if alone else ()), near, path=path if alone else ""),
        doi=doi(*((header.text("doi"),) if alone else ()), near),
        authors=_authors(header, facts, alone=alone),
        venue=(header.text("venue", "journal", "publisher", "publication-title") if alone else None)
        or next((f.value for f in facts if f.name == "venue" and f.value), None),
        links=_links(own, header, alone=alone),
    )


def _may_hold_tags(line: Line) -> bool:
    """Return whether hashtags in a line are tags: not in code, HTML, headings or labelled facts."""
    if line.kind in {"code", "heading", "blank", "html"}:
        return False
    fact = field_of(line)
    return fact is None or fact.name == "tags" or fact.name == "ignored"


def _listed_tags(lines: Sequence[Line]) -> Iterator[str]:
    """Yield the tags of the list under a ``## Tags`` or ``## Keywords`` heading."""
    inside = False
    for line in lines:
        if line.kind == "heading":
            label = re.sub(r"^[\s>]*#{1,6}", "", line.text).strip(" :：#")
            inside = field_name(label) == "tags"
        elif inside and line.item:
            yield from split_tags(
                re.split(r" / ", re.sub(r"^\s*(?:[-*+]|\d+[.)])\s+", "", line.text))
            )


def _header_sections(header: Header, labels: Labels) -> Iterator[Section]:
    """Yield the sections that stand as header keys (``motivation: …``, ``tldr: …``)."""
    for key, value in header.values.items():
        kinds = labels.whole(key)
        flat = header.text(key)
        if kinds and kinds != ("other",) and isinstance(value, str) and flat and " " in flat + " ":
            yield Section(key, kinds, header.lines.get(key, 1), value.strip())


def _date(header: Header, path: str) -> str | None:
    """Return the day of a note: written in it, in its title or name, or when it was made."""
    written = header.text("date", "published", "date-added", "added")
    return date_in(written, header.text("title"), path=path) or date_in(header.text("created"))


def _authors(header: Header, facts: Sequence[Field], *, alone: bool) -> tuple[str, ...]:
    if alone and (given := header.items("authors", "author")):
        return names(given if len(given) > 1 else given[0])
    return next((names(f.value) for f in facts if f.name == "authors" and f.value), ())


def _links(lines: Sequence[Line], header: Header, *, alone: bool) -> tuple[str, ...]:
    """Return the names that the paper links to, in order, each once."""
    found = [
        m.group(1) for line in lines if line.kind != "code" for m in _WIKILINK.finditer(line.text)
    ]
    if alone:
        for item in header.items(*_LINK_KEYS):
            found += _WIKILINK.findall(item) or [part.strip() for part in item.split(",")]
    return tuple(dict.fromkeys(name.split("#")[0].strip() for name in found if name.strip()))
