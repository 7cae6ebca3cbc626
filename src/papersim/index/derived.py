"""What is derived from the store: vectors in FAISS; words, titles, tags and links as arrays.

The files carry the store's generation and the encoder they were built from. A mismatch, or a
file that is missing or damaged, means to build them again, which takes no embedding.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np

from papersim.index.kept import is_kept, keep, kept, pack, unpack
from papersim.index.links import link_keys
from papersim.index.probes import choose_probes
from papersim.index.vectors import VectorIndex
from papersim.notes.boilerplate import without_boilerplate
from papersim.notes.tags import tag_key
from papersim.rank.background import Background
from papersim.rank.lexical import Lexical
from papersim.rank.overlap import Overlap
from papersim.rank.sources import Corpus, background_of, hubness_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from papersim.index.store import PassageRow, Store

__all__ = ["Derived"]

_NAME = "derived"
_FORMAT = 7


@dataclass(frozen=True)
class Derived:
    """All that asking needs beside the store; rows mean the same papers in each part."""

    vectors: VectorIndex
    corpus: Corpus

    @classmethod
    def build(cls, store: Store, fingerprint: str, dimension: int) -> Derived:
        """Return what the store's papers give."""
        passages, raw = store.vectors(fingerprint, dimension)
        vectors = VectorIndex.build(passages, raw, _probes(store, fingerprint))
        ids = [str(paper) for paper in vectors.papers]
        found, sections = store.papers(), store.sections(ids)
        papers = [found[i] for i in ids]
        clean = partial(without_boilerplate, boilerplate=frozenset(store.boilerplate()))
        texts = [
            "\n".join((paper.title, *(clean(s.text) for _, s in sections.get(paper.id, ()))))
            for paper in papers
        ]
        groups, names = _groups(passages, vectors.starts)
        corpus = Corpus(
            starts=vectors.starts,
            lexical=Lexical.fit(texts),
            titles=Lexical.fit([paper.title for paper in papers]),
            tags=Overlap.build([{tag_key(tag) for tag in paper.tags} for paper in papers]),
            links=Overlap.build(link_keys(papers, store.links())),
            groups=groups,
            names=names,
            hubs=np.zeros(len(papers)),
            background=Background.fit(np.zeros(0)),
        )
        matrix = vectors.matrix()
        corpus = replace(corpus, hubs=hubness_of(corpus, matrix))
        return cls(vectors, replace(corpus, background=background_of(corpus, matrix)))

    def save(self, folder: Path, generation: int, fingerprint: str) -> None:
        """Write the files of a generation, then let the manifest name them."""
        corpus = self.corpus
        parts = {
            "vectors": self.vectors.arrays(),
            "lexical": _arrays(corpus.lexical),
            "titles": _arrays(corpus.titles),
            "tags": _arrays(corpus.tags),
            "links": _arrays(corpus.links),
            "corpus": {
                "groups": corpus.groups,
                "names": np.asarray(corpus.names, np.str_),
                "hubs": corpus.hubs,
                "levels": corpus.background.levels,
            },
        }
        flat = {f"{part}.{name}": a for part, arrays in parts.items() for name, a in arrays.items()}
        files = {"faiss": self.vectors.faiss_bytes(), "npz": pack(flat)}
        keep(folder, _NAME, _facts(generation, fingerprint), files)

    @staticmethod
    def is_saved(folder: Path, generation: int, fingerprint: str) -> bool:
        """Return whether the files of a state are there, without reading them."""
        return is_kept(folder, _NAME, _facts(generation, fingerprint))

    @classmethod
    def load(cls, folder: Path, generation: int, fingerprint: str) -> Derived | None:
        """Return what is kept, None where it is missing, damaged or of another state."""
        files = kept(folder, _NAME, _facts(generation, fingerprint))
        if files is None:
            return None
        parts: dict[str, dict[str, NDArray[Any]]] = {}
        try:
            for key, array in unpack(files["npz"]).items():
                part, name = key.split(".", 1)
                parts.setdefault(part, {})[name] = array
            return cls._of(files["faiss"], parts)
        except (
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            RuntimeError,
            EOFError,
            BadZipFile,
        ):
            return None

    @classmethod
    def _of(cls, faiss_bytes: bytes, parts: Mapping[str, Mapping[str, NDArray[Any]]]) -> Derived:
        vectors = VectorIndex.of_bytes(faiss_bytes, parts["vectors"])
        corpus = Corpus(
            starts=vectors.starts,
            lexical=Lexical(**parts["lexical"]),
            titles=Lexical(**parts["titles"]),
            tags=Overlap(**parts["tags"]),
            links=Overlap(**parts["links"]),
            groups=parts["corpus"]["groups"],
            names=tuple(map(str, parts["corpus"]["names"])),
            hubs=parts["corpus"]["hubs"],
            background=Background(parts["corpus"]["levels"]),
        )
        return cls(vectors, corpus)


def _probes(store: Store, fingerprint: str) -> tuple[list[str], NDArray[np.float32]]:
    """Return the languages and vectors of the probes that have been embedded."""
    kept = store.probes(fingerprint)
    found = [(p.language, kept[p.digest]) for p in choose_probes(store) if p.digest in kept]
    vectors = np.asarray([vector for _, vector in found], np.float32)
    return [language for language, _ in found], vectors


def _groups(
    passages: Sequence[PassageRow], starts: NDArray[np.int64]
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return for each paper the number of its language, and the languages by number.

    Papers without text are apart: their languages end in ``-``.
    """
    numbers: dict[str, int] = {}
    groups = []
    for begin, end in pairwise(starts):
        own = passages[begin:end]
        textless = all(p.section is None for p in own)
        codes = [p.language for p in own]
        most = max(dict.fromkeys(codes), key=codes.count)
        groups.append(numbers.setdefault(f"{most}-" if textless else most, len(numbers)))
    return np.asarray(groups, np.int64), tuple(numbers)


def _arrays(part: Lexical | Overlap) -> dict[str, NDArray[Any]]:
    return {field.name: getattr(part, field.name) for field in fields(part)}


def _facts(generation: int, fingerprint: str) -> dict[str, str | int]:
    return {"format": _FORMAT, "generation": generation, "fingerprint": fingerprint}
