"""The phrases of a paper: its words between punctuation and joining words, where and how often."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import combinations, groupby
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING

from papersim.rank import tag_words
from papersim.rank.terms import terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Phrase", "find_phrases"]

_CJK = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af"
_TOKEN = re.compile(
    r"(?P<hangul>[\uac00-\ud7af]+)"
    r"|(?P<han>(?:(?<![A-Za-z0-9])\dD)?[\u30a1-\u30fa\u30fc\u3400-\u9fff\uf900-\ufaff\u3005]+)"
    rf"|(?P<word>[^\W_{_CJK}]+(?:[-‐–'’][^\W_{_CJK}]+)*)|(?P<gap>[ \t]+)|(?P<bound>.)",
    re.DOTALL,
)
_NO_PROSE = re.compile(
    r"\$\$[^$]*\$\$|\$[^$\n]*\$|\\[a-zA-Z]+(?:\{[^{}]*\})*|https?://\S+|www\.\S+|\b\S{1,60}@\S+"
)
_UNIT = re.compile(r"\dD|.")
_ACRONYM = re.compile(
    r"((?:\b[^\W_][\w-]{0,30} ){1,5}[^\W_][\w-]{0,30}) ?[(（]([A-Z][A-Za-z0-9-]{1,9}?)s?[)）]"
)
_FOREIGN = frozenset({"das", "del", "der", "des", "die", "für", "las", "les", "los", "und", "une"})
_ENGLISH = frozenset({"a", "an", "and", "by", "for", "from", "in", "of", "on", "the", "to", "with"})
_LONGEST = {"word": 4, "hangul": 2, "han": 8}
"""The longest phrase in each script: words, or Han characters."""


@dataclass(slots=True)
class Phrase:
    """A phrase of a paper: where it stands, how often, and with what around it.

    ``key`` is its words as terms (Korean: as they are; Han: together), ``sentences`` are in
    order, 0 the title. ``left`` and ``right`` count its places at the edge of a run of words,
    ``within`` is the most frequent longer phrase, ``stands_for`` the key of its acronym or long
    form.
    """

    key: str
    script: str
    forms: Counter[tuple[str, ...]] = field(default_factory=Counter)
    sentences: list[int] = field(default_factory=list)
    left: int = 0
    right: int = 0
    within: Phrase | None = None
    stands_for: str = ""

    @property
    def count(self) -> int:
        """How often it occurs."""
        return self.forms.total()

    @property
    def inside(self) -> float:
        """Which share of its places is within one and the same longer phrase, in 0..1."""
        return self.within.count / self.count if self.within else 0.0

    @property
    def in_title(self) -> bool:
        """Whether the title holds it."""
        return self.sentences[0] == 0

    @property
    def words(self) -> list[str]:
        """Its words; a phrase of Han characters is one."""
        return self.key.split()


def find_phrases(said: Sequence[str], names: frozenset[str]) -> dict[str, Phrase]:
    """Return the phrases of a paper by key, those within longer ones too."""
    found: dict[str, Phrase] = {}
    for number, sentence in enumerate(said):
        for script, run in _runs(sentence, names) if not _is_foreign(sentence) else ():
            for start in range(len(run)):
                for stop in range(start + 1, min(len(run), start + _LONGEST[script]) + 1):
                    _count(found, script, run, (start, stop), number)
    for phrase in found.values():
        form = next(iter(phrase.forms))
        for start, stop in combinations(range(len(form) + 1), 2):
            part = found.get(_key(phrase.script, form[start:stop]))
            if part is not None and part is not phrase:
                part.within = max(phrase, part.within or phrase, key=attrgetter("count"))
    for match in (m for sentence in said for m in _ACRONYM.finditer(sentence)):
        short = found.get(_key("word", (match[2],)))
        long = found.get(_key("word", _spelled_out(match[1].split(), match[2])))
        if short is not None and long is not None:
            short.stands_for, long.stands_for = long.key, short.key
    return found


def _is_foreign(sentence: str) -> bool:
    """Return whether a sentence is in an alphabet's language whose small words are not known."""
    words = set(re.findall(r"[^\W\d_]+", sentence.lower()))
    return bool(words & _FOREIGN) and not words & _ENGLISH


def _runs(sentence: str, names: frozenset[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield what stands between punctuation and joining words: a script, and its words."""
    clean = _NO_PROSE.sub(" , ", sentence)
    shouted = clean.isascii() and clean.isupper() and clean.count(" ") > 2
    stream = _stream(clean.lower() if shouted else clean, names)
    for script, run in groupby(stream, key=itemgetter(0)):
        if script:
            yield script, [word for _, word in run]


def _stream(text: str, names: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield the words of a text (Han: characters) with their script, empty where a phrase ends."""
    end, script = ("", ""), ""
    for match in _TOKEN.finditer(text):
        # In Korean and in alphabets a blank joins words, beside Han characters it parts them.
        if match.lastgroup == "gap" and script != "han":
            continue
        script, token = str(match.lastgroup), match.group()
        if script == "word" and tag_words.is_tag_word(token) and token.lower() not in names:
            yield script, token
        elif script == "hangul" and (bare := tag_words.bare_hangul(token)):
            yield script, bare
            if bare != token:
                yield end
        elif script == "han":
            for part in tag_words.han_phrases(token):
                yield end
                yield from ((script, unit) for unit in _UNIT.findall(part))
            if not tag_words.han_phrases(token[-1]):
                yield end
        else:
            yield end


def _count(
    found: dict[str, Phrase], script: str, run: Sequence[str], span: tuple[int, int], number: int
) -> None:
    form = tuple(run[slice(*span)])
    if not (key := _key(script, form)):
        return
    phrase = found.setdefault(key, Phrase(key, script))
    phrase.forms[form] += 1
    phrase.left += span[0] == 0 or tag_words.is_soft_han(run[span[0] - 1])
    phrase.right += span[1] == len(run) or tag_words.is_soft_han(run[span[1]])
    if number not in phrase.sentences[-1:]:
        phrase.sentences.append(number)


def _key(script: str, words: Sequence[str]) -> str:
    text = "".join(words) if script == "han" else " ".join(words)
    return " ".join(terms(text)) if script == "word" else text.casefold()


def _spelled_out(before: Sequence[str], acronym: str) -> Sequence[str]:
    """Return the last words before a bracket that an acronym in it stands for, () for none."""
    letters = [c for c in acronym.casefold() if c.isalpha()]
    for count in range(min(len(letters), len(before)), 1, -1):
        words = before[-count:]
        initials = [part[0] for word in words for part in word.casefold().split("-") if part]
        # `NeRF` takes two letters of a word: every initial has to be in it, in order.
        rest = iter(letters)
        if initials[0] == letters[0] and all(initial in rest for initial in initials):
            return words
    return ()
