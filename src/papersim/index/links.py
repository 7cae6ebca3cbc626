"""Links as keys: two papers share one if they link to the same thing, or one to the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from papersim.notes.titles import title_from_path, title_key
from papersim.rank.digests import Sets
from papersim.rank.spans import ends_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from papersim.model import Paper

__all__ = ["link_keys", "linked", "names_of", "targets_of"]


def link_keys(papers: Sequence[Paper], links: Mapping[str, Iterable[str]]) -> list[set[str]]:
    """Return the keys of what each paper links to, and of what it is itself.

    ``links`` are the names each paper's notes link to, by paper id. A name is a note's path or
    file name, ``@`` and ending left out, or a title; one that names no paper, such as a page
    on a topic, is a key all the same.
    """
    papers_by_name: dict[str, str] = {}
    for paper in papers:
        for name in names_of(paper):
            papers_by_name.setdefault(name, paper.id)
    keys = []
    for paper in papers:
        targets = targets_of(links.get(paper.id, ()))
        own = {papers_by_name.get(target, target) for target in targets}
        keys.append({*own, paper.id} if own else {paper.id})
    return keys


def linked(ids: NDArray[np.uint64], names: Sets, targets: Sets) -> Sets:
    """Return the same as `link_keys`, by digests: those of the papers' ids, names and targets."""
    known, first = np.unique(names.digests, return_index=True)
    keys = targets.digests.copy()
    if len(known):
        places = np.minimum(np.searchsorted(known, keys), len(known) - 1)
        found = known[places] == keys
        keys[found] = ids[names.owners[first[places[found]]]]
    rows = np.concatenate([targets.owners, np.arange(len(ids))])
    keys = np.concatenate([keys, ids])
    order = np.lexsort((keys, rows))
    rows, keys = rows[order], keys[order]
    new = np.ones(len(rows), np.bool_)
    new[1:] = (rows[1:] != rows[:-1]) | (keys[1:] != keys[:-1])
    return Sets(ends_of(np.bincount(rows[new], minlength=len(ids))), keys[new])


def names_of(paper: Paper) -> set[str]:
    """Return the keys of the names by which notes may link to a paper."""
    names = {_key(paper.title)}
    for place in paper.places:
        stem = place.note.rsplit("/", 1)[-1]
        names |= {_key(place.note), _key(stem), _key(title_from_path(place.note))}
    return names - {""}


def targets_of(links: Iterable[str]) -> set[str]:
    """Return the keys of the names that a paper's notes link to."""
    return {_key(name) for name in links} - {""}


def _key(name: str) -> str:
    return title_key(name.removesuffix(".md").lstrip("@"))
