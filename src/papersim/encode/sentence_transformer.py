"""Any model of sentence-transformers, by folder or by its name on the Hugging Face Hub."""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING

import numpy as np

from papersim.encode.declared import fingerprint, read_prompts
from papersim.encode.hub import locate, refusal
from papersim.encode.runtime import quiet
from papersim.encode.text import well_formed
from papersim.encode.vectors import batch_size, encode_in_slices, first_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from papersim.encode.protocol import FloatArray, Progress

__all__ = ["SentenceTransformerEncoder"]

SLICE = 64
GPU_BATCH = 32
FALLBACK_POSITIONS = 512
"""For a model that does not say how much it reads; what tokenizers call "no limit" is 1e30."""

NO_LIMIT = 1_000_000


class SentenceTransformerEncoder:
    """A model with the prompts and the window that it declares itself.

    Finding it and telling it from others takes milliseconds; torch is loaded when a vector, its
    length or a count of tokens is asked for.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._located = locate(name)
        try:
            self._prompts = read_prompts(self._located)
            self.fingerprint = fingerprint(self._located, self._prompts)
        except (OSError, ValueError) as error:
            raise refusal(name, first_line(error)) from error
        self._loaded: Any = None
        self._lock = RLock()

    @property
    def dimension(self) -> int:
        """The length of a vector; raises EncoderError where the model cannot be loaded."""
        model = self._model()
        # Renamed in sentence-transformers 5.4; the old name warns since.
        ask = getattr(model, "get_embedding_dimension", None)
        if ask is None:
            ask = model.get_sentence_embedding_dimension
        size = ask()
        return int(size) if size else int(self._rows(["a"], query=False).shape[1])

    @property
    def window(self) -> int:
        """How many tokens of a passage the model reads, prompt and special tokens apart."""
        model = self._model()
        positions = model.max_seq_length
        if positions is None or positions > NO_LIMIT:
            positions = FALLBACK_POSITIONS
        around = len(self._ids([self._prompts.passage], special=True)[0])
        return max(1, int(positions) - around)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, without prompt and special tokens."""
        ids = self._ids([well_formed(text) for text in texts], special=False)
        return [len(row) for row in ids]

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> FloatArray:
        """Return the vectors of texts to be found, shape (len(texts), dimension).

        Raises EncoderError where the model cannot be loaded or a text gets no usable vector.
        """
        return self._encode(texts, progress, query=False)

    def encode_queries(self, texts: Sequence[str]) -> FloatArray:
        """Return the vectors of texts to search with, shape (len(texts), dimension).

        Raises EncoderError where the model cannot be loaded or a text gets no usable vector.
        """
        return self._encode(texts, None, query=True)

    def release(self) -> None:
        """Keep the model: one text needs all of it, too."""

    def _encode(
        self, texts: Sequence[str], progress: Progress | None, *, query: bool
    ) -> FloatArray:
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        return encode_in_slices(
            lambda part: self._rows(part, query=query),
            [well_formed(text) for text in texts],
            self.dimension,
            SLICE,
            progress,
        )

    def _rows(self, texts: list[str], *, query: bool) -> FloatArray:
        """Return the vectors of one slice, unchecked."""
        model = self._model()
        # These two, unlike plain encode, also serve models with a side for each kind of text.
        encode = model.encode_query if query else model.encode_document
        on_cpu = model.device.type == "cpu"
        with quiet():
            rows: FloatArray = encode(
                texts,
                prompt=self._prompts.query if query else self._prompts.passage,
                batch_size=batch_size(texts) if on_cpu else GPU_BATCH,
                normalize_embeddings=True,
                show_progress_bar=False,
                convert_to_numpy=True,
            )
        return rows

    def _ids(self, texts: list[str], *, special: bool) -> list[list[int]]:
        """Return the token ids of texts, not cut to the window."""
        tokenizer: Any = getattr(self._model(), "tokenizer", None)
        if not texts:
            return []
        if callable(tokenizer):  # of transformers
            with quiet():
                found = tokenizer(
                    texts, add_special_tokens=special, truncation=False, verbose=False
                )
            return list(found["input_ids"])
        if hasattr(tokenizer, "encode_batch"):  # of tokenizers: static embeddings
            tokenizer.no_truncation()
            tokenizer.no_padding()
            batch = tokenizer.encode_batch(texts, add_special_tokens=special)
            return [row.ids for row in batch]
        raise refusal(self.name, "its tokens cannot be counted")

    def _model(self) -> Any:
        """Return the model, loading it the first time."""
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> Any:
        with quiet():
            try:
                from sentence_transformers import SentenceTransformer

                return SentenceTransformer(str(self._located.folder), local_files_only=True)
            except Exception as error:  # what a broken folder raises is endless
                raise refusal(self.name, first_line(error)) from error
