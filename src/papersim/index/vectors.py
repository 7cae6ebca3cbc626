"""The vectors of passages, centred by language, the passages of a paper together.

They are kept as the encoder gave them, in blocks that stay as they are when other papers change.
Centring moves all of them a little with every change; it is worked out when they are compared:
for a query q, a vector v and the mean m of its language, q·(v - m) / |v - m| takes the product of
q with v, that of q with m, and a length.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from papersim.index.arrays import in_parts, rows_of
from papersim.notes.model import KINDS
from papersim.rank.center import LanguageMeans
from papersim.rank.spans import ends_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from papersim.index.quantised import Quantised

    FloatArray = NDArray[np.float32]
    ByLanguage = Mapping[str, Quantised]
    Arrays = Mapping[str, NDArray[Any]]

__all__ = ["Passages", "VectorIndex", "kind_mask"]

_AT_ONCE = 4096  # vectors gone through in one step
_READ = 1024  # vectors read while a processor's cache holds them
_SMALL = 1 << 25  # bytes of vectors that cost little memory, mapped, and are nearer so
_ON_ONE_THREAD = 1 << 18  # multiplications that OpenBLAS does not divide among threads
_NOTHING = 1e-6  # what is as near to the mean as this says nothing


@dataclass(frozen=True)
class Passages:
    """What is known of passages beside their vectors.

    ``slots`` are the places of their vectors in the blocks, one block after the other;
    ``sections`` the numbers of their sections in the paper (-1 for title and tags); ``kinds``
    bit masks over KINDS; ``languages`` numbers of ``codes``, which are in order.
    """

    slots: NDArray[np.int64]
    sections: NDArray[np.int32]
    kinds: NDArray[np.int16]
    languages: NDArray[np.int16]
    codes: tuple[str, ...]


@dataclass(frozen=True)
class VectorIndex:
    """Passage vectors, searchable.

    ``blocks`` hold raw vectors, shape (n, dimension). The passages stand in the order of papers:
    ``papers`` are ids in order, and the passages of row r stand at starts[r]:starts[r + 1].
    ``lengths`` are those of the centred vectors, infinite for one that is its language's mean.
    ``quantised`` are those of a language in a block; what is not quantised is compared.
    """

    blocks: tuple[FloatArray, ...]
    passages: Passages
    lengths: FloatArray
    papers: NDArray[np.str_]
    starts: NDArray[np.int64]
    means: LanguageMeans
    query_means: LanguageMeans
    quantised: tuple[ByLanguage, ...]

    @classmethod
    def fit(
        cls,
        blocks: Sequence[FloatArray],
        passages: Passages,
        papers: NDArray[np.str_],
        starts: NDArray[np.int64],
        probes: tuple[Sequence[str], FloatArray] | None = None,
        quantised: Sequence[ByLanguage] = (),
    ) -> VectorIndex:
        """Return the index of passages of papers; see the class for what is given.

        ``probes`` are the languages and raw vectors of texts embedded as queries. There has to
        be a block, though it may be empty.
        """
        means = LanguageMeans.of_parts(
            passages.codes,
            blocks[0].shape[1],
            (
                (passages.languages[span], _taken(blocks, passages.slots[span]))
                for _, span in _parts(starts)
            ),
        )
        lengths = np.empty(len(passages.slots), np.float32)
        for _, span in _parts(starts):
            raw = _taken(blocks, passages.slots[span])
            lengths[span] = np.linalg.norm(raw - means.table[passages.languages[span]], axis=1)
        lengths[lengths < _NOTHING] = np.inf
        asked = LanguageMeans.fit(probes[1], probes[0]) if probes and len(probes[0]) else means
        every: tuple[ByLanguage, ...] = tuple(quantised) or ({},) * len(blocks)
        return cls(tuple(blocks), passages, lengths, papers, starts, means, asked, every)

    @property
    def kind(self) -> str:
        """The name of the index in use, as FAISS has it; in a flat one all vectors are compared."""
        return "SQ8,RFlat" if self.is_approximate else "Flat"

    @cached_property
    def is_approximate(self) -> bool:
        """Whether the nearest are found by quantised vectors, which are sound."""
        quantised = [each for own in self.quantised for each in own.values()]
        return bool(quantised) and all(each.is_sound for each in quantised)

    @property
    def count(self) -> int:
        """The number of passages."""
        return len(self.lengths)

    @property
    def sections(self) -> NDArray[np.int32]:
        """The number of each passage's section in its paper, -1 for title and tags."""
        return self.passages.sections

    @property
    def kinds(self) -> NDArray[np.int16]:
        """The kinds of each passage, as a bit mask over KINDS."""
        return self.passages.kinds

    @cached_property
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
        return self.vectors(slice(0, self.count))

    def vectors(self, positions: slice | NDArray[np.integer]) -> FloatArray:
        """Return the centred vectors at positions, shape (count, dimension)."""
        raw = _taken(self.blocks, self.passages.slots[positions])
        centred = raw - self.means.table[self.passages.languages[positions]]
        return np.asarray(centred / self.lengths[positions][:, None], np.float32)

    def parts(self) -> Iterator[tuple[slice, FloatArray]]:
        """Yield rows of papers, one after the other, and their centred vectors.

        So all can be gone through without a copy of all.
        """
        for rows, span in _parts(self.starts):
            yield rows, self.vectors(span)

    def similarities(self, queries: FloatArray) -> FloatArray:
        """Return the similarity of each query to each passage, shape (queries, passages).

        ``queries`` are centred. Exact: every vector is compared.
        """
        ends = ends_of([len(block) for block in self.blocks])
        found = np.empty((len(queries), ends[-1]), np.float32)
        for block, begin, end in zip(self.blocks, ends[:-1], ends[1:], strict=True):
            _multiply(queries, block, found[:, begin:end])
        every = slice(0, self.count)
        return self._centred(
            found if self._in_order else found[:, self.passages.slots], queries, every
        )

    def nearest(self, queries: FloatArray, k: int, wanted: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return positions of passages: about the k nearest to each query in each language.

        ``queries`` are centred; the positions are in order, and only those that are ``wanted``,
        a mask by position. Quantised vectors tell where there are any; others are compared.
        """
        found = []
        for language in range(len(self.passages.codes)):
            each = [
                self._near(queries, k, wanted, block, language) for block in range(len(self.blocks))
            ]
            positions = np.hstack([own for own, _ in each])
            near = np.hstack([own for _, own in each])
            if near.shape[1] > k:
                best = np.argpartition(-near, k - 1, axis=1)[:, :k]
                positions = np.take_along_axis(positions, best, axis=1)
            found.append(positions.ravel())
        chosen = np.concatenate(found)
        return np.unique(chosen[chosen >= 0])

    def _near(
        self, queries: FloatArray, k: int, wanted: NDArray[np.bool_], block: int, language: int
    ) -> tuple[NDArray[np.int64], FloatArray]:
        """Return for each query positions of a block in a language, and how near they are.

        Both have shape (queries, n); a position of -1 stands for none.
        """
        begin = sum(map(len, self.blocks[:block]))
        here = self._positions[begin : begin + len(self.blocks[block])]
        quantised = self.quantised[block].get(self.passages.codes[language])
        if quantised is not None:
            own = here[quantised.places]
            found, near = quantised.nearest(queries, k, (own >= 0) & wanted[own])
            return np.where(found >= 0, own[found], -1), near
        live = here[here >= 0]
        own = live[wanted[live] & (self.passages.languages[live] == language)]
        return np.broadcast_to(own, (len(queries), len(own))), queries @ self.vectors(own).T

    def _centred(
        self, products: FloatArray, queries: FloatArray, positions: slice | NDArray[np.integer]
    ) -> FloatArray:
        """Return the similarities that products of queries with raw vectors stand for."""
        products -= (queries @ self.means.table.T)[:, self.passages.languages[positions]]
        products /= self.lengths[positions]
        return products

    @cached_property
    def _positions(self) -> NDArray[np.int64]:
        """The position of the passage at each slot, -1 where there is none any more."""
        found = np.full(sum(map(len, self.blocks)), -1, np.int64)
        found[self.passages.slots] = np.arange(self.count)
        return found

    @cached_property
    def _in_order(self) -> bool:
        """Whether the vectors stand in the blocks as the passages do here, and no others."""
        slots = self.passages.slots
        return len(slots) == sum(map(len, self.blocks)) and bool((np.diff(slots) == 1).all())

    # --- as arrays ------------------------------------------------------------------------------

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return all but the blocks and the papers, by name."""
        return {
            "vectors.slots": self.passages.slots,
            "vectors.sections": self.passages.sections,
            "vectors.kinds": self.passages.kinds,
            "vectors.languages": self.passages.languages,
            "vectors.lengths": self.lengths,
            "vectors.starts": self.starts,
            **_mean_arrays("passages", self.means),
            **_mean_arrays("queries", self.query_means),
        }

    @classmethod
    def of_arrays(
        cls,
        blocks: Sequence[FloatArray],
        papers: NDArray[np.str_],
        arrays: Arrays,
        quantised: Sequence[ByLanguage],
    ) -> VectorIndex:
        """Return the index of these and of what `arrays` gave. Raises KeyError."""
        means = _means_of("passages", arrays)
        passages = Passages(
            arrays["vectors.slots"],
            arrays["vectors.sections"],
            arrays["vectors.kinds"],
            arrays["vectors.languages"],
            means.languages,
        )
        lengths, starts = arrays["vectors.lengths"], arrays["vectors.starts"]
        asked = _means_of("queries", arrays)
        return cls(tuple(blocks), passages, lengths, papers, starts, means, asked, tuple(quantised))


def _multiply(queries: FloatArray, block: FloatArray, found: FloatArray) -> None:
    """Put the products of queries with the vectors of a block where they are to be found."""
    # Threads that wait for one another cost more than they save, where others work, too.
    step = max(32, _ON_ONE_THREAD // max(1, queries.size))
    end = 0
    for part in in_parts(block, _READ) if block.nbytes > _SMALL else [block]:
        for start in range(0, len(part), step):
            some = part[start : start + step]
            begin, end = end, end + len(some)
            found[:, begin:end] = queries @ some.T


def _parts(starts: NDArray[np.int64]) -> Iterator[tuple[slice, slice]]:
    """Yield the rows of some papers, and the positions of their passages, until all were there."""
    begin = 0
    while begin < len(starts) - 1:
        enough = int(np.searchsorted(starts, starts[begin] + _AT_ONCE, "right")) - 1
        end = max(begin + 1, enough)
        yield slice(begin, end), slice(int(starts[begin]), int(starts[end]))
        begin = end


def _taken(blocks: Sequence[FloatArray], slots: NDArray[np.int64]) -> FloatArray:
    """Return the vectors at slots of blocks, one block after the other."""
    ends = ends_of([len(block) for block in blocks])
    found = np.empty((len(slots), blocks[0].shape[1]), np.float32)
    order = np.argsort(slots, kind="stable")
    bounds = np.searchsorted(slots, ends, sorter=order)
    for block, begin, first, last in zip(blocks, ends, bounds[:-1], bounds[1:], strict=False):
        here = order[first:last]
        own = slots[here] - begin
        # Those that stand together are read: what is mapped would stay in memory, and more with it.
        if len(own) and own[-1] - own[0] < 2 * len(own):
            found[here] = rows_of(block, int(own[0]), int(own[-1]) + 1)[own - own[0]]
        else:
            found[here] = block[own]
    return found


def _mean_arrays(name: str, means: LanguageMeans) -> dict[str, NDArray[Any]]:
    return {
        f"{name}.languages": np.asarray(means.languages, np.str_),
        f"{name}.counts": means.counts,
        f"{name}.means": means.means,
        f"{name}.overall": means.overall,
    }


def _means_of(name: str, arrays: Arrays) -> LanguageMeans:
    counts, means, overall = (arrays[f"{name}.{part}"] for part in ("counts", "means", "overall"))
    return LanguageMeans(tuple(map(str, arrays[f"{name}.languages"])), counts, means, overall)


def kind_mask(kinds: Sequence[str]) -> int:
    """Return kinds as a bit mask over KINDS."""
    return sum(1 << KINDS.index(kind) for kind in kinds)
