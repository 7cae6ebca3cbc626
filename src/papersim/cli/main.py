"""The entrance: runs a command and turns what goes wrong into one line and an exit code."""

from __future__ import annotations

import io
import os
import sqlite3
import sys
from contextlib import suppress

import typer

from papersim.errors import PapersimError

__all__ = ["main"]

_INTERRUPTED = 130

# Typer carries its own click, or uses the one that is installed: its version decides. What it
# exports is the leaf of the tree of usage errors.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]
ClickException: type[Exception] = typer.BadParameter.__mro__[2]


def main() -> None:
    """Run the command line. Exit 0: done; 1: could not; 2: wrong usage."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character is no reason to fail.
            stream.reconfigure(errors="replace")
    sys.exit(_run())


def _run() -> int:
    try:
        from papersim.cli.app import app

        code = app(prog_name="papersim", standalone_mode=False)
        sys.stdout.flush()
    except (KeyboardInterrupt, typer.Abort):
        code = _INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone, as `head` does; nothing is left to be said to it.
        _drop_output()
        return 1
    except (PapersimError, ClickException, sqlite3.Error, OSError) as error:
        return _explain(error)
    if code == _INTERRUPTED:  # which typer, too, makes of Ctrl-C
        return _say("stopped; what was finished is kept, the next run goes on from there", code)
    return code if isinstance(code, int) else 0


def _explain(error: Exception) -> int:
    if isinstance(error, UsageError):
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "papersim"
        return _say(f"{_message(error)} See: {command} --help", 2)
    message = _message(error)
    if isinstance(error, sqlite3.Error):
        message = (
            f"the index cannot be used ({error}); if it stays so, delete its papersim.sqlite "
            "and run: papersim index"
        )
    elif isinstance(error, OSError):
        _drop_output()
        what = f"{error.filename}: " if error.filename else ""
        message = f"{what}{error.strerror}; mend that and run the same command again"
    return _say(message, 1)


def _drop_output() -> None:
    """Keep the interpreter from trying, as it ends, to print what could not be printed."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(message: str, code: int) -> int:
    print(f"papersim: {_one_line(message)}", file=sys.stderr)
    return code


def _message(error: BaseException) -> str:
    format_message = getattr(error, "format_message", None)
    return str(format_message() if format_message else error)


def _one_line(text: str) -> str:
    return " ".join(text.split())
