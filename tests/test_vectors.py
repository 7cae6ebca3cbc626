"""The FAISS files are derived: whatever happens to them, the answers stay the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from conftest import embeddings
from papersim.index.store import PassageRow
from papersim.index.vectors import VectorIndex, kind_mask
from papersim.notes.model import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Vault


def answers(vault: Vault, remarks: list[str]) -> object:
    library = vault.open(remarks.append)
    hits = [library.similar(paper.paper, k=5) for paper in library.papers()]
    return hits, library.suggest_tags("Text to Mesh"), library.status().passages


def files(folder: Path) -> dict[str, Path]:
    found = {path.suffix: path for path in folder.glob("derived*")}
    assert found.keys() == {".faiss", ".npz", ".json"}, "one set, no leftovers"
    return found


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 16
    path.write_bytes(data)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def delete(path: Path) -> None:
    path.unlink()


def become_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("suffix", [".faiss", ".npz", ".json"])
@pytest.mark.parametrize("harm", [delete, truncate, empty, flip])
def test_damaged_files_are_made_again(
    vault: Vault, harm: Callable[[Path], None], suffix: str
) -> None:
    remarks: list[str] = []
    before, vectors = answers(vault, remarks), embeddings(vault)
    assert not remarks
    harm(files(vault.index)[suffix])
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
    delete(files(vault.index)[".faiss"])
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


def test_the_search_is_exact_and_papers_stand_together() -> None:
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(40, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = [PassageRow(i, f"p{i // 4:02}", i, "en", ("method",)) for i in range(40)]
    index = VectorIndex.build(rows, vectors)
    assert list(index.papers) == [f"p{i:02}" for i in range(10)]
    stored = index.vectors(slice(0, 40))
    np.testing.assert_allclose(np.linalg.norm(stored, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(
        index.similarities(stored[:3]), stored[:3] @ stored.T, rtol=0, atol=1e-5
    )
    for row, paper in enumerate(index.papers):
        assert index.row(paper) == row
        assert index.span(row) == slice(row * 4, row * 4 + 4)
    assert index.row("absent") is None


def test_no_passages_at_all() -> None:
    index = VectorIndex.build([], np.empty((0, 8), np.float32))
    assert len(index.papers) == 0
    assert index.row("absent") is None
    assert index.similarities(np.ones((2, 8), np.float32)).shape == (2, 0)


def test_kinds_have_bits_of_their_own() -> None:
    assert len({kind_mask([kind]) for kind in KINDS}) == len(KINDS)
    assert kind_mask(["method", "results"]) == kind_mask(["method"]) | kind_mask(["results"])
    assert kind_mask([]) == 0
