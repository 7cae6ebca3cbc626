"""Commands that keep the index: index, status, doctor."""

from __future__ import annotations

from papersim.cli import options as o
from papersim.cli.root import open_library

__all__ = ["doctor", "index", "status"]


def index(
    full: o.Full = False,
    watch: o.Watch = False,
    notes: o.NotesDir = None,
    index_dir: o.IndexDir = None,
    model: o.Model = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    log_level: o.LogLevel = None,
) -> None:
    """Bring the index up to date with the notes; with --watch, stay and follow changes.

    Example: papersim index --notes ~/vault --index ~/.cache/papersim
    """
    from papersim.cli.progress import progress_bar

    library = open_library(notes, index_dir, model, quiet, log_level, long_work=True)
    if watch:
        from papersim.cli.watching import follow

        follow(library, full=full, json=json, quiet=quiet)
        return
    with progress_bar(quiet=quiet) as progress:
        report = library.index(full=full, progress=progress)
    if json:
        from papersim.cli.values import index_json, print_json

        print_json(index_json(report))
    else:
        from papersim.cli.render_index import show_index

        show_index(report, quiet=quiet)


def status(
    notes: o.NotesDir = None,
    index_dir: o.IndexDir = None,
    model: o.Model = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    log_level: o.LogLevel = None,
) -> None:
    """Show what is indexed, with what, and whether the notes have changed since.

    Example: papersim status
    """
    found = open_library(notes, index_dir, model, quiet, log_level).status()
    if json:
        from papersim.cli.values import print_json, status_json

        print_json(status_json(found))
    else:
        from papersim.cli.render import show_status

        show_status(found)


def doctor(
    fix: o.Fix = False,
    notes: o.NotesDir = None,
    index_dir: o.IndexDir = None,
    model: o.Model = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    log_level: o.LogLevel = None,
) -> None:
    """Name what stands out in notes and index, and what to do about it.

    With --fix what is damaged in the index is mended from what is sound; no note is touched.

    Example: papersim doctor --fix
    """
    from papersim.cli.progress import progress_bar

    library = open_library(notes, index_dir, model, quiet, log_level, long_work=fix)
    with progress_bar(quiet=quiet) as progress:
        found = library.doctor(fix=fix, progress=progress)
    if json:
        from papersim.cli.values import doctor_json, print_json

        print_json(doctor_json(found))
    else:
        from papersim.cli.render import show_findings

        show_findings(found)
