"""The vault's tags for people: how many papers have each, and which look like one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from papersim.cli.progress import printable
from papersim.cli.render import console, tags_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from papersim.model import Alike, TagCount

__all__ = ["show_tags"]

_GAP = 2


def show_tags(tags: Sequence[TagCount], alike: Sequence[Alike]) -> None:
    """Print tags with their counts; below them the groups that look alike, if there are any."""
    out = console()
    if not tags:
        out.print("no paper has a tag yet", style="dim")
        out.print("to write one: papersim suggest-tags PAPER --apply --new TAG", style="dim")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("papers", justify="right")
    table.add_column("tag", overflow="fold")
    for tag in tags:
        table.add_row(str(tag.count), tags_text([tag.tag]))
    out.print(table)
    if alike:
        _show_alike(out, alike)


def _show_alike(out: Console, found: Sequence[Alike]) -> None:
    """Print groups of tags, each with its reason beside it where all fit so, else below it."""
    rows = [(_group(one), Text(printable(one.reason), "dim")) for one in found]
    wide = max(tags.cell_len for tags, _ in rows) + _GAP + max(why.cell_len for _, why in rows)
    out.print()
    out.print(Text("look alike", "bold").append(", the one to keep first", "dim"))
    if wide <= out.width:
        table = Table.grid(padding=(0, _GAP, 0, 0))
        for row in rows:
            table.add_row(*row)
        out.print(table)
    else:
        for tags, why in rows:
            out.print(tags)
            out.print(Padding(why, (0, 0, 0, 4)))
    out.print("to make one of them: papersim tags --rename OLD NEW", style="dim")


def _group(alike: Alike) -> Text:
    """Return a group of tags with commas between, since a tag may hold blanks."""
    others = [tag for tag in alike.tags if tag != alike.keep]
    return Text(", ").join(tags_text([tag]) for tag in (alike.keep, *others))
