"""New tags: a paper's own phrases, for when no tag in use fits it. Better none than nonsense."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from papersim.notes.fields import field_name
from papersim.rank.phrases import find_phrases
from papersim.rank.tag_forms import tag_terms
from papersim.rank.tag_style import is_acronym, learn_style, phrase_size, write_tag
from papersim.rank.tag_words import is_adjective, is_soft_han, says_nothing
from papersim.rank.terms import sentences, terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from papersim.rank.phrases import Phrase
    from papersim.rank.tag_style import TagStyle

__all__ = ["Candidate", "new_tags"]

_LABEL = re.compile(r"\s*([^:：\n]{1,30})[:：]")
_NAME = r"\b[A-Z][\w’'-]{1,30}"
_CITED = re.compile(
    rf"({_NAME})(?:(?:,|,? and| &) ({_NAME}))*(?:['’]s)?(?: et al|,? ?[(\[]\d{{4}}|, \d{{4}})"
)
_NAMED = re.compile(r"[:：]| [-–—] |--|——")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A tag that no paper has yet, written as the vault would; ``score`` is in 0..1.

    ``quote`` is the first sentence of the paper's text that holds it, else the title.
    """

    tag: str
    score: float
    quote: str


_WEIGHTS = {
    "title": 1.7,
    "lead": 0.8,
    "often": 0.8,
    "rare_word": 0.5,
    "rare_all": 0.5,
    "head": 0.4,
    "words": 0.4,
    "single": -1.5,
    "long": 1.0,
    "inside": -0.9,
    "noun": 0.7,
    "stated": 1.4,
    "acronym": -0.3,
    "script": 1.0,
    "size": 0.8,
}
"""What speaks for a phrase, and how much; fitted to the tags that people used only once."""
_BIAS = -7.9
_EARLY = 3
_RARE = 0.02
_PLURAL = 0.15
_MOSTLY = 0.5
_NOUN = re.compile(r"(?:tion|ment|ity|ism|ness|ance|ence|ing|ics|logy|ship)$")


def new_tags(
    title: str,
    text: str,
    vocabulary: Mapping[str, int],
    share: Callable[[str], float],
    authors: Iterable[str] = (),
    limit: int = 2,
    least: float = 0.15,
) -> list[Candidate]:
    """Return at most ``limit`` tags that are none of the vocabulary's, best first, often none.

    ``vocabulary`` tells how many papers carry each tag, ``share`` which share of the other
    papers, in 0..1, holds a term. ``text`` is plain and may begin with the title; what scores
    below ``least`` is not worth showing.
    """
    style = learn_style(vocabulary)
    said = _sentences(title, text)
    phrases = find_phrases(said, _people(authors, said))
    own = _own_name(title)
    known = _known(vocabulary)
    scored: list[tuple[float, Phrase]] = [
        (_score(_features(phrase, style, share)), phrase)
        for phrase in phrases.values()
        if _may_be_tag(phrase, phrases, style)
        and not (_is_known(phrase, known) or own.issuperset(phrase.words))
    ]
    scored.sort(key=lambda pair: (-pair[0], pair[1].sentences[0], pair[1].key))
    chosen: list[Phrase] = []
    found: list[Candidate] = []
    for score, phrase in scored:
        if len(found) == limit or score < least:
            break
        if not any(_overlap(phrase, other) for other in chosen):
            chosen.append(phrase)
            tag = write_tag(_form(phrase, style), style)
            found.append(Candidate(tag, score, _quote(phrase, said)))
    return found


def _sentences(title: str, text: str) -> list[str]:
    """Return the title and then the sentences of the text, but for stated facts (`Authors:`)."""
    lines = []
    for line in text.split("\n"):
        label = _LABEL.match(line)
        stated = label is not None and field_name(label.group(1)) is not None
        if not stated and line.strip().casefold() != title.strip().casefold():
            lines.append(line)
    return [title, *sentences("\n".join(lines))]


def _people(authors: Iterable[str], said: Sequence[str]) -> frozenset[str]:
    """Return names in lower case: the authors', and those cited; none that the title holds."""
    names = {part for author in authors for part in re.findall(r"[^\W\d_]{3,}", author)}
    for match in _CITED.finditer("\n".join(said[1:])):
        names.update(name for name in match.groups() if name)
    return frozenset(map(str.lower, names)) - set(re.findall(r"\w+", said[0].lower()))


def _may_be_tag(phrase: Phrase, phrases: Mapping[str, Phrase], style: TagStyle) -> bool:
    """Return whether a phrase is whole, not general, and more than a remark in passing."""
    words = phrase.words
    if len(phrase.sentences) < 2 and not phrase.in_title and not phrase.stands_for:
        return False
    if all(says_nothing(word) for word in words):
        return False
    if phrase.script == "han":
        return bool(phrase.left and phrase.right) and _is_whole(phrase, phrases)
    if is_adjective(words[-1]) and words[-1] not in style.heads:
        return False
    if phrase.in_title or not any(map(_is_name, phrase.forms)):
        return True
    # A name that the title lacks is a rival's or the paper's own; so is the title's acronym.
    long = phrases.get(phrase.stands_for)
    return long is not None and not long.in_title


def _is_whole(phrase: Phrase, phrases: Mapping[str, Phrase]) -> bool:
    """Return whether the Han characters at both ends belong to a phrase: 对比学习, not 对图像."""
    key = phrase.key
    if len(key) < 2 or (is_soft_han(key[-1]) and key[-1] != "像"):
        return False
    rest = phrases.get(key[1:])
    return not is_soft_han(key[0]) or rest is None or rest.count == phrase.count


def _is_name(form: Sequence[str]) -> bool:
    """Return whether words are the name of a system, such as ``OWL-ViT`` or ``BitNet b1``."""
    parts = [part for word in form for part in word.split("-")]
    capitals = [part for part in parts if is_acronym(part) or part.isdigit()]
    return bool(capitals) and (len(form) == 1 or any(not part.isupper() for part in capitals))


def _score(features: Mapping[str, float]) -> float:
    """Return how likely people would make a tag of a phrase, in 0..1."""
    return 1 / (1 + math.exp(-_BIAS - sum(_WEIGHTS[name] * x for name, x in features.items())))


def _features(phrase: Phrase, style: TagStyle, share: Callable[[str], float]) -> dict[str, float]:
    """Return what is known of a phrase, by the names of the weights."""
    words = terms(phrase.key)
    rare = [-math.log(max(share(word), _RARE)) for word in words]
    single = len(phrase.words) == 1 and phrase.script != "han"
    body = [number for number in phrase.sentences if number]
    size = phrase_size(phrase.script, phrase.words)
    among = [math.log2(1 + style.words.get(word, 0)) for word in words[:-1]]
    return {
        "title": phrase.in_title,
        "lead": bool(body) and body[0] <= _EARLY,
        "often": math.log2(1 + len(body)),
        "rare_word": max(rare),
        "rare_all": min(rare),
        "head": 0 if single else math.log2(1 + style.heads.get(words[-1], 0)),
        "words": sum(among) / max(1, len(among)),
        "single": single,
        "long": len(phrase.words) > 2,
        "inside": phrase.inside,
        "noun": bool(_NOUN.search(words[-1])) and not (single and words[0].endswith("ing")),
        "stated": bool(phrase.stands_for),
        "acronym": single and any(is_acronym(form[0]) for form in phrase.forms),
        "script": math.log(style.script_share(phrase.script)),
        "size": math.log(style.size_share(phrase.script, size)),
    }


def _own_name(title: str) -> frozenset[str]:
    """Return the words of the name a paper gives what it made: ``CG3D: …``, or all the title."""
    name, *rest = _NAMED.split(title, maxsplit=1)
    words = name.split()
    coined = any(_is_name((word,)) for word in words)
    few = len(words) == 1 or (coined and len(words) < 4 and bool(rest))
    is_own = few and (coined or bool(rest))
    return frozenset(terms(name)) if is_own else frozenset()


def _known(vocabulary: Iterable[str]) -> frozenset[str]:
    """Return the forms of tags in which another spelling of them, or their initials, agree."""
    found: set[str] = set()
    for tag in vocabulary:
        words = tag_terms(tag.strip("/").rsplit("/", 1)[-1])
        found.update((" ".join(sorted(words)), "".join(words)))
        # TagForm.initials leave linking words out too: `gf` for goodness-of-fit would bar too much.
        if len(words) > 1:
            found.add("".join(word[0] for word in words))
    return frozenset(found - {""})


def _is_known(phrase: Phrase, known: frozenset[str]) -> bool:
    """Return whether a tag says what a phrase does: its words, what it stands for, its initials."""
    words = sorted(terms(phrase.key))
    special = [word for word in words if not says_nothing(word)]
    other = sorted(phrase.stands_for.split())
    forms = {" ".join(words), "".join(terms(phrase.key)), " ".join(special), " ".join(other)}
    if len(phrase.words) > 2:
        forms.add("".join(word[0] for word in phrase.words))
    longer = phrase.within if phrase.inside > _MOSTLY else None
    return bool(forms & known) or (longer is not None and _is_known(longer, known))


def _overlap(one: Phrase, other: Phrase) -> bool:
    """Return whether two phrases say the same: most of the shorter's words, or its acronym."""
    few, many = sorted((set(terms(one.key)), set(terms(other.key))), key=len)
    shared = [w for w in few if any(w.startswith(v) or v.startswith(w) for v in many)]
    return len(shared) > _MOSTLY * len(few) or one.stands_for == other.key


def _form(phrase: Phrase, style: TagStyle) -> Sequence[str]:
    """Return a phrase as the paper writes it most, in the singular where the vault does so."""

    def rank(form: tuple[str, ...]) -> tuple[bool, int]:
        singular = terms(form[-1])[-1:] == [form[-1].casefold()]
        return singular and style.plural < _PLURAL, phrase.forms[form]

    return max(phrase.forms, key=rank)


def _quote(phrase: Phrase, said: Sequence[str]) -> str:
    return said[next((number for number in phrase.sentences if number), 0)]
