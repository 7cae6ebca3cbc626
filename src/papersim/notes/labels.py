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
_LONGEST = 60


@lru_cache(maxsize=8192)
def label_key(label: str) -> str:
    """Return the form of a label in which spellings of the same label agree.

    Numbering, emoji, punctuation at the ends, markup, case and width go away.
    """
    text = unicodedata.normalize("NFKC", label).casefold()
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


@dataclass(frozen=True)
class Labels:
    """The known labels: whole ones, and words that decide a longer one."""

    exact: Mapping[str, tuple[str, ...]]
    contains: tuple[tuple[str, str], ...]

    @classmethod
    def load(cls, extra: Mapping[str, Mapping[str, Sequence[str]]] | None = None) -> Labels:
        """Return the labels that come with papersim, with a user's own added.

        ``extra`` has the form of labels.toml: kind → ``exact`` and ``contains`` lists. The
        user's labels win over ours. Raises ValueError for a kind that does not exist.
        """
        data = tomllib.loads(files("papersim.notes").joinpath("labels.toml").read_text("utf-8"))
        exact: dict[str, tuple[str, ...]] = {}
        contains: list[tuple[str, str]] = []
        for table in (data, extra or {}):
            words: list[tuple[str, str]] = []
            for kind, lists in table.items():
                if kind not in KINDS:
                    raise ValueError(f"unknown kind of section: {kind}")
                exact.update((label_key(label), (kind,)) for label in lists.get("exact", ()))
                words.extend((label_key(word), kind) for word in lists.get("contains", ()))
            contains = words + contains
        return cls(exact, tuple(contains))

    def kinds(self, label: str) -> tuple[str, ...]:
        """Return the kinds that a label names, in canonical order; empty if it is unknown."""
        key = label_key(label)
        if not key or len(key) > _LONGEST:
            return ()
        if found := self._whole(key):
            return found
        parts = [part for part in re.split(r"[与和及/&、,+]| and | e |(?<=\w):\s", key) if part]
        named = {kind for part in parts for kind in self._whole(part.strip())}
        if len(parts) > 1 and named - {"other"}:
            return _ordered(named - {"other"})
        bracketed = re.search(r"[(（](.+)[)）]$", key)
        if bracketed and (inner := self.kinds(bracketed.group(1))):
            return inner
        return _ordered({kind for word, kind in self.contains if _names(word, key)})

    def whole(self, label: str) -> tuple[str, ...]:
        """Return the kinds of a label that is known as it stands, not by a word in it."""
        return self._whole(label_key(label))

    def _whole(self, key: str) -> tuple[str, ...]:
        without_brackets = re.sub(r"\s*[(（].*?[)）]\s*", " ", key).strip()
        return self.exact.get(key) or self.exact.get(without_brackets) or ()


def _names(word: str, key: str) -> bool:
    if word.isascii():
        return re.search(rf"\b{re.escape(word)}s?\b", key) is not None
    return word in key


def _ordered(kinds: set[str]) -> tuple[str, ...]:
    return tuple(kind for kind in KINDS if kind in kinds)
