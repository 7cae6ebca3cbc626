"""Tags that are not wanted on a paper: a text file in the index folder, for people to edit too.

Indexing neither writes nor deletes it. What is added is put where it sorts; every other line
stays byte for byte as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from papersim.errors import IndexUnusableError
from papersim.files import replace_file
from papersim.index.identity import names_a_paper
from papersim.notes.tags import tag_key
from papersim.notes.titles import title_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from papersim.model import Paper

__all__ = ["FILE_NAME", "Rejection", "Rejections", "add_rejections", "load_rejections"]

FILE_NAME = "rejected-tags.txt"
_HEADER = (
    "# Tags that papersim never suggests again for a paper: tag, paper id (or -) and title, "
    "with tabs between. Delete a line to take the no back."
)
_NO_ID = "-"


@dataclass(frozen=True, slots=True)
class Rejection:
    """A tag not wanted on a paper; ``paper`` is its id, empty for one that is not indexed."""

    tag: str
    paper: str
    title: str

    @classmethod
    def of(cls, tag: str, paper: Paper) -> Rejection:
        """Return the no to a tag, with or without ``#``, on a paper."""
        return cls(_plain(tag.strip().lstrip("#")), paper.id, _plain(paper.title))

    @classmethod
    def parse(cls, line: str) -> Rejection | None:
        """Return what a line of the file says, None where it has another form."""
        tag, paper, title = (*map(str.strip, line.split("\t", 2)), "", "")[:3]
        known = "" if paper == _NO_ID else paper
        return cls(tag, known, title) if tag and (known or title_key(title)) else None

    def line(self) -> str:
        """Return the line of the file that says this."""
        return f"{self.tag}\t{self.paper or _NO_ID}\t{self.title}"

    @property
    def key(self) -> tuple[str, str, str]:
        """What two nos have in common that say the same."""
        return tag_key(self.tag), self.paper, title_key(self.title)


class Rejections:
    """The tags that are not wanted, by paper."""

    def __init__(self, rejections: Iterable[Rejection] = ()) -> None:
        self._by_id: dict[str, set[str]] = {}
        self._by_title: dict[str, set[str]] = {}
        for one in rejections:
            title = title_key(one.title)
            if one.paper:
                self._by_id.setdefault(one.paper, set()).add(tag_key(one.tag))
            if not one.paper or names_a_paper(title):
                self._by_title.setdefault(title, set()).add(tag_key(one.tag))

    def tags_of(self, paper: Paper) -> frozenset[str]:
        """Return the keys of the tags that are never to be suggested for a paper.

        A paper is known by its id and by its full title, as in the index; a title that is too
        short or too general to name a paper counts only where the file has no id beside it.
        """
        by_id = self._by_id.get(paper.id, set()) if paper.id else set()
        return frozenset(by_id | self._by_title.get(title_key(paper.title), set()))


def load_rejections(index: Path) -> tuple[Rejections, str]:
    """Return what the file in an index folder says, and a message on lines it cannot use.

    The message is empty where there are none. Raises IndexUnusableError where the file cannot
    be read.
    """
    found, damaged = [], []
    for number, line in enumerate(_read(index / FILE_NAME), 1):
        if one := _parsed(line):
            found.append(one)
        elif not _is_remark(line):
            damaged.append(str(number))
    return Rejections(found), _on_damaged(index / FILE_NAME, damaged)


def add_rejections(index: Path, new: Sequence[Rejection]) -> None:
    """Add lines to the file in an index folder, which is then the old one or the new one, whole.

    What it says already is not added. Raises IndexUnusableError where it cannot be read or written.
    """
    file = index / FILE_NAME
    lines = _read(file)
    known = {one.key for line in lines if (one := _parsed(line))}
    added = {one.key: one.line() for one in new if one.key not in known}
    for line in added.values():
        lines = _with_line(lines or [_HEADER], line)
    if added:
        _write(file, lines)


def _write(file: Path, lines: Iterable[str]) -> None:
    data = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")
    try:
        target = _target(file)
        replace_file(target, data, like=target.stat() if target.exists() else None)
    except (OSError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise IndexUnusableError(
            f"{file} cannot be written: {reason}; mend that and run again"
        ) from error


def _target(file: Path) -> Path:
    """Return what is to be written: a link to where the file is kept and versioned stays one.

    Raises RuntimeError for a link to another kind of file: it may have come with the folder.
    """
    target = file.resolve()
    if target.suffix != file.suffix:
        raise RuntimeError(f"it is a link to {target}, which is no {file.suffix} file")
    return target


def _with_line(lines: Sequence[str], new: str) -> list[str]:
    """Return lines with a new one put before the first no that sorts after it, or at the end."""
    after = (i for i, line in enumerate(lines) if _parsed(line) and line > new)
    place = next(after, len(lines))
    return [*lines[:place], new, *lines[place:]]


def _parsed(line: str) -> Rejection | None:
    return None if _is_remark(line) else Rejection.parse(line)


def _is_remark(line: str) -> bool:
    return not line.strip() or line.startswith("#")


def _read(file: Path) -> list[str]:
    """Return the lines of the file; bytes that are no UTF-8 stay as they are (PEP 383)."""
    try:
        text = file.read_bytes().decode("utf-8-sig", "surrogateescape")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise IndexUnusableError(
            f"{file} cannot be read: {error.strerror}; mend that and run again"
        ) from error
    return text.removesuffix("\n").split("\n") if text else []


def _on_damaged(file: Path, numbers: Sequence[str]) -> str:
    if not numbers:
        return ""
    lines = f"line {numbers[0]} is" if len(numbers) == 1 else f"lines {', '.join(numbers)} are"
    return f"{file}: {lines} not a tag, a paper id and a title with tabs between, and left alone"


def _plain(text: str) -> str:
    """Return a text on one line, without what UTF-8 cannot hold."""
    return " ".join(text.encode("utf-8", "replace").decode().split())
