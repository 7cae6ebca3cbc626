"""One writer at a time; readers see one whole state and wait for nobody."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from conftest import SMALL_VAULT, Vault, environment
from papersim import Library, PapersimError
from papersim.index import lock
from papersim.index.lock import HOLDER, writing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Cli

HELD = """
import sys
from pathlib import Path
from papersim.index.lock import writing
with writing(Path(sys.argv[1]), "papersim index"):
    print("held", flush=True)
    sys.stdin.read()
"""

QUESTIONS = [
    ("similar", "Text to Mesh"),
    ("search", "mesh"),
    ("suggest-tags", "Text to Mesh"),
    ("suggest-tags", "Text to Mesh", "--apply", "--dry-run"),
    ("tags", "--rename", "PEFT", "Tuning", "--dry-run"),
    ("papers",),
    ("status",),
    ("doctor",),
]


@contextlib.contextmanager
def held(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Have another process hold the lock of an index folder; it lets go as its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HELD, str(folder)],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def started(vault: Vault, *command: str) -> subprocess.Popen[str]:
    given = ["--notes", str(vault.notes), "--index", str(vault.index)]
    return subprocess.Popen(
        [sys.executable, "-m", "papersim", *command, *given],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def content(vault: Vault) -> dict[Path, bytes]:
    """Return the files of a vault and its index, without what comes and goes with a process."""
    passing = ("writer.", "papersim.sqlite-")
    files = (path for path in vault.root.rglob("*") if path.is_file())
    return {path: path.read_bytes() for path in files if not path.name.startswith(passing)}


def like(library: Library) -> list[tuple[str, float]]:
    return [(hit.paper.title, round(hit.score, 6)) for hit in library.similar("Text to Mesh")]


# --- writers ------------------------------------------------------------------------------------


def test_a_second_writer_waits_and_says_for_whom(vault: Vault) -> None:
    vault.write("new.md", "# A Note Written since the Index\n\nText.\n")
    with held(vault.index) as first:
        second = started(vault, "index")
        time.sleep(2.5)
        assert second.poll() is None
        assert first.stdin is not None
        first.stdin.close()
        _, err = second.communicate(timeout=60)
    assert second.returncode == 0
    assert f"waiting for papersim index (process {first.pid}, since " in err
    assert vault.open().status().up_to_date


def test_it_gives_up_in_one_line(cli: Cli, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    cli.at(vault, "tags", "--rename", "LLM", "Language")  # so that there is something to undo
    before = content(vault)
    monkeypatch.setattr(lock, "PATIENCE", 0.2)
    with held(vault.index) as other:
        for command in (
            ("index", "--full"),
            ("suggest-tags", "--all", "--apply", "--min-confidence", "0.01"),
            ("suggest-tags", "Text to Mesh", "--reject", "NeRF"),
            ("tags", "--rename", "PEFT", "Tuning"),
            ("undo",),
        ):
            done = cli.at(vault, *command)
            assert (done.code, done.out) == (1, ""), command
            assert len(done.err.splitlines()) == 1, command
            assert f"(process {other.pid}, since " in done.err
            assert "run again when it is done" in done.err
    assert content(vault) == before


def test_questions_wait_for_nobody(cli: Cli, vault: Vault) -> None:
    with held(vault.index):
        for question in QUESTIONS:
            started_at = time.monotonic()
            assert cli.at(vault, *question).code == 0, question
            assert time.monotonic() - started_at < 5
        assert cli.at(vault, "index").code == 0, "nothing has changed, nothing is written"


def test_the_lock_of_a_process_that_was_killed_is_free(vault: Vault) -> None:
    with held(vault.index) as other:
        other.send_signal(signal.SIGKILL)
        other.wait()
        assert (vault.index / HOLDER).exists(), "nobody was left to take it away"
        started_at = time.monotonic()
        with writing(vault.index, "index", wait=5):
            assert time.monotonic() - started_at < 1
    assert not (vault.index / HOLDER).exists()


def test_two_that_index_at_once_end_in_the_same_index(empty: Vault, small: Vault) -> None:
    for path, text in SMALL_VAULT.items():
        empty.write(path, text)
    both = [started(empty, "index", "--quiet") for _ in range(2)]
    ends = [(each.communicate(timeout=120)[1], each.returncode) for each in both]
    assert ("", 0) in ends
    for said, code in ends:  # on a slow machine the second has not the patience
        assert code == 0 or "run again when it is done" in said
    assert like(empty.open()) == like(small.open())
    assert empty.open().status().up_to_date


# --- readers beside a writer --------------------------------------------------------------------

CHANGING = """
import sys
from papersim import Library
notes, index, rounds = sys.argv[1:]
from pathlib import Path
note = Path(notes) / "20230210.md"
old, new = note.read_bytes(), Path(notes, "..", "other.md").read_bytes()
library = Library.open(notes, index)
for number in range(int(rounds)):
    note.write_bytes(old if number % 2 else new)
    library.index()
"""


def test_every_answer_is_of_one_whole_state(vault: Vault, tmp_path: Path) -> None:
    """Papers, vectors, words and tags of an answer belong together, whatever is written."""
    text = SMALL_VAULT["20230210.md"].replace("image diffusion", "video diffusion")
    other = Vault(tmp_path / "other")
    for path, content in SMALL_VAULT.items():
        other.write(path, text if path == "20230210.md" else content)
    other.update()
    states = [like(vault.open()), like(other.open())]
    assert states[0] != states[1]
    (vault.root / "other.md").write_text(text, "utf-8")
    told: list[str] = []
    seen = []
    with subprocess.Popen(
        [sys.executable, "-c", CHANGING, str(vault.notes), str(vault.index), "12"],
        env=environment(),
    ) as writer:
        while writer.poll() is None:
            answer = like(vault.open(told.append))
            assert answer in states
            seen.append(states.index(answer))
    assert writer.returncode == 0
    assert not told, "a reader has nothing to make again"
    assert set(seen) == {0, 1}
    assert len(seen) > 20


def test_a_library_that_stays_open_stays_with_its_state(vault: Vault) -> None:
    library = vault.open()
    before = like(library)
    (vault.notes / "20230401.md").unlink()
    vault.write("20230210.md", SMALL_VAULT["20230210.md"].replace("diffusion", "regression"))
    assert vault.update().changed == 1
    assert like(library) == before
    assert like(vault.open()) != before


def test_what_is_missing_is_made_again_beside_a_writer(vault: Vault) -> None:
    """It is kept only where nobody else is writing."""
    before = like(vault.open())
    files = list(vault.index.glob("derived*"))
    for file in files:
        file.unlink()
    with held(vault.index):
        assert like(vault.open()) == before
        assert not list(vault.index.glob("derived*"))
    assert like(vault.open()) == before
    assert {file.name for file in vault.index.glob("derived*")} == {file.name for file in files}


def test_a_folder_that_cannot_be_written_says_so(cli: Cli, vault: Vault, tmp_path: Path) -> None:
    """The lock is not what such a folder lacks."""
    (tmp_path / "file").write_text("")
    vault.write("new.md", "# A Note Written since the Index\n\nText.\n")
    done = cli("index", "--notes", vault.notes, "--index", tmp_path / "file" / "index")
    assert done.code == 1
    assert len(done.err.splitlines()) == 1
    with pytest.raises(PapersimError):
        Library.open(vault.notes, tmp_path / "file" / "index").index()
