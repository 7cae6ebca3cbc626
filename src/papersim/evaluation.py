"""How good the answers are on the vault at hand, beside three baselines. No model is needed.

Nothing is measured by what it was ranked with: by shared tags the tag source is off, by links
the link source. A paper without text is embedded as its title with its tags, so that it takes
no part where tags are the measure.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from papersim.errors import NothingToMeasureError
from papersim.index.links import link_keys
from papersim.index.taught import taught_by
from papersim.model import Evaluation, TagQuality
from papersim.notes.tags import tag_key
from papersim.query import of_indexed
from papersim.rank.center import normalised
from papersim.rank.evaluation import SimilarTally, best_rows
from papersim.rank.similar import sample_rows
from papersim.ranker import Ask
from papersim.suggest.fit import cross_fit
from papersim.suggest.quality import measures, worst_tags
from papersim.suggester import LEAST_SURE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from papersim.index.derived import Derived
    from papersim.index.store import Store
    from papersim.model import Paper
    from papersim.query import Query
    from papersim.ranker import Ranker
    from papersim.suggest.taught import Taught

    Progress = Callable[[str, int, int], None]
    Scores = NDArray[np.float64]

__all__ = ["BASELINES", "OURS", "Evaluator", "raw_means", "scores_without", "tag_quality"]

OURS = "papersim"
BASELINES = ("most_recent", "tf_idf", "raw_cosine")
TAG_BASELINES = (("tag_words", "share"), ("neighbours", "vote"))
"""Single signals of the tag model, by the names they are shown under."""

LEAST_LINKED = 20
"""How many papers have to link to others for links to be a measure."""

_MOST_QUERIES = 1000


class Evaluator:
    """Asks about every paper of a store, at most a thousand of them, evenly spread."""

    def __init__(
        self, store: Store, derived: Derived, ranker: Ranker, opinion_tags: Sequence[str] = ()
    ) -> None:
        self._store = store
        self._opinions = tuple(opinion_tags)
        self._vectors, self._corpus = derived.vectors, derived.corpus
        self._ranker = ranker
        known = store.papers()
        self._papers = [known[str(paper)] for paper in self._vectors.papers]
        self._with_text = _with_text(derived)
        self._linked = self._targets()
        self._raw = raw_means(store, derived)
        self._recency = _recency(self._papers)

    def evaluate(self, progress: Progress | None = None) -> Evaluation:
        """Return how well similar papers share tags and follow links, and tags are suggested.

        ``progress`` is called with the stage, how much of it is done and how much there is.
        Raises NothingToMeasureError where no two papers share a tag and too few have links.
        """
        count = self._corpus.count
        rows = sample_rows(count, _MOST_QUERIES).tolist() if count else []
        linked = {row: self._linked[row] for row in rows if self._linked[row]}
        if len(linked) < LEAST_LINKED:
            linked = {}
        tallies = {name: SimilarTally(count) for name in (OURS, *BASELINES)}
        if not linked and not self._tags_are_shared():
            raise NothingToMeasureError(
                f"nothing to measure by: no two papers with text share a tag, and fewer than "
                f"{LEAST_LINKED} link to others; tag some papers and run: papersim index"
            )
        for done, row in enumerate(rows, 1):
            query = of_indexed(self._papers[row], self._store, self._vectors)
            self._similar(row, query, tallies, linked.get(row, ()))
            if progress:
                progress("measuring", done, len(rows))
        found = {name: tally.quality() for name, tally in tallies.items()}
        return Evaluation(
            papers=count,
            tags=tag_quality(taught_by(self._store, self._vectors), self._opinions),
            similar=found.pop(OURS),
            baselines=tuple(found.items()),
            by_tags=len(tallies[OURS].by_tags),
            by_links=len(tallies[OURS].link_recall),
        )

    # --- similar papers ------------------------------------------------------------------------

    def _similar(
        self, row: int, query: Query, tallies: Mapping[str, SimilarTally], links: tuple[int, ...]
    ) -> None:
        sources = self._ranker.rank(query, Ask(), exact=True).sources
        same = self._baseline_scores(row)
        others = np.arange(self._corpus.count) != row
        gains = self._gains(row)
        for name, tally in tallies.items():
            fixed = same.get(name)
            if fixed is None and name != OURS:
                continue
            if gains is not None:
                scores = scores_without(sources, "tags") if fixed is None else fixed
                tally.add_tags(best_rows(scores, others & self._with_text), gains)
            if links:
                scores = scores_without(sources, "links") if fixed is None else fixed
                tally.add_links(best_rows(scores, others), links)
            scores = scores_without(sources) if fixed is None else fixed
            tally.add_list(best_rows(scores, others))

    def _baseline_scores(self, row: int) -> dict[str, Scores]:
        found = {
            "tf_idf": self._corpus.lexical.scores_of_row(row).astype(np.float64),
            "raw_cosine": self._raw @ self._raw[row],
        }
        if self._recency is not None:
            found["most_recent"] = self._recency
        return found

    def _gains(self, row: int) -> Scores | None:
        """Return what each paper is worth by the tags it shares, None where tags do not tell."""
        if not self._measurable(row):
            return None
        gains = self._corpus.tags.scores(row)
        gains[row] = 0.0
        gains[~self._with_text] = 0.0
        return gains

    def _measurable(self, row: int) -> bool:
        """Return whether a paper has tags that its own vectors do not know of."""
        return bool(self._papers[row].tags) and bool(self._with_text[row])

    def _tags_are_shared(self) -> bool:
        keys = [
            {tag_key(tag) for tag in paper.tags}
            for row, paper in enumerate(self._papers)
            if self._measurable(row)
        ]
        return sum(map(len, keys)) > len(set().union(*keys))

    def _targets(self) -> list[tuple[int, ...]]:
        """Return for each paper the rows of the others that its notes link to."""
        rows = {paper.id: row for row, paper in enumerate(self._papers)}
        keys = link_keys(self._papers, self._store.links())
        return [
            tuple(sorted(rows[key] for key in own if key in rows and key != paper.id))
            for paper, own in zip(self._papers, keys, strict=True)
        ]


def tag_quality(taught: Taught | None, opinion_tags: Sequence[str] = ()) -> TagQuality:
    """Return how well the tags of papers are suggested, each paper as if it had none.

    ``opinion_tags`` are never suggested, and so count as not found.
    """
    if taught is None:
        return TagQuality(0, None, None, None, None, None, None)
    crossed = cross_fit(taught)
    carries, calibration = taught.carries, crossed.calibration
    opinions = {tag_key(tag.lstrip("#")) for tag in opinion_tags}
    named = np.asarray([tag_key(tag) in opinions for tag in taught.tags], np.bool_)
    left_out = crossed.unpredictable | named
    confidence = np.where(left_out, 0.0, crossed.confidence).astype(np.float32)
    most_used = np.broadcast_to(carries.sum(axis=0), carries.shape)
    baselines = {"most_used": most_used}
    baselines |= {name: crossed.signals[signal] for name, signal in TAG_BASELINES}
    return TagQuality(
        papers=len(carries),
        **asdict(measures(confidence, carries)),
        threshold=round(calibration.threshold, 4),
        best_f1=round(calibration.f1, 4),
        calibration_error=None if calibration.error is None else round(calibration.error, 4),
        calibration=calibration.bins,
        unpredictable=tuple(np.asarray(taught.tags, object)[crossed.unpredictable & ~named]),
        opinions=tuple(np.asarray(taught.tags, object)[named]),
        guess=len(carries) < LEAST_SURE,
        worst=worst_tags(confidence, carries, taught.tags, calibration.threshold),
        baselines=tuple(
            (name, measures(_from_zero(scores, crossed.counts), carries))
            for name, scores in baselines.items()
        ),
    )


def _from_zero(scores: NDArray[np.float32], counts: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return scores above 0 for tags that another paper carries, 0 for the others."""
    return np.where(counts > 0, scores - scores.min() + 1e-6, 0.0).astype(np.float32)


def scores_without(sources: Mapping[str, Scores], *left_out: str) -> Scores:
    """Return the fused scores as they are when some sources have no weight."""
    kept = [scores for name, scores in sources.items() if name not in left_out]
    return np.asarray(np.sum(kept, axis=0), np.float64)


def raw_means(store: Store, derived: Derived) -> Scores:
    """Return the mean of each paper's vectors, as the encoder gave them, at unit length."""
    starts = derived.vectors.starts
    _, raw = store.vectors(store.meta("fingerprint"), int(store.meta("dimension", "384")))
    if not len(raw):
        return np.zeros((0, raw.shape[1]))
    sums = np.add.reduceat(raw, starts[:-1], axis=0)
    return normalised(sums).astype(np.float64)


def _with_text(derived: Derived) -> NDArray[np.bool_]:
    """Return by row whether a paper has a section."""
    vectors = derived.vectors
    if not len(vectors.papers):
        return np.zeros(0, bool)
    return np.asarray(np.maximum.reduceat(vectors.sections, vectors.starts[:-1]) >= 0, np.bool_)


def _recency(papers: list[Paper]) -> Scores | None:
    """Return scores that order papers by date, newest first, undated last; None without dates."""
    dates = sorted({paper.date for paper in papers if paper.date})
    order = {date: float(place) for place, date in enumerate(dates, 1)}
    return np.asarray([order.get(p.date or "", 0.0) for p in papers]) if dates else None
