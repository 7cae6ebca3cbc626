"""A vault's habits in writing tags, learned from those in use."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from papersim.rank.tag_forms import tag_terms
from papersim.rank.terms import terms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["TagStyle", "is_acronym", "learn_style", "phrase_size", "script_of", "write_tag"]

_T = TypeVar("_T")

_SCRIPTS = (
    ("hangul", re.compile(r"[\uac00-\ud7af]")),
    ("han", re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")),
    ("word", re.compile(r"[^\W\d_]")),
)
# What tags look like anywhere, for vaults that have few: words, or Han characters.
_USUAL_SIZES: Mapping[str, Mapping[int, float]] = {
    "word": {1: 0.3, 2: 0.45, 3: 0.2, 4: 0.05},
    "hangul": {1: 0.5, 2: 0.45, 3: 0.05},
    "han": {2: 0.15, 3: 0.15, 4: 0.4, 5: 0.1, 6: 0.1, 7: 0.05, 8: 0.05},
}
_USUAL_WEIGHT = 5
_RARE_HABIT = 0.05
_WORD = re.compile(r"[^\W_]+")
_TWO_HUMPS = re.compile(r"(?:[A-Z][a-z]{2,}.*){2}")
_SMALL_WORDS = frozenset(
    {"a", "an", "and", "as", "at", "by", "for", "in", "of", "on", "or", "the", "to", "vs", "with"}
)


@dataclass(frozen=True, slots=True)
class TagStyle:
    """The habits of a vault's tags; by default those of a vault that has none.

    ``separator`` stands between words (empty: CamelCase), ``case`` is ``lower``, ``title`` or
    ``sentence``. ``plural`` is the share of tags in the plural. ``scripts`` weighs tags by script,
    ``sizes`` by script and size, ``heads`` counts tags by their last word, ``words`` by the others.
    """

    separator: str = "-"
    case: str = "lower"
    keeps_acronyms: bool = False
    underscore_before_digit: bool = False
    plural: float = 0.0
    scripts: Mapping[str, float] = field(default_factory=dict)
    sizes: Mapping[tuple[str, int], float] = field(default_factory=dict)
    heads: Mapping[str, int] = field(default_factory=dict)
    words: Mapping[str, int] = field(default_factory=dict)

    def script_share(self, script: str) -> float:
        """Return the share of tags in a script, in 0..1; alike for all where there are none."""
        share = 1 / len(_SCRIPTS)
        return (self.scripts.get(script, 0.0) + share) / (sum(self.scripts.values()) + 1)

    def size_share(self, script: str, size: int) -> float:
        """Return the share of a script's tags that are of this size, in 0..1, never 0."""
        usual = _USUAL_WEIGHT * _USUAL_SIZES[script].get(size, 0.01)
        own = self.sizes.get((script, size), 0.0)
        return (own + usual) / (self.scripts.get(script, 0.0) + _USUAL_WEIGHT)


def learn_style(vocabulary: Mapping[str, int]) -> TagStyle:
    """Return the habits of tags, given how many papers carry each.

    A tag weighs log2(1 + uses): one on every paper is one habit and not hundreds. Of a nested
    tag the last part counts, since no new tag invents a parent.
    """
    weights: dict[str, float] = {}
    for tag, uses in vocabulary.items():
        leaf = tag.strip("/").rsplit("/", 1)[-1]
        if uses > 0 and script_of(leaf):
            weights[leaf] = weights.get(leaf, 0.0) + math.log2(1 + uses)
    words = {tag: weight for tag, weight in weights.items() if script_of(tag) == "word"}
    spaced = {tag: weight for tag, weight in weights.items() if script_of(tag) != "han"}
    case = _case(words)
    split = [own for tag in weights if (own := tag_terms(tag))]
    return TagStyle(
        separator=_most(_sums(spaced, _separator), "-"),
        case=case,
        keeps_acronyms=case != "lower" or _share(words, _has_acronym) > _RARE_HABIT,
        underscore_before_digit=_share(weights, re.compile(r"_\d").match)
        > _share(weights, re.compile(r"\d").match),
        plural=_share(words, _is_plural),
        scripts=_sums(weights, script_of),
        sizes=_sums(weights, lambda tag: (script_of(tag), _size(tag))),
        heads=Counter(own[-1] for own in split),
        words=Counter(word for own in split for word in own[:-1]),
    )


def write_tag(words: Sequence[str], style: TagStyle) -> str:
    """Return a tag of these words as the vault would write it, without ``#``.

    Han characters stand together; a hyphen within a word gives way to the separator, unless
    that is a blank.
    """
    if script_of("".join(words)) == "han":
        tag = "".join(words)
    else:
        text = " ".join(words)
        parts = text.split() if style.separator == " " else text.replace("-", " ").split()
        tag = style.separator.join(_cased(part, i, style) for i, part in enumerate(parts))
    return f"_{tag}" if style.underscore_before_digit and tag[:1].isdigit() else tag


def script_of(text: str) -> str:
    """Return ``hangul``, ``han`` (kana too) or ``word``, the first that is there, else nothing."""
    return next((name for name, pattern in _SCRIPTS if pattern.search(text)), "")


def phrase_size(script: str, words: Sequence[str]) -> int:
    """Return how long a phrase is: in Han characters, else in words."""
    return len("".join(words)) if script == "han" else len(words)


def is_acronym(word: str) -> bool:
    """Return whether capitals and digits are a word's own: ``NeRF``, ``3D``, not ``Neural``."""
    return any(c.isupper() or c.isdigit() for c in word[1:]) and "-" not in word


def _cased(word: str, place: int, style: TagStyle) -> str:
    lower = word.lower()
    if any(is_acronym(part) for part in word.split("-")):
        return word if style.keeps_acronyms or not style.separator else lower
    small = place > 0 and lower in _SMALL_WORDS
    if not style.separator or (style.case == "title" and not small):
        return "-".join(part[:1].upper() + part[1:] for part in lower.split("-"))
    return lower[:1].upper() + lower[1:] if style.case == "sentence" and place == 0 else lower


def _separator(tag: str) -> str | None:
    """Return what stands between the words of a tag, None for a single word."""
    inner = tag.strip("_ -")
    for separator in (" ", "_", "-"):
        if separator in inner:
            return separator
    # ``ResNet`` has a hump too; two of three letters and more are two words.
    return "" if _TWO_HUMPS.search(inner) else None


def _case(weights: Mapping[str, float]) -> str:
    lower = capital = title = sentence = 0.0
    for tag, weight in weights.items():
        words = [word for word in _WORD.findall(tag) if word.isalpha() and not is_acronym(word)]
        if not words:
            continue
        rest = [word for word in words[1:] if word not in _SMALL_WORDS]
        if words[0][0].islower():
            lower += weight
        else:
            capital += weight
            title += weight * any(word[0].isupper() for word in rest)
            sentence += weight * any(word[0].islower() for word in rest)
    if lower >= capital:
        return "lower"
    return "sentence" if sentence > title else "title"


def _has_acronym(tag: str) -> bool:
    return any(is_acronym(word) and word.isupper() for word in _WORD.findall(tag))


def _is_plural(tag: str) -> bool:
    last = _WORD.findall(tag)[-1].casefold()
    return terms(last) != [last]


def _size(tag: str) -> int:
    words = _WORD.findall(tag)
    script = script_of(tag)
    return phrase_size(script, tag_terms(tag) if script == "word" else words)


def _sums(weights: Mapping[str, float], of: Callable[[str], _T | None]) -> dict[_T, float]:
    """Return the weight of the tags by what they are; those that are None do not count."""
    sums: dict[_T, float] = {}
    for tag, weight in weights.items():
        if (value := of(tag)) is not None:
            sums[value] = sums.get(value, 0.0) + weight
    return sums


def _share(weights: Mapping[str, float], holds: Callable[[str], object]) -> float:
    total = sum(weights.values())
    return sum(w for tag, w in weights.items() if holds(tag)) / total if total else 0.0


def _most(sums: Mapping[str, float], default: str) -> str:
    return max(sums, key=lambda value: sums[value], default=default)
