"""The doctor: what stands out, where, and what to do about it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from conftest import snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Cli, Vault


def findings(cli: Cli, vault: Vault) -> list[dict[str, str]]:
    done = cli.at(vault, "doctor", "--json")
    assert (done.code, done.err) == (0, "")
    found: list[dict[str, str]] = done.json["findings"]
    assert all(set(f) == {"kind", "subject", "detail", "advice", "fixed"} for f in found)
    assert all(f[key] for f in found for key in f if key != "fixed"), "says why and what to do"
    return found


def test_a_healthy_vault_has_nothing_to_mend(cli: Cli, small: Vault) -> None:
    assert findings(cli, small) == []
    assert cli.at(small, "doctor").code == 0


def test_skipped_notes_are_named_with_the_reason(cli: Cli, vault: Vault) -> None:
    """A note that gave no paper must not vanish in silence."""
    vault.write("latin.md", "# Étude\n".encode("latin-1"))
    vault.write("empty.md", "")
    vault.update()
    found = {f["subject"]: f for f in findings(cli, vault) if f["kind"] == "skipped"}
    assert set(found) == {"latin.md", "empty.md"}
    assert "UTF-8" in found["latin.md"]["detail"]
    shown = cli.at(vault, "doctor").out
    assert "latin.md" in shown
    assert "UTF-8" in shown


def test_an_index_out_of_date_is_said_and_how_to_mend_it(cli: Cli, vault: Vault) -> None:
    vault.write("new.md", "# A Note Written since the Index\n\nText.\n")
    (found,) = [f for f in findings(cli, vault) if f["kind"] == "index"]
    assert "papersim index" in found["advice"]
    vault.update()
    assert findings(cli, vault) == []


def test_without_an_index_the_notes_are_looked_at(cli: Cli, empty: Vault) -> None:
    """It is asked when something does not work, which may be the index itself."""
    empty.write("latin.md", "# Étude\n".encode("latin-1"))
    empty.write("a.md", "# A Paper\n\nText.\n")
    (index, found) = sorted(findings(cli, empty), key=lambda finding: finding["kind"])
    assert (found["kind"], found["subject"]) == ("skipped", "latin.md")
    assert (index["kind"], index["advice"]) == ("index", "run: papersim index")
    assert not empty.index.exists(), "asking makes no index"


# --- mending ------------------------------------------------------------------------------------


def fixed(cli: Cli, vault: Vault) -> dict[str, bool]:
    """Return what `doctor --fix` names, by the name of the file, and whether it was mended."""
    done = cli.at(vault, "doctor", "--fix", "--json")
    assert done.code == 0, done
    return {f["subject"].rpartition("/")[2]: f["fixed"] for f in done.json["findings"]}


def test_a_healthy_vault_stays_as_it_is(cli: Cli, vault: Vault) -> None:
    for file in vault.notes.rglob("*.md"):
        os.utime(file, ns=(10**18, 10**18))
    vault.update()
    before = {name: told[:2] for name, told in snapshot(vault.root).items()}
    assert fixed(cli, vault) == {}
    after = {name: told[:2] for name, told in snapshot(vault.root).items()}
    beside = {name for name in after if name.endswith(("-shm", "-wal"))}  # SQLite's, to read
    assert {n: t for n, t in after.items() if n not in beside | {"index"}} == {
        n: t for n, t in before.items() if n != "index"
    }


def test_each_finding_is_mended_and_said(cli: Cli, vault: Vault) -> None:
    """All at once; the notes are not touched, and what people have to mend stays."""
    assert cli.at(vault, "tags", "--rename", "PEFT", "LoRA").code == 0
    vault.write("latin.md", "# Étude\n".encode("latin-1"))
    vault.update()
    model = next(vault.index.glob("tag-model-*.arrays"))
    for file in (model, vault.index / "papersim.sqlite"):
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 1
        file.write_bytes(data)
    journal = vault.index / "last-edit.json"
    journal.write_text("{")
    for name in ("index/.papersim-0123456789abcdef.tmp", "notes/reading/.papersim-00.tmp"):
        (vault.root / name).write_text("half")
        os.utime(vault.root / name, (0, 0))
    (vault.index / "derived-0000000000000000.arrays").write_text("left")
    os.utime(vault.index / "derived-0000000000000000.arrays", (0, 0))
    (vault.index / "rejected-tags.txt").write_text("no tabs\n")
    young = vault.notes / ".papersim-11.tmp"
    young.write_text("being written")
    notes = {p: p.read_bytes() for p in vault.notes.rglob("*.md")}
    expected = {
        "latin.md": False,
        "rejected-tags.txt": False,
        model.name: True,
        "papersim.sqlite": True,
        "last-edit.json": True,
        ".papersim-0123456789abcdef.tmp": True,
        ".papersim-00.tmp": True,
        "derived-0000000000000000.arrays": True,
    }
    named = {f["subject"].rpartition("/")[2]: f for f in findings(cli, vault)}
    assert named.keys() == expected.keys() - {"latin.md"}, "notes are listed by a sound index"
    assert not any(f["fixed"] for f in named.values())
    found = fixed(cli, vault)
    assert found == expected
    (aside,) = vault.index.glob("last-edit.json.damaged-*")
    assert aside.read_text() == "{"
    assert young.exists()
    assert {p: p.read_bytes() for p in vault.notes.rglob("*.md")} == notes
    left = {f["subject"].rpartition("/")[2] for f in findings(cli, vault)}
    assert left == {"latin.md", "rejected-tags.txt"}


def test_what_is_mended_is_shown(cli: Cli, vault: Vault) -> None:
    vault.write("new.md", "# A Note Written since the Index\n\nText.\n")
    done = cli.at(vault, "doctor", "--fix")
    assert done.code == 0
    assert "mended" in done.out
    assert "A Note Written since the Index" in vault.ids()
    assert "nothing stands out" in cli.at(vault, "doctor").out


def test_an_index_of_other_notes_is_not_made_one_of_these(
    cli: Cli, vault: Vault, tmp_path: Path
) -> None:
    """To mend is not to embed a vault that nobody asked to be indexed."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.md").write_text("# A Paper\n\nText.\n")
    before = vault.ids()
    done = cli("doctor", "--fix", "--notes", tmp_path / "other", "--index", vault.index, "--json")
    (finding,) = done.json["findings"]
    assert (finding["kind"], finding["fixed"]) == ("index", False)
    assert vault.ids() == before


@pytest.mark.parametrize("place", [0, 20, 40, 0.5, 0.999])
def test_a_flipped_bit_in_the_seal_is_named_and_mended(
    cli: Cli, vault: Vault, place: float
) -> None:
    seal = vault.index / "papersim.sqlite.seal"
    data = bytearray(seal.read_bytes())
    data[int(place * len(data)) if place < 1 else int(place)] ^= 1
    seal.write_bytes(data)
    assert cli.at(vault, "similar", "Text to Mesh").code == 0
    (finding,) = findings(cli, vault)
    assert finding["subject"] == str(seal)
    assert fixed(cli, vault) == {seal.name: True}
    assert findings(cli, vault) == []
