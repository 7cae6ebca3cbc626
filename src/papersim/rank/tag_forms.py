"""The forms of a tag in which two spellings of it agree, and what tells two tags apart."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from papersim.rank.terms import terms

__all__ = ["TagForm", "spoken", "tag_terms"]

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z][a-z]{2})|(?<=[A-Z])(?=[A-Z][a-z]{2})")
_TO = re.compile(r"(?i)(?<=[a-z]{2})2(?=[a-z]{2}|\dd)")
_ACCENT = re.compile("(?<=[A-Za-z])[\u0300-\u036f]+")
_SEPARATOR = re.compile(r"[\s_\-‐–'’:]+|\.(?!\d)|(?<!\d)\.")
_NUMBER = re.compile(r"\d+(?:\.\d+)*")
_SCRIPTS = {
    "kana": re.compile("[\u3040-\u30ff]"),
    "hangul": re.compile("[\uac00-\ud7af]"),
    "han": re.compile("[\u3400-\u9fff]"),
}
_LINKING = frozenset({"a", "an", "and", "for", "in", "of", "on", "the", "to"})


def spoken(tag: str) -> str:
    """Return a tag as words with blanks between, as it is embedded: ``Text23D`` is Text to 3D."""
    text = _TO.sub(" to ", tag.replace("/", " "))
    return " ".join(_SEPARATOR.sub(" ", _CAMEL.sub(" ", text)).split())


def tag_terms(tag: str) -> list[str]:
    """Return the terms a tag is made of: ``Text23D`` is text, to, 3d; ``_3d生成`` is 3d, 生成."""
    return terms(spoken(tag))


@dataclass(frozen=True, slots=True)
class TagForm:
    """What a tag is made of, case, width, accents and separators left out.

    ``parents`` are the forms above it in a nested tag, ``words`` those of its last part, and
    ``plain`` is their text in one piece; ``singular`` the same with plurals taken back.
    """

    parents: tuple[str, ...]
    words: tuple[str, ...]
    plain: str
    singular: str
    numbers: tuple[str, ...]
    script: str

    @classmethod
    def of(cls, tag: str) -> TagForm:
        """Return the form of a tag."""
        *parents, last = [_folded(part) for part in tag.strip("/").split("/")]
        words = tuple(last.split()) or (tag,)
        singular = "".join(_singular(word) for word in words)
        numbers = tuple(sorted(_NUMBER.findall(" ".join((*parents, last)))))
        script = next((name for name, has in _SCRIPTS.items() if has.search(last)), "alphabet")
        above = tuple("".join(parent.split()) for parent in parents)
        return cls(above, words, "".join(words), singular, numbers, script)

    @property
    def key(self) -> tuple[str, ...]:
        """The form in which two spellings of one tag agree."""
        return (*self.parents, self.plain)

    @property
    def singular_key(self) -> tuple[str, ...]:
        """The form in which singular and plural agree."""
        return (*self.parents, self.singular)

    def initials(self) -> set[str]:
        """Return what the tag may be abbreviated to; nothing for a tag of one word."""
        main = [word for word in self.words if word not in _LINKING]
        firsts = {"".join(word[:1] for word in words) for words in (self.words, main)}
        return {first for first in firsts if len(first) > 1 and first.isalpha()}

    def apart(self, other: TagForm) -> bool:
        """Return whether numbers or places in a hierarchy tell two tags apart."""
        return self.numbers != other.numbers or self.parents != other.parents

    def reworded(self, other: TagForm) -> bool:
        """Return whether two tags say the same words, each in some form of it, in any order.

        Not where one has more words than the other, or where ``to`` says which way it goes.
        """
        mine, theirs = (
            [word for word in form.words if word not in _LINKING] for form in (self, other)
        )
        directed = "to" in self.words and "to" in other.words
        return (
            len(mine) == len(theirs)
            and all(any(_related(a, b) for b in theirs) for a in mine)
            and all(any(_related(a, b) for a in mine) for b in theirs)
            and not (directed and not all(map(_related, mine, theirs)))
        )


def _folded(text: str) -> str:
    """Return the words of a part of a tag, with blanks between."""
    plain = _ACCENT.sub("", unicodedata.normalize("NFKD", spoken(text)))
    return unicodedata.normalize("NFKC", plain).casefold()


def _singular(word: str) -> str:
    return terms(word)[0] if word.isascii() and word.isalpha() else word


def _related(one: str, other: str) -> bool:
    """Return whether two words begin alike: equal, one the other's beginning, or half of both."""
    shared = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if shared is None:
        return one == other or min(len(one), len(other)) >= 3
    return shared >= 4 and shared * 2 >= max(len(one), len(other))
