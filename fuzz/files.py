"""What holds of the small files of an index folder and the settings, whatever bytes are in them.

They may be cut short, edited by hand, or have come along with somebody's folder: each is used,
left alone, or refused in one line, and none leads out of the folders it belongs to.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from contextlib import suppress
from dataclasses import asdict, fields
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from fuzz.confined import confined_to, put, scratch
from papersim.config import FILE_NAME as SETTINGS
from papersim.config import LOG_LEVELS, load_settings
from papersim.errors import ConfigError, IndexUnusableError, VaultError
from papersim.index import stamp as stamps
from papersim.index.kept import damaged, is_whole, keep, kept, settle
from papersim.index.lock import HOLDER, _holder
from papersim.index.manifest import DERIVED, File, State, is_kept, names_in_force
from papersim.index.shelves import shelves_in
from papersim.index.store import Store
from papersim.log import FILE_NAME as LOG
from papersim.model import IndexReport, LastRun, Paper
from papersim.notes.reader import read_note
from papersim.parts import Parts
from papersim.rejections import FILE_NAME as REJECTED
from papersim.rejections import Rejection, add_rejections, load_rejections
from papersim.runs import FILE_NAME as RUN
from papersim.runs import last_run, recorded
from papersim.undo import JOURNAL, Change, apply_changes, check_journal, undo
from papersim.vault import Vault

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["arrays", "journal", "manifest", "records", "rejections", "settings", "stamp"]

LONG_AGO = 1_600_000_000_000_000_000  # ns
NOTES = {"a.md": b"## A Paper\n#old\n- **Method**: x\n", "sub/b.md": b"# B\n\ntext #old\n"}
OUTSIDE = b"## Elsewhere\n#old\n"
STATE = State(3, "model-1")
MODEL_ARRAYS: dict[str, dict[str, NDArray[Any]]] = {
    "state": {"numbers": np.arange(7), "names": np.asarray(["a", "研究"], np.str_)},
    "shelf-0": {"vectors": np.eye(3, dtype=np.float32)},
}


def settings(data: bytes) -> None:
    """Read papersim.toml: settings that can be used, or ConfigError in one line."""
    root = scratch("settings")
    put(root / SETTINGS, data)
    put(root / "vault" / "a.md", NOTES["a.md"])
    try:
        found = load_settings(folder=root, environment={})
        labels = Parts(found, lambda _: None).labels
    except ConfigError as error:
        _check_message(error)
        return
    assert found.log_level in LOG_LEVELS
    assert all(isinstance(one, str) for one in (found.model, *found.exclude, *found.opinion_tags))
    read_note(NOTES["a.md"].decode(), "a.md", labels)
    files, _ = Vault.open(root / "vault", found.exclude).scan()
    assert len(files) <= 1
    with suppress(VaultError):
        Vault.open(found.notes)
    with suppress(IndexUnusableError):
        Store.open(found.index)


def _check_message(error: Exception) -> None:
    assert str(error).strip(), "an error says what is the matter"


def journal(data: bytes) -> None:
    """Take back the edit that a journal tells of: notes are as they were or as it says, whole."""
    root = scratch("journal")
    vault, index, outside = root / "notes", root / "index", root / "outside" / "out.md"
    os.environ["XDG_STATE_HOME"] = str(root / "index" / "state")
    if not outside.exists():
        put(outside, OUTSIDE)
        for path, content in NOTES.items():
            put(vault / path, content)
        (vault / "link.md").symlink_to(outside)
        (vault / "out").symlink_to(outside.parent)
    put(index / JOURNAL, data)
    try:
        with confined_to(root):
            _take_back(index, vault)
            if (index / JOURNAL).exists():
                check_journal(index)
    except VaultError as error:
        _check_message(error)
    assert outside.read_bytes() == OUTSIDE
    assert [file.name for file in outside.parent.iterdir()] == ["out.md"]
    for path, content in NOTES.items():
        found = (vault / path).read_bytes()
        if found != content:
            assert hashlib.sha256(found).hexdigest().encode() in data, "a note as nobody asked"
            put(vault / path, content)
    _check_next_edit(index, vault)


def _take_back(index: Path, vault: Path) -> None:
    outcome = undo(index, vault)
    assert not set(outcome.written) & {"link.md", "out/out.md"}


def _check_next_edit(index: Path, vault: Path) -> None:
    """Hold that whatever the journal was, the next edit is made and can be taken back."""
    new = NOTES["a.md"].replace(b"old", b"new")
    assert apply_changes(index, vault, [Change("a.md", NOTES["a.md"], new)]).written == ("a.md",)
    assert (vault / "a.md").read_bytes() == new
    assert undo(index, vault).written == ("a.md",)
    assert (vault / "a.md").read_bytes() == NOTES["a.md"]


@cache
def _arrays_folder(name: str) -> tuple[Path, dict[str, bytes]]:
    """Return a folder with arrays in force, and what its files hold."""
    folder = scratch(name) / "index"
    folder.mkdir()
    keep(folder, DERIVED, STATE, MODEL_ARRAYS)
    settle(folder, DERIVED, STATE)
    put(folder / "papersim.sqlite", b"not to be touched")
    put(folder.parent / "outside.arrays", b"not to be touched")
    return folder, {file.name: file.read_bytes() for file in folder.iterdir()}


def manifest(data: bytes) -> None:
    """Read the manifest in force and, behind a NUL, a coming one: the arrays as kept, or none."""
    folder, files = _arrays_folder("manifest")
    now, _, coming = data.partition(b"\0")
    put(DERIVED.manifest(folder), now)
    if coming:
        put(DERIVED.coming(folder), coming)
    with confined_to(folder):
        found = kept(folder, DERIVED, STATE, whole=["state"])
        for content in (found or {}).values():
            assert any(_are_same(content, one) for one in MODEL_ARRAYS.values())
        assert all(isinstance(name, str) for name in damaged(folder, DERIVED))
        assert is_kept(folder, DERIVED, STATE) or found is None
        shelves_in(folder, STATE.fingerprint)
        names_in_force(folder, DERIVED)
        settle(folder, DERIVED, STATE)
    assert (folder / "papersim.sqlite").read_bytes() == b"not to be touched"
    assert (folder.parent / "outside.arrays").exists()
    for name, old in files.items():
        if not (folder / name).exists():
            put(folder / name, old)
    DERIVED.coming(folder).unlink(missing_ok=True)


def _are_same(one: Any, other: Any) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[k], other[k]) for k in one)


def arrays(data: bytes) -> None:
    """Map a file of arrays whose manifest is right about it: arrays that can be read, or none."""
    folder, _ = _arrays_folder("arrays")
    put(folder / "derived-0.arrays", data)
    begin = 24 + int.from_bytes(data[16:24], "little")
    file = File("derived-0.arrays", len(data), zlib.crc32(data[:begin]), zlib.crc32(data))
    content = {"format": DERIVED.format, "generation": 3, "fingerprint": "model-1"}
    put(
        DERIVED.manifest(folder), json.dumps({**content, "files": {"state": asdict(file)}}).encode()
    )
    with confined_to(folder):
        found = kept(folder, DERIVED, STATE)
        for array in (found or {"state": {}})["state"].values():
            assert not array.dtype.hasobject
            assert not array.flags.writeable
            assert array.nbytes <= len(data) or 0 in array.strides
            array.tobytes()
        assert is_whole(folder, file)


def stamp(data: bytes) -> None:
    """Read the stamp of the last run: a report of what is there, or none and the run looks.

    Surroundings, what lies there and the checksum are put in, so that the rest is looked at.
    """
    root = scratch("stamp")
    for path, content in NOTES.items():
        os.utime(put(root / "notes" / path, content), ns=(LONG_AGO, LONG_AGO))
    folder = root / "index"
    os.utime(put(folder / "papersim.sqlite", b"x"), ns=(LONG_AGO, LONG_AGO))
    around = ["here"]
    put(folder / stamps.FILE_NAME, data)
    vault = Vault.open(root / "notes")
    with confined_to(root):
        assert stamps.report_if_unchanged(folder, vault, around) is None
    try:
        content = json.loads(data)
        filled = {"around": around, "made": stamps._made(folder), **content}
        filled["crc"] = stamps._checksum(filled)
        put(folder / stamps.FILE_NAME, json.dumps(filled).encode())
    except (ValueError, TypeError, RecursionError):
        return
    with confined_to(root):
        report = stamps.report_if_unchanged(folder, vault, around)
    if report is not None:
        assert report.unchanged == 2
        assert {type(getattr(report, f.name)) for f in fields(IndexReport)} <= {int, float, tuple}
        assert all({type(one.note), type(one.reason)} == {str} for one in report.skipped)


def records(data: bytes) -> None:
    """Read who writes and how the last run ended: texts on one line, or nothing is known."""
    folder = scratch("records")
    put(folder / RUN, data)
    put(folder / HOLDER, data)
    (folder / LOG).unlink(missing_ok=True)
    with confined_to(folder):
        told = last_run(folder)
        assert told is None or isinstance(told, LastRun)
        assert _holder(folder).isprintable()
        with recorded("tags --rename", folder, "info") as run:
            run.tell("1 note")
        after = last_run(folder)
    assert after is not None
    assert (after.command, after.result, after.detail) == ("tags --rename", "done", "1 note")
    lines = (folder / LOG).read_bytes().decode().splitlines()
    assert 1 <= len(lines) <= 2
    assert all(line.isprintable() for line in lines)


def rejections(data: bytes) -> None:
    """Read and write rejected tags: what people wrote stays byte for byte, what is added holds."""
    folder = scratch("rejections")
    file = put(folder / REJECTED, data)
    paper = Paper("id-1", "Rays and Fields", "a.md", 1, (), None, None)
    with confined_to(folder):
        before, message = load_rejections(folder)
        assert "\n" not in message
        assert file.read_bytes() == data, "reading writes nothing"
        add_rejections(folder, [Rejection.of("some tag", paper)])
        after, _ = load_rejections(folder)
    assert after.tags_of(paper) == before.tags_of(paper) | {"some tag"}
    written = file.read_bytes()
    rest = iter(_lines(written))
    bare = data.removeprefix(b"\xef\xbb\xbf")
    assert all(line in rest for line in _lines(bare)), "the lines there are stay, in their order"
    add_rejections(folder, [Rejection.of("some tag", paper)])
    assert file.read_bytes() == written


def _lines(data: bytes) -> list[bytes]:
    return data.removesuffix(b"\n").split(b"\n") if data else []
