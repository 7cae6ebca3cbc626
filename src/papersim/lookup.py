"""Finding the paper a user means: by id, arXiv id, note, or a title half remembered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from papersim.errors import LookupFailedError
from papersim.notes.titles import title_key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Entry", "find_paper", "papers_of_note", "plain_title", "split_place"]

_ARXIV = re.compile(
    r"^(?:arxiv:\s*|https?://arxiv\.org/\w+/)?(\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})"
    r"(?:v\d+)?(?:\.pdf)?$",
    re.IGNORECASE,
)
_NOTE = re.compile(r"^(?P<note>.+?\.(?:md|markdown))(?:#(?P<title>.*))?$", re.IGNORECASE)
_TYPO = 88.0
_CLEAR = 4.0
_SHORTEST_SLIP = 6
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """A paper's name in one note."""

    paper: str
    title: str
    key: str
    arxiv: str | None
    note: str


def find_paper(text: str, entries: Sequence[Entry]) -> str:
    """Return the id of the one paper that a text names.

    Case, width, punctuation, accents and small typos of a title are forgiven; a unique
    beginning is enough. Raises LookupFailedError, with the closest titles, where none or
    several fit.
    """
    wanted = text.strip()
    if any(entry.paper == wanted for entry in entries):
        return wanted
    if arxiv := _ARXIV.match(wanted):
        return _only(wanted, [e for e in entries if e.arxiv == arxiv.group(1)], entries)
    if note := _NOTE.match(wanted):
        inside = papers_of_note(note["note"], entries)
        if inside and note["title"]:
            return _by_title(note["title"], inside, wanted)
        if inside:
            return _only(wanted, inside, inside)
    return _by_title(wanted, entries, wanted)


def plain_title(text: str) -> str | None:
    """Return the key of a title that a text is; None where it may be an arXiv id or a note."""
    wanted = text.strip()
    if _ARXIV.match(wanted) or _NOTE.match(wanted):
        return None
    return title_key(wanted) or None


def split_place(text: str) -> tuple[str, str]:
    """Return the path of a note and the rest, ``#title`` or nothing, that a text is made of."""
    match = _NOTE.match(text)
    path = match["note"] if match else text
    return path, text[len(path) :]


def papers_of_note(note: str, entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries of the note at a path, or at the only path that ends so."""
    path = note.removeprefix("./")
    exact = [e for e in entries if e.note == path]
    if exact:
        return exact
    ending = [e for e in entries if e.note.endswith("/" + path) or path.endswith("/" + e.note)]
    return ending if len({e.note for e in ending}) == 1 else []


def _by_title(title: str, entries: Sequence[Entry], wanted: str) -> str:
    key = title_key(title)
    tests: tuple[Callable[[Entry], bool], ...] = (
        lambda e: e.key == key,
        lambda e: e.key.startswith(key),
        lambda e: len(key) > 3 and _holds(e.title, key),
    )
    for test in tests if key else ():
        if found := [e for e in entries if test(e)]:
            return _only(wanted, found, entries)
    if slips := _slipped(key, entries):
        return _only(wanted, slips, entries)
    scored = _scored(key, entries)
    best = scored[0] if scored else None
    if best and best[0] >= _TYPO:
        close = [e for score, e in scored if best[0] - score < _CLEAR and score >= _TYPO]
        return _only(wanted, close, entries)
    raise LookupFailedError(_none(wanted, [e.title for _, e in scored]))


def _holds(title: str, key: str) -> bool:
    """Return whether a title holds a key from the beginning of a word of it on."""
    words = [title_key(word) for word in re.split(r"[\W_]+", title)]
    starts = ("".join(words[i:]) for i in range(len(words)))
    return any(rest.startswith(key) for rest in starts) or (
        not key.isascii() and key in title_key(title)
    )


def _slipped(key: str, entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries whose titles begin like a key but for a slip or two of the fingers.

    A slip is a letter wrong, missing, added or swapped with the next, one for every five
    letters at most; digits have to be right, since they tell papers apart.
    """
    from rapidfuzz.distance import OSA

    if len(key) < _SHORTEST_SLIP:
        return []
    most = max(1, len(key) // 5)
    found: dict[int, list[Entry]] = {}
    digits = [c for c in key if c.isdigit()]
    for entry in entries:
        heads = {entry.key[: len(key) + more] for more in (-1, 0, 1)}
        slips = min(OSA.distance(key, head, score_cutoff=most) for head in heads)
        if slips <= most and [c for c in entry.key[: len(key)] if c.isdigit()] == digits:
            found.setdefault(slips, []).append(entry)
    return found[min(found)] if found else []


def _only(wanted: str, found: Sequence[Entry], entries: Sequence[Entry]) -> str:
    papers = {e.paper: e for e in found}
    if len(papers) == 1:
        return next(iter(papers))
    if not papers:
        titles = [e.title for _, e in _scored(title_key(wanted), entries)]
        raise LookupFailedError(_none(wanted, titles))
    shown = _quoted([e.title for e in papers.values()])
    raise LookupFailedError(
        f"{len(papers)} papers match “{wanted}”: {shown}; "
        "give more of the title, or an id from: papersim papers"
    )


def _none(wanted: str, titles: Sequence[str]) -> str:
    closest = f"; the closest are {_quoted(titles)}" if titles else ""
    return f"no paper matches “{wanted}”{closest}; all are listed by: papersim papers"


def _quoted(titles: Sequence[str]) -> str:
    names = list(dict.fromkeys(titles))
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(f"“{title}”" for title in names[:_SHOWN]) + more


def _scored(key: str, entries: Sequence[Entry]) -> list[tuple[float, Entry]]:
    """Return the entries whose titles are nearest to a key, best first."""
    from rapidfuzz import fuzz, process

    if not key or not entries:
        return []
    found = process.extract(key, [e.key for e in entries], scorer=fuzz.WRatio, limit=10)
    whole = {index: fuzz.ratio(key, entries[index].key) for _, _, index in found}
    ranked = sorted(found, key=lambda f: (-whole[f[2]], -f[1]))
    scored = [(whole[index], entries[index]) for _, _, index in ranked]
    return list({e.paper: (score, e) for score, e in reversed(scored)}.values())[::-1]
