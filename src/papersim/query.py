"""What a question is made of: vectors with the sections they came from.

A paper in the index, a note outside it and a line of text all become a `Query`; from there on
similar papers, search and tag suggestions go one way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from papersim.index.vectors import kind_mask
from papersim.language import language_of
from papersim.model import PaperSection
from papersim.notes.passages import passages_of
from papersim.notes.plain import plain_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from papersim.encode.protocol import Encoder
    from papersim.index.store import Store
    from papersim.index.vectors import VectorIndex
    from papersim.notes.model import PaperEntry

    FloatArray = NDArray[np.float32]

__all__ = ["Query", "of_entry", "of_indexed", "of_text"]


@dataclass(frozen=True)
class Query:
    """Centred vectors, one a passage, and the section each is a part of (None: title or text).

    ``kinds`` are bit masks over KINDS; ``paper`` is the id of the paper asked about, which is
    never its own hit; ``both_ways`` whether the hits' sections, too, look for their match here.
    """

    vectors: FloatArray
    kinds: NDArray[np.int64]
    sections: tuple[PaperSection | None, ...]
    paper: str | None = None
    both_ways: bool = True

    def only(self, mask: int) -> Query:
        """Return the part of the query whose sections are of the kinds in a mask."""
        keep = np.flatnonzero(self.kinds & mask)
        sections = tuple(self.sections[i] for i in keep)
        return Query(self.vectors[keep], self.kinds[keep], sections, self.paper, self.both_ways)


def of_indexed(paper: str, store: Store, index: VectorIndex) -> Query:
    """Return the query that a paper in the index is; it needs no model."""
    row = index.row(paper)
    span = index.span(row) if row is not None else slice(0, 0)
    by_id = dict(store.sections([paper]).get(paper, []))
    sections = tuple(by_id.get(int(section)) for section in index.sections[span])
    return Query(index.vectors(span), index.kinds[span], sections, paper)


def of_entry(
    entry: PaperEntry, note: str, encoder: Encoder, index: VectorIndex, paper: str | None
) -> Query:
    """Return the query that a paper in a note outside the index is."""
    passages = passages_of(entry, encoder.window, encoder.count_tokens)
    sections = [
        PaperSection(s.label, s.kinds, s.line, s.text, note, language_of(plain_text(s.text)))
        for s in entry.sections
    ]
    of_passage = [None if p.section is None else sections[p.section] for p in passages]
    languages = [
        s.language if s else language_of(p.text) for s, p in zip(of_passage, passages, strict=True)
    ]
    vectors = encoder.encode_passages([p.text for p in passages])
    kinds = np.asarray([kind_mask(s.kinds) if s else 0 for s in of_passage], np.int64)
    return Query(index.means.center(vectors, languages), kinds, tuple(of_passage), paper)


def of_text(text: str, encoder: Encoder, index: VectorIndex) -> Query:
    """Return the query that a free text is: one way, since a text is only a part of a paper."""
    vector = index.means.center(encoder.encode_queries([text]), [language_of(text)])
    return Query(vector, np.zeros(1, np.int64), (None,), None, both_ways=False)


def titles_only(titles: Sequence[str], encoder: Encoder, index: VectorIndex) -> FloatArray:
    """Return the centred vectors of bare titles, shape (titles, dimension)."""
    vectors = encoder.encode_passages(list(titles))
    return index.means.center(vectors, [language_of(title) for title in titles])
