"""The command line's root, and what its commands share."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from papersim import __version__
from papersim.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from papersim.filters import Filters
    from papersim.library import Library

__all__ = ["app", "make_filters", "make_kinds", "needed", "not_both", "open_library", "read_stdin"]

app = typer.Typer(
    name="papersim",
    help="Similar papers and fitting tags for a folder of Markdown paper notes.",
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"papersim {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    del version
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def open_library(
    notes: Path | None, index_dir: Path | None, model: str | None, quiet: bool
) -> Library:
    """Return the library that the common options name; remarks go to stderr."""
    from papersim.cli.progress import remark
    from papersim.library import Library

    return Library.open(notes, index_dir, model, on_message=None if quiet else remark)


def make_filters(
    tag: list[str] | None,
    not_tag: list[str] | None,
    since: str | None,
    until: str | None,
    in_: list[str] | None,
) -> Filters:
    """Return filters; raises BadParameter for a date that is none."""
    from papersim.filters import Filters, parse_date

    try:
        return Filters(
            tuple(t.lstrip("#") for t in tag or ()),
            tuple(t.lstrip("#") for t in not_tag or ()),
            parse_date(since) if since else None,
            parse_date(until, end=True) if until else None,
            tuple(in_ or ()),
        )
    except ConfigError as error:
        raise typer.BadParameter(f"{error}.") from error


def make_kinds(names: list[str] | None) -> tuple[str, ...]:
    """Return kinds of section by name; raises BadParameter for one that is none."""
    from papersim.filters import parse_kinds

    try:
        return parse_kinds(names or ())
    except ConfigError as error:
        raise typer.BadParameter(f"{error}.") from error


def needed(value: str | None, name: str, example: str) -> str:
    """Return an argument that has to be there unless --all is given."""
    if not value:
        raise typer.BadParameter(f"name a {name}, or ask for --all. Example: {example}.")
    return value


def not_both(every: bool, value: str | list[str] | None, name: str) -> None:
    """Raise BadParameter where --all is given and something is named besides."""
    if every and value:
        raise typer.BadParameter(f"--all is for every paper; leave out --all, or the {name}.")


def read_stdin() -> str:
    """Return standard input as text; bytes that are not UTF-8 become U+FFFD."""
    return sys.stdin.buffer.read().decode("utf-8", "replace")
