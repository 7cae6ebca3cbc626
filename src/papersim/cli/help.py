"""The help of the program as a whole, as typer would print it, in half the time.

Typer's own takes in a Markdown renderer with a highlighter for program code. The help of each
command is typer's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from papersim.cli.commands import COMMANDS, PROGRAM, SUMMARY, find_command, said_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["OPTIONS", "show_help"]

OPTIONS = (
    ("--version", "", "Print the version."),
    ("--install-completion", "", "Install completion for the current shell."),
    (
        "--show-completion",
        "",
        "Show completion for the current shell, to copy it or customize the installation.",
    ),
    ("--help", "-h", "Show this message and exit."),
)
"""The options that stand before a command: long and short name, and what they do."""


def show_help() -> None:
    """Print what the program is for, its options, and its commands with what each does."""
    out = Console(highlight=False, emoji=False)
    usage = Text.assemble(("Usage: ", "yellow"), f"{PROGRAM} [OPTIONS] COMMAND [ARGS]...")
    out.print(Padding(usage, 1), style="bold")
    out.print(Padding(Text(SUMMARY), (0, 1, 1, 1)))
    flag = Text.assemble(("<", "dim"), "bool", (">", "dim"), style="bold yellow")
    options = [
        (Text(long, "bold cyan"), Text(short, "bold green"), flag, Text(text))
        for long, short, text in OPTIONS
    ]
    out.print(_panel("Options", options))
    summaries = ((name, said_of(find_command(name))[0]) for name in COMMANDS)
    commands = [(Text(name, "bold cyan"), _text(summary)) for name, summary in summaries]
    out.print(_panel("Commands", commands))
    out.print()


def _text(text: str) -> Text:
    found = Text(text)
    found.highlight_regex(r"--[\w-]+", "bold cyan")
    return found


def _panel(title: str, rows: Sequence[Sequence[Text]]) -> Panel:
    """Return a table in a frame; its last column takes the room that is left."""
    table = Table(show_header=False, expand=True, box=None, pad_edge=False)
    for _ in rows[0][1:]:
        table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    for row in rows:
        table.add_row(*row)
    return Panel(table, title=title, title_align="left", border_style="dim")
