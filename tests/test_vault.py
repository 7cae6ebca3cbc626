"""The folder of notes: every note in it is seen, nothing outside it, and nothing is written."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersim.errors import VaultError
from papersim.vault import DEFAULT_EXCLUDE, Vault, digest_of


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    return folder


def put(root: Path, path: str, text: str = "x") -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    return file


def paths(root: Path, *more: str) -> list[str]:
    return [file.path for file in Vault.open(root, (*DEFAULT_EXCLUDE, *more)).scan()[0]]


def test_notes_are_found_at_any_depth_in_order(root: Path) -> None:
    names = ["b.md", "a.markdown", "UPPER.MD", "论文/二〇二三/笔 记.md", "a b/c#d.md", "..x/y.md"]
    for name in [*names, "z.txt", "noext", "md", "pic.md.png"]:
        put(root, name)
    assert paths(root) == sorted(names)


def test_folders_of_other_programs_are_left_out(root: Path) -> None:
    for name in (
        ".git/a.md",
        "sub/.git/a.md",
        ".obsidian/p/a.md",
        "logseq/bak/a.md",
        ".trash/a.md",
    ):
        put(root, name)
    put(root, "logseq/a.md")
    put(root, "git/a.md")
    assert paths(root) == ["git/a.md", "logseq/a.md"]


def test_patterns_of_the_user_leave_out_names_and_paths(root: Path) -> None:
    for name in ("templates/a.md", "b/templates/c.md", "b/d.md", "b/x-draft.md", "e.md"):
        put(root, name)
    assert paths(root, "templates", "*-draft.md") == ["b/d.md", "e.md"]
    assert paths(root, "b/*") == ["e.md", "templates/a.md"]


PIECES = st.text("ab.*?[]!", max_size=4)


@given(st.lists(st.builds("/".join, st.lists(PIECES, max_size=3))), st.lists(PIECES, min_size=1))
def test_patterns_mean_what_fnmatch_says(patterns: list[str], parts: list[str]) -> None:
    """They are taken apart once; each path would otherwise be held against each pattern."""
    path = "/".join(parts)
    expected = any(
        fnmatchcase(parts[-1], p) or fnmatchcase(path, p) or path.endswith("/" + p)
        for p in patterns
    )
    assert Vault(Path(), tuple(patterns)).excludes(path) == expected


def test_links_are_followed_only_within_the_vault(root: Path, tmp_path: Path) -> None:
    """A link to a folder may lead round in circles, one out of the vault to private files."""
    inside, outside = put(root, "real.md"), put(tmp_path, "secret.md")
    (root / "inside.md").symlink_to(inside)
    (root / "outside.md").symlink_to(outside)
    (root / "nowhere.md").symlink_to(root / "absent.md")
    (root / "loop.md").symlink_to(root / "loop.md")
    (root / "circle").symlink_to(root, target_is_directory=True)
    files, skipped = Vault.open(root).scan()
    assert [f.path for f in files] == ["inside.md", "real.md"]
    assert {s.note for s in skipped} == {"outside.md", "nowhere.md", "loop.md"}
    assert all("link" in s.reason for s in skipped)


def test_a_vault_may_itself_be_a_link(root: Path, tmp_path: Path) -> None:
    put(root, "a.md")
    (tmp_path / "link").symlink_to(root, target_is_directory=True)
    assert paths(tmp_path / "link") == ["a.md"]


def test_a_name_that_is_not_utf8_is_told(root: Path) -> None:
    """It could be put in no JSON; the user can rename it once told."""
    try:
        Path(os.fsdecode(os.fsencode(root) + b"/caf\xe9.md")).write_text("x")
    except OSError:
        pytest.skip("this file system takes only UTF-8")
    files, skipped = Vault.open(root).scan()
    assert files == ()
    assert [s.reason for s in skipped] == ["its name is not UTF-8"]
    skipped[0].note.encode("utf-8")


def test_folders_and_pipes_named_like_notes_are_no_notes(root: Path) -> None:
    put(root, "folder.md/inside.md")
    os.mkfifo(root / "pipe.md")
    assert paths(root) == ["folder.md/inside.md"]


@pytest.mark.parametrize("what", ["absent", "a file"])
def test_no_folder_to_read(root: Path, what: str) -> None:
    target = root / "absent" if what == "absent" else put(root, "a.md")
    with pytest.raises(VaultError, match="--notes DIR"):
        Vault.open(target)


def test_bytes_come_as_they_are(root: Path) -> None:
    put(root, "a.md").write_bytes(b"\xff\0\r\n")
    vault = Vault.open(root)
    assert vault.read("a.md") == b"\xff\0\r\n"
    assert digest_of(b"a") != digest_of(b"b")
