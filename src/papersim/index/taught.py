"""What the store tells the tag model: the tagged papers, their tags and the tags' names."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np

from papersim.index.bare import bare_vectors
from papersim.index.links import link_keys
from papersim.index.tag_names import name_vectors
from papersim.notes.plain import plain_text
from papersim.notes.tags import tag_key
from papersim.rank.similar import sample_rows
from papersim.suggest.taught import Asked, Taught

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from papersim.index.store import Store
    from papersim.index.vectors import VectorIndex
    from papersim.model import Paper

    Matrix = NDArray[np.float32]

__all__ = ["MOST_PAPERS", "linked_papers", "taught_by", "words_of"]

MOST_PAPERS = 3000
"""More tagged papers than these teach no more that would be worth the wait: a sample does."""


def taught_by(store: Store, vectors: VectorIndex) -> Taught | None:
    """Return what the tagged papers of a store teach; None where no paper has a tag."""
    papers = store.papers()
    kept = store.probes(store.meta("fingerprint"))
    ids = [paper for paper in sorted(papers) if papers[paper].tags]
    some = [ids[place] for place in sample_rows(len(ids), MOST_PAPERS).tolist()]
    found = ((paper, bare_vectors(papers[paper], kept, vectors)) for paper in some)
    bare = {paper: own for paper, own in found if own is not None}
    tagged = [papers[paper] for paper in bare]
    tags = _spelled(tagged)
    if not tags:
        return None
    number = {key: place for place, key in enumerate(tags)}
    carries = np.zeros((len(tagged), len(tags)), np.float32)
    for row, paper in enumerate(tagged):
        carries[row, [number[tag_key(tag)] for tag in paper.tags]] = 1.0
    names = name_vectors(store, store.meta("fingerprint"), list(tags.values()))
    if names is None:
        names = np.zeros((len(tags), vectors.means.means.shape[1]), np.float32)
    linked = linked_papers(store, papers)
    asked = _asked(store, bare, tagged, linked)
    return Taught(asked, list(tags.values()), carries, names)


def linked_papers(store: Store, papers: Mapping[str, Paper]) -> dict[str, frozenset[str]]:
    """Return for each paper the ids of those it links to, and of those that link to it."""
    linked: dict[str, set[str]] = defaultdict(set)
    ordered = list(papers.values())
    for paper, keys in zip(ordered, link_keys(ordered, store.links()), strict=True):
        for other in keys:
            if other in papers and other != paper.id:
                linked[paper.id].add(other)
                linked[other].add(paper.id)
    return {paper: frozenset(others) for paper, others in linked.items()}


def words_of(title: str, sections: Iterable[str]) -> str:
    """Return a paper's words: its title, then its sections as plain text."""
    return "\n".join((title, *map(plain_text, sections)))


def _asked(
    store: Store,
    vectors: Mapping[str, Matrix],
    papers: Sequence[Paper],
    linked: Mapping[str, frozenset[str]],
) -> list[Asked]:
    sections = store.sections([paper.id for paper in papers])
    found = []
    for paper in papers:
        text = words_of(paper.title, (s.text for _, s in sections.get(paper.id, ())))
        near = linked.get(paper.id, frozenset())
        found.append(Asked(vectors[paper.id], paper.title, text, paper.id, paper.date, near))
    return found


def _spelled(papers: Sequence[Paper]) -> dict[str, str]:
    """Return each tag as it is written most, by its key, in order."""
    written: dict[str, Counter[str]] = defaultdict(Counter)
    for paper in papers:
        for tag in paper.tags:
            written[tag_key(tag)][tag] += 1
    return {key: max(sorted(written[key]), key=written[key].__getitem__) for key in sorted(written)}
