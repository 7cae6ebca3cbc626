"""A paper's part of a note's text: what the places for its tags are found in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from papersim.notes.header import read_header
from papersim.notes.lines import parse_lines
from papersim.notes.segments import find_segments

if TYPE_CHECKING:
    from papersim.notes.header import Header
    from papersim.notes.labels import Labels
    from papersim.notes.lines import Line

__all__ = ["BOM", "PaperText", "paper_texts"]

BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class PaperText:
    """A paper's own lines and what is around them in the ``text`` of its note.

    ``bare`` is the text without a BOM, to which the header's places refer; those of lines refer
    to ``text``. ``alone``: the note holds no other paper, so that its header is this one's.
    """

    text: str
    bare: str
    header: Header
    lines: tuple[Line, ...]
    own: tuple[Line, ...]
    heading: Line | None
    alone: bool

    @property
    def offset(self) -> int:
        """How much further on a place of the bare text stands in the text."""
        return len(self.text) - len(self.bare)


def paper_texts(text: str, path: str, labels: Labels) -> tuple[PaperText, ...]:
    """Return the parts of a note's text in the order of the papers that reading it gives."""
    bare = text.removeprefix(BOM)
    header = read_header(bare)
    lines = parse_lines(bare[header.end :], header.end_line, header.end + len(text) - len(bare))
    segments = find_segments(header, lines, labels, path)
    parts = []
    for segment in segments:
        above = lines[segment.first - 1] if segment.first else None
        heading = above if above is not None and above.kind == "heading" else None
        own = lines[segment.first : segment.stop]
        parts.append(PaperText(text, bare, header, lines, own, heading, len(segments) == 1))
    return tuple(parts)
