"""Writing tags from the command line: shown first, exact to the byte, and taken back."""

from __future__ import annotations

import difflib
import os
import pty
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conftest import Vault, environment
from papersim.notes.labels import Labels
from papersim.notes.reader import read_note
from papersim.tag_options import TagOptions
from papersim.tagging import Tagging, VaultTags, plan_note
from papersim.undo import apply_changes

if TYPE_CHECKING:
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
    assert "nothing more to take back" in one_line(cli.at(copy, "undo"))


def test_the_whole_vault_at_once(copy: Vault, cli: Cli) -> None:
    """--all --untagged is how a backlog is tagged; one undo takes all of it back.

    As JSON, each paper has its line, and the last tells what was written.
    """
    before = held(copy.notes)
    library = copy.open()
    untagged = {d.paper.id for d in library.papers() if not d.paper.tags}
    asked = cli.at(
        copy, "suggest-tags", "--min-confidence", "0.05", "--all", "--untagged", "--apply", "--json"
    )
    assert asked.code == 0
    *lines, last = asked.lines
    assert {one["papers"][0]["paper"]["id"] for one in lines} == untagged
    assert all(set(one) == {"papers"} for one in lines)
    after = held(copy.notes)
    written = {name for name in after if after[name] != before[name]}
    assert written == {
        one["papers"][0]["paper"]["note"] for one in lines if one["papers"][0]["suggestions"]
    }
    assert len(written) >= 2
    given = [s["tag"] for one in lines for s in one["papers"][0]["suggestions"]]
    assert (last["papers"], last["looked_at"], last["left"]) == ([], len(untagged), [])
    assert last["tagged"] == len([one for one in lines if one["papers"][0]["suggestions"]])
    assert {t["tag"]: t["count"] for t in last["tags"]} == Counter(given)
    assert set(last["written"]) == written
    assert last["diff"].count("diff --git") == len(written)

    copy.update()
    tagged = {d.paper.id: d.paper.tags for d in copy.open().papers()}
    for one in lines:
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


# --- a whole vault ------------------------------------------------------------------------------

BACKLOG = {
    "backlog/a.md": "## Sketches that Steer\n- **方法**：冻结扩散模型，训练旁路网络，控制生成。\n\n"
    "## A Splat for Each Room\n- **Method**: 3D Gaussians are fitted to photos and splatted.\n",
    "backlog/b.md": "# Cold Prompts\r\n\r\n## Method\r\nA language model reasons step by step.\r\n",
    "backlog/c.md": "---\ntitle: Queries that Answer\n---\n## Method\nDense retrieval of passages.",
    "backlog/d.md": "\ufeff# Views from Rays\n\n## Method\nA radiance field of a dynamic scene.\n",
}
ALL = ("suggest-tags", "--untagged", "--min-confidence", "0.05")


@pytest.fixture
def backlog(copy: Vault) -> Vault:
    """Return the sample vault with notes that nobody has tagged yet, under version control."""
    for path, text in BACKLOG.items():
        copy.write(path, text)
    copy.update()
    git(copy.notes, "init", "-q")
    git(copy.notes, "add", "-A")
    git(copy.notes, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "notes")
    return copy


def unchanged(folder: Path) -> bool:
    """Return whether git sees the notes as they were committed, and no file besides."""
    command = ["git", "status", "--porcelain"]
    return subprocess.run(command, cwd=folder, capture_output=True, check=True).stdout == b""


def test_a_backlog_is_tagged_and_git_sees_it_taken_back(backlog: Vault, cli: Cli) -> None:
    """--untagged alone is the whole vault; people are told in three lines what became of it."""
    before = held(backlog.notes)
    shown = cli.at(backlog, *ALL, "--dry-run")
    assert shown.code == 0
    assert unchanged(backlog.notes)
    papers = [d.paper for d in backlog.open().papers() if not d.paper.tags]
    done = cli.at(backlog, *ALL, "--apply")
    assert (done.code, done.err) == (0, "")
    said = " ".join(done.out.split())
    assert said.startswith(f"{len(papers)} papers looked at, ")
    assert said.endswith("run: papersim index; or take it back (one step only): papersim undo")
    assert f"papersim: {len(papers)} papers looked at, " in shown.err
    after = held(backlog.notes)
    assert set(BACKLOG) <= {name for name in after if after.get(name) != before.get(name)}
    assert all(only_inserted(before[name], after[name]) for name in before if name in after)
    assert cli.at(backlog, "undo").code == 0
    assert unchanged(backlog.notes)
    git(backlog.notes, "apply", "-", data=shown.out.encode())
    assert held(backlog.notes)["backlog/b.md"] == after["backlog/b.md"]


def test_only_the_papers_asked_about_are_worked_on(backlog: Vault) -> None:
    steps: list[tuple[str, int, int]] = []
    library = backlog.open()
    count = len([d for d in library.papers() if not d.paper.tags])
    found = library.suggest_tags_all(
        TagOptions(min_confidence=0.05), untagged=True, progress=lambda *step: steps.append(step)
    )
    next(found)
    assert steps == []
    edit = library.apply_tags(found, dry_run=True)
    assert steps == [("suggest", done, count) for done in range(1, count + 1)]
    assert edit.diff


def test_the_vault_is_asked_for_its_tags_once(backlog: Vault) -> None:
    """Not once a note, which for two thousand notes would take longer than all the rest."""
    library = backlog.open()
    found = list(library.suggest_tags_all(TagOptions(min_confidence=0.05), untagged=True))
    asked: list[str] = []
    library._parts.store._db.set_trace_callback(asked.append)
    few = library.apply_tags(found[:1], dry_run=True)
    once = len(asked)
    many = library.apply_tags(found, dry_run=True)
    assert many.diff.count("diff --git") > few.diff.count("diff --git") == 1
    assert len(asked) == 2 * once


@pytest.mark.parametrize("moment", [1, 2, 4])
def test_interrupted_in_the_middle(
    backlog: Vault, cli: Cli, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    """Ctrl-C before the journal, before the first note, and between two: whole notes, one undo."""
    before = held(backlog.notes)
    real, calls = Path.replace, 0

    def replace(self: Path, target: Path) -> Path:
        nonlocal calls
        calls += 1
        if calls == moment:
            raise KeyboardInterrupt
        return real(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", replace)
        done = cli.at(backlog, *ALL, "--apply")
    assert done.code == 130
    assert len(done.err.splitlines()) == 1
    after = held(backlog.notes)
    changed = [n for n in before if not n.startswith(".git") and after[n] != before[n]]
    assert len(changed) == max(0, moment - 2)
    undone = cli.at(backlog, "undo")
    assert undone.code == (1 if moment == 1 else 0)
    assert unchanged(backlog.notes)


def test_notes_left_are_named_with_the_reason(backlog: Vault, cli: Cli) -> None:
    (backlog.notes / "backlog/b.md").chmod(0o444)
    (backlog.notes / "backlog/c.md").write_text("# Something Else\n\nEntirely.\n")
    done = cli.at(backlog, *ALL, "--apply")
    assert "2 were left without tags, for what is said above" in one_line(done)
    left = " ".join(done.out.split())
    assert "left 1 note: read-only; make it writable and run again (backlog/b.md)" in left
    assert "left 1 paper: the paper is not in the note any more; run" in left
    assert left.count("backlog/b.md") == left.count("backlog/c.md") == 1
    assert b"#" in (backlog.notes / "backlog/a.md").read_bytes().splitlines()[1]
    last = cli.at(backlog, *ALL, "--apply", "--json").lines[-1]
    assert [one["note"] for one in last["left"]] == ["backlog/c.md", "backlog/b.md"]
    assert last["tagged"] == 0, "the others have their tags"


def test_a_reason_is_told_once_however_many_notes_have_it(backlog: Vault, cli: Cli) -> None:
    """With --quiet there is the error and nothing else."""
    for path in BACKLOG:
        (backlog.notes / path).chmod(0o444)
    done = cli.at(backlog, *ALL, "--apply")
    said = " ".join(done.out.split())
    assert said.count("read-only") == 1
    assert "left 4 notes: read-only; make it writable and run again" in said
    assert "(backlog/a.md, backlog/b.md, backlog/c.md …)" in said
    assert "4 were left" in one_line(done)
    quiet = cli.at(backlog, *ALL, "--apply", "--quiet")
    assert quiet.out == ""
    assert "left 4 notes: read-only" in one_line(quiet)
    done = cli.at(backlog, *ALL, "--apply", "--json")
    assert "left 4 notes: read-only" in one_line(done)
    assert [one["note"] for one in done.lines[-1]["left"]] == list(BACKLOG)


def test_quiet_bulk_edits_say_nothing(backlog: Vault, cli: Cli) -> None:
    before = held(backlog.notes)
    done = cli.at(backlog, *ALL, "--apply", "--quiet")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert held(backlog.notes) != before


def test_data_goes_to_stdout_whoever_watches_the_progress(small: Vault) -> None:
    """A bar is drawn where stderr is a terminal; what is piped on must not end up there."""
    ours, theirs = pty.openpty()
    given = ["suggest-tags", "--all", "--json", "--notes", small.notes, "--index", small.index]
    code = "from papersim.cli import main; main()"
    with os.fdopen(ours, "rb", buffering=0):
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, given)],
            env=environment(TERM="xterm"),
            stdout=subprocess.PIPE,
            stderr=theirs,
            check=True,
        )
        os.close(theirs)
        drawn = os.read(ours, 100_000)
    assert len(done.stdout.splitlines()) == len(small.open().papers())
    assert b"suggesting tags" in drawn
    assert b"confidence" not in drawn


# --- what never writes --------------------------------------------------------------------------

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
    tagging = Tagging(paper.line, paper.title, ("meshes",))
    plan = plan_note(path, [tagging], VaultTags(vault.notes, LABELS))
    assert plan.added == (("meshes",),)
    file = vault.notes / path
    mine = file.read_bytes() + b"saved meanwhile\n"
    file.write_bytes(mine)
    outcome = apply_changes(vault.index, vault.notes, [plan.change])
    assert outcome.written == ()
    assert "changed since it was read" in outcome.left[0].reason
    assert file.read_bytes() == mine
    assert sorted(p.name for p in vault.notes.iterdir() if p.name.startswith(".")) == []


# --- notes outside the vault --------------------------------------------------------------------

OUTSIDE = "## Text to 3D from Words\r\n#mine\r\n\r\nA mesh is carved from a caption.\r\n"


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
    alone = cli.at(vault, "suggest-tags", "elsewhere/draft one.md", "--apply", "--new", "x")
    assert alone.out.endswith("take it back (one step only): papersim undo\n")
    assert "papersim index" not in alone.out, "which does not look there"
    undone = cli.at(vault, "undo")
    assert undone.out.startswith("taken back in ")
    assert "papersim index" not in undone.out
    both = ("elsewhere/draft one.md", "20230210.md", "-k", "5")
    done = cli.at(vault, "suggest-tags", "--min-confidence", "0.02", *both, "--apply", "--json")
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
        "## Text to 3D from Words\n#a #b\n\nA mesh is carved from a caption.\n",
        "#a #b #Text23D",
    ),
    "flow list": (
        "---\ntitle: Text to 3D from Words\ntags: ['a', 'b']\n---\nA mesh from a caption.\n",
        "tags: ['a', 'b', 'Text23D']",
    ),
    "block list": (
        "---\ntags:\n  - a\n  - b\ntitle: Text to 3D from Words\n---\nA mesh from a caption.",
        "  - b\n  - Text23D\n",
    ),
    "Logseq": (
        "title:: Text to 3D from Words\ntags:: #a, #b\n\n- A mesh is carved from a caption.\n",
        "tags:: #a, #b, #Text23D\n",
    ),
    "Logseq with brackets": (
        "tags:: [[a]], [[b]]\ntitle:: Text to 3D from Words\n\n- A mesh from a caption.\n",
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


# --- tags that the user names -------------------------------------------------------------------

MESH = "Text to Mesh"


def test_a_named_tag_is_shown_as_it_is_written(vault: Vault, cli: Cli) -> None:
    """A hashtag has no room for a blank; what is suggested is written with it."""
    done = cli.at(vault, "suggest-tags", MESH, "--apply", "--new", "#a  b", "--new", "c")
    assert done.code == 0
    assert "#a_b" in done.out
    assert "#a b" not in done.out
    shown = {word for word in done.out.split() if word.startswith("#")}
    text = (vault.notes / "20230210.md").read_text()
    line = text.splitlines()[1]
    assert line.startswith("#Text23D #diffusion #a_b #c")
    assert set(line.split()) == shown
    data = cli.at(vault, "undo", "--json").json
    assert data["written"] == ["20230210.md"]
    named = ("--new", "a b", "--json")
    (paper,) = cli.at(vault, "suggest-tags", MESH, "--apply", *named).json["papers"]
    first = paper["suggestions"][0]
    assert (first["tag"], first["confidence"]) == ("a_b", 1.0)


@pytest.mark.parametrize("name", ["", "#", " ", "a, b", "[[x]]"])
def test_what_cannot_be_a_tag_is_refused_and_nothing_is_written(
    vault: Vault, cli: Cli, name: str
) -> None:
    before = held(vault.notes)
    done = cli.at(vault, "suggest-tags", MESH, "--apply", "--new", "x", "--new", name)
    assert f"'{name}' cannot be a tag" in one_line(done)
    assert held(vault.notes) == before


def test_a_named_tag_is_for_one_paper(vault: Vault, cli: Cli) -> None:
    before = held(vault.notes)
    done = cli.at(vault, "suggest-tags", "20230210.md", "--apply", "--new", "x")
    assert "20230210.md holds 2 papers; name the one meant" in one_line(done)
    assert held(vault.notes) == before
    assert cli.at(vault, "suggest-tags", MESH, "--new", "x").code == 2


def test_a_dry_run_beside_apply_writes_nothing(vault: Vault, cli: Cli) -> None:
    before = held(vault.notes)
    for asked in ((MESH, "--new", "x"), ("--all",)):
        shown = cli.at(vault, "suggest-tags", *asked, "--dry-run")
        both = cli.at(vault, "suggest-tags", *asked, "--dry-run", "--apply")
        assert (both.code, both.out, both.err) == (shown.code, shown.out, shown.err)
    assert held(vault.notes) == before


def test_help_says_what_is_written(cli: Cli) -> None:
    said = " ".join(cli("suggest-tags", "--help").out.split())
    assert "--apply writes what is suggested, and with it the tags that --new names" in said
    assert "writes nothing, beside --apply too" in said
