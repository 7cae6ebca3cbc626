"""Filters: which papers may be hits at all. They apply before the best k are cut.

Most questions come without any, so what they need is imported when there are some.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from papersim.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from papersim.model import Paper

__all__ = ["NO_FILTERS", "Filters", "parse_date", "parse_kinds"]

_DATE = re.compile(r"(\d{4})(?:[-/.]?(\d{2})(?:[-/.]?(\d{2}))?)?")


@dataclass(frozen=True)
class Filters:
    """What a paper has to be like to be a hit.

    It has all of ``tags`` and none of ``not_tags`` (``a`` stands for ``a/b``, too), is dated
    from ``since`` to ``until`` (ISO days, both counted), and stands in a note that matches one
    of ``paths``.
    """

    tags: tuple[str, ...] = ()
    not_tags: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    paths: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether every paper passes."""
        return self == Filters()

    def __call__(self, paper: Paper) -> bool:
        """Return whether a paper passes."""
        from papersim.notes.tags import tag_key

        if (self.since or self.until) and paper.date is None:
            return False
        if paper.date and not (self.since or "") <= paper.date <= (self.until or "9"):
            return False
        if self.paths and not any(
            fnmatchcase(place.note, pattern) for place in paper.places for pattern in self.paths
        ):
            return False
        keys = _with_parents(paper.tags)
        wanted = {tag_key(tag) for tag in self.tags}
        return wanted <= keys and not keys & {tag_key(tag) for tag in self.not_tags}


NO_FILTERS = Filters()


def _with_parents(tags: Iterable[str]) -> set[str]:
    from papersim.notes.tags import tag_key

    keys: set[str] = set()
    for tag in tags:
        parts = tag_key(tag).split("/")
        keys.update("/".join(parts[: i + 1]) for i in range(len(parts)))
    return keys


def parse_date(text: str, *, end: bool = False) -> str:
    """Return the ISO day that a date, month or year begins with, or ends with.

    Raises ConfigError for what is none of them.
    """
    import calendar
    from datetime import date

    wrong = ConfigError(f"“{text}” is no date; write 2023-11-30, 2023-11 or 2023")
    match = _DATE.fullmatch(text.strip())
    if match is None:
        raise wrong
    year, month = int(match[1]), int(match[2] or (12 if end else 1))
    try:
        last = calendar.monthrange(year, month)[1] if end else 1
        return date(year, month, int(match[3] or last)).isoformat()
    except (ValueError, calendar.IllegalMonthError):
        raise wrong from None


def parse_kinds(names: Iterable[str]) -> tuple[str, ...]:
    """Return kinds of section by their names, ``-`` for ``_``; raises ConfigError for others."""
    from papersim.notes.model import KINDS

    kinds = tuple(name.strip().lower().replace("-", "_") for name in names)
    for name, kind in zip(names, kinds, strict=True):
        if kind not in KINDS:
            raise ConfigError(f"“{name}” is no kind of section; the kinds are {', '.join(KINDS)}")
    return kinds
