"""Progress of long work, on stderr and only where a person is watching."""

from __future__ import annotations

import re
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Progress, TaskID

__all__ = ["print_diff", "printable", "progress_bar", "remark", "without_controls"]

# What steers a terminal, or turns the order in which text is shown (Unicode, UAX 9).
_CONTROLS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)
_NOT_IN_DIFFS = re.compile(r"(?![\n\t]|\r\n)" + _CONTROLS.pattern)

_STAGES = {
    "read": "reading notes",
    "cut": "cutting into passages",
    "embed": "embedding",
    "derive": "building the index",
    "suggest": "suggesting tags",
    "plan": "preparing notes",
    "write": "writing notes",
}


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[Callable[[str, int, int], None] | None]:
    """Yield a function that shows how far each stage of the work is; None where nobody looks.

    Nothing is shown, or imported, before there is work.
    """
    if quiet or not sys.stderr.isatty():
        yield None
        return
    tasks: dict[str, TaskID] = {}
    bar: Progress | None = None
    with ExitStack() as until_done:

        def show(stage: str, done: int, total: int) -> None:
            nonlocal bar
            if bar is None:
                bar = until_done.enter_context(_bar())
            if stage not in tasks:
                tasks[stage] = bar.add_task(_STAGES.get(stage, stage), total=total)
            bar.update(tasks[stage], completed=done, total=total)

        yield show


def _bar() -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        # What is printed meanwhile is data and stays on stdout, where rich would divert it.
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,
    )


def remark(message: str) -> None:
    """Print a remark on stderr."""
    print(f"papersim: {printable(message)}", file=sys.stderr)


def printable(text: str) -> str:
    """Return a text on one line, without what would steer the terminal."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())


def without_controls(text: str) -> str:
    """Return a text from a note on one line, without what would steer the terminal."""
    return _CONTROLS.sub(lambda found: " " if found.group().isspace() else "", text)


def print_diff(diff: str) -> None:
    """Print a diff: byte for byte for a program; on a terminal, what would steer it is escaped."""
    if sys.stdout.isatty():
        diff = _NOT_IN_DIFFS.sub(lambda c: c.group().encode("unicode_escape").decode(), diff)
    sys.stdout.buffer.write(diff.encode())
