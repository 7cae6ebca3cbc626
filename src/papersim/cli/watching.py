"""`papersim index --watch`: following the notes until somebody stops it."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, NoReturn

from papersim.cli.progress import progress_bar, remark
from papersim.cli.render_index import show_index, show_update
from papersim.cli.values import index_json, print_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from papersim.library import Library
    from papersim.model import IndexReport

__all__ = ["follow"]


def follow(library: Library, *, full: bool, json: bool, quiet: bool) -> None:
    """Keep the index up to date until Ctrl-C or SIGTERM, which end it well.

    An update that runs is cut short as by a kill: what was finished is kept.
    """
    stop = Event()
    try:
        with _stopped_by_signals(stop):
            with progress_bar(quiet=quiet) as progress:
                reports = library.watch(stop, full=full, progress=progress)
                first = next(reports, None)
            if first is not None:
                _show(first, json=json, quiet=quiet, first=True)
                if not quiet:
                    remark(f"following the notes in {library.settings.notes}; Ctrl-C stops")
            for report in reports:
                _show(report, json=json, quiet=quiet)
    except KeyboardInterrupt:
        if not stop.is_set():
            raise
    if not quiet:
        remark("stopped")


@contextmanager
def _stopped_by_signals(stop: Event) -> Iterator[None]:
    """Have Ctrl-C and SIGTERM set ``stop`` and raise KeyboardInterrupt meanwhile."""

    def end(*_: object) -> NoReturn:
        # Set as well as raised: what is raised in the midst of a destructor is lost.
        stop.set()
        raise KeyboardInterrupt

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _show(report: IndexReport, *, json: bool, quiet: bool, first: bool = False) -> None:
    if json:
        print_json(index_json(report), line=True)
    elif first:
        show_index(report, quiet=quiet)
    elif not quiet:
        show_update(report, time.strftime("%H:%M:%S"))
    sys.stdout.flush()
