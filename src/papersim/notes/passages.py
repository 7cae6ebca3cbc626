"""Passages: the exact texts that are embedded, one or more for each section of a paper."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from papersim.notes.plain import plain_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from papersim.notes.model import PaperEntry, Section

    CountTokens = Callable[[Sequence[str]], list[int]]
    Clean = Callable[[str], str]

__all__ = ["Passage", "passages_of", "split_text"]

_BREAKS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\n[ \t\r]*\n+",  # paragraphs
        r"\n(?=[-*+] |\d{1,3}[.)] )",  # top bullets
        r"\n(?=\s+(?:[-*+]|\d{1,3}[.)]) )",  # nested bullets
        r"\n+",  # lines
        r"(?<=[。！？!?；;])|(?<=[.])\s",  # sentences
        r"(?<=[，,、：:])|\s",  # clauses
    )
)
_MIDDLE = 0.3


@dataclass(frozen=True, slots=True)
class Passage:
    """A text to embed and the piece of a section it stands for.

    ``section`` is the index of the section in its paper, None for the passage of title and
    tags that a paper without text has. ``piece`` is the section's own Markdown; the pieces
    of a section, joined, are its text.
    """

    section: int | None
    piece: str
    text: str


def passages_of(
    paper: PaperEntry, window: int, count_tokens: CountTokens, clean: Clean = plain_text
) -> tuple[Passage, ...]:
    """Return the passages of a paper in the order of its sections.

    Each reads: paper title, label, text; at most ``window`` tokens as ``count_tokens`` sees
    them. A paper without text has one passage of its title and tags.
    """

    def fits(texts: Sequence[str]) -> list[bool]:
        return [count <= window for count in count_tokens(texts)]

    passages: list[Passage] = []
    for index, section in enumerate(paper.sections):
        passages += _section_passages(paper.title, section, index, fits, clean)
    if passages:
        return tuple(passages)
    text = "\n".join(
        filter(None, (paper.title, " ".join(tag.replace("_", " ") for tag in paper.tags)))
    )
    return (Passage(None, "", text),)


def _section_passages(
    title: str,
    section: Section,
    index: int,
    fits: Callable[[Sequence[str]], list[bool]],
    clean: Clean,
) -> list[Passage]:
    head = f"{title}\n{section.label}: " if section.label else f"{title}\n"

    def composed(piece: str) -> str:
        words = clean(piece)
        return head + words if words else ""

    pieces = split_text(section.text, lambda texts: fits([composed(text) for text in texts]))
    return [Passage(index, piece, text) for piece in pieces if (text := composed(piece))]


def split_text(text: str, fits: Callable[[Sequence[str]], list[bool]]) -> list[str]:
    """Return the pieces of a text that each fit, in order; joined they are the text.

    A text that does not fit is cut in two near its middle, at the best break there is there:
    paragraph, bullet, line, sentence, clause, and only then anywhere.
    """
    done: list[str] = []
    waiting = [text]
    while waiting:
        piece = waiting.pop()
        if len(piece) <= 1 or fits([piece])[0]:
            done.append(piece)
        else:
            cut = _best_cut(piece)
            waiting += (piece[cut:], piece[:cut])
    return done


def _best_cut(text: str) -> int:
    """Return where to cut a text of two characters or more: 0 < cut < len(text)."""
    middle = len(text) // 2
    low, high = int(len(text) * (0.5 - _MIDDLE)), int(len(text) * (0.5 + _MIDDLE))
    for pattern in _BREAKS:
        cuts = [match.end() for match in pattern.finditer(text, max(low, 1), max(high, 1))]
        cuts = [cut for cut in cuts if 0 < cut < len(text)]
        if cuts:
            return min(cuts, key=lambda cut: abs(cut - middle))
    return middle
