"""Tags that nearly always stand beside others: a parent beside its child."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from papersim.suggest.facts import Labels, Matrix

__all__ = ["agreed"]

_NEARLY_ALWAYS = 0.9
_LEAST_CARRIERS = 3
_LIKELY = 0.1


def agreed(confidence: Matrix, labels: Labels) -> Matrix:
    """Return confidences by tag that agree: what brings another tag along makes it as likely.

    Where nine in ten papers with one tag carry a more common one, the other is at least as
    sure as the first is, times that share, as it would be with one more paper against it.
    """
    counts, found = labels.counts, confidence.copy()
    for tag in np.flatnonzero((confidence > _LIKELY) & (counts >= _LEAST_CARRIERS)):
        own = labels.carries[:, tag] * labels.known
        both = own @ labels.carries
        brought = (both >= _NEARLY_ALWAYS * counts[tag]) & (counts > counts[tag])
        raised = confidence[tag] * both[brought] / (counts[tag] + 1)
        found[brought] = np.maximum(found[brought], raised)
    return np.asarray(found, np.float32)
