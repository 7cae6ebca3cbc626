"""One process writes at a time, and those that ask neither wait nor see half of what it does."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from conftest import OF_RUNS, SMALL_VAULT, Cli, Done, Vault, content, environment, snapshot
from papersim.errors import IndexBusyError
from papersim.index import stamp
from papersim.index.lock import FILE_NAMES, HOLDER, LOCK, writing
from papersim.undo import JOURNAL
from processes import ended, held, killed, started
from test_cli_bad_input import assert_refused, modes_count, run
from test_index_unchanged import looked, settled
from test_sync import assert_same_index, filled

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["modes_count"]  # a fixture

TITLE = "Text to Mesh"
RENAME = ("tags", "--rename", "PEFT", "LoRA")
APPLY = ("suggest-tags", "20230401.md", "--as-untagged", "--apply", "--min-confidence", "0")


def clean(vault: Vault, root: Path) -> Vault:
    """Return the index of the same notes, made by one run."""
    made = Vault(root)
    for file in vault.notes.rglob("*.md"):
        made.write(str(file.relative_to(vault.notes)), file.read_bytes())
    made.update()
    return made


def assert_sound(vault: Vault, root: Path) -> None:
    """Assert that an index is the one that a single run makes of the notes."""
    once = clean(vault, root)
    assert_same_index(vault, once)
    mine, theirs = vault.open(), once.open()
    assert mine.status().up_to_date
    assert vault.ids() == once.ids()
    for detail in theirs.papers():
        one = mine.similar(detail.paper.id, k=50)
        other = theirs.similar(detail.paper.id, k=50)
        assert [hit.paper.id for hit in one] == [hit.paper.id for hit in other]
        assert [h.score for h in one] == pytest.approx([h.score for h in other], abs=2e-3)


def finished(runs: list[Done]) -> list[Done]:
    """Return the runs that came to their end; the others, on a slow machine, have given up."""
    for done in runs:
        if done.code:
            waiting, refused = done.err.splitlines()
            assert waiting.startswith("papersim: waiting for papersim index (process ")
            assert_refused(replace(done, err=refused), 1, "run again when it is done")
    return [done for done in runs if not done.code]


# --- two writers --------------------------------------------------------------------------------


def test_two_runs_of_indexing_at_once(empty: Vault, tmp_path: Path) -> None:
    filled(empty)
    both = [ended(process) for process in [started(empty, "index") for _ in range(2)]]
    added = sorted(done.out.split("notes: ")[1].split(" added")[0] for done in finished(both))
    assert added[-1] == str(len(SMALL_VAULT))
    assert added[:-1] in ([], ["0"]), "the second finds nothing left to do"
    assert not list(empty.index.glob(".papersim-*"))
    assert_sound(empty, tmp_path / "once")


def test_four_runs_after_changes_at_once(vault: Vault, tmp_path: Path) -> None:
    vault.write("20230501.md", "## Brand New Paper\n- **Method**: made of the newest material.\n")
    (vault.notes / "20230401.md").unlink()
    every = [ended(process) for process in [started(vault, "index") for _ in range(4)]]
    assert finished(every)
    assert_sound(vault, tmp_path / "once")


def test_a_long_run_is_not_waited_for(vault: Vault) -> None:
    settled(vault)
    vault.write("20230501.md", "## Brand New Paper\n")
    assert ended(started(vault, *RENAME)).code == 0, "so that there is something to take back"
    before = snapshot(vault.notes), content(vault), (vault.index / JOURNAL).read_bytes()
    with held(vault.index) as other:
        begun = time.monotonic()
        commands = (
            ("index", "--quiet"),
            (*APPLY, "--quiet"),
            ("tags", "--rename", "LoRA", "low_rank", "--quiet"),
            ("undo", "--quiet"),
            ("suggest-tags", TITLE, "--reject", "diffusion", "--quiet"),
        )
        for process in [started(vault, *command) for command in commands]:
            done = ended(process)
            assert_refused(done, 1, f"papersim index (process {other.pid}, since 2")
            assert "is writing the index in" in done.err
            assert "run again when it is done" in done.err
        assert 9 < time.monotonic() - begun < 40
    assert before == (snapshot(vault.notes), content(vault), (vault.index / JOURNAL).read_bytes())
    assert not (vault.index / "rejected-tags.txt").exists()


def test_a_short_run_is_waited_for(vault: Vault, tmp_path: Path) -> None:
    vault.write("20230501.md", "## Brand New Paper\n")
    with held(vault.index, seconds=3) as other:
        done = ended(started(vault, "index"))
    assert done.code == 0
    assert "1 added" in done.out
    (said,) = done.err.splitlines()
    assert said.startswith(f"papersim: waiting for papersim index (process {other.pid}, since ")
    assert_sound(vault, tmp_path / "once")


def test_tags_are_written_while_another_process_indexes(vault: Vault, tmp_path: Path) -> None:
    for number in range(5):
        vault.write(f"more/{number}.md", f"## Paper Number {number} of Many\n#PEFT\nIt is short.\n")
    indexing, renaming = started(vault, "index"), started(vault, *RENAME)
    assert ended(indexing).code == 0
    while not finished([ended(renaming)]):
        renaming = started(vault, *RENAME)
    assert all(b"PEFT" not in file.read_bytes() for file in vault.notes.rglob("more/*.md"))
    vault.update()
    assert_sound(vault, tmp_path / "once")
    assert len(vault.open().undo().written) == 7


# --- who holds it -------------------------------------------------------------------------------


def test_the_lock_of_a_dead_process_is_taken_over(vault: Vault) -> None:
    vault.write("20230501.md", "## Brand New Paper\n")
    with held(vault.index) as dead:
        assert json.loads((vault.index / HOLDER).read_bytes())["process"] == dead.pid
        waiting = started(vault, "index")
        time.sleep(2)
        assert waiting.poll() is None, "it waits for the one that holds it"
        assert killed(dead)
        done = ended(waiting)
    assert done.code == 0
    assert "1 added" in done.out
    assert not (vault.index / HOLDER).exists()
    with held(vault.index) as dead:
        assert killed(dead)
        assert (vault.index / HOLDER).exists(), "what it said of itself is still there"
        begun = time.monotonic()
        with writing(vault.index, "a test", wait=0) as waited:
            assert not waited
            said = json.loads((vault.index / HOLDER).read_bytes())
            assert (said["process"], said["doing"]) == (os.getpid(), "a test")
        assert time.monotonic() - begun < 1


def test_who_holds_it_may_hold_it_again_and_nobody_else(tmp_path: Path) -> None:
    other = threading.Thread(target=lambda: refused(tmp_path))
    outcome: list[str] = []

    def refused(folder: Path) -> None:
        try:
            with writing(folder, "another thread", wait=0):
                outcome.append("held twice")
        except IndexBusyError as error:
            outcome.append(str(error))

    with writing(tmp_path, "one"):
        with writing(tmp_path / ".." / tmp_path.name, "two", wait=0) as waited:
            assert not waited
        other.start()
        other.join()
    assert outcome[0].startswith(f"one (process {os.getpid()}, since ")
    refused(tmp_path)
    assert outcome[1:] == ["held twice"], "it was given back"


@pytest.mark.parametrize(
    "said", [b"", b"{", b"[]", b'{"process": "x"}', b"\xff", b'{"process": 1, "host": null}']
)
def test_who_holds_it_need_not_be_known(tmp_path: Path, said: bytes) -> None:
    with held(tmp_path):
        (tmp_path / HOLDER).write_bytes(said)
        with (
            pytest.raises(IndexBusyError, match=r"^another papersim is writing .* run again"),
            writing(tmp_path, "this", wait=0),
        ):
            pass


def test_what_the_holder_says_cannot_steer_a_terminal(tmp_path: Path) -> None:
    with held(tmp_path):
        said = {"process": 1, "host": "h", "doing": "\x1b[2Jgone", "since": "now"}
        (tmp_path / HOLDER).write_text(json.dumps(said))
        with (
            pytest.raises(IndexBusyError, match=r"^another papersim"),
            writing(tmp_path, "", wait=0),
        ):
            pass


def test_an_error_gives_it_back(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), writing(tmp_path, "this", wait=0):
            _ = 1 / 0
    assert {file.name for file in tmp_path.iterdir()} == {LOCK}


# --- where it cannot be had ---------------------------------------------------------------------


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Some that are mounted over a network have none; one process is safe there all the same."""

    def flock(descriptor: int, operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    said: list[str] = []
    for _ in range(2):
        with writing(tmp_path, "this", said.append) as waited:
            assert not waited
    assert len(said) == 2
    assert "has no locks; let only one papersim write at a time" in said[0]


@pytest.mark.usefixtures("modes_count")
def test_a_lock_that_may_not_be_opened(vault: Vault) -> None:
    vault.write("new.md", "## New\n")
    (vault.index / LOCK).chmod(0)
    try:
        assert_refused(run(vault, "index"), 1, LOCK, "Permission denied", "--index DIR")
        assert run(vault, "similar", TITLE, "--json").code == 0
        for file in vault.index.glob("derived*"):
            file.unlink()
        assert run(vault, "similar", TITLE, "--json").code == 0, "made again, and not kept"
        assert not list(vault.index.glob("derived*"))
    finally:
        (vault.index / LOCK).chmod(0o644)


def test_nothing_is_made_where_there_is_nothing_to_take_back(empty: Vault, cli: Cli) -> None:
    empty.write("a.md", "## A Paper of Note\n#x\n")
    assert_refused(cli.at(empty, "undo"), 1, "nothing more to take back")
    assert_refused(cli.at(empty, "tags", "--rename", "y", "z"), 1, "no note has the tag")
    assert cli.at(empty, "tags", "--rename", "x", "z", "--dry-run").code == 0
    assert not empty.index.exists()


# --- what takes no lock -------------------------------------------------------------------------

ASKING = [
    ("similar", TITLE),
    ("search", "mesh"),
    ("suggest-tags", TITLE),
    ("suggest-tags", "--all", "--dry-run"),
    ("papers",),
    ("tags",),
    (*RENAME, "--dry-run"),
    ("duplicates",),
    ("status",),
    ("doctor",),
    ("eval",),
    ("index",),
]


def test_whoever_asks_is_not_kept_waiting(vault: Vault, cli: Cli) -> None:
    settled(vault)
    before = snapshot(vault.index)
    free = [cli.at(vault, *command) for command in ASKING[:-1]]
    with held(vault.index):
        for command, alone in zip(ASKING, free, strict=False):
            begun = time.monotonic()
            done = cli.at(vault, *command)
            assert time.monotonic() - begun < 9
            assert (done.code, done.out, done.err) == (0, alone.out, alone.err), command
        assert cli.at(vault, "index").code == 0, "there is nothing to do"
        after = snapshot(vault.index)
    passing = {HOLDER, *OF_RUNS, *(name for name in after if name.endswith("-shm"))}
    assert {name: data for name, (data, *_) in after.items() if data and name not in passing} == {
        name: data for name, (data, *_) in before.items() if data and name not in passing
    }


def test_the_lock_is_no_change_of_the_index(vault: Vault) -> None:
    settled(vault)
    size = vault.open().status().bytes
    with writing(vault.index, "this"):
        assert vault.open().status().bytes == size
        assert not looked(vault)[0]
    assert not looked(vault)[0]
    (vault.index / LOCK).unlink()
    assert not looked(vault)[0]
    assert not FILE_NAMES & {name for name, *_ in stamp._made(vault.index)}


def test_what_is_missing_is_made_again_beside_a_writer_but_not_kept(vault: Vault) -> None:
    expected = [hit.paper.id for hit in vault.open().similar(TITLE)]
    tags = vault.open().suggest_tags(TITLE)
    for file in (*vault.index.glob("derived*"), *vault.index.glob("tag-model*")):
        file.unlink()
    before = {name: data for name, (data, *_) in snapshot(vault.index).items()}
    said: list[str] = []
    with held(vault.index):
        library = vault.open(said.append)
        assert [hit.paper.id for hit in library.similar(TITLE)] == expected
        assert library.suggest_tags(TITLE) == tags
        after = {name: data for name, (data, *_) in snapshot(vault.index).items()}
    assert [message.split(": ")[-1] for message in said] == [
        "another papersim is writing the index"
    ] * 2
    assert {name: data for name, data in after.items() if name != HOLDER} == before
    assert [hit.paper.id for hit in vault.open(said.append).similar(TITLE)] == expected
    assert said[2:] == ["the vector index is made again from the stored embeddings"]
    assert (vault.index / "derived.json").exists(), "kept where nobody else writes"


def test_what_was_made_of_an_old_state_is_not_kept(vault: Vault) -> None:
    """A reader that stays at its state must not put that in the place of a newer one."""
    library = vault.open()
    assert len(library.papers()) == 10
    vault.write("20230501.md", "## Brand New Paper\n- **Method**: made of the newest material.\n")
    vault.update()
    manifests = {file: file.read_bytes() for file in vault.index.glob("*.json")}
    titles = [hit.paper.title for hit in library.similar(TITLE, k=50)]
    assert "Brand New Paper" not in titles
    assert library.suggest_tags(TITLE)
    assert {file: file.read_bytes() for file in vault.index.glob("*.json")} == manifests
    library.refresh()
    assert "Brand New Paper" in [hit.paper.title for hit in library.similar(TITLE, k=50)]
    assert len(library.papers()) == 11


def test_what_a_killed_writer_left_half_written_goes(vault: Vault, tmp_path: Path) -> None:
    ours = [vault.index / f".papersim-{n:016x}.tmp" for n in range(2)]
    others = [vault.index / ".papersim-x.tmp", vault.index / "mine.tmp", vault.index / ".papersim-"]
    for file in (*ours, *others):
        file.write_text("half")
    vault.write("new.md", "## New\n")
    vault.update()
    assert [file for file in (*ours, *others) if file.exists()] == others


@pytest.mark.parametrize("after", ["index", "apply", "undo"])
def test_what_a_killed_edit_left_beside_notes_goes(vault: Vault, after: str) -> None:
    """The journal tells where; elsewhere in the vault nothing of the kind can be of an edit."""
    vault.open().rename_tag("PEFT", "LoRA")
    name = ".papersim-0123456789abcdef.tmp"
    named = [vault.notes / name, vault.notes / "reading" / name]
    other = vault.write(f"elsewhere/{name}", "half")
    for file in named:
        file.write_text("half")
    if after == "index":
        report = vault.update()
        assert (report.changed, report.added) == (2, 0), "it is no note"
    elif after == "apply":
        assert vault.open().rename_tag("音声", "speech").written
    else:
        assert len(vault.open().undo().written) == 2
    assert not any(file.exists() for file in named)
    assert other.exists()


# --- readers beside a writer --------------------------------------------------------------------

WRITER = """
import json, sys, time
from pathlib import Path
from papersim import Library

notes, index, rounds, stop = map(Path, sys.argv[1:])
every = json.loads(rounds.read_text())
number = 0
while not stop.exists():
    number += 1
    for path, text in every[number % len(every)].items():
        (notes / path).write_text(text)
    Library.open(notes, index).index()
    print(number, flush=True)
"""
READER = """
import json, sys, time
from pathlib import Path
from papersim import Library
from papersim.cli.values import papers_json, similar_json

notes, index, stop = map(Path, sys.argv[1:])
library, number = Library.open(notes, index), 0
while not stop.exists():
    number += 1
    begun = time.monotonic()
    if number % 3:
        library.refresh()
    else:
        library = Library.open(notes, index)
    paper = library.find("Text to Mesh")
    similar = similar_json(paper, library.similar(paper, k=50))
    papers = papers_json(library.papers())
    suggested = library.suggest_tags(paper.id) if number % 5 == 0 else ()
    print(json.dumps([time.monotonic() - begun, similar, papers, bool(suggested)]), flush=True)
"""
ROUNDS = 3


def notes_of_round(number: int) -> dict[str, str]:
    """Return notes of which each tells in which round it was written."""
    told = f"#round{number}\n- **Method**: In round {number} this is said, and no other."
    titles = ("Text to Mesh: Sculpting", "Contrast Without Labels", "Small Adapters for Models")
    notes = {f"{n}.md": f"## {title}\n{told}\n" for n, title in enumerate(titles)}
    more = "".join(f"## The Paper that Came in Round {n}\n{told}\n" for n in range(number))
    return {**notes, "more.md": more}


def simple(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the papers of an answer by title, with all that tells their round, and the scores."""
    return {
        hit["paper"]["title"]: (
            hit["paper"]["tags"],
            sorted(e["section"]["text"] for e in hit["evidence"]),
            pytest.approx(hit["score"], abs=5e-3),
        )
        for hit in answer["hits"]
    }


def answers_of(vault: Vault, cli: Cli) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what similar and papers answer."""
    asked = ("similar", TITLE, "-k", "50", "--json"), ("papers", "--json")
    similar, papers = (cli.at(vault, *command).json for command in asked)
    return similar, papers


def beside(code: str, *arguments: Path) -> subprocess.Popen[str]:
    """Start a process that goes on until a file tells it to stop."""
    with (arguments[-1].parent / f"{len(arguments)}.out").open("w") as out:
        return subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            env=environment(),
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )


def assert_answers_are_whole(vault: Vault, cli: Cli, root: Path, seconds: float) -> int:
    """Ask again and again while a writer changes notes and indexes; return how often."""
    expected = []
    for number in range(ROUNDS):
        for path, text in notes_of_round(number).items():
            vault.write(path, text)
        vault.update()
        expected.append(answers_of(vault, cli))
    assert len({json.dumps(one) for one in expected}) == ROUNDS

    def check(similar: dict[str, Any], papers: dict[str, Any] | None = None) -> int:
        (tag,) = similar["query"]["tags"]
        number = int(tag.removeprefix("round"))
        assert simple(similar) == simple(expected[number][0])
        assert papers in (None, expected[number][1])
        return number

    (root / "rounds.json").write_text(json.dumps([notes_of_round(n) for n in range(ROUNDS)]))
    stop = root / "stop"
    writer = beside(WRITER, vault.notes, vault.index, root / "rounds.json", stop)
    reader = beside(READER, vault.notes, vault.index, stop)
    asked, slowest, begun = 0, 0.0, time.monotonic()
    try:
        while time.monotonic() - begun < seconds:
            at = time.monotonic()
            done = ended(started(vault, "similar", TITLE, "-k", "50", "--json", "--quiet"))
            assert (done.code, done.err) == (0, "")
            slowest = max(slowest, time.monotonic() - at)
            check(done.json)
            done = ended(started(vault, "papers", "--json"))
            assert (done.code, done.err) == (0, "")
            assert done.json in [papers for _, papers in expected]
            asked += 2
    finally:
        stop.touch()
        told = [process.communicate(timeout=120)[1] for process in (writer, reader)]
    assert told == ["", ""]
    rounds = (root / "4.out").read_text().splitlines()
    answers = [json.loads(line) for line in (root / "3.out").read_text().splitlines()]
    seen = {check(similar, papers) for _, similar, papers, _ in answers}
    assert len(seen) == ROUNDS, "it went on to newer states"
    slowest = max(slowest, *(answer[0] for answer in answers))
    print(f"\n{len(rounds)} rounds, {asked} + {len(answers)} answers, slowest {slowest:.1f} s")
    assert slowest < 10
    return asked + len(answers)


def test_every_answer_beside_a_writer_is_of_one_state(
    empty: Vault, cli: Cli, tmp_path: Path
) -> None:
    assert assert_answers_are_whole(empty, cli, tmp_path, seconds=15) > 100


@pytest.mark.slow
def test_every_answer_beside_a_writer_is_of_one_state_for_minutes(
    empty: Vault, cli: Cli, tmp_path: Path
) -> None:
    assert assert_answers_are_whole(empty, cli, tmp_path, seconds=180) > 1000
