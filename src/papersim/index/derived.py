"""What is derived from the store: vectors, words, titles, tags and links, as arrays.

What is derived from a paper alone stands on shelves, which last; what depends on all papers is
worked out anew with each generation, from arrays, without looking at texts. The files carry the
store's generation and the encoder they were built from. A mismatch, or a file that is missing or
damaged, means to build them again, which takes no embedding.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from papersim.index.arrays import mapped
from papersim.index.kept import keep, kept, put
from papersim.index.links import linked
from papersim.index.manifest import DERIVED, UNUSABLE, State, is_kept
from papersim.index.probes import choose_probes
from papersim.index.shelf import Shelf
from papersim.index.shelves import Shelves, shelves_in
from papersim.index.vectors import Passages, VectorIndex
from papersim.rank.background import Background
from papersim.rank.digests import digests_of
from papersim.rank.overlap import Overlap
from papersim.rank.sources import Corpus, background_of, hubness_of
from papersim.rank.words import Words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from papersim.index.manifest import File
    from papersim.index.store import Store

    Arrays = Mapping[str, NDArray[Any]]
    Progress = Callable[[str, int, int], None]

__all__ = ["Derived"]

_STATE = "state"


@dataclass(frozen=True)
class Derived:
    """All that asking needs beside the store; rows mean the same papers in each part."""

    vectors: VectorIndex
    corpus: Corpus
    shelves: Shelves

    @classmethod
    def build(
        cls,
        store: Store,
        fingerprint: str,
        dimension: int,
        folder: Path | None = None,
        progress: Progress | None = None,
        *,
        keep: bool = True,
    ) -> Derived:
        """Return what the store's papers give.

        What was kept in ``folder`` before, of whatever generation, spares work where papers
        have not changed since; the outcome is the same. Unless ``keep`` nothing is written there.
        ``progress`` is told what `Shelves.of` tells.
        """
        old = shelves_in(folder, fingerprint) if folder else []
        put_away = partial(_put, folder if keep else None)
        shelves = Shelves.of(store, fingerprint, dimension, old, put_away, progress)
        codes, languages = np.unique(shelves.by_passage("languages"), return_inverse=True)
        passages = Passages(
            shelves.slots(),
            shelves.by_passage("sections"),
            shelves.by_passage("kinds"),
            languages.astype(np.int16),
            tuple(map(str, codes)),
        )
        vectors = VectorIndex.fit(
            [shelf.vectors for shelf in shelves.shelves],
            passages,
            shelves.papers,
            shelves.starts(),
            _probes(store, fingerprint),
            [shelf.quantised for shelf in shelves.shelves],
        )
        shelves.let_go()
        count, rows = len(shelves.papers), shelves.rows
        texts, titles = zip(*((s.texts, s.titles) for s in shelves.shelves), strict=True)
        lexical, title_words = Words.fit(texts, rows, count), Words.fit(titles, rows, count)
        shelves.let_go()
        names, targets = shelves.sets("names"), shelves.sets("targets")
        groups, numbers = np.unique(shelves.by_paper("groups"), return_inverse=True)
        corpus = Corpus(
            starts=vectors.starts,
            lexical=lexical,
            titles=title_words,
            tags=Overlap.of(shelves.sets("tags")),
            links=Overlap.of(linked(digests_of(shelves.papers.tolist()), names, targets)),
            groups=numbers.astype(np.int64),
            names=tuple(map(str, groups)),
            hubs=hubness_of(vectors.starts, vectors),
            background=Background.fit(np.zeros(0)),
        )
        shelves.let_go()
        corpus = replace(corpus, background=background_of(corpus, vectors))
        shelves.let_go()
        return cls(vectors, corpus, shelves)

    def save(self, folder: Path, generation: int, fingerprint: str) -> None:
        """Write the files of a generation, then let the manifest name them. Raises OSError."""
        corpus = self.corpus
        state = {
            **self.shelves.arrays(),
            **self.vectors.arrays(),
            "lexical.lengths": corpus.lexical.lengths,
            "titles.lengths": corpus.titles.lengths,
            **corpus.tags.arrays("tags"),
            **corpus.links.arrays("links"),
            "groups": corpus.groups,
            "names": np.asarray(corpus.names, np.str_),
            "hubs": corpus.hubs,
            "levels": corpus.background.levels,
        }
        files = {_STATE: state, **self.shelves.contents()}
        keep(folder, DERIVED, State(generation, fingerprint), files)

    @staticmethod
    def is_saved(folder: Path, generation: int, fingerprint: str) -> bool:
        """Return whether the files of a state are there, without reading them."""
        return is_kept(folder, DERIVED, State(generation, fingerprint))

    @classmethod
    def load(cls, folder: Path, generation: int, fingerprint: str) -> Derived | None:
        """Return what is kept, None where it is missing, damaged or of another state.

        Shelves are mapped, not read: damage beyond their sizes and heads shows in `doctor`.
        """
        files = kept(folder, DERIVED, State(generation, fingerprint), whole=[_STATE])
        try:
            return None if files is None else cls._of(files[_STATE], files)
        except UNUSABLE:
            return None

    @classmethod
    def _of(cls, state: Arrays, files: Mapping[str, Arrays]) -> Derived:
        shelves = Shelves.of_arrays(state, files)
        rows = tuple(shelves.rows)
        texts, titles = zip(*((s.texts, s.titles) for s in shelves.shelves), strict=True)
        blocks = [shelf.vectors for shelf in shelves.shelves]
        quantised = [shelf.quantised for shelf in shelves.shelves]
        vectors = VectorIndex.of_arrays(blocks, shelves.papers, state, quantised)
        corpus = Corpus(
            starts=vectors.starts,
            lexical=Words(texts, rows, state["lexical.lengths"]),
            titles=Words(titles, rows, state["titles.lengths"]),
            tags=Overlap.of_arrays("tags", state),
            links=Overlap.of_arrays("links", state),
            groups=state["groups"],
            names=tuple(map(str, state["names"])),
            hubs=state["hubs"],
            background=Background(state["levels"]),
        )
        return cls(vectors, corpus, shelves)


def _put(folder: Path | None, shelf: Shelf) -> tuple[Shelf, File | None]:
    """Return a shelf mapped from its file, which is written; itself where that cannot be."""
    if folder is not None:
        with suppress(OSError):
            file = put(folder, DERIVED, shelf.arrays())
            return Shelf.of_arrays(mapped(folder / file.name, file.head)), file
    return shelf, None


def _probes(store: Store, fingerprint: str) -> tuple[list[str], NDArray[np.float32]]:
    """Return the languages and vectors of the probes that have been embedded."""
    vectors = store.probes(fingerprint)
    found = [(p.language, vectors[p.digest]) for p in choose_probes(store) if p.digest in vectors]
    return [language for language, _ in found], np.asarray([v for _, v in found], np.float32)
