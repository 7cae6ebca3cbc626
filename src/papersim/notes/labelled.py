"""Lines that may begin a section: headings, callouts, bold and plain labels."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from papersim.notes.titles import clean_title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from papersim.notes.labels import Labels
    from papersim.notes.lines import Line

__all__ = [
    "BY_WORDS",
    "LITERAL",
    "NAMED",
    "PREFIX",
    "UNKNOWN",
    "LabelLine",
    "indent_of",
    "label_lines",
]

PREFIX = re.compile(
    r"^(?P<quote>(?:\s*>)*)(?P<indent>\s*)"
    r"(?P<bullet>[-*+](?=\s|\*\*|$)(?!\*)|\d{1,3}[.)、](?=\s|\*\*))?\s*"
)
"""What stands before the words of a line: quote marks, blanks, a bullet or number."""

_CALLOUT = re.compile(r"^\[!(?P<type>[\w-]+)\][+-]?[ \t]*(?P<title>.*)$")
_BOLD = re.compile(
    r"^(?:[^\w\s*]{1,3}\s*)?"
    r"(?P<mark>\*\*|__)\s*(?P<label>[^*\r\n]+?)\s*(?P<in>[:：])?\s*(?P=mark)"
    r"[ \t]*(?P<out>[:：])?"
)
_PLAIN = re.compile(r"^(?P<label>[^:：\r\n*|'\"`]{1,40}?)\s*[:：](?!//|:)")
_QUESTION = re.compile(r"^(?P<label>[Qq]\d{1,2}\s*[:：.、]\s*[^?？\r\n]{2,60}[?？])\s*$")
_OUTLINE_HEADING = re.compile(r"^\s*heading:: *(?:true|[1-6])\s*$")
_PROPERTY = re.compile(r"^\s*[A-Za-z][\w-]*::(?:\s|$)")
_NUMBER = re.compile(r"^(?:\d{1,2}[.)、]\s+)+")
_QUOTES = frozenset("'\"‘’“”「『")
_LONGEST_LABEL = 40
_LONGEST_LINE = 20_000

LITERAL, NAMED, BY_WORDS, UNKNOWN = 3, 2, 1, 0


@dataclass(frozen=True, slots=True)
class LabelLine:
    """A line that may begin a section.

    ``form`` is ``heading``, ``callout``, ``bold`` or ``plain``; ``rank`` a heading's level, else
    how deep the line is indented; ``alone`` that the label is all there is on the line, and
    ``text_start`` the column where the section's text begins. ``strength`` says how the label
    is known: literally, part by part, by a word in it, or not at all.
    """

    index: int
    label: str
    form: str
    rank: int
    kinds: tuple[str, ...] = ()
    strength: int = UNKNOWN
    bullet: bool = False
    alone: bool = False
    text_start: int = 0

    @property
    def shape(self) -> tuple[str, int, bool]:
        """What labels of one row have in common: form, rank and bullet."""
        return self.form, self.rank, self.bullet

    @property
    def known(self) -> bool:
        """Whether the label names a kind of content."""
        return bool(set(self.kinds) - {"other"})


def label_lines(lines: Sequence[Line], labels: Labels) -> list[LabelLine]:
    """Return the lines that may begin a section, in order.

    These are all headings and bold labels, and those callouts and plain labels that are known.
    """
    found = []
    for index, line in enumerate(lines):
        if line.kind == "heading":
            heading = _heading(index, line, labels)
            if heading.label:
                found.append(heading)
        elif line.kind in {"text", "html"} and line.text.strip() and len(line.text) < _LONGEST_LINE:
            label = _label(index, lines, labels)
            if label is not None and not _amid_prose(label, lines):
                found.append(label)
    return found


def _amid_prose(label: LabelLine, lines: Sequence[Line]) -> bool:
    """Return whether a bare word is but one of the lines of a paragraph."""
    if label.form != "plain" or label.bullet or not label.alone or not label.index:
        return False
    before, line = lines[label.index - 1], lines[label.index]
    return before.kind in {"text", "html"} and not line.text.rstrip().endswith((":", "："))


def indent_of(text: str) -> int:
    """Return how deep a line is indented, in steps of two columns; quote marks do not count."""
    bare = re.sub(r"^(?:\s*>)+ ?", "", text).expandtabs(4)
    return (len(bare) - len(bare.lstrip())) // 2


def _heading(index: int, line: Line, labels: Labels) -> LabelLine:
    bare = re.sub(r"^[\s>\-*+]*#{1,6}(?:\s|$)", "", line.text).rstrip("# \t")
    place = LabelLine(index, "", "heading", line.level, alone=True)
    return _named(place, clean_title(bare), labels, len(line.text))


def _label(index: int, lines: Sequence[Line], labels: Labels) -> LabelLine | None:
    line = lines[index]
    prefix = PREFIX.match(line.text)
    assert prefix is not None  # noqa: S101 - the pattern matches everywhere
    rest = line.text[prefix.end() :]
    place = LabelLine(
        index,
        "",
        "plain",
        indent_of(line.text),
        bullet=prefix["bullet"] is not None,
        text_start=prefix.end(),
    )
    if _PROPERTY.match(rest):
        return None
    if _is_outline_heading(index, lines):
        heading = replace(place, form="heading", rank=1 + place.rank, alone=True)
        return _named(heading, clean_title(_NUMBER.sub("", rest)), labels, len(rest))
    if prefix["quote"] and (callout := _CALLOUT.match(rest)):
        return _callout(callout, replace(place, form="callout", bullet=False), labels)
    if bold := _BOLD.match(rest):
        return _bold(bold, rest, replace(place, form="bold"), labels)
    return _plain(rest, place, lines[index + 1] if index + 1 < len(lines) else None, labels)


def _is_outline_heading(index: int, lines: Sequence[Line]) -> bool:
    """Return whether Logseq shows a line as a heading: by a property in the lines after it."""
    for line in lines[index + 1 : index + 6]:
        if not _PROPERTY.match(line.text):
            return False
        if _OUTLINE_HEADING.match(line.text):
            return True
    return False


def _callout(match: re.Match[str], place: LabelLine, labels: Labels) -> LabelLine | None:
    title = clean_title(match["title"])
    found = _named(replace(place, alone=True), title, labels, match.end())
    if title and found.kinds:
        return found
    kinds = labels.whole(match["type"])
    if not kinds:
        return None
    return replace(found, label=title or match["type"], kinds=kinds, strength=BY_WORDS)


def _bold(match: re.Match[str], rest: str, place: LabelLine, labels: Labels) -> LabelLine | None:
    label = clean_title(match["label"])
    colon = bool(match["in"] or match["out"])
    alone = not rest[match.end() :].strip()
    found = _named(replace(place, alone=alone), label, labels, match.end())
    if len(label) > _LONGEST_LABEL and not found.kinds:
        return None
    return found if colon or alone or found.strength == LITERAL else None


def _plain(rest: str, place: LabelLine, following: Line | None, labels: Labels) -> LabelLine | None:
    """Return a label without bold: only what the label data know as a whole label counts.

    A list item that has nothing but a label, with items below it, need be known only by its
    parts.
    """
    if question := _QUESTION.match(rest):
        found = _named(place, question["label"].strip(), labels, question.end())
        return found if found.known else None
    if plain := _PLAIN.match(rest):
        label, end = plain["label"].strip(), plain.end()
    else:
        label, end = rest.strip(), len(rest)
        if len(label) > _LONGEST_LABEL or label[:1] in _QUOTES:
            return None
    alone = not rest[end:].strip()
    found = _named(replace(place, alone=alone), clean_title(label), labels, end)
    # `- #abstract` with items below it is a label; anywhere else it is a tag.
    heads = (
        alone
        and place.bullet
        and following is not None
        and following.item
        and indent_of(following.text) > place.rank
    )
    least = NAMED if heads else UNKNOWN if label.startswith("#") else LITERAL
    return found if found.known and found.strength >= least > UNKNOWN else None


def _named(place: LabelLine, label: str, labels: Labels, end: int) -> LabelLine:
    """Return a place with its label, the kinds the label names and how well it is known."""
    strength = UNKNOWN
    for level, look_up in (
        (LITERAL, labels.whole),
        (NAMED, labels.named),
        (BY_WORDS, labels.kinds),
    ):
        if kinds := look_up(label):
            strength = level
            break
    return replace(
        place,
        label=label,
        kinds=kinds,
        strength=strength,
        text_start=place.text_start + end,
    )
