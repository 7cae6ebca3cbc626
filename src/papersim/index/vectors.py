"""The FAISS index of passage vectors, centred by language, the passages of a paper together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from papersim.encode.runtime import prepare_runtime
from papersim.notes.model import KINDS
from papersim.rank.center import LanguageMeans

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from papersim.index.store import PassageRow

    FloatArray = NDArray[np.float32]
    Arrays = Mapping[str, NDArray[Any]]

__all__ = ["VectorIndex", "kind_mask"]


@dataclass(frozen=True)
class VectorIndex:
    """Centred passage vectors, searchable.

    By position: ``ids`` are passage ids, ``sections`` section ids (-1 for title and tags) and
    ``kinds`` bit masks over KINDS. By paper row: ``papers`` are paper ids in order, and the
    passages of row r stand at starts[r]:starts[r + 1].
    """

    index: Any
    ids: NDArray[np.int64]
    sections: NDArray[np.int64]
    kinds: NDArray[np.int64]
    papers: NDArray[np.str_]
    starts: NDArray[np.int64]
    means: LanguageMeans
    query_means: LanguageMeans

    @classmethod
    def build(
        cls,
        passages: Sequence[PassageRow],
        vectors: FloatArray,
        probes: tuple[Sequence[str], FloatArray] | None = None,
    ) -> VectorIndex:
        """Return the index of passages, ordered by paper, and their raw vectors.

        ``probes`` are the languages and raw vectors of texts embedded as queries.
        """
        languages = [p.language for p in passages]
        means = LanguageMeans.fit(vectors, languages)
        index = _faiss().IndexFlatIP(vectors.shape[1])
        index.add(means.center(vectors, languages))
        papers = [p.paper for p in passages]
        starts = [i for i, paper in enumerate(papers) if i == 0 or papers[i - 1] != paper]
        return cls(
            index,
            np.asarray([p.id for p in passages], np.int64),
            np.asarray([-1 if p.section is None else p.section for p in passages], np.int64),
            np.asarray([kind_mask(p.kinds) for p in passages], np.int64),
            np.asarray([papers[i] for i in starts], np.str_),
            np.asarray([*starts, len(papers)], np.int64),
            means,
            LanguageMeans.fit(probes[1], probes[0]) if probes and len(probes[0]) else means,
        )

    @property
    def kind(self) -> str:
        """The name of the FAISS index in use."""
        return type(self.index).__name__.removeprefix("Index")

    @property
    def owners(self) -> NDArray[np.int64]:
        """The paper row of each passage."""
        return np.repeat(np.arange(len(self.papers)), np.diff(self.starts))

    def row(self, paper: str) -> int | None:
        """Return the row of a paper, None if it has no passage."""
        row = int(np.searchsorted(self.papers, paper))
        return row if row < len(self.papers) and self.papers[row] == paper else None

    def span(self, row: int) -> slice:
        """Return the positions of a paper's passages."""
        return slice(int(self.starts[row]), int(self.starts[row + 1]))

    def matrix(self) -> FloatArray:
        """Return all centred vectors, shape (passages, dimension)."""
        return self.vectors(slice(0, len(self.ids)))

    def vectors(self, positions: slice) -> FloatArray:
        """Return the centred vectors at positions, shape (count, dimension)."""
        # A copy: the view must not outlive the index it looks into.
        return np.array(self._stored[positions], np.float32)

    def similarities(self, queries: FloatArray) -> FloatArray:
        """Return the similarity of each query to each passage, shape (queries, passages)."""
        # All of them are wanted: a product, without the sorting that a search does.
        return np.asarray(queries @ self._stored.T, np.float32)

    @cached_property
    def _stored(self) -> FloatArray:
        """The vectors where the FAISS index holds them, shape (passages, dimension), to be read."""
        faiss, index = _faiss(), self.index
        stored = faiss.rev_swig_ptr(index.get_xb(), index.ntotal * index.d)
        view: FloatArray = stored.reshape(index.ntotal, index.d)
        view.flags.writeable = False
        return view

    # --- as bytes ----------------------------------------------------------------------------

    def faiss_bytes(self) -> bytes:
        """Return the FAISS index as it is kept in a file."""
        return bytes(_faiss().serialize_index(self.index).tobytes())

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return all that is not in the FAISS index, by name."""
        return {
            "ids": self.ids,
            "sections": self.sections,
            "kinds": self.kinds,
            "papers": self.papers,
            "starts": self.starts,
            **_mean_arrays("passage", self.means),
            **_mean_arrays("query", self.query_means),
        }

    @classmethod
    def of_bytes(cls, faiss_bytes: bytes, arrays: Arrays) -> VectorIndex:
        """Return the index from what `faiss_bytes` and `arrays` gave."""
        index = _faiss().deserialize_index(np.frombuffer(faiss_bytes, np.uint8))
        return cls(
            index,
            arrays["ids"],
            arrays["sections"],
            arrays["kinds"],
            arrays["papers"],
            arrays["starts"],
            _means_of("passage", arrays),
            _means_of("query", arrays),
        )


def _mean_arrays(name: str, means: LanguageMeans) -> dict[str, NDArray[Any]]:
    return {
        f"{name}_languages": np.asarray(means.languages, np.str_),
        f"{name}_counts": means.counts,
        f"{name}_means": means.means,
        f"{name}_overall": means.overall,
    }


def _means_of(name: str, arrays: Arrays) -> LanguageMeans:
    counts, means, overall = (arrays[f"{name}_{part}"] for part in ("counts", "means", "overall"))
    return LanguageMeans(tuple(map(str, arrays[f"{name}_languages"])), counts, means, overall)


def _faiss() -> Any:
    """Return the faiss module, imported late: half of what start-up costs."""
    prepare_runtime()
    import faiss

    return faiss


def kind_mask(kinds: Sequence[str]) -> int:
    """Return kinds as a bit mask over KINDS."""
    return sum(1 << KINDS.index(kind) for kind in kinds)
