"""What users get wrong: one line on stderr that names the way on, and nothing lost or made."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from conftest import SMALL_VAULT, Cli, Done, Vault, environment, snapshot
from papersim.index.seal import break_seal

if TYPE_CHECKING:
    from pathlib import Path

TITLE = "Text to Mesh"
ASKING = [("similar", TITLE), ("search", "mesh"), ("suggest-tags", TITLE), ("status",)]


def assert_refused(done: Done, code: int, *said: str) -> None:
    assert done.code == code, done
    assert done.out == ""
    assert len(done.err.splitlines()) == 1, done.err
    assert "Traceback" not in done.err
    for part in said:
        assert part in done.err


# --- folders ------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [*ASKING, ("index",), ("papers",), ("tags",)], ids=" ".join)
def test_no_notes(cli: Cli, tmp_path: Path, command: tuple[str, ...]) -> None:
    assert_refused(cli(*command), 1, "papersim index" if command in ASKING else "--notes DIR")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ASKING, ids=" ".join)
def test_no_index_yet(cli: Cli, empty: Vault, command: tuple[str, ...]) -> None:
    empty.write("a.md", SMALL_VAULT["20230210.md"])
    assert_refused(cli.at(empty, *command), 1, "papersim index")
    assert not empty.index.exists()


@pytest.mark.parametrize("command", ASKING, ids=" ".join)
def test_the_index_of_other_notes(
    cli: Cli, small: Vault, empty: Vault, command: tuple[str, ...]
) -> None:
    done = cli(*command, "--notes", empty.notes, "--index", small.index)
    assert_refused(done, 1, "papersim index", "--index")


@pytest.mark.parametrize("sealed", [True, False])
@pytest.mark.parametrize("command", ASKING, ids=" ".join)
def test_a_damaged_index(cli: Cli, vault: Vault, command: tuple[str, ...], sealed: bool) -> None:
    (vault.index / "papersim.sqlite").write_bytes(b"not a database" * 1000)
    if not sealed:
        break_seal(vault.index)
    assert_refused(cli.at(vault, *command), 1, "run: papersim doctor --fix")


@pytest.mark.parametrize("command", [("index",), ("index", "--full"), ("doctor", "--fix")])
def test_a_damaged_index_is_mended(cli: Cli, vault: Vault, command: tuple[str, ...]) -> None:
    (vault.index / "papersim.sqlite").write_bytes(b"not a database" * 1000)
    done = cli.at(vault, *command)
    assert done.code == 0
    (line,) = done.err.splitlines()
    assert "was damaged" in line
    assert cli.at(vault, "similar", "Text to Mesh").code == 0


@pytest.mark.parametrize("sealed", [True, False])
@pytest.mark.parametrize("command", [*ASKING, ("papers",)], ids=" ".join)
def test_an_index_damaged_in_the_middle(
    cli: Cli, vault: Vault, command: tuple[str, ...], sealed: bool
) -> None:
    """As a failing disk leaves it: the beginning is fine, the rest is not."""
    file = vault.index / "papersim.sqlite"
    data = file.read_bytes()
    file.write_bytes(data[:4096] + b"\xa5" * (len(data) - 4096))
    if not sealed:
        break_seal(vault.index)
    done = cli.at(vault, *command)
    assert_refused(done, 1, "run: papersim doctor --fix")


# --- papers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["similar", "suggest-tags"])
@pytest.mark.parametrize(
    "name", ["No Such Paper At All", "20230210", "a", "absent.md", "x" * 5000, "20230105.md#none"]
)
def test_a_title_that_names_no_paper_or_several(
    cli: Cli, small: Vault, command: str, name: str
) -> None:
    assert_refused(cli.at(small, command, name), 1, "papersim papers")


def test_a_note_with_several_papers_is_not_one(cli: Cli, small: Vault) -> None:
    done = cli.at(small, "similar", "20230210.md")
    assert_refused(done, 1, "2 papers", "Text to Mesh", "Contrast Without Labels")


def test_a_paper_without_such_a_section(cli: Cli, small: Vault) -> None:
    done = cli.at(small, "similar", TITLE, "--by", "limitations")
    assert_refused(done, 1, "limitations", "it has background, contributions, method")


# --- options ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("similar", TITLE, "-k", "0"),
        ("similar", TITLE, "-k", "-3"),
        ("similar", TITLE, "-k", "many"),
        ("search", "x", "-k", "0"),
        ("suggest-tags", TITLE, "-k", "0"),
        ("suggest-tags", TITLE, "--min-confidence", "1.5"),
        ("similar", TITLE, "--no-such-option"),
        ("no-such-command",),
        ("similar",),
        ("search",),
        ("suggest-tags",),
        ("suggest-tags", "--all", TITLE),
        ("suggest-tags", "--all", "--reject", "PEFT"),
        ("suggest-tags", "--untagged", "--reject", "PEFT"),
        ("suggest-tags", TITLE, "20230105.md", "--reject", "PEFT"),
        ("suggest-tags", TITLE, "--reject", "#"),
        ("similar", "--all", TITLE),
        ("similar", TITLE, "too", "many"),
        ("similar", TITLE, "--since", "yesterday"),
        ("search", "x", "--until", "2023-02-30"),
        ("papers", "--since", "2023-13"),
        ("similar", TITLE, "--by", "methods"),
        ("search", "x", "--by", ""),
    ],
    ids=" ".join,
)
def test_wrong_usage(cli: Cli, small: Vault, arguments: tuple[str, ...]) -> None:
    done = cli.at(small, *arguments)
    assert_refused(done, 2, "--help")


@pytest.mark.parametrize("text", ["", "  "])
def test_nothing_to_search_for(cli: Cli, small: Vault, text: str) -> None:
    assert_refused(cli.at(small, "search", text), 1, "papersim search")
    assert_refused(cli.at(small, "search", "-", stdin=text.encode()), 1, "papersim search")
    assert_refused(cli.at(small, "suggest-tags", "-", stdin=text.encode()), 1, "papersim")


@pytest.mark.parametrize("data", [b"\x80\x02\xff\x00random", b"## A\n\xe9\n", b"# A\n\0\0\0\n"])
def test_standard_input_that_is_no_text(cli: Cli, small: Vault, data: bytes) -> None:
    done = cli.at(small, "suggest-tags", "-", stdin=data)
    assert_refused(done, 1, "standard input", "send the text of a note")


def test_standard_input_without_a_paper(cli: Cli, small: Vault) -> None:
    assert_refused(cli.at(small, "suggest-tags", "-"), 1, "standard input holds no paper (empty)")


def test_a_folder_is_no_note(cli: Cli, small: Vault) -> None:
    done = cli.at(small, "suggest-tags", small.notes / "reading")
    assert_refused(done, 1, "is a folder; name a note", "papersim papers", "--all")


@pytest.mark.parametrize(
    "text",
    ["notes = ", "nots = 'x'", "notes = 3", "exclude = 'x'", "labels = {odd = {exact = ['x']}}"],
)
def test_a_settings_file_that_cannot_be_meant(cli: Cli, tmp_path: Path, text: str) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "papersim.toml").write_text(text)
    assert_refused(cli("papers"), 1, "papersim.toml")


# --- notes --------------------------------------------------------------------------------------


def test_odd_notes_are_read_or_skipped_with_a_reason(cli: Cli, vault: Vault) -> None:
    vault.write("latin.md", "## Café\n".encode("latin-1"))
    vault.write("blank.md", b"")
    vault.write("spaces.md", b" \n\t\n")
    vault.write(
        "broken.md", "---\ntitle: [unclosed\ntags: {\n---\n## A Paper Below Ruins\n#x\nText.\n"
    )
    vault.write("nul.md", b"## Nothing \0 Inside\n- **Method**: a \0 byte.\n")
    vault.write("bom.md", b"\xef\xbb\xbf## Marked by Bytes\r\n#x\r\n- **Method**: dos.\r\n")
    done = cli.at(vault, "index", "--json")
    assert (done.code, done.err) == (0, "")
    skipped = {s["note"]: s["reason"] for s in done.json["skipped"]}
    assert skipped.keys() == {"latin.md", "blank.md", "spaces.md"}
    assert "UTF-8" in skipped["latin.md"]
    assert skipped["blank.md"] == skipped["spaces.md"] == "empty"
    found = cli.at(vault, "papers", "--json").json["papers"]
    titles = {paper["title"] for paper in found}
    assert "Marked by Bytes" in titles
    assert "broken.md" in {paper["note"] for paper in found}, "read as far as it can be"
    assert any("Nothing" in title and "Inside" in title for title in titles)
    for paper in found:
        assert cli.at(vault, "similar", paper["id"], "--explain").code == 0
    again = cli.at(vault, "index", "--json").json
    assert {s["note"] for s in again["skipped"]} == skipped.keys(), "told at each run"
    assert "skipped latin.md" in cli.at(vault, "index").out


# --- permissions and pipes: other processes -----------------------------------------------------

_PR_CAPBSET_DROP = 24
_CAPABILITIES_THAT_OVERRIDE_MODES = (1, 2)


def _as_anyone_else() -> None:
    """Give up root's power over file modes; for others it was never there."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in _CAPABILITIES_THAT_OVERRIDE_MODES:
        libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)


def run(vault: Vault, *arguments: str) -> Done:
    code = "from papersim.cli import main; main()"
    given = [*arguments, "--notes", str(vault.notes), "--index", str(vault.index)]
    done = subprocess.run(
        [sys.executable, "-c", code, *given],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        preexec_fn=_as_anyone_else if sys.platform == "linux" else None,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def modes_count(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skip where a file's mode keeps nobody from reading it."""
    file = tmp_path_factory.mktemp("modes") / "secret"
    file.write_text("x")
    file.chmod(0)
    done = subprocess.run(
        ["cat", str(file)],
        capture_output=True,
        check=False,
        preexec_fn=_as_anyone_else if sys.platform == "linux" else None,
    )
    if not done.returncode:
        pytest.skip("this user may read everything")


@pytest.mark.usefixtures("modes_count")
def test_what_may_not_be_read_is_told_and_the_rest_is_indexed(vault: Vault) -> None:
    vault.write("secret.md", "## Hidden\n")
    (vault.notes / "secret.md").chmod(0)
    (vault.notes / "reading").chmod(0)
    try:
        done = run(vault, "index", "--json")
        assert (done.code, done.err) == (0, "")
        skipped = {s["note"]: s["reason"] for s in done.json["skipped"]}
        assert skipped.keys() == {"secret.md", "reading"}
        assert all("Permission denied" in reason for reason in skipped.values())
    finally:
        (vault.notes / "reading").chmod(0o755)
        (vault.notes / "secret.md").chmod(0o644)
    report = vault.update()
    assert (report.embedded, report.skipped) == (1, ()), "the rest came back as it was"


@pytest.mark.usefixtures("modes_count")
def test_notes_that_may_not_be_read_at_all(vault: Vault) -> None:
    vault.notes.chmod(0)
    try:
        assert_refused(run(vault, "index"), 1, "permissions")
    finally:
        vault.notes.chmod(0o755)


@pytest.mark.usefixtures("modes_count")
@pytest.mark.parametrize("derived", [True, False])
def test_an_index_that_may_only_be_read_still_answers(vault: Vault, derived: bool) -> None:
    if not derived:
        for file in vault.index.glob("derived*"):
            file.unlink()
    before = snapshot(vault.index)
    for file in vault.index.iterdir():
        file.chmod(0o444)
    vault.index.chmod(0o555)
    try:
        for command in (
            ("similar", TITLE),
            ("search", "mesh"),
            ("suggest-tags", TITLE),
            ("papers",),
        ):
            done = run(vault, *command, "--json")
            assert done.code == 0, done.err
            assert done.json
        assert run(vault, "status", "--json").json["up_to_date"]
        assert_refused(run(vault, "index", "--full"), 1, "--index")
    finally:
        vault.index.chmod(0o755)
    assert {k: v[0] for k, v in snapshot(vault.index).items()} == {
        k: v[0] for k, v in before.items()
    }


@pytest.mark.usefixtures("modes_count")
def test_an_index_folder_that_cannot_be_made(vault: Vault) -> None:
    shutil.rmtree(vault.index)
    vault.root.chmod(0o555)
    try:
        assert_refused(run(vault, "index"), 1, "--index DIR")
    finally:
        vault.root.chmod(0o755)


def test_a_reader_that_has_gone(small: Vault) -> None:
    """As `papersim similar --all --json | head -1` leaves it."""
    code = "from papersim.cli import main; main()"
    for command in (["similar", "--all", "--json"], ["papers", "--json"], ["papers"]):
        given = [*command, "--notes", str(small.notes), "--index", str(small.index)]
        process = subprocess.Popen(
            [sys.executable, "-c", code, *given],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b"", command
        process.stderr.close()
        process.wait(60)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")  # noqa: PTH110
def test_a_full_disk_under_the_output(small: Vault) -> None:
    code = "from papersim.cli import main; main()"
    given = ["papers", "--json", "--notes", str(small.notes), "--index", str(small.index)]
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-c", code, *given],
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
