"""What is fuzzed: functions that take bytes and raise nothing, whatever the bytes are.

Each holds promises of docs/reliability.md: those of the property tests, or what is said at the
function. A promise that is broken is an AssertionError; so is any error that is not one line.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import shutil
import sys
import tempfile
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))

from conftest import SMALL_VAULT  # noqa: E402
from papersim import Library  # noqa: E402
from papersim.config import Settings, load_settings  # noqa: E402
from papersim.errors import ConfigError, IndexUnusableError, VaultError  # noqa: E402
from papersim.index import lock, stamp  # noqa: E402
from papersim.index.kept import damaged  # noqa: E402
from papersim.index.manifest import (  # noqa: E402
    DERIVED,
    TAG_MODEL,
    UNUSABLE,
    is_own_name,
    names_in_force,
    read_manifest,
)
from papersim.model import LastRun  # noqa: E402
from papersim.notes.labels import Labels  # noqa: E402
from papersim.notes.reader import read_note  # noqa: E402
from papersim.rejections import FILE_NAME as REJECTED  # noqa: E402
from papersim.rejections import load_rejections  # noqa: E402
from papersim.runs import FILE_NAME as LAST_RUN  # noqa: E402
from papersim.runs import last_run  # noqa: E402
from papersim.undo import JOURNAL, check_journal, sweep_notes, undo  # noqa: E402
from papersim.vault import Vault  # noqa: E402
from test_edit_properties import (  # noqa: E402
    FORMS,
    test_an_edit_adds_the_tags_in_one_piece_or_is_refused,
)
from test_notes_any_text import check  # noqa: E402
from test_rename import test_only_the_tag_changes_in_any_note  # noqa: E402

__all__ = ["TARGETS"]

LABELS = Labels.load()
PATHS = ("20240105.md", "a/My Paper.md", "@X%3A y.md", "a.b.c.md")
SIGNS_AT_THE_END = re.compile(r"#[^\s#]*[+&/\-](?=[\s,，、;；#]|$)")
TITLE = "Text to Mesh: Sculpting Shapes from Captions"


def reader(data: bytes) -> None:
    """Read a note: nothing is raised, and what is said of places is true."""
    text = data.decode("utf-8", "replace")
    path = PATHS[len(data) % len(PATHS)]
    note = read_note(text, path, LABELS)
    check(note, text)


def tag_writer(data: bytes) -> None:
    """Add tags: the first line has them, the second what is chosen, then comes the note."""
    head, _, rest = data.decode("utf-8", "replace").partition("\n")
    chosen, _, text = rest.partition("\n")
    number = sum(map(ord, chosen))
    tags = [tag.strip() for tag in head.split(";")][:4]
    forms = [FORMS[(number + i) % len(FORMS)] for i in range(number % 3)]
    promise = test_an_edit_adds_the_tags_in_one_piece_or_is_refused.hypothesis.inner_test  # type: ignore[attr-defined]
    promise(text, tags, number % 4, forms, known=bool(number & 4))


def renaming(data: bytes) -> None:
    """Rename a tag: nothing but its name changes, and the signs at its end that belong to it."""
    text = data.decode("utf-8", "replace")
    if "fresh" not in text.casefold() and not SIGNS_AT_THE_END.search(text):
        promise = test_only_the_tag_changes_in_any_note.hypothesis.inner_test  # type: ignore[attr-defined]
        promise(text)


def settings(data: bytes) -> None:
    """Read papersim.toml: settings come of it, or ConfigError in one line."""
    folder = room()
    (folder / "papersim.toml").write_bytes(data)
    try:
        found = load_settings(folder=folder, environment={})
    except ConfigError as error:
        assert str(error).strip()
        return
    assert isinstance(found, Settings)
    with suppress(ValueError):
        Labels.load(found.labels)


def journal(data: bytes) -> None:
    """Read the undo journal: nothing is written but what it can show to have been written."""
    folder = room()
    notes, index = folder / "notes", folder / "index"
    if not notes.exists():
        notes.mkdir()
        index.mkdir()
        (notes / "a.md").write_text("# A\n#new\n", "utf-8")
        (folder / "outside.md").write_text("# B\n#new\n", "utf-8")
    before = {file: file.read_bytes() for file in (notes / "a.md", folder / "outside.md")}
    (index / JOURNAL).write_bytes(data)
    sweep_notes(index, notes)
    for ask in (lambda: check_journal(index), lambda: undo(index, notes)):
        with suppress(VaultError):
            ask()
    for file, content in before.items():
        if file.read_bytes() != content:
            assert file.name == "a.md"
            assert b'"after"' in data
            file.write_bytes(content)


def small_files(data: bytes) -> None:
    """Read what lies beside the database: it says what it should, or nothing."""
    folder = room()
    for name in (stamp.FILE_NAME, LAST_RUN, lock.HOLDER, REJECTED):
        (folder / name).write_bytes(data)
    for kind in (DERIVED, TAG_MODEL):
        kind.manifest(folder).write_bytes(data)
        try:
            files = read_manifest(folder, kind)
        except UNUSABLE:
            files = {}
        assert all(is_own_name(file.name) for file in files.values())
        names_in_force(folder, kind)
        damaged(folder, kind)
    assert stamp.report_if_unchanged(folder, Vault(folder), ["no", "such"]) is None
    assert isinstance(last_run(folder), (LastRun, type(None)))
    assert lock._holder(folder).isprintable()
    load_rejections(folder)


def store(data: bytes) -> None:
    """Damage an index and ask it: the answers are the right ones, or one line says what to run.

    Each four bytes of the data are an edit: which file, where in it, what is done there.
    """
    whole, expected = made_index()
    folder = room() / "index"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(whole.parent / "index", folder)
    names = sorted(file.name for file in folder.iterdir() if file.stat().st_size)
    for place in range(0, len(data) - 3, 4):
        which, far, near, what = data[place : place + 4]
        file = folder / names[which % len(names)]
        content = bytearray(file.read_bytes())
        if content:
            edited(content, (len(content) * (far * 256 + near)) >> 16, what)
            file.write_bytes(content)
    try:
        found = answers(Library.open(whole, folder))
    except IndexUnusableError as error:
        assert "\n" not in str(error)
        return
    assert found == expected, "an answer that differs from that of the whole index"


def edited(content: bytearray, at: int, what: int) -> None:
    """Flip a bit, cut a stretch out, cut the rest off, or put a stretch in."""
    if what < 160:
        content[at] ^= 1 << (what % 8)
    elif what < 192:
        del content[at : at + what]
    elif what < 208:
        del content[at:]
    else:
        content[at:at] = bytes([what]) * (what - 200)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "reader": reader,
    "tag_writer": tag_writer,
    "renaming": renaming,
    "settings": settings,
    "journal": journal,
    "small_files": small_files,
    "store": store,
}


@lru_cache(maxsize=1)
def room() -> Path:
    """Return a folder of this process, in memory where there is one."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
    found = tempfile.mkdtemp(prefix="papersim-fuzz-", dir=memory if memory.is_dir() else None)
    atexit.register(shutil.rmtree, found, ignore_errors=True)
    return Path(found)


@lru_cache(maxsize=1)
def made_index() -> tuple[Path, Any]:
    """Return the notes of a small vault, indexed beside them, and the answers its index gives."""
    notes = room() / "whole" / "notes"
    for path, text in SMALL_VAULT.items():
        (notes / path).parent.mkdir(parents=True, exist_ok=True)
        (notes / path).write_text(text, "utf-8")
        os.utime(notes / path, ns=(10**18, 10**18))
    library = Library.open(notes, notes.parent / "index")
    library.index()
    return notes, answers(library)


def answers(library: Library) -> Any:
    """Return what a library says when it is asked for papers, likeness and tags."""
    papers = [(one.paper, one.sections) for one in library.papers()]
    hits = [(hit.paper.id, round(hit.score, 6)) for hit in library.similar(TITLE, 5)]
    tags = [s.suggestions for s in library.suggest_tags(TITLE)]
    return json.dumps([repr(papers), hits, repr(tags)])
