"""Links as keys: two papers share one if they link to the same thing, or one to the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from papersim.notes.titles import title_from_path, title_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from papersim.model import Paper

__all__ = ["link_keys"]


def link_keys(papers: Sequence[Paper], links: Mapping[str, Iterable[str]]) -> list[set[str]]:
    """Return the keys of what each paper links to, and of what it is itself.

    ``links`` are the names each paper's notes link to, by paper id. A name is a note's path or
    file name, ``@`` and ending left out, or a title; one that names no paper, such as a page
    on a topic, is a key all the same.
    """
    papers_by_name: dict[str, str] = {}
    for paper in papers:
        for name in _names(paper):
            papers_by_name.setdefault(name, paper.id)
    keys = []
    for paper in papers:
        targets = {_key(name) for name in links.get(paper.id, ())}
        own = {papers_by_name.get(target, target) for target in targets if target}
        keys.append({*own, paper.id} if own else {paper.id})
    return keys


def _names(paper: Paper) -> set[str]:
    names = {_key(paper.title)}
    for place in paper.places:
        stem = place.note.rsplit("/", 1)[-1]
        names |= {_key(place.note), _key(stem), _key(title_from_path(place.note))}
    return names - {""}


def _key(name: str) -> str:
    return title_key(name.removesuffix(".md").lstrip("@"))
