"""What the store knows of a paper by itself: all that is derived from it alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from papersim.index.links import names_of, targets_of
from papersim.index.vectors import kind_mask
from papersim.notes.boilerplate import without_boilerplate
from papersim.notes.tags import tag_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from papersim.index.store import PassageRow, Store

__all__ = ["Known", "known_papers"]

_AT_ONCE = 500  # papers whose text is held in memory


class Known(NamedTuple):
    """A paper: its mark, and what is derived from it.

    By passage: ``vectors`` as the encoder gave them, ``sections``, the numbers of sections in the
    paper (-1 for title and tags), ``kinds``, bit masks over KINDS, and ``languages``. ``group`` is
    the paper's own language, with ``-`` behind where it has no text. ``names`` are the keys of
    what notes may call it, ``targets`` of what its own notes link to.
    """

    mark: bytes
    vectors: NDArray[np.float32]
    sections: list[int]
    kinds: list[int]
    languages: list[str]
    group: str
    text: str
    title: str
    tags: set[str]
    names: set[str]
    targets: set[str]


def known_papers(
    store: Store, fingerprint: str, dimension: int, marks: Mapping[str, tuple[bytes, int]]
) -> Iterator[Known]:
    """Yield what is known of the papers that have these marks, as `Store.marks` has them.

    One whose vectors are not all there has no mark, so that it is looked at again another time.
    """
    boilerplate = frozenset(store.boilerplate())
    ids = sorted(marks)
    for begin in range(0, len(ids), _AT_ONCE):
        some = ids[begin : begin + _AT_ONCE]
        papers, sections, links = store.papers(some), store.sections(some), store.links(some)
        passages, vectors = store.vectors(fingerprint, dimension, some)
        end = 0
        for paper in some:
            start = end
            while end < len(passages) and passages[end].paper == paper:
                end += 1
            own, said = passages[start:end], sections.get(paper, [])
            mark, count = marks[paper]
            number = {section: place for place, (section, _) in enumerate(said)}
            texts = (without_boilerplate(section.text, boilerplate) for _, section in said)
            yield Known(
                mark=mark if len(own) == count else bytes(len(mark)),
                vectors=vectors[start:end],
                sections=[-1 if p.section is None else number[p.section] for p in own],
                kinds=[kind_mask(p.kinds) for p in own],
                languages=[p.language for p in own],
                group=_group(own),
                text="\n".join((papers[paper].title, *texts)),
                title=papers[paper].title,
                tags={tag_key(tag) for tag in papers[paper].tags},
                names=names_of(papers[paper]),
                targets=targets_of(links.get(paper, ())),
            )


def _group(passages: Sequence[PassageRow]) -> str:
    """Return the language of most of a paper's passages; papers without text are apart."""
    codes = [passage.language for passage in passages]
    most = max(dict.fromkeys(codes), key=codes.count, default="")
    return f"{most}-" if all(passage.section is None for passage in passages) else most
