"""Learn the tag model's prior from public vaults: what a vault goes by before it has papers.

    python benchmarks/tag_prior.py [FOLDER] [--cache DIR] [--write]

Prints it as JSON; with ``--write`` it becomes ``src/papersim/suggest/prior.json``. Each vault
counts alike, however many papers it has, half as it is and half as parts of 3 to 100 papers, so
that the prior knows how little a small vault tells. Vaults and cache are those of ``similar.py``.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from papersim.encode import load_encoder
from papersim.index.bare import bare_probes
from papersim.index.probes import embed_probes
from papersim.index.tag_names import name_probes
from papersim.index.taught import taught_by
from papersim.rank.metrics import best_f1
from papersim.suggest.additive import Additive, prior
from papersim.suggest.evidence import SIGNALS
from papersim.suggest.fit import fit, pairs_looked_at
from papersim.suggest.taught import Asked, Taught
from vault_copies import RELATED, index_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.floating]

__all__ = [
    "TUNED_ON",
    "drawn_of",
    "parser_of",
    "priors_without",
    "seconds_of",
    "taught_of",
]

HERE = Path(__file__).resolve().parent
FILE = HERE.parent / "src" / "papersim" / "suggest" / "prior.json"
TUNED_ON = (RELATED, "short-notes-ko", "yaml-list-tags-en")
# Each of its notes has this tag; the figures published for this vault leave it out.
_LEFT_OUT = {RELATED: ("literature",)}
_PAIRS_EACH = 12_000
_SIZES = 3, 6, 12, 25, 50, 100
_VARIANCE = 3.0
_LEAST_STEP = 0.04

Pairs = tuple[dict[str, "Floats"], "NDArray[np.bool_]"]
"""The signals of pairs of papers and tags, and whether the paper carries the tag."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the prior; return the exit status."""
    parser = parser_of(__doc__)
    parser.add_argument("--write", action="store_true", help=f"write {FILE.name}")
    options = parser.parse_args(arguments)
    if missing := [name for name in TUNED_ON if not (options.folder / name).is_dir()]:
        print(f"Nothing to learn from: {options.folder} lacks {', '.join(missing)}.")
        return 0
    vaults = (taught_of(name, options.folder, options.cache) for name in TUNED_ON)
    text = json.dumps(learnt([pairs_of(taught) for taught in vaults]).to_json(), indent=1) + "\n"
    print(text, end="")
    if options.write:
        FILE.write_text(text, "utf-8")
    return 0


def parser_of(doc: str | None) -> argparse.ArgumentParser:
    """Return a parser of the vaults' folder and the cache folder, described by a docstring."""
    parser = argparse.ArgumentParser(description=(doc or "").split("\n", 1)[0])
    corpora = HERE.parents[1] / "shared" / "corpora"
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    parser.add_argument("folder", nargs="?", type=Path, default=corpora)
    cache = root / "papersim-benchmarks"
    parser.add_argument("--cache", type=Path, default=cache, help="where indexes are kept")
    return parser


# --- vaults -------------------------------------------------------------------------------------


def taught_of(name: str, corpora: Path, cache: Path) -> Taught:
    """Return what a vault teaches, its index brought up to date."""
    vault = index_of(name, corpora, cache)
    store = vault.store
    embed_probes(store, load_encoder(), (*name_probes(store), *bare_probes(store)))
    taught = taught_by(store, vault.derived.vectors)
    assert taught is not None, f"{name} has no tags"
    return _without(taught, _LEFT_OUT.get(name, ()))


def _of_rows(taught: Taught, rows: Sequence[int]) -> Taught:
    """Return what some papers would teach if they were the whole vault."""
    return _part(taught, rows, np.flatnonzero(taught.carries[rows].any(axis=0)).tolist())


def drawn_of(taught: Taught, size: int, draws: int = 5) -> Iterator[Taught]:
    """Yield parts of a vault, drawn by chance, the same ones each time."""
    for draw in range(draws):
        rows = np.random.default_rng(draw).permutation(len(taught.papers))[:size]
        yield _of_rows(taught, sorted(rows.tolist()))


def _mixed_of(vaults: Iterable[Taught], papers: int, tags: int) -> Taught:
    """Return a vault of any size: each paper is two halves of papers of one real vault.

    It has the first half of the passages and of the text of the one, the second of the other,
    and the tags of both, of which the most used stay.
    """
    every = list(vaults)
    known = [(number, row) for number, own in enumerate(every) for row in range(len(own.papers))]
    offsets = np.cumsum([0, *(len(own.tags) for own in every)])
    carries = np.zeros((papers, offsets[-1]), np.float32)
    random, made = np.random.default_rng(0), []
    for new in range(papers):
        number, row = known[new % len(known)]
        own = every[number]
        other = int(random.integers(len(own.papers)))
        made.append(_halves(own.papers[row], own.papers[other], f"{new:06d}"))
        both = np.maximum(own.carries[row], own.carries[other])
        carries[new, offsets[number] : offsets[number + 1]] = both
    whole = Taught(
        made,
        [f"{number}/{tag}" for number, own in enumerate(every) for tag in own.tags],
        carries,
        np.concatenate([own.names for own in every]),
    )
    kept = np.sort(np.argsort(-carries.sum(axis=0), kind="stable")[:tags]).tolist()
    return _part(whole, range(papers), kept)


def seconds_of(vaults: Iterable[Taught], papers: int, tags: int) -> tuple[float, float]:
    """Return how long a mixed vault is fitted, and a matrix of its size inverted."""
    taught = _mixed_of(vaults, papers, tags)
    begun = time.perf_counter()
    fit(taught)
    fitted = time.perf_counter()
    np.linalg.inv(np.random.default_rng(0).normal(size=(papers + tags,) * 2))
    return fitted - begun, time.perf_counter() - fitted


def _halves(first: Asked, second: Asked, paper: str) -> Asked:
    vectors = (
        first.vectors[: (len(first.vectors) + 1) // 2],
        second.vectors[len(second.vectors) // 2 :],
    )
    text = first.text[: len(first.text) // 2] + "\n" + second.text[len(second.text) // 2 :]
    return Asked(np.concatenate(vectors), first.title, text, paper, first.day)


def _without(taught: Taught, tags: Collection[str]) -> Taught:
    """Return the same without some tags, and without papers that carry no others."""
    kept = [number for number, tag in enumerate(taught.tags) if tag not in tags]
    rows = np.flatnonzero(taught.carries[:, kept].any(axis=1)).tolist()
    return _part(taught, rows, kept)


def _part(taught: Taught, rows: Sequence[int], tags: Sequence[int]) -> Taught:
    return Taught(
        [taught.papers[row] for row in rows],
        [taught.tags[tag] for tag in tags],
        taught.carries[np.ix_(rows, tags)],
        taught.names[list(tags)],
    )


# --- learning -----------------------------------------------------------------------------------


def pairs_of(taught: Taught) -> Pairs:
    """Return 12,000 pairs of a vault as it is, and as many of it when it was smaller."""
    small = [_joined(map(pairs_looked_at, drawn_of(taught, size))) for size in _SIZES]
    every = _drawn(pairs_looked_at(taught), _PAIRS_EACH)
    return _joined([every, *(_drawn(pairs, _PAIRS_EACH // len(_SIZES)) for pairs in small)])


def _joined(parts: Iterable[Pairs]) -> Pairs:
    every = list(parts)
    names = every[0][0]
    signals = {name: np.concatenate([found[name] for found, _ in every]) for name in names}
    return signals, np.concatenate([right for _, right in every])


def _drawn(pairs: Pairs, count: int) -> Pairs:
    """Return so many pairs, drawn by chance; where there are fewer they come repeatedly."""
    signals, right = pairs
    rows = np.resize(np.random.default_rng(0).permutation(len(right))[:count], count)
    return {name: values[rows] for name, values in signals.items()}, right[rows]


def learnt(vaults: Iterable[Pairs]) -> Additive:
    """Return the weights that fit the pairs of all vaults, and the confidence with the best F1."""
    parts = list(vaults)
    right = np.concatenate([own for _, own in parts])
    signals = {
        name: np.concatenate([found[name] for found, _ in parts])
        for names in SIGNALS.values()
        for name in names
    }
    knots = {name: _knots(values, values[right]) for name, values in signals.items()}
    nothing = np.zeros(1 + sum(len(own) - 1 for own in knots.values()))
    model = Additive(knots, nothing, 0.0).fitted(signals, right, _VARIANCE)
    model = replace(model, weights=model.weights.round(3))
    threshold, _ = best_f1(model.confidence(signals), right, int(right.sum()))
    return replace(model, threshold=round(threshold, 2))


def priors_without(vaults: Mapping[str, Taught]) -> dict[str, Additive]:
    """Return for each vault a prior that has not seen it; what ships if there is no other."""
    pairs = {name: pairs_of(vaults[name]) for name in TUNED_ON if name in vaults}
    others = {name: [own for n, own in pairs.items() if n != name] for name in vaults}
    return {name: learnt(own) if own else prior() for name, own in others.items()}


def _knots(values: Floats, of_right: Floats) -> NDArray[np.float64]:
    """Return where a signal may bend: at quantiles of all pairs, and of those that are right.

    Of two that lie closer than a 25th of the whole, the lower stays.
    """
    quantiles = (
        np.quantile(values, (0.02, 0.5, 0.9)),
        np.quantile(of_right, np.linspace(0.05, 0.95, 5)),
    )
    places = np.unique(np.concatenate(quantiles).astype(np.float64).round(3))
    step = _LEAST_STEP * (places[-1] - places[0])
    kept = [places[0]]
    for place in places[1:]:
        if place - kept[-1] > step:
            kept.append(place)
    if len(kept) > 1:
        return np.asarray(kept)
    # A signal that hardly ever speaks, such as links, is a plain slope.
    least = float(values.min())
    return np.asarray([least, max(float(values.max()), least + 1)])


if __name__ == "__main__":
    raise SystemExit(main())
