"""What is derived from the store: it may be lost at any time, and is made again by itself."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from conftest import environment
from papersim.index.derived import Derived

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Vault

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


def of_suffix(vault: Vault, suffix: str) -> Path:
    (found,) = vault.index.glob(f"derived-*.{suffix}")
    return found


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


DAMAGES: dict[str, Callable[[Vault], object]] = {
    "no manifest": lambda v: manifest(v).unlink(),
    "an empty manifest": lambda v: manifest(v).write_bytes(b""),
    "a manifest that is no JSON": lambda v: manifest(v).write_bytes(b"\xff{"),
    "a manifest of another shape": lambda v: manifest(v).write_text("[1]"),
    "a manifest that names no files": lambda v: rewritten(v, files={}),
    "a manifest with a list of files": lambda v: rewritten(v, files=["derived-1.npz"]),
    "an older generation": lambda v: rewritten(v, generation=0),
    "another format": lambda v: rewritten(v, format=0),
    "another encoder": lambda v: rewritten(v, fingerprint="other"),
    "no vectors": lambda v: of_suffix(v, "faiss").unlink(),
    "no words": lambda v: of_suffix(v, "npz").unlink(),
    "vectors cut short": lambda v: cut(of_suffix(v, "faiss")),
    "words cut short": lambda v: cut(of_suffix(v, "npz")),
    "a flipped byte in the vectors": lambda v: flip(of_suffix(v, "faiss")),
    "a flipped byte in the words": lambda v: flip(of_suffix(v, "npz")),
    "empty files": lambda v: [of_suffix(v, s).write_bytes(b"") for s in ("faiss", "npz")],
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
    assert kept.vectors.faiss_bytes() == built.vectors.faiss_bytes()
    for part in ("lexical", "titles", "tags", "links"):
        for name, value in vars(getattr(built.corpus, part)).items():
            other = getattr(getattr(kept.corpus, part), name)
            assert other.dtype == value.dtype
            assert (other == value).all()
    assert (kept.corpus.hubs == built.corpus.hubs).all()
    assert (kept.corpus.background.levels == built.corpus.background.levels).all()


def test_a_folder_that_cannot_be_written_still_answers(vault: Vault, tmp_path: Path) -> None:
    """Kept on a read-only disk, or full: slower, but with the same answers."""
    before = answers(vault)
    manifest(vault).unlink()
    manifest(vault).mkdir()  # so that the manifest cannot be put in place, even by root
    messages: list[str] = []
    assert answers(vault, messages) == before
    assert any("could not be kept" in message for message in messages)
    assert not list(vault.index.glob(".derived*")), "nothing half-written stays"


def test_old_generations_go(vault: Vault) -> None:
    for number in range(3):
        vault.write("more.md", f"# One More Paper\n\nIt says {number}.\n")
        vault.update()
    assert len(list(vault.index.glob("derived-*"))) == 2


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
def test_killed_between_files_leaves_the_old_or_the_new(vault: Vault, moment: int) -> None:
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
    assert (old is None) != (new is None)
    assert (new is not None) == (moment > 8), "once the manifest is in place"
    assert answers(vault), "and is asked as if nothing had been"
