"""How much each source counts when they are fused.

The weights were chosen on the vaults named in docs/ranking.md and checked on others.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

__all__ = ["DEFAULT_WEIGHTS", "Weights"]


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each source counts; 0 leaves it out."""

    dense: float = 0.5
    lexical: float = 0.5
    title: float = 0.1
    tags: float = 0.1
    links: float = 0.15

    def of(self, source: str) -> float:
        """Return the weight of a source by its name."""
        return float(getattr(self, source))

    def without(self, *sources: str) -> Weights:
        """Return the weights with some sources left out."""
        kept = {f.name: 0.0 if f.name in sources else self.of(f.name) for f in fields(self)}
        return Weights(**kept)


DEFAULT_WEIGHTS = Weights()
