"""How good the answers are. All values are frozen."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Evaluation", "SimilarQuality", "TagMeasures", "TagQuality", "WorstTag"]


@dataclass(frozen=True, slots=True)
class SimilarQuality:
    """How good a way of ranking is, in means over papers; None where there is no measure.

    nDCG@10 by shared tags (idf-weighted Jaccard), recall@10 and nDCG@10 by the notes' links,
    and the skewness of how often a paper stands in others' top 10.
    """

    ndcg_at_10: float | None
    link_recall_at_10: float | None
    link_ndcg_at_10: float | None
    skewness: float | None


@dataclass(frozen=True, slots=True)
class TagMeasures:
    """How good a way of suggesting tags is, in means over papers; F1 micro-averaged."""

    p_at_1: float | None
    recall_at_5: float | None
    ndcg_at_5: float | None
    f1: float | None


@dataclass(frozen=True, slots=True)
class WorstTag:
    """A tag that is suggested badly: on how many papers it stands, is suggested, and rightly so."""

    tag: str
    papers: int
    suggested: int
    right: int
    f1: float


@dataclass(frozen=True, slots=True)
class TagQuality:
    """How good suggested tags are, leave-one-out over ``papers``; None where there are none.

    ``f1`` is that of what is suggested by default, from ``threshold``; ``best_f1`` the best
    there is with hindsight. ``calibration_error`` is the expected one, and ``calibration`` holds
    (mean confidence, share right, suggestions) by tenths. ``unpredictable`` tags, and
    ``opinions``, which the user named, are never suggested. ``guess``: there are too few papers.
    """

    papers: int
    p_at_1: float | None
    recall_at_5: float | None
    ndcg_at_5: float | None
    f1: float | None
    threshold: float | None
    best_f1: float | None
    calibration_error: float | None = None
    calibration: tuple[tuple[float, float, int], ...] = ()
    unpredictable: tuple[str, ...] = ()
    opinions: tuple[str, ...] = ()
    guess: bool = True
    worst: tuple[WorstTag, ...] = ()
    baselines: tuple[tuple[str, TagMeasures], ...] = ()


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How good the answers are on a vault: ours, and three baselines by name.

    ``by_tags`` and ``by_links`` are the numbers of papers asked about.
    """

    papers: int
    tags: TagQuality
    similar: SimilarQuality
    baselines: tuple[tuple[str, SimilarQuality], ...]
    by_tags: int
    by_links: int
