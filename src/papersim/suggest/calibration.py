"""Is a confidence of .8 right four times in five? Measured on papers not learnt from."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from papersim.rank.metrics import best_f1

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

__all__ = ["Calibration", "calibrated", "unpredictable"]

LEAST_CONFIDENCE = 0.1
_BINS = 10
_LEAST_CARRIERS = 5
_NEARLY_ALL = 0.75
_CHANCE = 1.64  # standard deviations; of what chance does 95% stays below


@dataclass(frozen=True)
class Calibration:
    """How well confidences hold on ``papers`` tagged papers.

    ``bins`` hold the mean confidence of suggestions in a tenth, the share of them that is right,
    and how many they are, from a confidence of .1; ``error`` is the mean distance of the two
    (expected calibration error, Naeini, Cooper and Hauskrecht 2015). ``threshold`` is the
    confidence with the best F1, which is ``f1``.
    """

    papers: int
    threshold: float
    f1: float
    error: float | None
    bins: tuple[tuple[float, float, int], ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)

    @classmethod
    def of_json(cls, data: Mapping[str, Any]) -> Calibration:
        """Return what `to_json` gave. Raises KeyError, TypeError or ValueError if it is none."""
        bins = tuple((float(mean), float(right), int(count)) for mean, right, count in data["bins"])
        error = None if data["error"] is None else float(data["error"])
        threshold, f1 = float(data["threshold"]), float(data["f1"])
        return cls(int(data["papers"]), threshold, f1, error, bins)


def calibrated(confidence: Matrix, carries: Matrix, threshold: float | None) -> Calibration:
    """Return how confidences hold, shape (papers, tags), beside what the papers carry.

    ``threshold`` is the one to keep, None to take the best there is.
    """
    said = confidence > 0
    found, best = best_f1(confidence[said], carries[said] > 0, int(carries.sum()))
    bins = _bins(confidence[said], carries[said] > 0)
    total = sum(count for *_, count in bins)
    error = sum(abs(mean - right) * count for mean, right, count in bins) / total if total else None
    kept = found if threshold is None else threshold
    return Calibration(len(carries), kept, best, error, bins)


def _bins(confidence: Matrix, right: NDArray[np.bool_]) -> tuple[tuple[float, float, int], ...]:
    tenths = np.minimum((confidence * _BINS).astype(np.int64), _BINS - 1)
    found = []
    for tenth in range(int(LEAST_CONFIDENCE * _BINS), _BINS):
        own = tenths == tenth
        if own.any():
            found.append((float(confidence[own].mean()), float(right[own].mean()), int(own.sum())))
    return tuple(found)


def unpredictable(confidence: Matrix, carries: Matrix) -> NDArray[np.bool_]:
    """Return the tags that are suggested for papers with them no better than by chance.

    Opinion and status tags are such: nothing in a paper tells them. A tag on five papers or
    more is one if the rank sum of its papers (Mann and Whitney 1947) could be that of any. One
    on three quarters of the papers is right as often, whatever tells it.
    """
    from scipy.stats import rankdata

    papers, counts = len(carries), carries.sum(axis=0)
    others = papers - counts
    judged = (counts >= _LEAST_CARRIERS) & (counts < _NEARLY_ALL * papers)
    found = np.zeros(len(counts), np.bool_)
    ranks = rankdata(confidence[:, judged], axis=0)
    own, rest = counts[judged], others[judged]
    above = (ranks * carries[:, judged]).sum(axis=0) - own * (own + 1) / 2
    spread = np.sqrt(own * rest * (papers + 1) / 12)
    found[judged] = above - own * rest / 2 < _CHANCE * spread
    return found
