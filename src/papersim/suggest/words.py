"""The tag's own words in a paper: how many of them, how early, in the title, in which sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from papersim.rank.tag_forms import tag_terms
from papersim.rank.terms import sentences, terms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

__all__ = ["TagWords"]

_EDGE = "\0"


@dataclass(frozen=True)
class TagWords:
    """The words of each tag, and how much each of them weighs."""

    words: tuple[tuple[str, ...], ...]
    weights: tuple[tuple[float, ...], ...]
    tags_with: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, tags: Sequence[str], idf: Callable[[str], float]) -> TagWords:
        """Return the words of tags; ``idf`` says how rare a word is in the vault."""
        words = tuple(tuple(tag_terms(tag)) for tag in tags)
        tags_with: dict[str, list[int]] = {}
        for number, own in enumerate(words):
            for word in dict.fromkeys(own):
                tags_with.setdefault(word, []).append(number)
        weights = tuple(tuple(map(idf, own)) for own in words)
        return cls(words, weights, {word: tuple(found) for word, found in tags_with.items()})

    def found(self, title: str, text: str) -> Matrix:
        """Return share, title and early of each tag in a paper, shape (3, tags); see `Facts`.

        ``text`` begins with the title.
        """
        values = np.zeros((3, len(self.words)), np.float32)
        ordered = terms(text)
        bag = set(ordered)
        flat, flat_title = _flat(ordered), _flat(terms(title))
        touched = {number for word in bag for number in self.tags_with.get(word, ())}
        for number in touched:
            own, weights = self.words[number], self.weights[number]
            # Plain sums: a tag has few words, and this is asked of each paper and tag.
            here = [w for word, w in zip(own, weights, strict=True) if word in bag]
            values[0, number] = sum(here) / max(sum(weights), 1e-6)
            if len(here) < len(own):
                continue
            phrase = _flat(own)
            if (place := flat.find(phrase)) >= 0:
                values[1, number] = phrase in flat_title
                values[2, number] = 1 - place / len(flat)
        return values

    def sentence(self, number: int, text: str) -> str | None:
        """Return the first sentence that holds all the words of a tag, None if none does.

        The title, which is the first line, comes last: everyone has read it.
        """
        own = set(self.words[number])
        title, _, body = text.partition("\n")
        said = (*sentences(body), title)
        return next((s for s in said if own.issubset(terms(s))), None) if own else None


def _flat(words: Sequence[str]) -> str:
    return _EDGE + _EDGE.join(words) + _EDGE
