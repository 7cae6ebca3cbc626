"""Text to vectors: the bundled model, or any sentence-transformers model."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from papersim.encode.protocol import Encoder

__all__ = ["BUNDLED", "load_encoder"]

BUNDLED = "bundled"
"""The name of the model that needs no folder and no network."""


def load_encoder(name: str = BUNDLED) -> Encoder:
    """Return the encoder of that name: ``bundled``, a folder, or a name on the Hugging Face Hub.

    Nothing heavy is imported before this call, and torch not before vectors need it.
    Raises EncoderError where the model cannot be had.
    """
    from papersim.encode.runtime import prepare_runtime

    prepare_runtime()
    if name == BUNDLED:
        from papersim.encode.bundled import BundledEncoder

        return BundledEncoder()
    from papersim.encode.sentence_transformer import SentenceTransformerEncoder

    return SentenceTransformerEncoder(name)
