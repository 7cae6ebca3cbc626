"""Notes on the disk: written whole or not at all, shown as a diff, and taken back."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papersim import files as files_module
from papersim import undo as undo_module
from papersim.errors import VaultError
from papersim.undo import JOURNAL, Change, Outcome, apply_changes, undo
from papersim.write import decode_note, unified_diff, write_note

OLD = b"\xef\xbb\xbf# A\r\n#x\r\n"
NEW = b"\xef\xbb\xbf# A\r\n#x\r\n#y\r\n"


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    """Return a folder with one note."""
    folder = tmp_path / "notes"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "a.md").write_bytes(OLD)
    return folder


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_note_is_replaced_and_keeps_its_mode(vault: Path) -> None:
    note = vault / "sub" / "a.md"
    note.chmod(0o640)
    owner = (note.stat().st_uid, note.stat().st_gid)
    write_note(vault, "sub/a.md", OLD, NEW)
    assert note.read_bytes() == NEW
    assert stat.S_IMODE(note.stat().st_mode) == 0o640
    assert (note.stat().st_uid, note.stat().st_gid) == owner
    assert files(vault) == ["sub/a.md"]


def test_a_long_name(vault: Path) -> None:
    name = "论" * 84 + ".md"  # 255 bytes, the most there can be
    (vault / name).write_bytes(OLD)
    write_note(vault, name, OLD, NEW)
    assert (vault / name).read_bytes() == NEW


def test_a_note_that_has_changed_is_left(vault: Path) -> None:
    with pytest.raises(VaultError, match=r"sub/a\.md has changed since it was read; run again"):
        write_note(vault, "sub/a.md", OLD + b" ", NEW)
    assert (vault / "sub" / "a.md").read_bytes() == OLD
    assert files(vault) == ["sub/a.md"]


def test_a_note_that_changes_at_the_last_moment_is_left(
    vault: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = vault / "sub" / "a.md"
    monkeypatch.setattr(files_module, "_take_over", lambda *_: note.write_bytes(b"mine"))
    with pytest.raises(VaultError, match="changed since it was read"):
        write_note(vault, "sub/a.md", OLD, NEW)
    assert note.read_bytes() == b"mine"
    assert files(vault) == ["sub/a.md"]


def test_a_link_stays_and_its_target_is_written(vault: Path) -> None:
    (vault / "link.md").symlink_to("sub/a.md")
    write_note(vault, "link.md", OLD, NEW)
    assert (vault / "link.md").is_symlink()
    assert (vault / "sub" / "a.md").read_bytes() == NEW


def test_a_notes_folder_that_is_a_link(vault: Path, tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(vault)
    write_note(tmp_path / "linked", "sub/a.md", OLD, NEW)
    assert (vault / "sub" / "a.md").read_bytes() == NEW


@pytest.mark.parametrize("path", ["out.md", "../outside.md", "sub/../../outside.md"])
def test_nothing_outside_the_vault_is_written(vault: Path, tmp_path: Path, path: str) -> None:
    outside = tmp_path / "outside.md"
    outside.write_bytes(OLD)
    (vault / "out.md").symlink_to(outside)
    with pytest.raises(VaultError, match="leads out of the notes folder"):
        write_note(vault, path, OLD, NEW)
    assert outside.read_bytes() == OLD


@pytest.mark.parametrize("path", ["none.md", "sub", "loop.md", "a\0b.md"])
def test_what_is_no_note_cannot_be_written(vault: Path, path: str) -> None:
    (vault / "loop.md").symlink_to("loop.md")
    with pytest.raises(VaultError) as caught:
        write_note(vault, path, OLD, NEW)
    assert "\n" not in str(caught.value)


def test_a_read_only_note(vault: Path) -> None:
    (vault / "sub" / "a.md").chmod(0o444)
    with pytest.raises(VaultError, match="read-only; make it writable"):
        write_note(vault, "sub/a.md", OLD, NEW)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder(vault: Path) -> None:
    (vault / "sub").chmod(0o555)
    try:
        with pytest.raises(VaultError, match="cannot be written: Permission denied"):
            write_note(vault, "sub/a.md", OLD, NEW)
    finally:
        (vault / "sub").chmod(0o755)
    assert (vault / "sub" / "a.md").read_bytes() == OLD


@pytest.mark.parametrize("call", ["fsync", "fchmod"])
def test_a_full_disk(vault: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(VaultError, match=r"sub/a\.md cannot be written: No space left on device"):
        write_note(vault, "sub/a.md", OLD, NEW)
    assert (vault / "sub" / "a.md").read_bytes() == OLD
    assert files(vault) == ["sub/a.md"]


def test_an_interruption_leaves_no_temporary_file(
    vault: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_note(vault, "sub/a.md", OLD, NEW)
    assert files(vault) == ["sub/a.md"]


def test_only_utf8_is_decoded() -> None:
    assert decode_note(OLD, "a.md").encode() == OLD
    with pytest.raises(VaultError, match=r"a\.md is not UTF-8 \(byte 2\)"):
        decode_note("ab中".encode("gbk"), "a.md")


# -- diffs ---------------------------------------------------------------------------------


def applied(folder: Path, path: str, old: bytes, diff: str) -> bytes:
    """Return what ``git apply`` makes of a note."""
    note = folder / path
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_bytes(old)
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(
        ["git", "apply", "--whitespace=nowarn", "-"],
        cwd=folder,
        input=diff.encode(),
        check=True,
        env=environment,
    )
    return note.read_bytes()


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty git repository."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    folder = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    return folder


DIFFS = {
    "plain": ("a.md", "# A\n#x\n\ntext\n", "# A\n#x\n#y\n\ntext\n"),
    "CRLF": ("a.md", "# A\r\n#x\r\n\r\ntext\r\n", "# A\r\n#x\r\n#y\r\n\r\ntext\r\n"),
    "lone CR": ("a.md", "# A\r#x\r", "# A\r#x\r#y\r"),
    "BOM": ("a.md", "\ufeff# A\n", "\ufeff# A\n#y\n"),
    "no line end": ("a.md", "# A\n#x", "# A\n#x #y"),
    "no line end, far off": ("a.md", "#x\n" + "t\n" * 9 + "end", "#x\n#y\n" + "t\n" * 9 + "end"),
    "line end new": ("a.md", "# A", "# A\n"),
    "line end gone": ("a.md", "# A\n#x\n", "# A\n#x"),
    "two hunks": ("a.md", "1\n" + "t\n" * 20 + "2\n", "1\nx\n" + "t\n" * 20 + "2\ny\n"),
    "other line ends": ("a.md", "a\u2028b\x0cc\x85d\n", "a\u2028b\x0cc\x85d\ne\n"),
    "non-ASCII name": ("论文/3D 生成 é.md", "# A\n", "# A\n#y\n"),
    "blanks in the name": ("a b/@c  d%3A e.md", "# A\n", "# A\n#y\n"),
    "quotes in the name": ('a "b" \\ c.md', "# A\n", "# A\n#y\n"),
    "control characters in the name": ("a\tb\x01\n.md", "# A\n", "# A\n#y\n"),
    "lines like a diff": ("a.md", "--- a\n+++ b\n@@ -1 +1 @@\n", "--- a\n+++ b\n#y\n@@ -1 +1 @@\n"),
    "first content": ("empty.md", "", "#y\n"),
}


@pytest.mark.parametrize("case", DIFFS)
def test_git_applies_a_diff(repository: Path, case: str) -> None:
    path, old, new = DIFFS[case]
    diff = unified_diff(path, old, new)
    assert applied(repository, path, old.encode(), diff) == new.encode()


def test_no_diff_of_the_same() -> None:
    assert unified_diff("a.md", "x", "x") == ""


def test_the_form_of_a_diff() -> None:
    assert unified_diff("a/b.md", "# A\n#x", "# A\n#x\n#y") == (
        "diff --git a/a/b.md b/a/b.md\n--- a/a/b.md\n+++ b/a/b.md\n@@ -1,2 +1,3 @@\n # A\n"
        "-#x\n\\ No newline at end of file\n+#x\n+#y\n\\ No newline at end of file\n"
    )


@settings(max_examples=40, deadline=None)
@given(
    st.text("ab\r\n\ufeff#-+ 中", max_size=30), st.integers(0, 30), st.text("x\r\n ", min_size=1)
)
def test_git_applies_the_diff_of_any_insertion(
    repository: Path, old: str, at: int, inserted: str
) -> None:
    new = old[:at] + inserted + old[at:]
    diff = unified_diff("any.md", old, new)
    assert applied(repository, "any.md", old.encode(), diff) == new.encode()


# -- undo ----------------------------------------------------------------------------------


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """Return the folder of an index that is not there yet."""
    return tmp_path / "state" / "index"


def three(vault: Path) -> list[Change]:
    """Return changes of three notes that are there."""
    changes = [Change(f"{n}.md", b"# %d\r\n" % n, b"# %d\r\n#y\r\n" % n) for n in range(3)]
    for change in changes:
        (vault / change.path).write_bytes(change.old)
    return changes


def contents(vault: Path) -> list[bytes]:
    return [(vault / f"{n}.md").read_bytes() for n in range(3)]


def test_changes_are_written_and_taken_back(vault: Path, index: Path) -> None:
    changes = three(vault)
    assert apply_changes(index, vault, changes) == Outcome(("0.md", "1.md", "2.md"))
    assert contents(vault) == [change.new for change in changes]
    assert undo(index, vault) == Outcome(("0.md", "1.md", "2.md"))
    assert contents(vault) == [change.old for change in changes]
    assert files(index) == []
    with pytest.raises(VaultError, match=r"nothing more to take back .* one step back"):
        undo(index, vault)


def test_a_note_changed_since_is_left_by_undo(vault: Path, index: Path) -> None:
    changes = three(vault)
    apply_changes(index, vault, changes)
    (vault / "1.md").write_bytes(b"mine")
    (vault / "2.md").unlink()
    outcome = undo(index, vault)
    assert outcome.written == ("0.md",)
    assert [left.note for left in outcome.left] == ["1.md", "2.md"]
    assert "changed since the edit" in outcome.left[0].reason
    assert (vault / "1.md").read_bytes() == b"mine"
    assert files(index) == []


def test_a_note_that_cannot_be_written_is_reported(vault: Path, index: Path) -> None:
    changes = three(vault)
    (vault / "1.md").write_bytes(b"mine")
    outcome = apply_changes(index, vault, changes)
    assert outcome.written == ("0.md", "2.md")
    assert [left.note for left in outcome.left] == ["1.md"]
    assert undo(index, vault).written == ("0.md", "2.md")
    assert contents(vault) == [changes[0].old, b"mine", changes[2].old]


def test_nothing_written_is_nothing_to_undo(vault: Path, index: Path) -> None:
    assert apply_changes(index, vault, [Change("sub/a.md", OLD, OLD)]) == Outcome(())
    assert not index.exists()
    assert apply_changes(index, vault, [Change("none.md", OLD, NEW)]).written == ()
    assert files(index) == []


def test_an_edit_that_wrote_nothing_leaves_the_one_before_to_be_undone(
    vault: Path, index: Path
) -> None:
    changes = three(vault)
    apply_changes(index, vault, changes)
    assert apply_changes(index, vault, [Change("none.md", OLD, NEW)]).written == ()
    assert undo(index, vault) == Outcome(("0.md", "1.md", "2.md"))
    assert contents(vault) == [change.old for change in changes]


def test_an_undo_that_could_not_write_can_be_tried_again(vault: Path, index: Path) -> None:
    changes = three(vault)
    apply_changes(index, vault, changes)
    (vault / "1.md").chmod(0o444)
    assert [left.note for left in undo(index, vault).left] == ["1.md"]
    (vault / "1.md").chmod(0o644)
    assert undo(index, vault) == Outcome(("1.md",))
    assert contents(vault) == [change.old for change in changes]


def test_without_a_journal_nothing_is_written(vault: Path, tmp_path: Path) -> None:
    changes = three(vault)
    (tmp_path / "file").write_text("")
    with pytest.raises(VaultError, match="no note was edited"):
        apply_changes(tmp_path / "file", vault, changes)
    assert contents(vault) == [change.old for change in changes]


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"version": 2, "notes": []}', '{"version": 1}'])
def test_a_damaged_journal(vault: Path, index: Path, damage: str) -> None:
    index.mkdir(parents=True)
    (index / JOURNAL).write_text(damage)
    with pytest.raises(VaultError, match="damaged"):
        undo(index, vault)


def test_a_journal_cannot_reach_out_of_the_vault(vault: Path, index: Path, tmp_path: Path) -> None:
    apply_changes(index, vault, three(vault))
    journal = json.loads((index / JOURNAL).read_text())
    for note in journal["notes"]:
        note["path"] = "../" + note["path"]
    (index / JOURNAL).write_text(json.dumps(journal))
    (tmp_path / "0.md").write_bytes((vault / "0.md").read_bytes())
    assert undo(index, vault).written == ()
    assert (tmp_path / "0.md").read_bytes() == b"# 0\r\n#y\r\n"


KILLED = """
import os, sys
from pathlib import Path
from papersim.undo import Change, apply_changes

index, vault, last = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
calls = 0

def killing(name):
    real = getattr(os, name)
    def call(*args, **options):
        global calls
        calls += 1
        if calls == last:
            os._exit(9)
        return real(*args, **options)
    setattr(os, name, call)

for name in ("fsync", "fchmod", "open", "replace", "rename"):
    killing(name)
changes = [Change(f"{n}.md", b"# %d\\r\\n" % n, b"# %d\\r\\n#y\\r\\n" % n) for n in range(3)]
apply_changes(index, vault, changes)
"""


@pytest.mark.parametrize("moment", [1, 3, 4, 6, 8, 9, 10, 12, 14, 15, 17, 20, 22, 24, 26])
def test_killed_at_any_moment(vault: Path, index: Path, moment: int) -> None:
    changes = three(vault)
    arguments = [sys.executable, "-c", KILLED, str(index), str(vault), str(moment)]
    done = subprocess.run(arguments, check=False)
    assert done.returncode in (0, 9)
    assert done.returncode == 9 or moment > 16
    for change, content in zip(changes, contents(vault), strict=True):
        assert content in (change.old, change.new)
    if (index / JOURNAL).exists():
        written = [c.path for c, now in zip(changes, contents(vault), strict=True) if now == c.new]
        assert undo(index, vault) == Outcome(tuple(written))
    assert contents(vault) == [change.old for change in changes]


@given(st.binary(max_size=30), st.binary(max_size=30))
def test_a_record_takes_any_change_back(old: bytes, new: bytes) -> None:
    record = undo_module._Record.of(Change("a", old, new))
    assert undo_module._Record.from_json(json.loads(json.dumps(record.to_json()))) == record
    assert new[: record.start] + record.old + new[record.end :] == old
