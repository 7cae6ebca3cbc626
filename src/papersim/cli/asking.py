"""Commands that ask: papers, similar, search."""

from __future__ import annotations

from typing import Any

from papersim.cli import options as o
from papersim.cli.root import (
    make_filters,
    make_kinds,
    needed,
    not_both,
    open_library,
    read_stdin,
)

__all__ = ["papers", "search", "similar"]


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
    log_level: o.LogLevel = None,
) -> None:
    """List the papers as they were understood.

    Example: papersim papers --in '2023*'
    """
    found = open_library(notes, index_dir, model, quiet, log_level).papers(
        make_filters(tag, not_tag, since, until, in_)
    )
    if json:
        from papersim.cli.values import papers_json, print_json

        print_json(papers_json(found))
    else:
        from papersim.cli.render import show_papers

        show_papers(found)


def similar(
    paper: o.PaperName = None,
    k: o.K = 10,
    by: o.By = None,
    tag: o.Tag = None,
    not_tag: o.NotTag = None,
    since: o.Since = None,
    until: o.Until = None,
    in_: o.In = None,
    diversity: o.Diversity = 0.0,
    ignore_tags: o.IgnoreTags = False,
    explain: o.Explain = False,
    every: o.All = False,
    notes: o.NotesDir = None,
    index_dir: o.IndexDir = None,
    model: o.Model = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    log_level: o.LogLevel = None,
) -> None:
    """Find the papers most like one, best first.

    Example: papersim similar "DreamFusion" --by method --not-tag Text23D
    """
    from papersim.rank.weights import DEFAULT_WEIGHTS

    not_both(every, paper, "PAPER")
    filters, kinds = make_filters(tag, not_tag, since, until, in_), make_kinds(by)
    library = open_library(notes, index_dir, model, quiet, log_level)
    weights = DEFAULT_WEIGHTS.without("tags") if ignore_tags else DEFAULT_WEIGHTS
    ask: dict[str, Any] = {
        "by": kinds,
        "filters": filters,
        "diversity": diversity,
        "weights": weights,
        "evidence": explain or json,
    }
    if every:
        answers = library.similar_all(k, **ask)
    else:
        found = library.find(needed(paper, "PAPER", 'papersim similar "a title"'))
        answers = iter([(found, library.similar(found, k, **ask))])
    for query, hits in answers:
        if json:
            from papersim.cli.values import print_json, similar_json

            print_json(similar_json(query, hits), line=every)
        else:
            from papersim.cli.render import show_hits

            show_hits(query.title, hits, explain=explain)


def search(
    text: o.Text,
    k: o.K = 10,
    by: o.By = None,
    tag: o.Tag = None,
    not_tag: o.NotTag = None,
    since: o.Since = None,
    until: o.Until = None,
    in_: o.In = None,
    diversity: o.Diversity = 0.0,
    ignore_tags: o.IgnoreTags = False,
    explain: o.Explain = False,
    notes: o.NotesDir = None,
    index_dir: o.IndexDir = None,
    model: o.Model = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    log_level: o.LogLevel = None,
) -> None:
    """Find the papers nearest to a text, in any language.

    Example: papersim search "how to keep identity in generated faces" -k 5
    """
    del ignore_tags  # a text has no tags to share
    filters, kinds = make_filters(tag, not_tag, since, until, in_), make_kinds(by)
    wanted = read_stdin() if text == "-" else text
    library = open_library(notes, index_dir, model, quiet, log_level)
    hits = library.search(
        wanted, k, by=kinds, filters=filters, diversity=diversity, evidence=explain or json
    )
    if json:
        from papersim.cli.values import print_json, search_json

        print_json(search_json(wanted, hits))
    else:
        from papersim.cli.render import show_hits

        show_hits(" ".join(wanted.split()), hits, explain=explain)
