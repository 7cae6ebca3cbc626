"""The values that papersim answers with. All are frozen; lines count from 1."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "Alike",
    "Duplicate",
    "Evaluation",
    "Evidence",
    "Finding",
    "Hit",
    "IndexReport",
    "Paper",
    "PaperDetail",
    "PaperSection",
    "Place",
    "Reason",
    "SimilarQuality",
    "SkippedNote",
    "Status",
    "Suggestion",
    "Suggestions",
    "TagCount",
    "TagEdit",
    "TagMeasures",
    "TagQuality",
    "WorstTag",
]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a paper is told of: a note, relative to the vault, and the line of its title."""

    note: str
    line: int


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper as all its notes together tell it; ``note`` and ``line`` are its first place."""

    id: str
    title: str
    note: str
    line: int
    tags: tuple[str, ...]
    date: str | None
    arxiv: str | None
    doi: str | None = None
    authors: tuple[str, ...] = ()
    venue: str | None = None
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class PaperSection:
    """A section as it stands in a note, with the language of its text (ISO 639-1, or ``und``)."""

    label: str | None
    kinds: tuple[str, ...]
    line: int
    text: str
    note: str = ""
    language: str = "und"


@dataclass(frozen=True, slots=True)
class PaperDetail:
    """A paper with its sections in the order of its notes."""

    paper: Paper
    sections: tuple[PaperSection, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a paper is a hit: my section, theirs, how near they are (0..1).

    ``quote`` is the sentence of theirs that says most of mine, ``query_quote`` that of mine.
    """

    query: PaperSection | None
    section: PaperSection
    score: float
    quote: str
    query_quote: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A paper in answer to a query; ``score`` is in 0..1, higher is better."""

    rank: int
    score: float
    paper: Paper
    shared_tags: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    sources: tuple[tuple[str, float], ...] = ()
    """How much each source added, in standard deviations times its weight."""


@dataclass(frozen=True, slots=True)
class Reason:
    """What speaks for a tag: the source, the papers that carry it, a sentence of the paper's."""

    source: str
    papers: tuple[str, ...] = ()
    quote: str | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A tag that may fit; ``confidence`` is in 0..1, higher is better."""

    tag: str
    confidence: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Suggestions:
    """The tags suggested for one paper, best first; ``new_tags`` are not in use yet.

    With ``guess`` the vault has too few tagged papers to know how sure a suggestion is.
    """

    paper: Paper
    suggestions: tuple[Suggestion, ...]
    new_tags: tuple[Suggestion, ...] = ()
    guess: bool = False


@dataclass(frozen=True, slots=True)
class TagCount:
    """A tag as it is written, and on how many papers it stands so."""

    tag: str
    count: int


@dataclass(frozen=True, slots=True)
class Alike:
    """Tags that may be one tag, ``keep`` first; ``score`` is in 0..1, ``reason`` says why."""

    tags: tuple[str, ...]
    keep: str
    score: float
    reason: str


@dataclass(frozen=True, slots=True)
class Duplicate:
    """One paper with several places, or two that may be one; ``score`` is in 0..1."""

    papers: tuple[Paper, ...]
    reason: str
    score: float


@dataclass(frozen=True, slots=True)
class TagEdit:
    """What writing tags did, or would do: a unified diff, the notes written, those left and why.

    ``tagged`` is how many papers got tags, ``tags`` which they got and how often.
    """

    diff: str
    written: tuple[str, ...]
    left: tuple[SkippedNote, ...]
    tagged: int = 0
    tags: tuple[TagCount, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """Something the doctor noticed: what it is, where, and what to do about it."""

    kind: str
    subject: str
    detail: str
    advice: str


@dataclass(frozen=True, slots=True)
class SkippedNote:
    """A note that was not read or not written, and why, in one line."""

    note: str
    reason: str


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What one run of indexing did. Added, changed, moved, removed and unchanged count notes."""

    added: int
    changed: int
    moved: int
    removed: int
    unchanged: int
    papers: int
    sections: int
    embedded: int
    seconds: float
    skipped: tuple[SkippedNote, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """What is indexed, with what, and whether the notes have changed since."""

    notes: int
    papers: int
    sections: int
    embeddings: int
    model: str
    dimension: int
    index_kind: str
    generation: int
    up_to_date: bool
    bytes: int
    passages: int
    languages: dict[str, int]


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
