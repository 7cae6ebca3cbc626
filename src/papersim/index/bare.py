"""Papers without text, as vectors of their titles alone.

As indexed, their only passage holds their tags, which must not speak where tags are asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from papersim.index.probes import Probe
from papersim.language import language_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from papersim.index.store import Store
    from papersim.index.vectors import VectorIndex
    from papersim.model import Paper

    Matrix = NDArray[np.float32]

__all__ = ["bare_probes", "bare_vectors"]


def bare_probes(store: Store) -> tuple[Probe, ...]:
    """Return the titles to embed: those of papers without a section."""
    papers = store.papers(store.papers_without_text())
    return tuple(_probe(papers[i]) for i in sorted(papers))


def bare_vectors(paper: Paper, kept: dict[bytes, Matrix], vectors: VectorIndex) -> Matrix | None:
    """Return the centred vectors of a paper that know nothing of its tags, None if there are none.

    ``kept`` are the store's probes.
    """
    row = vectors.row(paper.id)
    if row is None:
        return None
    span = vectors.span(row)
    said = vectors.sections[span] >= 0
    if said.any():
        return vectors.vectors(span)[said]
    probe = _probe(paper)
    if probe.digest not in kept:
        return None
    return vectors.means.center(kept[probe.digest][None, :], [probe.language])


def _probe(paper: Paper) -> Probe:
    return Probe(language_of(paper.title), paper.title, as_query=False)
