"""Why a paper is a hit: the pairs of sections that match best, and the sentence that shows it."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from papersim.rank.terms import sentences, terms

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["best_pairs", "best_sentence"]

_LONGEST = 300


def best_pairs(similarities: NDArray[np.float32], most: int) -> list[tuple[int, int]]:
    """Return the best pairs (mine, theirs) of a similarity matrix, best first.

    Each of mine and each of theirs stands in one pair at most.
    """
    left = similarities.astype(np.float64)
    pairs: list[tuple[int, int]] = []
    for _ in range(min(most, *left.shape)):
        mine, theirs = np.unravel_index(int(left.argmax()), left.shape)
        pairs.append((int(mine), int(theirs)))
        left[mine, :] = -np.inf
        left[:, theirs] = -np.inf
    return pairs


def best_sentence(text: str, about: str) -> str:
    """Return the sentence of a plain text that shares most with another text.

    Shared terms count once and less the more sentences of the text hold them; among equals, as
    across languages, the first sentence of some length is taken.
    """
    found, bags, spread = _read(text)
    if not found:
        return ""
    wanted = _read(about)[2].keys()
    scores = [
        sum(1 / spread[term] for term in bag & wanted) / (len(bag) ** 0.5 or 1) for bag in bags
    ]
    # What ends in a colon only leads up to something.
    scores = [
        s * (0.1 if t.endswith((":", "：")) else 1) for s, t in zip(scores, found, strict=True)
    ]
    best = max(
        range(len(found)),
        key=lambda i: (round(scores[i], 6), len(bags[i]) > 5 and found[i][-1] not in ":：", -i),
    )
    return _cut(found[best])


@lru_cache(maxsize=256)
def _read(text: str) -> tuple[list[str], list[frozenset[str]], Counter[str]]:
    """Return the sentences of a text, their terms, and how many sentences hold each term.

    A query's own text is read for each hit.
    """
    found = sentences(text)
    bags = [frozenset(terms(sentence)) for sentence in found]
    return found, bags, Counter(term for bag in bags for term in bag)


def _cut(sentence: str) -> str:
    return sentence if len(sentence) <= _LONGEST else sentence[: _LONGEST - 1].rstrip() + "…"
