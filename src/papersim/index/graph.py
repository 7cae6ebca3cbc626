"""An approximate index of many vectors: a graph that leads to the nearest, not looking at all.

FAISS's HNSW (Malkov and Yashunin 2016) over vectors cut to 8 bits a dimension. What it finds are
candidates, to be compared by the vectors themselves. It is kept as FAISS writes it, and used
where it is mapped. Importing FAISS takes longer than comparing tens of thousands of vectors, so
only what has a graph imports it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from papersim.encode.runtime import prepare_runtime
from papersim.index.arrays import checksum

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float32]
    Vectors = Callable[[NDArray[np.int32]], FloatArray]

__all__ = ["Graph"]

_LINKS = 32
_LOOKED_AT_BUILDING = 100
_LOOKED_AT = 128
_MORE = 4  # are looked at than are asked for: with two, .9 of the nearest of 1,000,000 are found
_SAMPLE = 16_384  # vectors that tell the range of each dimension
_AT_ONCE = 16_384


@dataclass(frozen=True)
class Graph:
    """A graph of the vectors at some ``places``, in the bytes that FAISS writes.

    ``crc`` is the checksum of what is not vectors in it. A graph whose links are damaged is not
    used: FAISS follows them wherever they lead.
    """

    data: NDArray[np.uint8]
    crc: int
    places: NDArray[np.int32]
    dimension: int

    @classmethod
    def of(cls, places: NDArray[np.int32], dimension: int, vectors: Vectors) -> Graph:
        """Return the graph of the vectors at places.

        ``vectors`` gives those at some of them, of unit length, shape (n, dimension).
        """
        faiss = _faiss()
        parts = [places[begin : begin + _AT_ONCE] for begin in range(0, len(places), _AT_ONCE)]
        kind = faiss.ScalarQuantizer.QT_8bit
        index = faiss.IndexHNSWSQ(dimension, kind, _LINKS, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = _LOOKED_AT_BUILDING
        index.train(vectors(places[:: max(1, len(places) // _SAMPLE)]))
        for part in parts:
            index.add(vectors(part))
        data = faiss.serialize_index(index)
        return cls(data, _links_crc(data, len(places) * dimension), places, dimension)

    @cached_property
    def is_sound(self) -> bool:
        """Whether its links are the very ones that were written."""
        return _links_crc(self.data, len(self.places) * self.dimension) == self.crc

    def nearest(self, queries: FloatArray, k: int) -> tuple[NDArray[np.int64], FloatArray]:
        """Return the places of about the k vectors nearest to each query, and how near they are.

        Both have shape (queries, k), best first; where there are no more, the place is -1.
        """
        faiss = _faiss()
        parameters = faiss.SearchParametersHNSW(efSearch=max(_LOOKED_AT, _MORE * k))
        threads = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(1)  # several wait for one another longer than one takes
        near, found = self._index.search(np.ascontiguousarray(queries), k, params=parameters)
        faiss.omp_set_num_threads(threads)
        return np.where(found >= 0, self.places[found], -1), near

    @cached_property
    def _index(self) -> Any:
        faiss = _faiss()
        reader = faiss.ZeroCopyIOReader(faiss.swig_ptr(self.data), len(self.data))
        return faiss.read_index(reader)


def _faiss() -> Any:
    prepare_runtime()
    import faiss

    return faiss


def _links_crc(data: NDArray[np.uint8], codes: int) -> int:
    """Return the checksum of all but the vectors, which stand at the end."""
    return checksum([data[: len(data) - codes].data])
