"""What state the index is in. All values are frozen."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Finding", "Status"]


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


@dataclass(frozen=True, slots=True)
class Finding:
    """Something the doctor noticed: what it is, where, what to do about it, and if that is done."""

    kind: str
    subject: str
    detail: str
    advice: str
    fixed: bool = False
