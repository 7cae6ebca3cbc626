"""The command line as typer reads it: with help, messages for mistakes, and completion."""

from __future__ import annotations

import inspect
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from papersim import __version__
from papersim.cli.commands import COMMANDS, PROGRAM, SUMMARY, find_command, said_of
from papersim.cli.declare import parameters_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from papersim.cli.declare import Parameter

__all__ = ["for_typer", "make_app"]


def make_app(wanted: Collection[str] = tuple(COMMANDS)) -> typer.Typer:
    """Return the command line; of commands that are not wanted it has name and help alone."""
    app = typer.Typer(
        name=PROGRAM,
        help=SUMMARY,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(_root)
    for name in COMMANDS:
        command = find_command(name)
        summary, said, example = said_of(command)
        take = for_typer(command) if name in wanted else _nothing
        app.command(name, help=said, short_help=summary, epilog=example)(take)
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"{PROGRAM} {__version__}")
        raise typer.Exit


def _root(
    context: typer.Context,
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    del version
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def _nothing() -> None:
    """Stand for a command that was not asked for."""


def for_typer(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command with a signature that typer understands."""

    @wraps(command)
    def called(**values: Any) -> None:
        command(**values)

    parameters = [_for_typer(parameter) for parameter in parameters_of(command)]
    called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    called.__annotations__ = {p.name: p.annotation for p in parameters}
    return called


def _for_typer(parameter: Parameter) -> inspect.Parameter:
    given = parameter.given
    describe: Callable[..., Any] = typer.Argument
    if given.names:
        describe = partial(typer.Option, *given.names)
    described = describe(
        metavar=given.metavar,
        help=given.text.replace("[", "\\["),
        min=given.least,
        max=given.most,
        rich_help_panel=given.panel,
        show_default=bool(given.names),
        **({"readable": False} if Path in parameter.kinds else {}),  # the library says more
    )
    return inspect.Parameter(
        parameter.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=parameter.default,
        annotation=Annotated[parameter.annotation, described],
    )
