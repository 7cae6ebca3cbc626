"""Answers for people: tables that fit the terminal, in colour only on one."""

from __future__ import annotations

import sys
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from papersim.cli.progress import without_controls

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from papersim.model import (
        Duplicate,
        Finding,
        Hit,
        LastRun,
        Paper,
        PaperDetail,
        PaperSection,
        Reason,
        Status,
        Suggestions,
    )

__all__ = [
    "console",
    "paper_titles",
    "show_duplicates",
    "show_findings",
    "show_guess",
    "show_hits",
    "show_papers",
    "show_status",
    "show_suggestions",
    "tags_text",
]

_PIPED_WIDTH = 80
_SOURCES = {
    "linear": "its words and topic",
    "neighbours": "papers like it",
    "words": "the tag's words",
    "name": "the tag's name",
    "together": "tags beside it",
    "dates": "papers noted then",
    "links": "linked papers",
    "habit": "a common tag",
    "named": "you named it",
}


def console() -> Console:
    """Return the console for stdout: as wide as the terminal, 80 columns when piped."""
    width = None if sys.stdout.isatty() else _PIPED_WIDTH
    return Console(width=width, highlight=False, soft_wrap=False)


def _text(text: str, style: str = "") -> Text:
    return Text(without_controls(text), style=style)


def _table(*, header: bool = True) -> Table:
    return Table(
        box=None,
        pad_edge=False,
        header_style="bold",
        show_edge=False,
        show_header=header,
        expand=True,
    )


def show_hits(title: str, hits: Sequence[Hit], *, explain: bool) -> None:
    """Print hits as a table; with ``explain`` each with its matching sections and a sentence."""
    out = console()
    out.print(_text(title, "bold"))
    if not hits:
        out.print("no paper fits", style="dim")
        return
    for group in [[hit] for hit in hits] if explain else [hits]:
        out.print(_hit_table(group, header=group[0].rank == 1))
        if explain:
            out.print(Padding(_why(group[0]), (0, 0, 0, 10)))


def _hit_table(hits: Sequence[Hit], *, header: bool) -> Table:
    table = _table(header=header)
    table.add_column("#", justify="right", no_wrap=True, min_width=2)
    table.add_column("score", no_wrap=True, min_width=5)
    table.add_column("title", ratio=1, overflow="fold")
    table.add_column("date", no_wrap=True, min_width=10)
    table.add_column("shared tags", max_width=20, min_width=11, overflow="fold")
    for hit in hits:
        table.add_row(
            str(hit.rank),
            f"{hit.score:.2f}",
            _text(hit.paper.title),
            _text(hit.paper.date or ""),
            tags_text(hit.shared_tags),
        )
    return table


def _why(hit: Hit) -> Table:
    """Return what each source gave, and the matching sections with a sentence of each side."""
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(style="dim", ratio=1, overflow="fold")
    gave = "  ".join(f"{name} {value:+.2f}" for name, value in hit.sources if value)
    table.add_row("score", _text(gave))
    for evidence in hit.evidence:
        names = [_label(evidence.query), _label(evidence.section)]
        pair = names[0] if names[0] == names[1] else " ~ ".join(filter(None, names))
        table.add_row(f"{evidence.score:.2f}", Text(pair, "cyan"))
        if evidence.query_quote:
            table.add_row("mine", _text(evidence.query_quote))
        table.add_row("theirs", _text(evidence.quote))
    return table


def _label(section: PaperSection | None) -> str:
    return without_controls(section.label or section.kinds[0]) if section else ""


def tags_text(tags: Iterable[str]) -> Text:
    """Return tags as they are written, with `#`."""
    return _text(" ".join(f"#{tag}" for tag in tags), "green")


def show_suggestions(found: Iterable[Suggestions], titles: dict[str, str]) -> None:
    """Print the tags suggested for each paper, with what speaks for them."""
    out = console()
    for suggestions in found:
        paper = suggestions.paper
        out.print(_text(paper.title, "bold"))
        if paper.tags:
            out.print(Text("has ", "dim").append_text(tags_text(paper.tags)))
        if not suggestions.suggestions:
            out.print("none", style="dim")
        table = _table()
        table.add_column("tag", no_wrap=True)
        table.add_column("confidence", no_wrap=True)
        table.add_column("because", ratio=1, overflow="fold")
        told: set[str] = set()
        for s in suggestions.suggestions:
            why = _because(s.reasons, titles, told)
            table.add_row(tags_text([s.tag]), f"{s.confidence:.2f}", why)
        if suggestions.suggestions:
            out.print(table)
        for new in suggestions.new_tags:
            line = Text("new? ", "dim").append_text(tags_text([new.tag]))
            quotes = (reason.quote for reason in new.reasons if reason.quote)
            out.print(line.append(f"  “{_short(without_controls(next(quotes, '')), 80)}”", "dim"))
        out.print()


def show_guess() -> None:
    """Print that there is too little to be sure by."""
    console().print(
        "fewer than 30 papers have tags: these are guesses, which more tags make surer",
        style="dim",
    )


def _because(reasons: Sequence[Reason], titles: dict[str, str], told: set[str]) -> Text:
    """Return the sources, the papers that the first of them goes by, and a sentence.

    A sentence that was ``told`` with another tag of the paper is not repeated.
    """
    parts = [_text(", ".join(_SOURCES.get(reason.source, reason.source) for reason in reasons))]
    if papers := next((reason.papers for reason in reasons if reason.papers), ()):
        first = _short(titles.get(papers[0], papers[0]))
        more = f" and {len(papers) - 1} more" if len(papers) > 1 else ""
        parts.append(_text(f"on “{first}”{more}", "dim"))
    quotes = (_short(reason.quote, 80) for reason in reasons if reason.quote)
    if quote := next((quote for quote in quotes if quote not in told), None):
        told.add(quote)
        parts.append(_text(f"“{quote}”", "dim"))
    return Text("\n").join(parts)


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def show_papers(details: Iterable[PaperDetail]) -> None:
    """Print papers with place, sections and tags."""
    out = console()
    table = _table()
    table.add_column("id", no_wrap=True)
    table.add_column("title", ratio=1, overflow="fold")
    table.add_column("place", max_width=24, overflow="fold")
    table.add_column("sections", max_width=20)
    for detail in details:
        paper = detail.paper
        body = _text(paper.title)
        if paper.tags:
            body.append("\n").append_text(tags_text(paper.tags))
        kinds = dict.fromkeys(k for s in detail.sections for k in s.kinds)
        place = _text(f"{paper.note}:{paper.line}")
        table.add_row(_text(paper.id), body, place, _text(", ".join(kinds) or "no text", "dim"))
    out.print(table)


def show_status(status: Status) -> None:
    """Print what is indexed."""
    table = Table(box=None, show_header=False, pad_edge=False)
    languages = ", ".join(f"{n} {code}" for code, n in status.languages.items())
    rows = {
        "papers": f"{status.papers} in {status.notes} notes",
        "sections": f"{status.sections}, as {status.passages} passages ({languages})",
        "embeddings": f"{status.embeddings} of {status.dimension} dimensions",
        "model": status.model,
        "index": f"{status.index_kind}, generation {status.generation}, {_size(status.bytes)}",
        "up to date": "yes" if status.up_to_date else "no; run: papersim index",
        "last run": _told(status.last_run) if status.last_run else "none known",
    }
    for name, value in rows.items():
        table.add_row(Text(name, "bold"), _text(value))
    console().print(table)


def _told(run: LastRun) -> str:
    """Return when a run was, in local time, what it was, and what became of it."""
    took = "" if run.seconds is None else f" in {run.seconds:.1f} s"
    detail = f": {run.detail}" if run.detail else ""
    return f"{_local(run.started)}, {run.command}, {run.result}{took}{detail}"


def _local(moment: str) -> str:
    """Return a moment of ISO 8601 in UTC in local time; what is none stays as it is."""
    try:
        utc = datetime.strptime(moment, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
        return utc.astimezone().strftime("%Y-%m-%d %H:%M")
    except (OverflowError, ValueError):
        return moment


def paper_titles(papers: Iterable[Paper]) -> dict[str, str]:
    """Return titles by paper id."""
    return {paper.id: paper.title for paper in papers}


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB"


def show_duplicates(found: Sequence[Duplicate]) -> None:
    """Print papers noted more than once with their places."""
    out = console()
    if not found:
        out.print("no paper is noted twice", style="dim")
    for duplicate in found:
        out.print(_text(f"{duplicate.score:.2f}  {duplicate.reason}", "cyan"))
        for paper in duplicate.papers:
            out.print(_text(f"  {paper.title}", "bold"))
            for place in paper.places:
                out.print(_text(f"    {place.note}:{place.line}", "dim"))


def show_findings(found: Sequence[Finding]) -> None:
    """Print what stands out, kind by kind."""
    out = console()
    if not found:
        out.print("nothing stands out", style="dim")
        return
    table = _table()
    table.add_column("what", no_wrap=True)
    table.add_column("where", ratio=1, overflow="fold")
    table.add_column("why and what to do", ratio=1, overflow="fold")
    for finding in found:
        why = f"{finding.detail}; {'mended' if finding.fixed else finding.advice}"
        table.add_row(*map(_text, (finding.kind, finding.subject, why)))
    out.print(table)
