"""Measure suggested tags on public vaults, each paper as if it had none: leave-one-out.

    python benchmarks/tags.py [FOLDER] [--cache DIR] [--only VAULT]

Vaults and cache are those of ``similar.py``. A paper's tags are learnt from all other papers,
what weighs the sources from nine tenths that it is not in, its threshold is the best of those
nine tenths, and the prior comes from other vaults. All tags of a paper count, also those that
no other paper has and that cannot be found. Prints Markdown tables and writes them to
``benchmarks/results/tags.md``, with two pictures in ``docs/pictures``.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from papersim.rank.metrics import best_f1, f1_at
from papersim.suggest.calibration import calibrated, unpredictable
from papersim.suggest.evidence import SIGNALS
from papersim.suggest.fit import LEAST_PAPERS, cross_fit, fit, folds
from papersim.suggest.quality import measures
from tag_pictures import draw_calibration, draw_learning
from tag_prior import TUNED_ON, drawn_of, parser_of, priors_without, seconds_of, taught_of
from tag_reference import baselines, gain_over, reference, seen_of
from vault_copies import RELATED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from papersim.suggest.additive import Additive
    from papersim.suggest.fit import CrossFitted
    from papersim.suggest.taught import Taught

    Matrix = NDArray[np.float32]

HERE = Path(__file__).resolve().parent
CHECKED_ON = ("comma-tags-en", "logseq-en-zh", "obsidian-nested-tags-en", "japanese-headings")
SIZES = (20, 50, 100, 200)
BIG = 2000, 300
# nDCG@5 / F1: the best of others, the reference as published, what is to be reached.
PUBLISHED = {
    RELATED: (".486 / .34", ".530 / .408", ".58 / .46"),
    "short-notes-ko": (".657 / .24", ".711 / .565", ".76 / .60"),
}
BESIDE = ("others, published", "reference, published", "to reach", "reference", "papersim", "gain")
_RANKED = ("papers", "tags", "P@1", "recall@5", "nDCG@5", "ceiling", "F1", "best F1 (hindsight)")
EACH = (*_RANKED, "calibration error", "tags left out", "with them: nDCG@5 / F1", "s to fit")
GUESSED = (f"{SIZES[0]} papers", "all papers", "all papers, fitted")
PLAIN = ("most used", "tag's words in the text", "e5 vote")
WITHOUT = {source: tuple(s for s in SIGNALS if s != source) for source in SIGNALS}
ALONE = {source: (source,) for source in SIGNALS}


@dataclass(frozen=True)
class Quality:
    """How good suggestions are; ``f1`` is at the default threshold, ``best_f1`` at the best."""

    p_at_1: float | None
    recall_at_5: float | None
    ndcg_at_5: float | None
    f1: float | None
    best_f1: float | None
    error: float | None


@dataclass(frozen=True)
class Measured:
    """What was found on a vault."""

    name: str
    taught: Taught
    crossed: CrossFitted
    ours: Quality
    all_tags: Quality
    others: Mapping[str, Quality]
    gain: tuple[float, float, float]
    sources: Mapping[tuple[str, ...], Quality]
    sizes: Mapping[int, Quality]
    guesses: tuple[Quality, Quality]
    seconds: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; return the exit status."""
    parser = parser_of(__doc__)
    parser.add_argument("--only", help="only this vault; nothing is written")
    options = parser.parse_args(arguments)
    there = [n for n in (*TUNED_ON, *CHECKED_ON) if (options.folder / n).is_dir()]
    names = [n for n in there if options.only in (None, n)]
    if not names:
        print(f"No vaults to measure in {options.folder}.")
        return 0
    needed = [n for n in there if n in names or n in TUNED_ON]
    vaults = {name: taught_of(name, options.folder, options.cache) for name in needed}
    starts, found = priors_without(vaults), []
    for name in names:
        kept = options.cache / name / "reference.npz"
        found.append(measure(name, vaults[name], starts[name], kept))
        print(f"{name}: {_both(found[-1].ours)}", flush=True)
    seconds = () if options.only else seconds_of(vaults.values(), *BIG)
    text = "\n\n".join(report(found, seconds)) + "\n"
    print(f"\n{text}", end="")
    if options.only is None:
        (HERE / "results" / "tags.md").write_text(text, "utf-8")
        _draw(found, HERE.parent / "docs" / "pictures")
    return 0


def _draw(found: Sequence[Measured], pictures: Path) -> None:
    pictures.mkdir(exist_ok=True)
    bins = {m.name: m.crossed.calibration.bins for m in found}
    curves = {m.name: [(s, q.ndcg_at_5, q.f1) for s, q in m.sizes.items()] for m in found}
    draw_calibration(bins, pictures / "tag-calibration.svg")
    draw_learning(curves, pictures / "tag-learning.svg")


# --- measuring ----------------------------------------------------------------------------------


def measure(name: str, taught: Taught, start: Additive, kept: Path) -> Measured:
    """Return how good tags are suggested on a vault, from a prior that has not seen it."""
    carries, least = taught.carries, start.threshold
    drawn = drawn_of(taught, SIZES[0])
    small = _mean(_quality(*_said(part, start, sys.maxsize), least) for part in drawn)
    guesses = small, _quality(*_said(taught, start, sys.maxsize), least)
    begun = time.perf_counter()
    fit(taught)
    seconds = time.perf_counter() - begun
    crossed = cross_fit(taught, start=start)
    # Alone, a source may tell papers apart by so little that no tag would be left.
    ways = (*WITHOUT.values(), *ALONE.values())
    sources = {way: _quality(cross_fit(taught, way, start).confidence, carries) for way in ways}
    sizes = {
        size: _mean(_quality(*_said(part, start)) for part in drawn_of(taught, size))
        for size in SIZES
        if size < len(carries)
    }
    confidence, seen = _predictable(crossed.confidence, carries), seen_of(taught, kept)
    ours, others = _quality(confidence, carries), {"reference": reference(seen), **baselines(seen)}
    return Measured(
        name,
        taught,
        crossed,
        ours,
        _quality(crossed.confidence, carries),
        {way: _quality(said, carries) for way, said in others.items()},
        gain_over(others["reference"], confidence, carries),
        sources,
        {**sizes, len(carries): ours},
        guesses,
        seconds,
    )


def _said(taught: Taught, start: Additive, least: int = LEAST_PAPERS) -> tuple[Matrix, Matrix]:
    """Return the confidence in each tag, as it is shown, and which are right."""
    confidence = cross_fit(taught, None, start, least).confidence
    return _predictable(confidence, taught.carries), taught.carries


def _predictable(confidence: Matrix, carries: Matrix) -> Matrix:
    """Return confidences without the tags that, on the other papers, are suggested by chance."""
    found = np.asarray(confidence.copy(), np.float32)
    for rows in folds(len(carries)):
        others = np.setdiff1d(np.arange(len(carries)), rows)
        chance = unpredictable(confidence[others], carries[others])
        found[np.ix_(rows, np.flatnonzero(chance))] = 0.0
    return found


def _quality(confidence: Matrix, carries: Matrix, threshold: float | None = None) -> Quality:
    """Return how good confidences are; None: the threshold is found, on other papers."""
    found = measures(confidence, carries)
    said, gold = confidence > 0, int(carries.sum())
    known = confidence[said], carries[said] > 0, gold
    return Quality(
        found.p_at_1,
        found.recall_at_5,
        found.ndcg_at_5,
        found.f1 if threshold is None else f1_at(threshold, *known),
        best_f1(*known)[1],
        calibrated(confidence, carries, None).error,
    )


def _mean(found: Iterable[Quality]) -> Quality:
    values = zip(*(vars(quality).values() for quality in found), strict=True)
    return Quality(*(float(np.mean([v for v in own if v is not None])) for own in values))


# --- reporting ----------------------------------------------------------------------------------


def report(found: Sequence[Measured], seconds: tuple[float, ...]) -> Iterator[str]:
    """Yield the parts of the report, as Markdown."""
    day = datetime.now(timezone.utc).date().isoformat()
    yield "# Suggested tags, measured"
    yield (
        f"`python benchmarks/tags.py`, {day}; {platform.machine()}, {os.cpu_count()} cores, "
        f"{platform.system()}, Python {platform.python_version()}, the bundled model. Constants "
        f"and the prior that ships come from {', '.join(f'`{n}`' for n in TUNED_ON)}; here each "
        "vault starts from a prior made without it. Leave-one-out, all gold tags counted; F1 is "
        "micro-averaged at the threshold that is best for other papers."
    )
    yield "## Beside others: nDCG@5 / F1"
    yield _table(BESIDE, found, _beside)
    yield (
        "The reference is run again on these very papers; gain is how much nDCG@5 lies above it, "
        "with a 95% interval. The published Korean figures are on all years, 1,512 papers."
    )
    yield "## Each vault"
    yield _table(EACH, found, _row)
    yield "## Plain rankings, nDCG@5 / F1"
    yield _table(PLAIN, found, lambda m: [_both(m.others[way]) for way in PLAIN])
    for title, ways in (("Each source left out", WITHOUT), ("Each source alone", ALONE)):
        yield f"## {title}, no tag left out, nDCG@5 / F1"
        yield _table(("all", *ways), found, partial(_sources, ways))
    yield "## By number of tagged papers, nDCG@5 / F1 / calibration error"
    yield _table((*map(str, SIZES), "all"), found, _sizes)
    yield (
        f"Means of five draws. Below {LEAST_PAPERS} papers nothing is fitted, and the prior's "
        "threshold holds."
    )
    yield "## With no fitting, a prior made without the vault, nDCG@5 / F1"
    yield _table(GUESSED, found, lambda m: list(map(_both, (*m.guesses, m.ours))))
    if seconds:
        yield (
            f"## Time\n\n{BIG[0]:,} papers with {BIG[1]} tags, each mixed from two real papers of "
            f"a vault, are fitted in {seconds[0]:.1f} s; NumPy inverts a matrix of {sum(BIG):,} "
            f"rows in {seconds[1]:.1f} s."
        )


def _beside(measured: Measured) -> list[str]:
    gain, low, high = measured.gain
    run = _both(measured.others["reference"]), _both(measured.ours)
    published = PUBLISHED.get(measured.name, ("", "", ""))
    return [*published, *run, f"{gain:+.3f} ({low:+.3f} to {high:+.3f})"]


def _row(measured: Measured) -> list[str]:
    carries, ours = measured.taught.carries, measured.ours
    findable = np.where(carries.sum(axis=0) > 1, carries, 0).astype(np.float32)
    ceiling = measures(findable, carries).ndcg_at_5
    figures = ours.p_at_1, ours.recall_at_5, ours.ndcg_at_5, ceiling
    return [
        *map(str, carries.shape),
        *map(_figure, (*figures, ours.f1, ours.best_f1, ours.error)),
        str(int(measured.crossed.unpredictable.sum())),
        _both(measured.all_tags),
        f"{measured.seconds:.1f}",
    ]


def _sources(ways: Mapping[str, tuple[str, ...]], measured: Measured) -> list[str]:
    return [_both(measured.all_tags), *(_both(measured.sources[way]) for way in ways.values())]


def _sizes(measured: Measured) -> list[str]:
    found = (*map(measured.sizes.get, SIZES), measured.ours)
    return ["" if q is None else f"{_both(q)} / {_figure(q.error)}" for q in found]


def _both(quality: Quality) -> str:
    return f"{_figure(quality.ndcg_at_5)} / {_figure(quality.f1)}"


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}".removeprefix("0")


def _table(
    columns: Sequence[str], found: Sequence[Measured], cells: Callable[[Measured], list[str]]
) -> str:
    rows = [[measured.name, *cells(measured)] for measured in found]
    lines = [("vault", *columns), ["---"] * (1 + len(columns)), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    raise SystemExit(main())
