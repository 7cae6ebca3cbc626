"""Measure the reader on public vaults: what it finds, how fast, and how right against hand labels.

The vaults are folders of Markdown notes under one folder (default ``../shared/corpora`` beside
the repository); the labels stand in ``benchmarks/labels``, one JSON line for each labelled note.

    python benchmarks/vaults.py [FOLDER] [--wrong] [--half a|b] [--only VAULT]

Precision and recall are of papers (paired by title, else by their order in the note), of titles
(equal as title keys), of tags (the set of each paper) and of sections (the multiset of label and
kind of each paper, ``other`` left out; the same label twice in a row counts once, as where a
callout repeats its heading). Sections are measured on notes that are papers only.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from papersim.notes.labels import Labels, label_key
from papersim.notes.reader import read_note
from papersim.notes.tags import tag_key
from papersim.notes.titles import is_date, title_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from papersim.notes.model import Note, PaperEntry

HERE = Path(__file__).resolve().parent
MEASURES = ("papers", "titles", "tags", "sections")
TARGETS = {"papers": 0.98, "titles": 0.98, "tags": 0.97, "sections": 0.95}


@dataclass
class Tally:
    """How many things are in the labels, how many were read, and how many of these agree."""

    gold: int = 0
    read: int = 0
    right: int = 0

    def add(self, gold: Counter[Any], read: Counter[Any]) -> None:
        """Count one more comparison of multisets."""
        self.gold += gold.total()
        self.read += read.total()
        self.right += (gold & read).total()

    def __str__(self) -> str:
        precision = self.right / self.read if self.read else 1.0
        recall = self.right / self.gold if self.gold else 1.0
        return f"{precision:.3f} {recall:.3f} {self.gold:5d}"


@dataclass
class Score:
    """The tallies of a set of labelled notes, and what disagrees, as lines to print."""

    tallies: dict[str, Tally] = field(default_factory=lambda: {name: Tally() for name in MEASURES})
    wrong: list[str] = field(default_factory=list)

    def join(self, other: Score) -> None:
        """Add another set's counts."""
        for name, tally in other.tallies.items():
            mine = self.tallies[name]
            mine.gold += tally.gold
            mine.read += tally.read
            mine.right += tally.right


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument(
        "folder", nargs="?", type=Path, default=HERE.parents[1] / "shared" / "corpora"
    )
    parser.add_argument("--wrong", action="store_true", help="list each disagreement")
    parser.add_argument("--half", choices=("a", "b"), help="only this half of the labelled notes")
    parser.add_argument("--only", help="only this vault")
    options = parser.parse_args(arguments)
    if not options.folder.is_dir():
        print(f"No vaults to measure: {options.folder} is not a folder.")
        return 0
    labels = Labels.load()
    vaults = [
        (folder, sorted(folder.rglob("*.md")))
        for folder in sorted(options.folder.iterdir())
        if folder.is_dir() and options.only in (None, folder.name)
    ]
    vaults = [(folder, files) for folder, files in vaults if files]
    if not options.wrong:
        _print_survey(vaults, labels)
    _print_scores([folder for folder, _ in vaults], labels, options.half, wrong=options.wrong)
    return 0


def _print_survey(vaults: Iterable[tuple[Path, list[Path]]], labels: Labels) -> None:
    """Print what the reader makes of every file of every vault."""
    print(f"{'vault':28}files papers title%  tags known%  sec  skipped")
    total_files, total_seconds = 0, 0.0
    for folder, files in vaults:
        texts = [(path.relative_to(folder).as_posix(), _text(path)) for path in files]
        begin = time.perf_counter()
        notes = [read_note(text, name, labels) for name, text in texts]
        seconds = time.perf_counter() - begin
        papers = [paper for note in notes for paper in note.papers]
        plausible = sum(_plausible(paper.title) for paper in papers)
        tags = sum(len(paper.tags) for paper in papers)
        skipped = Counter(note.skipped for note in notes if note.skipped)
        print(
            f"{folder.name:28}{len(files):5d} {len(papers):6d} {_percent(plausible, len(papers))} "
            f"{tags:5d} {_percent(*_known(papers))} {seconds:5.2f}  {dict(skipped) or ''}"
        )
        total_files += len(files)
        total_seconds += seconds
    print(f"{'all':28}{total_files:5d} files in {total_seconds:.1f} seconds\n")


def _text(path: Path) -> str:
    """Return a file's text with its line ends as they stand."""
    return path.read_bytes().decode("utf-8", errors="replace")


def _plausible(title: str) -> bool:
    """Return whether a title could be a paper's: two words or six letters, no date, no markup."""
    letters = sum(c.isalnum() for c in title)
    marked = any(mark in title for mark in ("**", "](", "[[", "::", "{{", "://"))
    return letters >= 3 and len(title) <= 300 and not marked and not is_date(title)


def _known(papers: Iterable[PaperEntry]) -> tuple[int, int]:
    """Return how many characters of sections are of a known kind, and how many there are."""
    sizes = Counter[bool]()
    for paper in papers:
        for section in paper.sections:
            sizes[section.kinds != ("other",)] += len(section.text)
    return sizes[True], sizes.total()


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:6.1f}" if whole else "     -"


def _print_scores(
    folders: Iterable[Path], labels: Labels, half: str | None, *, wrong: bool
) -> None:
    """Print precision, recall and number of things of each vault, then of all together."""
    if not wrong:
        print(f"{'precision, recall, labelled':28}" + "".join(f"{name:19}" for name in MEASURES))
    overall, of_papers = Score(), Score()
    for folder in folders:
        gold = HERE / "labels" / f"{folder.name}.jsonl"
        if not gold.exists():
            continue
        score = _score_vault(folder, gold, labels, half)
        overall.join(score)
        of_papers.join(_score_vault(folder, gold, labels, half, papers_only=True))
        print("\n".join(score.wrong) if wrong else _row(folder.name, score))
    print(_row("all", overall))
    print(_row("all notes that are papers", of_papers))
    print(f"{'target':28}" + "".join(f"{TARGETS[name]:<19}" for name in MEASURES))


def _row(name: str, score: Score) -> str:
    return f"{name:28}" + "".join(f"{score.tallies[measure]!s:19}" for measure in MEASURES)


def _score_vault(
    folder: Path, gold: Path, labels: Labels, half: str | None, *, papers_only: bool = False
) -> Score:
    score = Score()
    for line in gold.read_text("utf-8").splitlines():
        label = json.loads(line)
        if papers_only and not label["is_paper"]:
            continue
        if half in (None, _half(label["note"])):
            path = folder / label["note"]
            _score_note(label, read_note(_text(path), label["note"], labels), folder.name, score)
    return score


def _half(name: str) -> str:
    """Return the half a labelled note falls in: ``a`` to tune the reader on, ``b`` held out."""
    return "ab"[hashlib.sha256(name.encode()).digest()[0] % 2]


def _score_note(label: dict[str, Any], note: Note, vault: str, score: Score) -> None:
    where = f"{vault}: {note.path}"
    for gold, read in _pairs(label["papers"], note.papers):
        _compare(score, "papers", [1] if gold else [], [1] if read else [], where)
        titles = [gold["title"]] if gold else [], [read.title] if read else []
        _compare(score, "titles", *titles, where, title_key)
        tags = gold["tags"] if gold else [], list(read.tags) if read else []
        _compare(score, "tags", *tags, where, tag_key)
        if label["is_paper"]:
            written = [(name, tuple(kinds)) for name, kinds in gold["sections"]] if gold else []
            found = [(s.label, s.kinds) for s in read.sections] if read else []
            _compare(score, "sections", _labelled(written), _labelled(found), where)


def _pairs(
    gold: Sequence[dict[str, Any]], read: Sequence[PaperEntry]
) -> list[tuple[dict[str, Any] | None, PaperEntry | None]]:
    """Return the papers of a note in pairs: those with the same title, the others in order."""
    left = list(read)
    pairs: list[tuple[dict[str, Any] | None, PaperEntry | None]] = []
    unmatched = []
    for paper in gold:
        same = next((p for p in left if title_key(p.title) == title_key(paper["title"])), None)
        if same is None:
            unmatched.append(paper)
        else:
            left.remove(same)
            pairs.append((paper, same))
    return [*pairs, *zip_longest(unmatched, left)]


def _labelled(sections: Iterable[tuple[str | None, tuple[str, ...]]]) -> list[tuple[str, str]]:
    """Return label and kind of each section, without ``other`` and immediate repeats."""
    pairs: list[tuple[str, str]] = []
    before: tuple[str, tuple[str, ...]] | None = None
    for label, kinds in sections:
        this = (label_key(label or ""), tuple(kinds))
        if this != before:
            pairs += [(this[0], kind) for kind in kinds if kind != "other"]
        before = this
    return pairs


def _compare(
    score: Score,
    measure: str,
    gold: Sequence[Any],
    read: Sequence[Any],
    where: str,
    key: Any = lambda value: value,
) -> None:
    mine, theirs = Counter(map(key, gold)), Counter(map(key, read))
    if measure == "tags":
        mine, theirs = Counter(set(mine)), Counter(set(theirs))
    score.tallies[measure].add(mine, theirs)
    if mine != theirs:
        missed, extra = list((mine - theirs).elements()), list((theirs - mine).elements())
        if measure == "titles":
            missed, extra = list(gold), list(read)
        score.wrong.append(f"{where}\n    {measure}: missed {missed}\n        extra {extra}")


if __name__ == "__main__":
    sys.exit(main())
