"""What is said of tags, and what writing them did. All values are frozen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from papersim.model.papers import Paper
    from papersim.model.report import SkippedNote

__all__ = ["Alike", "Reason", "Suggestion", "Suggestions", "TagCount", "TagEdit"]


@dataclass(frozen=True, slots=True)
class Reason:
    """What speaks for a tag: the source, the papers that carry it, a sentence of the paper's."""

    source: str
    papers: tuple[str, ...] = ()
    quote: str | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A tag that may fit; ``confidence`` is in 0..1, higher is better."""

    tag: str
    confidence: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Suggestions:
    """The tags suggested for one paper, best first; ``new_tags`` are not in use yet.

    With ``guess`` the vault has too few tagged papers to know how sure a suggestion is.
    """

    paper: Paper
    suggestions: tuple[Suggestion, ...]
    new_tags: tuple[Suggestion, ...] = ()
    guess: bool = False


@dataclass(frozen=True, slots=True)
class TagCount:
    """A tag as it is written, and on how many papers it stands so."""

    tag: str
    count: int


@dataclass(frozen=True, slots=True)
class Alike:
    """Tags that may be one tag, ``keep`` first; ``score`` is in 0..1, ``reason`` says why."""

    tags: tuple[str, ...]
    keep: str
    score: float
    reason: str


@dataclass(frozen=True, slots=True)
class TagEdit:
    """What writing tags did, or would do: a unified diff, the notes written, those left and why.

    ``tagged`` is how many papers got tags, ``tags`` which they got and how often; ``respelled``
    holds (note, title, tag, the same as it is spelled there).
    """

    diff: str
    written: tuple[str, ...]
    left: tuple[SkippedNote, ...]
    tagged: int = 0
    tags: tuple[TagCount, ...] = ()
    respelled: tuple[tuple[str, str, str, str], ...] = ()
