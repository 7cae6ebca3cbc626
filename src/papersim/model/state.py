"""What state the index is in. All values are frozen."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Finding", "LastRun", "Status"]


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last run of a command that writes: when it was (ISO 8601, UTC), what became of it.

    ``result`` is done, nothing to do, in part, failed, stopped, running, or did not end; the
    last two have no end and no seconds. ``detail`` says what was done, or the error.
    """

    command: str
    started: str
    ended: str | None
    seconds: float | None
    result: str
    detail: str


@dataclass(frozen=True, slots=True)
class Status:
    """What is indexed, with what, and whether the notes have changed since."""

    notes: int
    papers: int
    sections: int
    embeddings: int
    model: str
    dimension: int
    index_kind: str
    generation: int
    up_to_date: bool
    bytes: int
    passages: int
    languages: dict[str, int]
    last_run: LastRun | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something the doctor noticed: what it is, where, what to do about it, and if that is done."""

    kind: str
    subject: str
    detail: str
    advice: str
    fixed: bool = False
