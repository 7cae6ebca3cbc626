"""Lists of lists as two flat arrays: list i is values[starts[i]:starts[i + 1]]."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Integers = NDArray[np.integer]

__all__ = ["ends_of", "places_in"]


def ends_of(lengths: Sequence[int] | Integers) -> NDArray[np.int64]:
    """Return the starts of lists of these lengths, and the end of the last: one more than lists."""
    starts = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=starts[1:])
    return starts


def places_in(begins: Integers, lengths: Integers) -> NDArray[np.int64]:
    """Return the places of spans, one after the other: begin, begin + 1, ... for each of them."""
    ends = ends_of(lengths)
    shifts = np.asarray(begins, np.int64) - ends[:-1]
    return np.repeat(shifts, lengths) + np.arange(ends[-1])
