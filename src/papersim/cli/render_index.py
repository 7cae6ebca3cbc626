"""What `papersim index` tells people."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from papersim.cli.progress import printable

if TYPE_CHECKING:
    from papersim.model import IndexReport

__all__ = ["show_index", "show_update"]

_PIPED_WIDTH = 80


def show_index(report: IndexReport, *, quiet: bool) -> None:
    """Print what a run of indexing did.

    Rich wraps and colours what needs it; to import it takes as long as all the rest of a run
    that finds nothing to do.
    """
    if quiet:
        return
    done = (
        f"{report.papers} papers with {report.sections} sections; "
        f"{report.embedded} texts embedded in {report.seconds:.1f} s"
    )
    notes = (
        f"notes: {report.added} added, {report.changed} changed, {report.moved} moved, "
        f"{report.removed} removed, {report.unchanged} unchanged, {len(report.skipped)} skipped"
    )
    if not report.skipped and max(len(done), len(notes)) <= _width():
        print(done, notes, sep="\n")
        return
    from rich.text import Text

    from papersim.cli.render import console

    out = console()
    out.print(done)
    out.print(notes)
    for skipped in report.skipped:
        out.print(Text(printable(f"  skipped {skipped.note}: {skipped.reason}"), "yellow"))


def show_update(report: IndexReport, at: str) -> None:
    """Print on one line what an update did that was made at a time of day."""
    counts = {
        "added": report.added,
        "changed": report.changed,
        "moved": report.moved,
        "removed": report.removed,
        "skipped": len(report.skipped),
    }
    notes = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    done = f"{report.embedded} texts embedded in {report.seconds:.1f} s"
    print(f"{at}  notes: {notes or 'unchanged'}; {done}")


def _width() -> int:
    if not sys.stdout.isatty():
        return _PIPED_WIDTH
    return os.get_terminal_size(sys.stdout.fileno()).columns
