"""The engine for many texts: tokens by `tokenizers`, the network in torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from papersim.encode.runtime import has_bfloat16, prepare_runtime

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tokenizers import Tokenizer

    from papersim.encode.protocol import FloatArray
    from papersim.encode.weights import Weights

__all__ = ["PROMPTS", "BulkEngine", "E5Tokenizer"]

PROMPTS = {"query": "query: ", "passage": "passage: "}

_BATCH_TOKENS = 1_024
"""What goes through the network at once: with more its activations leave the cache."""


class E5Tokenizer:
    """The tokenizer of e5, made in memory from the vocabulary in the weights.

    Unigram model and Metaspace as in the genuine one; what its normaliser does, `TextRules` has
    done before.
    """

    def __init__(self, weights: Weights) -> None:
        from tokenizers import Tokenizer, models, pre_tokenizers

        model = models.Unigram(weights.vocabulary(), weights.unknown, byte_fallback=False)
        self._tokenizer: Tokenizer = Tokenizer(model)
        self._tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
        self._bos, self._eos = weights.bos, weights.eos
        self._most = weights.shape.positions - 2

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each text between ``<s>`` and ``</s>``, at most a window of them."""
        found = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [[self._bos, *each.ids[: self._most], self._eos] for each in found]

    def count(self, text: str, *, query: bool) -> int:
        """Return the number of tokens with prompt and special tokens."""
        prompt = PROMPTS["query" if query else "passage"]
        return len(self._tokenizer.encode(prompt + text, add_special_tokens=False).ids) + 2


class BulkEngine:
    """Torch: two seconds to start, then ten times as fast."""

    def __init__(self, weights: Weights, tokenizer: E5Tokenizer) -> None:
        prepare_runtime()
        from papersim.encode.network import Network, half_is_faster

        self._tokenizer = tokenizer
        # In bfloat16 the vectors agree to a cosine of .99999. That a processor has it does not
        # say that the libraries may use it: emulated it is many times slower.
        self._network = Network(weights, half=has_bfloat16() and half_is_faster())

    def encode(self, texts: Sequence[str], *, query: bool) -> FloatArray:
        """Return the vectors, shape (len(texts), dimension), unchecked."""
        prompt = PROMPTS["query" if query else "passage"]
        rows = self._tokenizer.ids([prompt + text for text in texts])
        found = np.empty((len(rows), self._network.dimension), np.float32)
        for places in _batches([len(row) for row in rows]):
            found[places] = self._network.vectors([rows[place] for place in places])
        return found


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield the places of texts of like length, about a thousand tokens at a time."""
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[place] > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(place)
    yield batch
