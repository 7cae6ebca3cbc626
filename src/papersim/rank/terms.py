"""Texts as terms: words of alphabets, pairs of characters of Chinese, Japanese and Korean."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from operator import add

__all__ = ["sentences", "terms"]

_CJK = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af"
_LONGEST = 64  # what is longer is no word, such as an encoded image
_SENTENCE = re.compile(r"[^。！？!?；;\n]*?(?:[。！？!?；;]+|\.(?=\s|$)|\n|$)")


def terms(text: str) -> list[str]:
    """Return the terms of a text in order: lower-case words, CJK characters in pairs.

    A single CJK character stands for itself. A plural's final ``s`` goes, since it is all the
    morphology that changes English technical terms much.
    """
    found: list[str] = []
    for characters, word in _run().findall(unicodedata.normalize("NFKC", text).casefold()):
        if word:
            cut = word[:_LONGEST]
            found.append(_singular(cut) if cut[-1] == "s" else cut)
        elif len(characters) == 1:
            found.append(characters)
        else:
            found += map(add, characters, characters[1:])
    return found


@cache
def _run() -> re.Pattern[str]:
    """Return what finds CJK characters in a row, or a word; to compile it takes milliseconds."""
    return re.compile(rf"([{_CJK}]+)|([^\W_{_CJK}]+)")


def _singular(word: str) -> str:
    if len(word) > 3 and not word.endswith(("ss", "us", "is")):
        return word[:-3] + "y" if word.endswith("ies") and len(word) > 4 else word[:-1]
    return word


def sentences(text: str) -> list[str]:
    """Return the sentences of a plain text in order, without blanks around."""
    return [s for match in _SENTENCE.finditer(text) if (s := match.group().strip())]
