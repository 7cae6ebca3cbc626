"""Vectors as they are asked: exact, centred, wherever they stand; and what can happen to them."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import embeddings
from papersim.index.vectors import Passages, VectorIndex, kind_mask
from papersim.notes.model import KINDS
from papersim.rank.center import LanguageMeans

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Vault


def answers(vault: Vault, remarks: list[str]) -> object:
    library = vault.open(remarks.append)
    hits = [library.similar(paper.paper, k=5) for paper in library.papers()]
    return hits, library.suggest_tags("Text to Mesh"), library.status().passages


def files(folder: Path) -> dict[str, Path]:
    """Return the files of derived arrays by what they are for, and the manifest as ``.json``."""
    manifest = folder / "derived.json"
    named = json.loads(manifest.read_bytes())["files"]
    found = {use: folder / file["name"] for use, file in named.items()} | {".json": manifest}
    assert set(folder.glob("derived*")) == set(found.values()), "one set, no leftovers"
    return found


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def extend(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"more")


def scramble_the_beginning(path: Path) -> None:
    path.write_bytes(b"\x93NUMPY\x01\x00" + path.read_bytes()[8:])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def delete(path: Path) -> None:
    path.unlink()


def become_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


HARMS = [delete, truncate, extend, empty, scramble_the_beginning]


@pytest.mark.parametrize("use", ["state", "shelf-0", ".json"])
@pytest.mark.parametrize("harm", HARMS)
def test_damaged_files_are_made_again(vault: Vault, harm: Callable[[Path], None], use: str) -> None:
    remarks: list[str] = []
    before, vectors = answers(vault, remarks), embeddings(vault)
    assert not remarks
    harm(files(vault.index)[use])
    assert answers(vault, remarks) == before
    assert len(remarks) == 1
    assert "made again" in remarks[0]
    assert answers(vault, remarks) == before
    assert len(remarks) == 1, "once is enough"
    assert embeddings(vault).keys() == vectors.keys()
    files(vault.index)


def test_files_of_an_older_generation_are_made_again(vault: Vault) -> None:
    """As after restoring a part of a backup."""
    old = {path.name: path.read_bytes() for path in vault.index.glob("derived*")}
    (vault.notes / "20230401.md").unlink()
    vault.update()
    remarks: list[str] = []
    before = answers(vault, remarks)
    for path in vault.index.glob("derived*"):
        path.unlink()
    for name, data in old.items():
        (vault.index / name).write_bytes(data)
    assert answers(vault, remarks) == before
    assert len(remarks) == 1


def test_indexing_mends_them_too(vault: Vault) -> None:
    delete(files(vault.index)["shelf-0"])
    assert vault.update().embedded == 0
    remarks: list[str] = []
    answers(vault, remarks)
    assert not remarks


@pytest.mark.parametrize(
    "manifest", [[], {}, {"format": 1}, "text", None, {"format": 1, "generation": 1, "files": []}]
)
def test_a_manifest_that_says_nothing(vault: Vault, manifest: object) -> None:
    (vault.index / "derived.json").write_text(json.dumps(manifest))
    remarks: list[str] = []
    answers(vault, remarks)
    assert len(remarks) == 1


def test_a_folder_in_the_way_is_worked_around(vault: Vault) -> None:
    """The answer does not depend on whether the derived files can be kept."""
    remarks: list[str] = []
    before = answers(vault, remarks)
    become_a_folder(files(vault.index)[".json"])
    assert answers(vault, remarks) == before
    assert remarks


# --- comparing ----------------------------------------------------------------------------------


def index_of(
    blocks: list[int], counts: list[int], languages: list[int], seed: int
) -> tuple[VectorIndex, np.ndarray, list[str]]:
    """Return an index of papers with so many passages, spread over blocks with gaps.

    With it the raw vectors by passage, and their languages.
    """
    rng = np.random.default_rng(seed)
    total = sum(counts)
    raw = rng.normal(size=(total, 12)).astype(np.float32) + 0.7
    raw /= np.linalg.norm(raw, axis=1, keepdims=True)
    room = max(total, sum(blocks))
    slots = rng.permutation(room)[:total]
    stored = rng.normal(size=(room, 12)).astype(np.float32)
    stored[slots] = raw
    ends = np.cumsum([0, *blocks])
    codes = [languages[i % len(languages)] for i in range(total)]
    names = sorted({f"l{code}" for code in codes})
    index = VectorIndex.fit(
        [stored[begin:end] for begin, end in pairwise(ends)] + [stored[ends[-1] :]],
        Passages(
            slots.astype(np.int64),
            np.arange(total, dtype=np.int32),
            np.ones(total, np.int16),
            np.asarray([names.index(f"l{code}") for code in codes], np.int16),
            tuple(names),
        ),
        np.asarray([f"p{number:03}" for number in range(len(counts))]),
        np.cumsum([0, *counts]),
    )
    return index, raw, [f"l{code}" for code in codes]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 30), max_size=4),
    st.lists(st.integers(1, 6), min_size=2, max_size=12),
    st.lists(st.integers(0, 2), min_size=1, max_size=7),
    st.integers(0, 9),
)
def test_centring_when_asked_is_centring_first(
    blocks: list[int], counts: list[int], languages: list[int], seed: int
) -> None:
    """Where the vectors stand, and what else stands there, makes no difference."""
    index, raw, codes = index_of(blocks, counts, languages, seed)
    means = LanguageMeans.fit(raw, codes)
    centred = means.center(raw, codes)
    assert index.means.languages == means.languages
    assert index.means.counts.tolist() == means.counts.tolist()
    np.testing.assert_allclose(index.means.means, means.means, atol=1e-6)
    np.testing.assert_allclose(index.matrix(), centred, atol=1e-5)
    queries = centred[:3]
    np.testing.assert_allclose(index.similarities(queries), queries @ centred.T, atol=1e-5)
    parts = list(index.parts())
    assert [row for rows, _ in parts for row in range(rows.start, rows.stop)] == list(
        range(len(counts))
    )
    np.testing.assert_array_equal(np.concatenate([own for _, own in parts]), index.matrix())


def test_papers_stand_together() -> None:
    index, _, _ = index_of([10], [4] * 10, [0], 1)
    for row, paper in enumerate(index.papers):
        assert index.row(str(paper)) == row
        assert index.span(row) == slice(row * 4, row * 4 + 4)
    assert index.row("absent") is None
    assert index.owners.tolist() == sorted([*range(10)] * 4)


def test_many_vectors_are_gone_through_in_parts() -> None:
    """More than are taken at once, and a paper with more of them than that."""
    index, _, _ = index_of([3000], [5000, 1, 4000, 90, 10], [0, 1], 2)
    parts = list(index.parts())
    assert [(rows.start, rows.stop) for rows, _ in parts] == [(0, 1), (1, 4), (4, 5)]
    np.testing.assert_array_equal(np.concatenate([own for _, own in parts]), index.matrix())
    queries = index.vectors(slice(0, 2))
    np.testing.assert_allclose(
        index.similarities(queries), queries @ index.matrix().T, rtol=0, atol=1e-5
    )


def test_what_is_the_mean_itself_is_like_nothing() -> None:
    """The only passage of a vault, and one said twice."""
    for counts in ([1], [1, 1]):
        raw = np.tile(np.asarray([[0.6, 0.8]], np.float32), (len(counts), 1))
        passages = Passages(
            np.arange(len(counts)),
            np.zeros(len(counts), np.int32),
            np.ones(len(counts), np.int16),
            np.zeros(len(counts), np.int16),
            ("en",),
        )
        papers = np.asarray([f"p{i}" for i in range(len(counts))])
        index = VectorIndex.fit([raw], passages, papers, np.cumsum([0, *counts]))
        assert not index.matrix().any()
        assert not index.similarities(raw).any()


def test_no_passages_at_all() -> None:
    none = np.zeros(0, np.int64)
    passages = Passages(none, none.astype("i4"), none.astype("i2"), none.astype("i2"), ())
    papers, starts = np.asarray([], np.str_), np.zeros(1, np.int64)
    index = VectorIndex.fit([np.empty((0, 8), np.float32)], passages, papers, starts)
    assert len(index.papers) == 0
    assert index.row("absent") is None
    assert index.similarities(np.ones((2, 8), np.float32)).shape == (2, 0)
    assert index.matrix().shape == (0, 8)


def test_kinds_have_bits_of_their_own() -> None:
    assert len({kind_mask([kind]) for kind in KINDS}) == len(KINDS)
    assert kind_mask(["method", "results"]) == kind_mask(["method"]) | kind_mask(["results"])
    assert kind_mask([]) == 0
