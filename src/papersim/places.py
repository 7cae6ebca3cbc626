"""What a user's words name: a paper of the index, a note, or papers in a note outside it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from papersim.errors import LookupFailedError, VaultError
from papersim.lookup import Entry, find_paper, papers_of_note, plain_title, split_place
from papersim.model import Paper
from papersim.notes.titles import title_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from papersim.notes.model import PaperEntry
    from papersim.parts import Parts

__all__ = ["Places", "several_papers"]


class Places:
    """Finds the papers that titles, ids and paths name."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def find(self, text: str) -> Paper:
        """Return the one paper that a title, id, arXiv id, path or ``path#title`` names.

        Raises LookupFailedError, with the closest titles, where none or several fit.
        """
        path, title = split_place(text)
        inside = self._inside(path)
        if not inside and (known := self._named_exactly(text)):
            return known
        paper = find_paper(inside + title if inside else text, self._parts.entries)
        return self._parts.store.papers([paper])[paper]

    def _named_exactly(self, text: str) -> Paper | None:
        """Return the paper with this id or, alone, this title: what `find_paper` looks for first.

        To ask the store takes far less than to load all names.
        """
        wanted, store = text.strip(), self._parts.store
        if wanted.isascii() and (found := store.papers([wanted])):
            return found[wanted]
        key = plain_title(wanted)
        papers = [] if key is None else store.titled(key)
        return store.papers(papers)[papers[0]] if len(papers) == 1 else None

    def _inside(self, path: str) -> str | None:
        """Return the path of a file in the notes folder relative to it, None for other text."""
        if not _is_file(path):
            return None
        root, file = self._parts.settings.notes.resolve(), Path(path).absolute()
        place = file.parent.resolve() / file.name
        return place.relative_to(root).as_posix() if place.is_relative_to(root) else None

    def papers_at(self, note: str) -> tuple[Paper, ...]:
        """Return the papers that a path or a name stands for; none for a file not indexed."""
        path, title = _place(note)
        if _is_folder(path):
            raise LookupFailedError(
                f"{path} is a folder; name a note in it, as listed by: papersim papers; or ask "
                "about all with --all"
            )
        inside, file = self._inside(path), _is_file(path)
        entries = papers_of_note(inside or path, self._parts.entries) if inside or not file else []
        if not entries and file:
            return ()
        all_of_it = [] if title else list(dict.fromkeys(entry.paper for entry in entries))
        ids = all_of_it or [self.find(note).id]
        papers = self._parts.store.papers(ids)
        return tuple(papers[i] for i in ids)

    def papers_outside(self, note: str) -> list[tuple[PaperEntry, Paper]]:
        """Return the papers of a file that is not indexed, or the one of a ``path#title``."""
        path, title = _place(note)
        # In full: its name alone may be that of a note of the vault, too.
        name = self._inside(path) or Path(path).absolute().as_posix()
        found = self.papers_in(_read_outside(Path(path)), name)
        if not title:
            return found
        entries = [
            Entry(str(number), e.title, title_key(e.title), e.arxiv, name)
            for number, (e, _) in enumerate(found)
        ]
        return [found[int(find_paper(name + title, entries))]]

    def papers_in(self, text: str, name: str) -> list[tuple[PaperEntry, Paper]]:
        """Return the papers of a note's text, with the ids of those that are indexed."""
        from papersim.notes.reader import read_note

        note = read_note(text, name, self._parts.labels)
        if not note.papers:
            what = "standard input" if name == "-" else name
            raise LookupFailedError(f"{what} holds no paper ({note.skipped}); see: papersim papers")
        return [(entry, _outside(entry, name, self._known_as(entry))) for entry in note.papers]

    def _known_as(self, entry: PaperEntry) -> str:
        """Return the id of the indexed paper that an entry outside is about; empty if none."""
        key = title_key(entry.title)
        same = (
            e for e in self._parts.entries if e.key == key or (e.arxiv and e.arxiv == entry.arxiv)
        )
        return next((e.paper for e in same), "")


def several_papers(note: str, titles: Sequence[str], option: str) -> LookupFailedError:
    """Return what to say where an option is for one paper, and a note with several is named."""
    title = titles[0]
    name = re.sub(r'(["\\$`])', r"\\\1", title if note == "-" else f"{note}#{title}")
    example = f'papersim suggest-tags "{name}" {option}'
    return LookupFailedError(
        f"{note} holds {len(titles)} papers; name the one meant, as in: {example}"
    )


def _place(note: str) -> tuple[str, str]:
    """Return a path and ``#title``, or nothing; a file may have a name that looks like both."""
    return (note, "") if _is_file(note) else split_place(note)


def _is_file(text: str) -> bool:
    """Return whether a text is the path of a file; a title may be too long for one."""
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        return False


def _is_folder(text: str) -> bool:
    """Return whether a text is the path of a folder, not a title that happens to be one's name."""
    try:
        return "/" in text and Path(text).is_dir()
    except (OSError, ValueError):
        return False


def _read_outside(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        byte = error.start + 1
        raise VaultError(f"{path} is not UTF-8 (byte {byte}); save it as UTF-8") from error
    except OSError as error:
        raise VaultError(f"{path} cannot be read: {error.strerror}; try another") from error


def _outside(entry: PaperEntry, note: str, known: str) -> Paper:
    return Paper(
        known, entry.title, note, entry.line, entry.tags, entry.date, entry.arxiv, entry.doi,
        entry.authors, entry.venue,
    )  # fmt: skip
