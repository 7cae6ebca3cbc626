"""Places where tags can be written into a note, and how a tag is spelled there."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from papersim.errors import EditError
from papersim.notes.tags import split_tags, tag_key

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from papersim.notes.edit_forms import Form
    from papersim.notes.header import Header

    Mark = Callable[[str], "Written"]

__all__ = [
    "Edit",
    "Place",
    "Style",
    "Written",
    "clean_tag",
    "line_end",
    "missing_tags",
    "named_tag",
]

_LINE_END = re.compile(r"\r\n|\r|\n")
_DENDRON_KEYS = frozenset({"id", "updated", "created"})


@dataclass(frozen=True, slots=True)
class Edit:
    """One insertion into a note's text.

    ``tags`` are the tags as the note will be read to have them, ``manner`` says in a few words
    how they are written. An edit without text is what it takes where nothing is missing. ``cut``
    characters give way to it: those that say that there are no tags, such as ``null``. ``wanted``
    are the tags that were asked for, in the order of ``tags``.
    """

    at: int = 0
    text: str = ""
    tags: tuple[str, ...] = ()
    manner: str = "nothing to add"
    cut: int = 0
    wanted: tuple[str, ...] = ()

    def apply(self, text: str) -> str:
        """Return the text with the insertion made; every other character stays."""
        return text[: self.at] + self.text + text[self.at + self.cut :]


class Written(NamedTuple):
    """A tag in one manner of writing: what it will be read as, and the characters for it."""

    tag: str
    text: str


@dataclass(frozen=True, slots=True)
class Place:
    """A spot where a list of tags can go on: what comes before, between and after new ones.

    ``held`` is the number of tags that the list there has already, ``form`` how they stand there;
    None where no other paper can have it. ``cut`` is as in `Edit`.
    """

    manner: str
    at: int
    mark: Mark
    lead: str = ""
    between: str = ""
    tail: str = ""
    held: int = 0
    cut: int = 0
    form: Form | None = None

    def edit(self, tags: Sequence[str]) -> Edit:
        """Return the insertion that writes the tags here."""
        written = [self.mark(tag) for tag in tags]
        body = self.between.join(one.text for one in written)
        text = self.lead + body + self.tail
        read = tuple(one.tag for one in written)
        return Edit(self.at, text, read, self.manner, self.cut, tuple(tags))

    def moved(self, offset: int) -> Place:
        """Return the same place in a text that stands ``offset`` characters further on."""
        return replace(self, at=self.at + offset)


@dataclass(frozen=True, slots=True)
class Style:
    """How a vault spells tags: what stands for a blank, and whether no digit may come first.

    ``known`` are the vault's tags, which are not spelled anew where that can be helped.
    """

    blank: str = "_"
    dendron: bool = False
    known: frozenset[str] = frozenset()

    @classmethod
    def of(cls, header: Header, own: Collection[str], known: Collection[str]) -> Style:
        """Return the style that a note's header, its own tags and those of its vault show."""
        tags = [*known, *own]
        hyphens = sum(_joined_by("-", tag) for tag in tags)
        underscores = sum(_joined_by("_", tag) for tag in tags)
        dendron = header.values.keys() >= _DENDRON_KEYS or any(
            re.match(r"_\d", tag) for tag in tags
        )
        return cls("-" if hyphens > underscores else "_", dendron, frozenset(known))

    def plain(self, tag: str) -> Written:
        """Write ``a b``."""
        digit = self.dendron and tag[:1].isdigit() and tag not in self.known
        spelled = f"_{tag}" if digit else tag
        return Written(spelled, spelled)

    def hashtag(self, tag: str) -> Written:
        """Write ``#a_b``, or ``#a-b`` where that is the habit or is known."""
        plain = self.plain(tag).tag
        other = "_" if self.blank == "-" else "-"
        spellings = [plain.replace(" ", blank) for blank in (self.blank, other)]
        spelled = next((one for one in spellings if one in self.known), spellings[0])
        return Written(spelled, f"#{spelled}")

    def page_hashtag(self, tag: str) -> Written:
        """Write ``#a``, and ``#[[a b]]`` where a blank would end the hashtag."""
        spelled = self.plain(tag).tag
        return Written(spelled, f"#[[{spelled}]]" if " " in spelled else f"#{spelled}")

    def wikilink(self, tag: str) -> Written:
        """Write ``[[a b]]``."""
        spelled = self.plain(tag).tag
        return Written(spelled, f"[[{spelled}]]")

    def code(self, tag: str) -> Written:
        """Write the tag between backticks."""
        spelled = self.plain(tag).tag
        return Written(spelled, f"`{spelled}`")


def clean_tag(tag: str) -> str:
    """Return a tag as a person gives it on one line, without ``#`` and needless blanks."""
    return " ".join(tag.split()).lstrip("#").strip()


def named_tag(given: str) -> str:
    """Return the tag that a person names, cleaned; raises EditError where it cannot be one."""
    tag = clean_tag(given)
    if not tag or split_tags(tag) != [tag] or "[" in tag or "]" in tag:
        raise EditError(f"'{given}' cannot be a tag; choose a name without commas and brackets")
    return tag


def missing_tags(present: Iterable[str], wanted: Iterable[str]) -> tuple[str, ...]:
    """Return the wanted tags that are not there yet, cleaned, each once, in order.

    Tags are the same by their key, with Dendron's underscore before a digit or without, and
    with a blank or with the ``_`` or ``-`` that stands for it in a hashtag.
    """
    known = {form for tag in present for form in _forms(tag)}
    missing = []
    for tag in map(clean_tag, wanted):
        forms = _forms(tag)
        if tag and not forms & known:
            missing.append(tag)
            known |= forms
    return tuple(missing)


def line_end(text: str, at: int = 0) -> str:
    """Return the first line end at or after a place, or in the text; a line feed without any."""
    found = _LINE_END.search(text, at) or _LINE_END.search(text)
    return found.group() if found else "\n"


def _forms(tag: str) -> set[str]:
    key = re.sub(r"^_(?=\d)", "", tag_key(" ".join(tag.split())))
    return {key, key.replace(" ", "_"), key.replace(" ", "-")}


def _joined_by(character: str, tag: str) -> bool:
    return re.search(rf"\w{character}[^\W_]", tag) is not None
