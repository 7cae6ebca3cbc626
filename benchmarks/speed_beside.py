"""Papersim beside others on a small vault of real notes, in the same run.

The others get the texts as papersim read them, so they need not read notes; they have the same
weights where they have a model. Each is used as its own documentation shows it:

- sentence-transformers and FAISS: normalised embeddings of the sections in a flat index;
- txtai: `Embeddings` with the prefixes of the model, in an environment of its own in the cache
  folder, since it is no part of the installation;
- arxiv-sanity: tf-idf of words and pairs of words with the settings of arxiv-sanity-lite, ranked
  by a linear support vector machine that has the asked paper alone on the one side.

Ready to answer means: all is imported and loaded that an answer needs, and none is asked for.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from papersim import Library
from speed_processes import ENVIRONMENT, PAPERSIM, PYTHON, Run, alternate
from speed_reference import plain_model
from speed_report import Row
from speed_setting import Setting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from papersim.model import PaperDetail

__all__ = ["beside"]

CONSTRAINTS = Path(__file__).resolve().parents[1] / "constraints.txt"
RUNS = 3
QUESTION = "如何减少大模型的幻觉"

# The shell gives way to papersim, which is measured alone but for the few milliseconds of `rm`.
INDEX_ANEW = 'rm -rf "$PAPERSIM_INDEX" && exec "$0" index --quiet'
READY = """
import sys
import papersim.cli.asking, papersim.cli.main
parts = papersim.cli.asking.open_library(None, None, None, quiet=True)._parts
import papersim.cli.render, papersim.query
parts.ranker
if sys.argv[1] == "text":
    parts.encoder().load().window  # counts tokens, for which the engine is started
"""

PLAIN = """
import json, sys, faiss
from sentence_transformers import SentenceTransformer
model = SentenceTransformer(sys.argv[1], device="cpu")
"""
PLAIN_INDEX = (
    PLAIN
    + """
texts = ["passage: " + text for text in json.load(open(sys.argv[3]))]
vectors = model.encode(texts, normalize_embeddings=True)
index = faiss.IndexFlatIP(vectors.shape[1])
index.add(vectors)
faiss.write_index(index, sys.argv[2])
"""
)
PLAIN_READY = PLAIN + "index = faiss.read_index(sys.argv[2])\n"
PLAIN_ASK = (
    PLAIN_READY
    + """
query = model.encode(["query: " + sys.argv[3]], normalize_embeddings=True)
print(index.search(query, 10))
"""
)

TXTAI = "import json, sys\nfrom txtai import Embeddings\n"
TXTAI_INDEX = (
    TXTAI
    + """
prefixes = {"query": "query: ", "data": "passage: "}
with Embeddings(path=sys.argv[1], instructions=prefixes, gpu=False) as embeddings:
    embeddings.index(json.load(open(sys.argv[3])))
    embeddings.save(sys.argv[2])
"""
)
TXTAI_READY = TXTAI + "embeddings = Embeddings().load(sys.argv[2])\n"
TXTAI_ASK = TXTAI_READY + "print(embeddings.search(sys.argv[3], 10))\n"
TXTAI_VERSION = "import importlib.metadata as m, txtai.embeddings; print(m.version('txtai'))"

SANITY_INDEX = r"""
import json, sys, numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
papers = json.load(open(sys.argv[2]))
words = TfidfVectorizer(
    token_pattern=r"(?u)\b[a-zA-Z_][a-zA-Z0-9_]+\b", stop_words="english", strip_accents="unicode",
    ngram_range=(1, 2), min_df=5, max_df=0.5, max_features=10_000, sublinear_tf=True,
)
x = words.fit_transform(papers.values()).astype(np.float32)
parts = {"data": x.data, "indices": x.indices, "indptr": x.indptr, "shape": x.shape}
np.savez(sys.argv[1], titles=list(papers), **parts)
"""
SANITY_READY = """
import sys, numpy as np
from scipy.sparse import csr_matrix
from sklearn.svm import LinearSVC
with np.load(sys.argv[1]) as kept:
    titles = kept["titles"]
    x = csr_matrix((kept["data"], kept["indices"], kept["indptr"]), kept["shape"])
"""
SANITY_ASK = (
    SANITY_READY
    + """
asked = titles == sys.argv[2]
machine = LinearSVC(class_weight="balanced", C=0.1, tol=1e-6, max_iter=10_000).fit(x, asked)
print(titles[np.argsort(-machine.decision_function(x))[:10]])
"""
)

Command = list[str]
STAGES = ("index", "ready", "ask")
OURS = {
    "text": ("`papersim index`", "papersim started, ready for a text", "`papersim search TEXT`"),
    "paper": (
        "`papersim index`",
        "papersim started, ready for a paper",
        "`papersim similar TITLE`",
    ),
}


@dataclass(frozen=True)
class Other:
    """What papersim is measured beside: what it is asked about, and a command for each stage."""

    name: str
    about: str
    index: Command
    ready: Command
    ask: Command


def beside(at: Setting) -> Iterator[Row]:
    """8: a small vault of real notes beside what else is used for it."""
    with tempfile.TemporaryDirectory(dir=at.cache) as name:
        folder = Path(name)
        small = _small_vault(at, folder)
        papers = Library.open(small.notes, small.index, "bundled").papers()
        title = papers[len(papers) // 2].paper.title
        sections = _write_texts(papers, folder)
        yield Row(8, "the vault of part 8", f"{len(papers)} real notes, {sections} sections")
        others = [_plain(at.cache, folder), _sanity(folder, title)]
        try:
            others.insert(1, _txtai(at.cache, folder))
        except (OSError, subprocess.SubprocessError) as error:
            yield Row(8, "txtai", f"not run: could not be installed: {_reason(error)}")
        yield from _compared(others, _papersim(title), small.environment)
        with np.load(folder / "sanity.npz") as kept:
            left = f"{kept['shape'][1]}, since most are in fewer than five notes or in over half"
        yield Row(8, "words and pairs that arxiv-sanity's settings leave", left)


def _compared(
    others: Sequence[Other], ours: Mapping[str, Command], environment: Mapping[str, str]
) -> Iterator[Row]:
    """Yield a line for each stage and each of the others; at each stage all take turns."""
    for number, stage in enumerate(STAGES):
        commands: dict[str, Command] = {}
        for other in others:
            own = OURS[other.about][number]
            commands |= {own: ours[own], other.name: getattr(other, stage)}
        took = alternate(commands, environment, RUNS)
        for other in others:
            own = OURS[other.about][number]
            yield _row(f"{own} to {other.name}", took[own], took[other.name])


def _row(what: str, ours: Run, theirs: Run) -> Row:
    times, cpu = ours.seconds / theirs.seconds, ours.cpu / theirs.cpu
    clock = f"{ours.seconds:.2f} s against {theirs.seconds:.2f} s; CPU {cpu:.2g} times"
    peaks = f"{ours.peak / 1e6:.0f} MB against {theirs.peak / 1e6:.0f} MB"
    figure = f"{times:.2g} times ({clock}); peak {ours.peak / theirs.peak:.2g} times ({peaks})"
    return Row(8, what, figure)


# --- the vault ------------------------------------------------------------------------------------


def _small_vault(at: Setting, folder: Path) -> Setting:
    """Return a folder with every thirtieth note of a real vault, not indexed yet."""
    source = at.corpora / "labelled-sections-zh"
    for file in sorted(source.rglob("*.md"))[::30]:
        target = folder / "notes" / file.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    return Setting(folder / "notes", folder / "index", at.cache, at.corpora)


def _write_texts(papers: Sequence[PaperDetail], folder: Path) -> int:
    """Write what the others index, sections or whole papers; return the number of sections."""
    sections = [section.text for paper in papers for section in paper.sections]
    whole = {
        one.paper.title: "\n".join([one.paper.title, *(s.text for s in one.sections)])
        for one in papers
    }
    (folder / "sections.json").write_text(json.dumps(sections), "utf-8")
    (folder / "papers.json").write_text(json.dumps(whole), "utf-8")
    return len(sections)


# --- what is run ----------------------------------------------------------------------------------


def _papersim(title: str) -> dict[str, Command]:
    return {
        "`papersim index`": ["sh", "-c", INDEX_ANEW, PAPERSIM],
        "papersim started, ready for a text": [PYTHON, "-c", READY, "text"],
        "papersim started, ready for a paper": [PYTHON, "-c", READY, "paper"],
        "`papersim search TEXT`": [PAPERSIM, "search", QUESTION],
        "`papersim similar TITLE`": [PAPERSIM, "similar", title],
    }


def _plain(cache: Path, folder: Path) -> Other:
    given = [str(plain_model(cache)), str(folder / "plain.faiss")]
    return Other(
        "sentence-transformers and FAISS",
        "text",
        [PYTHON, "-c", PLAIN_INDEX, *given, str(folder / "sections.json")],
        [PYTHON, "-c", PLAIN_READY, *given],
        [PYTHON, "-c", PLAIN_ASK, *given, QUESTION],
    )


def _txtai(cache: Path, folder: Path) -> Other:
    """Return txtai; OSError or SubprocessError where it cannot be installed."""
    python = [_txtai_python(cache), "-I", "-c"]
    version = _said([*python, TXTAI_VERSION])
    given = [str(plain_model(cache)), str(folder / "txtai")]
    return Other(
        f"txtai {version}",
        "text",
        [*python, TXTAI_INDEX, *given, str(folder / "sections.json")],
        [*python, TXTAI_READY, *given],
        [*python, TXTAI_ASK, *given, QUESTION],
    )


def _sanity(folder: Path, title: str) -> Other:
    given = [str(folder / "sanity.npz")]
    return Other(
        "arxiv-sanity's tf-idf and SVM",
        "paper",
        [PYTHON, "-c", SANITY_INDEX, *given, str(folder / "papers.json")],
        [PYTHON, "-c", SANITY_READY, *given],
        [PYTHON, "-c", SANITY_ASK, *given, title],
    )


def _txtai_python(cache: Path) -> str:
    """Return the Python of an environment that has txtai, which is made once and kept.

    Raises OSError or SubprocessError where it cannot be made.
    """
    folder = cache / "txtai"
    if not folder.is_dir():
        unfinished = cache / "txtai-unfinished"
        venv.create(unfinished, clear=True, with_pip=True)
        python = str(unfinished / "bin" / "python")
        options = ["--quiet", "--disable-pip-version-check", "--constraint", str(CONSTRAINTS)]
        _said([python, "-I", "-m", "pip", "install", *options, "txtai"])
        _said([python, "-I", "-c", TXTAI_VERSION])
        unfinished.rename(folder)
    return str(folder / "bin" / "python")


def _said(command: Sequence[str]) -> str:
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, check=True, text=True)
    return done.stdout.strip()


def _reason(error: OSError | subprocess.SubprocessError) -> str:
    """Return in one line why a command failed: the last that tells of an error, or the last."""
    told = str(error)
    if isinstance(error, subprocess.CalledProcessError):
        said = error.stderr or error.output or told
        told = said.decode(errors="replace") if isinstance(said, bytes) else said
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    return (errors or lines)[-1].replace("|", "/")
