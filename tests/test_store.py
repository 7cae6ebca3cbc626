"""The store: one SQLite file, changed in whole steps, refused where it cannot be trusted."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import numpy as np
import pytest

from papersim.errors import DamagedIndexError, IndexUnusableError, NoIndexError
from papersim.index.schema import VERSION
from papersim.index.seal import break_seal
from papersim.index.store import FILE_NAME, Store

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Vault


def test_there_is_no_index_where_nobody_made_one(tmp_path: Path) -> None:
    with pytest.raises(NoIndexError, match="run: papersim index"):
        Store.open(tmp_path / "index")
    assert not (tmp_path / "index").exists(), "asking creates nothing"


@pytest.mark.parametrize(
    "data", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 500]
)
def test_a_file_that_is_no_database(tmp_path: Path, data: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(data)
    for create in (False, True):
        with pytest.raises(DamagedIndexError, match=r"run: papersim doctor --fix"):
            Store.open(tmp_path, create=create)
    assert (tmp_path / FILE_NAME).read_bytes() == data, "nothing is deleted unasked"


def test_the_index_of_a_newer_papersim_is_left_alone(vault: Vault) -> None:
    break_seal(vault.index)
    db = sqlite3.connect(vault.index / FILE_NAME)
    db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()
    for create in (False, True):
        with pytest.raises(IndexUnusableError, match="newer papersim"):
            Store.open(vault.index, create=create)


def test_an_index_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "index").write_text("")
    with pytest.raises(IndexUnusableError, match="--index DIR"):
        Store.open(tmp_path / "index", create=True)


def test_a_step_that_fails_changes_nothing(vault: Vault) -> None:
    store = vault.store()
    before = store.notes(), store.titles(), store.generation

    def fail() -> None:
        with store.transaction():
            store.remove_note("20230105.md")
            store.set_meta(generation=99)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert (store.notes(), store.titles(), store.generation) == before


def test_a_reader_sees_the_last_whole_state(vault: Vault) -> None:
    """A question asked while the index is being updated gets an answer from before."""
    writer, reader = Store.open(vault.index, create=True), vault.store()
    before = reader.titles()
    with writer.transaction():
        writer.remove_note("20230105.md")
        assert reader.titles() == before
    assert reader.titles() != before


def test_more_papers_are_asked_for_than_sqlite_takes_in_one_go(vault: Vault) -> None:
    store = vault.store()
    wanted = list(vault.ids().values())
    noise = [f"no-such-{i}" for i in range(40_000)]
    assert store.papers([*wanted, *noise]).keys() == set(wanted)


def test_vectors_come_back_as_they_were_put(tmp_path: Path) -> None:
    store = Store.open(tmp_path, create=True)
    vectors = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    pending = store.pending()
    assert pending.empty
    pending.put("one", [b"a", b"b", b"c"], vectors)
    pending.put("two", [b"a"], vectors[:1])
    pending.close()
    again = store.pending()
    assert not again.empty
    store.take_embeddings(again.rows())
    again.clear()
    assert store.pending().empty
    assert not list(store.pending().rows())
    assert store.count("embeddings") == 4
    rows = store._db.execute("SELECT vector FROM embeddings WHERE fingerprint = 'one'").fetchall()
    np.testing.assert_array_equal([np.frombuffer(r[0], "<f4") for r in rows], vectors)


def test_a_paper_in_memory_is_as_on_disk(vault: Vault) -> None:
    """Without an index the notes are read anew; what they say must be the same."""
    on_disk = vault.open().papers()
    for file in vault.index.iterdir():
        file.unlink()
    assert vault.open().papers() == on_disk
    assert list(vault.index.iterdir()) == []


def test_only_texts_without_an_embedding_are_left(tmp_path: Path) -> None:
    store = Store.open(tmp_path, create=True)
    with store.transaction():
        texts = store.texts()
        digests = [texts.add(text) for text in ("long text", "mid", "a", "mid", "nul \0 in it")]
        vector = np.asarray([1, 0], np.float32).tobytes()
        store.take_embeddings([(digests[0], "mine", vector), (digests[2], "another", vector)])
        assert texts.drop_embedded("mine") == 3
        found = list(texts.batches(2))
    assert [batch for _, batch in found] == [["a", "mid"], ["nul \0 in it"]]
    assert found[0][0] == [digests[2], digests[1]]
    assert digests[1] == digests[3]


def test_pending_embeddings_that_cannot_be_read_are_let_go(tmp_path: Path) -> None:
    store = Store.open(tmp_path, create=True)
    (tmp_path / "pending.sqlite").write_bytes(b"no database at all" * 99)
    pending = store.pending()
    assert not pending.empty
    assert not list(pending.rows())
    pending.clear()
    assert store.pending().empty
