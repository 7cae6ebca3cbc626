"""What is known of papers, and how near they are. All values are frozen."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Duplicate", "Evidence", "Hit", "Paper", "PaperDetail", "PaperSection", "Place"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a paper is told of: a note, relative to the vault, and the line of its title."""

    note: str
    line: int


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper as all its notes together tell it; ``note`` and ``line`` are its first place."""

    id: str
    title: str
    note: str
    line: int
    tags: tuple[str, ...]
    date: str | None
    arxiv: str | None
    doi: str | None = None
    authors: tuple[str, ...] = ()
    venue: str | None = None
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class PaperSection:
    """A section as it stands in a note, with the language of its text (ISO 639-1, or ``und``)."""

    label: str | None
    kinds: tuple[str, ...]
    line: int
    text: str
    note: str = ""
    language: str = "und"


@dataclass(frozen=True, slots=True)
class PaperDetail:
    """A paper with its sections in the order of its notes."""

    paper: Paper
    sections: tuple[PaperSection, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a paper is a hit: my section, theirs, how near they are (0..1).

    ``quote`` is the sentence of theirs that says most of mine, ``query_quote`` that of mine.
    """

    query: PaperSection | None
    section: PaperSection
    score: float
    quote: str
    query_quote: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A paper in answer to a query; ``score`` is in 0..1, higher is better."""

    rank: int
    score: float
    paper: Paper
    shared_tags: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    sources: tuple[tuple[str, float], ...] = ()
    """How much each source added, in standard deviations times its weight."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """One paper with several places, or two that may be one; ``score`` is in 0..1."""

    papers: tuple[Paper, ...]
    reason: str
    score: float
