"""What is known of papers before any tag is looked at: nearness to papers, nearness to tags."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

__all__ = ["Facts", "Labels"]


@dataclass(frozen=True)
class Facts:
    """What is known of some papers, shape (papers, known papers) or (papers, tags).

    ``dense`` and ``words`` are the cosines of vectors and of terms with the known papers,
    ``dense_names`` and ``words_names`` the same with the tags' names; ``name`` is the nearest
    passage's cosine to a tag's name. ``days`` and ``links`` weigh the known papers that were
    noted at the same time, or are linked. Of a tag's own words ``share`` says how much of them
    a paper holds, ``title`` whether its title has them in a row, ``early`` how near the
    beginning they stand in a row (0: nowhere).
    """

    dense: Matrix
    words: Matrix
    dense_names: Matrix
    words_names: Matrix
    name: Matrix
    days: Matrix
    links: Matrix
    share: Matrix
    title: Matrix
    early: Matrix

    def rows(self, which: NDArray[np.intp]) -> Facts:
        """Return the facts of some of the papers."""
        return replace(self, **{f.name: getattr(self, f.name)[which] for f in fields(self)})


@dataclass(frozen=True)
class Labels:
    """Which tags the known papers carry, and which of these papers may speak.

    ``carries`` and ``phrases`` (whether a paper holds a tag's words in a row) have shape
    (papers, tags). ``name_mean`` and ``name_spread`` tell by tag how near its name is to a paper.
    """

    carries: Matrix
    phrases: Matrix
    name_mean: Matrix
    name_spread: Matrix
    known: NDArray[np.bool_]

    @cached_property
    def counts(self) -> Matrix:
        """The number of papers that may speak and carry each tag."""
        return np.asarray(self.carries.sum(axis=0) - self.carries[~self.known].sum(axis=0))

    def without(self, rows: NDArray[np.intp]) -> Labels:
        """Return the labels where some papers may not speak."""
        known = self.known.copy()
        known[rows] = False
        return replace(self, known=known)
