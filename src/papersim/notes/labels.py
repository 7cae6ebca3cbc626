"""Section labels as data: which words name which kind of section."""

from __future__ import annotations

import re
import sys
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from papersim.notes.model import KINDS

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover - the same parser under its older name
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Labels", "label_key"]

_NUMBERING = re.compile(
    r"^(?:[(（]?(?:\d+(?:\.\d+)*|[ivxIVX]{1,5}|[一二三四五六七八九十]{1,3}|[A-Ha-h]|[Qq]\d{1,2})[)）.、．:：]+"
    r"|[(（]?\d+(?:\.\d+)*[)）]?(?=\s)|第[一二三四五六七八九十\d]+[章节部分]+)\s*"
)
_BRACKETS = re.compile(r"\s*[(（]([^()（）]*)[)）]\s*")
_PARTS = re.compile(r"[与與和及跟/&、,+・]|\s(?:and|or|et|und|y|e)\s")
_CUTS = re.compile(rf"{_PARTS.pattern}|:")
_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff]")
_OWNER = re.compile(
    r"^(?:(?:论文|論文|本文|文章|作者)的?|(?:the paper's|the|their|our|its)\s)(?=.)"
)
_LATIN_ACCENT = re.compile("[\u0300-\u036f]")
_LONGEST = 60
_TYPO_FROM = 7
"""From this many letters on, a label one slip away from a known one is that one."""


@lru_cache(maxsize=8192)
def label_key(label: str) -> str:
    """Return the form of a label in which spellings of the same label agree.

    Numbering, emoji, punctuation at the ends, markup, Latin accents, case and width go away.
    """
    text = unicodedata.normalize("NFKD", label[:1000])
    text = unicodedata.normalize("NFKC", _LATIN_ACCENT.sub("", text)).casefold()
    text = text.replace("**", "").replace("__", "").replace("`", "").replace("[[", "")
    text = _trim(text.replace("]]", ""))
    while (shorter := _trim(_NUMBERING.sub("", text, count=1))) != text:
        if not shorter:
            break
        text = shorter
    return " ".join(text.split())


def _trim(text: str) -> str:
    """Return text without anything but letters and digits at its ends (brackets may close it)."""
    start, end = 0, len(text)
    while start < end and not (text[start].isalnum() or text[start] in "(（"):
        start += 1
    while end > start and not (text[end - 1].isalnum() or text[end - 1] in ")）"):
        end -= 1
    return text[start:end]


@dataclass(frozen=True, eq=False)
class Labels:
    """The known labels: whole ones, patterns of whole ones, and words that decide a longer one."""

    exact: Mapping[str, tuple[str, ...]]
    patterns: tuple[tuple[re.Pattern[str], str], ...]
    contains: tuple[tuple[re.Pattern[str], str], ...]

    @classmethod
    def load(cls, extra: Mapping[str, Mapping[str, Sequence[str]]] | None = None) -> Labels:
        """Return the labels that come with papersim, with a user's own added.

        ``extra`` has the form of labels.toml: kind → ``exact`` and ``contains`` lists. The
        user's labels win over ours. Raises ValueError for a kind that does not exist.
        """
        data = tomllib.loads(files("papersim.notes").joinpath("labels.toml").read_text("utf-8"))
        exact: dict[str, tuple[str, ...]] = {}
        patterns: list[tuple[re.Pattern[str], str]] = []
        contains: list[tuple[re.Pattern[str], str]] = []
        for table in (data, extra or {}):
            words: list[tuple[str, str]] = []
            wild: list[tuple[re.Pattern[str], str]] = []
            for kind, lists in table.items():
                if kind not in KINDS:
                    raise ValueError(f"unknown kind of section: {kind}")
                for label in lists.get("exact", ()):
                    if "*" in label:
                        wild.append((_pattern(label), kind))
                    else:
                        exact[label_key(label)] = (kind,)
                words += [(label_key(word), kind) for word in lists.get("contains", ())]
            words.sort(key=lambda pair: -len(pair[0]))
            contains = [(_word(word), kind) for word, kind in words if word] + contains
            patterns = wild + patterns
        return cls(exact, tuple(patterns), tuple(contains))

    def kinds(self, label: str) -> tuple[str, ...]:
        """Return the kinds that a label names, in canonical order; empty if it is unknown."""
        key = label_key(label)
        if not _short(key):
            return ()
        return self._named(key) or self._by_words(key) or self._slipped(key)

    def named(self, label: str) -> tuple[str, ...]:
        """Return the kinds of a label that is known as a whole or part by part.

        Weaker than `whole` and stronger than `kinds`: a word within a longer label does not
        count.
        """
        key = label_key(label)
        return self._named(key) if _short(key) else ()

    def whole(self, label: str) -> tuple[str, ...]:
        """Return the kinds of a label that is known as it stands, not by a word in it."""
        return self._whole(label_key(label))

    def words_beside(self, label: str) -> float:
        """Return how many words of a label belong to no known one.

        Two characters of a script without blanks count as a word.
        """
        key = label_key(label)
        if self._whole(key):
            return 0
        parts = (part.strip() for part in _CUTS.split(_BRACKETS.sub(" ", key)))
        rest = " ".join(part for part in parts if _OWNER.sub("", part) not in self.exact)
        for word, _ in self.contains:
            rest = word.sub(" ", rest)
        wide = len(_WIDE.findall(rest))
        return wide / 2 + sum(any(map(str.isalnum, w)) for w in _WIDE.sub(" ", rest).split())

    def _whole(self, key: str) -> tuple[str, ...]:
        bare = _BRACKETS.sub(" ", key).strip()
        return self.exact.get(key) or self.exact.get(bare) or ()

    def _named(self, key: str) -> tuple[str, ...]:
        """Return the kinds of what stands before brackets and, where it has any, within."""
        bare = _BRACKETS.sub(" ", key).strip()
        named = set(self._part(bare) if bare else ())
        for inner in _BRACKETS.findall(key):
            named |= set(self._by_parts(inner))
        return _ordered(named)

    def _part(self, key: str) -> tuple[str, ...]:
        head, colon, tail = key.partition(":")
        if colon and (found := self._part(head.strip()) or self._part(tail.strip())):
            return found
        return (
            self.exact.get(key)
            or self.exact.get(_OWNER.sub("", key))
            or self._by_parts(key)
            or next(((kind,) for pattern, kind in self.patterns if pattern.fullmatch(key)), ())
        )

    def _by_parts(self, key: str) -> tuple[str, ...]:
        """Return the kinds of the parts of ``A and B``; the first and half of all must be known."""
        parts = [part.strip() for part in _PARTS.split(key) if part.strip()]
        known = [found for part in parts if (found := self.exact.get(_OWNER.sub("", part)))]
        if len(known) * 2 < len(parts) or not known or not self.exact.get(_OWNER.sub("", parts[0])):
            return ()
        named = {kind for kinds in known for kind in kinds}
        return _ordered(named - {"other"} or named)

    def _by_words(self, key: str) -> tuple[str, ...]:
        named = set()
        key = _BRACKETS.sub(" ", key)
        for word, kind in self.contains:
            key, count = word.subn("\0", key)
            if count:
                named.add(kind)
        return _ordered(named - {"other"})

    def _slipped(self, key: str) -> tuple[str, ...]:
        """Return the kinds of the known label that a Latin label is one typing slip away from."""
        if len(key) < _TYPO_FROM or not key.isascii() or len(key) > 2 * _TYPO_FROM + 10:
            return ()
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        match = process.extractOne(
            key,
            [known for known in self.exact if abs(len(known) - len(key)) <= 1],
            scorer=OSA.distance,
            score_cutoff=1,
        )
        return self.exact[match[0]] if match else ()


def _short(key: str) -> bool:
    """Return whether a label, brackets apart, is short enough to be one."""
    return 0 < len(_BRACKETS.sub("", key)) <= _LONGEST


def _pattern(label: str) -> re.Pattern[str]:
    """Return what matches a whole label in which ``*`` stands for any words."""
    return re.compile(
        ".*".join(
            re.escape(unicodedata.normalize("NFKC", part).casefold()) for part in label.split("*")
        )
    )


def _word(word: str) -> re.Pattern[str]:
    return re.compile(rf"\b{re.escape(word)}s?\b" if word.isascii() else re.escape(word))


def _ordered(kinds: set[str]) -> tuple[str, ...]:
    return tuple(kind for kind in KINDS if kind in kinds)
