"""Tags for a whole vault: papers one by one, then what became of the notes, in few words."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from papersim.cli.progress import print_diff, printable, progress_bar, remark
from papersim.cli.values import print_json, suggestions_json, summary_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from papersim.library import Library, TagOptions
    from papersim.model import Suggestions, TagEdit

__all__ = ["suggest_for_all"]

_MOST_TAGS = 10


def suggest_for_all(
    library: Library,
    ask: TagOptions,
    *,
    untagged: bool,
    apply: bool,
    dry_run: bool,
    json: bool,
    quiet: bool,
) -> TagEdit | None:
    """Print the tags for every paper as they are found; or write them, or show how, and sum up."""
    edits = apply or dry_run
    show = _show_json if json else None if edits else _show_table(library)
    looked_at, guesses = 0, False

    def passing(answers: Iterator[Suggestions]) -> Iterator[Suggestions]:
        nonlocal looked_at, guesses
        for answer in answers:
            looked_at += 1
            guesses |= answer.guess
            if show:
                show(answer)
            yield answer

    # On a terminal the answers themselves show how far the work is.
    with progress_bar(quiet=quiet or (show is not None and sys.stdout.isatty())) as progress:
        answers = passing(library.suggest_tags_all(ask, untagged=untagged, progress=progress))
        if not edits:
            for _ in answers:
                pass
            edit = None
        else:
            edit = library.apply_tags(answers, dry_run=dry_run, progress=progress)
    if guesses and not (json or dry_run or quiet):
        _show_that_they_are_guesses()
    if edit is not None and json:
        print_json(summary_json(edit, looked_at), line=True)
    elif edit is not None and dry_run:
        _show_diff(edit, looked_at, quiet=quiet)
    elif edit is not None and not quiet:
        _show_edit(edit, looked_at)
    return edit


def _show_json(answer: Suggestions) -> None:
    print_json(suggestions_json([answer]), line=True)


def _show_table(library: Library) -> Callable[[Suggestions], None]:
    from papersim.cli.render import paper_titles, show_suggestions

    titles = paper_titles(detail.paper for detail in library.papers())
    return lambda answer: show_suggestions([answer], titles)


def _show_that_they_are_guesses() -> None:
    from papersim.cli.render import show_guess

    show_guess()


def _show_diff(edit: TagEdit, looked_at: int, *, quiet: bool) -> None:
    print_diff(edit.diff)
    if not quiet:
        remark(_summary(edit, looked_at, "would get"))


def _show_edit(edit: TagEdit, looked_at: int) -> None:
    from rich.text import Text

    from papersim.cli.render import console
    from papersim.cli.render_edit import show_left, show_next

    console().print(Text(printable(_summary(edit, looked_at, "got"))))
    show_left(edit)
    show_next(edit, undo=True)


def _summary(edit: TagEdit, looked_at: int, got: str) -> str:
    """Return how many papers were looked at and got tags, and which tags, most given first."""
    papers = f"{looked_at} papers looked at, {edit.tagged} {got} tags"
    notes = f" in {len(edit.written)} notes" if edit.written else ""
    tags = ", ".join(f"#{t.tag} {t.count}" for t in edit.tags[:_MOST_TAGS])
    rest = len(edit.tags) - _MOST_TAGS
    more = f" and {rest} more" if rest > 0 else ""
    return f"{papers}{notes}: {tags}{more}" if tags else papers
