"""Signals into one confidence: an additive logistic model, piecewise linear in each signal.

Each signal adds its own share to the log odds, so that a suggestion can say what speaks for it
(Hastie and Tibshirani 1986). What public vaults taught is the prior; a vault's own papers move
the weights away from it as far as they have to (maximum a posteriori, Gaussian prior). With no
paper it is the prior, with many papers it is all theirs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from papersim.suggest.evidence import SIGNALS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Floats = NDArray[np.float64]

__all__ = ["Additive", "prior"]

_PRIOR_VARIANCE = 0.3


@dataclass(frozen=True)
class Additive:
    """The knots of each signal, and by segment between knots what crossing it adds.

    ``weights`` has one place for the constant, then the segments of each signal in order;
    ``threshold`` is the confidence from which tags are suggested.
    """

    knots: Mapping[str, Floats]
    weights: Floats
    threshold: float

    def confidence(self, signals: Mapping[str, Matrix]) -> Matrix:
        """Return the probability that a tag is right, in the shape of the signals."""
        logits = self.weights[0] + sum(self.added(signals).values())
        return np.asarray(1 / (1 + np.exp(-logits)), np.float32)

    def added(self, signals: Mapping[str, Matrix]) -> dict[str, Floats]:
        """Return what each signal adds to the log odds, in the shape of the signals."""
        place = 1
        found: dict[str, Floats] = {}
        for name, knots in self.knots.items():
            steps = self.weights[place : place + len(knots) - 1]
            found[name] = np.interp(signals[name], knots, np.concatenate([[0.0], np.cumsum(steps)]))
            place += len(knots) - 1
        return found

    def fitted(
        self, signals: Mapping[str, Matrix], right: NDArray[np.bool_], variance: float | None = None
    ) -> Additive:
        """Return the model moved to where pairs of papers and tags are right, this its prior.

        ``signals`` are vectors, one place a pair. Smaller ``variance`` keeps it nearer the prior.
        """
        from scipy.optimize import minimize

        basis = self._basis(signals)
        signs = np.where(right, 1.0, -1.0)
        least = 1 / (_PRIOR_VARIANCE if variance is None else variance)

        def loss(weights: Floats) -> tuple[float, Floats]:
            margins = signs * (basis @ weights)
            moved = weights - self.weights
            slope = -signs / (1 + np.exp(np.clip(margins, -500, 500)))
            value = np.logaddexp(0, -margins).sum() + 0.5 * least * moved @ moved
            return float(value), np.asarray(basis.T @ slope + least * moved)

        def bend(weights: Floats) -> Floats:
            spread = 1 / (2 + 2 * np.cosh(np.clip(basis @ weights, -500, 500)))
            own = np.diag(np.full(len(weights), least))
            return np.asarray(basis.T @ (basis * spread[:, None]) + own)

        found = minimize(loss, self.weights, jac=True, hess=bend, method="trust-exact")
        return replace(self, weights=np.asarray(found.x, np.float64))

    def _basis(self, signals: Mapping[str, Matrix]) -> Floats:
        """Return how much of each segment lies below each value, shape (pairs, 1 + segments)."""
        columns = [np.ones(len(next(iter(signals.values()))))]
        for name, knots in self.knots.items():
            for low, high in pairwise(knots):
                columns.append(np.clip((signals[name] - low) / (high - low), 0, 1))
        return np.stack(columns, axis=1)

    def only(self, sources: Collection[str]) -> Additive:
        """Return the model that hears some sources alone."""
        kept = [np.ones(1, np.bool_)]
        wanted = {signal for source in sources for signal in SIGNALS[source]}
        for name, knots in self.knots.items():
            kept.append(np.full(len(knots) - 1, name in wanted))
        heard = {name: own for name, own in self.knots.items() if name in wanted}
        return replace(self, knots=heard, weights=self.weights[np.concatenate(kept)])

    def to_json(self) -> dict[str, Any]:
        """Return the model as plain numbers."""
        return {
            "threshold": self.threshold,
            "knots": {name: knots.tolist() for name, knots in self.knots.items()},
            "weights": self.weights.tolist(),
        }

    @classmethod
    def of_json(cls, data: Mapping[str, Any]) -> Additive:
        """Return the model of `to_json`. Raises KeyError, TypeError or ValueError if it is none."""
        found = dict(data["knots"])
        knots = {str(name): np.asarray(own, np.float64) for name, own in found.items()}
        weights = np.asarray(data["weights"], np.float64)
        if not np.isfinite(weights).all() or any(
            (np.diff(own) <= 0).any() for own in knots.values()
        ):
            raise ValueError("weights have to be numbers, and knots have to rise")
        if len(weights) != 1 + sum(len(own) - 1 for own in knots.values()):
            raise ValueError("weights and knots do not belong together")
        return cls(knots, weights, float(data["threshold"]))


@cache
def prior() -> Additive:
    """Return what the public vaults named in docs/tags.md taught; see benchmarks/tag_prior.py."""
    return Additive.of_json(
        json.loads(files(__package__).joinpath("prior.json").read_text("utf-8"))
    )
