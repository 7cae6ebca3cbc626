"""What two papers share of what their user set: tags, or links."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

__all__ = ["Overlap"]


@dataclass(frozen=True)
class Overlap:
    """Sets of keys by paper row: those of row r are keys[starts[r]:starts[r + 1]].

    ``weights`` are the keys' idf: log(papers / papers that have it).
    """

    starts: NDArray[np.int64]
    keys: NDArray[np.int32]
    weights: NDArray[np.float32]

    @classmethod
    def build(cls, sets: Sequence[Iterable[str]]) -> Overlap:
        """Return the overlap of sets of keys, one a paper row."""
        own = [sorted(set(keys)) for keys in sets]
        counts = Counter(key for keys in own for key in keys)
        number = {key: i for i, key in enumerate(counts)}
        weights = [math.log(len(own) / counts[key]) for key in counts]
        return cls(
            np.cumsum([0, *map(len, own)]).astype(np.int64),
            np.asarray([number[key] for keys in own for key in keys], np.int32),
            np.asarray(weights, np.float32),
        )

    def scores(self, row: int) -> NDArray[np.float64]:
        """Return the idf-weighted Jaccard overlap of a row with every row, in 0..1."""
        count = len(self.starts) - 1
        span = slice(int(self.starts[row]), int(self.starts[row + 1]))
        if not self.weights[self.keys[span]].sum():
            return np.zeros(count)
        mine = np.zeros(len(self.weights))
        mine[self.keys[span]] = self.weights[self.keys[span]]
        owners = np.repeat(np.arange(count), np.diff(self.starts))
        shared = np.bincount(owners, mine[self.keys], minlength=count)
        total = np.bincount(owners, self.weights[self.keys], minlength=count)
        either = total + mine.sum() - shared
        scores: NDArray[np.float64] = np.divide(
            shared, either, out=np.zeros(count), where=either > 0
        )
        return scores
