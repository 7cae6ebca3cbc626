"""Words that may stand in a tag, in alphabets, Han characters and Hangul."""

from __future__ import annotations

import re
import sys
from functools import cache
from importlib.resources import files

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover - the same parser under its older name
    import tomli as tomllib

__all__ = [
    "bare_hangul",
    "han_phrases",
    "is_adjective",
    "is_soft_han",
    "is_tag_word",
    "says_nothing",
]

_ENDING = re.compile(r"(?:ies|es|s|ed|ing|e)$")
_ADJECTIVE = re.compile(
    r"(?:ional|ical|obal|ental|cial|ntial|tural|eral|poral|able|ible|ous|ive|ful|less"
    r"|(?<!e)ed|aware|istic|etric|atic|endent)$"
)
_NO_NOUN = re.compile(r"['’]|^(?!(?:fami|assemb|anoma|supp|monopo|oligopo)ly$).{3,}ly$")
_DIMENSION = re.compile(r"\d[A-Za-z](?:-|$)")
_LONGEST_WORD = 30


def is_tag_word(word: str) -> bool:
    """Return whether a word of an alphabet may stand in a tag: no number, link or verb of prose."""
    lower = word.lower()
    return (
        1 < len(word) <= _LONGEST_WORD
        and not (word[0].isdigit() and not _DIMENSION.match(word))
        and lower not in _listed("joining")
        and (_ENDING.sub("", lower) not in _listed("doing") or lower in _listed("nouns"))
        and not _NO_NOUN.search(lower)
    )


def says_nothing(word: str) -> bool:
    """Return whether a word, in the form that ``terms`` gives it, is too general to stand alone."""
    return word in _listed("general")


def is_adjective(word: str) -> bool:
    """Return whether an English word looks like an adjective, so that it ends no phrase."""
    return bool(_ADJECTIVE.search(word))


def han_phrases(run: str) -> list[str]:
    """Return what stands between the particles and verbs of a run of Han characters."""
    return [part for part in _one_of("joining_han").split(run) if part]


def is_soft_han(unit: str) -> bool:
    """Return whether a Han character parts phrases or is within one: 对 in 对图像 and 对比学习."""
    return unit in _listed("soft_han")


def bare_hangul(word: str) -> str:
    """Return a Korean word without its particle, nothing if it is a verb or a single syllable."""
    bare = _one_of("particles", "$").sub("", word)
    return "" if len(bare) < 2 or _one_of("verb_endings", "$").search(bare) else bare


@cache
def _listed(name: str) -> frozenset[str]:
    """Return the words of a list of tag_words.toml."""
    return frozenset(_lists()[name].split())


@cache
def _one_of(name: str, behind: str = "") -> re.Pattern[str]:
    """Return a pattern for any word of a list, the longest first, with a pattern behind it."""
    words = sorted(_listed(name), key=lambda word: (-len(word), word))
    return re.compile(f"(?:{'|'.join(words)}){behind}")


@cache
def _lists() -> dict[str, str]:
    text = files("papersim.rank").joinpath("tag_words.toml").read_text("utf-8")
    lists: dict[str, str] = tomllib.loads(text)
    return lists
