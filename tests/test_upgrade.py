"""An index of each version that was released opens in this one, and embeds nothing again."""

from __future__ import annotations

import runpy
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from conftest import REPOSITORY, Cli, Vault, content, embeddings
from papersim.index.schema import STEPS, VERSION
from papersim.index.store import Store

if TYPE_CHECKING:
    from pathlib import Path

FIXTURES = REPOSITORY / "tests" / "fixtures"
VERSIONS = range(1, VERSION + 1)


@pytest.fixture(params=VERSIONS, ids=lambda version: f"v{version}")
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Vault:
    """Return a vault with an index as a version of papersim wrote it."""
    fixture = FIXTURES / f"index-v{request.param}"
    vault = Vault(tmp_path / "vault")
    runpy.run_path(str(fixture / "make.py"))["write_notes"](vault.notes)
    vault.index.mkdir()
    script = (fixture / "store.sql").read_text("utf-8")
    with closing(sqlite3.connect(vault.index / "papersim.sqlite")) as db:
        db.executescript(script.replace("NOTES", str(vault.notes.resolve())))
        assert db.execute("PRAGMA user_version").fetchone() == (request.param,)
    return vault


def test_it_answers_at_once(old: Vault, cli: Cli) -> None:
    done = cli.at(old, "similar", "Small Adapters", "--json")
    assert done.code == 0
    assert [hit["paper"]["title"] for hit in done.json["hits"]] == ["声を分ける注意機構"]
    assert cli.at(old, "search", "voices", "-k", "1", "--json").json["hits"]
    assert {row["tag"] for row in cli.at(old, "tags", "--json").json["tags"]} == {"PEFT", "音声"}


def test_it_is_brought_up_to_date_without_embedding_anything(old: Vault, tmp_path: Path) -> None:
    before = embeddings(old)
    report = old.update()
    assert (report.unchanged, report.embedded, report.papers) == (2, 0, 2)
    ids = old.ids()
    assert embeddings(old).keys() == before.keys()
    assert old.open().status().up_to_date
    store = old.store()
    assert store._db.execute("PRAGMA user_version").fetchone() == (VERSION,)
    assert store.fault() == ""
    store.close()
    fresh = Vault(tmp_path / "fresh")
    (tmp_path / "fresh").mkdir()
    old.notes.rename(fresh.notes)
    fresh.update()
    assert fresh.ids() == ids, "papers keep their ids"
    assert content(fresh) == content(old)


def test_its_tables_are_those_of_a_new_index(old: Vault, tmp_path: Path) -> None:
    """Whatever steps led there."""
    query = "SELECT type, name, tbl_name FROM sqlite_master WHERE name NOT LIKE 'sqlite_stat%'"
    tables = []
    for folder in (old.index, tmp_path / "new"):
        store = Store.open(folder, create=True)
        found = store._db.execute(f"{query} ORDER BY 1, 2").fetchall()
        columns = {
            name: store._db.execute(f"PRAGMA table_info({name})").fetchall()
            for kind, name, _ in found
            if kind == "table"
        }
        tables.append((found, columns))
        store.close()
    assert tables[0] == tables[1]


def test_each_version_has_a_step_and_a_small_index() -> None:
    """Who raises the version leaves an index of the one before behind."""
    assert len(STEPS) == VERSION
    for version in VERSIONS:
        fixture = FIXTURES / f"index-v{version}" / "store.sql"
        assert fixture.stat().st_size < 200_000
