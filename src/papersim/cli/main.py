"""The entrance: runs a command and turns what goes wrong into one line and an exit code."""

from __future__ import annotations

import os
import sys

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
    sys.exit(_run())


def _run() -> int:
    from papersim.cli.app import app

    try:
        code = app(standalone_mode=False)
        sys.stdout.flush()
    except PapersimError as error:
        return _say(str(error), 1)
    except UsageError as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "papersim"
        return _say(f"{_message(error)} See: {command} --help", 2)
    except ClickException as error:
        return _say(_message(error), 1)
    except KeyboardInterrupt:
        return _say(
            "stopped; what was finished is kept, the next run goes on from there", _INTERRUPTED
        )
    except BrokenPipeError:
        # The reader of our output has gone, as `head` does; nothing is left to be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code if isinstance(code, int) else 0


def _say(message: str, code: int) -> int:
    print(f"papersim: {_one_line(message)}", file=sys.stderr)
    return code


def _message(error: BaseException) -> str:
    format_message = getattr(error, "format_message", None)
    return str(format_message() if format_message else error)


def _one_line(text: str) -> str:
    return " ".join(text.split())
