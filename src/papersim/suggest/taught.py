"""What a vault teaches: its tagged papers and what they carry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

__all__ = ["Asked", "Taught"]


@dataclass(frozen=True)
class Asked:
    """A paper to find tags for: centred vectors of its passages, title, and text (title first).

    ``paper`` is its id if the index has it, ``day`` its date, ``linked`` the ids of the papers
    it is linked with.
    """

    vectors: Matrix
    title: str
    text: str
    paper: str = ""
    day: str | None = None
    linked: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Taught:
    """The tagged papers of a vault by id in order, what they carry, and the tags' names.

    ``carries`` has shape (papers, tags); ``names`` are the centred vectors of the tags' names.
    """

    papers: Sequence[Asked]
    tags: Sequence[str]
    carries: Matrix
    names: Matrix
