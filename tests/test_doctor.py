"""The doctor: what stands out, where, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
