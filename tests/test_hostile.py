"""Notes, and an index that came with them, run nothing, reach nowhere and steer no terminal.

There is no HTML yet; where it is made, it has to be escaped, and that be tested here.
"""

from __future__ import annotations

import ast
import json
import os
import pty
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from conftest import SOURCE, Cli, Vault, content, environment
from papersim.index.manifest import DERIVED, read_manifest
from papersim.index.seal import break_seal
from papersim.notes.header import read_header
from papersim.signature import key_file
from papersim.undo import JOURNAL
from papersim.write import is_inside
from test_cli_tagging import OUTSIDE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# --- what the code may do -----------------------------------------------------------------------

RUNS_WHAT_IT_READS = {
    "pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "subprocess",
    "multiprocessing", "pty", "code", "codeop", "runpy", "torch.load", "numpy.load", "yaml.load",
    "yaml.load_all", "os.system", "os.popen", "xml", "http", "socket", "urllib.request",
}  # fmt: skip
# To ask macOS for the processor's features: a fixed command with fixed arguments.
ALLOWED = {("encode/runtime.py", "imports subprocess")}
CALLS = {"eval", "exec", "compile", "__import__", "breakpoint", "input"}
METHODS = {
    "system", "popen", "unsafe_load", "full_load", "full_load_all", "load_extension",
    "enable_load_extension", "execfile", "spawnv", "execv", "execve", "execvp", "posix_spawn",
    "fromfile", "memmap",
}  # fmt: skip
OPTIONS = {"allow_pickle", "shell", "trust_remote_code", "weights_only"}


def syntax() -> Iterator[tuple[str, ast.AST]]:
    """Yield every part of the program's code with its place."""
    for file in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            yield f"{file.relative_to(SOURCE)}:{getattr(node, 'lineno', 0)}", node


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [name.name for name in node.names]
    if isinstance(node, ast.ImportFrom):
        return [str(node.module), *(f"{node.module}.{name.name}" for name in node.names)]
    return []


def called(node: ast.AST) -> Iterator[str]:
    """Yield what is wrong with a call."""
    if isinstance(node, ast.Call):
        owner, name = "", ""
        if isinstance(node.func, ast.Name):
            name = node.func.id if node.func.id in CALLS else ""
        elif isinstance(node.func, ast.Attribute):
            owner = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
            name = f"{owner}.{node.func.attr}"
            name = name if node.func.attr in METHODS or name in RUNS_WHAT_IT_READS else ""
        if name:
            yield f"calls {name}"
        for option in node.keywords:
            safe = isinstance(option.value, ast.Constant) and option.value.value is False
            if option.arg in OPTIONS and not safe:
                yield f"gives {option.arg}"


def forbidden(node: ast.AST) -> list[str]:
    """Return what is wrong with a part of the code."""
    bad = tuple(f"{one}." for one in RUNS_WHAT_IT_READS)
    names = [name for name in imported(node) if f"{name}.".startswith(bad)]
    return [*(f"imports {name}" for name in names), *called(node)]


def test_nothing_in_the_code_runs_what_it_reads() -> None:
    found = {(place, wrong) for place, node in syntax() for wrong in forbidden(node)}
    assert {(place.partition(":")[0], wrong) for place, wrong in found} == ALLOWED, found


@pytest.mark.parametrize(
    "code",
    [
        *("import pickle", "from os import system", "import os\nos.system('x')", "eval('1')"),
        *("import yaml\nyaml.load('x')", "f('x', shell=True)", "np.load('x', allow_pickle=True)"),
        *("import torch\ntorch.load('x')", "import multiprocessing.pool", "x.unsafe_load('')"),
    ],
)
def test_the_test_above_would_find_it(code: str) -> None:
    assert [wrong for node in ast.walk(ast.parse(code)) for wrong in forbidden(node)]


# --- headers ------------------------------------------------------------------------------------

RUNNING = (
    "!!python/object/apply:os.system ['touch {mark}']",
    "!!python/object/new:subprocess.Popen [['touch', '{mark}']]",
    "!!python/name:os.system",
    "!!python/module:antigravity",
    "!!python/object:papersim.undo.Change {{path: x}}",
    "!<tag:yaml.org,2002:python/object/apply:os.system> ['touch {mark}']",
)


@pytest.mark.parametrize("value", RUNNING)
def test_a_header_runs_nothing(vault: Vault, cli: Cli, tmp_path: Path, value: str) -> None:
    mark = tmp_path / "mark"
    header = f"---\ntitle: A Hostile Paper\nx: {value.format(mark=mark)}\n---\n## Method\nText.\n"
    vault.write("a.md", header)
    before = set(sys.modules)
    done = cli.at(vault, "index")
    assert (done.code, done.err) == (0, "")
    assert cli.at(vault, "suggest-tags", "a.md", "--apply", "--new", "x").code == 0
    assert not mark.exists()
    assert "antigravity" not in set(sys.modules) - before
    title = read_header(vault.notes.joinpath("a.md").read_text()).text("title")
    assert title == "A Hostile Paper"


LAUGHS = "\n".join(
    [
        "a0: &a0 [ha, ha]",
        *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)),
    ]
)
HEAVY = {
    "billion laughs": LAUGHS,
    "laughs in tags": LAUGHS.replace("a9:", "tags:"),
    "laughs in the title": LAUGHS.replace("a9:", "title:"),
    "a list in itself": "tags: &a [x, *a]",
    "a mapping in itself": "title: &a {b: *a}",
    "deep lists": f"tags: {'[' * 10_000}{']' * 10_000}",
    "deep mappings": f"title: {'{a: ' * 3_000}1{'}' * 3_000}",
    "deep blocks": "\n".join("  " * n + "a:" for n in range(1_000)),
    "deep sequences": "a:\n" + "- " * 5_000 + "x",
    "merged": "base: &b {title: x}\n" + "\n".join(f"k{n}: {{<<: *b}}" for n in range(2_000)),
    "a long key": "? " + "k" * 100_000 + "\n: v",
    "a key that is a list": "? [a, b]\n: c",
    "numbers": "title: 0x" + "f" * 10_000 + "\ndate: 1:" + "59:" * 2_000 + "59",
    "dates": "date: 9999-99-99T99:99:99.9e999Z",
}


@pytest.mark.parametrize("header", HEAVY.values(), ids=HEAVY)
def test_a_header_takes_no_time_and_no_room(header: str) -> None:
    started = time.process_time()
    found = read_header(f"---\n{header}\n---\n## A Paper\n")
    sizes = [len(value) for value in found.values.values()]
    assert sum(sizes) < 2_000_000
    assert time.process_time() - started < 5


# --- paths --------------------------------------------------------------------------------------


@pytest.fixture
def secret(vault: Vault) -> Path:
    """Return a note beside the vault that nobody named."""
    file = vault.root / "secret.md"
    file.write_bytes(OUTSIDE.encode())
    return file


def tampered(vault: Vault, path: str) -> None:
    """Have the index name another path for a note that is in it, as if that were whole."""
    break_seal(vault.index)
    db = sqlite3.connect(vault.index / "papersim.sqlite", isolation_level=None)
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute("UPDATE notes SET path = ? WHERE path = '20230210.md'", [path])
    db.execute("UPDATE entries SET note = ? WHERE note = '20230210.md'", [path])
    db.execute("UPDATE entries SET title = 'Text to 3D from Words', line = 1 WHERE title LIKE 'T%'")
    db.close()


@pytest.mark.parametrize("place", ["../secret.md", "{}", "reading/../../secret.md", "link.md"])
@pytest.mark.parametrize("more", [["--apply"], ["--dry-run"]])
def test_a_path_in_the_index_leads_nowhere(
    vault: Vault, cli: Cli, secret: Path, place: str, more: list[str]
) -> None:
    (vault.notes / "link.md").symlink_to(secret)
    before = secret.read_bytes()
    tampered(vault, place.format(secret))
    one = ("suggest-tags", "Text to 3D from Words", "--min-confidence", "0")
    for asked in (one, ("suggest-tags", "--all", "--as-untagged", "--min-confidence", "0")):
        done = cli.at(vault, *asked, *more)
        assert done.code == 1, done
        assert "damaged" not in done.err, "it is the path that is refused"
        assert "carved" not in done.out + done.err, "nothing of it is shown"
        assert secret.read_bytes() == before
    (vault.notes / "link.md").unlink()
    for file in vault.index.glob("papersim.sqlite*"):
        file.unlink()
    assert cli.at(vault, "index").code == 0
    assert not any("secret" in str(row) for row in content(vault)["entries"])


def test_forms_of_tags_are_learnt_from_the_vault_alone(
    vault: Vault, cli: Cli, secret: Path
) -> None:
    """Looking at how tags are written reads notes that the index names."""
    tampered(vault, str(secret))
    opened: list[str] = []
    watching = [True]

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if watching[0] and event == "open":
            opened.append(str(arguments[0]))

    sys.addaudithook(watch)
    asked = ("suggest-tags", "20230401.md#Rank-One", "--new", "a_new_one", "--apply")
    assert cli.at(vault, *asked).code == 0
    watching[0] = False
    assert any(str(vault.notes) in name for name in opened)
    assert str(secret) not in opened


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("a.md", True),
        ("reading/../a.md", True),
        ("..", False),
        ("../notes2/a.md", False),
        ("/etc/passwd", False),
        ("a\0b", False),
        ("x" * 300 + "/" + "../" * 9, False),
        ("loop", False),
    ],
)
def test_what_lies_in_a_vault(vault: Vault, path: str, inside: bool) -> None:
    (vault.notes / "loop").symlink_to("loop")
    (vault.root / "notes2").mkdir()
    assert is_inside(vault.notes, path) is inside


def edited_outside(vault: Vault, cli: Cli, file: Path) -> bytes:
    """Let a note outside be written as who names it may, and return what it holds."""
    done = cli.at(vault, "suggest-tags", file, "--apply", "--new", "x")
    assert done.code == 0, done
    assert file.read_bytes() != OUTSIDE.encode()
    return file.read_bytes()


def test_a_journal_that_came_from_elsewhere_writes_nowhere(
    vault: Vault, cli: Cli, secret: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It knows what the file holds, and says what it is to hold: the signature is what it lacks."""
    mine = edited_outside(vault, cli, secret)
    assert key_file().stat().st_mode & 0o777 == 0o600
    elsewhere = tmp_path / "another user"
    monkeypatch.setenv("XDG_STATE_HOME", str(elsewhere))
    done = cli.at(vault, "undo")
    assert (done.code, len(done.err.splitlines())) == (1, 1)
    assert "by hand" in done.err
    assert secret.read_bytes() == mine
    assert not elsewhere.exists()


@pytest.mark.parametrize("key", ["path", "before", "after", "start", "end", "old", "signature"])
def test_a_journal_that_was_changed_writes_nowhere_else(
    vault: Vault, cli: Cli, secret: Path, key: str
) -> None:
    mine = edited_outside(vault, cli, secret)
    other = vault.root / "other.md"
    shutil.copy(secret, other)
    journal = json.loads((vault.index / JOURNAL).read_text())
    (note,) = journal["notes"]
    changed = {
        "path": str(other),
        "start": note["start"] + 1,
        "end": note["end"] + 1,
        "old": "eA==",
    }
    note[key] = changed.get(key, "0" * 64)
    (vault.index / JOURNAL).write_text(json.dumps(journal))
    done = cli.at(vault, "undo")
    assert done.code == 1
    assert other.read_bytes() == secret.read_bytes() == mine


def test_without_a_place_for_the_key_a_note_outside_is_still_written(
    vault: Vault, cli: Cli, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (vault.root / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(vault.root / "file"))
    edited_outside(vault, cli, secret)
    assert "by hand" in cli.at(vault, "undo").err


def test_the_files_of_an_index_are_its_own(vault: Vault, tmp_path: Path) -> None:
    manifest = DERIVED.manifest(vault.index)
    plain = manifest.read_text()
    name = next(iter(read_manifest(vault.index, DERIVED).values())).name
    for other in (f"../{name}", str(tmp_path / name), f"derived-/../{name}", "papersim.sqlite"):
        manifest.write_text(plain.replace(name, other))
        with pytest.raises(ValueError, match="derived"):
            read_manifest(vault.index, DERIVED)


@pytest.mark.parametrize("name", ["profile", "profile.md", "profile.sh"])
def test_rejections_go_into_no_other_kind_of_file(
    vault: Vault, cli: Cli, tmp_path: Path, name: str
) -> None:
    profile = tmp_path / name
    profile.write_text("# mine\n")
    (vault.index / "rejected-tags.txt").symlink_to(profile)
    done = cli.at(vault, "suggest-tags", "Text to Mesh", "--reject", "$(touch x)")
    assert done.code == 1
    assert len(done.err.splitlines()) == 1
    assert profile.read_text() == "# mine\n"


# --- the terminal -------------------------------------------------------------------------------

STEERING = (
    "\x1b[31mred\x1b[0m",
    "\x1b]8;;http://x.invalid\x1b\\link\x1b]8;;\x07",
    "\x1b]0;title\x07",
    "\x1b]52;c;cm0gLXJm\x07",
    "\x9b2Jc1\x9d0;t\x9c",
    "\x07\x08\x7f",
    "\u202ecod.exe\u202c",
    "\u2066isolate\u2069\u200e\u200f\u061c",
    "[bold]x[/bold] [link=http://x.invalid]y[/link] [/] :smile:",
)
ILL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
TITLE = f"A Title {''.join(STEERING)} that Steers"


@pytest.fixture
def steering(vault: Vault) -> Vault:
    """Return a vault of which titles, tags, names, labels and sentences steer."""
    ill = "".join(STEERING)
    tags = json.dumps([f"t{n}{text}" for n, text in enumerate(STEERING)] + ["a\r\nb\u2028c\x85d"])
    for number, name in enumerate(("one", "two")):
        header = f"---\ntitle: {json.dumps(TITLE + name)}\ntags: {tags}\n---\n"
        body = f"## Method {ill}\nA mesh {ill} is carved {ill} from a caption.\n"
        vault.write(f"x{number} {ill.replace('/', '')}\r\n.md", header + body)
    vault.write("list.md", f"## {TITLE}\n#mine{STEERING[0]}\n- **Method**: carved {ill}.\n")
    vault.write("latin\x1b[31m.md", b"## Caf\xe9\n")
    vault.update()
    return vault


COMMANDS = [
    ("index",),
    ("index", "--full"),
    ("papers",),
    ("tags",),
    ("status",),
    ("doctor",),
    ("duplicates",),
    ("similar", TITLE + "one", "--explain"),
    ("similar", "Text to Mesh", "--explain"),
    ("similar", TITLE),
    ("search", TITLE, "--explain"),
    ("similar", "--all"),
    ("suggest-tags", TITLE + "one", "--as-untagged", "--min-confidence", "0"),
    ("suggest-tags", "Text to Mesh", "--min-confidence", "0"),
    ("suggest-tags", "--all", "--min-confidence", "0"),
    ("suggest-tags", TITLE + "one", "--reject", STEERING[0]),
    ("suggest-tags", TITLE + "one", "--apply", "--new", "new"),
    ("undo",),
    ("tags", "--rename", "t1" + STEERING[1], "t2"),
    ("tags", "--rename", "no" + "".join(STEERING), "t2"),
    ("similar", "no such " + "".join(STEERING)),
    ("similar", "x", "--by", "".join(STEERING)),
    ("similar", "x", "-k", "".join(STEERING)),
    ("\x1b[31m",),
    ("eval",),
]


def test_what_people_are_shown_steers_no_terminal(steering: Vault, cli: Cli) -> None:
    for command in COMMANDS:
        done = cli.at(steering, *command)
        for shown in (done.out, done.err):
            assert not ILL.search(shown), (command, ILL.findall(shown))
        assert done.out or done.err, command
        if done.code:
            assert len(done.err.splitlines()) == 1, command


def test_markup_in_a_title_is_shown_as_it_is(steering: Vault, cli: Cli) -> None:
    for command in (("papers",), ("similar", TITLE + "one"), ("tags",)):
        out = "".join(cli.at(steering, *command).out.split())
        for part in ("[bold]x[/bold]", "[link=http://x.invalid]y[/link]", ":smile:"):
            assert part in out, command


def test_json_holds_the_very_text_and_steers_no_terminal(steering: Vault, cli: Cli) -> None:
    for command in COMMANDS[2:11]:
        done = cli.at(steering, *command, "--json")
        assert not ILL.search(done.out), (command, ILL.findall(done.out))
        assert done.code or done.json or done.lines, command
    titles = " ".join(p["title"] for p in cli.at(steering, "papers", "--json").json["papers"])
    for text in (STEERING[0], STEERING[4], STEERING[6], STEERING[8]):
        assert text in titles


def test_a_diff_is_exact_for_programs_and_harmless_on_a_terminal(steering: Vault, cli: Cli) -> None:
    command = ("tags", "--rename", "mine", "yours", "--dry-run")
    steering.write(
        "list.md", f"#mine\r\n## {TITLE}\r\n#mine\r\n- **Method**: {''.join(STEERING)}.\n"
    )
    exact = cli.at(steering, *command)
    assert exact.code == 0, exact
    assert STEERING[0] in exact.out
    at = ("--notes", str(steering.notes), "--index", str(steering.index))
    ours, theirs = pty.openpty()
    arguments = [sys.executable, "-m", "papersim", *command, *at]
    with subprocess.Popen(arguments, env=environment(), stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        try:
            while part := os.read(ours, 65536):
                shown += part
        except OSError:
            pass  # how Linux ends what comes from a terminal
        os.close(ours)
    assert process.returncode == 0, shown
    text = shown.decode().replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\t", "")
    assert "+#yours" in text
    assert r"\x1b[31mred" in text
    assert not ILL.search(text), ILL.findall(text)
