"""`papersim index --watch` under a long random workload: the index stays true, memory flat."""

from __future__ import annotations

import json
import os
import random
import signal
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conftest import Vault, content
from papersim import Library
from test_watch import started, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from test_watch import Started

MINUTE = 50.0  # seconds; with start and comparison it is one
HOUR = float(os.environ.get("PAPERSIM_SOAK_SECONDS", "3600"))
NOTES = 40  # about as many are kept
MIB = 1 << 20
NEAR = 0.02  # the two engines' vectors differ in the third digit

_THINGS = ("mesh", "field", "photo", "caption", "voice", "vector", "graph", "深度", "光线", "話者")
_TASKS = ("View Synthesis", "Speech", "Retrieval", "三维生成", "音声認識")
_TAGS = ("#NeRF", "#Text23D", "#PEFT", "#音声", "#retrieval")


class Workload:
    """Does to the notes what people, editors and programs do, at random, from a seed."""

    def __init__(self, notes: Path, seed: int) -> None:
        self.notes, self.random = notes, random.Random(seed)  # noqa: S311 - nothing is secret
        self.done = 0
        self._named = 0

    def step(self) -> None:
        """Do one thing."""
        notes = sorted(self.notes.rglob("*.md"))
        ways: list[Callable[[list[Path]], None]] = [self.edit, self.save, self.touch, self.rename]
        ways += [self.add] * (3 if len(notes) < NOTES else 1)
        ways += [self.remove] * (3 if len(notes) > NOTES else 1)
        ways += [self.move_folder, self.litter, self.burst]
        self.random.choice(ways)(notes)
        self.done += 1

    def text(self) -> str:
        """Return a note of one or two papers, whose titles no other has."""
        papers = []
        for _ in range(self.random.choice((1, 1, 2))):
            self._named += 1
            task = self.random.choice(_TASKS)
            # Few sentences, so that the fresh index is made within seconds.
            sentence = (
                f"A {self.random.choice(_THINGS)} is made of a {self.random.choice(_THINGS)}."
            )
            papers.append(
                f"## Paper {self._named} on {task}\n{self.random.choice(_TAGS)}\n"
                f"- **Method**: {sentence}\n"
            )
        return "\n".join(papers)

    def place(self) -> Path:
        """Return where a note may be that is not there yet."""
        self._named += 1
        return self.notes / self.random.choice(("", "a", "a/b", "c")) / f"{self._named}.md"

    def add(self, _: list[Path]) -> None:
        """Write a new note."""
        file = self.place()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self.text(), "utf-8")

    def edit(self, notes: list[Path]) -> None:
        """Write into a note, in two goes."""
        with self.random.choice(notes).open("a", encoding="utf-8") as file:
            file.write("\n" + self.text())
            file.flush()
            time.sleep(0.05)
            file.write("- **Results**: It works.\n")

    def save(self, notes: list[Path]) -> None:
        """Replace a note through a temporary file."""
        file = self.random.choice(notes)
        temporary = file.with_name(f".{file.name}.tmp")
        temporary.write_text(self.text(), "utf-8")
        temporary.replace(file)

    def touch(self, notes: list[Path]) -> None:
        """Give a note another time."""
        os.utime(self.random.choice(notes))

    def rename(self, notes: list[Path]) -> None:
        """Rename a note, perhaps into another folder."""
        file = self.place()
        file.parent.mkdir(parents=True, exist_ok=True)
        self.random.choice(notes).rename(file)

    def remove(self, notes: list[Path]) -> None:
        """Delete a note, but not the last ones."""
        if len(notes) > 5:
            self.random.choice(notes).unlink()

    def move_folder(self, _: list[Path]) -> None:
        """Rename a folder of notes, and back."""
        here, there = self.notes / "c", self.notes / "d"
        if there.exists():
            here, there = there, here
        if here.exists() and not there.exists():
            here.rename(there)

    def litter(self, _: list[Path]) -> None:
        """Leave what is no note."""
        (self.notes / ".git").mkdir(exist_ok=True)
        (self.notes / ".git" / "HEAD.md").write_text(self.text(), "utf-8")
        (self.notes / "picture.png").write_bytes(self.random.randbytes(100))

    def burst(self, notes: list[Path]) -> None:
        """Write many at once, as a sync does."""
        for _ in range(5):
            self.add(notes)
            self.remove(sorted(self.notes.rglob("*.md")))


def resident(process: int) -> int:
    """Return the bytes that a process holds in memory by itself."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("RssAnon"))


def drain(watch: Started) -> int:
    """Return how many updates were reported since."""
    updates = 0
    while not watch._lines.empty():
        watch.report()
        updates += 1
    return updates


def rise(samples: list[tuple[float, int]]) -> float:
    """Return by how many bytes memory rose from the second third to the last, by medians."""
    sizes = [size for _, size in samples]
    third = len(sizes) // 3
    return statistics.median(sizes[-third:]) - statistics.median(sizes[third : 2 * third])


def without_ids(found: dict[str, list[tuple[object, ...]]]) -> dict[str, list[tuple[object, ...]]]:
    """Return the content of an index without the ids of papers, which tell its history."""
    return {**found, "entries": [(*row[:2], *row[3:]) for row in found["entries"]]}


def answers(library: Library) -> dict[tuple[str, str], float]:
    """Return the score of each paper for each other one, by titles."""
    found = library.similar_all(k=1000, evidence=False)
    return {(paper.title, hit.paper.title): hit.score for paper, hits in found for hit in hits}


def soak(vault: Vault, seconds: float, seed: int) -> tuple[list[tuple[float, int]], int, int]:
    """Follow a vault under the workload and compare the index with a fresh one at the end.

    Return samples of time and memory, the number of updates, and that of things done.
    """
    workload = Workload(vault.notes, seed)
    for _ in range(NOTES):
        workload.add([])
    samples: list[tuple[float, int]] = []
    with started(vault, "--json") as watch:
        watch.report()
        updates, began = 1, time.monotonic()
        rest = began + seconds / 4
        while (now := time.monotonic()) < began + seconds:
            workload.step()
            time.sleep(workload.random.choice((0.0, 0.1, 0.5, 1.0, 2.0)))
            if now > rest and seconds > 600:
                time.sleep(75)  # long enough for the model to be let go of
                rest += seconds / 4
            updates += drain(watch)
            samples.append((now - began, resident(watch.process.pid)))
        wait_until(lambda: vault.open().status().up_to_date)
        assert watch.end(signal.SIGTERM) == 0
        assert "trying again" not in watch.said
    fresh = Vault(vault.root / "fresh")
    fresh_library = Library.open(vault.notes, fresh.index)
    fresh_library.index()
    assert without_ids(content(vault)) == without_ids(content(fresh))
    assert answers(vault.open()) == pytest.approx(answers(fresh_library), abs=NEAR)
    return samples, updates, workload.done


def test_a_minute_of_work(empty: Vault) -> None:
    samples, updates, done = soak(empty, MINUTE, seed=7)
    assert updates > 5
    assert done > 20
    assert rise(samples) < 24 * MIB


@pytest.mark.slow
def test_an_hour_of_work(empty: Vault) -> None:
    samples, updates, done = soak(empty, HOUR, seed=int(time.time()))
    every = samples[:: max(1, len(samples) // 60)]
    print(json.dumps({"updates": updates, "done": done, "rise": rise(samples)}))
    print(json.dumps([[round(at), size >> 20] for at, size in every]))
    assert updates > HOUR / 10
    assert rise(samples) < 16 * MIB
