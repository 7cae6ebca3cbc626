"""Pairs of vectors that are each other's nearest, over all pairs, block by block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float32]
    Sides = tuple[FloatArray, FloatArray]

__all__ = ["Near", "mutual_nearest"]

_BLOCK = 1024


class Near(NamedTuple):
    """Two rows, their similarity, and how much nearer they are than either is to a third."""

    one: int
    other: int
    similarity: float
    margin: float


def mutual_nearest(vectors: FloatArray, kinds: NDArray[Any]) -> Iterator[Near]:
    """Yield the rows that are each other's nearest, for each two kinds and within each kind.

    ``vectors``, shape (n, dimension), are of unit length; ``kinds``, shape (n,), say of which
    kind each is.
    """
    rows = {kind: np.flatnonzero(kinds == kind) for kind in np.unique(kinds)}
    names = list(rows)
    for number, kind in enumerate(names):
        for other in names[number:]:
            yield from _between(vectors, rows[kind], rows[other])


def _between(
    vectors: FloatArray, mine: NDArray[np.int64], theirs: NDArray[np.int64]
) -> Iterator[Near]:
    within = mine is theirs
    to_theirs, first, second = _two_best(vectors[mine], vectors[theirs], within=within)
    to_mine, _, runner_up = _two_best(vectors[theirs], vectors[mine], within=within)
    for row, column in enumerate(to_theirs):
        if to_mine[column] == row and (not within or row < column):
            margin = first[row] - max(second[row], runner_up[column])
            yield Near(int(mine[row]), int(theirs[column]), float(first[row]), float(margin))


def _two_best(
    queries: FloatArray, vectors: FloatArray, *, within: bool
) -> tuple[NDArray[np.int64], FloatArray, FloatArray]:
    """Return for each query the row nearest to it, its similarity and that of the second."""
    count = len(queries)
    nearest = np.zeros(count, np.int64)
    first, second = np.full(count, -1, np.float32), np.full(count, -1, np.float32)
    for start in range(0, count, _BLOCK):
        block = queries[start : start + _BLOCK] @ vectors.T
        rows = np.arange(len(block))
        if within:
            block[rows, rows + start] = -1
        best = block.argmax(axis=1)
        part = slice(start, start + len(block))
        nearest[part], first[part] = best, block[rows, best]
        block[rows, best] = -1
        second[part] = block.max(axis=1)
    return nearest, first, second
