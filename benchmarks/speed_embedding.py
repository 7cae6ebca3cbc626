"""How fast texts are embedded, beside sentence-transformers and beside the machine's peak."""

from __future__ import annotations

import random
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from papersim import Library
from papersim.encode import load_encoder
from papersim.encode.runtime import has_bfloat16
from papersim.rank.center import normalised
from speed_reference import plain_model
from speed_report import Row, flags
from speed_setting import DIMENSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from speed_setting import Setting

__all__ = ["bulk"]


def bulk(at: Setting) -> Iterator[Row]:
    """3: sections a second beside sentence-transformers with its defaults, on the same weights."""
    from sentence_transformers import SentenceTransformer

    texts = _sections(at)
    encoder = load_encoder()
    plain = SentenceTransformer(str(plain_model(at.cache)), device="cpu")
    ways: dict[str, Callable[[list[str]], Any]] = {
        "ours": encoder.encode_passages,
        "plain": lambda some: plain.encode([f"passage: {text}" for text in some]),
    }
    seconds, vectors = dict.fromkeys(ways, 0.0), defaultdict(list)
    for turn, part in enumerate([texts[:40], texts[:100], texts[100:]]):
        for name, encode in ways.items():
            started = time.perf_counter()
            found = encode(part)
            if turn:  # the first one loads and warms up
                seconds[name] += time.perf_counter() - started
                vectors[name].append(found)
    tokens = sum(min(count, 508) + 4 for count in encoder.count_tokens(texts))
    times = seconds["plain"] / seconds["ours"]
    least = 4 if "amx" in flags() else 2
    rate = f"{len(texts) / seconds['ours']:.1f} against {len(texts) / seconds['plain']:.1f}"
    figure = f"{times:.2f} times ({rate} sections/s of {tokens / len(texts):.0f} tokens)"
    what = "embedding to sentence-transformers"
    yield Row(3, what, figure, f"at least {least} times", times >= least)
    a, b = (normalised(np.concatenate(vectors[name])) for name in ways)
    pairs = (a * b).sum(axis=1)
    figure = f"mean {pairs.mean():.5f}, least {pairs.min():.5f}"
    yield Row(3, "the same: cosine of the vectors", figure, ".999", pairs.mean() >= 0.999)
    kind, peak = _peak()
    share = tokens * _flop_a_token() / seconds["ours"] / peak
    figure = f"{share:.0%} of {peak / 1e9:.0f} GFLOP/s in {kind}"
    yield Row(3, "the same: share of the machine's peak", figure, "60%", share >= 0.6)


def _sections(at: Setting, count: int = 200) -> list[str]:
    """Return sections of real notes, the same ones each time."""
    library = Library.open(at.corpora / "labelled-sections-zh", at.cache / "none", "bundled")
    found = [section.text for detail in library.papers() for section in detail.sections]
    return random.Random(0).sample(found, count)  # noqa: S311 - nothing secret


def _peak() -> tuple[str, float]:
    """Return the type that papersim multiplies in, and what a large product in it reaches."""
    import torch

    kind = torch.bfloat16 if has_bfloat16() else torch.float32
    matrix = torch.randn(3072, 3072).to(kind)
    best = float("inf")
    for _ in range(8):
        started = time.perf_counter()
        _ = matrix @ matrix
        best = min(best, time.perf_counter() - started)
    return str(kind).removeprefix("torch."), 2 * 3072**3 / best


def _flop_a_token() -> float:
    """Return the work of the linear layers of e5-small: 12 layers of width 384, 1536 inside."""
    return 2.0 * 12 * (4 * DIMENSION**2 + 2 * DIMENSION * 4 * DIMENSION)
