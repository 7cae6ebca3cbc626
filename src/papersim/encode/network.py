"""multilingual-e5-small in plain torch: BERT, the mean over the tokens, then unit length.

The network is that of Devlin et al. 2019 (BERT), the pooling that of the model card of
intfloat/multilingual-e5-small. The tokens of all texts lie in one row, so that no product is
spent on padding; only attention is laid out by text.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F  # noqa: N812 - as torch's documentation has it

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from papersim.encode.protocol import FloatArray
    from papersim.encode.weights import Weights

__all__ = ["Network", "half_is_faster"]

_CLEARLY_LESS = 0.8
_FAR = -1e4  # added to the scores of padding; still a number in bfloat16


@dataclass(frozen=True, eq=False)
class _Layer:
    """Weight and bias of each step of a layer."""

    qkv: tuple[Tensor, Tensor]
    attended: tuple[Tensor, Tensor]
    attended_norm: tuple[Tensor, Tensor]
    inner: tuple[Tensor, Tensor]
    outer: tuple[Tensor, Tensor]
    outer_norm: tuple[Tensor, Tensor]


class Network:
    """The network of the weights; with ``half`` products are in bfloat16, the rest in float32."""

    def __init__(self, weights: Weights, *, half: bool) -> None:
        self._weights = weights
        self._shape = weights.shape
        self._type = torch.bfloat16 if half else torch.float32
        self._positions = self._matrix("emb.pos", self._shape.width)
        self._kind = self._matrix("emb.type", self._shape.width)[0]
        self._norm = self._pair("emb.ln")
        self._layers = [self._layer(f"l{number}.") for number in range(self._shape.layers)]

    @property
    def dimension(self) -> int:
        """The width of a vector."""
        return self._shape.width

    @torch.inference_mode()
    def vectors(self, rows: Sequence[Sequence[int]]) -> FloatArray:
        """Return the vectors of texts given as ids of tokens, shape (len(rows), dimension)."""
        lengths = torch.tensor([len(row) for row in rows])
        layout = _Layout.of(lengths, self._shape.heads, self._type)
        hidden = self._embedded([token for row in rows for token in row], layout.places)
        for layer in self._layers:
            hidden = self._through(layer, hidden, layout)
        means = torch.zeros(len(rows), self._shape.width)
        means.index_add_(0, layout.owners, hidden).div_(lengths[:, None])
        found: FloatArray = F.normalize(means, dim=1).numpy()
        return found

    def _embedded(self, tokens: Sequence[int], places: Tensor) -> Tensor:
        words = torch.from_numpy(self._weights.rows("emb.word", tokens, self._shape.width))
        return self._normalised(words + self._positions[places] + self._kind, self._norm)

    def _through(self, layer: _Layer, hidden: Tensor, layout: _Layout) -> Tensor:
        attended = self._attention(F.linear(hidden.to(self._type), *layer.qkv), layout)
        hidden = self._normalised(hidden + F.linear(attended, *layer.attended), layer.attended_norm)
        inner = F.gelu(F.linear(hidden.to(self._type), *layer.inner))
        return self._normalised(hidden + F.linear(inner, *layer.outer), layer.outer_norm)

    def _attention(self, qkv: Tensor, layout: _Layout) -> Tensor:
        """Return what the tokens of each text see of one another, shape (tokens, width).

        Two plain products: for texts as short as sections twice as fast as the fused one.
        """
        heads, size = self._shape.heads, self._shape.width // self._shape.heads
        count, longest = layout.count, layout.longest
        laid_out = layout.lay_out(qkv).view(count, longest, 3, heads, size)
        query, key, value = (
            part.reshape(count * heads, longest, size)
            for part in laid_out.permute(2, 0, 3, 1, 4).unbind(0)
        )
        scores = torch.baddbmm(layout.mask, query, key.transpose(1, 2), alpha=size**-0.5)
        seen = torch.bmm(torch.softmax(scores, dim=-1), value)
        seen = seen.view(count, heads, longest, size).transpose(1, 2)
        return layout.gather(seen.reshape(count * longest, heads * size))

    def _normalised(self, hidden: Tensor, norm: tuple[Tensor, Tensor]) -> Tensor:
        return F.layer_norm(hidden, (self._shape.width,), *norm, self._shape.epsilon)

    # --- weights -----------------------------------------------------------------------------

    def _layer(self, name: str) -> _Layer:
        parts = [self._pair(name + part) for part in "qkv"]
        qkv = torch.cat([w for w, _ in parts]), torch.cat([b for _, b in parts])
        return _Layer(
            self._typed(qkv),
            self._typed(self._pair(f"{name}ao")),
            self._pair(f"{name}aln"),
            self._typed(self._pair(f"{name}fi")),
            self._typed(self._pair(f"{name}fo")),
            self._pair(f"{name}oln"),
        )

    def _pair(self, name: str) -> tuple[Tensor, Tensor]:
        """Return weight and bias of a step; a weight with several rows a bias place is a matrix."""
        bias = torch.from_numpy(self._weights.tensor(f"{name}.b").copy())
        weight = torch.from_numpy(self._weights.tensor(f"{name}.w").copy())
        return (weight if len(weight) == len(bias) else weight.view(len(bias), -1)), bias

    def _matrix(self, name: str, width: int) -> Tensor:
        return torch.from_numpy(self._weights.tensor(name).copy()).view(-1, width)

    def _typed(self, pair: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        return pair[0].to(self._type), pair[1].to(self._type)


@dataclass(frozen=True, eq=False)
class _Layout:
    """How the tokens of a batch lie in one row, and how by text.

    ``owners`` and ``places`` are the text of each token and its place in it, ``where`` its place
    in the padded layout (None: all texts are of one length). ``mask`` is added to the scores.
    """

    count: int
    longest: int
    owners: Tensor
    places: Tensor
    where: Tensor | None
    mask: Tensor

    @classmethod
    def of(cls, lengths: Tensor, heads: int, kind: torch.dtype) -> _Layout:
        """Return the layout of texts of some lengths."""
        count, longest = len(lengths), int(lengths.max())
        owners = torch.repeat_interleave(torch.arange(count), lengths)
        starts = torch.cumsum(lengths, 0) - lengths
        places = torch.arange(len(owners)) - starts[owners]
        if bool((lengths == longest).all()):
            return cls(count, longest, owners, places, None, torch.zeros(1, 1, 1, dtype=kind))
        padding = torch.arange(longest)[None, :] >= lengths[:, None]
        mask = torch.zeros(count, longest, dtype=kind).masked_fill_(padding, _FAR)
        mask = mask[:, None, None, :].expand(count, heads, 1, longest)
        where = owners * longest + places
        return cls(count, longest, owners, places, where, mask.reshape(count * heads, 1, longest))

    def lay_out(self, flat: Tensor) -> Tensor:
        """Return values by token, shape (tokens, n), by text, shape (count * longest, n)."""
        if self.where is None:
            return flat
        padded = flat.new_zeros(self.count * self.longest, flat.shape[1])
        padded[self.where] = flat
        return padded

    def gather(self, padded: Tensor) -> Tensor:
        """Return the opposite of `lay_out`."""
        return padded if self.where is None else padded[self.where]


@torch.inference_mode()
def half_is_faster() -> bool:
    """Return whether a product of the network's size takes less time in bfloat16, measured."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # two would wait for each other where something else runs
    try:
        return _seconds(torch.bfloat16) < _CLEARLY_LESS * _seconds(torch.float32)
    finally:
        torch.set_num_threads(threads)


def _seconds(kind: torch.dtype) -> float:
    """Return the least of six times of a product; the first, which prepares it, is left out."""
    hidden, weight = torch.ones(256, 384, dtype=kind), torch.ones(1536, 384, dtype=kind)
    best = float("inf")
    for turn in range(7):
        started = time.perf_counter()
        F.linear(hidden, weight)
        best = min(best, time.perf_counter() - started) if turn else best
    return best
