"""Rows of vectors: checking them, and making many of them in slices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from papersim.errors import EncoderError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from papersim.encode.protocol import FloatArray, Progress

__all__ = ["batch_size", "encode_in_slices", "first_line", "unit_rows"]

SMALLEST_NORM = 1e-6
SHOWN_CHARACTERS = 40
BATCH_CHARACTERS = 1_500


def unit_rows(rows: FloatArray, texts: Sequence[str]) -> FloatArray:
    """Return the rows as float32 of unit length, shape (len(texts), dimension).

    Raises EncoderError, naming the beginning of the text, where a row is not finite or zero.
    """
    rows = np.asarray(rows, dtype=np.float32)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    # A comparison with NaN is false, so this finds infinite, undefined and zero rows alike.
    good = (norms[:, 0] > SMALLEST_NORM) & (norms[:, 0] < np.inf)
    if not good.all():
        text = texts[int(np.argmin(good))][:SHOWN_CHARACTERS]
        raise EncoderError(
            f"the model gave no usable vector for the text that begins {text!r}; "
            "change that text or use another --model"
        )
    return np.ascontiguousarray(rows / norms, dtype=np.float32)


def encode_in_slices(
    encode: Callable[[list[str]], FloatArray],
    texts: Sequence[str],
    dimension: int,
    slice_size: int,
    progress: Progress | None = None,
) -> FloatArray:
    """Return the checked vectors of the texts in their order, shape (len(texts), dimension).

    ``encode`` gets slices of texts of like length, so that padding wastes little, the longest
    first, so that memory peaks at the start and the time still needed is not underrated.
    """
    rows = np.empty((len(texts), dimension), dtype=np.float32)
    order = sorted(range(len(texts)), key=lambda place: -len(texts[place]))
    for start in range(0, len(order), slice_size):
        places = order[start : start + slice_size]
        slice_texts = [texts[place] for place in places]
        rows[places] = unit_rows(encode(slice_texts), slice_texts)
        if progress is not None:
            progress(len(places))
    return rows


def first_line(error: BaseException) -> str:
    """Return the first line of an error's text, or its type where it has none."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(" .")


def batch_size(texts: Sequence[str]) -> int:
    """Return how many of the texts torch takes through the network at once on a CPU.

    Measured on two cores: of sections of 160 characters, batches of 1 to 4 gave 2.4 times as
    many a second as the usual 32, whose activations do not fit the cache; short texts need
    larger batches to outweigh the cost of each call.
    """
    longest = max(map(len, texts), default=1)
    return max(4, min(32, BATCH_CHARACTERS // max(1, longest)))
