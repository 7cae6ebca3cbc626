"""Damaged files of the index: right answers or one line, and mended from what is sound."""

from __future__ import annotations

import gc
import json
import os
import random
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from conftest import OF_RUNS, SMALL_VAULT, Cli, Vault, embeddings, snapshot
from papersim.encode.model import Model
from papersim.errors import EncoderError
from papersim.index import kept, seal
from papersim.index.probes import embed_probes
from papersim.index.schema import VERSION
from papersim.index.seal import PAGE, break_seal, is_sealed, set_seal
from papersim.index.sound import checked
from papersim.index.store import Store
from papersim.index.sync import sync
from papersim.notes.labels import Labels
from papersim.vault import Vault as Notes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from papersim.encode.protocol import Encoder, Progress

TITLE = "Text to Mesh: Sculpting Shapes from Captions"
LONG_AGO = 1_600_000_000_000_000_000
LATER = LONG_AGO + 1
QUESTIONS: dict[str, tuple[str, ...]] = {
    "similar": ("similar", TITLE, "-k", "20", "--explain"),
    "search": ("search", "speech of several people", "-k", "5"),
    "suggest-tags": ("suggest-tags", TITLE, "--as-untagged"),
    "papers": ("papers",),
    "status": ("status",),
}
HOW_IT_IS_KEPT = ("bytes", "generation", "embeddings", "last_run")
STORE, LOG, STAMP = "papersim.sqlite", "papersim.sqlite-wal", "stamp.json"
Answers = dict[str, Any]


def told(done: Any) -> Any:
    """Return what a question was answered with, without how the index is kept."""
    found = done.json
    return {k: v for k, v in found.items() if k not in HOW_IT_IS_KEPT}


def asked(cli: Cli, vault: Vault) -> Answers:
    """Return all answers; None where one line says what to run instead."""
    found = {}
    for name, words in QUESTIONS.items():
        done = cli.at(vault, *words, "--json")
        assert done.code in {0, 1}, (name, done)
        if done.code:
            assert done.out == "", name
            assert len(done.err.splitlines()) == 1, (name, done.err)
            assert "run: papersim " in done.err, (name, done.err)
        assert "Traceback" not in done.err
        found[name] = None if done.code else told(done)
    return found


@dataclass(frozen=True)
class Kept:
    """A vault with an index, a copy of that index, and the answers it gives."""

    vault: Vault
    copy: Path
    answers: Answers

    def restore(self) -> None:
        """Put the index as it was."""
        shutil.rmtree(self.vault.index)
        shutil.copytree(self.copy, self.vault.index)

    def file(self, name: str) -> Path:
        """Return a file of the index by name, or by what it is for."""
        kind, _, use = name.partition(":")
        if not use:
            return self.vault.index / name
        manifest = json.loads((self.vault.index / f"{kind}.json").read_bytes())
        return self.vault.index / str(manifest["files"][use]["name"])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Return a vault with every file that an index can have."""
    vault = Vault(tmp_path_factory.mktemp("damage"))
    for path, text in SMALL_VAULT.items():
        os.utime(vault.write(path, text), ns=(LONG_AGO, LONG_AGO))
    vault.update()
    with pytest.MonkeyPatch.context() as patch:
        cli = Cli(patch)
        assert cli.at(vault, "suggest-tags", "Splats in Motion", "--reject", "LLM").code == 0
        assert cli.at(vault, "tags", "--rename", "PEFT", "LoRA").code == 0
        for file in vault.notes.rglob("*.md"):
            os.utime(file, ns=(LATER, LATER))
        gc.collect()  # who still reads an older state keeps the newer one in the log
        vault.update()
        answers = asked(cli, vault)
    assert all(answers.values())
    assert is_sealed(vault.index, whole=True)
    shutil.copytree(vault.index, vault.root / "copy")
    return Kept(vault, vault.root / "copy", answers)


@pytest.fixture
def whole(made: Kept) -> Kept:
    """Return that vault with its index as it was."""
    made.restore()
    return made


# --- what befalls files ---------------------------------------------------------------------------


def flip(place: float) -> Callable[[Path], object]:
    def flipped(file: Path) -> None:
        data = bytearray(file.read_bytes())
        data[min(len(data) - 1, int(len(data) * place))] ^= 4
        file.write_bytes(data)

    return flipped


def cut(file: Path) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2])


def scramble(file: Path) -> None:
    file.write_bytes(random.Random(7).randbytes(file.stat().st_size))  # noqa: S311


DAMAGES: dict[str, Callable[[Path], object]] = {
    "missing": lambda file: file.unlink(),
    "empty": lambda file: file.write_bytes(b""),
    "truncated": cut,
    "a bit at the head": flip(0),
    "a bit early on": flip(0.02),
    "a bit in the middle": flip(0.5),
    "a bit at the end": flip(1),
    "random": scramble,
}
FILES = (
    STORE, seal.FILE_NAME, "derived.json", "derived:state", "derived:shelf-0", "tag-model.json",
    "tag-model:model", STAMP,
)  # fmt: skip
AS_LARGE = {"kept": (kept, "_SMALL"), "seal": (seal, "_SMALL")}


def mended(cli: Cli, kept_: Kept) -> None:
    """Hold that indexing mends what there is, or says that the doctor does, who then does."""
    done = cli.at(kept_.vault, "index")
    if done.code:
        (line,) = done.err.splitlines()
        assert (done.code, done.out) == (1, "")
        assert "run: papersim doctor --fix" in line
        assert cli.at(kept_.vault, "doctor", "--fix").code == 0
    assert asked(cli, kept_.vault) == kept_.answers


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", FILES)
def test_answers_are_right_or_refused_in_one_line(
    whole: Kept, cli: Cli, name: str, damage: str
) -> None:
    notes = snapshot(whole.vault.notes)
    DAMAGES[damage](whole.file(name))
    found = asked(cli, whole.vault)
    for question, answer in found.items():
        assert answer is None or answer == whole.answers[question], question
    if name != STORE:
        assert found == whole.answers, "all but the store can be done without"
    mended(cli, whole)
    assert snapshot(whole.vault.notes) == notes


@pytest.mark.parametrize("place", [n / 17 for n in range(18)])
def test_in_a_large_index_damage_is_found_by_the_doctor_and_mended(
    whole: Kept, cli: Cli, monkeypatch: pytest.MonkeyPatch, place: float
) -> None:
    """Opening looks at heads alone; nothing that is asked meanwhile ends in a traceback."""
    for module, limit in AS_LARGE.values():
        monkeypatch.setattr(module, limit, 0)
    before = (whole.vault.index / STORE).read_bytes()
    flip(place)(whole.file(STORE))
    asked(cli, whole.vault)
    (finding,) = cli.at(whole.vault, "doctor", "--json").json["findings"]
    assert (finding["kind"], finding["fixed"]) == ("damaged", False)
    assert finding["subject"] == str(whole.file(STORE))
    assert finding["advice"] == "run: papersim doctor --fix"
    (finding,) = cli.at(whole.vault, "doctor", "--fix", "--json").json["findings"]
    assert finding["fixed"]
    assert asked(cli, whole.vault) == whole.answers
    assert len((whole.vault.index / STORE).read_bytes()) == len(before)
    assert not list(whole.vault.index.glob("*.damaged-*")), "restored to the last byte"
    assert cli.at(whole.vault, "doctor", "--json").json["findings"] == []


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_log_of_a_store_that_nobody_closed_may_be_damaged(
    whole: Kept, cli: Cli, damage: str
) -> None:
    """What a killed run left is the new state or, where the log cannot be read, the old one."""
    file = whole.vault.index / STORE
    with closing(sqlite3.connect(file, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM meta").fetchall()
        store = Store.open(whole.vault.index, create=True)
        store.set_meta(any="thing")
        store.close()
        data, log = file.read_bytes(), whole.file(LOG).read_bytes()
    assert log
    file.write_bytes(data)
    whole.file(LOG).write_bytes(log)
    DAMAGES[damage](whole.file(LOG))
    assert asked(cli, whole.vault) == whole.answers
    mended(cli, whole)


@pytest.mark.parametrize("damage", DAMAGES)
def test_embeddings_that_wait_may_be_damaged(whole: Kept, cli: Cli, damage: str) -> None:
    """What of them is as it was put is taken over, and nothing else; the rest is made again."""
    vault, before = whole.vault, embeddings(whole.vault)
    store = Store.open(vault.index, create=True)
    pending = store.pending()
    pending.put(store.meta("fingerprint"), list(before), np.asarray(list(before.values())))
    pending.close()
    with store.transaction():
        store._db.execute("DELETE FROM embeddings")
    store.close()
    DAMAGES[damage](vault.index / "pending.sqlite")
    done = cli.at(vault, "index", "--json")
    assert done.code == 0
    after = embeddings(vault)
    assert after.keys() <= before.keys()
    assert all((after[key] == before[key]).all() for key in after)
    if damage in {"missing", "empty", "random"}:
        assert done.json["embedded"] == len(after)
    if damage in {"a bit in the middle", "a bit at the end"}:
        assert done.json["embedded"] < len(after)
    assert asked(cli, vault) == whole.answers


@pytest.mark.parametrize(
    ("name", "command"), [("rejected-tags.txt", "suggest-tags"), ("last-edit.json", "undo")]
)
@pytest.mark.parametrize("damage", DAMAGES)
def test_what_people_decided_may_be_damaged(
    whole: Kept, cli: Cli, name: str, command: str, damage: str
) -> None:
    """Rejected tags are a text for people; the journal of the last edit says when it is none."""
    DAMAGES[damage](whole.file(name))
    words = QUESTIONS.get(command, (command,))
    done = cli.at(whole.vault, *words)
    assert done.code in {0, 1}
    assert not done.code or len(done.err.splitlines()) == 1, done.err
    if name == "last-edit.json":
        for path in whole.vault.notes.rglob("*.md"):
            text = SMALL_VAULT[path.relative_to(whole.vault.notes).as_posix()]
            assert path.read_text("utf-8") in {text, text.replace("PEFT", "LoRA")}
            path.write_text(text.replace("PEFT", "LoRA"), "utf-8")
            os.utime(path, ns=(LATER, LATER))


# --- of another version, of another model ---------------------------------------------------------


def in_json(name: str, **changes: object) -> Callable[[Kept], None]:
    def change(kept_: Kept) -> None:
        file = kept_.file(name)
        file.write_text(json.dumps({**json.loads(file.read_bytes()), **changes}))

    return change


def in_store(**facts: object) -> Callable[[Kept], None]:
    def change(kept_: Kept) -> None:
        store = Store.open(kept_.vault.index, create=True)
        store.set_meta(**facts)
        store.close()
        set_seal(kept_.vault.index)

    return change


OTHERS: dict[str, Callable[[Kept], None]] = {
    "derived of a newer version": in_json("derived.json", format=99),
    "derived of another model": in_json("derived.json", fingerprint="other"),
    "derived of another state": in_json("derived.json", generation=99),
    "a tag model of a newer version": in_json("tag-model.json", format=99),
    "a tag model of another model": in_json("tag-model.json", fingerprint="other"),
    "a stamp of a newer version": in_json(STAMP, more=1),
    "a store of another model": in_store(model="other", fingerprint="other", dimension=7),
}


@pytest.mark.parametrize("other", OTHERS)
def test_what_is_of_another_version_or_model_is_never_mixed(
    whole: Kept, cli: Cli, other: str
) -> None:
    OTHERS[other](whole)
    found = asked(cli, whole.vault)
    for question in ("similar", "search", "suggest-tags", "papers"):
        assert found[question] in (None, whole.answers[question])
    assert cli.at(whole.vault, "index").code == 0
    assert asked(cli, whole.vault) == whole.answers


def test_the_index_of_a_newer_papersim_is_refused_by_all_and_not_touched(
    whole: Kept, cli: Cli
) -> None:
    break_seal(whole.vault.index)
    with closing(sqlite3.connect(whole.vault.index / STORE)) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    before = files_of(whole)
    more = (("index",), ("index", "--full"), ("doctor",), ("doctor", "--fix"), ("tags",), ("eval",))
    for words in (*QUESTIONS.values(), *more):
        done = cli.at(whole.vault, *words)
        (line,) = done.err.splitlines()
        assert (done.code, done.out) == (1, ""), words
        assert "newer papersim" in line
        assert files_of(whole) == before, words


def files_of(kept_: Kept) -> dict[str, bytes]:
    """Return the content of each file of an index, but for what readers and runs leave."""
    found = snapshot(kept_.vault.index).items()
    passing = ("-shm", "-wal", *OF_RUNS)
    return {name: data for name, (data, *_) in found if not name.endswith(passing)}


# --- more than can be worked out ------------------------------------------------------------------


def lose_middle(data: bytes) -> bytes:
    begin = len(data) // 3 // PAGE * PAGE
    return data[:begin] + bytes(20 * PAGE) + data[begin + 20 * PAGE :]


def lose_head(data: bytes) -> bytes:
    return bytes(20 * PAGE) + data[20 * PAGE :]


def lose_scattered(data: bytes) -> bytes:
    pages = [data[i : i + PAGE] for i in range(0, len(data), PAGE)]
    return b"".join(page if n % 4 != 3 else b"\xa5" * PAGE for n, page in enumerate(pages))


@pytest.mark.parametrize("sealed", [True, False])
@pytest.mark.parametrize(
    "lose", [lose_middle, lose_head, lose_scattered, lambda d: d[: len(d) // 2]]
)
def test_what_is_sound_of_a_damaged_store_lives_on(
    whole: Kept, cli: Cli, lose: Callable[[bytes], bytes], sealed: bool
) -> None:
    """Embeddings cost hours: those that can be read are not made again; the file is kept."""
    vault = whole.vault
    ids, before = vault.ids(), embeddings(vault)
    if not sealed:
        break_seal(vault.index)
    file = vault.index / STORE
    damaged = lose(file.read_bytes())
    file.write_bytes(damaged)
    done = cli.at(vault, "doctor", "--fix", "--json")
    assert done.code == 0, done
    assert any(f["subject"] == str(file) and f["fixed"] for f in done.json["findings"])
    said = [line for line in done.err.splitlines() if "was damaged" in line]
    assert len(said) == 1
    (aside,) = vault.index.glob(f"{STORE}.damaged-*[0-9]")
    assert aside.name in said[0]
    assert aside.read_bytes() == damaged
    after = embeddings(vault)
    assert after.keys() <= before.keys(), "but for those that no note needs any more"
    assert all((after[key] == before[key]).all() for key in after), "taken over or made again"
    assert vault.ids() == ids
    assert asked(cli, vault) == whole.answers
    assert cli.at(vault, "doctor", "--json").json["findings"] == []


def test_most_embeddings_of_a_store_cut_short_are_taken_over(whole: Kept, cli: Cli) -> None:
    """As the lines says, so it is: what is embedded again is what was lost."""
    count = len(embeddings(whole.vault))
    file = whole.vault.index / STORE
    file.write_bytes(lose_scattered(file.read_bytes()))
    done = cli.at(whole.vault, "index", "--json")
    assert done.code == 0
    (line,) = [line for line in done.err.splitlines() if "was damaged" in line]
    saved = int(line.split("; ")[1].split()[0])
    assert 0 < saved < count
    assert done.json["embedded"] == count - saved


def test_damaged_and_without_notes_nothing_is_given_up(
    whole: Kept, cli: Cli, tmp_path: Path
) -> None:
    """The notes may be on a disk that is not there; without them nothing could be mended."""
    file = whole.vault.index / STORE
    scramble(file)
    before = files_of(whole)
    (tmp_path / "empty").mkdir()
    elsewhere = ("--notes", tmp_path / "empty", "--index", whole.vault.index)
    for words in (("index",), ("index", "--full"), ("doctor", "--fix")):
        done = cli(*words, *elsewhere)
        assert (done.code, len(done.err.splitlines())) == (1, 1), done
        assert "run: papersim doctor --fix" in done.err
        assert files_of(whole) == before


# --- vectors that are none ------------------------------------------------------------------------


def turned(vector: NDArray[np.float32]) -> dict[str, bytes]:
    double = vector * 2
    return {
        "no number": np.full_like(vector, np.nan).tobytes(),
        "zero": np.zeros_like(vector).tobytes(),
        "too long": double.tobytes(),
        "of another dimension": vector[:-1].tobytes(),
        "no vector": b"abc",
        "infinite": np.full_like(vector, np.inf).tobytes(),
    }


@pytest.mark.parametrize("how", turned(np.ones(2, np.float32)))
def test_a_vector_that_is_none_is_embedded_again(whole: Kept, cli: Cli, how: str) -> None:
    """Even where the seal does not tell, as in an index that was damaged before it was sealed."""
    vault = whole.vault
    digest, vector = next(iter(embeddings(vault).items()))
    with closing(sqlite3.connect(vault.index / STORE)) as db, db:
        db.execute(
            "UPDATE embeddings SET vector = ? WHERE digest = ?", (turned(vector)[how], digest)
        )
    set_seal(vault.index)
    (vault.index / "derived.json").unlink()
    asked(cli, vault)
    findings = cli.at(vault, "doctor", "--json").json["findings"]
    assert "damaged" in {f["kind"] for f in findings}
    findings = cli.at(vault, "doctor", "--fix", "--json").json["findings"]
    assert all(f["fixed"] for f in findings)
    np.testing.assert_array_equal(embeddings(vault)[digest], vector)
    assert asked(cli, vault) == whole.answers


class Odd:
    """An encoder that is the bundled one but for what it gives."""

    def __init__(self, real: Encoder, make: Callable[[NDArray[np.float32]], Any]) -> None:
        self._real, self._make = real, make
        self.name, self.fingerprint = "odd", "odd"
        self.dimension, self.window = real.dimension, real.window

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return what the real one does."""
        return self._real.count_tokens(texts)

    def encode_passages(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> NDArray[np.float32]:
        """Return what is made of the real vectors."""
        found: NDArray[np.float32] = self._make(self._real.encode_passages(texts, progress))
        return found

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return what is made of the real vectors."""
        found: NDArray[np.float32] = self._make(self._real.encode_queries(texts))
        return found

    def release(self) -> None:
        """Let the real one do so."""
        self._real.release()


def last_row(value: float) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    def made_so(rows: NDArray[np.float32]) -> NDArray[np.float32]:
        rows = rows.copy()
        rows[-1] = value
        return rows

    return made_so


ODD: dict[str, Callable[[NDArray[np.float32]], Any]] = {
    "no number": last_row(np.nan),
    "zero": last_row(0.0),
    "infinite": last_row(np.inf),
    "not of unit length": lambda rows: rows * 1.01,
    "too few": lambda rows: rows[:-1],
    "of another dimension": lambda rows: rows[:, :-1],
}


@pytest.mark.parametrize("how", ODD)
def test_what_an_encoder_gives_enters_only_if_it_is_a_vector(vault: Vault, how: str) -> None:
    real = Model().load()
    odd = Odd(real, ODD[how])
    store = Store.open(vault.root / "another", create=True)
    try:
        with pytest.raises(EncoderError, match="the model odd gave"):
            sync(Notes.open(vault.notes), store, Model("odd", odd), Labels.load({}))
        assert (store.count("embeddings"), store.count("notes")) == (0, 0)
        assert not list(store.pending().rows())
        sync(Notes.open(vault.notes), store, Model(), Labels.load({}))
        with pytest.raises(EncoderError, match="the model odd gave"):
            embed_probes(store, odd)
        assert store.count("probes") == 0
    finally:
        store.close()
    texts = ["one", "two"]
    vectors = real.encode_passages(texts)
    assert checked(odd, texts, vectors) is vectors
