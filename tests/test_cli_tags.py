"""Tags from the command line: which look alike, and one renamed in all notes."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from conftest import Vault, environment
from papersim import Library
from papersim.errors import EditError

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Cli

NOTES = {
    "a.md": "---\ntags: [difusion, x]\n---\n# On noise\n\nThe old text.\n",
    "deep/b.md": "## One\n#Diffusion #diffusion/latent\n\ntext\n\n## Two\n#NeRF\n\nmore\n",
    "c.md": "# Three\r\n#diffusion\r\n#NeRF\r\n\r\n`#difusion` https://a.b/#difusion\r\n",
    "d.md": "# Four\n\n**Tags**: diffusion, GAN\n\ntext\n",
}


@pytest.fixture
def unindexed(tmp_path: Path) -> Vault:
    """Return a vault of a few notes without an index."""
    made = Vault(tmp_path / "vault")
    for path, text in NOTES.items():
        made.write(path, text)
    return made


def held(vault: Vault) -> dict[str, bytes]:
    files = sorted(vault.notes.rglob("*.md"))
    return {path.relative_to(vault.notes).as_posix(): path.read_bytes() for path in files}


def test_tags_that_look_alike_are_shown(unindexed: Vault, cli: Cli) -> None:
    done = cli.at(unindexed, "tags", "--json")
    assert done.code == 0
    assert {"tag": "diffusion", "count": 2} in done.json["tags"]
    assert done.json["alike"] == [
        {
            "tags": ["diffusion", "Diffusion", "difusion"],
            "keep": "diffusion",
            "score": 0.9,
            "reason": "the same but for case and separators; one letter apart",
        }
    ]
    below = cli.at(unindexed, "tags").out.partition("alike")[2]
    assert all(f"#{tag}" in below for tag in ("diffusion", "Diffusion", "difusion"))
    assert "one letter apart" in below
    assert "#NeRF" not in below
    assert not unindexed.index.exists()


def test_nothing_is_said_where_no_tags_look_alike(empty: Vault, cli: Cli) -> None:
    empty.write("a.md", NOTES["d.md"])
    assert cli.at(empty, "tags", "--json").json["alike"] == []
    assert "alike" not in cli.at(empty, "tags").out


def test_a_vault_without_tags_is_told_so(empty: Vault, cli: Cli) -> None:
    empty.write("a.md", "# Four\n\ntext\n")
    done = cli.at(empty, "tags")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[0] == "no paper has a tag yet"
    assert "papers  tag" not in done.out
    assert cli.at(empty, "tags", "--json").json == {"tags": [], "alike": []}


LONG = {
    "a.md": "---\ntags: [Convolutional Network, Segmentation]\n---\n# On Pixels\n\nThe text.\n",
    "b.md": "---\ntags: [convolutional networks]\n---\n# On Kernels\n\nThe text.\n",
    "c.md": "---\ntags: [segmentation]\n---\n# On Regions\n\nThe text.\n",
}


@pytest.mark.parametrize("columns", [60, 120])
def test_look_alikes_can_be_read_on_a_terminal_of_any_width(empty: Vault, columns: int) -> None:
    """The tags of a group on one line; the reason beside it or, where that is too wide, below."""
    for path, text in LONG.items():
        empty.write(path, text)
    lines = on_a_terminal(columns, "tags", "--notes", empty.notes, "--index", empty.index)
    at = lines.index("look alike, the one to keep first")
    below = lines[at + 1 :]
    reasons = ["the same but for case and separators", "singular and plural"]
    groups = ["#Segmentation, #segmentation", "#Convolutional Network, #convolutional networks"]
    assert below[-1] == "to make one of them: papersim tags --rename OLD NEW"
    if columns == 60:
        assert below[:-1:2] == groups
        assert [line.strip() for line in below[1:-1:2]] == reasons
    else:
        assert [line.split("  ")[0] for line in below[:-1]] == groups
        assert [line.index(why) for line, why in zip(below, reasons, strict=False)] == [49, 49]
    assert all(len(line) <= columns for line in lines)


def on_a_terminal(columns: int, *given: object) -> list[str]:
    """Return the lines that a command shows on a terminal so wide, without what makes them bold."""
    ours, theirs = pty.openpty()
    code = "from papersim.cli import main; main()"
    with os.fdopen(ours, "rb", buffering=0):
        subprocess.run(
            [sys.executable, "-c", code, *map(str, given)],
            env=environment(TERM="xterm", COLUMNS=str(columns)),
            stdout=theirs,
            check=True,
        )
        os.close(theirs)
        shown = os.read(ours, 100_000).decode()
    return [re.sub(r"\x1b\[[\d;]*m", "", line).rstrip() for line in shown.splitlines()]


def test_a_tag_is_shown_renamed_and_taken_back(unindexed: Vault, cli: Cli) -> None:
    """No index is needed; what --dry-run shows is what is written; undo gives back each byte."""
    before = held(unindexed)
    shown = cli.at(unindexed, "tags", "--rename", "#diffusion", "扩散模型", "--dry-run")
    assert shown.code == 0
    assert held(unindexed) == before
    done = cli.at(unindexed, "tags", "--rename", "#diffusion", "扩散模型", "--json")
    assert done.code == 0
    assert done.json["written"] == ["c.md", "d.md", "deep/b.md"]
    assert done.json["diff"] == shown.out
    assert done.json["left"] == []
    after = held(unindexed)
    assert after["deep/b.md"].decode().splitlines()[1] == "#扩散模型 #扩散模型/latent"
    assert after["c.md"] == before["c.md"].replace(b"\n#diffusion", "\n#扩散模型".encode())
    assert after["a.md"] == before["a.md"]
    assert cli.at(unindexed, "undo").code == 0
    assert held(unindexed) == before


def test_after_a_rename_the_next_command_is_named(unindexed: Vault, cli: Cli) -> None:
    done = cli.at(unindexed, "tags", "--rename", "difusion", "diffusion")
    following = "run: papersim index; or take it back (one step only): papersim undo"
    assert done.out.splitlines() == ["renamed in a.md", following]
    undone = cli.at(unindexed, "undo")
    assert undone.out.splitlines() == ["taken back in a.md", "run: papersim index"]
    again = cli.at(unindexed, "undo")
    assert again.code == 1
    assert "nothing more to take back" in again.err
    assert cli.at(unindexed, "tags", "--rename", "difusion", "diffusion").code == 0
    assert unindexed.open().look_alikes()[0].tags == ("diffusion", "Diffusion")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("difuson", "x", "the closest are 'difusion', 'diffusion'"),
        ("diffusion", "two words", "cannot be written as a hashtag, as c.md:2 has it"),
        ("diffusion", "a,b", "'a,b' cannot be a tag"),
        ("diffusion", "#", "'#' cannot be a tag"),
        ("", "x", "'' cannot be a tag"),
        ("diffusion", "diffusion", "is called 'diffusion' already"),
    ],
)
def test_what_cannot_be_is_one_line_and_writes_nothing(
    unindexed: Vault, cli: Cli, old: str, new: str, says: str
) -> None:
    before = held(unindexed)
    done = cli.at(unindexed, "tags", "--rename", old, new)
    assert done.code == 1
    assert len(done.err.splitlines()) == 1
    assert says in done.err
    assert held(unindexed) == before


def test_a_dry_run_of_nothing_is_wrong_usage(unindexed: Vault, cli: Cli) -> None:
    assert cli.at(unindexed, "tags", "--dry-run").code == 2


def test_a_note_that_is_not_utf8_is_left_and_named(unindexed: Vault, cli: Cli) -> None:
    """The others are renamed; one that does not have the tag is nobody's business."""
    odd = unindexed.notes / "odd.md"
    odd.write_bytes("# Vier\n#diffusion\n\nGrün.\n".encode("latin-1"))
    (unindexed.notes / "other.md").write_bytes("# Fünf\n#x\n\nGrün.\n".encode("latin-1"))
    before = odd.read_bytes()
    done = cli.at(unindexed, "tags", "--rename", "diffusion", "noise", "--json")
    assert done.code == 1
    assert [one["note"] for one in done.json["left"]] == ["odd.md"]
    assert "not UTF-8" in done.err
    assert "more" not in done.err
    assert odd.read_bytes() == before
    assert len(done.json["written"]) == 3


def test_a_tag_known_to_the_index_alone(vault: Vault, cli: Cli) -> None:
    """Notes are what counts: the tag went from them since they were indexed."""
    for path in vault.notes.rglob("*.md"):
        path.write_bytes(path.read_bytes().replace(b"Text23D", b"other"))
    done = cli.at(vault, "tags", "--rename", "Text23D", "x")
    assert done.code == 1
    assert done.err.strip().endswith("any more; run: papersim index")


def test_renaming_in_the_sample_vault_merges_a_misspelled_tag(
    sample: Vault, tmp_path: Path
) -> None:
    copy = Vault(tmp_path / "copy")
    shutil.copytree(sample.notes, copy.notes)
    library = Library.open(copy.notes, copy.index)
    (slip,) = (a for a in library.look_alikes() if "image_editting" in a.tags)
    counts = {tag.tag: tag.count for tag in library.tags()}
    edit = library.rename_tag("image_editting", slip.keep)
    assert len(edit.written) == 1
    after = {tag.tag: tag.count for tag in Library.open(copy.notes, copy.index).tags()}
    assert after == {
        **{tag: count for tag, count in counts.items() if tag != "image_editting"},
        slip.keep: counts[slip.keep] + counts["image_editting"],
    }
    with pytest.raises(EditError):
        library.rename_tag("LLM", "large language model")
