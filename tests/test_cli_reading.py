"""A plain command line is read without typer, and as typer reads it; all others are typer's."""

from __future__ import annotations

import shlex
import subprocess
import sys
from functools import cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import environment
from papersim.cli.app import for_typer
from papersim.cli.commands import COMMANDS, find_command, said_of
from papersim.cli.declare import parameters_of
from papersim.cli.plainly import read_plainly

if TYPE_CHECKING:
    from conftest import Cli, Vault


@cache
def typers_command(name: str) -> tuple[Any, list[dict[str, object]]]:
    """Return a command as typer has it, and a list of the values it is called with."""
    called: list[dict[str, object]] = []
    command = find_command(name)

    @wraps(command)
    def note(**values: object) -> None:
        called.append(values)

    app = typer.Typer()
    app.command()(for_typer(note))
    return typer.main.get_command(app), called


def read_by_typer(name: str, words: list[str]) -> dict[str, object] | None:
    """Return the values that typer calls a command with; None where it refuses."""
    command, called = typers_command(name)
    called.clear()
    try:
        command.main(words, standalone_mode=False)
    except Exception as error:
        if not isinstance(error, typer.BadParameter.__mro__[2]):
            raise
        return None
    return called[0] if called else None


def plainly(name: str, words: list[str]) -> dict[str, object] | None:
    return read_plainly(words, parameters_of(find_command(name)))


ODD = (
    *("", "-", "--", "-k", "--json", "a=b", "=", "--k", "-k5", "-k=5", "-qk", "--no-json"),
    *("a title", "notes", "~", "true", "None", "./x/", "x" * 300, "2023-01", "声", "\udce9"),
    *("\n", "--é"),
)
NUMBERS = (
    *("5", "0", "-1", "007", "1_0", "5.0", "1e3", " 5", "５", "٣", "+5", "1" * 12, "nan"),
    *("0.5", ".5", "1.", "1.0", "1.5", "0.50", "00.5", "inf", "1" * 30, "0.0", "1e-3"),
)
VALUES = st.one_of(
    st.sampled_from(ODD),
    st.sampled_from(NUMBERS),
    st.text(max_size=6).filter(lambda text: "\0" not in text),
)
NUMERIC = st.one_of(VALUES, st.sampled_from(NUMBERS), st.integers(0, 30).map(str))


@st.composite
def lines(draw: st.DrawFn) -> tuple[str, list[str]]:
    """Draw a command and words that are mostly meant for it, in any order."""
    name = draw(st.sampled_from(list(COMMANDS)))
    options = {n: p.kinds for p in parameters_of(find_command(name)) for n in p.given.names}
    found: list[str] = []
    for _ in range(draw(st.integers(0, 5))):
        option = draw(st.sampled_from(list(options)))
        kinds = [kind for kind in options[option] if kind is not bool]
        values = [draw(NUMERIC if kind in {int, float} else VALUES) for kind in kinds]
        words = [option, *values]
        match draw(st.integers(0, 9)):
            case 0:
                words = [draw(VALUES)]
            case 1:
                words = ["=".join(words)]
            case 2:
                words = [option[:-1], *values]
            case 3:
                words = [*words, draw(VALUES)]
        found += words
    return name, found


@given(lines())
@settings(max_examples=600, deadline=None)
def test_what_is_read_plainly_is_what_typer_reads(line: tuple[str, list[str]]) -> None:
    name, words = line
    read = plainly(name, words)
    if read is None:
        return
    typers = read_by_typer(name, words)
    assert typers is not None, "read plainly, though typer refuses it"
    # Of a list that was not given typer makes an empty one or None, as its version has it.
    assert {n: v or None if isinstance(v, list) else v for n, v in typers.items()} == read
    assert [type(v) for n, v in typers.items() if v] == [type(v) for v in read.values() if v]


@pytest.mark.parametrize(
    "line",
    [
        "similar 'a title'",
        "similar 'a title' -k 3 --by method --by results --json --quiet",
        "similar --all --json",
        "similar --tag a --tag=b --not-tag c --since 2023 --until=2024 --in '2023*' title",
        "similar title --diversity 0.3 --ignore-tags --explain",
        "search - -k 5",
        "search text --notes DIR --index=DIR --model NAME -q",
        "index",
        "index --full",
        "suggest-tags a.md b.md -k 3 --min-confidence .5",
        "suggest-tags a --apply --new x --reject y",
        "tags --rename old new --dry-run",
        "eval --json",
    ],
)
def test_ordinary_lines_are_read_plainly(line: str) -> None:
    name, *words = shlex.split(line)
    assert plainly(name, words) == read_by_typer(name, words) != None  # noqa: E711


def test_values_are_of_their_types() -> None:
    words = ["t", "--notes", "n", "-k", "7", "--diversity", "1", "--by", "method"]
    read = plainly("similar", words)
    assert read is not None
    assert read["notes"] == Path("n")
    assert (read["k"], read["diversity"], type(read["diversity"])) == (7, 1.0, float)
    assert (read["by"], read["tag"], read["json"], read["model"]) == (["method"], None, False, None)
    assert plainly("tags", ["--rename", "a", "b"]) == {
        **{p.name: p.default for p in parameters_of(find_command("tags"))},
        "rename": ("a", "b"),
    }


@pytest.mark.parametrize(
    "line",
    [
        "similar title --help",
        "similar title -h",
        "similar one two",
        "similar title --sinc 2023",
        "similar title -k",
        "similar title -k 0",
        "similar title -k many",
        "similar title --diversity 1.5",
        "similar title --json=yes",
        "similar -- -title",
        "similar title -k5",
        "similar title --notes ''",
        "search",
        "tags --rename old",
        "index extra",
    ],
)
def test_anything_else_is_left_to_typer(line: str) -> None:
    name, *words = shlex.split(line)
    assert plainly(name, words) is None


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_and_says_what_it_does(name: str) -> None:
    summary, said, example = said_of(find_command(name))
    assert said.startswith(summary)
    assert summary.endswith(".")
    assert example.startswith("Example: papersim " + name)


def test_mistakes_in_what_goes_together_name_the_command(cli: Cli) -> None:
    """The same line whether typer read the command line or not."""
    lines = (["title", "--since", "x"], ["--since", "x", "--", "title"])
    said = [cli("similar", *line).err for line in lines]
    assert said[0] == said[1]
    assert "Invalid value: “x” is no date" in said[0]
    assert said[0].endswith("See: papersim similar --help\n")


def test_both_ways_answer_the_same(cli: Cli, small: Vault) -> None:
    plain = cli.at(small, "similar", "Text to Mesh", "-k", "3", "--json")
    by_typer = cli.at(small, "similar", "Text to Mesh", "-k3", "--json")
    assert plain == by_typer
    assert plain.json["hits"]


def test_completion_is_typers(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_PAPERSIM_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "papersim similar --ign")
    monkeypatch.setenv("COMP_CWORD", "2")
    assert cli("similar", "title").out.split() == ["--ignore-tags"]


def test_python_can_run_the_package(small: Vault) -> None:
    words = ["similar", "Text to Mesh", "--notes", str(small.notes), "--index", str(small.index)]
    done = subprocess.run(
        [sys.executable, "-m", "papersim", *words],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "Caption-Driven Sculpture" in done.stdout
