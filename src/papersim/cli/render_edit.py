"""What became of notes, for people: those written, and those left, a line for each reason."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING

from rich.text import Text

from papersim.cli.progress import printable
from papersim.cli.render import console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from papersim.model import SkippedNote, TagEdit

__all__ = ["failure", "left_lines", "show_edit", "show_left", "show_next"]

_SHOWN = 3
_TITLE = re.compile(r"^the paper '.*' is ")


def show_edit(edit: TagEdit, what: str, *, undo: bool) -> None:
    """Print which notes were written; with ``undo`` that it can be taken back."""
    out = console()
    for note in edit.written:
        out.print(Text(printable(f"{what} {note}")))
    if not edit.written and not edit.left:
        out.print("nothing to write", style="dim")
    show_next(edit, undo=undo)


def show_next(edit: TagEdit, *, undo: bool) -> None:
    """Print what to run after an edit: notes outside the vault are in no index."""
    inside = any(not PurePath(note).is_absolute() for note in edit.written)
    back = "take it back (one step only): papersim undo"
    steps = (["run: papersim index"] if inside else []) + ([back] if undo and edit.written else [])
    if steps:
        console().print("; or ".join(steps), style="dim")


def show_left(edit: TagEdit) -> None:
    """Print why notes or papers were left, one line for each reason."""
    out = console()
    for line in left_lines(edit.left):
        out.print(Text(printable(line), "yellow"))


def failure(edit: TagEdit, *, told: bool) -> str:
    """Return in one line what was not written; empty where all was.

    ``told``: the reasons have been printed.
    """
    if not edit.left:
        return ""
    if told:
        count = len(edit.left)
        were = "1 was" if count == 1 else f"{count} were"
        return f"{were} left without tags, for what is said above; mend it and run again"
    if len(edit.left) == 1:
        return edit.left[0].reason
    first, *others = left_lines(edit.left)
    return first + (f"; and {len(others)} more reasons" if others else "")


def left_lines(left: Sequence[SkippedNote]) -> list[str]:
    """Return a line for each reason: how many were left for it, the reason, up to three of them."""
    groups: dict[tuple[str, str], list[str]] = {}
    for one in left:
        groups.setdefault(_parted(one), []).append(one.note)
    return [_line(unit, reason, places) for (unit, reason), places in groups.items()]


def _line(unit: str, reason: str, places: Sequence[str]) -> str:
    many = f"{len(places)} {unit}{'s' if len(places) > 1 else ''}"
    notes = list(dict.fromkeys(places))
    more = " …" if len(notes) > _SHOWN else ""
    return f"left {many}: {reason} ({', '.join(notes[:_SHOWN])}{more})"


def _parted(one: SkippedNote) -> tuple[str, str]:
    """Return whether a note or a paper was left, and the reason without the place."""
    match = re.match(rf"{re.escape(one.note)}(:\d+)?:? ", one.reason)
    if match is None:
        return "note", one.reason
    reason = _TITLE.sub("the paper is ", one.reason[match.end() :])
    if match[1]:
        return "paper", reason
    return "note", reason.removeprefix("is ")
