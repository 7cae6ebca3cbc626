"""Writing tags from the command line: shown first, exact to the byte, and taken back."""

from __future__ import annotations

import difflib
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from conftest import Vault
from papersim.notes.labels import Labels
from papersim.notes.reader import read_note
from papersim.tagging import Tagging, changes_for
from papersim.undo import apply_changes

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Cli, Done
    from papersim.notes.model import PaperEntry

NOTE = "20231204.md"
LABELS = Labels.load()


@pytest.fixture
def copy(sample: Vault, tmp_path: Path) -> Vault:
    """Return a copy of the sample vault, indexed, whose notes may be written."""
    made = Vault(tmp_path / "copy")
    shutil.copytree(sample.root, made.root)
    made.update()
    return made


def held(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def git(folder: Path, *arguments: str, data: bytes | None = None) -> None:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, input=data, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


def entries(path: Path) -> dict[str, PaperEntry]:
    return {p.title: p for p in read_note(path.read_bytes().decode(), path.name, LABELS).papers}


def one_line(done: Done) -> str:
    """Return what was said, having checked that it is one line and exit 1."""
    assert done.code == 1
    lines = done.err.splitlines()
    assert len(lines) == 1, done.err
    assert lines[0].startswith("papersim: ")
    return lines[0]


def only_inserted(old: bytes, new: bytes) -> bool:
    """Return whether new is old with something put in between, line by line."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    codes = {op[0] for op in difflib.SequenceMatcher(None, before, after).get_opcodes()}
    if codes <= {"equal", "insert"}:
        return True
    at = 0
    for byte in old:  # within a line: every old byte, in its order
        at = new.find(bytes([byte]), at) + 1
        if not at:
            return False
    return True


# --- shown, written, taken back -----------------------------------------------------------------


def test_what_is_shown_is_what_is_written_and_taken_back(copy: Vault, cli: Cli) -> None:
    """The whole round on the sample vault, with the real git in between.

    A dry run writes nothing; its diff is what `git apply` takes; --apply gives the very bytes
    that git made; a second --apply finds nothing to do; undo gives back every byte.
    """
    before = held(copy.notes)
    shown = cli.at(copy, "suggest-tags", "--min-confidence", "0.05", NOTE, "--dry-run")
    assert shown.code == 0
    assert held(copy.notes) == before
    assert shown.out.startswith(f"diff --git a/{NOTE} b/{NOTE}\n")

    patched = copy.root / "patched"
    shutil.copytree(copy.notes, patched)
    git(patched, "init", "-q")
    git(patched, "apply", "--check", "-", data=shown.out.encode())
    git(patched, "apply", "-", data=shown.out.encode())

    applied = cli.at(copy, "suggest-tags", "--min-confidence", "0.05", NOTE, "--apply", "--json")
    assert applied.code == 0
    assert applied.json["written"] == [NOTE]
    assert applied.json["diff"] == shown.out
    after = held(copy.notes)
    assert after[NOTE] == (patched / NOTE).read_bytes()
    assert {name for name in after if after[name] != before[name]} == {NOTE}
    assert only_inserted(before[NOTE], after[NOTE])

    # Reading again gives the old tags and the new ones, in the papers meant and in no other.
    wanted = {
        one["paper"]["title"]: {s["tag"] for s in one["suggestions"]}
        for one in applied.json["papers"]
    }
    assert len(wanted) == 4
    now = entries(copy.notes / NOTE)
    old = {p.title: p for p in read_note(before[NOTE].decode(), NOTE, LABELS).papers}
    for title, entry in now.items():
        keys = {tag.lstrip("_") for tag in entry.tags}
        assert keys == {tag.lstrip("_") for tag in {*old[title].tags, *wanted[title]}}
        assert [(x.label, x.text) for x in entry.sections] == [
            (x.label, x.text) for x in old[title].sections
        ]

    again = cli.at(copy, "suggest-tags", "--min-confidence", "0.05", NOTE, "--apply", "--json")
    assert (again.code, again.json["written"], again.json["diff"]) == (0, [], "")
    assert held(copy.notes) == after

    undone = cli.at(copy, "undo", "--json")
    assert (undone.code, undone.json["written"]) == (0, [NOTE])
    assert held(copy.notes) == before
    assert "no edit to undo" in one_line(cli.at(copy, "undo"))


def test_the_whole_vault_at_once(copy: Vault, cli: Cli) -> None:
    """--all --untagged is how a backlog is tagged; one undo takes all of it back."""
    before = held(copy.notes)
    library = copy.open()
    untagged = {d.paper.id for d in library.papers() if not d.paper.tags}
    asked = cli.at(
        copy, "suggest-tags", "--min-confidence", "0.05", "--all", "--untagged", "--apply", "--json"
    )
    assert asked.code == 0
    assert {one["papers"][0]["paper"]["id"] for one in asked.lines} == untagged
    after = held(copy.notes)
    written = {name for name in after if after[name] != before[name]}
    assert written == {
        one["papers"][0]["paper"]["note"] for one in asked.lines if one["papers"][0]["suggestions"]
    }
    assert len(written) >= 2

    copy.update()
    tagged = {d.paper.id: d.paper.tags for d in copy.open().papers()}
    for one in asked.lines:
        for answer in one["papers"]:
            suggested = {s["tag"].lstrip("_") for s in answer["suggestions"]}
            assert {tag.lstrip("_") for tag in tagged[answer["paper"]["id"]]} == suggested

    assert set(cli.at(copy, "undo", "--json").json["written"]) == written
    assert held(copy.notes) == before


def test_untagged_leaves_out_what_has_tags(sample: Vault, cli: Cli) -> None:
    papers = cli.at(
        sample, "suggest-tags", "--min-confidence", "0.05", NOTE, "--untagged", "--json"
    ).json["papers"]
    assert papers == []
    asked = cli.at(
        sample, "suggest-tags", "--min-confidence", "0.05", "--all", "--untagged", "--json"
    ).lines
    assert asked
    assert all(one["papers"][0]["paper"]["tags"] == [] for one in asked)


QUESTIONS: tuple[tuple[str, ...], ...] = (
    ("suggest-tags", "--min-confidence", "0.05", NOTE),
    ("suggest-tags", "--min-confidence", "0.05", NOTE, "--json"),
    ("suggest-tags", "--min-confidence", "0.05", NOTE, "--dry-run"),
    ("suggest-tags", "--min-confidence", "0.05", "--all", "--as-untagged", "--dry-run"),
    ("similar", "DreamFusion", "--explain"),
    ("search", "splats"),
    ("papers",),
    ("tags",),
    ("duplicates",),
    ("doctor",),
    ("status",),
)


@pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)
def test_asking_never_changes_a_note(sample: Vault, cli: Cli, question: tuple[str, ...]) -> None:
    """The first promise: notes are the user's; only --apply and undo write them."""
    before = held(sample.notes)
    times = {path: path.stat().st_mtime_ns for path in sample.notes.rglob("*")}
    assert cli.at(sample, *question).code == 0
    assert held(sample.notes) == before
    assert {path: path.stat().st_mtime_ns for path in sample.notes.rglob("*")} == times
    assert not (sample.index / "last-edit.json").exists()


# --- when a note is not as it was ---------------------------------------------------------------


def test_undo_leaves_a_note_that_changed_since(copy: Vault, cli: Cli) -> None:
    """What the user wrote after --apply is worth more than the undo."""
    other = "20240109.md"
    before = held(copy.notes)
    assert (
        cli.at(copy, "suggest-tags", "--min-confidence", "0.05", NOTE, other, "--apply").code == 0
    )
    file = copy.notes / NOTE
    mine = file.read_bytes() + b"\nmy own line\n"
    file.write_bytes(mine)
    said = one_line(cli.at(copy, "undo"))
    assert NOTE in said
    assert "changed since" in said
    assert file.read_bytes() == mine
    assert (copy.notes / other).read_bytes() == before[other], "the other one is taken back"


def test_a_note_rewritten_since_the_index_is_left_and_named(copy: Vault, cli: Cli) -> None:
    """The paper is not there any more: nothing may be put where it was. Others are written."""
    file = copy.notes / NOTE
    file.write_bytes(b"# Something Else Entirely\n\nNo paper of before.\n")
    other = "20240109.md"
    before = held(copy.notes)
    done = cli.at(copy, "suggest-tags", "--min-confidence", "0.05", NOTE, other, "--apply")
    said = one_line(done)
    assert NOTE in said
    assert said.count(NOTE) == 1, "named once"
    assert "papersim index" in said
    after = held(copy.notes)
    assert {name for name in after if after[name] != before[name]} == {other}


def test_a_note_that_grew_since_the_index_is_tagged_in_the_right_place(
    copy: Vault, cli: Cli
) -> None:
    """Lines have moved, the paper is still there: its title tells where."""
    file = copy.notes / NOTE
    file.write_bytes(file.read_bytes().replace(b"## Gaussian", b"\n\nmore\n\n## Gaussian", 1))
    before = file.read_bytes()
    paper = f"{NOTE}#LRM: Large Reconstruction Model"
    assert cli.at(copy, "suggest-tags", "--min-confidence", "0.05", paper, "--apply").code == 0
    assert only_inserted(before, file.read_bytes())
    old = {p.title: p.tags for p in read_note(before.decode(), NOTE, LABELS).papers}
    changed = {t for t, e in entries(file).items() if e.tags != old[t]}
    assert len(changed) == 1
    assert next(iter(changed)).startswith("LRM")


def test_a_note_changed_between_reading_and_writing_is_left(vault: Vault) -> None:
    """An editor may save in that very moment; its text must win."""
    path = "20230210.md"
    library = vault.open()
    paper = library.find("Text to Mesh")
    tagging = Tagging(path, paper.line, paper.title, ("meshes",))
    changes = changes_for(vault.notes, [tagging], LABELS, [])
    file = vault.notes / path
    mine = file.read_bytes() + b"saved meanwhile\n"
    file.write_bytes(mine)
    outcome = apply_changes(vault.index, vault.notes, changes)
    assert outcome.written == ()
    assert "changed since it was read" in outcome.left[0].reason
    assert file.read_bytes() == mine
    assert sorted(p.name for p in vault.notes.iterdir() if p.name.startswith(".")) == []


# --- notes outside the vault --------------------------------------------------------------------

OUTSIDE = "## Meshes from Words\r\n#mine\r\n\r\nA mesh is carved from a caption.\r\n"


def test_a_note_outside_is_written_where_it_is_and_taken_back(
    vault: Vault, cli: Cli, tmp_path: Path
) -> None:
    """It goes into the journal like any other, and undo finds it again from anywhere."""
    file = tmp_path / "elsewhere" / "draft one.md"
    file.parent.mkdir()
    file.write_bytes(OUTSIDE.encode())
    inside = held(vault.notes)
    shown = cli.at(
        vault, "suggest-tags", "--min-confidence", "0.05", "elsewhere/draft one.md", "--dry-run"
    )
    git(file.parent, "init", "-q")
    git(file.parent, "apply", "--check", "-", data=shown.out.encode())
    both = ("elsewhere/draft one.md", "20230210.md", "-k", "1")
    done = cli.at(vault, "suggest-tags", "--min-confidence", "0.05", *both, "--apply", "--json")
    assert done.code == 0
    assert len(done.json["written"]) == 2
    (entry,) = entries(file).values()
    assert {"mine", "Text23D"} <= set(entry.tags)
    assert file.read_bytes().count(b"\n") == file.read_bytes().count(b"\r\n")
    assert held(vault.notes) != inside
    undone = cli.at(vault, "undo")
    assert undone.code == 0, undone.err
    assert file.read_bytes() == OUTSIDE.encode()
    assert held(vault.notes) == inside


def test_a_note_outside_is_not_mistaken_for_one_inside(
    vault: Vault, cli: Cli, tmp_path: Path
) -> None:
    """The same name and the same paper: the file that was named is the one that is written."""
    inside = held(vault.notes)
    text = (vault.notes / "20230210.md").read_bytes()
    (tmp_path / "20230210.md").write_bytes(text)
    done = cli.at(
        vault,
        "suggest-tags",
        "--min-confidence",
        "0.05",
        "20230210.md",
        "--as-untagged",
        "--apply",
        "--min-confidence",
        "0.05",
        "--json",
    )
    assert done.code == 0
    assert held(vault.notes) == inside
    assert (tmp_path / "20230210.md").read_bytes() != text


def test_standard_input_cannot_be_written_to(vault: Vault, cli: Cli, tmp_path: Path) -> None:
    """Not even where a file has that name."""
    (tmp_path / "-").write_bytes(OUTSIDE.encode())
    done = cli.at(
        vault, "suggest-tags", "--min-confidence", "0.05", "-", "--apply", stdin=OUTSIDE.encode()
    )
    assert "standard input" in one_line(done)
    assert (tmp_path / "-").read_bytes() == OUTSIDE.encode()


# --- the manner of the note ---------------------------------------------------------------------

MANNERS = {
    "hashtag line": (
        "## Meshes from Words\n#a #b\n\nA mesh is carved from a caption.\n",
        "#a #b #Text23D",
    ),
    "flow list": (
        "---\ntitle: Meshes from Words\ntags: ['a', 'b']\n---\nA mesh is carved from a caption.\n",
        "tags: ['a', 'b', 'Text23D']",
    ),
    "block list": (
        "---\ntags:\n  - a\n  - b\ntitle: Meshes from Words\n---\nA mesh from a caption.",
        "  - b\n  - Text23D\n",
    ),
    "Logseq": (
        "title:: Meshes from Words\ntags:: #a, #b\n\n- A mesh is carved from a caption.\n",
        "tags:: #a, #b, #Text23D\n",
    ),
    "Logseq with brackets": (
        "tags:: [[a]], [[b]]\ntitle:: Meshes from Words\n\n- A mesh from a caption.\n",
        "tags:: [[a]], [[b]], [[Text23D]]\n",
    ),
}


@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("manner", MANNERS)
def test_tags_are_written_as_the_note_writes_them(
    vault: Vault, cli: Cli, manner: str, ending: str
) -> None:
    """One insertion, line ends and a missing newline at the end included, and undone."""
    text, expected = MANNERS[manner]
    old = text.replace("\n", ending).encode()
    file = vault.write("pages/meshes.md", old)
    done = cli.at(
        vault, "suggest-tags", "--min-confidence", "0.05", str(file), "-k", "1", "--apply", "--json"
    )
    assert done.code == 0, done.err
    assert done.json["written"] == ["pages/meshes.md"]
    new = file.read_bytes()
    assert expected.replace("\n", ending).encode() in new
    assert only_inserted(old, new)
    (entry,) = entries(file).values()
    assert set(entry.tags) == {"a", "b", "Text23D"}
    assert cli.at(vault, "undo").code == 0
    assert file.read_bytes() == old
