"""`papersim index --watch`: real folders, real announcements, real signals."""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import papersim.watch
from conftest import content, environment, snapshot
from papersim.errors import ConfigError, VaultError
from papersim.watch import SteadyVault, file_system_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Cli, Vault
    from papersim import Library
    from papersim.model import IndexReport

LONG = 60.0  # seconds; a machine may be busy
TEXTS = 80
QUIET = 2.0  # seconds in which an update would have begun

NOTE = "## A Note on Following\n#retrieval\n- **Method**: Look when something has changed.\n"


class Following:
    """A library that follows its notes in a thread of its own."""

    def __init__(self, library: Library, messages: list[str]) -> None:
        self.library, self.messages = library, messages
        self._reports: queue.Queue[IndexReport | BaseException] = queue.Queue()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow)
        self._thread.start()

    def _follow(self) -> None:
        try:
            for report in self.library.watch(self._stop):
                self._reports.put(report)
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            self._reports.put(error)

    def next(self) -> IndexReport:
        """Return the report of the next update."""
        report = self._reports.get(timeout=LONG)
        if isinstance(report, BaseException):
            raise report
        return report

    def more(self) -> list[IndexReport]:
        """Return the reports of updates that were not to be expected."""
        time.sleep(QUIET)
        found = []
        while not self._reports.empty():
            found.append(self.next())
        return found

    def wait_for(self, message: str) -> None:
        """Return as soon as something is said."""
        wait_until(lambda: any(message in said for said in self.messages))

    def end(self) -> None:
        """Stop, and wait for it."""
        self._stop.set()
        self._thread.join(LONG)
        assert not self._thread.is_alive()


def wait_until(there: Callable[[], object]) -> None:
    end = time.monotonic() + LONG
    while not there():
        assert time.monotonic() < end
        time.sleep(0.05)


@contextmanager
def following(vault: Vault) -> Iterator[Following]:
    """Yield what follows a vault, after its first update and when changes are announced."""
    messages: list[str] = []
    followed = Following(vault.open(messages.append), messages)
    try:
        followed.next()
        # Changes made before the watch stands are found as well, but later.
        vault.write("first.md", NOTE)
        assert followed.next().added == 1
        yield followed
    finally:
        followed.end()


def counts(report: IndexReport) -> tuple[int, int, int, int]:
    return report.added, report.changed, report.moved, report.removed


def same_as_fresh(vault: Vault) -> bool:
    """Return whether the index is what a run by hand would make of the notes."""
    before = content(vault)
    vault.update(full=True)
    return content(vault) == before


# --- what is an update ---------------------------------------------------------------------------


def test_a_sync_of_1000_files_is_one_update_or_two(vault: Vault) -> None:
    with following(vault) as followed:
        for number in range(1000):
            vault.write(f"synced/{number % 7}/{number}.md", NOTE)
        reports = [followed.next()]
        if reports[0].added < 1000:
            reports.append(followed.next())
        assert sum(report.added for report in reports) == 1000
        assert not followed.more()


def test_a_change_a_rename_and_a_removal_are_told_as_such(vault: Vault) -> None:
    with following(vault) as followed:
        vault.write("first.md", NOTE + "- **Results**: It was found.\n")
        assert counts(followed.next()) == (0, 1, 0, 0)
        (vault.notes / "first.md").rename(vault.notes / "second.md")
        assert counts(followed.next()) == (0, 0, 1, 0)
        (vault.notes / "second.md").unlink()
        assert counts(followed.next()) == (0, 0, 0, 1)
    assert same_as_fresh(vault)


@pytest.mark.parametrize("way", ["rename", "backup"])
def test_a_save_through_a_temporary_file_is_one_change(vault: Vault, way: str) -> None:
    file, text = vault.notes / "first.md", NOTE + "- **Results**: Saved.\n"
    with following(vault) as followed:
        if way == "rename":
            temporary = vault.write(".first.md.tmp-1", text)
            temporary.replace(file)
        else:  # as vim does, which tries out first whether it may create files
            vault.write("4913", "").unlink()
            file.rename(vault.notes / "first.md~")
            file.write_text(text, "utf-8")
            (vault.notes / "first.md~").unlink()
        assert counts(followed.next()) == (0, 1, 0, 0)
        assert not followed.more()


def test_a_note_written_bit_by_bit_is_one_change(vault: Vault) -> None:
    with following(vault) as followed:
        with (vault.notes / "first.md").open("a", encoding="utf-8") as file:
            for number in range(20):
                print(f"- **Results**: {number} of them.", file=file, flush=True)
                time.sleep(0.1)
        assert counts(followed.next()) == (0, 1, 0, 0)
        assert not followed.more()


def test_folders_come_go_and_are_renamed_as_a_whole(vault: Vault, tmp_path: Path) -> None:
    outside = tmp_path / "outside" / "deep" / "er"
    outside.mkdir(parents=True)
    for number in range(3):
        (outside / f"{number}.md").write_text(f"{NOTE}{number}", "utf-8")
    with following(vault) as followed:
        (tmp_path / "outside").rename(vault.notes / "inside")
        assert counts(followed.next()) == (3, 0, 0, 0)
        vault.write("inside/deep/er/3.md", NOTE + "3")
        assert counts(followed.next()) == (1, 0, 0, 0)
        (vault.notes / "inside").rename(vault.notes / "renamed")
        assert counts(followed.next()) == (0, 0, 4, 0)
        shutil.rmtree(vault.notes / "renamed")
        assert counts(followed.next()) == (0, 0, 0, 4)


def test_what_is_no_note_starts_no_update(vault: Vault) -> None:
    with following(vault) as followed:
        before = snapshot(vault.index)
        vault.write(".git/index", "")
        vault.write(".obsidian/workspace.md", NOTE)
        vault.write("picture.png", b"\x89PNG")
        vault.write("first.md.swp", "")
        vault.write("first.md~", NOTE).unlink()
        (vault.notes / ".#first.md").symlink_to("somebody@here.1234")  # as Emacs locks a file
        (vault.notes / "new").mkdir()
        assert not followed.more()
        assert snapshot(vault.index) == before


def test_an_index_among_the_notes_causes_no_updates_of_its_own(vault: Vault) -> None:
    for folder in (vault.notes / "index", vault.notes):
        messages: list[str] = []
        library = papersim.Library.open(vault.notes, folder, on_message=messages.append)
        followed = Following(library, messages)
        try:
            assert followed.next().papers
            vault.write(f"of-{folder.name}.md", NOTE)
            assert followed.next().added == 1
            time.sleep(QUIET)
            before = snapshot(folder)
            assert not followed.more()
            assert snapshot(folder) == before
        finally:
            followed.end()


def test_a_name_that_is_not_utf_8_does_not_end_the_watch(vault: Vault) -> None:
    with following(vault) as followed:
        Path(os.fsdecode(os.fsencode(vault.notes) + b"/\xff.md")).write_text(NOTE, "utf-8")
        time.sleep(QUIET)
        vault.write("second.md", NOTE + "2")
        assert followed.next().added == 1


def test_another_process_may_write_the_index_meanwhile(vault: Vault) -> None:
    with following(vault) as followed:
        for number in range(5):
            vault.write(f"{number}.md", NOTE + str(number))
            vault.update()
        wait_until(lambda: "4.md" in vault.store().notes())
        vault.write("5.md", NOTE + "5")
        wait_until(lambda: "5.md" in vault.store().notes())
        assert not any("trying again" in said for said in followed.messages)
    assert same_as_fresh(vault)


# --- the folder goes and comes -------------------------------------------------------------------


def test_a_folder_moved_away_and_back_loses_no_paper(vault: Vault) -> None:
    away = vault.root / "away"
    with following(vault) as followed:
        before = content(vault)
        vault.notes.rename(away)
        followed.wait_for("is away; waiting for it")
        (away / "while-away.md").write_text(NOTE + "away", "utf-8")
        assert not followed.more()
        assert content(vault) == before
        away.rename(vault.notes)
        assert counts(followed.next()) == (1, 0, 0, 0)
        vault.write("back.md", NOTE + "back")
        assert counts(followed.next()) == (1, 0, 0, 0)
        assert [said for said in followed.messages if "is away" in said] == [
            f"the notes folder {vault.notes} is away; waiting for it"
        ]


def test_a_folder_in_the_place_of_another_is_followed(vault: Vault) -> None:
    with following(vault) as followed:
        shutil.copytree(vault.notes, vault.root / "other")
        (vault.root / "other" / "more.md").write_text(NOTE + "more", "utf-8")
        vault.notes.rename(vault.root / "away")
        (vault.root / "other").rename(vault.notes)
        assert counts(followed.next()) == (1, 0, 0, 0)
        vault.write("still-more.md", NOTE + "still more")
        assert counts(followed.next()) == (1, 0, 0, 0)


def test_an_empty_folder_is_waited_for_until_it_is_indexed_by_hand(vault: Vault) -> None:
    with following(vault) as followed:
        before = content(vault)
        vault.notes.rename(vault.root / "away")
        vault.notes.mkdir()
        followed.wait_for("is empty and its index is not")
        assert not followed.more()
        assert content(vault) == before
        assert vault.update().removed == len(before["notes"])
        followed.wait_for("going on")
        vault.write("new.md", NOTE)
        wait_until(lambda: [d.paper.note for d in vault.open().papers()] == ["new.md"])


def test_an_empty_mount_point_at_the_start_is_waited_for(vault: Vault) -> None:
    before = content(vault)
    vault.notes.rename(vault.root / "away")
    for is_there in (False, True):
        if is_there:
            vault.notes.mkdir()
        messages: list[str] = []
        followed = Following(vault.open(messages.append), messages)
        followed.wait_for("waiting for")
        assert content(vault) == before
        followed.end()


def test_a_vault_that_vanishes_as_it_is_read_is_away(vault: Vault) -> None:
    steady = SteadyVault(vault.notes, (), lambda: True)
    assert steady.scan()[0]
    vault.notes.rename(vault.root / "away")
    with pytest.raises(VaultError, match="is away"):
        steady.scan()
    vault.notes.mkdir()
    with pytest.raises(VaultError, match="is empty"):
        steady.scan()
    assert SteadyVault(vault.notes).scan() == ((), ())


MOUNTED = """
import subprocess, sys, time
def run(*words): subprocess.run(words, check=True)
notes, disk, *command = sys.argv[1:]
run("mount", "--bind", disk, notes)
watch = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
print(watch.stdout.readline(), end="")
time.sleep(4)
run("umount", "--lazy", notes)
time.sleep(4)
open(disk + "/new.md", "w").write("## Written on the disk\\n")
run("mount", "--bind", disk, notes)
print(watch.stdout.readline(), end="")
open(notes + "/newer.md", "w").write("## Written after it was back\\n")
print(watch.stdout.readline(), end="")
watch.terminate()
print(watch.wait())
"""


def may(*command: str) -> bool:
    """Return whether a command can be run in namespaces of its own."""
    try:
        return not subprocess.run(["unshare", *command], check=False, timeout=LONG).returncode
    except OSError:
        return False


@pytest.mark.skipif(not may("-Urm", "true"), reason="mounting needs a namespace of its own")
def test_a_disk_that_is_unmounted_and_back_is_followed_again(vault: Vault) -> None:
    disk = vault.root / "disk"
    vault.notes.rename(disk)
    vault.notes.mkdir()
    driver = ["unshare", "-Urm", sys.executable, "-c", MOUNTED, str(vault.notes), str(disk)]
    done = subprocess.run(
        [*driver, *command(vault, "--json", "--quiet")],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=2 * LONG,
    )
    *lines, code = done.stdout.splitlines()
    reports = [json.loads(line) for line in lines]
    assert [(r["added"], r["removed"], r["papers"]) for r in reports] == [
        (0, 0, 10), (1, 0, 11), (1, 0, 12),
    ]  # fmt: skip
    assert code == "0"


# --- what goes wrong -----------------------------------------------------------------------------


def test_what_goes_wrong_is_said_once_and_tried_again(vault: Vault) -> None:
    with following(vault) as followed:
        vault.index.rename(vault.root / "kept")
        vault.index.write_bytes(b"")  # nothing can be written where a file lies
        vault.write("second.md", NOTE + "2")
        followed.wait_for("trying again")
        time.sleep(2 * QUIET)
        assert len([said for said in followed.messages if "trying again" in said]) == 1
        vault.index.unlink()
        (vault.root / "kept").rename(vault.index)
        assert counts(followed.next()) == (1, 0, 0, 0)
        assert followed.messages[-1] == "going on; the index is up to date"


def test_what_will_never_go_right_ends_the_watch_at_once(
    cli: Cli, vault: Vault, tmp_path: Path
) -> None:
    other = papersim.Library.open(tmp_path / "no-such-folder", vault.index)
    with pytest.raises(VaultError, match="does not exist"):
        next(other.watch(threading.Event()))
    done = cli.at(vault, "index", "--watch", "--model", "no/such-model")
    assert (done.code, done.out) == (1, "")
    (tmp_path / "papersim.toml").write_text("[labels.nonsense]\nexact = ['x']\n", "utf-8")
    with pytest.raises(ConfigError):
        next(vault.open().watch(threading.Event()))


@pytest.mark.skipif(not may("-Ur", "true"), reason="limits need a namespace of their own")
def test_without_announcements_changes_are_looked_for(vault: Vault) -> None:
    limit = 'echo 0 > /proc/sys/user/max_inotify_instances && exec "$@"'
    with started(vault, "--json", before=("unshare", "-Ur", "sh", "-c", limit, "-")) as watch:
        watch.report()
        watch.wait_for("looking for them every 5 seconds")
        vault.write("second.md", NOTE)
        assert watch.report()["added"] == 1
        assert watch.end(signal.SIGINT) == 0
        assert watch.said.count("looking for them") == 1


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/home/me/notes", "ext4"), ("/home/my disk/a", "cifs"), ("/mnt/nas/x", "nfs4"), ("", "ext4")],
)
def test_the_type_of_a_file_system_is_found_by_the_longest_mount(path: str, expected: str) -> None:
    mounts = (
        "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        "30 22 0:40 / /mnt/nas rw - autofs systemd-1 rw\n"
        "31 22 0:41 / /mnt/nas rw,relatime shared:9 master:2 - nfs4 nas:/ rw\n"
        "32 22 0:42 / /home/my\\040disk rw - cifs //nas/disk rw\n"
    )
    assert file_system_of(path, mounts) == expected


def test_what_only_updates_need_is_let_go_of(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(papersim.watch, "_IDLE", 0.5)
    with following(vault) as followed:
        parts = followed.library._parts
        assert "model" in parts.__dict__
        wait_until(lambda: "model" not in parts.__dict__)
        vault.write("second.md", NOTE + "2")
        assert followed.next().embedded


# --- the command ---------------------------------------------------------------------------------


def command(vault: Vault, *options: str) -> list[str]:
    at = ("--notes", str(vault.notes), "--index", str(vault.index))
    return [sys.executable, "-m", "papersim", "index", "--watch", *at, *options]


class Started:
    """A process that follows a vault."""

    def __init__(self, vault: Vault, options: tuple[str, ...], before: tuple[str, ...]) -> None:
        self._errors = vault.root / "stderr"
        with self._errors.open("w", encoding="utf-8") as errors:
            self.process = subprocess.Popen(
                [*before, *command(vault, *options)],
                env=environment(),
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._lines.put(line)

    @property
    def said(self) -> str:
        """What it said on stderr."""
        return self._errors.read_text("utf-8")

    def wait_for(self, message: str) -> None:
        """Return as soon as something is said."""
        wait_until(lambda: message in self.said)

    def line(self) -> str:
        """Return the next line of its output."""
        return self._lines.get(timeout=LONG)

    def report(self) -> Any:
        """Return the next line of its output as JSON."""
        return json.loads(self.line())

    def seconds(self) -> float:
        """Return the processor time that it took so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self, number: int) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(LONG)
        self._reader.join(LONG)
        return code


@contextmanager
def started(vault: Vault, *options: str, before: tuple[str, ...] = ()) -> Iterator[Started]:
    watch = Started(vault, options, before)
    try:
        yield watch
    finally:
        watch.process.kill()
        watch.process.wait()
        assert watch.process.stdout
        watch._reader.join(LONG)
        watch.process.stdout.close()


def test_json_is_one_line_an_update(vault: Vault) -> None:
    with started(vault, "--json") as watch:
        first = watch.report()
        assert (first["unchanged"], first["papers"]) == (7, 10)
        watch.wait_for("Ctrl-C stops")
        vault.write("second.md", NOTE)
        second = watch.report()
        assert (second["added"], second["papers"], second["skipped"]) == (1, 11, [])
        assert watch.end(signal.SIGTERM) == 0
        assert watch.said.splitlines()[-1] == "papersim: stopped"
    assert same_as_fresh(vault)


def test_people_read_a_line_an_update_with_its_time(vault: Vault) -> None:
    with started(vault) as watch:
        assert watch.line().startswith("10 papers with ")
        assert watch.line().startswith("notes: 0 added, ")
        (vault.notes / "20230401.md").unlink()
        vault.write("second.md", NOTE)
        at, told = watch.line().split("  ", 1)
        assert time.strptime(at, "%H:%M:%S")
        assert told.startswith("notes: 1 added, 1 removed; 1 texts embedded in ")
        assert watch.end(signal.SIGINT) == 0


def test_waiting_takes_no_processor_time_and_quiet_says_nothing(vault: Vault) -> None:
    with started(vault, "--quiet") as watch:
        wait_until((vault.index / "stamp.json").exists)
        time.sleep(3)
        before = watch.seconds()
        time.sleep(5)
        assert watch.seconds() - before <= 0.1
        assert watch.end(signal.SIGTERM) == 0
        assert watch.said == ""


def kept_beside(index: Path) -> int:
    """Return how many embeddings a run that goes on has kept."""
    try:
        with closing(sqlite3.connect(index / "pending.sqlite")) as db:
            return int(db.execute("SELECT count(*) FROM embeddings").fetchone()[0])
    except sqlite3.Error:
        return 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_in_the_midst_of_an_update_nothing_is_lost(empty: Vault, number: int) -> None:
    """As many texts as take a while; the next run goes on from where this one was."""
    for n in range(TEXTS):
        sentence = f"Number {n} of many methods, of which {n * n} are enough."
        empty.write(f"{n}.md", f"## Method {n} of Many\n- **Method**: {sentence}\n")
    with started(empty, "--json") as watch:
        wait_until(lambda: kept_beside(empty.index))
        assert watch.end(number) == 0
        assert watch._lines.empty()
    assert empty.update().embedded < TEXTS
    assert same_as_fresh(empty)
