"""What a note says, as values: notes hold papers, papers hold sections.

Lines count from 1. Paths are relative to the notes folder, with ``/``.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["KINDS", "Note", "PaperEntry", "Section"]

KINDS = (
    "background",
    "motivation",
    "method",
    "contributions",
    "results",
    "related_work",
    "limitations",
    "summary",
    "notes",
    "other",
)
"""The canonical kinds of section, in the order in which people list them."""


@dataclass(frozen=True, slots=True)
class Section:
    """A labelled part of a paper's summary, as it stands in the note.

    ``text`` is the note's own Markdown without the label. ``start`` and ``end`` are the
    offsets of the section in the note's text, label included; both are 0 where the section
    comes from a frontmatter key.
    """

    label: str | None
    kinds: tuple[str, ...]
    line: int
    text: str
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class PaperEntry:
    """One paper as one note tells it; the same paper may have entries in several notes."""

    title: str
    line: int
    tags: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    date: str | None = None
    arxiv: str | None = None
    doi: str | None = None
    authors: tuple[str, ...] = ()
    venue: str | None = None
    links: tuple[str, ...] = ()
    """Names of notes or papers this one links to: wikilinks and ``related:`` keys."""


@dataclass(frozen=True, slots=True)
class Note:
    """One Markdown file as read: its papers, or the reason why there are none."""

    path: str
    papers: tuple[PaperEntry, ...] = ()
    skipped: str | None = None
