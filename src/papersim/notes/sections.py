"""The lines of one paper → its sections.

Labels are found by what the lines show: headings, callouts, bold or plain labels at the
outermost place of their block. Bold words nested inside a labelled part are not labels.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from papersim.notes.fields import field_name
from papersim.notes.furniture import is_furniture
from papersim.notes.labelled import BY_WORDS, LITERAL, NAMED, LabelLine, label_lines
from papersim.notes.model import Section
from papersim.notes.nesting import outermost
from papersim.notes.tags import is_tag_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from papersim.notes.labels import Labels
    from papersim.notes.lines import Line

__all__ = ["find_sections"]


def find_sections(
    lines: Sequence[Line], labels: Labels, text: str, title: str = ""
) -> tuple[Section, ...]:
    """Return the sections of a paper's lines (title line excluded) in order.

    ``text`` is the note's whole text: a section's text is a slice of it, without the label
    and the blank lines around. What stands before the first label and is more than tags,
    images, links and facts is a section without label, of kind summary.
    """
    starts = list(_accepted(lines, labels, title))
    first = starts[0].index if starts else len(lines)
    sections: list[Section] = []
    lead = [i for i in range(first) if not is_furniture(lines[i], title)]
    if lead:
        begin, end = lines[lead[0]].start, lines[_last_content(lines, lead[0], first)].end
        sections.append(
            Section(None, ("summary",), lines[lead[0]].number, text[begin:end].strip(), begin, end)
        )
    stops = [*(start.index for start in starts[1:]), len(lines)]
    for start, stop in zip(starts, stops, strict=False):
        line = lines[start.index]
        end = lines[_last_content(lines, start.index, stop)].end
        body = text[line.start + start.text_start : end].strip()
        sections.append(
            Section(start.label, start.kinds or ("other",), line.number, body, line.start, end)
        )
    return tuple(sections)


def _last_content(lines: Sequence[Line], first: int, stop: int) -> int:
    """Return the index of the last line of a section that is neither blank nor tags at its end."""
    last = stop - 1
    while last > first and (
        lines[last].kind in {"blank", "rule"} or is_tag_line(lines[last].prose)
    ):
        last -= 1
    return last


def _accepted(lines: Sequence[Line], labels: Labels, title: str) -> Iterator[LabelLine]:
    """Yield the labels that begin sections, block by block; a block is what a heading heads.

    A heading within a known section begins one of its own only if it is well known itself.
    """
    found = label_lines(lines, labels)
    headings = [label for label in found if label.form == "heading"]
    parents: list[LabelLine] = []
    bounds = [-1, *(heading.index for heading in headings), len(lines)]
    position = 0
    for number, (begin, end) in enumerate(pairwise(bounds)):
        kinds: tuple[str, ...] = ()
        headed = number > 0
        if number:
            heading = headings[number - 1]
            while parents and parents[-1].rank >= heading.rank:
                parents.pop()
            inherited = next((parent.kinds for parent in reversed(parents) if parent.known), ())
            if not inherited or _stands_alone(heading):
                yield heading
                kinds = heading.kinds if heading.known else ()
                parents.append(heading)
            else:
                kinds = inherited
        inside = []
        while position < len(found) and found[position].index < end:
            if found[position].index > begin:
                inside.append(found[position])
            position += 1
        if counting := _counting(inside, kinds, headed=headed):
            yield from outermost(counting, inside, lines, end, title)


def _stands_alone(heading: LabelLine) -> bool:
    """Return whether a heading within a known section is no part of that section."""
    if heading.known:
        return heading.strength > BY_WORDS
    return field_name(heading.label) is not None


def _counting(
    candidates: Sequence[LabelLine], block: tuple[str, ...], *, headed: bool
) -> list[LabelLine]:
    """Return the labels of a block that may begin sections, wherever they are nested.

    ``block`` are the kinds of the block's heading. An unknown bold label counts only beside
    known ones of its shape, and not at all where the heading is known. Under a heading a known
    one has to be known literally, or stand beside one that is; and a plain one with its text
    on the line has to have company.
    """
    known = {c.shape for c in candidates if c.known}
    literal = {c.shape for c in candidates if c.known and c.strength == LITERAL}
    words = {c.shape: set[str]() for c in candidates}
    for candidate in candidates:
        if candidate.known:
            words[candidate.shape].add(candidate.label)

    first = next((c.index for c in candidates if c.known), -1 if block else None)

    def counts(candidate: LabelLine) -> bool:
        if candidate.kinds == ("other",) and field_name(candidate.label):
            # A fact ends a section; before the first one it is but furniture.
            return first is not None and candidate.index > first
        if not candidate.known:
            return not block and (bool(candidate.kinds) or candidate.shape in known)
        if not headed:
            return True
        if candidate.form == "callout":
            return candidate.kinds != block
        if candidate.form == "plain":
            return candidate.alone or len(words[candidate.shape]) > 1
        return candidate.strength == LITERAL or (
            candidate.strength == NAMED and candidate.shape in literal
        )

    return [candidate for candidate in candidates if counts(candidate)]
