"""Vectors cut to 8 bits a dimension: a quarter of the bytes, looked through in place of them.

FAISS's scalar quantizer, which finds the nearest by its codes. What it finds are candidates, to be
compared by the vectors themselves. It is kept as FAISS writes it, and used where it is mapped.
Importing FAISS takes longer than comparing tens of thousands of vectors, so only what has codes
imports it.
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

__all__ = ["Quantised"]

_SAMPLE = 16_384  # vectors that tell the range of each dimension
_AT_ONCE = 16_384


@dataclass(frozen=True)
class Quantised:
    """The codes of the vectors at some ``places``, in the bytes that FAISS writes.

    ``crc`` is the checksum of what is not codes in them. Where that is damaged they are not used:
    FAISS believes what it says of ranges and sizes.
    """

    data: NDArray[np.uint8]
    crc: int
    places: NDArray[np.int32]
    dimension: int

    @classmethod
    def of(cls, places: NDArray[np.int32], dimension: int, vectors: Vectors) -> Quantised:
        """Return the codes of the vectors at places.

        ``vectors`` gives those at some of them, of unit length, shape (n, dimension).
        """
        faiss = _faiss()
        kind = faiss.ScalarQuantizer.QT_8bit
        index = faiss.IndexScalarQuantizer(dimension, kind, faiss.METRIC_INNER_PRODUCT)
        index.train(vectors(places[:: max(1, len(places) // _SAMPLE)]))
        for begin in range(0, len(places), _AT_ONCE):
            index.add(vectors(places[begin : begin + _AT_ONCE]))
        data = faiss.serialize_index(index)
        return cls(data, _head_crc(data, len(places) * dimension), places, dimension)

    @cached_property
    def is_sound(self) -> bool:
        """Whether all but the codes are the very bytes that were written."""
        return _head_crc(self.data, len(self.places) * self.dimension) == self.crc

    def nearest(
        self, queries: FloatArray, k: int, wanted: NDArray[np.bool_]
    ) -> tuple[NDArray[np.int64], FloatArray]:
        """Return which of ``places`` hold the k vectors nearest to each query, and how near.

        Both have shape (queries, k), best first; where there are no more, it is -1. ``wanted``
        tells for each of the places whether it may be found.
        """
        faiss = _faiss()
        selector = faiss.IDSelectorBitmap(np.packbits(wanted, bitorder="little"))
        parameters = None if wanted.all() else faiss.SearchParameters(sel=selector)
        threads = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(1)  # several wait for one another longer than one takes
        near, found = self._index.search(np.ascontiguousarray(queries), k, params=parameters)
        faiss.omp_set_num_threads(threads)
        return found, near

    @cached_property
    def _index(self) -> Any:
        faiss = _faiss()
        reader = faiss.ZeroCopyIOReader(faiss.swig_ptr(self.data), len(self.data))
        return faiss.read_index(reader)


def _faiss() -> Any:
    prepare_runtime()
    import faiss

    return faiss


def _head_crc(data: NDArray[np.uint8], codes: int) -> int:
    """Return the checksum of all but the codes, which stand before the end."""
    return checksum([data[: len(data) - codes].data])
