"""Renewing: what comes of a row of changes is what comes of reading everything at once."""

from __future__ import annotations

import random
import re
from itertools import count
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersim.index import shelves as shelves_module
from papersim.index.derived import Derived
from papersim.index.shelf import FULL, to_join

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Vault

TOPICS = ("radiance fields", "speech separation", "prompt tuning", "graph search", "三维重建")
VERBS = ("sharpens", "prunes", "aligns", "reorders", "compresses", "重新排列")
TEMPLATE = "Written down with the reading template of the group, version two.\n"


def note(rng: random.Random, number: int) -> str:
    """Return a note on a paper or two, with tags, links, and a template's line in some."""
    papers = []
    for part in range(rng.choice((1, 1, 2))):
        topic, other = rng.sample(TOPICS, 2)
        says = [
            f"It {rng.choice(VERBS)} {topic} by {rng.choice(VERBS)} {other}, {rng.randint(1, 99)}."
            for _ in range(rng.randint(0, 3))
        ]
        papers.append(
            f"# {topic.title()} Number {number}{'ab'[part]}\n"
            f"{rng.choice(('', '#LLM', '#nerf #音声', '#nerf'))}\n\n"
            + (f"## Method\n{' '.join(says)}\n" if says else "")
            + (f"\n## Notes\n见 [[n{rng.randint(0, 12)}]]。\n" if rng.random() < 0.5 else "")
            + (TEMPLATE if rng.random() < 0.5 else "")
        )
    return "\n".join(papers)


class Edits:
    """Random changes of a vault."""

    def __init__(self, vault: Vault, seed: int) -> None:
        self.vault, self.rng, self.numbers = vault, random.Random(seed), count()  # noqa: S311

    @property
    def notes(self) -> list[Path]:
        """The notes there are."""
        return sorted(self.vault.notes.rglob("*.md"))

    def add(self) -> None:
        """Add some notes."""
        for _ in range(self.rng.choice((1, 1, 2, 5))):
            number = next(self.numbers)
            self.vault.write(f"n{number}.md", note(self.rng, number))

    def change(self) -> None:
        """Write a note anew."""
        path = self.rng.choice(self.notes)
        path.write_text(note(self.rng, next(self.numbers)), "utf-8")

    def retag(self) -> None:
        """Change the tags of a note, and nothing else."""
        path = self.rng.choice(self.notes)
        line = re.compile(r"^#\w.*$|^$", re.MULTILINE)
        path.write_text(line.sub("#retagged", path.read_text("utf-8"), count=1), "utf-8")

    def move(self) -> None:
        """Give a note another name."""
        path = self.rng.choice(self.notes)
        path.rename(path.with_name(f"moved{next(self.numbers)}.md"))

    def remove(self) -> None:
        """Take a note away."""
        if len(self.notes) > 3:
            self.rng.choice(self.notes).unlink()

    def read_all(self) -> None:
        """Read every note again."""
        self.vault.update(full=True)

    def any(self) -> None:
        """Make one change, or several at once."""
        kinds: list[Callable[[], None]] = [
            *(self.add, self.change, self.retag, self.move, self.remove, self.read_all)
        ]
        for kind in self.rng.choices(kinds, k=self.rng.choice((1, 1, 1, 3))):
            kind()


def parts_of(derived: Derived) -> Iterator[tuple[str, object]]:
    """Yield all that answers are made of, by name, wherever it is kept."""
    vectors, corpus = derived.vectors, derived.corpus
    every = np.arange(corpus.count)
    yield "papers", vectors.papers.tolist()
    yield "starts", vectors.starts.tolist()
    yield "sections", vectors.sections.tolist()
    yield "kinds", vectors.kinds.tolist()
    yield "languages", [vectors.means.languages[i] for i in vectors.passages.languages]
    yield "counts", vectors.means.counts.tolist()
    yield "means", vectors.means.table
    yield "query means", vectors.query_means.table
    yield "vectors", vectors.matrix()
    yield "similarities", vectors.similarities(vectors.matrix()[:7])
    for name, words in (("words", corpus.lexical), ("titles", corpus.titles)):
        yield f"{name}: sizes", words.sizes.tolist()
        yield f"{name}: rows", words.scores_of_rows(every)
        yield f"{name}: text", words.scores_of_text("nerf prunes speech 三维重建 by")
        yield f"{name}: row", words.scores_of_row(0)
    for name, overlap in (("tags", corpus.tags), ("links", corpus.links)):
        yield name, np.asarray([overlap.scores(row) for row in every.tolist()])
    yield "groups", [corpus.names[group] for group in corpus.groups]
    yield "hubs", corpus.hubs
    yield "background", corpus.background.levels


def check(vault: Vault) -> Derived:
    """Compare what is kept with what comes of everything at once; return the former."""
    store = vault.store()
    fingerprint = store.meta("fingerprint")
    kept = Derived.load(vault.index, store.generation, fingerprint)
    assert kept is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shelves_module, "FULL", FULL)
        plain = Derived.build(store, fingerprint, 384)
    store.close()
    assert len(plain.shelves.shelves) == 1
    for (name, one), (_, other) in zip(parts_of(kept), parts_of(plain), strict=True):
        if isinstance(one, np.ndarray):
            np.testing.assert_allclose(one, np.asarray(other), rtol=0, atol=1e-6, err_msg=name)
        else:
            assert one == other, name
    return kept


@pytest.mark.parametrize("seed", range(3))
def test_a_row_of_changes_gives_what_reading_everything_gives(empty: Vault, seed: int) -> None:
    edits = Edits(empty, seed)
    for _ in range(8):
        edits.add()
    empty.update()
    check(empty)
    shelves = []
    for _ in range(12):
        edits.any()
        empty.update()
        shelves.append(len(check(empty).shelves.shelves))
    assert max(shelves) > 1, "something was kept as it was"


def test_full_shelves_hold_what_one_large_one_would(
    empty: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With room for a few papers each, through a row of changes."""
    monkeypatch.setattr(shelves_module, "FULL", 9)
    edits = Edits(empty, 7)
    for _ in range(8):
        edits.add()
    empty.update()
    kept = check(empty)
    assert len(kept.shelves.shelves) > 3
    for _ in range(4):
        before = {path.name for path in empty.index.glob("derived-*")}
        edits.change()
        empty.update()
        check(empty)
        assert len(before & {path.name for path in empty.index.glob("derived-*")}) > 1


def test_one_changed_note_is_written_and_little_else(empty: Vault) -> None:
    edits = Edits(empty, 5)
    for _ in range(20):
        edits.add()
    empty.update()
    before = {path: path.stat() for path in empty.index.glob("derived-*")}
    large = max(before, key=lambda path: before[path].st_size)
    edits.change()
    empty.update()
    after = {path: path.stat() for path in empty.index.glob("derived-*")}
    assert after[large].st_ino == before[large].st_ino
    assert after[large].st_mtime_ns == before[large].st_mtime_ns
    written = sum(stat.st_size for path, stat in after.items() if path not in before)
    assert written < 0.3 * sum(stat.st_size for stat in after.values())
    check(empty)


def test_boilerplate_that_comes_and_goes_is_seen_in_notes_that_did_not_change(
    empty: Vault,
) -> None:
    """The fifth note with a line makes it boilerplate in the other four."""
    for number in range(30):
        line = TEMPLATE if number < 4 else f"What {chr(0x4E00 + number)} says is its own.\n"
        said = f"It takes {chr(0x5E00 + number)} steps to finish."
        text = f"# A Paper on {number}\n\n## Method\n{said}\n{line}"
        empty.write(f"n{number}.md", text)
    empty.update()
    fifth = empty.write("fifth.md", f"# The Fifth of Them\n\n## Method\nIt is late.\n{TEMPLATE}")
    empty.update()
    with_fifth = check(empty)
    assert len(with_fifth.shelves.shelves) > 1
    assert not with_fifth.corpus.lexical.scores_of_text("group template version").any()
    fifth.write_text("# The Fifth of Them\n\n## Method\nIt is late.\n", "utf-8")
    empty.update()
    assert check(empty).corpus.lexical.scores_of_text("group template version").any()


def test_labels_of_the_user_are_seen_in_notes_that_did_not_change(
    empty: Vault, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A kind may change where no byte of a note does."""
    for number in range(12):
        said = f"It takes {chr(0x5E00 + number)} steps."
        empty.write(f"n{number}.md", f"# Paper on {number}\n\n## Kniff\n{said}\n")
    monkeypatch.chdir(tmp_path)
    empty.update()
    before = check(empty).vectors.kinds.tolist()
    (tmp_path / "papersim.toml").write_text('[labels.method]\nexact = ["Kniff"]\n', "utf-8")
    empty.update()
    assert check(empty).vectors.kinds.tolist() != before


def test_what_is_damaged_is_not_taken_over(empty: Vault) -> None:
    """A byte that nobody noticed on opening must not live on in later generations."""
    edits = Edits(empty, 6)
    for _ in range(20):
        edits.add()
    empty.update()
    large = max(empty.index.glob("derived-*"), key=lambda path: path.stat().st_size)
    data = bytearray(large.read_bytes())
    data[len(data) // 2] ^= 16
    large.write_bytes(data)
    edits.change()
    empty.update()
    check(empty)


# --- when shelves are joined ----------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.integers(0, 500), st.integers(0, 40)), min_size=1, max_size=60),
    st.sampled_from([400, 3_000, FULL]),
)
def test_shelves_stay_few_and_full(changes: list[tuple[int, int]], full: int) -> None:
    """After any row of changes: (new papers, old ones that went or changed)."""
    rng = random.Random(0)  # noqa: S311
    shelves: list[list[bool]] = []
    for new, gone in changes:
        for _ in range(gone):
            shelf = rng.choice(shelves) if shelves else []
            if shelf:
                shelf[rng.randrange(len(shelf))] = False
        live = [sum(shelf) for shelf in shelves]
        joined = to_join(live, [len(shelf) for shelf in shelves], new, full)
        assert joined == sorted(set(joined) & set(range(len(shelves))))
        moved = sum(live[place] for place in joined) + new
        shelves = [shelf for place, shelf in enumerate(shelves) if place not in joined]
        shelves += [[True] * min(full, moved - begin) for begin in range(0, moved, full)]
        assert all(4 * sum(shelf) >= 3 * len(shelf) for shelf in shelves)
        assert all(shelves)
        total = sum(map(sum, shelves))
        assert len(shelves) <= 2 + 2 * total / full + np.log(max(1, total)) / np.log(3)


def test_a_change_moves_little() -> None:
    """Over many small changes a paper moves a few times, not with every change."""
    live: list[int] = [10_000]
    moved = 0
    for _ in range(2_000):
        joined = to_join(live, live, 3, FULL)
        more = sum(live[place] for place in joined)
        moved += more
        live = [one for place, one in enumerate(live) if place not in joined] + [more + 3]
    assert sum(live) == 16_000
    assert moved < 20 * 6_000 + 2 * 10_000


def test_a_full_shelf_is_left_alone() -> None:
    """But for its gaps: what a change takes does not grow with the vault."""
    assert to_join([FULL, FULL, 10], [FULL, FULL, 10], FULL // 2, FULL) == [2]
    assert to_join([FULL // 2, FULL, 10], [FULL, FULL, 10], 1, FULL) == [0, 2]
    assert to_join([FULL, FULL, 10], [2 * FULL, FULL, 10], 1, FULL) == [0, 2]
