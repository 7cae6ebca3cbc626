"""Progress of long work, on stderr and only where a person is watching."""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Progress, TaskID

__all__ = ["printable", "progress_bar", "remark"]

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
