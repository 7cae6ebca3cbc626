"""What a run of indexing did. All values are frozen."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["IndexReport", "SkippedNote"]


@dataclass(frozen=True, slots=True)
class SkippedNote:
    """A note that was not read or not written, and why, in one line."""

    note: str
    reason: str


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What one run of indexing did. Added, changed, moved, removed and unchanged count notes."""

    added: int
    changed: int
    moved: int
    removed: int
    unchanged: int
    papers: int
    sections: int
    embedded: int
    seconds: float
    skipped: tuple[SkippedNote, ...]
