"""Measure similar papers on public vaults: by shared tags, by links, across languages.

The vaults are folders of Markdown notes under one folder (default ``../shared/corpora`` beside
the repository). The first run embeds them, which takes a while; their indexes are kept in a
cache folder, and later runs embed nothing.

    python benchmarks/similar.py [FOLDER] [--cache DIR] [--only VAULT]

nDCG@10 by shared tags is ranked without the tag source, its gains are the idf-weighted Jaccard
overlap of tags; papers without text are compared by their bare titles. ``obsidian-zotero-en`` is
read without the links in its texts and without its ``related:`` keys, and measured by these keys;
the topics in its headers stay. Prints Markdown tables and writes them to
``benchmarks/results/similar.md``.
"""

from __future__ import annotations

import argparse
import os
import platform
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from papersim.evaluation import raw_means, scores_without
from papersim.query import of_indexed
from papersim.rank.center import normalised
from papersim.rank.evaluation import SimilarTally, best_rows
from papersim.ranker import Ask, Ranker
from vault_copies import RELATED, TRANSLATED, Indexed, index_of, related_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from papersim.model import SimilarQuality

    Scores = NDArray[np.float64]
    Tallies = dict[str, SimilarTally]

HERE = Path(__file__).resolve().parent
TUNED_ON = (RELATED, "short-notes-ko", TRANSLATED)
CHECKED_ON = (
    "yaml-list-tags-en",
    "comma-tags-en",
    "logseq-en-zh",
    "obsidian-nested-tags-en",
    "japanese-headings",
)
BASELINES = ("raw cosine", "centred cosine", "tf-idf")
SOURCES = ("dense", "lexical", "title", "tags", "links")
# Ours as it is, and with sources left out.
OURS: dict[str, tuple[str, ...]] = {
    "papersim": (),
    **{f"without {source}": (source,) for source in SOURCES},
    "without tags and links": ("tags", "links"),
    "dense alone": ("lexical", "title", "tags", "links"),
}
WITH_TEXT = "papers with text only"


@dataclass(frozen=True)
class Measured:
    """What was found on a vault: the quality of each way of ranking it, and its size."""

    vault: Indexed
    quality: Mapping[str, SimilarQuality]
    asked: int
    across: Mapping[str, tuple[float, float, float]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    corpora = HERE.parents[1] / "shared" / "corpora"
    parser.add_argument("folder", nargs="?", type=Path, default=corpora)
    parser.add_argument("--cache", type=Path, default=_cache(), help="where indexes are kept")
    parser.add_argument("--only", help="only this vault; nothing is written")
    options = parser.parse_args(arguments)
    if not options.folder.is_dir():
        print(f"No vaults to measure: {options.folder} is not a folder.")
        return 0
    names = [n for n in (*TUNED_ON, *CHECKED_ON) if options.only in (None, n)]
    found = {}
    for name in names:
        if (options.folder / name).is_dir():
            vault = index_of(name, options.folder, options.cache)
            found[name] = measure(vault, options.folder)
            print(f"{name}: {len(vault.papers)} papers, {vault.embedded} texts embedded anew")
    text = "\n\n".join(report(found)) + "\n"
    print(f"\n{text}", end="")
    if options.only is None:
        (HERE / "results").mkdir(exist_ok=True)
        (HERE / "results" / "similar.md").write_text(text, "utf-8")
    return 0


def _cache() -> Path:
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root) if root else Path.home() / ".cache") / "papersim-benchmarks"


# --- measuring ----------------------------------------------------------------------------------


def measure(vault: Indexed, corpora: Path) -> Measured:
    """Return how good each way of ranking is on a vault."""
    count = len(vault.papers)
    related = related_of(vault, corpora) if vault.name == RELATED else {}
    pairs = _pairs(vault) if vault.name == TRANSLATED else {}
    tallies: Tallies = {n: SimilarTally(count) for n in (*BASELINES, *OURS, WITH_TEXT)}
    tops: dict[str, list[tuple[float, float, float]]] = {n: [] for n in (*BASELINES, *OURS)}
    with_text = vault.with_text
    for row, by_name in _scores(vault):
        others = np.arange(count) != row
        gains = vault.derived.corpus.tags.scores(row)
        gains[row] = 0.0
        for name, (scores, untagged) in by_name.items():
            tallies[name].add_list(best_rows(scores, others))
            tallies[name].add_tags(best_rows(untagged, others), gains)
            if row in related:
                tallies[name].add_links(best_rows(scores, others), related[row])
            if row in pairs:
                tops[name].append(_across(row, scores, others, pairs))
        if with_text[row]:
            ranking = best_rows(by_name["papersim"][1], others & with_text)
            tallies[WITH_TEXT].add_tags(ranking, np.where(with_text, gains, 0.0))
    asked = len(tallies["papersim"].by_tags)
    across = {name: _means(values) for name, values in tops.items() if values}
    return Measured(vault, {n: t.quality() for n, t in tallies.items()}, asked, across)


def _scores(vault: Indexed) -> Iterator[tuple[int, dict[str, tuple[Scores, Scores]]]]:
    """Yield each row with every way's scores of all papers, as they are and without tags."""
    corpus, vectors = vault.derived.corpus, vault.derived.vectors
    ranker = Ranker(vault.store, vault.derived)
    raw = raw_means(vault.store, vault.derived)
    centred = normalised(np.add.reduceat(vectors.matrix(), vectors.starts[:-1], axis=0))
    for row, paper in enumerate(vault.papers):
        plain = (
            raw @ raw[row],
            (centred @ centred[row]).astype(np.float64),
            corpus.lexical.scores_of_row(row).astype(np.float64),
        )
        found = {name: (s, s) for name, s in zip(BASELINES, plain, strict=True)}
        sources = ranker.rank(of_indexed(paper, vault.store, vectors), Ask()).sources
        for name, left_out in OURS.items():
            untagged = scores_without(sources, "tags", *left_out)
            found[name] = scores_without(sources, *left_out), untagged
        yield row, found


def _pairs(vault: Indexed) -> dict[int, tuple[str, int]]:
    """Return the language of each row and the row of its translation."""
    rows = vault.row_of_note()
    found = {}
    for name, row in rows.items():
        number, language = name.rsplit("-", 1)
        other = rows[f"{number}-{'en' if language == 'zh' else 'zh'}"]
        if other != row:
            found[row] = (language, other)
    return found


def _across(
    row: int, scores: Scores, others: NDArray[np.bool_], pairs: Mapping[int, tuple[str, int]]
) -> tuple[float, float, float]:
    """Return whether the translation comes first, the share of its own language, zh→en recall.

    The recall is that of the translation among English papers alone; NaN for English queries.
    """
    language, translation = pairs[row]
    top = best_rows(scores, others)
    same = np.mean([pairs[int(r)][0] == language for r in top if int(r) in pairs])
    recall = np.nan
    if language == "zh":
        english = np.asarray([pairs.get(r, ("", 0))[0] == "en" for r in range(len(scores))])
        recall = float(best_rows(scores, others & english, 1)[0] == translation)
    return float(top[0] == translation), float(same), recall


def _means(values: Sequence[tuple[float, float, float]]) -> tuple[float, float, float]:
    first, same, recall = np.nanmean(np.asarray(values), axis=0).tolist()
    return first, same, recall


# --- reporting ----------------------------------------------------------------------------------


def report(found: Mapping[str, Measured]) -> Iterator[str]:
    """Yield the parts of the report, as Markdown."""
    day = datetime.now(timezone.utc).date().isoformat()
    yield "# Similar papers, measured"
    yield (
        f"`python benchmarks/similar.py`, {day}; {platform.machine()}, {os.cpu_count()} cores, "
        f"{platform.system()}, Python {platform.python_version()}, the bundled model. Weights and "
        f"constants were chosen on {_names(TUNED_ON)}; the other vaults only check them."
    )
    yield "## What was to be reached"
    yield _table(("on", "raw e5", "reference fusion", "to reach", "papersim"), _targets(found))
    yield "## By shared tags, nDCG@10, ranked without tags"
    yield _table(
        ("vault", "papers", *BASELINES, "papersim", WITH_TEXT),
        (_tag_row(name, m) for name, m in found.items() if m.asked),
    )
    if RELATED in found:
        yield f"## `{RELATED}` by related papers, recall@10 / nDCG@10"
        quality = found[RELATED].quality
        rows = [[n, _links(quality[n])] for n in (*BASELINES, *OURS)]
        yield _table(("ranking", "related"), rows)
    if TRANSLATED in found:
        yield f"## `{TRANSLATED}`"
        across = found[TRANSLATED].across
        columns = ("ranking", "translation first", "own language in the top 10", "zh→en recall@1")
        yield _table(columns, ([n, *map(_figure, values)] for n, values in across.items()))
    yield "## Each source left out, nDCG@10 by shared tags (ranked without tags)"
    left_out = [n for n in OURS if n not in {"without tags", "without tags and links"}]
    yield _table(
        ("vault", *left_out),
        (
            [name, *(_figure(m.quality[n].ndcg_at_10) for n in left_out)]
            for name, m in found.items()
            if m.asked
        ),
    )
    yield "## Skewness of how often a paper stands in others' top 10"
    ways = (*BASELINES, "papersim")
    yield _table(
        ("vault", *ways),
        ([name, *(_figure(m.quality[n].skewness) for n in ways)] for name, m in found.items()),
    )


def _targets(found: Mapping[str, Measured]) -> Iterator[list[str]]:
    if oz := found.get(RELATED):
        links, tags = _links(oz.quality["papersim"]), oz.quality["papersim"].ndcg_at_10
        name = f"`{RELATED}`: related recall@10 / nDCG@10"
        yield [name, ".405 / .345", ".556 / .458", ".61 / .51", links]
        yield ["the same, nDCG@10 by shared tags", ".518", ".613", ".67", _figure(tags)]
    if pairs := found.get(TRANSLATED):
        first, same, _ = pairs.across["papersim"]
        name = f"`{TRANSLATED}`: translation first"
        yield [name, "about .03", ".94", ".97", _figure(first)]
        name = "the same: share of the query's language in the top 10"
        yield [name, ".99", ".67", ".60 or less", _figure(same)]
    if korean := found.get("short-notes-ko"):
        value = _figure(korean.quality["papersim"].ndcg_at_10)
        name = "`short-notes-ko`, nDCG@10 by shared tags (reference: all years)"
        yield [name, ".300", ".385", ".46", value]


def _tag_row(name: str, measured: Measured) -> list[str]:
    quality = measured.quality
    ways = (*BASELINES, "papersim", WITH_TEXT)
    return [name, str(measured.asked), *(_figure(quality[n].ndcg_at_10) for n in ways)]


def _links(quality: SimilarQuality) -> str:
    return f"{_figure(quality.link_recall_at_10)} / {_figure(quality.link_ndcg_at_10)}"


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}".removeprefix("0")


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    raise SystemExit(main())
