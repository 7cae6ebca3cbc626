"""Commands about tags and doubles: suggest-tags, tags, undo, duplicates."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from papersim.cli import options as o
from papersim.cli.bulk import suggest_for_all
from papersim.cli.progress import print_diff, remark
from papersim.cli.root import WrongUsageError, needed, not_both, open_library
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

__all__ = ["duplicates", "suggest_tags", "tags", "undo"]


def suggest_tags(
    note: o.NotesOrPapers = None,
    k: o.KTags = 5,
    min_confidence: o.MinConfidence = None,
    as_untagged: o.AsUntagged = False,
    untagged: o.Untagged = False,
    every: o.All = False,
    apply: o.Apply = False,
    dry_run: o.DryRun = False,
    reject: o.Reject = None,
    new: o.New = None,
    notes: o.NotesDir = None,
    index_dir: o.IndexDir = None,
    model: o.Model = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    log_level: o.LogLevel = None,
) -> None:
    """Propose tags for the papers of a note.

    --apply writes what is suggested, and with it the tags that --new names; what stands in the
    notes stays. --dry-run shows that as a diff and writes nothing, beside --apply too.

    Example: papersim suggest-tags notes/20231204.md
    """
    from papersim.notes.edit_place import named_tag
    from papersim.places import several_papers
    from papersim.suggester import with_tags
    from papersim.tag_options import TagOptions
    from papersim.tagging import as_written

    not_both(every, note, "NOTE")
    names, tags = note or [], reject or []
    _check(names, tags, whole=every or untagged)
    if new and not ((apply or dry_run) and len(names) == 1):
        raise WrongUsageError("--new writes a tag to one paper; name that, and add --apply.")
    new = [named_tag(tag) for tag in new or ()]
    library = open_library(notes, index_dir, model, quiet, log_level)
    ask = TagOptions(k, min_confidence, as_untagged, count_own=apply or dry_run)
    if not names:
        edit = suggest_for_all(
            library, ask, untagged=untagged, apply=apply, dry_run=dry_run, json=json, quiet=quiet
        )
    else:
        text = _note_on_stdin() if "-" in names else None
        if tags:
            _reject(library, names[0], text, tags, quiet=quiet)
        asked = (_suggest_one(library, name, text, ask, untagged=untagged) for name in names)
        found = [with_tags(suggestions, new) for one in asked for suggestions in one]
        if new and len(found) > 1:
            titles = [one.paper.title for one in found]
            raise several_papers(names[0], titles, "--apply --new TAG")
        edit = library.apply_tags(found, dry_run=dry_run) if apply or dry_run else None
        found = found if edit is None else [as_written(one, edit) for one in found]
        _show(library, found, edit, dry_run=dry_run, json=json)
    _fail_if_left(edit, told=not (names or json or dry_run or quiet))


def _check(names: list[str], tags: list[str], *, whole: bool) -> None:
    """Raise WrongUsageError unless something is asked about, and tags rejected for one paper."""
    if not (names or whole):
        needed(None, "NOTE", "papersim suggest-tags notes/20231204.md")
    if tags and len(names) != 1:
        raise WrongUsageError("--reject is for one paper; name that, and leave out --all.")
    if not all(tag.strip("# \t") for tag in tags):
        raise WrongUsageError('--reject takes the name of a tag, as in: --reject "NeRF".')


def _reject(library: Library, name: str, text: str | None, tags: list[str], *, quiet: bool) -> None:
    rejected = library.reject_tags(name, tags, text=text)
    if not quiet:
        named = ", ".join(f"#{one.tag}" for one in rejected)
        remark(
            f"{named} will not be suggested again for “{rejected[0].title}”; "
            f"to take that back, edit {library.rejections_file}"
        )
        _remark_on_unknown(library, [one.tag for one in rejected])


def _remark_on_unknown(library: Library, tags: list[str]) -> None:
    """Say which tags no paper has: they may be misspelled, or new ones that were proposed."""
    from papersim.notes.tags import tag_key
    from papersim.renaming import closest_tags

    known = [tag.tag for tag in library.tags()]
    keys = set(map(tag_key, known))
    for tag in tags:
        if tag_key(tag) not in keys:
            closest = ", ".join(f"#{one}" for one in closest_tags(tag, known))
            meant = f"; did you mean {closest}?" if closest else ""
            remark(f"no paper has the tag #{tag}{meant}")


def _note_on_stdin() -> str:
    """Return the note on standard input; raises VaultError for what is no text."""
    data = sys.stdin.buffer.read()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise VaultError(
            f"standard input is not UTF-8 (byte {error.start + 1}); send the text of a note"
        ) from error
    if "\0" in text:
        raise VaultError("standard input holds NUL bytes and is no text; send the text of a note")
    return text


def _suggest_one(
    library: Library, name: str, text: str | None, ask: TagOptions, *, untagged: bool
) -> Sequence[Suggestions]:
    if name == "-" and text is not None:
        return library.suggest_tags_for_text(text, name, ask, untagged=untagged)
    return library.suggest_tags(name, ask, untagged=untagged)


def _show(
    library: Library,
    found: Sequence[Suggestions],
    edit: TagEdit | None,
    *,
    dry_run: bool,
    json: bool,
) -> None:
    if json:
        print_json(suggestions_json(found, edit))
    elif dry_run and edit is not None:
        print_diff(edit.diff)
    else:
        from papersim.cli.render import show_guess, show_suggestions
        from papersim.cli.render_edit import show_edit

        ids = (i for f in found for s in f.suggestions for r in s.reasons for i in r.papers)
        show_suggestions(found, library.titles(ids))
        if any(one.guess for one in found):
            show_guess()
        if edit is not None:
            show_edit(edit, "tags written to", undo=True)


def _fail_if_left(edit: TagEdit | None, *, told: bool = False) -> None:
    """Raise VaultError if a note was not written that should have been; ``told``: with reasons."""
    if edit is not None and edit.left:
        from papersim.cli.render_edit import failure

        raise VaultError(failure(edit, told=told))


def tags(
    rename: o.Rename = None,
    dry_run: o.DryRun = False,
    notes: o.NotesDir = None,
    index_dir: o.IndexDir = None,
    model: o.Model = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    log_level: o.LogLevel = None,
) -> None:
    """List every tag with its count, and tags that look alike; or rename one.

    Example: papersim tags --rename difusion diffusion --dry-run
    """
    if dry_run and rename is None:
        raise WrongUsageError("--dry-run shows what --rename OLD NEW would change.")
    library = open_library(notes, index_dir, model, quiet, log_level)
    if rename is not None:
        _rename(library, *rename, dry_run=dry_run, json=json)
    elif json:
        print_json(tags_json(library.tags(), library.look_alikes()))
    else:
        from papersim.cli.render_tags import show_tags

        show_tags(library.tags(), library.look_alikes())


def _rename(library: Library, old: str, new: str, *, dry_run: bool, json: bool) -> None:
    edit = library.rename_tag(old, new, dry_run=dry_run)
    if json:
        print_json(edit_json(edit))
    elif dry_run:
        print_diff(edit.diff)
    else:
        from papersim.cli.render_edit import show_edit

        show_edit(edit, "renamed in", undo=True)
    _fail_if_left(edit)


def undo(
    notes: o.NotesDir = None,
    index_dir: o.IndexDir = None,
    model: o.Model = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    log_level: o.LogLevel = None,
) -> None:
    """Take back the last --apply or --rename, in the notes that have not changed since.

    Example: papersim undo
    """
    edit = open_library(notes, index_dir, model, quiet, log_level).undo()
    if json:
        print_json(edit_json(edit))
    else:
        from papersim.cli.render_edit import show_edit

        show_edit(edit, "taken back in", undo=False)
    _fail_if_left(edit)


def duplicates(
    notes: o.NotesDir = None,
    index_dir: o.IndexDir = None,
    model: o.Model = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    log_level: o.LogLevel = None,
) -> None:
    """Show papers noted more than once, and pairs that may be one paper.

    Example: papersim duplicates
    """
    found = open_library(notes, index_dir, model, quiet, log_level).duplicates()
    if json:
        print_json(duplicates_json(found))
    else:
        from papersim.cli.render import show_duplicates

        show_duplicates(found)
