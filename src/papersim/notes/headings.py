"""Which headings of a note may be titles of papers, and which are labels of sections.

A label's words occur in titles, too ("A Survey of Related Work", "面向评论的摘要方法"). A heading
is a label where the label is all of it, or nearly; where it is but a part, what follows decides,
and the headings beside it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from papersim.notes.fields import field_of
from papersim.notes.labelled import LITERAL, label_lines
from papersim.notes.placeholders import is_placeholder, is_query, without_placeholders
from papersim.notes.tags import is_tag_line
from papersim.notes.titles import clean_title

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from papersim.notes.labels import Labels
    from papersim.notes.lines import Line

__all__ = ["heading_text", "looks_like_paper", "raw_heading", "title_headings"]

_NEAR = 4
_LONG_LATIN = 4
_NEARLY_NONE = 2
_MOST_BESIDE_LABEL = 6
"""From this many words beside a label on, a heading is longer than people make labels."""
_LEAST_LABELS = 2
_ARXIV_URL = re.compile(r"https?://\S*(?:arxiv\.org|openreview\.net|doi\.org)/\S+")
_BOLD = re.compile(r"^\s*(?:[-*+]\s*)?(\*\*|__)([^*]{1,20}?)[:：]?\1")
_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff]")
_CONTENT = {"background", "motivation", "method", "contributions"}


def raw_heading(line: Line) -> str:
    """Return a heading as written, without its ``#`` marks."""
    return re.sub(r"^[\s>]*#{1,6}(?:\s|$)", "", line.text).rstrip("# \t").strip()


def heading_text(line: Line) -> str:
    """Return what a heading says, as a title."""
    return clean_title(raw_heading(line))


def title_headings(headings: Sequence[int], lines: Sequence[Line], labels: Labels) -> list[int]:
    """Return those of a note's headings (indices of lines) that may be titles of papers."""
    texts = {i: t for i in headings if (t := heading_text(lines[i])) and not is_query(t)}
    # How many words stand beside the labels in those headings that hold some.
    labelled = (i for i, text in texts.items() if labels.kinds(text) and not _is_unfilled(text))
    beside = {i: labels.words_beside(texts[i]) for i in labelled}
    among = {lines[i].level for i, words in beside.items() if words < 1}
    return [
        i
        for i, text in texts.items()
        if i not in beside
        or (beside[i] >= 1 and _is_title(i, text, beside[i], lines, labels, among))
    ]


def _is_unfilled(text: str) -> bool:
    """Return whether a heading is nothing but the placeholder of a title."""
    return is_placeholder(text) and not any(c.isalnum() for c in without_placeholders(text))


def _is_title(
    index: int,
    text: str,
    beside: float,
    lines: Sequence[Line],
    labels: Labels,
    among: Collection[int],
) -> bool:
    """Return whether a heading with a label's words in it is a title all the same.

    ``beside`` is the number of its other words; ``among`` are the levels at which labels stand.
    """
    labels_beside = lines[index].level in among
    # In scripts with blanks between words, four are more than people make of a label.
    if len(text.split()) >= _LONG_LATIN and not _WIDE.search(text):
        return beside > _NEARLY_NONE or not labels_beside
    long = beside >= _MOST_BESIDE_LABEL
    tagged = _opens_paper(index, lines)
    if long and tagged:
        return True
    # "方法：…" is a label with a remark; "X：…的方法" is none.
    if not tagged and labels.named(re.split("[:：]", text, maxsplit=1)[0]):
        return False
    if labels_beside:
        return long and lines[index].level == 1 and not _any_heading(lines[:index])
    return long or _has_labels(index, lines, labels)


def _any_heading(lines: Sequence[Line]) -> bool:
    return any(line.kind == "heading" for line in lines)


def _has_labels(index: int, lines: Sequence[Line], labels: Labels) -> bool:
    """Return whether several labels that are known stand under a heading."""
    stop = index + 1
    while stop < len(lines) and not (
        lines[stop].kind == "heading" and 0 < lines[stop].level <= lines[index].level
    ):
        stop += 1
    found = label_lines(lines[index + 1 : stop], labels)
    return sum(label.known and label.strength == LITERAL for label in found) >= _LEAST_LABELS


def _opens_paper(index: int, lines: Sequence[Line]) -> bool:
    """Return whether tags follow a heading at once, or the heading links to the paper itself."""
    if _ARXIV_URL.search(lines[index].text):
        return True
    return any(
        is_tag_line(line.prose) or ((fact := field_of(line)) is not None and fact.name == "tags")
        for line in _near(index, lines)
    )


def looks_like_paper(index: int, lines: Sequence[Line], labels: Labels) -> bool:
    """Return whether a heading is followed at once by what follows a paper's title.

    That is a line of tags, or a bold label that is known; or it links to the paper itself.
    """
    if _ARXIV_URL.search(lines[index].text):
        return True
    for line in _near(index, lines):
        if is_tag_line(line.prose):
            return True
        bold = _BOLD.match(line.text)
        if bold and set(labels.whole(bold.group(2))) & _CONTENT:
            return True
    return False


def _near(index: int, lines: Sequence[Line]) -> list[Line]:
    """Return the first lines under a heading that are not blank, up to the next heading."""
    near: list[Line] = []
    for line in lines[index + 1 : index + 12]:
        if line.kind == "heading" or len(near) == _NEAR:
            break
        if line.kind != "blank":
            near.append(line)
    return near
