"""Scores that mean something: where a pair stands among random pairs of the same vault."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Background"]

_TAILS = np.asarray([1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001])
_RARITY = -np.log10(_TAILS)
_FULL = 5.0
_FEWEST = 50
# The tail of a normal distribution, for vaults too small to show their own.
_NORMAL = np.asarray([-4.0, 0.0, 0.842, 1.282, 1.645, 2.054, 2.326, 2.576, 2.878, 3.09])


@dataclass(frozen=True)
class Background:
    """The fused scores of random pairs: ``levels`` are what a share of them reaches.

    The shares are 1, .5, .2, .1, .05, ... .001 of the pairs.
    """

    levels: NDArray[np.float64]

    @classmethod
    def fit(cls, scores: NDArray[np.float64]) -> Background:
        """Return the background of the scores of random pairs."""
        if len(scores) < _FEWEST:
            return cls(_NORMAL.copy())
        levels = np.quantile(scores, 1 - _TAILS)
        # Where pairs are too few to show a tail, it goes on as a normal one does.
        seen = _TAILS * len(scores) >= 2
        levels[~seen] = np.maximum(levels[~seen], _NORMAL[~seen] * max(float(scores.std()), 0.1))
        return cls(np.maximum.accumulate(levels + 1e-9 * np.arange(len(levels))))

    def score(self, fused: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return scores in 0..1 for fused scores.

        A score is -log10 of the share of random pairs that are at least as near, over 5: .2
        is reached by one pair in ten, .4 by one in a hundred, .6 by one in a thousand; beyond
        what the vault's own pairs show it goes on in a straight line.
        """
        inside = np.interp(fused, self.levels, _RARITY)
        beyond = _RARITY[-1] + np.maximum(fused - self.levels[-1], 0) * self._slope
        found = np.where(fused > self.levels[-1], beyond, inside)
        return np.asarray(np.clip(found / _FULL, 0.0, 1.0), np.float64)

    @cached_property
    def _slope(self) -> float:
        """How much rarer a pair is for each step beyond the last level, as far as they tell."""
        slope = float(np.polyfit(self.levels[-4:], _RARITY[-4:], 1)[0])
        return min(max(slope, 0.2), 2.0)
