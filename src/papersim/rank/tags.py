"""Tag suggestions: the vote of a paper's neighbours, and the tag's own words in its text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from papersim.rank.terms import sentences, terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["ScoredTag", "suggest", "tag_terms"]

_TEMPERATURE = 0.8
_NEIGHBOURS = 20
_WORDS_WEIGHT = 0.5
_DOUBT = 0.5
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[a-z])2(?=[A-Z\d])")


@dataclass(frozen=True, slots=True)
class ScoredTag:
    """A tag with its confidence and what speaks for it.

    ``vote`` is the share of the neighbours' weight that carries it, ``voters`` the neighbours
    by their index, ``quote`` the sentence that holds the tag's own words.
    """

    tag: str
    confidence: float
    vote: float
    voters: tuple[int, ...]
    quote: str | None


def suggest(
    similarities: Sequence[float],
    neighbour_tags: Sequence[Iterable[str]],
    text: str,
    tags: Iterable[str],
) -> list[ScoredTag]:
    """Return tags with a confidence above 0, best first.

    ``similarities`` are those of the neighbours, best first, and ``neighbour_tags`` what they
    carry; ``text`` is the paper's own, ``tags`` all that may be suggested. The vote is a
    softmax over scores in standard deviations (temperature .8); it and the own words count as two
    witnesses that may err independently of each other.
    """
    allowed = list(dict.fromkeys(tags))
    votes, voters = _votes(similarities[:_NEIGHBOURS], neighbour_tags[:_NEIGHBOURS])
    said = [(sentence, terms(sentence)) for sentence in sentences(text)]
    bags = [(sentence, set(words)) for sentence, words in said]
    everything = set().union(*(bag for _, bag in bags)) if bags else set()
    scored = []
    for tag in allowed:
        quote = _sentence_with(tag_terms(tag), bags, everything)
        count = len(voters.get(tag, ()))
        # One voice, however near, is less sure than two that agree.
        vote = votes.get(tag, 0.0) * count / (count + _DOUBT)
        confidence = 1 - (1 - vote) * (1 - (_WORDS_WEIGHT if quote else 0.0))
        if confidence > 0:
            scored.append(ScoredTag(tag, confidence, vote, tuple(voters.get(tag, ())), quote))
    return sorted(scored, key=lambda s: (-s.confidence, s.tag))


def tag_terms(tag: str) -> list[str]:
    """Return the words a tag is made of: ``Text23D`` is text, 3d; ``_3d生成`` is 3d, 生成."""
    return terms(_CAMEL.sub(" ", tag.replace("_", " ").replace("-", " ").replace("/", " ")))


def _votes(
    similarities: Sequence[float], neighbour_tags: Sequence[Iterable[str]]
) -> tuple[Mapping[str, float], Mapping[str, list[int]]]:
    votes: dict[str, float] = {}
    voters: dict[str, list[int]] = {}
    if not similarities:
        return votes, voters
    scores = np.asarray(similarities, np.float64) / _TEMPERATURE
    weights = np.exp(scores - scores.max())
    weights /= weights.sum()
    for index, (weight, tags) in enumerate(zip(weights, neighbour_tags, strict=True)):
        for tag in dict.fromkeys(tags):
            votes[tag] = votes.get(tag, 0.0) + float(weight)
            voters.setdefault(tag, []).append(index)
    return votes, voters


def _sentence_with(
    words: Sequence[str], bags: Sequence[tuple[str, set[str]]], everything: set[str]
) -> str | None:
    """Return the first sentence that holds all the words of a tag, None if none does."""
    if not words or not everything.issuperset(words):
        return None
    return next((sentence for sentence, bag in bags if bag.issuperset(words)), None)
