"""Tags that are not wanted on a paper: a file for people, and a no that holds."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from papersim.errors import IndexUnusableError
from papersim.model import Paper
from papersim.rejections import (
    FILE_NAME,
    Rejection,
    Rejections,
    add_rejections,
    load_rejections,
)

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Cli, Done, Vault

TITLE = "Text to Mesh: Sculpting Shapes from Captions"
EVERY = ("--min-confidence", "0", "--as-untagged", "-k", "100")


def paper(title: str, known: str = "") -> Paper:
    return Paper(known, title, "a.md", 1, (), None, None)


def read(folder: Path) -> list[str]:
    return (folder / FILE_NAME).read_text("utf-8").splitlines()


# --- the file -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("NeRF\ta1b2\tRays and Fields", Rejection("NeRF", "a1b2", "Rays and Fields")),
        ("machine learning\t-\tA\tB", Rejection("machine learning", "", "A\tB")),
        (" NeRF \t\t Rays \r", Rejection("NeRF", "", "Rays")),
        ("NeRF\ta1b2", Rejection("NeRF", "a1b2", "")),
        ("NeRF", None),
        ("NeRF a1b2 Rays and Fields", None),
        ("NeRF\t-\t", None),
        ("\ta1b2\tRays and Fields", None),
    ],
)
def test_what_a_line_says(line: str, said: Rejection | None) -> None:
    assert Rejection.parse(line) == said


@pytest.mark.parametrize("tag", ["NeRF", "a b", "论文/3D", "#NeRF", " ##NeRF\n", "\ud800x"])
@pytest.mark.parametrize("title", ["Rays", "声を分ける", "a\tb\nc", "\udcff"])
def test_what_is_written_is_read_back(tmp_path: Path, tag: str, title: str) -> None:
    """Also where tag and title come from bytes or notes that no text file can hold."""
    one = Rejection.of(tag, paper(title, "a1b2"))
    add_rejections(tmp_path, [one])
    assert Rejection.parse(read(tmp_path)[1]) == one
    assert load_rejections(tmp_path)[1] == ""


def test_lines_are_sorted_and_each_is_there_once(tmp_path: Path) -> None:
    add_rejections(tmp_path, [Rejection.of("b", paper("Two", "2")), Rejection.of("c", paper("X"))])
    add_rejections(tmp_path, [Rejection.of(tag, paper("Two", "2")) for tag in ("a", "B", "#a")])
    header, *lines = read(tmp_path)
    assert header.startswith("# ")
    assert lines == ["a\t2\tTwo", "b\t2\tTwo", "c\t-\tX"]


def test_what_people_wrote_stays_as_it_is(tmp_path: Path) -> None:
    """Remarks, damaged lines and bytes that are no text, in their order; one message on them."""
    file = tmp_path / FILE_NAME
    mine = b"# mine\n\nb\t2\tTwo\r\nnonsense\n\xff\xfe\n# z\t1\tOff\nd\t2\tTwo"
    file.write_bytes(mine)
    rejections, message = load_rejections(tmp_path)
    assert rejections.tags_of(paper("Two", "2")) == {"b", "d"}
    assert rejections.tags_of(paper("Off", "1")) == frozenset()
    assert message.count(FILE_NAME) == 1
    assert "lines 4, 5 are not a tag" in message
    add_rejections(tmp_path, [Rejection.of("c", paper("Two", "2"))])
    assert file.read_bytes() == mine.replace(b"d\t2", b"c\t2\tTwo\nd\t2") + b"\n"
    add_rejections(tmp_path, [Rejection.of("D", paper("Two", "2"))])
    assert file.read_bytes().count(b"\n") == mine.count(b"\n") + 2, "nothing new, nothing written"


def test_the_file_may_be_kept_elsewhere(tmp_path: Path) -> None:
    """A link into a folder under version control stays one; so do the permissions."""
    kept = tmp_path / "kept.txt"
    kept.write_text("a\t1\tOne\n")
    kept.chmod(0o640)
    (tmp_path / FILE_NAME).symlink_to(kept)
    add_rejections(tmp_path, [Rejection.of("b", paper("One", "1"))])
    assert (tmp_path / FILE_NAME).is_symlink()
    assert kept.read_text() == "a\t1\tOne\nb\t1\tOne\n"
    assert kept.stat().st_mode & 0o777 == 0o640


def test_without_a_file_nothing_is_rejected(tmp_path: Path) -> None:
    rejections, message = load_rejections(tmp_path)
    assert rejections.tags_of(paper("One", "1")) == frozenset()
    assert message == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("call", ["fsync", "open"])
def test_a_failing_disk_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    add_rejections(tmp_path, [Rejection.of("a", paper("One", "1"))])
    before = (tmp_path / FILE_NAME).read_bytes()

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    new = [Rejection.of("b", paper("One", "1"))]
    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        with pytest.raises(IndexUnusableError, match="No space left"):
            add_rejections(tmp_path, new)
    assert [file.name for file in tmp_path.iterdir()] == [FILE_NAME]
    assert (tmp_path / FILE_NAME).read_bytes() == before


# --- whom a no is about -------------------------------------------------------------------------


def test_a_paper_is_known_by_its_id_and_by_its_full_title() -> None:
    """So that a no survives an index made anew, and holds on another machine."""
    rejections = Rejections([Rejection("NeRF", "1", "Rays and Fields")])
    assert rejections.tags_of(paper("Another Title", "1")) == {"nerf"}
    assert rejections.tags_of(paper("RAYS AND FIELDS!", "2")) == {"nerf"}
    assert rejections.tags_of(paper("Rays and Fields")) == {"nerf"}
    assert rejections.tags_of(paper("Rays", "2")) == frozenset()


@pytest.mark.parametrize("title", ["GAN", "Notes", "无标题"])
def test_a_title_that_names_no_paper_tells_by_its_id(title: str) -> None:
    """Two notes may be called so and hold two papers; without an id there is only the title."""
    with_id, without = Rejection("x", "1", title), Rejection("x", "", title)
    assert Rejections([with_id]).tags_of(paper(title, "2")) == frozenset()
    assert Rejections([with_id]).tags_of(paper(title)) == frozenset()
    assert Rejections([with_id]).tags_of(paper(title, "1")) == {"x"}
    assert Rejections([without]).tags_of(paper(title, "2")) == {"x"}


# --- on the command line ------------------------------------------------------------------------


def suggested(done: Done) -> list[str]:
    """Return the keys of the tags that were suggested for the only paper."""
    assert done.code == 0, done.err
    (found,) = done.json["papers"]
    return [s["tag"].casefold() for s in found["suggestions"]]


def ask(cli: Cli, vault: Vault, *more: str) -> list[str]:
    return suggested(cli.at(vault, "suggest-tags", TITLE, *EVERY, "--json", *more))


def test_a_no_is_remembered(vault: Vault, cli: Cli) -> None:
    """One line is said; what is printed is the answer without the tag, and so it stays."""
    before = ask(cli, vault)
    assert "text23d" in before
    assert "sentence_embedding" in before
    noes = ("--reject", "#TEXT23D", "--reject", "sentence_embedding")
    done = cli.at(vault, "suggest-tags", TITLE, *EVERY, *noes, "--json")
    after = suggested(done)
    assert after == [tag for tag in before if tag not in {"text23d", "sentence_embedding"}]
    (line,) = done.err.splitlines()
    assert "#TEXT23D, #sentence_embedding" in line
    assert TITLE in line
    assert FILE_NAME in line
    assert ask(cli, vault) == after
    quiet = cli.at(vault, "suggest-tags", TITLE, "--reject", "PEFT", "--quiet")
    assert quiet.err == ""
    assert "peft" not in ask(cli, vault)
    other = cli.at(vault, "suggest-tags", "Caption-Driven", *EVERY, "--json")
    assert {"text23d", "peft"} <= set(suggested(other)), "of one paper, not of all"


def test_a_line_deleted_takes_the_no_back(vault: Vault, cli: Cli) -> None:
    before = ask(cli, vault)
    ask(cli, vault, "--reject", "Text23D", "--reject", "PEFT")
    file = vault.index / FILE_NAME
    file.write_text("\n".join(line for line in read(vault.index) if "Text23D" not in line))
    assert ask(cli, vault) == [tag for tag in before if tag != "peft"]


def test_a_no_holds_whatever_becomes_of_note_and_index(vault: Vault, cli: Cli) -> None:
    ask(cli, vault, "--reject", "Text23D")
    kept = (vault.index / FILE_NAME).read_bytes()
    (vault.notes / "20230210.md").rename(vault.notes / "reading" / "renamed.md")
    for lost, full in (("none", False), ("none", True), ("derived*", False), ("[!r]*", False)):
        for file in vault.index.glob(lost):
            file.unlink()
        vault.update(full=full)
        assert "text23d" not in ask(cli, vault)
        assert (vault.index / FILE_NAME).read_bytes() == kept
    assert sorted(vault.index.glob("papersim.sqlite")), "made anew"


def test_a_no_holds_for_all_and_for_what_is_written(vault: Vault, cli: Cli) -> None:
    ask(cli, vault, "--reject", "Text23D")
    every = cli.at(vault, "suggest-tags", "--all", *EVERY, "--json")
    tags = {
        one["papers"][0]["paper"]["title"]: {s["tag"] for s in one["papers"][0]["suggestions"]}
        for one in every.lines
    }
    assert "Text23D" not in tags[TITLE]
    assert "Text23D" in tags["Caption-Driven Sculpture in Minutes"]
    note = vault.notes / "20230210.md"
    note.write_bytes(note.read_bytes().replace(b"#Text23D #diffusion\n", b""))
    vault.update()
    done = cli.at(vault, "suggest-tags", TITLE, "--min-confidence", "0", "--apply", "--json")
    assert done.json["written"] == ["20230210.md"]
    assert b"Text23D" not in note.read_bytes()


NEW = "## Meshes from Words\nA mesh is carved from a caption.\n"


def test_a_no_to_a_note_that_is_not_indexed_holds_once_it_is(vault: Vault, cli: Cli) -> None:
    """By its title, wherever it is; standard input and a paper of several are served, too."""
    two = vault.root / "two.md"
    two.write_text(NEW + "\n## Words from Meshes\nA caption is told from a mesh.\n")
    name = f"{two}#Meshes from Words"
    for given in ((name,), ("-",)):
        done = cli.at(
            vault, "suggest-tags", *given, *EVERY, "--reject", "Text23D", "--json",
            stdin=NEW.encode(),
        )  # fmt: skip
        assert "text23d" not in suggested(done)
    assert read(vault.index)[1:] == ["Text23D\t-\tMeshes from Words"]
    vault.write("new.md", NEW.replace("Meshes from", "MESHES FROM"))
    vault.update()
    assert "text23d" not in suggested(cli.at(vault, "suggest-tags", "new.md", *EVERY, "--json"))


def test_damaged_lines_are_told_once_and_kept(vault: Vault, cli: Cli) -> None:
    file = vault.index / FILE_NAME
    file.write_bytes(b"no tabs here\n\xff\t\n")
    done = cli.at(vault, "suggest-tags", "--all", "--json")
    assert done.code == 0
    assert len(done.err.splitlines()) == 1
    assert "lines 1, 2" in done.err
    assert file.read_bytes() == b"no tabs here\n\xff\t\n"
    assert cli.at(vault, "suggest-tags", TITLE, "--quiet").err == ""


@pytest.mark.parametrize("name", ["20230210.md", "two.md", "-"])
def test_a_note_with_several_papers_names_the_next_command(
    vault: Vault, cli: Cli, tmp_path: Path, name: str
) -> None:
    text = SEVERAL.encode()
    (tmp_path / "two.md").write_bytes(text)
    done = cli.at(vault, "suggest-tags", name, "--reject", "NeRF", stdin=text)
    assert (done.code, done.out) == (1, "")
    (line,) = done.err.splitlines()
    title = TITLE if name == "20230210.md" else "Meshes for \\$1: Words as Chisels"
    named = title if name == "-" else f"{name}#{title}"
    assert f'papersim suggest-tags "{named}" --reject TAG' in line
    assert not (vault.index / FILE_NAME).exists()


SEVERAL = """## Meshes for $1: Words as Chisels
- **Method**: A mesh is carved from a caption.

## Words from Meshes
- **Method**: A caption is told from a mesh.
"""


def test_a_file_that_cannot_be_read(vault: Vault, cli: Cli) -> None:
    """Suggesting what was rejected would be worse than to say so."""
    (vault.index / FILE_NAME).mkdir()
    done = cli.at(vault, "suggest-tags", TITLE)
    assert (done.code, done.out) == (1, "")
    assert len(done.err.splitlines()) == 1
    assert FILE_NAME in done.err


def test_a_no_to_a_tag_that_no_paper_has_is_kept_with_a_remark(vault: Vault, cli: Cli) -> None:
    """It may be a slip of the fingers, or a new tag that was proposed."""
    asked = ("suggest-tags", TITLE, "--reject")
    done = cli.at(vault, *asked, "Text23")
    assert done.code == 0
    assert done.err.splitlines()[1:] == [
        "papersim: no paper has the tag #Text23; did you mean #Text23D?"
    ]
    assert read(vault.index)[1].startswith("Text23\t")
    nothing_like_it = cli.at(vault, *asked, "qqqqq").err.splitlines()
    assert nothing_like_it[1:] == ["papersim: no paper has the tag #qqqqq"]
    assert len(cli.at(vault, *asked, "#text23d").err.splitlines()) == 1
    assert cli.at(vault, *asked, "zzzzz", "--quiet").err == ""
