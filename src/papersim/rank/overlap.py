"""What two papers share of what their user set: tags, or links."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from papersim.rank.digests import Sets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    Arrays = Mapping[str, NDArray[Any]]

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
    def build(cls, sets: Iterable[Iterable[str]]) -> Overlap:
        """Return the overlap of sets of keys, one a paper row."""
        return cls.of(Sets.of(sets))

    @classmethod
    def of(cls, sets: Sets) -> Overlap:
        """Return the overlap of sets, one a paper row."""
        _, keys, counts = np.unique(sets.digests, return_inverse=True, return_counts=True)
        weights = np.log((len(sets.starts) - 1) / counts)
        return cls(sets.starts, keys.astype(np.int32), weights.astype(np.float32))

    def scores(self, row: int) -> NDArray[np.float64]:
        """Return the idf-weighted Jaccard overlap of a row with every row, in 0..1."""
        count = len(self.starts) - 1
        own = self.keys[self.starts[row] : self.starts[row + 1]]
        if not self.weights[own].sum():
            return np.zeros(count)
        mine = np.zeros(len(self.weights))
        mine[own] = self.weights[own]
        shared = np.bincount(self._owners, mine[self.keys], minlength=count)
        either = self._totals + mine.sum() - shared
        scores: NDArray[np.float64] = np.divide(
            shared, either, out=np.zeros(count), where=either > 0
        )
        return scores

    @cached_property
    def _owners(self) -> NDArray[np.int64]:
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))

    @cached_property
    def _totals(self) -> NDArray[np.float64]:
        count = len(self.starts) - 1
        totals = np.bincount(self._owners, self.weights[self.keys], minlength=count)
        return np.asarray(totals, np.float64)

    # --- as arrays ------------------------------------------------------------------------------

    def arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """Return what it is made of, by names that begin with one."""
        return {f"{name}.{field.name}": getattr(self, field.name) for field in fields(self)}

    @classmethod
    def of_arrays(cls, name: str, arrays: Arrays) -> Overlap:
        """Return what `arrays` gave. Raises KeyError where a part is missing."""
        return cls(**{field.name: arrays[f"{name}.{field.name}"] for field in fields(cls)})
