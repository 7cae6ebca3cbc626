"""What holds of an index whose files are damaged: right answers, or one line that says so.

An input is a list of strokes of eight bytes, each at one file of a small index: which file, what
befalls it, where, how far, and with which byte. The first byte chooses the index: one that was
closed, and is sealed, or one whose writer was killed, with its last transaction in the log.
"""

from __future__ import annotations

import gc
import os
import shutil
import sqlite3
import struct
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

from fuzz.confined import confined_to, put, scratch
from papersim import Library
from papersim.errors import IndexUnusableError
from papersim.index.seal import is_sealed
from papersim.index.store import FILE_NAME, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

__all__ = ["store"]

_STROKE = struct.Struct("<BBIBB")
_MOST = 12
_LOG = f"{FILE_NAME}-wal"
_PASSING = ("papersim.log", "writer.lock", "last-run.json")
LONG_AGO = 1_600_000_000_000_000_000  # ns

NOTES = {
    "20240105.md": """## Rays and Fields: Novel Views from Sparse Photos
#view_synthesis
#NeRF
- **研究背景**：只有几张照片时，辐射场会过拟合。
- **研究方法**：先估计深度，再沿着光线限制采样的范围。

## Splats in Motion
#view_synthesis #动态场景
""",
    "reading/adapters.md": """---
title: Small Adapters for Large Models
tags: [PEFT, LLM]
arxiv: 2401.00001
---
## Method
Two thin layers go into each block and are the only ones that are trained.
## Limitations
Inference gets slower. See [[Rays and Fields: Novel Views from Sparse Photos]].
""",
    "reading/koe.md": "# 声を分ける注意機構\n#音声 #LLM\n\n## 手法\n話者の埋め込みを与える。\n",
}
QUESTIONS: Mapping[str, Callable[[Library], object]] = {
    "papers": lambda library: library.papers(),
    "similar": lambda library: library.similar("Splats in Motion", 5),
    "filtered": lambda library: library.similar(
        "Small Adapters for Large Models", 2, by=["method"]
    ),
    "tags": lambda library: library.suggest_tags("Splats in Motion"),
    "counts": lambda library: (library.tags(), library.duplicates()),
}
Answers = dict[str, object]


@dataclass(frozen=True)
class _Index:
    """An index as it was made: the content of its files, and the answers it gives."""

    root: Path
    files: Mapping[str, bytes]
    answers: Answers

    @property
    def folder(self) -> Path:
        return self.root / "index"

    def library(self) -> Library:
        return Library.open(self.root / "notes", self.folder)


def store(data: bytes) -> None:
    """Damage an index, then ask: what a seal vouches for is answered rightly, or refused."""
    index = _made()[data[0] % 2 if data else 0]
    try:
        strokes = islice(_STROKE.iter_unpack(_whole(data[1:])), _MOST)
        _check_answers(index, {_strike(index, *stroke) for stroke in strokes} - {""})
    finally:
        _restore(index)


def _check_answers(index: _Index, hurt: set[str]) -> None:
    of_store = bool(hurt & {FILE_NAME, _LOG})
    vouched = not of_store or is_sealed(index.folder)
    found = _asked(index)
    for question, answer in found.items():
        if vouched and answer is not None:
            assert answer == index.answers[question], f"{question} is answered otherwise"
    if not of_store:
        assert found == index.answers, "all but the store can be done without"


def _whole(data: bytes) -> bytes:
    return data[: len(data) // _STROKE.size * _STROKE.size]


def _strike(index: _Index, which: int, how: int, where: int, far: int, byte: int) -> str:
    """Do to a file what a stroke says; return its name, empty where that changes nothing."""
    names = sorted(index.files)
    name = names[which % len(names)]
    file = index.folder / name
    if not file.exists():
        return ""
    old = file.read_bytes()
    at = where % (len(old) + 1)
    block = old[at : at + far * far]
    new = {
        0: old[:at] + bytes(b ^ (byte or 1) for b in block[:1]) + old[at + 1 :],
        1: old[:at] + bytes([byte]) * len(block) + old[at + len(block) :],
        2: old[:at],
        3: old[:at] + old[at + len(block) :],
        4: old[:at] + block + old[at:],
        5: old[:at] + struct.pack(">I", where) + old[at + 4 :],
        6: old[: at // 4096 * 4096] + bytes([byte]) * 4096 + old[at // 4096 * 4096 + 4096 :],
        7: None,
    }[how % 8]
    if new is None:
        file.unlink()
    elif new != old:
        put(file, new)
    return "" if new == old else name


def _asked(index: _Index) -> Answers:
    """Return all answers; None where the index was refused."""
    found: Answers = {}
    with confined_to(index.root):
        library = index.library()
        for name, question in QUESTIONS.items():
            found[name] = None
            # The command line says either in one line.
            with suppress(IndexUnusableError, sqlite3.Error):
                found[name] = question(library)
        opened = library._parts.__dict__
        for part in ("store", "listing"):
            if part in opened:
                opened[part].close()
        with suppress(IndexUnusableError):  # such as of a database that is empty
            assert all(finding.advice for finding in library.doctor())
    return found


def _restore(index: _Index) -> None:
    """Put the files as they were made, as new ones: those there may be mapped."""
    gc.collect()  # a database that is closed later would take its log along
    for file in index.folder.iterdir():
        if file.name not in index.files:
            file.unlink()
    for name, content in index.files.items():
        file = index.folder / name
        if not file.exists() or file.read_bytes() != content:
            put(file, content)


@cache
def _made() -> tuple[_Index, _Index]:
    """Return the indexes: a sealed one, and one with a log that nobody took in."""
    root = scratch("store")
    for path, text in NOTES.items():
        os.utime(put(root / "notes" / path, text.encode()), ns=(LONG_AGO, LONG_AGO))
    library = Library.open(root / "notes", root / "index")
    library.index()
    library._parts.forget()
    gc.collect()
    sealed = _taken(root)
    assert is_sealed(root / "index", whole=True)
    other = scratch("store-killed")
    shutil.copytree(root / "notes", other / "notes")
    shutil.copytree(root / "index", other / "index")
    _write_and_kill(other)
    return sealed, _taken(other)


def _write_and_kill(root: Path) -> None:
    """Leave an index as a writer does that is killed while another process reads."""
    folder = root / "index"
    with closing(sqlite3.connect(folder / FILE_NAME, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM meta").fetchall()
        written = Store.open(folder, create=True)
        written.set_meta(notes=(root / "notes").resolve())
        written.close()
        left = {name: (folder / name).read_bytes() for name in (FILE_NAME, _LOG)}
    for name, content in left.items():
        put(folder / name, content)


def _taken(root: Path) -> _Index:
    files = {
        file.name: file.read_bytes()
        for file in (root / "index").iterdir()
        if file.name not in _PASSING and not file.name.endswith("-shm")
    }
    index = _Index(root, files, {})
    answers = _asked(index)
    assert None not in answers.values()
    index.answers.update(answers)
    _restore(index)
    return index
