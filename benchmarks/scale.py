"""Measure FAISS indexes from 1,000 to 1,000,000 vectors: which to use from which size on.

    python benchmarks/scale.py [--quick] [--dimension 384]

Vectors are random but clustered, made here. Flat is exact; HNSW is a graph; SQ8 keeps 8 bits a
dimension and refines the best hits with the exact vectors. One query at a time on one thread.
Prints a table, and writes it to ``scale.md`` in the folder of results and a picture of it to
``docs/pictures/scale.svg``. With ``--quick`` it ends at 300,000 vectors.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import faiss
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

HERE = Path(__file__).resolve().parent
SIZES = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
QUICK = 300_000
QUERIES, K, REFINED = 100, 10, 10
EF = (64, 128, 256)
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


def _flat(vectors: Vectors) -> Any:
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    return index


def _hnsw(vectors: Vectors) -> Any:
    index = faiss.IndexHNSWFlat(vectors.shape[1], 32, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = 100
    index.add(vectors)
    return index


def _quantised(vectors: Vectors) -> Any:
    dimension = vectors.shape[1]
    kind = faiss.ScalarQuantizer.QT_8bit
    codes = faiss.IndexScalarQuantizer(dimension, kind, faiss.METRIC_INNER_PRODUCT)
    index = faiss.IndexRefineFlat(codes)
    index.train(vectors[:_BLOCK])
    index.add(vectors)
    index.k_factor = REFINED
    return index


def _settings(name: str, index: Any) -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield the names of an index's settings, and what sets them."""
    if name != "HNSW":
        yield name, lambda: None
        return
    for ef in EF:

        def choose(ef: int = ef) -> None:
            index.hnsw.efSearch = ef

        yield f"HNSW, ef {ef}", choose


WAYS: dict[str, Callable[[Vectors], Any]] = {"Flat": _flat, "SQ8, refined": _quantised}
WAYS["HNSW"] = _hnsw


# --- measuring ------------------------------------------------------------------------------------


def measure(count: int, dimension: int) -> Iterator[Measured]:
    """Yield what each way takes at one size."""
    vectors, queries = clustered(count, dimension, QUERIES)
    exact: NDArray[np.int64] | None = None
    for name, build in WAYS.items():
        faiss.omp_set_num_threads(os.cpu_count() or 1)
        started = time.perf_counter()
        index = build(vectors)
        built = time.perf_counter() - started
        size = len(faiss.serialize_index(index)) if count <= QUICK else _size(name, vectors)
        faiss.omp_set_num_threads(1)
        for way, choose in _settings(name, index):
            choose()
            seconds, found = _ask(index, queries)
            exact = found if exact is None else exact
            recall = np.mean([np.isin(a, b).mean() for a, b in zip(exact, found, strict=True)])
            middle, tail = np.quantile(seconds, [0.5, 0.95]).tolist()
            yield Measured(count, way, middle, tail, float(recall), built, size)


def _size(name: str, vectors: Vectors) -> int:
    """Return about how many bytes an index has that is too large to copy: vectors, codes, links."""
    beside = {"Flat": 0, "SQ8, refined": vectors.shape[1], "HNSW": 4 * 2 * 32}[name]
    return int(vectors.nbytes + len(vectors) * beside)


def _ask(index: Any, queries: Vectors) -> tuple[list[float], NDArray[np.int64]]:
    index.search(queries[:1], K)
    seconds, found = [], []
    for query in queries:
        started = time.perf_counter()
        _, rows = index.search(query[None, :], K)
        seconds.append(time.perf_counter() - started)
        found.append(rows[0])
    return seconds, np.asarray(found)


# --- reporting ------------------------------------------------------------------------------------


def table(found: Sequence[Measured], dimension: int, load: float) -> str:
    """Return the report as Markdown; times are ratios to the exact search of the same size."""
    lines = [
        "# FAISS indexes by size, measured",
        "",
        (
            f"`python benchmarks/scale.py`: {dimension} dimensions, clustered vectors, one query "
            f"at a time on one thread of {os.cpu_count()} cores, load average {load:.1f}. "
            f"{QUERIES} queries; ratios are to Flat at the same size, in the same run."
        ),
        "",
        "| vectors | index | p50 | p95 | p50 to Flat | recall@10 | built in | bytes to Flat |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    flat = {one.count: one for one in found if one.way == "Flat"}
    for one in found:
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
    return "\n".join(lines) + "\n"


def picture(found: Sequence[Measured], file: Path) -> None:
    """Draw the time of a query by the number of vectors, both in powers of ten."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "papersim"
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(6.4, 4.2))
    for way in dict.fromkeys(one.way for one in found):
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
                print(f"{one.count:>9,} {one.way:14} {1e3 * one.middle:9.2f} ms {one.recall:.3f}")
                found.append(one)
    text = table(found, options.dimension, load)
    print(f"\n{text}", end="")
    options.results.mkdir(exist_ok=True)
    (options.results / "scale.md").write_text(text, "utf-8")
    picture(found, HERE.parent / "docs" / "pictures" / "scale.svg")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
