"""What the tests share: a small vault in three languages, the sample vault, a command line."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import papersim
from papersim import Library, log, runs
from papersim.cli.main import main
from papersim.encode import load_encoder
from papersim.index.pending import Pending
from papersim.index.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from papersim.model import IndexReport

OF_RUNS = (runs.FILE_NAME, *log.FILES)
"""The files of an index folder that say which commands ran."""

REPOSITORY = Path(__file__).resolve().parent.parent
SOURCE = Path(next(iter(papersim.__path__)))
SAMPLE_NOTES = REPOSITORY / "notes"

# Short enough that the instant engine embeds all of it and torch is never loaded.
SMALL_VAULT = {
    "20230105.md": """---
title: '20230105'
---

## Rays and Fields: Novel Views from Sparse Photos
#view_synthesis
#NeRF

- **研究背景**：只有三五张照片时，辐射场会过拟合，新视角里全是漂浮物。
- **研究方法**：先估计深度，再沿着每条光线用深度限制采样的范围，并让没有照片的视角也保持平滑。
- **贡献**：训练只要几分钟，三张照片就能得到清楚的新视角。

## Splats in Motion
#view_synthesis
#动态场景
""",
    "20230210.md": """## Text to Mesh: Sculpting Shapes from Captions
#Text23D #diffusion
- **Background**: Large collections of captioned 3D shapes do not exist, captioned images do.
- **Method**: A frozen image diffusion model scores renderings of a mesh, and the gradient moves
  its vertices and its texture until they fit the caption.
- **Contributions**: Meshes from any caption without a single 3D example.

## Contrast Without Labels: Sentence Vectors from Dropout
#sentence_embedding
- **Background**: Sentence vectors of a plain language model crowd into a narrow cone.
- **Method**: The same sentence is encoded twice with different dropout masks; the two vectors
  attract each other, all other sentences of the batch repel.
- **Results**: Better correlation with human judgements of similarity than trained on labels.
""",
    "20230320.md": """## Rays and fields: novel views from sparse photos
#sparse_input
### Summary
Depth along each ray keeps a radiance field from overfitting when there are only a few photos.

## Caption-Driven Sculpture in Minutes
#Text23D
- **研究背景**：从一句话生成三维物体要优化几个小时。
- **研究方法**：先用扩散模型画出四个视角，再用前馈网络一次得到网格，不再逐个优化。
- **局限**：背面的纹理常常模糊。
""",
    "20230401.md": """## Rank-One Updates Are Enough
#PEFT

## Étude sur l’Émotion: Naïve Listeners
#音声
""",
    "reading/adapters.md": """---
title: Small Adapters for Large Models
tags: [PEFT, LLM]
date: 2022-11-05
authors: [Ada Muster, Bo Beispiel]
doi: 10.1234/small.adapters
---
## Motivation
Fine-tuning a whole language model for each task costs too much memory and disk.
## Method
Two thin layers go into each block and are the only ones that are trained.
## Limitations
Inference gets slower by the added layers.
""",
    "reading/koe.md": """---
title: 声を分ける注意機構
tags: [音声]
arxiv: https://arxiv.org/abs/2301.01234
date: 2023-01-20
---
## 背景
複数の人が同時に話すと、音声認識の誤りが急に増える。
## 手法
話者ごとの埋め込みを注意機構に与え、混ざった音声から一人の声だけを取り出す。
## 結果
雑音の多い会議の録音で、単語誤り率が三割下がった。
""",
    "reading/retrieval.md": """---
title: Finding Passages across Languages
tags: [retrieval, sentence_embedding]
url: https://arxiv.org/abs/2212.04321v2
date: 2022-12-19
---
## Background
A question in one language is often answered by a passage in another.
## Method
One encoder for all languages is trained with pairs of translated questions and passages.
## Results
Questions in Swahili find English passages as well as English questions do.
""",
}


@dataclass(frozen=True)
class Vault:
    """A folder of notes and its index, made for one test."""

    root: Path

    @property
    def notes(self) -> Path:
        """The folder of notes."""
        return self.root / "notes"

    @property
    def index(self) -> Path:
        """The folder of the index."""
        return self.root / "index"

    def open(self, on_message: Callable[[str], None] | None = None, model: str = "") -> Library:
        """Return the library, anew, as another process would have it."""
        return Library.open(self.notes, self.index, model or None, on_message=on_message)

    def update(self, *, full: bool = False) -> IndexReport:
        """Bring the index up to date."""
        return self.open().index(full=full)

    def write(self, path: str, text: str | bytes) -> Path:
        """Write a note."""
        file = self.notes / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return file

    def store(self) -> Store:
        """Return the store of the index."""
        return Store.open(self.index)

    def ids(self) -> dict[str, str]:
        """Return paper ids by title."""
        return {d.paper.title: d.paper.id for d in self.open().papers()}


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What was printed, as JSON."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """What was printed, as JSON Lines."""
        return [json.loads(line) for line in self.out.splitlines()]


class Cli:
    """Runs commands in this process, on streams of their own."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch

    def __call__(self, *args: object, stdin: bytes = b"") -> Done:
        """Run ``papersim`` with arguments; exceptions other than its exit come through."""
        out = io.TextIOWrapper(io.BytesIO(), "utf-8", newline="")
        err = io.StringIO()
        with self._patch.context() as patch:
            patch.setattr(sys, "argv", ["papersim", *map(str, args)])
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), "utf-8"))
            patch.setenv("COLUMNS", "100")
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = _exit_code()
        out.flush()
        return Done(code, out.buffer.getvalue().decode(), err.getvalue())

    def at(self, vault: Vault, *args: object, stdin: bytes = b"") -> Done:
        """Run a command on a vault."""
        return self(*args, "--notes", vault.notes, "--index", vault.index, stdin=stdin)


def _exit_code() -> int:
    try:
        main()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1
    return 0


@pytest.fixture(autouse=True)
def _no_settings_from_outside(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for name in ("NOTES", "INDEX", "MODEL", "LOG_LEVEL"):
        monkeypatch.delenv(f"PAPERSIM_{name}", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / "state"))


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cli:
    """Return a command line whose working directory is the test's own folder."""
    monkeypatch.chdir(tmp_path)
    return Cli(monkeypatch)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    """Return the small vault, indexed; tests only read it."""
    vault = Vault(tmp_path_factory.mktemp("small"))
    for path, text in SMALL_VAULT.items():
        vault.write(path, text)
    vault.update()
    return vault


@pytest.fixture
def vault(small: Vault, tmp_path: Path) -> Vault:
    """Return a copy of the small vault, indexed, to be changed at will."""
    copy = Vault(tmp_path / "vault")
    shutil.copytree(small.root, copy.root)
    copy.update()
    return copy


@pytest.fixture
def empty(tmp_path: Path) -> Vault:
    """Return a vault without notes and without an index."""
    made = Vault(tmp_path / "vault")
    made.notes.mkdir(parents=True)
    return made


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Vault:
    """Return a copy of the vault that comes with papersim, indexed; tests only read it.

    Embedding it takes half a minute, so that the vectors are kept from one session to the
    next, as the index itself keeps them: by the exact text and the encoder's fingerprint.
    """
    vault = Vault(tmp_path_factory.mktemp("sample"))
    shutil.copytree(SAMPLE_NOTES, vault.notes)
    kept = Path(request.config.cache.mkdir("papersim")) / "sample.npz"
    fingerprint = load_encoder().fingerprint
    store = Store.open(vault.index, create=True)
    if kept.is_file():
        with np.load(kept) as data:
            if str(data["fingerprint"]) == fingerprint:
                digests = [bytes(row) for row in data["digests"]]
                store.pending().put(fingerprint, digests, data["vectors"])
    store.close()
    if vault.update().embedded:
        vectors = embeddings(vault)
        np.savez(
            kept,
            fingerprint=fingerprint,
            digests=np.asarray([list(digest) for digest in vectors], np.uint8),
            vectors=np.asarray(list(vectors.values()), np.float32),
        )
    return vault


def embeddings(vault: Vault) -> dict[bytes, NDArray[np.float32]]:
    """Return the vector of each text in an index, those too that a stopped run left beside it."""
    store, pending = vault.store(), Pending(vault.index)
    rows = store._db.execute("SELECT digest, vector FROM embeddings").fetchall()
    rows += [(digest, vector) for digest, _, vector in pending.rows()]
    pending.close()
    store.close()
    return {digest: np.frombuffer(vector, "<f4") for digest, vector in sorted(rows)}


def content(vault: Vault) -> dict[str, list[tuple[object, ...]]]:
    """Return what an index holds apart from vectors, without row numbers."""
    store = vault.store()
    queries = {
        "notes": "SELECT path, size, digest, skipped FROM notes ORDER BY path",
        "entries": """SELECT note, ordinal, paper, title, line, date, arxiv, doi, venue, authors,
            tags, links FROM entries ORDER BY note, ordinal""",
        "sections": """SELECT n.note, n.ordinal, s.ordinal, label, kinds, s.line, language, text
            FROM sections s JOIN entries n ON n.id = s.entry ORDER BY 1, 2, 3""",
        "passages": """SELECT n.note, n.ordinal, p.ordinal, s.ordinal, p.language, digest, piece
            FROM passages p JOIN entries n ON n.id = p.entry
            LEFT JOIN sections s ON s.id = p.section ORDER BY 1, 2, 3""",
    }
    found = {name: store._db.execute(query).fetchall() for name, query in queries.items()}
    store.close()
    return found


def snapshot(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    """Return bytes, time and mode of every file and folder in a folder."""
    return {
        str(path.relative_to(folder)): (
            path.read_bytes() if path.is_file() else b"",
            path.stat().st_mtime_ns,
            path.stat().st_mode,
        )
        for path in (folder, *sorted(folder.rglob("*")))
    }


def environment(**extra: str) -> dict[str, str]:
    """Return the environment in which another process finds this papersim."""
    return {**os.environ, "PYTHONPATH": str(SOURCE.parent), **extra}
