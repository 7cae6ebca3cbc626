"""A note's text → the note with its papers. The one entrance to reading."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from papersim.notes.fields import arxiv_id, date_in, doi, field_name, field_of, hash_field, names
from papersim.notes.header import read_header
from papersim.notes.lines import parse_lines
from papersim.notes.model import Note, PaperEntry, Section
from papersim.notes.no_paper import is_only_code, is_template
from papersim.notes.sections import find_sections
from papersim.notes.segments import find_segments
from papersim.notes.tags import TAG_KEYS, hashtags, split_tags, unique_tags
from papersim.notes.titles import wikilink_target

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from papersim.notes.fields import Field
    from papersim.notes.header import Header
    from papersim.notes.labels import Labels
    from papersim.notes.lines import Line
    from papersim.notes.segments import Segment

__all__ = ["LONGEST_NOTE", "MOST_LINES", "may_hold_tags", "read_note"]

LONGEST_NOTE = 2_000_000
"""The number of characters beyond which a file is no note of a person's."""

MOST_LINES = 20_000
"""The number of lines beyond which a file is no note of a person's."""

_LINK_KEYS = ("related", "links", "see-also", "相关")
_WIKILINK = re.compile(r"(?<!!)\[\[([^\[\]\r\n]+)\]\]")
_NEAR_TITLE = 12
_ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)])\s")


def read_note(text: str, path: str, labels: Labels) -> Note:
    """Return what a note's text says; never raises, whatever the text is.

    ``path`` is the note's place in the vault, for its date and, last of all, its title. A note
    that holds no paper says why under ``skipped``.
    """
    if reason := _too_long(text):
        return Note(path, skipped=reason)
    bare = text.removeprefix("\ufeff")
    bom = len(text) - len(bare)
    header = read_header(bare)
    lines = parse_lines(bare[header.end :], header.end_line, header.end + bom)
    if not header.values and all(line.kind == "blank" for line in lines):
        return Note(path, skipped="empty")
    segments = find_segments(header, lines, labels, path)
    if not segments:
        return Note(path, skipped="a template: a placeholder for a title")
    # Logseq's pages hold macros in the braces of placeholders (`{{embed …}}`).
    if header.form != "properties" and is_template(segments, lines, labels):
        return Note(path, skipped="a template: nothing but placeholders")
    alone = len(segments) == 1
    papers = [_read_paper(s, header, lines, labels, text, path, alone=alone) for s in segments]
    if alone and is_only_code(papers[0], lines[segments[0].first :]):
        return Note(path, skipped="nothing but code")
    return Note(path, tuple(papers))


def _too_long(text: str) -> str | None:
    if len(text) > LONGEST_NOTE:
        return f"longer than {LONGEST_NOTE:,} characters"
    if 1 + text.count("\n") + text.count("\r") - text.count("\r\n") > MOST_LINES:
        return f"more than {MOST_LINES:,} lines"
    return None


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
    above, below = lines[: segment.above], lines[segment.first : segment.stop]
    own = (*above, *below)
    facts = [fact for line in own if (fact := field_of(line))]
    found = (
        *find_sections(above, labels, text, segment.title),
        *find_sections(below, labels, text, segment.title),
    )
    stated = {line.number for line in own if (f := field_of(line)) and f.name == "tags"}
    bare = (_without_stated(section, stated) for section in found)
    sections = tuple(s for s in bare if s is not None and not _lists_tags(s))
    labelled = {section.line for section in found}
    tags = [
        *(split_tags(header.items(*TAG_KEYS)) if alone else ()),
        *(tag for fact in facts if fact.name == "tags" for tag in split_tags(fact.value)),
        *_listed_tags(own),
        *(
            tag
            for line in own
            if may_hold_tags(line)
            and not (line.number in labelled and line.text.lstrip(" \t-*+").startswith("#"))
            for tag in _hashtags_of(line)
        ),
    ]
    if alone:
        sections = (*_header_sections(header, labels), *sections)
    near = "\n".join(line.text for line in own[:_NEAR_TITLE])
    given = _given_ids(header) if alone else ()
    return PaperEntry(
        title=segment.title,
        line=segment.line,
        tags=unique_tags(tags),
        sections=sections,
        date=_date(header, path),
        arxiv=arxiv_id(segment.raw, *given, near, path=path if alone else ""),
        doi=doi(*((header.text("doi"),) if alone else ()), near),
        authors=_authors(header, facts, alone=alone) or segment.authors,
        venue=(header.text("venue", "journal", "publisher", "publication-title") if alone else None)
        or next((f.value for f in facts if f.name == "venue" and f.value), None),
        links=_links(own, header, alone=alone),
    )


def _given_ids(header: Header) -> tuple[str, ...]:
    """Return what a header says that may hold an arXiv id; under its own keys it may be bare."""
    bare = (header.text(key) for key in ("arxiv", "arxiv_id", "arxiv-id", "eprint"))
    others = (header.text(key) for key in ("url", "pdf", "link", "extra", "doi"))
    return (*(f"arXiv:{value}" for value in bare if value), *filter(None, others))


def may_hold_tags(line: Line) -> bool:
    """Return whether hashtags in a line are tags: not in code, HTML, headings or labelled facts."""
    if line.kind in {"code", "heading", "blank", "html"}:
        return False
    if line.kind == "table":
        # In a table's head, `#params` is a number of things.
        return field_name(line.text.strip(" >|").split("|")[0]) == "tags"
    fact = field_of(line)
    return fact is None or fact.name in {"tags", "ignored"}


def _hashtags_of(line: Line) -> list[str]:
    """Return a line's hashtags, without one that names a fact (``- #title Some Paper``)."""
    tags = hashtags(line.prose)
    return tags[1:] if tags and tags[0] == hash_field(line.text) else tags


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


def _lists_tags(section: Section) -> bool:
    """Return whether a section is the list under a ``## Tags`` heading, which is no text."""
    lines = (line for line in section.text.splitlines() if line.strip())
    return field_name(section.label or "") == "tags" and all(map(_ITEM.match, lines))


def _without_stated(section: Section, stated: set[int]) -> Section | None:
    """Return a section without the tags that stand on the line of its label; None if all of it."""
    if section.line not in stated or field_name(section.label or "") != "tags":
        return section
    rest = section.text.partition("\n")[2].strip()
    return replace(section, text=rest) if rest else None


def _header_sections(header: Header, labels: Labels) -> Iterator[Section]:
    """Yield the sections that stand as header keys (``motivation: …``, ``tldr: …``)."""
    for key, value in header.values.items():
        kinds = labels.whole(key)
        flat = header.text(key)
        if kinds and kinds != ("other",) and isinstance(value, str) and flat and _is_prose(flat):
            yield Section(key, kinds, header.lines.get(key, 1), value.strip())


def _is_prose(value: str) -> bool:
    """Return whether a header's value is text for people, not a switch or a number."""
    return value.casefold() not in {"true", "false", "yes", "no", "on", "off"} and any(
        c.isalpha() for c in value
    )


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
    texts = [line.text for line in lines if line.kind != "code"]
    plain: list[str] = []
    if alone:
        texts += [i for key in header.values if key not in TAG_KEYS for i in header.items(key)]
        named = (item for item in header.items(*_LINK_KEYS) if not _WIKILINK.search(item))
        plain = [part.strip() for item in named for part in item.split(",")]
    linked = [wikilink_target(m.group(1)) for text in texts for m in _WIKILINK.finditer(text)]
    return tuple(dict.fromkeys(name for name in (*linked, *plain) if name))
