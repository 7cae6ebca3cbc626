"""The lines of one paper → its sections.

Labels are found by what the lines show: headings, callouts, bold or plain labels at the
outermost place of their block. Bold words nested inside a labelled part are not labels.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from papersim.notes.fields import field_of
from papersim.notes.model import Section
from papersim.notes.tags import is_tag_line
from papersim.notes.titles import clean_title

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from papersim.notes.labels import Labels
    from papersim.notes.lines import Line

__all__ = ["find_sections"]

_PREFIX = re.compile(
    r"^(?P<quote>(?:\s*>)*)(?P<indent>\s*)(?P<bullet>[-*+](?=\s|\*\*|$)(?!\*)|\d{1,3}[.)、](?=\s|\*\*))?\s*"
)
_CALLOUT = re.compile(r"^\[!(?P<type>[\w-]+)\][+-]?[ \t]*(?P<title>.*)$")
_BOLD = re.compile(
    r"^(?:[^\w\s*]{1,3}\s*)?\*\*\s*(?P<label>[^*\r\n]+?)\s*(?P<in>[:：])?\s*\*\*[ \t]*(?P<out>[:：])?"
)
_PLAIN = re.compile(r"^(?P<label>[^:：\r\n*|]{1,40}?)\s*[:：](?!//|:)")
_QUESTION = re.compile(r"^(?P<label>[Qq]\d{1,2}\s*[:：.、]\s*[^?？\r\n]{2,60}[?？])\s*$")
_LONGEST_LABEL = 40
_IMAGE_ONLY = re.compile(r"^\s*(?:!\[[^\]]*\]\([^)]*\)(?:\{[^}]*\})?|!\[\[[^\]]*\]\]|\s)+\s*$")
_LINK_ONLY = re.compile(
    r"^[\s>🔗]*(?:[-*+] )?(?:(?:\[[^\]]*\]\([^)]*\)|<?https?://\S+?>?)[\s|,，、·]*)+$"
)
_RULE = re.compile(r"^\s*(?:-{3,}|\*{3,}|_{3,})\s*$")


@dataclass(frozen=True, slots=True)
class _Label:
    """A line that may begin a section."""

    index: int
    label: str
    kinds: tuple[str, ...]
    form: str  # heading, callout, bold, plain
    rank: int  # how deep it is indented; for a heading its level
    bullet: bool
    alone: bool  # nothing else on the line
    text_start: int  # column where the section's text begins


def find_sections(lines: Sequence[Line], labels: Labels, text: str) -> tuple[Section, ...]:
    """Return the sections of a paper's lines (title line excluded) in order.

    ``text`` is the note's whole text: a section's text is a slice of it, without the label
    and the blank lines around. What stands before the first label and is more than tags,
    images, links and facts is a section without label, of kind summary.
    """
    starts = list(_accepted(lines, labels))
    first = starts[0].index if starts else len(lines)
    sections: list[Section] = []
    lead = [i for i in range(first) if not _is_furniture(lines[i])]
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


def _is_furniture(line: Line) -> bool:
    """Return whether a line before the first section says nothing of the paper's content."""
    if line.kind in {"blank", "rule"} or _RULE.match(line.text):
        return True
    if line.kind == "html":
        return not re.sub(r"<[^>]*>|!\[[^\]]*\]\([^)]*\)", "", line.text).strip(" \t📄📥🔗☆")
    return bool(
        is_tag_line(line.prose)
        or _IMAGE_ONLY.match(line.text)
        or _LINK_ONLY.match(line.text)
        or not line.text.strip(" \t>-*+|")
        or field_of(line)
    )


def _last_content(lines: Sequence[Line], first: int, stop: int) -> int:
    """Return the index of the last line of a section that is neither blank nor tags at its end."""
    last = stop - 1
    while last > first and (
        lines[last].kind in {"blank", "rule"} or is_tag_line(lines[last].prose)
    ):
        last -= 1
    return last


def _accepted(lines: Sequence[Line], labels: Labels) -> Iterator[_Label]:
    """Yield the labels that begin sections, block by block; a block is what a heading heads."""
    found = [label for i, line in enumerate(lines) if (label := _label(i, line, labels))]
    headings = [label for label in found if label.form == "heading"]
    parents: list[_Label] = []
    bounds = [-1, *(heading.index for heading in headings), len(lines)]
    for number, (begin, end) in enumerate(zip(bounds, bounds[1:], strict=False)):
        block_kinds: tuple[str, ...] = ()
        if number:
            heading = headings[number - 1]
            while parents and parents[-1].rank >= heading.rank:
                parents.pop()
            inherited = next((p.kinds for p in reversed(parents) if _has_kind(p)), ())
            if heading.kinds or not inherited:
                yield heading
            parents.append(heading)
            block_kinds = heading.kinds or inherited
        inside = [label for label in found if begin < label.index < end]
        yield from _outermost(inside, lines, known_block=bool(set(block_kinds) - {"other"}))


def _has_kind(label: _Label) -> bool:
    return bool(set(label.kinds) - {"other"})


def _outermost(
    candidates: Sequence[_Label], lines: Sequence[Line], *, known_block: bool
) -> Iterator[_Label]:
    """Yield the labels of a block that are not nested in another label's part.

    An unknown bold label counts only beside known ones of the same form and depth.
    """
    known = {(c.form, c.rank, c.bullet) for c in candidates if _has_kind(c)}
    scope: _Label | None = None
    scope_end = -1
    for candidate in candidates:
        if scope is not None and candidate.index < scope_end and _encloses(scope, candidate):
            continue
        if not candidate.kinds and (
            known_block or (candidate.form, candidate.rank, candidate.bullet) not in known
        ):
            continue
        yield candidate
        scope, scope_end = candidate, _scope_end(candidate, lines)


def _encloses(outer: _Label, inner: _Label) -> bool:
    if outer.bullet:
        return inner.rank > outer.rank
    return outer.alone and (inner.bullet or inner.rank > outer.rank)


def _scope_end(label: _Label, lines: Sequence[Line]) -> int:
    """Return the index of the line where what belongs to a label by indentation is over."""
    if not label.bullet:
        return len(lines)
    for index in range(label.index + 1, len(lines)):
        line = lines[index]
        if line.kind == "heading":
            return index
        if (
            line.text.strip()
            and _indent(line.text) <= label.rank
            and _PREFIX.match(line.text)["bullet"]
        ):  # type: ignore[index]
            return index
    return len(lines)


def _label(index: int, line: Line, labels: Labels) -> _Label | None:
    """Return the label that a line may begin with: any heading, any bold one, known plain ones."""
    if line.kind == "heading":
        title = clean_title(re.sub(r"^[\s>\-*+]*#{1,6}(?:\s|$)", "", line.text).rstrip("# \t"))
        return _Label(
            index, title, labels.kinds(title), "heading", line.level, False, True, len(line.text)
        )
    if line.kind not in {"text", "html"} or not line.text.strip():
        return None
    prefix = _PREFIX.match(line.text)
    assert prefix is not None  # noqa: S101 - the pattern matches everywhere
    rest = line.text[prefix.end() :]
    rank, bullet = _indent(line.text), prefix["bullet"] is not None
    if prefix["quote"] and (callout := _CALLOUT.match(rest)):
        title = clean_title(callout["title"]) or callout["type"]
        kinds = labels.kinds(title) or labels.kinds(callout["type"])
        return (
            _Label(index, title, kinds, "callout", rank, False, True, len(line.text))
            if kinds
            else None
        )
    if bold := _BOLD.match(rest):
        return _bold_label(
            bold, rest, _Label(index, "", (), "bold", rank, bullet, False, prefix.end()), labels
        )
    return _plain_label(
        rest, _Label(index, "", (), "plain", rank, bullet, False, prefix.end()), labels
    )


def _bold_label(match: re.Match[str], rest: str, place: _Label, labels: Labels) -> _Label | None:
    label = clean_title(match["label"])
    colon = bool(match["in"] or match["out"])
    alone = not rest[match.end() :].strip()
    kinds = labels.kinds(label)
    if not (colon or alone or kinds) or (len(label) > _LONGEST_LABEL and not kinds):
        return None
    if not colon and not alone and not labels.whole(label):
        return None
    return _made(place, label, kinds, alone, match.end())


def _plain_label(rest: str, place: _Label, labels: Labels) -> _Label | None:
    """Return a label without bold: only what the label data know as a whole label counts."""
    if question := _QUESTION.match(rest):
        label, end = question["label"].strip(), question.end()
    elif plain := _PLAIN.match(rest):
        label, end = plain["label"].strip(), plain.end()
    else:
        label, end = rest.strip(), len(rest)
        if len(label) > _LONGEST_LABEL:
            return None
    kinds = labels.kinds(label) if question else labels.whole(label)
    if not kinds or kinds == ("other",):
        return None
    return _made(place, clean_title(label), kinds, not rest[end:].strip(), end)


def _made(place: _Label, label: str, kinds: tuple[str, ...], alone: bool, end: int) -> _Label:
    return _Label(
        place.index,
        label,
        kinds,
        place.form,
        place.rank,
        place.bullet,
        alone,
        place.text_start + end,
    )


def _indent(text: str) -> int:
    """Return how deep a line is indented, in steps of two columns; quote marks do not count."""
    bare = re.sub(r"^(?:\s*>)+ ?", "", text).expandtabs(4)
    return (len(bare) - len(bare.lstrip())) // 2
