"""Measure indexes of 1,000 to 1,000,000 vectors: which to use from which size on.

    python benchmarks/scale.py [--quick] [--dimension 384]

Vectors are random but clustered, made here. Flat is exact; SQ8 keeps 8 bits a dimension and
refines the best hits with the exact vectors; HNSW is one graph over such codes, refined, too.
The last is what papersim does: all are compared up to a size, and beyond it SQ8 is asked, on
shelves of at most 65,536. One query at a time on one thread. With filters a share of the vectors
passes, chosen at random. Prints a table, and writes it to ``scale.md`` in the folder of results
and a picture of it to ``docs/pictures/scale.svg``. With ``--quick`` it ends at 300,000 vectors.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import faiss
import numpy as np

from papersim.compared import may_be_near
from papersim.index.quantised import Quantised
from papersim.index.shelf import FULL, LEAST_QUANTISED
from papersim.index.shelves import APPROXIMATE_FROM
from papersim.index.vectors import Passages, VectorIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]
    Ask = Callable[[Vectors], NDArray[np.int64]]

HERE = Path(__file__).resolve().parent
SIZES = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
QUICK = 300_000
QUERIES, K, REFINED = 100, 10, 10
SHARES = (0.5, 0.1, 0.01)
_BLOCK = 50_000
_LEVELS = ((2_000, 0.38), (200, 0.6), (20, 0.64), (3, 0.72))
"""Vectors a cluster, and how much a cluster weighs beside what is a vector's own."""


@dataclass(frozen=True)
class Measured:
    """What one way of searching took at one size; seconds, and recall@10 in 0..1."""

    count: int
    way: str
    middle: float
    tail: float
    recall: float
    built: float
    size: int


# --- vectors --------------------------------------------------------------------------------------


def clustered(count: int, dimension: int, queries: int = 0) -> tuple[Vectors, Vectors]:
    """Return unit vectors in nested clusters, and others like them to ask with.

    There are ever more topics where there are more vectors, as in a vault; the directions are
    uneven, so that the nearest are as near, and fall off as fast, as those of 5,292 sections of
    real notes, centred: cosines of .6, .4 and .2 to the first, tenth and hundredth.
    """
    random = np.random.default_rng(0)
    spread = np.arange(1, dimension + 1, dtype=np.float32) ** -0.3
    centers = np.zeros((1, dimension), np.float32)
    for each, weight in _LEVELS:
        own = _units(random, max(2, count // each), spread) * np.float32(weight)
        centers = centers[random.integers(0, len(centers), len(own))] + own
    found = np.empty((count + queries, dimension), np.float32)
    for start in range(0, len(found), _BLOCK):
        part = found[start : start + _BLOCK]
        part[:] = centers[random.integers(0, len(centers), len(part))]
        part += _units(random, len(part), spread)
        faiss.normalize_L2(part)
    return found[:count], found[count:]


def _units(random: np.random.Generator, count: int, spread: Vectors) -> Vectors:
    found = random.standard_normal((count, len(spread)), np.float32) * spread
    faiss.normalize_L2(found)
    return found


# --- ways of searching ----------------------------------------------------------------------------


def _flat(vectors: Vectors) -> tuple[Ask, int]:
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    return lambda query: index.search(query, K)[1][0], vectors.nbytes


def _sq8(vectors: Vectors) -> tuple[Ask, int]:
    kind = faiss.ScalarQuantizer.QT_8bit
    index = faiss.IndexScalarQuantizer(vectors.shape[1], kind, faiss.METRIC_INNER_PRODUCT)
    index.train(vectors[:_BLOCK])
    index.add(vectors)
    return partial(_refined, vectors, index), vectors.nbytes + vectors.size


def _hnsw(vectors: Vectors) -> tuple[Ask, int]:
    kind = faiss.ScalarQuantizer.QT_8bit
    index = faiss.IndexHNSWSQ(vectors.shape[1], kind, 16, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction, index.hnsw.efSearch = 100, 128
    index.train(vectors[:_BLOCK])
    index.add(vectors)
    return partial(_refined, vectors, index), vectors.nbytes + vectors.size + 140 * len(vectors)


def _refined(vectors: Vectors, index: Any, query: Vectors) -> NDArray[np.int64]:
    places = index.search(query, REFINED * K)[1][0]
    places = places[places >= 0]
    return np.asarray(places[np.argsort(-(vectors[places] @ query[0]))[:K]])


def _own_index(vectors: Vectors) -> VectorIndex:
    """Return the index that papersim would have, each vector a paper of its own."""
    count = len(vectors)
    blocks = [vectors[begin : begin + FULL] for begin in range(0, count, FULL)]
    places = [np.arange(len(block), dtype=np.int32) for block in blocks]
    quantised: list[dict[str, Quantised]] = [
        {"en": Quantised.of(own, vectors.shape[1], block.__getitem__)}
        if count >= APPROXIMATE_FROM and len(own) >= LEAST_QUANTISED
        else {}
        for block, own in zip(blocks, places, strict=True)
    ]
    every = np.arange(count + 1)
    none = np.zeros(count, np.int16)
    passages = Passages(every[:-1], none.astype(np.int32), none, none, ("en",))
    papers = every[:-1].astype(np.str_)
    index = VectorIndex.fit(blocks, passages, papers, every, quantised=quantised)
    # Not centred, so that the nearest are those of the other ways.
    means = replace(index.means, means=index.means.means * 0, overall=index.means.overall * 0)
    return replace(index, means=means, lengths=np.ones(count, np.float32))


def _own(index: VectorIndex, passing: NDArray[np.bool_], query: Vectors) -> NDArray[np.int64]:
    if index.is_approximate:
        rows = may_be_near(index, query, None, passing, None)
        near = query @ index.vectors(rows).T
    else:
        rows = np.flatnonzero(passing)
        near = index.similarities(query)[:, rows]
    return np.asarray(rows[np.argsort(-near[0])[:K]])


WAYS: dict[str, Callable[[Vectors], tuple[Ask, int]]] = {
    "Flat": _flat,
    "SQ8, refined": _sq8,
    "HNSW of SQ8, refined": _hnsw,
}
OURS = "papersim"


# --- measuring ------------------------------------------------------------------------------------


def measure(count: int, dimension: int) -> Iterator[Measured]:
    """Yield what each way takes at one size."""
    vectors, queries = clustered(count, dimension, QUERIES)
    exact: NDArray[np.int64] | None = None
    for name, build in WAYS.items():
        started = time.perf_counter()
        ask, size = build(vectors)
        built = time.perf_counter() - started
        seconds, found = _asked(ask, queries)
        exact = found if exact is None else exact
        yield _measured(count, name, seconds, _recall(exact, found), built, size)
    started = time.perf_counter()
    index = _own_index(vectors)
    built = time.perf_counter() - started
    size = vectors.nbytes + sum(len(q.data) for own in index.quantised for q in own.values())
    every = np.ones(count, np.bool_)
    seconds, found = _asked(partial(_own, index, every), queries)
    assert exact is not None
    yield _measured(count, OURS, seconds, _recall(exact, found), built, size)
    random = np.random.default_rng(1)
    for share in SHARES:
        passing = random.random(count) < share
        rows = np.flatnonzero(passing)
        flat, _ = _flat(vectors[rows])
        _, exact = _asked(lambda query, flat=flat, rows=rows: rows[flat(query)], queries)
        seconds, found = _asked(partial(_own, index, passing), queries)
        yield _measured(count, f"{100 * share:.0f}% pass", seconds, _recall(exact, found))


def _measured(
    count: int, way: str, seconds: list[float], recall: float, built: float = 0, size: int = 0
) -> Measured:
    middle, tail = np.quantile(seconds, [0.5, 0.95]).tolist()
    return Measured(count, way, middle, tail, recall, built, size)


def _recall(exact: NDArray[np.int64], found: NDArray[np.int64]) -> float:
    return float(np.mean([np.isin(a, b).mean() for a, b in zip(exact, found, strict=True)]))


def _asked(ask: Ask, queries: Vectors) -> tuple[list[float], NDArray[np.int64]]:
    faiss.omp_set_num_threads(1)
    ask(queries[:1])
    seconds, found = [], []
    for query in queries:
        started = time.perf_counter()
        rows = ask(query[None, :])
        seconds.append(time.perf_counter() - started)
        found.append(rows)
    faiss.omp_set_num_threads(os.cpu_count() or 1)
    return seconds, np.asarray(found)


# --- reporting ------------------------------------------------------------------------------------


def table(found: Sequence[Measured], dimension: int, load: float, options: str) -> str:
    """Return the report as Markdown; times are ratios to the exact search of the same size."""
    lines = [
        "# FAISS indexes by size, measured",
        "",
        (
            f"`python benchmarks/scale.py{options}`: {dimension} dimensions, clustered vectors, "
            f"one query at a time on one thread of {os.cpu_count()} cores, "
            f"load average {load:.1f}. {QUERIES} queries; ratios are to Flat at the same size, "
            "in the same run."
        ),
        "",
        "| vectors | index | p50 | p95 | p50 to Flat | recall@10 | built in | bytes to Flat |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    flat = {one.count: one for one in found if one.way == "Flat"}
    for one in found:
        if one.way.endswith("pass"):
            continue
        exact = flat[one.count]
        cells = (
            f"{one.count:,}",
            one.way,
            f"{1e3 * one.middle:.2f} ms",
            f"{1e3 * one.tail:.2f} ms",
            f"{one.middle / exact.middle:.3f}",
            f"{one.recall:.3f}",
            f"{one.built:.1f} s",
            f"{one.size / exact.size:.2f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    filters = [one for one in found if one.way.endswith("pass")]
    if filters:
        shares = [f"{100 * share:.0f}% pass" for share in SHARES]
        lines += [
            "",
            "With filters, papersim: recall@10 to comparing all that pass, and p50:",
            "",
            f"| vectors | {' | '.join(shares)} |",
            f"| --- |{' --- |' * len(shares)}",
        ]
        for count in dict.fromkeys(one.count for one in filters):
            own = {one.way: one for one in filters if one.count == count}
            told = [f"{own[s].recall:.3f} in {1e3 * own[s].middle:.1f} ms" for s in shares]
            lines.append(f"| {count:,} | {' | '.join(told)} |")
    return "\n".join(lines) + "\n"


def picture(found: Sequence[Measured], file: Path) -> None:
    """Draw the time of a query by the number of vectors, both in powers of ten."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "papersim"
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(6.4, 4.2))
    for way in (*WAYS, OURS):
        own = [one for one in found if one.way == way]
        least = min(one.recall for one in own)
        label = f"{way} (recall {least:.3f} or more)"
        axes.loglog([o.count for o in own], [1e3 * o.middle for o in own], "o-", label=label)
    axes.set(xlabel="vectors", ylabel="one query on one thread, p50, ms")
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend(frameon=False, fontsize=8)
    figure.tight_layout()
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, metadata={"Date": None})


def main() -> int:
    """Print the table and keep it with its picture; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help=f"end at {QUICK:,} vectors")
    parser.add_argument("--dimension", type=int, default=384)
    parser.add_argument("--results", type=Path, default=HERE / "results")
    options = parser.parse_args()
    load, found = os.getloadavg()[0], list[Measured]()
    for count in SIZES:
        if count <= QUICK or not options.quick:
            for one in measure(count, options.dimension):
                middle = f"{1e3 * one.middle:9.2f} ms"
                print(f"{one.count:>9,} {one.way:20} {middle} {one.recall:.3f}", flush=True)
                found.append(one)
    text = table(found, options.dimension, load, " --quick" * options.quick)
    print(f"\n{text}", end="")
    options.results.mkdir(exist_ok=True)
    (options.results / "scale.md").write_text(text, "utf-8")
    picture(found, HERE.parent / "docs" / "pictures" / "scale.svg")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
