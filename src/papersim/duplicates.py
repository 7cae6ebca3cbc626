"""Papers noted more than once: those that are one already, and those that may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from papersim.model import Duplicate
from papersim.notes.titles import title_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from papersim.model import Paper

__all__ = ["find_duplicates"]

_NEAR = 95.0
_SHORTEST = 10


def find_duplicates(papers: Sequence[Paper]) -> tuple[Duplicate, ...]:
    """Return papers with several places, then pairs that may be one paper, the nearest first.

    A pair is near if its titles differ by a few letters, or if one title is the other with a
    subtitle. The same beginning before a colon alone is not enough.
    """
    merged = [
        Duplicate((paper,), _why_merged(paper), 1.0) for paper in papers if len(paper.places) > 1
    ]
    near = sorted(_near(papers), key=lambda d: (-d.score, d.papers[0].title))
    return (*merged, *near)


def _why_merged(paper: Paper) -> str:
    return f"the same title or arXiv id in {len(paper.places)} places"


def _near(papers: Sequence[Paper]) -> Iterator[Duplicate]:
    from rapidfuzz import fuzz, process

    known = sorted(
        ((key, p) for p in papers if len(key := title_key(p.title)) >= _SHORTEST),
        key=lambda pair: (pair[0], pair[1].id),
    )
    keys = [key for key, _ in known]
    for i, (key, paper) in enumerate(known):
        close = process.extract(
            key, keys[i + 1 :], scorer=fuzz.ratio, score_cutoff=_NEAR, limit=None
        )
        for _, score, place in close:
            pair = (paper, known[i + 1 + place][1])
            yield Duplicate(pair, "titles that differ by a few letters", round(score / 100, 4))
        # In alphabetical order what begins with a title follows it.
        for other, second in known[i + 1 :]:
            if not other.startswith(key):
                break
            if fuzz.ratio(key, other) < _NEAR and _is_subtitled(paper.title, second.title):
                yield Duplicate((paper, second), "one title is the other with a subtitle", 0.9)


def _is_subtitled(short: str, long: str) -> bool:
    """Return whether the longer title goes on where the shorter ends, after a colon or dash.

    A short name before a colon (``GaussianEditor: …``) names no paper by itself.
    """
    rest = long[len(short) :].lstrip()
    return len(title_key(short)) >= 2 * _SHORTEST and rest[:1] in {":", "：", "—", "–", "-", "("}
