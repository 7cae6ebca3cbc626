"""What the README shows is what the commands print."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Cli, Vault

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
LEFT_OUT = "…"
SHOWN = re.findall(r"^\$ papersim ([^\n]+)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def lines(text: str) -> list[str]:
    """Lines without blanks at their ends; figures are masked, since they hang on the processor."""
    return [re.sub(r"\d\.\d\d", "0.00", line.rstrip()) for line in text.strip().splitlines()]


@pytest.mark.parametrize(("command", "output"), SHOWN, ids=[command for command, _ in SHOWN])
def test_the_readme_shows_what_is_printed(
    cli: Cli, sample: Vault, command: str, output: str
) -> None:
    """A figure or a table that no longer comes out is worse than none."""
    done = cli.at(sample, *shlex.split(command))
    assert (done.code, done.err) == (0, "")
    shown = [line for line in lines(output) if line]
    printed = [line for line in lines(done.out) if line]
    if LEFT_OUT in shown:
        gap = shown.index(LEFT_OUT)
        assert len(printed) > len(shown)
        printed[gap : len(printed) - (len(shown) - gap - 1)] = [LEFT_OUT]
    assert printed == shown


def test_the_readme_shows_output_at_all() -> None:
    """Without examples the test above would hold nothing."""
    assert len(SHOWN) >= 4
