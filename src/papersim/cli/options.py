"""The options that commands share, each described once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from papersim.cli.declare import argument, option

__all__ = [
    "All",
    "Apply",
    "AsUntagged",
    "By",
    "Diversity",
    "DryRun",
    "Explain",
    "Fix",
    "Full",
    "IgnoreTags",
    "In",
    "IndexDir",
    "Json",
    "K",
    "KTags",
    "LogLevel",
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
    "Watch",
]

_FILTERS = "Which papers may be hits"
_COMMON = "Where and how"

NotesDir = Annotated[
    Path | None,
    option(
        "--notes",
        metavar="DIR",
        text="The folder of notes. [default: notes]",
        panel=_COMMON,
    ),
]
IndexDir = Annotated[
    Path | None,
    option(
        "--index",
        metavar="DIR",
        text="The folder of the index. [default: index]",
        panel=_COMMON,
    ),
]
Model = Annotated[
    str | None,
    option(
        "--model",
        metavar="NAME",
        text="The model: bundled, or a sentence-transformers name or folder. [default: bundled]",
        panel=_COMMON,
    ),
]
Json = Annotated[bool, option("--json", text="Print JSON and nothing else.", panel=_COMMON)]
LogLevel = Annotated[
    str | None,
    option(
        "--log-level",
        metavar="LEVEL",
        text="What papersim.log in the index folder tells: debug, info, warning, error or off. "
        "[default: info]",
        panel=_COMMON,
    ),
]
Quiet = Annotated[bool, option("--quiet", "-q", text="No progress, no remarks.", panel=_COMMON)]

K = Annotated[int, option("-k", least=1, metavar="N", text="How many papers.")]
KTags = Annotated[int, option("-k", least=1, metavar="N", text="How many tags a paper.")]
By = Annotated[
    list[str] | None,
    option("--by", metavar="KIND", text="Compare by this kind of section alone; repeatable."),
]
Tag = Annotated[
    list[str] | None,
    option(
        "--tag",
        metavar="T",
        text="Only papers with this tag; repeatable.",
        panel=_FILTERS,
    ),
]
NotTag = Annotated[
    list[str] | None,
    option(
        "--not-tag",
        metavar="T",
        text="No papers with this tag; repeatable.",
        panel=_FILTERS,
    ),
]
Since = Annotated[
    str | None,
    option("--since", metavar="DATE", text="Dated then or later.", panel=_FILTERS),
]
Until = Annotated[
    str | None,
    option("--until", metavar="DATE", text="Dated then or earlier.", panel=_FILTERS),
]
In = Annotated[
    list[str] | None,
    option(
        "--in",
        metavar="GLOB",
        text="In notes whose path matches; repeatable.",
        panel=_FILTERS,
    ),
]
Diversity = Annotated[
    float,
    option("--diversity", least=0.0, most=1.0, metavar="0..1", text="Trade relevance for variety."),
]
IgnoreTags = Annotated[bool, option("--ignore-tags", text="Rank as if nobody had tagged anything.")]
Apply = Annotated[bool, option("--apply", text="Write the tags into the notes.")]
DryRun = Annotated[bool, option("--dry-run", text="Show the change as a diff, write nothing.")]
Rename = Annotated[
    tuple[str, str] | None,
    option(
        "--rename",
        metavar="OLD NEW",
        text="Rename a tag in all notes; tags nested under it keep the rest (OLD/x, NEW/x).",
    ),
]
Untagged = Annotated[
    bool,
    option("--untagged", text="Only papers that have no tags; without NOTE, of the whole vault."),
]
Reject = Annotated[
    list[str] | None,
    option("--reject", metavar="TAG", text="Never suggest TAG again for this paper; repeatable."),
]
New = Annotated[
    list[str] | None,
    option("--new", metavar="TAG", text="With --apply, write this tag as well; repeatable."),
]
Explain = Annotated[bool, option("--explain", text="Show which sections match, with a sentence.")]
All = Annotated[bool, option("--all", text="Answer for every paper in the vault.")]
Full = Annotated[
    bool, option("--full", text="Read every note again, whatever its size and time say.")
]
Fix = Annotated[bool, option("--fix", text="Mend what can be mended in the index.")]
Watch = Annotated[bool, option("--watch", text="Stay and follow changes; Ctrl-C stops.")]
MinConfidence = Annotated[
    float | None,
    option(
        "--min-confidence", least=0.0, most=1.0, metavar="0..1", text="Leave out what is less sure."
    ),
]
AsUntagged = Annotated[
    bool, option("--as-untagged", text="Suggest as if the papers had no tags yet.")
]
PaperName = Annotated[
    str | None,
    argument(
        metavar="PAPER",
        text="A title or its beginning, an id, an arXiv id, a note's path, or path#title.",
    ),
]
Text = Annotated[str, argument(metavar="TEXT", text="What to look for; - reads standard input.")]
NotesOrPapers = Annotated[
    list[str] | None,
    argument(
        metavar="NOTE…",
        text="Notes inside or outside the vault, - for standard input, or papers.",
    ),
]
