"""The one thing every model must do: turn passages and queries into vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float32]
    Progress = Callable[[int], None]

__all__ = ["Encoder"]


class Encoder(Protocol):
    """A model that embeds text.

    Vectors are float32, of unit length, one row a text, in the order of the texts.
    """

    @property
    def name(self) -> str:
        """The name a user gives to get this encoder: ``bundled``, a model name or a folder."""
        ...

    @property
    def fingerprint(self) -> str:
        """A string that differs wherever vectors are not comparable."""
        ...

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        ...

    @property
    def window(self) -> int:
        """How many tokens of one passage the model reads, its prompt and special tokens apart."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, without prompt and special tokens."""
        ...

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> FloatArray:
        """Return the vectors of texts to be found, shape (len(texts), dimension).

        ``progress`` is called with the number of texts finished since its last call.
        """
        ...

    def encode_queries(self, texts: Sequence[str]) -> FloatArray:
        """Return the vectors of texts to search with, shape (len(texts), dimension)."""
        ...

    def release(self) -> None:
        """Let go of what only many texts need; it is loaded again with the next of them."""
        ...
