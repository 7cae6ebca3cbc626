"""A run with nothing to do is told by a stamp; whatever differs makes it look for itself."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conftest import SMALL_VAULT, Cli, Vault, content, embeddings
from papersim import Library
from papersim.encode.place import PACKAGE, find_weights
from papersim.errors import EncoderError
from papersim.index import stamp
from papersim.index.seal import break_seal
from test_sync import stopped

if TYPE_CHECKING:
    from collections.abc import Callable

    from papersim.model import IndexReport

ALL = len(SMALL_VAULT)
LONG_AGO = 1_600_000_000_000_000_000


def settled(vault: Vault) -> Vault:
    """Return a vault with an index that has nothing left to do."""
    for file in vault.notes.rglob("*.md"):
        os.utime(file, ns=(LONG_AGO, LONG_AGO))
    vault.update()
    assert not looked(vault)[0]
    return vault


def looked(vault: Vault) -> tuple[bool, IndexReport]:
    """Return whether a run of indexing looked for itself, and its report."""
    file = vault.index / stamp.FILE_NAME
    before = (file.stat().st_ino, file.stat().st_mtime_ns) if file.exists() else None
    report = vault.update()
    after = (file.stat().st_ino, file.stat().st_mtime_ns) if file.exists() else None
    return before is None or before != after, report


def database(vault: Vault) -> sqlite3.Connection:
    break_seal(vault.index)  # as whatever writes to it does
    return sqlite3.connect(vault.index / "papersim.sqlite", isolation_level=None)


def rewrite(file: Path, old: bytes, new: bytes) -> None:
    """Change a file in a way that neither size nor time tells."""
    stat = file.stat()
    assert len(old) == len(new)
    assert old in file.read_bytes()
    file.write_bytes(file.read_bytes().replace(old, new))
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))


# --- nothing to do ------------------------------------------------------------------------------


def test_the_report_is_that_of_a_run_that_looked(vault: Vault, tmp_path: Path) -> None:
    vault.write("latin.md", "## Café\n".encode("latin-1"))
    vault.write("blank.md", b"")
    (tmp_path / "secret.md").write_text("x")
    (vault.notes / "outside.md").symlink_to(tmp_path / "secret.md")
    settled(vault)
    (vault.index / stamp.FILE_NAME).unlink()
    by_looking, by_looking_report = looked(vault)
    by_stamp, by_stamp_report = looked(vault)
    assert (by_looking, by_stamp) == (True, False)
    assert replace(by_stamp_report, seconds=0) == replace(by_looking_report, seconds=0)
    assert {s.note for s in by_stamp_report.skipped} == {"latin.md", "blank.md", "outside.md"}


def test_the_command_line_says_the_same(vault: Vault, cli: Cli) -> None:
    settled(vault)
    (vault.index / stamp.FILE_NAME).unlink()
    by_looking = [cli.at(vault, "index", *more) for more in ((), ("--json",), ("--quiet",))]
    by_stamp = [cli.at(vault, "index", *more) for more in ((), ("--json",), ("--quiet",))]
    assert by_stamp[0].out.splitlines()[1] == by_looking[0].out.splitlines()[1]
    assert by_stamp[0].out.startswith(by_looking[0].out.split(" in ")[0])
    assert {**by_stamp[1].json, "seconds": 0} == {**by_looking[1].json, "seconds": 0}
    assert by_stamp[2] == by_looking[2]
    assert all((done.code, done.err) == (0, "") for done in (*by_stamp, *by_looking))


def test_asking_leaves_nothing_to_do(vault: Vault, cli: Cli) -> None:
    settled(vault)
    for command in (
        ("similar", "Text to Mesh"),
        ("search", "mesh"),
        ("suggest-tags", "Text to Mesh"),
        ("papers",),
        ("tags",),
        ("status",),
        ("doctor",),
    ):
        assert cli.at(vault, *command).code == 0
    assert not looked(vault)[0]


def test_full_always_looks(vault: Vault) -> None:
    settled(vault)
    rewrite(vault.notes / "20230401.md", b"#PEFT", b"#LoRA")
    assert not looked(vault)[0], "hidden on purpose"
    assert vault.update(full=True).changed == 1


# --- something to do ----------------------------------------------------------------------------


def add(vault: Vault) -> object:
    return vault.write("new.md", "## A New Paper\n- **Method**: brand new.\n")


def edit(vault: Vault) -> Path:
    return vault.write("20230401.md", SMALL_VAULT["20230401.md"] + "\n## One More\n#x\n")


def only_time(vault: Vault) -> None:
    os.utime(vault.notes / "20230401.md")


def only_size(vault: Vault) -> None:
    os.utime(edit(vault), ns=(LONG_AGO, LONG_AGO))


def swap(vault: Vault) -> object:
    one, two = vault.notes / "20230210.md", vault.notes / "20230320.md"
    one.rename(vault.notes / "between")
    two.rename(one)
    return (vault.notes / "between").rename(two)


NOTES_CHANGED: dict[str, tuple[Callable[[Vault], object], dict[str, int]]] = {
    "a new note": (add, {"added": 1, "unchanged": ALL, "embedded": 1}),
    "an edit": (edit, {"changed": 1, "unchanged": ALL - 1, "embedded": 1}),
    "an edit with the old time": (only_size, {"changed": 1, "unchanged": ALL - 1, "embedded": 1}),
    "a new time": (only_time, {"unchanged": ALL}),
    "a note less": (
        lambda v: (v.notes / "20230105.md").unlink(),
        {"removed": 1, "unchanged": ALL - 1},
    ),
    "a new name": (
        lambda v: (v.notes / "20230105.md").rename(v.notes / "20240105.md"),
        {"moved": 1, "unchanged": ALL - 1},
    ),
    "names swapped": (swap, {"changed": 2, "unchanged": ALL - 2}),
    "a link that leads out": (
        lambda v: (v.notes / "link.md").symlink_to(v.root / "nothing"),
        {"unchanged": ALL},
    ),
}


@pytest.mark.parametrize("change", NOTES_CHANGED)
def test_changed_notes_are_seen(vault: Vault, change: str) -> None:
    settled(vault)
    make, expected = NOTES_CHANGED[change]
    make(vault)
    seen, report = looked(vault)
    assert seen
    assert {name: getattr(report, name) for name in expected} == expected
    assert len(report.skipped) == (change == "a link that leads out")
    assert vault.open().status().up_to_date


LABELS = ('exact = ["kniffe im detail"]', 'exact = ["kniffe im *"]', 'contains = ["kniffe"]')


@pytest.mark.parametrize("label", LABELS)
def test_changed_labels_are_seen(vault: Vault, monkeypatch: pytest.MonkeyPatch, label: str) -> None:
    monkeypatch.chdir(vault.root)
    vault.write("odd.md", "## Odd Headings Everywhere\n### Kniffe im Detail\nTwo tricks in one.\n")
    settled(vault)
    for kind in ("method", "results"):
        (vault.root / "papersim.toml").write_text(f"[labels.{kind}]\n{label}\n")
        assert not vault.open().status().up_to_date
        seen, report = looked(vault)
        assert (seen, report.unchanged, report.embedded) == (True, ALL + 1, 0)
        (paper,) = (d for d in vault.open().papers() if d.paper.title.startswith("Odd"))
        assert [section.kinds for section in paper.sections] == [(kind,)]
        assert not looked(vault)[0]
        assert vault.open().status().up_to_date


def test_changed_patterns_are_seen(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(vault.root)
    settled(vault)
    file = vault.root / "papersim.toml"
    file.write_text('exclude = ["reading"]\n')
    assert looked(vault)[1].removed == 3
    file.write_text('exclude = ["read*"]\n')
    assert looked(vault)[1].unchanged == ALL - 3
    file.unlink()
    assert looked(vault)[1].added == 3


def test_other_notes_are_seen(vault: Vault, tmp_path: Path) -> None:
    settled(vault)
    shutil.copytree(vault.notes, tmp_path / "copy")
    other = Library.open(tmp_path / "copy", vault.index)
    assert other.index().unchanged == ALL
    assert other.status().up_to_date
    assert looked(vault)[0], "the index is of the copy now"


def test_another_model_is_seen(vault: Vault) -> None:
    settled(vault)
    with pytest.raises(EncoderError):
        vault.open(model="./no-such-model").index()
    assert looked(vault)[0]


def test_other_weights_are_looked_at(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after an update of the package that carries them; here they are the same, elsewhere."""
    settled(vault)
    weights = find_weights()
    (tmp_path / PACKAGE).mkdir()
    (tmp_path / PACKAGE / "__init__.py").touch()
    (tmp_path / PACKAGE / weights.name).symlink_to(weights)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, PACKAGE, raising=False)
    assert find_weights() != weights
    seen, report = looked(vault)
    assert (seen, report.embedded) == (True, 0)
    assert not looked(vault)[0]


def test_another_version_of_the_program_looks(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may read notes otherwise, or keep other files."""
    program = tmp_path / "program"
    (program / "notes").mkdir(parents=True)
    (program / "notes" / "labels.toml").write_text("old")
    monkeypatch.setattr(stamp, "_PROGRAM", str(program))
    settled(vault)
    (program / "notes" / "labels.toml").write_text("newer")
    assert looked(vault)[0]
    assert not looked(vault)[0]
    (program / "__pycache__").mkdir()
    assert not looked(vault)[0], "what Python keeps is not the program"


# --- the index ----------------------------------------------------------------------------------


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


@pytest.mark.parametrize("damage", [Path.unlink, cut])
def test_derived_files_are_made_again(vault: Vault, damage: Callable[[Path], None]) -> None:
    settled(vault)
    names = {f.name for f in vault.index.iterdir()} - {*stamp._PASSING, "papersim.sqlite"}
    assert len(names) >= 4
    for name in sorted(names):
        damage(vault.index / name)
        seen, report = looked(vault)
        assert (seen, report.embedded, report.unchanged) == (True, 0, ALL), name
        messages: list[str] = []
        assert vault.open(messages.append).suggest_tags("Text to Mesh")
        assert messages == [], f"{name} was made again by indexing"
        assert not looked(vault)[0]


@pytest.mark.parametrize("stamped", [True, False])
def test_missing_embeddings_are_made_again(vault: Vault, stamped: bool) -> None:
    settled(vault)
    before, rows = embeddings(vault), content(vault)
    with database(vault) as db:
        db.execute("DELETE FROM embeddings WHERE rowid % 3 = 0")
    db.close()
    lost = before.keys() - embeddings(vault).keys()
    if not stamped:
        (vault.index / stamp.FILE_NAME).unlink()
    assert not vault.open().status().up_to_date
    seen, report = looked(vault)
    assert (seen, report.embedded) == (True, len(lost))
    assert embeddings(vault).keys() == before.keys()
    assert content(vault) == rows
    assert vault.open().status().up_to_date


def test_an_index_put_back_from_a_backup_is_looked_at(vault: Vault, tmp_path: Path) -> None:
    settled(vault)
    shutil.copytree(vault.index, tmp_path / "backup")
    add(vault)
    settled(vault)
    new = (vault.index / stamp.FILE_NAME).read_bytes()
    shutil.rmtree(vault.index)
    shutil.copytree(tmp_path / "backup", vault.index)
    (vault.index / stamp.FILE_NAME).write_bytes(new)
    seen, report = looked(vault)
    assert (seen, report.added) == (True, 1)


@pytest.mark.parametrize("moment", ["embedding", "applying", "deriving"])
def test_an_interrupted_run_is_gone_on_with(vault: Vault, moment: str) -> None:
    settled(vault)
    add(vault)
    os.utime(vault.notes / "new.md", ns=(LONG_AGO, LONG_AGO))
    assert stopped(vault, moment, signal.SIGKILL).returncode == -signal.SIGKILL
    assert looked(vault)[0]
    assert vault.open().status().up_to_date
    assert "A New Paper" in vault.ids()
    assert not looked(vault)[0]


def test_changes_that_are_only_in_the_log_are_seen(vault: Vault) -> None:
    """SQLite writes them into the file itself when the last one who reads has gone."""
    settled(vault)
    reader, writer = database(vault), database(vault)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM meta").fetchall()
    writer.execute("DELETE FROM embeddings WHERE rowid = 1")
    writer.close()
    assert looked(vault)[1].embedded == 1
    reader.close()


DAMAGED = ["", "{", "[]", "null", "{}", '{"around": 1}', '"x"', "\0"]


@pytest.mark.parametrize("text", DAMAGED)
def test_a_stamp_that_is_none_is_none(vault: Vault, text: str) -> None:
    settled(vault)
    (vault.index / stamp.FILE_NAME).write_text(text)
    seen, report = looked(vault)
    assert (seen, report.unchanged) == (True, ALL)
    assert not looked(vault)[0]


def test_a_stamp_that_lacks_something_is_none(vault: Vault) -> None:
    settled(vault)
    whole = json.loads((vault.index / stamp.FILE_NAME).read_bytes())
    for key in whole:
        part = {name: value for name, value in whole.items() if name != key}
        (vault.index / stamp.FILE_NAME).write_text(json.dumps(part))
        assert looked(vault)[0], key


# --- times that do not tell ---------------------------------------------------------------------


def test_a_change_within_the_clocks_tick_is_seen_by_the_next_run(vault: Vault) -> None:
    """Written, indexed and written again before the file system's clock moved on."""
    settled(vault)
    file = edit(vault)
    assert looked(vault)[1].changed == 1
    rewrite(file, b"#PEFT", b"#LoRA")
    assert not vault.open().status().up_to_date
    seen, report = looked(vault)
    assert (seen, report.changed) == (True, 1)
    assert vault.open().find("Rank-One Updates").tags == ("LoRA",)
    assert vault.open().status().up_to_date


def test_a_young_note_is_read_until_it_is_old_enough(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(vault)
    edit(vault)
    assert looked(vault)[1].changed == 1
    assert looked(vault)[0]
    assert vault.open().status().up_to_date, "its content tells"
    later = time.time_ns() + 3_000_000_000
    monkeypatch.setattr(time, "time_ns", lambda: later)
    seen, report = looked(vault)
    assert (seen, report.unchanged) == (True, ALL)
    assert not looked(vault)[0]


def test_a_note_from_the_future_is_no_young_one(vault: Vault) -> None:
    """Else an index with one would never be done."""
    settled(vault)
    future = time.time_ns() + 10**15
    file = edit(vault)
    os.utime(file, ns=(future, future))
    assert looked(vault)[1].changed == 1
    assert not looked(vault)[0]
