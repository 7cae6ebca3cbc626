"""The options that commands share, each described once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

__all__ = [
    "All",
    "Apply",
    "AsUntagged",
    "By",
    "Diversity",
    "DryRun",
    "Explain",
    "Full",
    "IgnoreTags",
    "In",
    "IndexDir",
    "Json",
    "K",
    "KTags",
    "MinConfidence",
    "Model",
    "New",
    "NotTag",
    "NotesDir",
    "NotesOrPapers",
    "PaperName",
    "Quiet",
    "Reject",
    "Rename",
    "Since",
    "Tag",
    "Text",
    "Untagged",
    "Until",
]

_FILTERS = "Which papers may be hits"
_COMMON = "Where and how"

# Typer reads these at run time, and Optional is what it understands on every Python we support.
NotesDir = Annotated[
    Path | None,
    Option(
        "--notes",
        metavar="DIR",
        help="The folder of notes. [default: notes]",
        readable=False,  # the library says more than typer would
        rich_help_panel=_COMMON,
    ),
]
IndexDir = Annotated[
    Path | None,
    Option(
        "--index",
        metavar="DIR",
        help="The folder of the index. [default: index]",
        readable=False,
        rich_help_panel=_COMMON,
    ),
]
Model = Annotated[
    str | None,
    Option(
        "--model",
        metavar="NAME",
        help="The model: bundled, or a sentence-transformers name or folder. [default: bundled]",
        rich_help_panel=_COMMON,
    ),
]
Json = Annotated[
    bool, Option("--json", help="Print JSON and nothing else.", rich_help_panel=_COMMON)
]
Quiet = Annotated[
    bool, Option("--quiet", "-q", help="No progress, no remarks.", rich_help_panel=_COMMON)
]

K = Annotated[int, Option("-k", min=1, metavar="N", help="How many papers.")]
KTags = Annotated[int, Option("-k", min=1, metavar="N", help="How many tags a paper.")]
By = Annotated[
    list[str] | None,
    Option("--by", metavar="KIND", help="Compare by this kind of section alone; repeatable."),
]
Tag = Annotated[
    list[str] | None,
    Option(
        "--tag",
        metavar="T",
        help="Only papers with this tag; repeatable.",
        rich_help_panel=_FILTERS,
    ),
]
NotTag = Annotated[
    list[str] | None,
    Option(
        "--not-tag",
        metavar="T",
        help="No papers with this tag; repeatable.",
        rich_help_panel=_FILTERS,
    ),
]
Since = Annotated[
    str | None,
    Option("--since", metavar="DATE", help="Dated then or later.", rich_help_panel=_FILTERS),
]
Until = Annotated[
    str | None,
    Option("--until", metavar="DATE", help="Dated then or earlier.", rich_help_panel=_FILTERS),
]
In = Annotated[
    list[str] | None,
    Option(
        "--in",
        metavar="GLOB",
        help="In notes whose path matches; repeatable.",
        rich_help_panel=_FILTERS,
    ),
]
Diversity = Annotated[
    float,
    Option("--diversity", min=0.0, max=1.0, metavar="0..1", help="Trade relevance for variety."),
]
IgnoreTags = Annotated[bool, Option("--ignore-tags", help="Rank as if nobody had tagged anything.")]
Apply = Annotated[bool, Option("--apply", help="Write the tags into the notes.")]
DryRun = Annotated[bool, Option("--dry-run", help="Show the change as a diff, write nothing.")]
Rename = Annotated[
    tuple[str, str] | None,
    Option(
        "--rename",
        metavar="OLD NEW",
        help="Rename a tag in all notes; tags nested under it keep the rest (OLD/x, NEW/x).",
    ),
]
Untagged = Annotated[
    bool,
    Option("--untagged", help="Only papers that have no tags; without NOTE, of the whole vault."),
]
Reject = Annotated[
    list[str] | None,
    Option("--reject", metavar="TAG", help="Never suggest TAG again for this paper; repeatable."),
]
New = Annotated[
    list[str] | None,
    Option("--new", metavar="TAG", help="With --apply, write this tag as well; repeatable."),
]
Explain = Annotated[bool, Option("--explain", help="Show which sections match, with a sentence.")]
All = Annotated[bool, Option("--all", help="Answer for every paper in the vault.")]
Full = Annotated[
    bool, Option("--full", help="Read every note again, whatever its size and time say.")
]
MinConfidence = Annotated[
    float | None,
    Option(
        "--min-confidence", min=0.0, max=1.0, metavar="0..1", help="Leave out what is less sure."
    ),
]
AsUntagged = Annotated[
    bool, Option("--as-untagged", help="Suggest as if the papers had no tags yet.")
]
PaperName = Annotated[
    str | None,
    Argument(
        metavar="PAPER",
        help="A title or its beginning, an id, an arXiv id, a note's path, or path#title.",
        show_default=False,
    ),
]
Text = Annotated[str, Argument(metavar="TEXT", help="What to look for; - reads standard input.")]
NotesOrPapers = Annotated[
    list[str] | None,
    Argument(
        metavar="NOTE…",
        help="Notes inside or outside the vault, - for standard input, or papers.",
        show_default=False,
    ),
]
