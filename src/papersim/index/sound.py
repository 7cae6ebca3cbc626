"""Telling vectors that may be kept from those that may not: all are finite and of unit length."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from papersim.errors import EncoderError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from papersim.encode.protocol import Encoder

__all__ = ["are_sound", "checked", "is_sound"]

_OFF = 1e-3
_SHOWN = 40  # characters


def are_sound(vectors: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return for each row of shape (n, dimension) whether it is of unit length."""
    with np.errstate(over="ignore", invalid="ignore"):
        squares = np.einsum("ij,ij->i", vectors, vectors)
        return np.asarray(np.abs(squares - 1.0) < 2 * _OFF)


def is_sound(blob: object) -> bool:
    """Return whether a value of the database is a vector as `Store` keeps them."""
    if not isinstance(blob, bytes) or not blob or len(blob) % 4:
        return False
    vector = np.frombuffer(blob, "<f4")
    # A comparison with what is no number is false.
    return bool(abs(float(np.vdot(vector, vector)) - 1.0) < 2 * _OFF)


def checked(
    encoder: Encoder, texts: Sequence[str], vectors: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return what an encoder gave for texts.

    Raises EncoderError where that is anything but a sound vector of its dimension for each.
    """
    wanted = len(texts), encoder.dimension
    if vectors.shape != wanted:
        raise EncoderError(
            f"the model {encoder.name} gave vectors of shape {vectors.shape} where {wanted} were "
            "due; use another --model"
        )
    sound = are_sound(vectors)
    if not sound.all():
        text = texts[int(np.argmin(sound))][:_SHOWN]
        raise EncoderError(
            f"the model {encoder.name} gave no usable vector for the text that begins {text!r}; "
            "change that text or use another --model"
        )
    return vectors
