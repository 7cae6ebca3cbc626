"""The command that measures: eval."""

from __future__ import annotations

from papersim.cli import options as o
from papersim.cli.root import open_library

__all__ = ["evaluate"]


def evaluate(
    notes: o.NotesDir = None,
    index_dir: o.IndexDir = None,
    model: o.Model = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    log_level: o.LogLevel = None,
) -> None:
    """Measure how good similar and suggest-tags are on these very notes.

    Example: papersim eval --json
    """
    from papersim.cli.progress import progress_bar

    library = open_library(notes, index_dir, model, quiet, log_level, long_work=True)
    with progress_bar(quiet=quiet) as progress:
        found = library.evaluate(progress)
    if json:
        from papersim.cli.values import evaluation_json, print_json

        print_json(evaluation_json(found))
    else:
        from papersim.cli.render_evaluation import show_evaluation

        show_evaluation(found)
