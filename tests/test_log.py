"""What was done is told: a log that grows no further, and the last run in `papersim status`."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from conftest import SMALL_VAULT, Cli, Vault, environment, snapshot
from papersim import Library, log, runs
from papersim.errors import ConfigError, LookupFailedError
from papersim.index import stamp
from papersim.log import FILE_NAME, FILES, trace_of, write_log
from papersim.runs import last_run, recorded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TITLE = "Text to Mesh"
NEW = "## A Paper of Utmost Secrecy\n#hush_hush\n- **Method**: whispering behind closed doors.\n"
SECRETS = ("Secrecy", "hush", "whispering", "Mesh", "Text23D", "PEFT", "diffusion")


def told(vault: Vault) -> str:
    """Return what the log holds."""
    file = vault.index / FILE_NAME
    return file.read_text("utf-8") if file.exists() else ""


def lines(vault: Vault) -> list[str]:
    return [" ".join(line.split(" ")[2:]) for line in told(vault).splitlines()]


def fresh(vault: Vault) -> Vault:
    """Return a vault whose log is empty."""
    (vault.index / FILE_NAME).unlink(missing_ok=True)
    (vault.index / runs.FILE_NAME).unlink(missing_ok=True)
    return vault


# --- the log ------------------------------------------------------------------------------------


def test_each_run_that_writes_has_a_line_that_tells_of_paths_and_counts_alone(
    vault: Vault, cli: Cli
) -> None:
    fresh(vault)
    vault.write("new/secret.md", NEW)
    assert cli.at(vault, "index").code == 0
    apply = ("suggest-tags", "new/secret.md", "--apply", "--new", "hush_again", "-k", "1")
    assert cli.at(vault, *apply).code == 0
    assert cli.at(vault, "undo").code == 0
    assert cli.at(vault, "tags", "--rename", "hush_hush", "hush_now").code == 0
    assert cli.at(vault, "suggest-tags", "new/secret.md", "--reject", "PEFT").code == 0
    found = [re.sub(r"\d+\.\d s", "T s", line) for line in lines(vault)]
    counts = f"1 added, 0 changed, 0 moved, 0 removed, {len(SMALL_VAULT)} unchanged, 0 skipped"
    assert found == [
        f"INFO index: done in T s: {counts}; 1 texts embedded",
        "INFO suggest-tags --apply: done in T s: 1 notes written; written: new/secret.md",
        "INFO undo: done in T s: 1 notes written; written: new/secret.md",
        "INFO tags --rename: done in T s: 1 notes written; written: new/secret.md",
        "INFO suggest-tags --reject: done in T s: 1 tags rejected",
    ]
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \d+ INFO ", told(vault))


def test_no_word_of_a_note_is_in_the_log_below_level_debug(vault: Vault, cli: Cli) -> None:
    """Not even where a run fails with a message that quotes the note."""
    fresh(vault)
    vault.write("a.md", NEW)
    vault.write("latin.md", b"## Secrecy in Caf\xe9s\n#hush_hush\n")
    commands = (
        ("index",),
        ("suggest-tags", "a.md", "--apply", "--new", "hush_again"),
        ("tags", "--rename", "no_such_hush", "hush_now"),
        ("tags", "--rename", "hush_hush", "hush_hush"),
        ("tags", "--rename", "hush_hush", "other_hush"),
        ("undo",),
        ("undo",),
        ("similar", TITLE, "--explain"),
        ("similar", "no such Secrecy"),
        ("search", "whispering"),
    )
    codes = [cli.at(vault, *command).code for command in commands]
    assert codes == [0, 0, 1, 1, 1, 0, 1, 0, 1, 0]
    assert len(lines(vault)) == 7, told(vault)
    assert "LookupFailedError" in lines(vault)[2]
    assert "left: latin.md" in lines(vault)[4]
    assert "papersim undo goes one step back" in lines(vault)[6]
    record = (vault.index / runs.FILE_NAME).read_text()
    for secret in SECRETS:
        assert secret not in told(vault) + record, told(vault)
    for command in commands:
        cli.at(vault, *command, "--log-level", "debug")
    assert all(word in told(vault) for word in ("whispering", "Mesh", "no_such_hush", "latin.md: "))


def test_an_error_no_one_foresaw_is_kept_with_where_it_came_from(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh(vault)

    def broken(*_: object, **__: object) -> None:
        try:
            dict[str, str]()["A Paper of Utmost Secrecy"]
        except KeyError as error:
            raise ZeroDivisionError("Secrecy") from error

    monkeypatch.setattr("papersim.upkeep.Upkeep.index", broken)
    with pytest.raises(ZeroDivisionError):
        vault.open().index()
    head, *trace = told(vault).splitlines()
    assert "ERROR index: failed in " in head
    assert "ZeroDivisionError" in head
    assert all(line.startswith("  ") for line in trace)
    assert sum(line.endswith(" in broken") for line in trace) == 2, trace
    assert any("library.py:" in line for line in trace)
    assert "KeyError" in told(vault)
    assert "Secrecy" not in told(vault)
    found = vault.open().status().last_run
    assert found is not None
    assert (found.command, found.result) == ("index", "failed")


def test_an_error_that_comes_round_to_itself_is_told_once() -> None:
    one, two = ValueError(), TypeError()
    one.__context__, two.__context__ = two, one
    assert trace_of(one) == ["ValueError", "TypeError"]


def test_a_name_can_forge_no_line(vault: Vault, cli: Cli) -> None:
    fresh(vault)
    name = "x\n2026-01-01T00:00:00Z 1 INFO index: done\x1b[2J\x9b\u202egnp.md"
    (vault.notes / name).write_text("## A Paper of One Line\n#PEFT\n")
    assert cli.at(vault, "index").code == 0
    assert cli.at(vault, "tags", "--rename", "PEFT", "LoRA").code == 0
    assert len(lines(vault)) == 2
    assert r"x\n2026-01-01T00:00:00Z 1 INFO index: done\x1b[2J\x9b\u202egnp.md" in told(vault)
    assert told(vault).replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("level", "kept"),
    [
        ("debug", ["DEBUG", "INFO", "WARNING", "ERROR"]),
        ("info", ["INFO", "WARNING", "ERROR"]),
        ("warning", ["WARNING", "ERROR"]),
        ("error", ["ERROR"]),
    ],
)
def test_what_is_below_the_level_is_left_out(tmp_path: Path, level: str, kept: list[str]) -> None:
    write_log(tmp_path, level, [(name, name) for name in ("debug", "info", "warning", "error")])
    found = (tmp_path / FILE_NAME).read_text().splitlines()
    assert [line.split()[2] for line in found] == kept


def test_where_the_level_comes_from(
    vault: Vault, cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The command line beats the environment beats papersim.toml beats the default."""

    def logs(*more: str) -> bool:
        before = len(told(vault))
        cli.at(vault, "similar", TITLE, *more)
        return len(told(vault)) > before

    assert not logs()
    for key in ("log-level", "log_level"):
        (tmp_path / "papersim.toml").write_text(f'{key} = "debug"\n')
        assert logs()
    monkeypatch.setenv("PAPERSIM_LOG_LEVEL", "info")
    assert not logs()
    assert logs("--log-level", "debug")
    assert logs("--log-level=DEBUG")
    monkeypatch.setenv("PAPERSIM_LOG_LEVEL", "debug")
    assert not logs("--log-level", "warning")


def test_a_level_that_is_none(
    vault: Vault, cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done = cli.at(vault, "similar", TITLE, "--log-level", "loud")
    assert (done.code, done.out) == (2, "")
    assert "debug, info, warning, error, off. See: papersim similar --help" in done.err
    (tmp_path / "papersim.toml").write_text("log-level = 3\n")
    assert cli.at(vault, "similar", TITLE).code == 1
    (tmp_path / "papersim.toml").unlink()
    monkeypatch.setenv("PAPERSIM_LOG_LEVEL", "loud")
    done = cli.at(vault, "similar", TITLE)
    assert (done.code, len(done.err.splitlines())) == (1, 1)
    with pytest.raises(ConfigError, match="loud"):
        Library.open(vault.notes, vault.index)


def test_off_keeps_no_log_and_still_tells_of_the_last_run(vault: Vault, cli: Cli) -> None:
    fresh(vault)
    vault.write("new.md", NEW)
    assert cli.at(vault, "index", "--log-level", "off").code == 0
    assert not (vault.index / FILE_NAME).exists()
    assert cli.at(vault, "status", "--json").json["last_run"]["result"] == "done"


@pytest.mark.parametrize(
    "command",
    [
        ("similar", TITLE),
        ("search", "mesh"),
        ("suggest-tags", TITLE),
        ("suggest-tags", TITLE, "--dry-run"),
        ("tags", "--rename", "PEFT", "LoRA", "--dry-run"),
        ("papers",),
        ("tags",),
        ("duplicates",),
        ("status",),
        ("doctor",),
    ],
    ids=" ".join,
)
def test_a_question_writes_nothing(vault: Vault, cli: Cli, command: tuple[str, ...]) -> None:
    before = snapshot(vault.index)
    assert cli.at(vault, *command).code == 0
    after = snapshot(vault.index)
    own = {name for name in before.keys() | after.keys() if "log" in name or "run" in name}
    assert {runs.FILE_NAME, FILE_NAME} <= own
    assert {name: before[name] for name in own} == {name: after[name] for name in own}


def test_a_run_with_nothing_to_do_logs_nothing_and_shows(vault: Vault, cli: Cli) -> None:
    fresh(vault)
    assert cli.at(vault, "index").code == 0
    assert told(vault) == ""
    found = cli.at(vault, "status", "--json").json["last_run"]
    assert (found["command"], found["result"]) == ("index", "nothing to do")
    assert cli.at(vault, "index", "--log-level", "debug").code == 0
    assert "nothing to do" in told(vault)


def spoilt(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()


def linked(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(path.parent.parent / "elsewhere.txt")


def piped(path: Path) -> None:
    path.unlink(missing_ok=True)
    os.mkfifo(path)


@pytest.mark.parametrize("spoil", [spoilt, linked, piped])
def test_a_log_that_cannot_be_written_is_no_reason_to_fail(
    vault: Vault, cli: Cli, spoil: Callable[[Path], None]
) -> None:
    """Nor is it written anywhere else: an index folder may have come with such a link."""
    elsewhere = vault.root / "elsewhere.txt"
    elsewhere.write_text("mine")
    for name in (FILE_NAME, runs.FILE_NAME):
        spoil(vault.index / name)
    vault.write("new.md", NEW)
    done = cli.at(vault, "index", "--log-level", "debug")
    assert (done.code, done.err) == (0, "")
    assert cli.at(vault, "status", "--json").json["last_run"] is None
    assert elsewhere.read_text() == "mine"


@pytest.mark.parametrize("call", ["write", "pwrite", "ftruncate"])
def test_nor_is_a_full_disk(
    vault: Vault, cli: Cli, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, full)
    assert cli.at(vault, "tags", "--rename", "PEFT", "LoRA").code == 0


def test_the_log_is_no_change_of_the_index() -> None:
    assert {runs.FILE_NAME, *FILES} <= stamp._PASSING


# --- turning ------------------------------------------------------------------------------------


def test_a_full_log_is_turned_and_the_oldest_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "_FULL", 2000)
    for number in range(200):
        write_log(tmp_path, "info", [("info", f"number {number:04}")])
    files = sorted(tmp_path.iterdir(), reverse=True)
    assert [file.name for file in files] == [*reversed(FILES)]
    assert all(file.stat().st_size < 2100 for file in files)
    kept = [int(n) for file in files for n in re.findall(r"number (\d+)", file.read_text())]
    assert kept == list(range(200 - len(kept), 200))
    assert len(kept) > 80


MANY = """
import sys
from pathlib import Path
from papersim import log
log._FULL = 100_000
for number in range(300):
    log.write_log(Path(sys.argv[1]), "info", [("info", f"{sys.argv[2]} {number:04} " + "x" * 60)])
"""


def test_several_processes_write_whole_lines_and_lose_none_while_it_is_turned(
    tmp_path: Path,
) -> None:
    """120 kB of lines: turned once, in the middle of it all."""
    names = ("a", "b", "c", "d")
    arguments = [sys.executable, "-c", MANY, str(tmp_path)]
    working = [subprocess.Popen([*arguments, name], env=environment()) for name in names]
    assert [process.wait(timeout=120) for process in working] == [0] * len(names)
    assert {file.name for file in tmp_path.iterdir()} == {*FILES[:2]}
    text = "".join((tmp_path / name).read_text() for name in reversed(FILES[:2]))
    found = re.findall(r"^\S+Z \d+ INFO ([a-d]) (\d{4}) x{60}$", text, re.MULTILINE)
    assert len(found) == len(text.splitlines()) == 300 * len(names)
    for name in names:
        assert [int(n) for own, n in found if own == name] == list(range(300)), "in order"


# --- the last run -------------------------------------------------------------------------------


def test_status_tells_when_what_and_how_it_ended(vault: Vault, cli: Cli) -> None:
    vault.write("new.md", NEW)
    assert cli.at(vault, "index").code == 0
    found = cli.at(vault, "status", "--json").json["last_run"]
    assert found.keys() == {"command", "started", "ended", "seconds", "result", "detail"}
    assert (found["command"], found["result"]) == ("index", "done")
    assert found["detail"].startswith("1 added, ")
    assert 0 < found["seconds"] < 60
    assert found["started"] <= found["ended"]
    said = " ".join(cli.at(vault, "status").out.split())
    assert re.search(r"last run \d{4}-\d\d-\d\d \d\d:\d\d, index, done in \d+\.\d s: 1 added", said)


def test_where_no_run_is_known(vault: Vault, cli: Cli) -> None:
    """As in an index of a papersim that kept no record."""
    fresh(vault)
    assert cli.at(vault, "status", "--json").json["last_run"] is None
    assert "none known" in cli.at(vault, "status").out


def test_a_run_that_fails_says_why(vault: Vault, cli: Cli) -> None:
    vault.notes.rename(vault.root / "away")
    assert cli.at(vault, "index").code == 1
    (vault.root / "away").rename(vault.notes)
    found = cli.at(vault, "status", "--json").json["last_run"]
    assert found["result"] == "failed"
    assert "does not exist" in found["detail"]
    assert "failed" in cli.at(vault, "status").out


def test_a_run_that_is_interrupted(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("papersim.upkeep.Upkeep.index", stopped)
    with pytest.raises(KeyboardInterrupt):
        vault.open().index()
    found = last_run(vault.index)
    assert found is not None
    assert found.result == "stopped"


def test_notes_that_were_left_are_counted(vault: Vault, cli: Cli) -> None:
    (vault.notes / "20230401.md").chmod(0o444)
    done = cli.at(vault, "tags", "--rename", "PEFT", "LoRA")
    assert done.code == 1
    found = cli.at(vault, "status", "--json").json["last_run"]
    assert (found["result"], found["detail"]) == ("in part", "1 notes written, 1 left")
    assert "WARNING tags --rename: in part" in told(vault)


WAITING = """
import sys, time
from pathlib import Path
from papersim.runs import recorded
with recorded("index", Path(sys.argv[1]), "info"):
    print("begun", flush=True)
    sys.stdin.read()
"""


def test_a_run_goes_on_until_it_ends_or_is_killed(vault: Vault, cli: Cli) -> None:
    fresh(vault)

    def begun() -> subprocess.Popen[str]:
        arguments = [sys.executable, "-c", WAITING, str(vault.index)]
        pipe = subprocess.PIPE
        found = subprocess.Popen(arguments, env=environment(), stdin=pipe, stdout=pipe, text=True)
        assert found.stdout
        assert found.stdout.readline() == "begun\n"
        return found

    def result() -> str:
        found = last_run(vault.index)
        assert found is not None
        return found.result

    ended, killed = begun(), begun()
    assert result() == "running"
    ended.communicate("")
    assert result() == "done"
    killed.kill()
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    assert result() == "done", "that of the run that ended last"
    killed = begun()
    assert result() == "running"
    killed.kill()
    killed.communicate()
    assert result() == "did not end"
    shown = cli.at(vault, "status", "--json").json["last_run"]
    assert (shown["ended"], shown["seconds"]) == (None, None)
    assert "did not end" in cli.at(vault, "status").out
    assert "did not end" not in told(vault)
    vault.write("new.md", NEW)
    assert cli.at(vault, "index").code == 0
    assert result() == "done"
    assert re.search(r"WARNING index, begun \S+Z, did not end", told(vault))


def test_a_shorter_record_written_over_a_longer_one_is_read(tmp_path: Path) -> None:
    """A kill between writing it and cutting the file."""
    record = {"command": "undo", "started": "s", "ended": "e", "seconds": 1, "result": "done"}
    text = json.dumps({**record, "detail": "x"})
    (tmp_path / runs.FILE_NAME).write_text(text + '"}, "left of a longer one": "x"}')
    found = last_run(tmp_path)
    assert found is not None
    assert (found.command, found.detail) == ("undo", "x")


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", "{}", '{"command": 3}', '"x"', "[" * 10_000, "\udc80\udcff"),
        '{"command": "a", "started": "b", "ended": "c", "seconds": "long", "result": 1}',
    ],
)
def test_a_damaged_record_is_none(vault: Vault, cli: Cli, text: str) -> None:
    (vault.index / runs.FILE_NAME).write_bytes(text.encode("utf-8", "surrogateescape"))
    assert cli.at(vault, "status", "--json").json["last_run"] is None
    assert cli.at(vault, "index").code == 0
    assert cli.at(vault, "status", "--json").json["last_run"]["command"] == "index"


def test_a_record_cannot_steer_the_terminal(vault: Vault, cli: Cli) -> None:
    record = {"ended": "\x1b[2J", "seconds": 1, "result": "\x9b1m[bold]", "detail": "\u202e\a\r\n"}
    text = json.dumps({"command": "\x1b]8;;http://x\x07", "started": "\x1b[31m", **record})
    (vault.index / runs.FILE_NAME).write_text(text)
    out = cli.at(vault, "status").out
    assert "[bold]" in out
    assert out.replace("\n", "").isprintable()


def test_a_folder_that_is_made_meanwhile_is_told_of_at_the_end(tmp_path: Path) -> None:
    with recorded("index", tmp_path / "new", "info") as run:
        assert not (tmp_path / "new").exists()
        (tmp_path / "new").mkdir()
        run.tell("x")
    assert (tmp_path / "new" / FILE_NAME).exists()
    assert last_run(tmp_path / "new") is not None


def test_nothing_is_made_where_there_is_no_folder(tmp_path: Path) -> None:
    with (
        pytest.raises(LookupFailedError),
        recorded("tags --rename", tmp_path / "new", "debug"),
    ):
        raise LookupFailedError("x")
    assert list(tmp_path.iterdir()) == []
