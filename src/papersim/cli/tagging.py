"""Commands about tags and doubles: suggest-tags, tags, undo, duplicates."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from papersim.cli import options as o
from papersim.cli.root import app, needed, open_library, read_stdin
from papersim.cli.values import (
    duplicates_json,
    edit_json,
    print_json,
    suggestions_json,
    tags_json,
)
from papersim.errors import VaultError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from papersim.library import Library, TagOptions
    from papersim.model import Suggestions, TagEdit

__all__: list[str] = []


@app.command("suggest-tags", epilog="Example: papersim suggest-tags notes/20231204.md")
def suggest_tags(
    note: o.NotesOrPapers = None,
    k: o.KTags = 5,
    min_confidence: o.MinConfidence = None,
    as_untagged: o.AsUntagged = False,
    untagged: o.Untagged = False,
    every: o.All = False,
    apply: o.Apply = False,
    dry_run: o.DryRun = False,
    notes: o.NotesDir = None,
    index_dir: o.IndexDir = None,
    model: o.Model = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Propose tags for the papers of a note."""
    from papersim.library import TagOptions

    library = open_library(notes, index_dir, model, quiet)
    ask = TagOptions(k, min_confidence, as_untagged, count_own=apply or dry_run)
    if every:
        found = list(library.suggest_tags_all(ask))
    else:
        names = note or [needed(None, "NOTE", "papersim suggest-tags notes/20231204.md")]
        found = [s for name in names for s in _suggest_one(library, name, ask)]
    if untagged:
        found = [s for s in found if not s.paper.tags]
    edit = library.apply_tags(found, dry_run=dry_run) if apply or dry_run else None
    if json:
        for answer in [[one] for one in found] if every else [found]:
            print_json(suggestions_json(answer, edit), line=every)
    elif dry_run and edit is not None:
        sys.stdout.buffer.write(edit.diff.encode())
    else:
        from papersim.cli.render import paper_titles, show_edit, show_suggestions

        show_suggestions(found, paper_titles(d.paper for d in library.papers()))
        if edit is not None:
            show_edit(edit, "tags written to")
    _fail_if_left(edit)


def _suggest_one(library: Library, name: str, ask: TagOptions) -> Sequence[Suggestions]:
    if name == "-":
        return library.suggest_tags_for_text(read_stdin(), "-", ask)
    return library.suggest_tags(name, ask)


def _fail_if_left(edit: TagEdit | None) -> None:
    """Raise VaultError if a note was not written that should have been."""
    if edit is not None and edit.left:
        first, *others = edit.left
        more = f" (and {len(others)} more)" if others else ""
        raise VaultError(f"{first.reason}{more}")


@app.command(epilog="Example: papersim tags --json")
def tags(
    notes: o.NotesDir = None,
    index_dir: o.IndexDir = None,
    model: o.Model = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """List every tag with its count."""
    found = open_library(notes, index_dir, model, quiet).tags()
    if json:
        print_json(tags_json(found))
    else:
        from papersim.cli.render import show_tags

        show_tags(found)


@app.command(epilog="Example: papersim undo")
def undo(
    notes: o.NotesDir = None,
    index_dir: o.IndexDir = None,
    model: o.Model = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Take back the last --apply, in the notes that have not changed since."""
    edit = open_library(notes, index_dir, model, quiet).undo()
    if json:
        print_json(edit_json(edit))
    else:
        from papersim.cli.render import show_edit

        show_edit(edit, "taken back in")
    _fail_if_left(edit)


@app.command(epilog="Example: papersim duplicates")
def duplicates(
    notes: o.NotesDir = None,
    index_dir: o.IndexDir = None,
    model: o.Model = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Show papers noted more than once, and pairs that may be one paper."""
    found = open_library(notes, index_dir, model, quiet).duplicates()
    if json:
        print_json(duplicates_json(found))
    else:
        from papersim.cli.render import show_duplicates

        show_duplicates(found)
