"""Notes that are no papers, by what they hold: templates that nobody filled in, pages of code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from papersim.notes.fields import field_name
from papersim.notes.labelled import PREFIX
from papersim.notes.placeholders import without_placeholders

if TYPE_CHECKING:
    from collections.abc import Sequence

    from papersim.notes.labels import Labels
    from papersim.notes.lines import Line
    from papersim.notes.model import PaperEntry
    from papersim.notes.segments import Segment

__all__ = ["is_only_code", "is_template"]

_HTML = re.compile(r"<[^<>]*>")
_LABEL = re.compile(r"^(?:\[![\w-]+\][+-]?)?[*_`\s]*([^:：*_`]{1,40}?)[*_`\s]*(?:[:：]+[*_`\s]*|$)")
_LONGEST_LABEL = 80
_CODE_TO_WORDS = 9
"""A page of code has so many characters of it for each one of words, or more."""
_BIBTEX = re.compile(r"\s*@\w+\s*\{")


def is_template(segments: Sequence[Segment], lines: Sequence[Line], labels: Labels) -> bool:
    """Return whether a note's lines hold placeholders and not one word.

    Where only the file names the note, headings and labels are no words of it.
    """
    bare = [without_placeholders(line.text) for line in lines]
    if all(text == line.text for text, line in zip(bare, lines, strict=True)):
        return False
    if not any(segment.raw for segment in segments):
        bare = [
            _unlabelled(text, labels)
            for text, line in zip(bare, lines, strict=True)
            if line.kind != "heading"
        ]
    return not _has_words(_HTML.sub(" ", "\n".join(bare)))


def _unlabelled(text: str, labels: Labels) -> str:
    """Return what a line says beside the label it begins with."""
    prefix = PREFIX.match(text)
    rest = text[prefix.end() :] if prefix else text
    label = _LABEL.match(rest[:_LONGEST_LABEL])
    if label and (field_name(label[1]) or labels.kinds(label[1])):
        return rest[label.end() :]
    return rest


def is_only_code(paper: PaperEntry, lines: Sequence[Line]) -> bool:
    """Return whether a note's lines are code, and nothing tells of a paper.

    Tags do, a section with a known label, an identifier, a name, and an entry for BibTeX.
    """
    known = any(s.label and s.kinds != ("other",) for s in paper.sections)
    if paper.tags or known or paper.arxiv or paper.doi or paper.authors or paper.venue:
        return False
    code = words = 0
    for line in lines:
        size = len(line.text.strip())
        if line.kind == "code":
            if _BIBTEX.match(line.text):
                return False
            code += size
        else:
            words += size
    return code > 0 and code >= _CODE_TO_WORDS * words


def _has_words(text: str) -> bool:
    return any(c.isalnum() for c in text)
