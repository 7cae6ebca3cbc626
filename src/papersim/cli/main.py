"""The entrance: runs a command and turns what goes wrong into one line and an exit code."""

from __future__ import annotations

import gc
import io
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from papersim import __version__
from papersim.cli.commands import COMMANDS, PROGRAM, find_command
from papersim.cli.root import WrongUsageError
from papersim.errors import PapersimError

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["main"]

_INTERRUPTED = 130
_OBJECTS = 20_000


def main() -> None:
    """Run the command line. Exit 0: done; 1: could not; 2: wrong usage."""
    # Nearly all that a command makes stays until it ends; to look through it at every 700th
    # object, as Python does of itself, takes a tenth of a short run.
    gc.set_threshold(_OBJECTS)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character is no reason to fail.
            stream.reconfigure(errors="replace")
    sys.exit(_run())


def _run() -> int:
    try:
        code = _call(sys.argv[1:])
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _stopped()
    except BrokenPipeError:
        # The reader of our output has gone, as `head` does; nothing is left to be said to it.
        _drop_output()
        return 1
    except WrongUsageError as error:
        named = [word for word in sys.argv[1:] if word in COMMANDS]
        command = " ".join([PROGRAM, *named[:1]])
        return _say(_with_help(f"Invalid value: {error}", command), 2)
    except PapersimError as error:
        return _say(str(error), 1)
    except Exception as error:
        told = _explain(error)
        if told is None:
            raise
        return told
    return _stopped() if code == _INTERRUPTED else code  # typer, too, makes it of Ctrl-C


def _call(words: list[str]) -> int:
    """Run the command that a command line names, and return its exit code."""
    if "_PAPERSIM_COMPLETE" in os.environ:
        return _call_by_typer(COMMANDS)
    if words in ([], ["-h"], ["--help"]):
        from papersim.cli.help import show_help

        show_help()
        return 0
    if words == ["--version"]:
        print(f"{PROGRAM} {__version__}")
        return 0
    if words[0] in COMMANDS:
        from papersim.cli.declare import parameters_of
        from papersim.cli.plainly import read_plainly

        command = find_command(words[0])
        values = read_plainly(words[1:], parameters_of(command))
        if values is not None:
            command(**values)
            return 0
    return _call_by_typer([word for word in words if word in COMMANDS])


def _call_by_typer(commands: Collection[str]) -> int:
    """Have typer read the command line, which names no others than these commands."""
    from papersim.cli.app import make_app

    code = make_app(commands)(prog_name=PROGRAM, standalone_mode=False)
    return code if isinstance(code, int) else 0


def _explain(error: Exception) -> int | None:
    """Say what went wrong where a user can mend it, and return the exit code; None elsewhere."""
    import sqlite3

    if isinstance(error, sqlite3.Error):
        busy = isinstance(error, sqlite3.OperationalError)
        advice = "run the same command again; if it stays so, " if busy else ""
        return _say(f"the index cannot be used ({error}); {advice}run: papersim doctor --fix", 1)
    if isinstance(error, OSError):
        _drop_output()
        what = f"{error.filename}: " if error.filename else ""
        return _say(f"{what}{error.strerror}; mend that and run the same command again", 1)
    return _explain_for_typer(error) if "typer" in sys.modules else None


def _explain_for_typer(error: Exception) -> int | None:
    import typer

    # Typer carries its own click, or uses the one that is installed: its version decides. What
    # it exports is the leaf of the tree of usage errors.
    usage_error, click_error = typer.BadParameter.__mro__[1:3]
    format_message = getattr(error, "format_message", None)
    if isinstance(error, typer.Abort):
        return _stopped()
    if not isinstance(error, click_error) or format_message is None:
        return None
    message = str(format_message())
    if not isinstance(error, usage_error):
        return _say(message, 1)
    context = getattr(error, "ctx", None)
    command = context.command_path if context else PROGRAM
    return _say(_with_help(message, command), 2)


def _stopped() -> int:
    return _say("stopped; what was finished is kept, the next run goes on from there", _INTERRUPTED)


def _drop_output() -> None:
    """Keep the interpreter from trying, as it ends, to print what could not be printed."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(message: str, code: int) -> int:
    from papersim.cli.progress import remark

    remark(message)
    return code


def _with_help(message: str, command: str) -> str:
    """Return a message as a sentence, and after it where help is."""
    sentence = message if message.endswith((".", "?", "!", "。")) else f"{message}."
    return f"{sentence} See: {command} --help"
