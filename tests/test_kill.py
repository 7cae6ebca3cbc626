"""Killed at any instant: every note is old or new, and the index goes on from what was finished.

Real commands are killed with SIGKILL at instants spread over the whole of a run, half of them
over the part of it in which it writes. The instants are drawn from a seed; what they hit differs
from run to run, and what must hold afterwards does not.
"""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from conftest import SMALL_VAULT, Vault, content, embeddings
from papersim.errors import VaultError
from papersim.index.lock import HOLDER
from papersim.index.pending import FILE_NAME as PENDING
from processes import ended, killed, started

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from papersim.model import IndexReport

FEW, MANY = 4, 75  # kills of each command
MANY_OF_INDEX = 40  # those take longer
SEED = 20260101

MORE_NOTES = {
    f"daily/2024010{day}.md": f"""## Paper Number {day}: On Things Seen at Daybreak
#{tag}
- **Method**: what was seen on day {day} is compared with what {tag} would say of it.
"""
    for day, tag in enumerate(["PEFT", "LLM", "diffusion", "PEFT", "retrieval", "PEFT"], 1)
}
NEW_NOTE = """## Quantised Weights for Pocket Devices
#量化 #LLM
- **Background**: A pocket device holds a tenth of what a language model takes.
- **Method**: Weights are rounded to four bits, group by group, with a scale of their own.
- **Results**: Hardly any accuracy is lost, and answers come twice as fast.
"""
APPLY = ("suggest-tags", "--all", "--as-untagged", "--apply", "--min-confidence", "0")

Notes = dict[str, bytes]


def notes_of(vault: Vault) -> Notes:
    return {
        str(file.relative_to(vault.notes)): file.read_bytes()
        for file in sorted(vault.notes.rglob("*"))
        if file.is_file() and not file.name.endswith(".tmp")
    }


def leftovers(vault: Vault) -> list[Path]:
    return [file for file in vault.root.rglob("*") if file.name.startswith(".papersim-")]


def answers(vault: Vault) -> list[tuple[str, list[tuple[str, float]]]]:
    """Return for every paper its hits and their scores, best first."""
    found = vault.open().similar_all(k=50, evidence=False)
    return [(paper.id, [(hit.paper.id, hit.score) for hit in hits]) for paper, hits in found]


@dataclass(frozen=True)
class Index:
    """What an index holds, to be compared with what another does."""

    content: dict[str, list[tuple[object, ...]]]
    embeddings: dict[bytes, NDArray[np.float32]]
    answers: list[tuple[str, list[tuple[str, float]]]]

    @classmethod
    def of(cls, vault: Vault) -> Index:
        """Return what a vault's index holds."""
        return cls(content(vault), embeddings(vault), answers(vault))

    def assert_is(self, clean: Index) -> None:
        """Assert that this is the index of a clean run, but for texts that are kept besides."""
        assert self.content == clean.content
        assert self.embeddings.keys() >= clean.embeddings.keys()
        for digest, vector in clean.embeddings.items():
            np.testing.assert_allclose(self.embeddings[digest], vector, atol=2e-3)
        assert [paper for paper, _ in self.answers] == [paper for paper, _ in clean.answers]
        for (_, mine), (_, theirs) in zip(self.answers, clean.answers, strict=True):
            assert dict(mine) == pytest.approx(dict(theirs), abs=5e-3)


@dataclass(frozen=True)
class Command:
    """A command to kill: where it begins, what it takes, and what it leaves when it may end.

    It runs on ``vault``, which is put back to what is kept in ``begin``: an index knows where
    its notes are.
    """

    words: tuple[str, ...]
    vault: Vault
    begin: Path
    seconds: float
    writing: float
    old: Notes
    new: Notes

    @classmethod
    def measured(cls, vault: Vault, *words: str) -> Command:
        """Run a command once, to its end, and put its vault back."""
        begin = vault.root.with_name("begin")
        shutil.copytree(vault.root, begin)
        old, begun = notes_of(vault), time.monotonic()
        process = started(vault, *words)
        at = wait_for_writing(vault, process)
        done = ended(process)
        now = time.monotonic()
        assert done.code == 0, done
        return cls(words, vault, begin, now - begun, now - at, old, notes_of(vault))

    def killed(self, draw: random.Random) -> bool:
        """Run the command and kill it somewhere; return whether it had not come to its end."""
        shutil.rmtree(self.vault.root)
        shutil.copytree(self.begin, self.vault.root)
        process = started(self.vault, *self.words)
        if draw.random() < 0.5:
            wait_for_writing(self.vault, process)
            time.sleep(draw.uniform(0, self.writing))
        else:
            time.sleep(draw.uniform(0, self.seconds))
        return killed(process)

    def differs(self, path: str) -> bool:
        """Return whether a note is another one when the command has come to its end."""
        return self.old[path] != self.new[path]


def wait_for_writing(vault: Vault, process: subprocess.Popen[str]) -> float:
    """Wait until a process begins to write, or has ended; return when that was."""
    while not (vault.index / HOLDER).exists() and process.poll() is None:
        time.sleep(0.0005)
    return time.monotonic()


def copied(vault: Vault, root: Path) -> Vault:
    """Return a copy of a vault, with an index that knows where it is now."""
    copy = Vault(root / "vault")
    shutil.copytree(vault.root, copy.root)
    copy.update()
    return copy


def updated(vault: Vault, total: int) -> IndexReport:
    """Bring a killed index up to date; assert that nothing is embedded that had been."""
    finished = len(embeddings(vault)) if (vault.index / "papersim.sqlite").exists() else 0
    if not finished and (vault.index / PENDING).exists():
        finished = len(embeddings(vault))
    report = vault.update()
    assert report.embedded <= total - finished
    assert not leftovers(vault)
    assert vault.open().status().up_to_date
    return report


@pytest.fixture(scope="module")
def begin(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    """Return a vault that is indexed; tests only copy it."""
    vault = Vault(tmp_path_factory.mktemp("begin"))
    for path, text in {**SMALL_VAULT, **MORE_NOTES}.items():
        vault.write(path, text)
    vault.update()
    return vault


@pytest.fixture(scope="module")
def clean(begin: Vault) -> Index:
    """Return the index of a clean run."""
    return Index.of(begin)


# --- index --------------------------------------------------------------------------------------


def kill_first_runs(begin: Vault, clean: Index, root: Path, kills: int) -> Counter[str]:
    bare = Vault(root / "vault")
    shutil.copytree(begin.notes, bare.notes)
    return kill_runs(Command.measured(bare, "index"), clean, kills)


def kill_updates(begin: Vault, clean: Index, root: Path, kills: int) -> Counter[str]:
    changed = copied(begin, root)
    changed.write("new.md", NEW_NOTE)
    changed.write("20230210.md", SMALL_VAULT["20230210.md"].replace("mesh", "surface"))
    (changed.notes / "reading/koe.md").rename(changed.notes / "koe.md")
    (changed.notes / "20230401.md").unlink()
    once = Vault(root / "once")
    shutil.copytree(changed.notes, once.notes)
    once.update()
    kept = len(embeddings(changed))
    expected, union = Index.of(once), set(embeddings(once)) | set(embeddings(changed))
    assert len(union) > kept
    return kill_runs(Command.measured(changed, "index"), expected, kills, total=len(union))


def kill_runs(command: Command, clean: Index, kills: int, total: int | None = None) -> Counter[str]:
    """Kill runs of indexing, the next of which then makes the index of a clean run."""
    draw, counts = random.Random(SEED), Counter[str]()  # noqa: S311 - which instants
    total = len(clean.embeddings) if total is None else total
    vault = command.vault
    while counts["kills"] < kills:
        counts["runs"] += 1
        counts["kills"] += command.killed(draw)
        assert notes_of(vault) == command.old, "indexing writes no note"
        counts["with finished embeddings"] += (vault.index / PENDING).exists()
        counts["with temporary files"] += bool(leftovers(vault))
        counts["embedded by the next run"] += updated(vault, total).embedded
        Index.of(vault).assert_is(clean)
    return counts


# --- notes --------------------------------------------------------------------------------------


def kill_applying(begin: Vault, clean: Index, root: Path, kills: int) -> Counter[str]:
    return kill_edits(Command.measured(copied(begin, root), *APPLY), clean, kills)


def kill_renaming(begin: Vault, clean: Index, root: Path, kills: int) -> Counter[str]:
    words = ("tags", "--rename", "PEFT", "low_rank")
    return kill_edits(Command.measured(copied(begin, root), *words), clean, kills)


def kill_undoing(begin: Vault, clean: Index, root: Path, kills: int) -> Counter[str]:
    edited = copied(begin, root)
    assert ended(started(edited, *APPLY)).code == 0
    return kill_edits(Command.measured(edited, "undo"), clean, kills)


def kill_edits(command: Command, clean: Index, kills: int) -> Counter[str]:
    """Kill commands that write notes; undo brings the old ones back, and their index is as it was.

    The command may be undo itself.
    """
    vault, before = command.vault, command.new if command.words == ("undo",) else command.old
    edited = list(filter(command.differs, before))
    assert len(edited) >= 5
    draw, counts = random.Random(SEED), Counter[str]()  # noqa: S311 - which instants
    while counts["kills"] < kills:
        counts["runs"] += 1
        counts["kills"] += command.killed(draw)
        now = notes_of(vault)
        assert now.keys() == command.old.keys()
        for path, data in now.items():
            assert data in (command.old[path], command.new[path]), path
        written = sum(now[path] == command.new[path] for path in edited)
        counts["between two notes"] += 0 < written < len(edited)
        counts["with temporary files"] += bool(leftovers(vault))
        try:
            vault.open().undo()
        except VaultError:
            # Killed before the journal was there, or after undo had taken it away.
            assert now == before
        assert notes_of(vault) == before, "all old bytes are back"
        updated(vault, len(clean.embeddings))
        Index.of(vault).assert_is(clean)
    return counts


COMMANDS: dict[str, Callable[[Vault, Index, Path, int], Counter[str]]] = {
    "index, first run": kill_first_runs,
    "index, after changes": kill_updates,
    "suggest-tags --all --apply": kill_applying,
    "tags --rename": kill_renaming,
    "undo": kill_undoing,
}


@pytest.mark.parametrize("command", COMMANDS)
def test_killed_at_a_few_instants(begin: Vault, clean: Index, tmp_path: Path, command: str) -> None:
    assert COMMANDS[command](begin, clean, tmp_path, FEW)["kills"]


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_killed_at_many_instants(begin: Vault, clean: Index, tmp_path: Path, command: str) -> None:
    kills = MANY_OF_INDEX if command.startswith("index") else MANY
    counts = COMMANDS[command](begin, clean, tmp_path, kills)
    print(f"\n{command}: {dict(counts)}")
    assert counts["kills"] == kills
