"""The help of the program says what typer's would; that of a command is typer's."""

from __future__ import annotations

import contextlib
import io
import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest
import typer

from papersim.cli.app import make_app
from papersim.cli.commands import COMMANDS
from papersim.cli.help import OPTIONS, show_help

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Cli


def printed(show: Callable[[], object]) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        show()
    return out.getvalue()


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"[^\s│╭╮╰╯─]+", text))


@pytest.mark.parametrize("width", [80, 100, 200])
def test_it_says_what_typers_help_says(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    ours = printed(show_help)
    theirs = printed(lambda: make_app()(["--help"], prog_name="papersim", standalone_mode=False))
    assert words(ours) == words(theirs)
    assert max(map(len, ours.splitlines())) == width
    assert len(ours.splitlines()) <= len(theirs.splitlines())


def test_the_options_are_those_that_typer_takes() -> None:
    command = typer.main.get_command(make_app())
    context = command.make_context("papersim", [], resilient_parsing=True)
    takes = {
        (next(o for o in p.opts if o.startswith("--")), getattr(p, "help", ""))
        for p in command.get_params(context)
    }
    assert takes == {(long, text) for long, _, text in OPTIONS}


def test_every_command_is_named_with_what_it_does(cli: Cli) -> None:
    out = cli("--help").out
    assert re.findall(r"^│ ([a-z][a-z-]+) ", out, re.MULTILINE) == list(COMMANDS)
    assert cli().out == cli("-h").out == out


@pytest.mark.parametrize("name", COMMANDS)
def test_a_commands_help_shows_its_options_and_their_defaults(cli: Cli, name: str) -> None:
    out = " ".join(cli(name, "--help").out.split())
    assert f"Usage: papersim {name} [OPTIONS]" in out
    assert "[default: notes]" in out
    assert "Print JSON and nothing else." in out
    assert f"Example: papersim {name}" in out
    assert "Example" not in cli(name, "--help").out.partition("Options")[0]


def test_words_before_a_command_are_typers(cli: Cli) -> None:
    assert cli("--nonsense", "similar").code == 2
    assert "No such option" in cli("--nonsense").err
    assert cli("--version", "similar").out == cli("--version").out
