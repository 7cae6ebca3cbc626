"""What a question is made of: vectors with the sections they came from, and words.

A paper in the index, a note outside it and a line of text all become a `Query`; from there on
similar papers, search and tag suggestions go one way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from papersim.index.vectors import kind_mask

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from papersim.encode.protocol import Encoder
    from papersim.index.store import Store
    from papersim.index.vectors import VectorIndex
    from papersim.model import Paper, PaperSection
    from papersim.notes.model import PaperEntry, Section

    FloatArray = NDArray[np.float32]

__all__ = ["Query", "of_entry", "of_indexed", "of_text"]


@dataclass(frozen=True)
class Query:
    """Centred vectors, one a passage, and the section each is a part of (None: title or text).

    ``kinds`` are bit masks over KINDS. What it says is a ``title`` and all that is ``told`` below
    it, or words ``said`` that are no paper's. ``paper`` is the id of the paper asked about, which
    is never its own hit; ``as_indexed`` whether what the index knows of it (its tags and links)
    may speak. ``both_ways`` is whether the hits' sections, too, look for their match here;
    ``language`` that of the words.
    """

    vectors: FloatArray
    kinds: NDArray[np.int64]
    sections: tuple[PaperSection | None, ...]
    title: str = ""
    told: tuple[Section | PaperSection, ...] = ()
    said: str = ""
    paper: str | None = None
    as_indexed: bool = False
    both_ways: bool = True
    language: str = "und"

    def only(self, mask: int) -> Query:
        """Return the part of the query whose sections are of the kinds in a mask."""
        return self._part(np.flatnonzero(self.kinds & mask))

    def with_text(self) -> Query:
        """Return the part of the query that stands for sections, not for a title and tags."""
        return self._part(np.flatnonzero([section is not None for section in self.sections]))

    def _part(self, keep: NDArray[np.intp]) -> Query:
        sections = tuple(self.sections[i] for i in keep)
        return replace(self, vectors=self.vectors[keep], kinds=self.kinds[keep], sections=sections)

    @cached_property
    def text(self) -> str:
        """All the words; those of a paper are made of its notes when they are first asked for."""
        if self.said:
            return self.said
        from papersim.notes.plain import plain_text

        return "\n".join((self.title, *(plain_text(section.text) for section in self.told)))

    @property
    def has_text(self) -> bool:
        """Whether any of it stands for a section."""
        return any(section is not None for section in self.sections)


def of_indexed(paper: Paper, store: Store, index: VectorIndex) -> Query:
    """Return the query that a paper in the index is; it needs no model."""
    row = index.row(paper.id)
    span = index.span(row) if row is not None else slice(0, 0)
    told = tuple(section for _, section in store.sections([paper.id]).get(paper.id, []))
    by_number = dict(enumerate(told))
    sections = tuple(by_number.get(number) for number in index.sections[span].tolist())
    vectors, kinds = index.vectors(span), index.kinds[span].astype(np.int64)
    return Query(vectors, kinds, sections, paper.title, told, paper=paper.id, as_indexed=True)


def of_entry(
    entry: PaperEntry, note: str, encoder: Encoder, index: VectorIndex, paper: str | None
) -> Query:
    """Return the query that a paper in a note outside the index is."""
    from papersim.language import language_of
    from papersim.model import PaperSection
    from papersim.notes.passages import passages_of
    from papersim.notes.plain import plain_text

    passages = passages_of(entry, encoder.window, encoder.count_tokens)
    sections = [
        PaperSection(s.label, s.kinds, s.line, s.text, note, language_of(plain_text(s.text)))
        for s in entry.sections
    ]
    of_passage = [None if p.section is None else sections[p.section] for p in passages]
    languages = [
        s.language if s else language_of(p.text) for s, p in zip(of_passage, passages, strict=True)
    ]
    vectors = index.means.center(encoder.encode_passages([p.text for p in passages]), languages)
    kinds = np.asarray([kind_mask(s.kinds) if s else 0 for s in of_passage], np.int64)
    language = max(dict.fromkeys(languages), key=languages.count)
    return Query(
        vectors,
        kinds,
        tuple(of_passage),
        entry.title,
        entry.sections,
        paper=paper,
        language=language,
    )


def of_text(text: str, encoder: Encoder, index: VectorIndex) -> Query:
    """Return the query that a free text is: one way, since a text is only a part of a paper."""
    from papersim.language import language_of

    language = language_of(text)
    vector = index.query_means.center(encoder.encode_queries([text]), [language])
    kinds = np.zeros(1, np.int64)
    return Query(vector, kinds, (None,), said=text, both_ways=False, language=language)
