"""Which labels of a block are its outermost ones: the others are parts of sections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from papersim.notes.furniture import is_furniture
from papersim.notes.labelled import PREFIX, LabelLine, indent_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from papersim.notes.lines import Line

__all__ = ["outermost"]


def outermost(
    counting: Sequence[LabelLine],
    candidates: Sequence[LabelLine],
    lines: Sequence[Line],
    stop: int,
    title: str,
) -> Iterator[LabelLine]:
    """Yield the labels of a block that are not nested in another label's part.

    ``candidates`` are all labels of the block, ``counting`` those that may begin a section.
    The block ends before line ``stop``; ``title`` is the paper's.
    """
    nesting = _Nesting(counting, candidates, lines, stop, title)
    scope: LabelLine | None = None
    scope_end = -1
    for label in counting:
        if scope is not None and label.index < scope_end and _encloses(scope, label):
            continue
        if nesting.hides(label):
            continue
        yield label
        scope, scope_end = label, _scope_end(label, lines, stop)


class _Nesting:
    """The list items around each label of a block."""

    def __init__(
        self,
        counting: Sequence[LabelLine],
        candidates: Sequence[LabelLine],
        lines: Sequence[Line],
        stop: int,
        title: str,
    ) -> None:
        self._lines, self._title = lines, title
        self._labels = {label.index: label for label in candidates}
        self._shallowest = min((c.rank for c in counting if c.known and c.bullet), default=0)
        self._around: dict[int, tuple[tuple[int, int], ...]] = {}
        wanted = {label.index for label in counting}
        stack: list[tuple[int, int]] = []
        for index in range(self._list_start(counting[0].index), min(stop, len(lines))):
            line = lines[index]
            if not line.item and index not in wanted:
                continue
            rank = indent_of(line.text)
            while stack and stack[-1][0] >= rank:
                stack.pop()
            if index in wanted:
                self._around[index] = tuple(stack)
            if line.item:
                stack.append((rank, index))

    def _list_start(self, index: int) -> int:
        """Return where the list begins that a line stands in."""
        while index and self._lines[index - 1].kind != "heading" and self._lines[index].depth:
            index -= 1
        return index

    def hides(self, label: LabelLine) -> bool:
        """Return whether an item around a label makes it a part of something else."""
        return any(self._is_barrier(rank, index) for rank, index in self._around[label.index])

    def _is_barrier(self, rank: int, index: int) -> bool:
        around = self._labels.get(index)
        if around is not None and around.form in {"bold", "plain"}:
            return around.kinds != ("other",)
        return rank >= self._shallowest and not is_furniture(self._lines[index], self._title)


def _encloses(outer: LabelLine, inner: LabelLine) -> bool:
    if outer.bullet:
        return inner.rank > outer.rank
    return outer.alone and (inner.bullet or inner.rank > outer.rank)


def _scope_end(label: LabelLine, lines: Sequence[Line], stop: int) -> int:
    """Return the index of the line where what belongs to a label by indentation is over."""
    if not label.bullet:
        return stop
    for index in range(label.index + 1, stop):
        line = lines[index]
        if line.text.strip() and indent_of(line.text) <= label.rank:
            prefix = PREFIX.match(line.text)
            if prefix is not None and prefix["bullet"]:
                return index
    return stop
