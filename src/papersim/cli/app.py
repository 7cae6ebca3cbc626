"""The commands. Each parses its options, asks the library and renders the answer."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from papersim import __version__
from papersim.cli import options as o

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from papersim.filters import Filters
    from papersim.library import Library, TagOptions
    from papersim.model import Suggestions

__all__ = ["app"]

app = typer.Typer(
    name="papersim",
    help="Similar papers and fitting tags for a folder of Markdown paper notes.",
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"papersim {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    del version
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command(epilog="Example: papersim index --notes ~/vault --index ~/.cache/papersim")
def index(
    full: o.Full = False,
    notes: o.NotesDir = None,
    index_dir: o.IndexDir = None,
    model: o.Model = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Bring the index up to date with the notes."""
    from papersim.cli.progress import progress_bar

    library = _library(notes, index_dir, model, quiet)
    with progress_bar(quiet=quiet) as progress:
        report = library.index(full=full, progress=progress)
    if json:
        from papersim.cli.values import index_json, print_json

        print_json(index_json(report))
    else:
        from papersim.cli.render import show_index

        show_index(report, quiet=quiet)


@app.command(epilog="Example: papersim papers --in '2023*'")
def papers(
    tag: o.Tag = None,
    not_tag: o.NotTag = None,
    since: o.Since = None,
    until: o.Until = None,
    in_: o.In = None,
    notes: o.NotesDir = None,
    index_dir: o.IndexDir = None,
    model: o.Model = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """List the papers as they were understood."""
    found = _library(notes, index_dir, model, quiet).papers(
        _filters(tag, not_tag, since, until, in_)
    )
    if json:
        from papersim.cli.values import papers_json, print_json

        print_json(papers_json(found))
    else:
        from papersim.cli.render import show_papers

        show_papers(found)


@app.command(epilog='Example: papersim similar "DreamFusion" --by method --not-tag Text23D')
def similar(
    paper: o.PaperName = None,
    k: o.K = 10,
    by: o.By = None,
    tag: o.Tag = None,
    not_tag: o.NotTag = None,
    since: o.Since = None,
    until: o.Until = None,
    in_: o.In = None,
    explain: o.Explain = False,
    every: o.All = False,
    notes: o.NotesDir = None,
    index_dir: o.IndexDir = None,
    model: o.Model = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Find the papers most like one, best first."""
    from papersim.filters import parse_kinds

    library = _library(notes, index_dir, model, quiet)
    filters, kinds = _filters(tag, not_tag, since, until, in_), parse_kinds(by or ())
    if every:
        answers = library.similar_all(k, by=kinds, filters=filters)
    else:
        found = library.find(_given(paper, "PAPER", 'papersim similar "a title"'))
        answers = iter([(found, library.similar(found, k, by=kinds, filters=filters))])
    for query, hits in answers:
        if json:
            from papersim.cli.values import print_json, similar_json

            print_json(similar_json(query, hits), line=every)
        else:
            from papersim.cli.render import show_hits

            show_hits(query.title, hits, explain=explain)


@app.command(epilog='Example: papersim search "how to keep identity in generated faces" -k 5')
def search(
    text: o.Text,
    k: o.K = 10,
    by: o.By = None,
    tag: o.Tag = None,
    not_tag: o.NotTag = None,
    since: o.Since = None,
    until: o.Until = None,
    in_: o.In = None,
    explain: o.Explain = False,
    notes: o.NotesDir = None,
    index_dir: o.IndexDir = None,
    model: o.Model = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Find the papers nearest to a text, in any language."""
    from papersim.filters import parse_kinds

    wanted = _stdin() if text == "-" else text
    filters = _filters(tag, not_tag, since, until, in_)
    library = _library(notes, index_dir, model, quiet)
    hits = library.search(wanted, k, by=parse_kinds(by or ()), filters=filters)
    if json:
        from papersim.cli.values import print_json, search_json

        print_json(search_json(wanted, hits))
    else:
        from papersim.cli.render import show_hits

        show_hits(" ".join(wanted.split()), hits, explain=explain)


@app.command("suggest-tags", epilog="Example: papersim suggest-tags notes/20231204.md")
def suggest_tags(
    note: o.NotesOrPapers = None,
    k: o.KTags = 5,
    min_confidence: o.MinConfidence = None,
    as_untagged: o.AsUntagged = False,
    every: o.All = False,
    notes: o.NotesDir = None,
    index_dir: o.IndexDir = None,
    model: o.Model = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Propose tags for the papers of a note."""
    from papersim.library import TagOptions

    library = _library(notes, index_dir, model, quiet)
    ask = TagOptions(k, min_confidence, as_untagged)
    if every:
        found = list(library.suggest_tags_all(ask))
    else:
        names = note or [_given(None, "NOTE", "papersim suggest-tags notes/20231204.md")]
        found = [s for name in names for s in _suggest_one(library, name, ask)]
    if json:
        from papersim.cli.values import print_json, suggestions_json

        for answer in [[one] for one in found] if every else [found]:
            print_json(suggestions_json(answer), line=every)
    else:
        from papersim.cli.render import paper_titles, show_suggestions

        show_suggestions(found, paper_titles(d.paper for d in library.papers()))


def _suggest_one(library: Library, name: str, ask: TagOptions) -> Sequence[Suggestions]:
    if name == "-":
        return library.suggest_tags_for_text(_stdin(), "-", ask)
    return library.suggest_tags(name, ask)


@app.command(epilog="Example: papersim tags --json")
def tags(
    notes: o.NotesDir = None,
    index_dir: o.IndexDir = None,
    model: o.Model = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """List every tag with its count."""
    found = _library(notes, index_dir, model, quiet).tags()
    if json:
        from papersim.cli.values import print_json, tags_json

        print_json(tags_json(found))
    else:
        from papersim.cli.render import show_tags

        show_tags(found)


@app.command(epilog="Example: papersim status")
def status(
    notes: o.NotesDir = None,
    index_dir: o.IndexDir = None,
    model: o.Model = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Show what is indexed, with what, and whether the notes have changed since."""
    found = _library(notes, index_dir, model, quiet).status()
    if json:
        from papersim.cli.values import print_json, status_json

        print_json(status_json(found))
    else:
        from papersim.cli.render import show_status

        show_status(found)


def _library(notes: Path | None, index_dir: Path | None, model: str | None, quiet: bool) -> Library:
    from papersim.cli.progress import remark
    from papersim.library import Library

    return Library.open(notes, index_dir, model, on_message=None if quiet else remark)


def _filters(
    tag: list[str] | None,
    not_tag: list[str] | None,
    since: str | None,
    until: str | None,
    in_: list[str] | None,
) -> Filters:
    from papersim.filters import Filters, parse_date

    return Filters(
        tuple(t.lstrip("#") for t in tag or ()),
        tuple(t.lstrip("#") for t in not_tag or ()),
        parse_date(since) if since else None,
        parse_date(until, end=True) if until else None,
        tuple(in_ or ()),
    )


def _given(value: str | None, name: str, example: str) -> str:
    if not value:
        raise typer.BadParameter(f"name a {name}, or ask for --all. Example: {example}.")
    return value


def _stdin() -> str:
    return sys.stdin.buffer.read().decode("utf-8", "replace")
