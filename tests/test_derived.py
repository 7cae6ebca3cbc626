"""What is derived from the store: it may be lost at any time, and is made again by itself."""

from __future__ import annotations

import json
import mmap
import subprocess
import sys
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from conftest import environment
from papersim.index.derived import Derived
from papersim.index.shelves import Shelves
from papersim.index.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from conftest import Cli, Vault

TITLE = "Text to Mesh"


def answers(vault: Vault, messages: list[str] | None = None) -> list[tuple[str, float]]:
    said = messages if messages is not None else []
    hits = vault.open(said.append).similar(TITLE, k=20)
    return [(hit.paper.id, hit.score) for hit in hits]


def manifest(vault: Vault) -> Path:
    return vault.index / "derived.json"


def rewritten(vault: Vault, **changes: object) -> None:
    data = json.loads(manifest(vault).read_bytes())
    manifest(vault).write_text(json.dumps({**data, **changes}))


def named(vault: Vault) -> dict[str, Path]:
    """Return the files that the manifest names, by what they are for."""
    files = json.loads(manifest(vault).read_bytes())["files"]
    return {use: vault.index / file["name"] for use, file in files.items()}


def of_use(vault: Vault, use: str) -> Path:
    return named(vault)[use]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path: Path, place: float = 0.5) -> None:
    data = bytearray(path.read_bytes())
    data[int(len(data) * place)] ^= 0xFF
    path.write_bytes(data)


def exchange(one: Path, other: Path) -> None:
    """Put a sound file in the place of another, as long as that was."""
    size = one.stat().st_size
    one.write_bytes(other.read_bytes()[:size].ljust(size, b"\0"))


DAMAGES: dict[str, Callable[[Vault], object]] = {
    "no manifest": lambda v: manifest(v).unlink(),
    "an empty manifest": lambda v: manifest(v).write_bytes(b""),
    "a manifest that is no JSON": lambda v: manifest(v).write_bytes(b"\xff{"),
    "a manifest of another shape": lambda v: manifest(v).write_text("[1]"),
    "a manifest that names no files": lambda v: rewritten(v, files={}),
    "a manifest with a list of files": lambda v: rewritten(v, files=["derived-1.arrays"]),
    "an older generation": lambda v: rewritten(v, generation=0),
    "another format": lambda v: rewritten(v, format=0),
    "another encoder": lambda v: rewritten(v, fingerprint="other"),
    "a manifest with a file of no name": lambda v: rewritten(v, files={"state": {"size": 1}}),
    "no shelf": lambda v: of_use(v, "shelf-0").unlink(),
    "no state": lambda v: of_use(v, "state").unlink(),
    "a shelf cut short": lambda v: cut(of_use(v, "shelf-0")),
    "a state cut short": lambda v: cut(of_use(v, "state")),
    "a flipped byte in the head of a shelf": lambda v: flip(of_use(v, "shelf-0"), 0.0005),
    "a flipped byte at the start of a shelf": lambda v: flip(of_use(v, "shelf-0"), 0),
    "a flipped byte in the state": lambda v: flip(of_use(v, "state")),
    "a flipped byte at the end of the state": lambda v: flip(of_use(v, "state"), 0.9999),
    "a state for a shelf": lambda v: exchange(of_use(v, "shelf-0"), of_use(v, "state")),
    "a shelf for a state": lambda v: exchange(of_use(v, "state"), of_use(v, "shelf-0")),
    "empty files": lambda v: [file.write_bytes(b"") for file in named(v).values()],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_whatever_is_lost_is_made_again(vault: Vault, damage: str) -> None:
    """From the stored embeddings, once, with a word to the user, and with the same answers."""
    before = answers(vault)
    DAMAGES[damage](vault)
    messages: list[str] = []
    assert answers(vault, messages) == before
    assert len(messages) == 1
    assert "made again" in messages[0]
    again: list[str] = []
    assert answers(vault, again) == before
    assert again == [], "it was kept"


def test_what_is_kept_is_what_was_built(vault: Vault) -> None:
    store = vault.store()
    fingerprint, generation = store.meta("fingerprint"), store.generation
    built = Derived.build(store, fingerprint, 384)
    kept = Derived.load(vault.index, generation, fingerprint)
    store.close()
    assert kept is not None
    assert same(kept, built)


def same(one: Any, other: Any) -> bool:
    """Return whether two values are equal to the last bit, arrays within dataclasses included."""
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and bool((one == other).all())
    if isinstance(one, Shelves):
        return same(one.shelves, other.shelves) and same(one.arrays(), other.arrays())
    if isinstance(one, (tuple, list)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if is_dataclass(one):
        return all(same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    return bool(one == other)


def test_asking_reads_only_what_it_needs(vault: Vault) -> None:
    """What is kept is mapped: a vault's vectors are not copied to be asked."""
    store = vault.store()
    kept = Derived.load(vault.index, store.generation, store.meta("fingerprint"))
    store.close()
    assert kept is not None
    (shelf,) = kept.shelves.shelves
    touched: list[NDArray[Any]] = [*kept.vectors.blocks, shelf.texts.tf, kept.corpus.hubs]
    for array in touched:
        base: object = array.base
        assert isinstance(base, mmap.mmap)
        assert not array.flags.writeable


def test_a_reader_of_the_state_before_goes_on(vault: Vault) -> None:
    library = vault.open()
    before = [(hit.paper.id, hit.score) for hit in library.similar(TITLE, k=20)]
    old = named(vault)
    for number in range(30):
        vault.write(f"more{number}.md", f"# One More Paper, {number}\n\nIt says {number}.\n")
    vault.update()
    assert not any(file.exists() for file in old.values())
    assert [(hit.paper.id, hit.score) for hit in library.similar(TITLE, k=20)] == before


# --- damage that is not looked for on opening -----------------------------------------------------


def damaged_words(vault: Vault) -> None:
    """Let the words of papers point to papers that are not there."""
    store = vault.store()
    kept = Derived.load(vault.index, store.generation, store.meta("fingerprint"))
    store.close()
    assert kept is not None
    texts = kept.shelves.shelves[0].texts.texts.tobytes()
    file = of_use(vault, "shelf-0")
    data = file.read_bytes()
    assert data.count(texts) == 1
    file.write_bytes(data.replace(texts, b"\xff\xff\xff\x7f" * (len(texts) // 4)))


def damaged_vectors(vault: Vault) -> None:
    """Let all vectors be no numbers."""
    store = vault.store()
    kept = Derived.load(vault.index, store.generation, store.meta("fingerprint"))
    store.close()
    assert kept is not None
    vectors = kept.vectors.blocks[0].tobytes()
    file = of_use(vault, "shelf-0")
    data = file.read_bytes()
    assert data.count(vectors) == 1
    file.write_bytes(data.replace(vectors, b"\x00\x00\xc0\x7f" * (len(vectors) // 4)))


@pytest.mark.parametrize("damage", [damaged_words, damaged_vectors])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_cannot_be_used_is_said_and_how_to_mend_it(
    vault: Vault, cli: Cli, damage: Callable[[Vault], None]
) -> None:
    before = answers(vault)
    damage(vault)
    done = cli.at(vault, "similar", TITLE)
    assert (done.code, done.out) == (1, "")
    (line,) = done.err.splitlines()
    assert "run: papersim index --full" in line
    assert cli.at(vault, "index", "--full").code == 0
    assert answers(vault) == before


@pytest.mark.parametrize("use", ["state", "shelf-0", "model"])
@pytest.mark.parametrize("place", [0.1, 0.5, 0.99])
def test_the_doctor_finds_a_flipped_byte_and_says_how_to_mend_it(
    vault: Vault, cli: Cli, use: str, place: float
) -> None:
    def findings() -> list[dict[str, str]]:
        found = cli.at(vault, "doctor", "--json").json["findings"]
        return [finding for finding in found if finding["kind"] == "damaged"]

    before = answers(vault)
    assert findings() == []
    (model,) = vault.index.glob("tag-model-*")
    file = {**named(vault), "model": model}[use]
    flip(file, place)
    (found,) = findings()
    assert found["subject"] == str(file)
    assert found["advice"] == "run: papersim index --full"
    assert cli.at(vault, "index", "--full").code == 0
    assert findings() == []
    assert answers(vault) == before


def test_the_doctor_does_not_mind_files_of_an_older_papersim(vault: Vault, cli: Cli) -> None:
    """They are made again by themselves."""
    rewritten(vault, format=1)
    assert cli.at(vault, "doctor", "--json").json["findings"] == []
    manifest(vault).write_bytes(b"\xff{")
    (found,) = cli.at(vault, "doctor", "--json").json["findings"]
    assert found["subject"] == str(manifest(vault))


# --- what is written and what goes ----------------------------------------------------------------


def test_a_folder_that_cannot_be_written_still_answers(vault: Vault, tmp_path: Path) -> None:
    """Kept on a read-only disk, or full: slower, but with the same answers."""
    before = answers(vault)
    manifest(vault).unlink()
    # So that the manifest cannot be put in place, even by root.
    manifest(vault).with_name("derived-coming.json").mkdir()
    messages: list[str] = []
    assert answers(vault, messages) == before
    assert any("could not be kept" in message for message in messages)
    assert not list(vault.index.glob(".derived*")), "nothing half-written stays"


def test_old_generations_go(vault: Vault) -> None:
    for number in range(3):
        vault.write("more.md", f"# One More Paper\n\nIt says {number}.\n")
        vault.update()
    assert set(vault.index.glob("derived-*")) == set(named(vault).values())
    assert len(named(vault)) <= 3


def test_a_new_store_begins_without_what_was_derived_from_another(vault: Vault) -> None:
    """Generations are counted anew, so that those of the store before would seem to be its own."""
    for path in vault.index.glob("papersim.sqlite*"):
        path.unlink()
    Store.open(vault.index, create=True).close()
    assert not list(vault.index.glob("derived*"))
    assert not list(vault.index.glob("tag-model*"))


KILLED = """
import os, sys
from pathlib import Path
from papersim.index.derived import Derived
from papersim.index.store import Store

folder, last = Path(sys.argv[1]), int(sys.argv[2])
store = Store.open(folder)
fingerprint = store.meta("fingerprint")
derived = Derived.build(store, fingerprint, 384)
calls = 0
real_replace, real_fsync = os.replace, os.fsync

def counted(real):
    def call(*args, **options):
        global calls
        calls += 1
        if calls == last:
            os._exit(9)
        return real(*args, **options)
    return call

os.replace, os.fsync, os.rename = map(counted, (os.replace, os.fsync, os.rename))
derived.save(folder, store.generation + 1, fingerprint)
"""


@pytest.mark.parametrize("moment", range(1, 11))
def test_killed_between_files_leaves_the_old_and_later_the_new(vault: Vault, moment: int) -> None:
    """A reader sees one generation, whole: never the vectors of one with the words of another."""
    store = vault.store()
    fingerprint, generation = store.meta("fingerprint"), store.generation
    store.close()
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(vault.index), str(moment)],
        env=environment(),
        check=False,
    )
    assert done.returncode == (9 if moment < 10 else 0), "three files: synced, put in place, named"
    old = Derived.load(vault.index, generation, fingerprint)
    new = Derived.load(vault.index, generation + 1, fingerprint)
    assert old is not None, "which of the two is in force the store tells"
    assert (new is not None) == (moment > 8), "once the manifest is in place"
    assert answers(vault), "and is asked as if nothing had been"
