"""Faults of disks, folders and clocks: one line, nothing half-written, the old index answers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conftest import SMALL_VAULT, Cli, Done, Vault, environment, snapshot
from papersim.errors import VaultError
from papersim.index import plan as plans
from papersim.index.plan import make_plan
from papersim.index.store import NoteState
from papersim.vault import Vault as Notes

if TYPE_CHECKING:
    from collections.abc import Iterator

TITLE = "Text to Mesh"
LONG_AGO = 1_600_000_000_000_000_000
ALL = len(SMALL_VAULT)


def hits(vault: Vault) -> list[tuple[str, float]]:
    return [(hit.paper.id, hit.score) for hit in vault.open().similar(TITLE, k=20)]


def refused(done: Done) -> str:
    """Return the one line with which a command stopped."""
    assert (done.code, done.out) == (1, ""), done
    (line,) = done.err.splitlines()
    return line


def text_of(number: int) -> str:
    said = " ".join(f"word{number}x{n}" for n in range(40))
    return f"# A Long Paper, Number {number}\n#PEFT\n\n## Method\n{said}\n"


# --- a full disk ----------------------------------------------------------------------------------


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a disk of its own of 3 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a disk can be mounted by root alone")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path, left: int) -> Path:
    """Leave so many bytes of a disk free."""
    ballast = disk / "ballast"
    ballast.unlink(missing_ok=True)
    room = os.statvfs(disk)
    with ballast.open("wb") as opened:
        opened.write(bytes(max(0, room.f_bavail * room.f_bsize - left)))
    return ballast


@pytest.mark.parametrize("left", [0, 50_000, 250_000])
def test_no_room_for_a_first_index(vault: Vault, disk: Path, cli: Cli, left: int) -> None:
    place = Vault(vault.root)
    index = disk / "index"
    ballast = fill(disk, left)
    given = ("--notes", place.notes, "--index", index)
    line = refused(cli("index", *given))
    assert "make room" in line
    ballast.unlink()
    assert not list(disk.rglob(".papersim-*")), "nothing half-written stays"
    done = cli("index", *given, "--json")
    assert (done.code, done.json["added"]) == (0, ALL)
    assert cli("similar", TITLE, *given).code == 0


@pytest.mark.parametrize("left", [0, 20_000, 150_000])
def test_no_room_for_a_change(vault: Vault, disk: Path, cli: Cli, left: int) -> None:
    """The old index answers as before; with room again, it is as if nothing had been."""
    shutil.move(vault.index, disk / "index")
    (vault.root / "index").symlink_to(disk / "index")
    before = hits(vault)
    for number in range(30):
        vault.write(f"more{number}.md", text_of(number))
    ballast = fill(disk, left)
    assert "make room" in refused(cli.at(vault, "index"))
    assert len(hits(vault)) in {len(before), len(before) + 10}
    if left == 0:
        assert hits(vault) == before
    ballast.unlink()
    assert not list(disk.rglob(".papersim-*"))
    assert cli.at(vault, "index").code == 0
    assert vault.open().status().up_to_date
    findings = cli.at(vault, "doctor", "--json").json["findings"]
    assert {finding["kind"] for finding in findings} <= {"boilerplate"}


EDITS = {
    "--apply": ("suggest-tags", "Splats in Motion", "--apply", "--min-confidence", "0"),
    "--rename": ("tags", "--rename", "PEFT", "LoRA"),
    "undo": ("undo",),
    "--reject": ("suggest-tags", "Splats in Motion", "--reject", "LLM"),
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("where", ["index", "notes"])
def test_no_room_for_an_edit(vault: Vault, disk: Path, cli: Cli, edit: str, where: str) -> None:
    """Each note is the old one or the new one, and what was done before can be taken back."""
    if edit == "undo":
        assert cli.at(vault, "tags", "--rename", "音声", "speech").code == 0
    shutil.move(vault.root / where, disk / where)
    (vault.root / where).symlink_to(disk / where)
    vault.update()
    notes = {name: data for name, (data, *_) in snapshot(vault.notes).items()}
    ballast = fill(disk, 0)
    done = cli.at(vault, *EDITS[edit])
    if (where, edit) in {("index", "undo"), ("notes", "--reject")}:
        assert done.code == 0, "it takes no room there"
    else:
        assert done.code == 1
        said = [line for line in done.err.splitlines() if "No space left" in line]
        assert said, done
        assert {name: data for name, (data, *_) in snapshot(vault.notes).items()} == notes
    assert not list(disk.rglob(".papersim-*"))
    assert hits(vault)
    ballast.unlink()
    assert cli.at(vault, *EDITS[edit]).code in {0, 1 if edit == "undo" else 0}


# --- folders that may not be written, or are not there --------------------------------------------


def test_a_read_only_index_answers_and_says_what_it_cannot(
    vault: Vault, cli: Cli, tmp_path: Path
) -> None:
    """On a disk that may only be read: an archive, a snapshot, somebody else's."""
    shutil.copytree(vault.index, tmp_path / "source")
    index = tmp_path / "read-only"
    index.mkdir()
    mount = ["mount", "--bind", "-o", "ro", str(tmp_path / "source"), str(index)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a folder can be mounted read-only by root alone")
    given = ("--notes", vault.notes, "--index", index)
    try:
        with pytest.raises(OSError, match="Read-only"):
            (index / "x").touch()
        asked = (("similar", TITLE), ("search", "speech"), ("suggest-tags", TITLE), ("papers",))
        for words in asked:
            done, expected = cli(*words, *given, "--json"), cli.at(vault, *words, "--json")
            assert (done.code, done.err, done.out) == (0, "", expected.out), words
        assert cli("status", *given).code == 0
        assert cli("doctor", *given).code == 0
        vault.write("new.md", text_of(1))
        assert "--index DIR" in refused(cli("index", *given))
        assert "--index DIR" in refused(cli("doctor", "--fix", *given))
        assert cli("similar", TITLE, *given).code == 0
    finally:
        subprocess.run(["umount", "-l", str(index)], check=True)


AS_NOBODY = """
import os, sys
os.setgid(65534); os.setuid(65534)
from papersim.cli import main
main()
"""


def test_another_user_can_ask_but_not_index(vault: Vault) -> None:
    """An index that belongs to somebody else is read as it is."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    with tempfile.TemporaryDirectory() as name:
        place = Vault(Path(name) / "vault")
        shutil.copytree(vault.root, place.root)
        Path(name).chmod(0o755)
        place.update()

        def run(*words: str) -> subprocess.CompletedProcess[str]:
            given = ["--notes", str(place.notes), "--index", str(place.index)]
            command = [sys.executable, "-c", AS_NOBODY, *words, *given]
            return subprocess.run(
                command, env=environment(), capture_output=True, text=True, check=False, cwd=name
            )

        done = run("similar", TITLE, "--json")
        if "No module named" in done.stderr or "Permission denied" in done.stderr:
            pytest.skip("another user cannot read this papersim")
        assert (done.returncode, done.stderr) == (0, "")
        place.write("new.md", text_of(1))
        before = snapshot(place.index)
        done = run("index")
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
        assert snapshot(place.index) == before


def test_a_folder_that_is_suddenly_empty_is_not_believed(vault: Vault, cli: Cli) -> None:
    """As where a disk is not mounted: years of notes are not taken out of the index for that."""
    before = hits(vault)
    vault.notes.rename(vault.root / "away")
    assert "--notes DIR" in refused(cli.at(vault, "index"))
    vault.notes.mkdir()
    line = refused(cli.at(vault, "index"))
    assert f"is empty but the index knows {ALL} notes" in line
    assert "run: papersim index --full" in line
    assert hits(vault) == before
    done = cli.at(vault, "doctor", "--fix")
    assert done.code == 1
    assert hits(vault) == before
    vault.notes.rmdir()
    (vault.root / "away").rename(vault.notes)
    assert vault.update().unchanged == ALL
    shutil.rmtree(vault.notes)
    vault.notes.mkdir()
    assert vault.update(full=True).removed == ALL


class Vanishing(Notes):
    """A folder of notes that goes as a note is read."""

    def read(self, path: str) -> bytes:
        """Take the folder away, then read."""
        if self.root.exists():
            self.root.rename(self.root.with_name("away"))
            self.root.mkdir()
        return super().read(path)


def test_notes_that_vanish_while_they_are_read(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        vault.write(f"more{number}.md", text_of(number))
    library = vault.open()
    vanishing = Vanishing(vault.notes)
    monkeypatch.setitem(library._parts.__dict__, "vault", vanishing)
    ids = vault.ids()
    with pytest.raises(VaultError, match="is empty"):
        library.index()
    assert vault.ids() == ids
    assert not vault.open().status().up_to_date
    vault.notes.rmdir()
    vault.notes.with_name("away").rename(vault.notes)
    assert (vault.update().added, len(vault.ids())) == (5, len(ids) + 5)


def test_a_subfolder_that_cannot_be_read_keeps_its_papers(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network folder that is away for a moment is not three notes less."""
    ids = vault.ids()
    real = os.scandir

    def away(path: str) -> object:
        if Path(path).name == "reading":
            raise OSError(112, "Host is down")
        return real(path)

    vault.write("new.md", text_of(1))
    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", away)
        report = vault.update()
    assert (report.added, report.removed) == (1, 0)
    assert [(s.note, s.reason) for s in report.skipped] == [
        ("reading", "cannot be read: Host is down")
    ]
    assert vault.ids().items() >= ids.items()
    assert vault.open().find("Finding Passages").note == "reading/retrieval.md"
    assert vault.update().unchanged == ALL + 1


def test_a_root_that_cannot_be_read_stops_the_run(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = vault.ids()

    real = os.scandir

    def away(path: str) -> object:
        if Path(path) == vault.notes:
            raise OSError(5, "Input/output error")
        return real(path)

    vault.write("new.md", text_of(1))
    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", away)
        for full in (False, True):
            with pytest.raises(VaultError, match="Input/output error"):
                vault.update(full=full)
    assert vault.ids() == ids


# --- notes that change, clocks that lie -----------------------------------------------------------


class Growing(Notes):
    """A folder in which a note grows while it is read."""

    def read(self, path: str) -> bytes:
        """Return half of a note, then write the whole of another state."""
        data = super().read(path)
        if path == "new.md" and not data.endswith(b"And more.\n"):
            (self.root / path).write_bytes(data + b"And more.\n")
        return data[: len(data) // 2]


def test_a_note_that_changes_while_it_is_read_is_read_again(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = vault.write("new.md", text_of(1))
    os.utime(file, ns=(LONG_AGO, LONG_AGO))
    library = vault.open()
    monkeypatch.setitem(library._parts.__dict__, "vault", Growing(vault.notes))
    library.index()
    assert not vault.open().status().up_to_date
    vault.update()
    (paper,) = (d for d in vault.open().papers() if d.paper.title.startswith("A Long Paper"))
    assert "And more." in paper.sections[0].text


def test_a_clock_that_goes_backwards_hides_no_change(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Times are compared for being the same, not for being later."""
    file = vault.notes / "20230401.md"
    hour = 3_600 * 10**9
    now = time.time_ns()
    vault.update()
    monkeypatch.setattr(time, "time_ns", lambda: now - hour)
    file.write_bytes(file.read_bytes().replace(b"#PEFT", b"#LoRA"))
    os.utime(file, ns=(now - hour, now - hour))
    assert vault.update().changed == 1
    assert vault.open().find("Rank-One Updates").tags == ("LoRA",)
    file.write_bytes(file.read_bytes().replace(b"#LoRA", b"#PEFT"))
    os.utime(file, ns=(now - hour, now - hour))
    assert vault.update().changed == 1, "it was young by the clock of the run before"


def test_a_share_of_what_looks_the_same_is_read_with_each_run(empty: Vault) -> None:
    """Size and time may lie; one run after the other gets round to every note."""
    for number in range(40):
        os.utime(empty.write(f"n{number:02}.md", text_of(number)), ns=(LONG_AGO, LONG_AGO))
    empty.update()
    hidden = empty.notes / "n30.md"
    hidden.write_bytes(hidden.read_bytes().replace(b"#PEFT", b"#LoRA"))
    os.utime(hidden, ns=(LONG_AGO, LONG_AGO))
    found = []
    for number in range(6):
        os.utime(empty.write("x.md", text_of(100 + number)), ns=(LONG_AGO + number,) * 2)
        found.append(empty.update().changed)
    assert sum(found) in {6, 7}
    assert empty.open().find("A Long Paper, Number 30").tags == ("LoRA",)


def test_what_is_sampled_goes_round(empty: Vault) -> None:
    for number in range(20):
        empty.write(f"n{number:02}.md", "x")
    notes = Notes.open(empty.notes)
    known = {f.path: NoteState(f.size, f.mtime_ns, "") for f in notes.scan()[0]}
    assert make_plan(notes, known, after="").read == (), "nothing to do opens no file"
    empty.write("new.md", "x")
    seen: list[str] = []
    after = ""
    for _ in range(5):
        plan = make_plan(notes, known, after=after)
        after = plan.sampled
        seen += [f.path for f in plan.read if f.path != "new.md"]
        assert len(plan.read) == 1 + plans._LEAST_SAMPLED
    assert set(seen) == set(known)
    assert len(make_plan(notes, known).read) == 1, "who only looks samples nothing"


# --- names ----------------------------------------------------------------------------------------


def test_a_new_case_is_a_new_name(vault: Vault) -> None:
    """On any file system: the paper moves, nothing is embedded, nothing is there twice."""
    ids = vault.ids()
    (vault.notes / "20230210.md").rename(vault.notes / "20230210.MD")
    (vault.notes / "reading/koe.md").rename(vault.notes / "reading/Koe.md")
    report = vault.update()
    assert (report.moved, report.embedded, report.unchanged) == (2, 0, ALL - 2)
    assert vault.ids() == ids
    assert vault.open().find("Text to Mesh").note == "20230210.MD"


def test_names_that_differ_in_case_alone(vault: Vault) -> None:
    vault.write("case.md", "# The Lower One\n\nIt says this.\n")
    vault.write("CASE.md", "# The Upper One\n\nIt says that.\n")
    both = {"case.md", "CASE.md"} <= {path.name for path in vault.notes.iterdir()}
    vault.update()
    titles = {t for t in vault.ids() if t.endswith("er One")}
    assert titles == ({"The Lower One", "The Upper One"} if both else {"The Upper One"})
    assert vault.open().status().up_to_date
