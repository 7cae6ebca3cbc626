"""What the documents say can be run, and what can be run is documented."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
import typer

from conftest import REPOSITORY, Cli
from papersim.cli.app import make_app

COMMANDS: dict[str, Any] = typer.main.get_command(make_app()).commands  # type: ignore[attr-defined]
COMMON = {"--notes", "--index", "--model", "--json", "--quiet", "--log-level"}
FILTERS = {"--tag", "--not-tag", "--since", "--until", "--in"}
# Options that CLI.md promises, for the commands that there are.
PROMISED: dict[str, set[str]] = {
    "index": {"--full", "--watch"},
    "papers": set(),
    "similar": {"-k", "--by", "--explain", "--all", "--diversity", "--ignore-tags", *FILTERS},
    "search": {"-k", "--by", "--explain", *FILTERS},
    "suggest-tags": {
        *("-k", "--min-confidence", "--as-untagged", "--all"),
        *("--untagged", "--apply", "--dry-run"),
    },
    "tags": {"--rename", "--dry-run"},
    "undo": set(),
    "duplicates": set(),
    "eval": set(),
    "status": set(),
    "doctor": {"--fix"},
}


def options(command: str) -> set[str]:
    return {name for p in COMMANDS[command].params for name in p.opts if name.startswith("-")}


def code_lines(text: str) -> list[str]:
    """Return the commands in the code blocks of a Markdown text, without comments."""
    blocks = re.findall(
        r"^```(?:sh|bash|console|shell)?\n(.*?)^```", text, re.DOTALL | re.MULTILINE
    )
    lines = [line.strip().removeprefix("$ ") for block in blocks for line in block.splitlines()]
    return [line for line in lines if re.match(r"(?:\S*/)?papersim ", line)]


def assert_can_be_run(line: str) -> None:
    words = shlex.split(line, comments=True)
    words = words[: next((i for i, w in enumerate(words) if w in {"|", ">", "&&", "<"}), None)]
    assert words[1] in COMMANDS or words[1].startswith("-"), line
    if words[1] in COMMANDS:
        try:
            COMMANDS[words[1]].make_context("papersim", words[2:], resilient_parsing=False)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, say which line
            pytest.fail(f"{line}: {error!r}")


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_commands_in_the_documents_can_be_run(name: str) -> None:
    for line in code_lines((REPOSITORY / name).read_text("utf-8")):
        assert_can_be_run(line)


def test_commands_in_the_makefile_can_be_run() -> None:
    for line in (REPOSITORY / "Makefile").read_text("utf-8").splitlines():
        if match := re.match(r"\t\$\(BIN\)/(papersim .*)", line):
            assert_can_be_run(match.group(1))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example_that_runs(cli: Cli, command: str) -> None:
    done = cli(command, "--help")
    assert done.code == 0
    assert "Example" in done.out
    example = re.search(r"papersim .*", COMMANDS[command].epilog)
    assert example
    assert_can_be_run(example.group())
    for parameter in COMMANDS[command].params:
        if parameter.name != "help":
            assert getattr(parameter, "help", None), f"{command} {parameter.name}"


@pytest.mark.parametrize("command", PROMISED)
def test_promised_options_are_there(command: str) -> None:
    assert options(command) >= PROMISED[command] | COMMON


def test_every_command_takes_the_common_options() -> None:
    for command in COMMANDS:
        assert options(command) >= COMMON, command


def test_every_promise_names_tests_that_exist() -> None:
    text = (REPOSITORY / "docs" / "reliability.md").read_text("utf-8").partition("## Fuzzing")[0]
    rows = [row for row in text.splitlines() if row.startswith("| ") and "| promise" not in row]
    assert len(rows) > 30
    for row in rows:
        named = re.findall(r"`(\w+\.py)::(\w+)`", row)
        assert named, row
        for file, name in named:
            code = (REPOSITORY / "tests" / file).read_text("utf-8")
            assert f"\ndef {name}(" in code, (file, name)
