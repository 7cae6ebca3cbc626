"""What the commands share."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from papersim.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from papersim.config import Settings
    from papersim.filters import Filters
    from papersim.library import Library

__all__ = [
    "WrongUsageError",
    "make_filters",
    "make_kinds",
    "needed",
    "not_both",
    "open_library",
    "read_stdin",
]


class WrongUsageError(Exception):
    """Options and arguments that do not go together; the text says how they would."""


def open_library(
    notes: Path | None,
    index_dir: Path | None,
    model: str | None,
    quiet: bool,
    log_level: str | None = None,
    *,
    long_work: bool = False,
) -> Library:
    """Return the library that the common options name; remarks go to stderr.

    With ``long_work`` it is not questions that are coming, but what is worth several threads.
    """
    from papersim.cli.progress import remark
    from papersim.config import LOG_LEVELS
    from papersim.library import Library

    if not long_work:
        from papersim.encode.runtime import prepare_for_questions

        prepare_for_questions()
    if log_level is not None and log_level.lower() not in LOG_LEVELS:
        raise WrongUsageError(f"--log-level is one of {', '.join(LOG_LEVELS)}.")
    said = None if quiet else remark
    library = Library.open(notes, index_dir, model, log_level=log_level, on_message=said)
    if library.settings.log_level == "debug":
        log_call(library.settings)
    return library


def log_call(settings: Settings) -> None:
    """Put the command line in the log: at level debug alone, since it says what is asked."""
    from shlex import join

    from papersim.log import write_log

    asked = join(["papersim", *sys.argv[1:]])
    write_log(settings.index, settings.log_level, [("debug", asked)])


def make_filters(
    tag: list[str] | None,
    not_tag: list[str] | None,
    since: str | None,
    until: str | None,
    in_: list[str] | None,
) -> Filters:
    """Return filters; raises WrongUsageError for a date that is none."""
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
        raise WrongUsageError(f"{error}.") from error


def make_kinds(names: list[str] | None) -> tuple[str, ...]:
    """Return kinds of section by name; raises WrongUsageError for one that is none."""
    from papersim.filters import parse_kinds

    try:
        return parse_kinds(names or ())
    except ConfigError as error:
        raise WrongUsageError(f"{error}.") from error


def needed(value: str | None, name: str, example: str) -> str:
    """Return an argument that has to be there unless --all is given."""
    if not value:
        raise WrongUsageError(f"name a {name}, or ask for --all. Example: {example}.")
    return value


def not_both(every: bool, value: str | list[str] | None, name: str) -> None:
    """Raise WrongUsageError where --all is given and something is named besides."""
    if every and value:
        raise WrongUsageError(f"--all is for every paper; leave out --all, or the {name}.")


def read_stdin() -> str:
    """Return standard input as text; bytes that are not UTF-8 become U+FFFD."""
    return sys.stdin.buffer.read().decode("utf-8", "replace")
