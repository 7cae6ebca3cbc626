"""Facts about a paper: tags, authors, venue, date, identifiers; from headers and labelled lines."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from datetime import date, datetime, timezone
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from papersim.notes.labels import label_key

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover - the same parser under its older name
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterable

    from papersim.notes.lines import Line

__all__ = [
    "Field",
    "arxiv_id",
    "date_in",
    "doi",
    "field_name",
    "field_of",
    "hash_field",
    "names",
    "without_tag_fields",
]

_FIELD = re.compile(
    # Bullet; the star of `***Tags**` is one, too.
    r"(?:[-+]\s{0,4}|\*\s{1,4}|\*(?=\*\*[^*]{1,50}\*\*(?!\*)))?"
    r"(?:[^\w\s*\[]{1,3}\s{0,4})?"  # emoji
    r"(?:(?P<mark>\*{1,3}|_{1,3})(?P<bold>[^*\r\n]{1,40}?)"
    r"(?:[:：]\s{0,4}(?P=mark)(?!\*)|\s{0,4}(?P=mark)(?!\*)\s{0,4}(?::|：))[:：]?"
    r"|\*?(?P<plain>[^*:：\r\n|]{1,40}?)(?:::?|：))"
    r"(?P<value>.*)"
)
_COLON = re.compile("[:：]")
_HASH_FIELD = re.compile(r"^\s*(?:[-*+]\s+)?#(?P<name>[\w-]+)\s+\S")
_ARXIV = re.compile(
    r"(?:arxiv\.org/(?:abs|pdf|html)/|arxiv[:：.\s]+(?:id[:：\s]*)?|alphaxiv\.org/abs/)"
    r"(\d{4}\.\d{4,5}|[a-z\-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?",
    re.IGNORECASE,
)
_ARXIV_FILE = re.compile(r"(?:^|[/_\- ])(\d{2}(?:0[1-9]|1[0-2])\.\d{4,5})(?:v\d+)?(?=$|[_\- .])")
_DOI = re.compile(r"\b(10\.\d{4,9}/[^\s\"'<>\]){}]+[^\s\"'<>\]){}.,;:])", re.IGNORECASE)
_DATE = re.compile(
    r"(?<!\d)((?:19|20)\d{2})[-./年]?(0[1-9]|1[0-2]|[1-9](?=[-./月]))[-./月]?(0[1-9]|[12]\d|3[01]|[1-9](?!\d))(?!\d)"
)
_SHORT_DATE = re.compile(r"(?:^|/)(\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=[ _\-.])")
_WRITTEN_DATE = re.compile(
    r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? "
    r"(\d{1,2})(?:st|nd|rd|th)?,? (\d{4})\b",
    re.IGNORECASE,
)
_MONTHS = (
    *("jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
)
_LONGEST_LINE = 4_000
_MILLISECONDS = re.compile(r"\d{13}")


@dataclass(frozen=True, slots=True)
class Field:
    """A labelled fact on one line: what it is (a key of fields.toml) and the value as written."""

    name: str
    value: str


@cache
def _names() -> dict[str, str]:
    data = tomllib.loads(files("papersim.notes").joinpath("fields.toml").read_text("utf-8"))
    return {label_key(label): name for name, labels in data.items() for label in labels}


def field_of(line: Line) -> Field | None:
    """Return the fact a line states, None if it states none that is known."""
    if line.kind == "table":
        cells = line.text.strip(" >|").split("|")
        name = field_name(cells[0].strip()) if len(cells) == 2 else None
        return Field(name, cells[1].strip()) if name else None
    if line.kind not in {"text", "html"} or len(line.text) > _LONGEST_LINE:
        return None
    match = _FIELD.match(line.text.lstrip(" \t>")) if _COLON.search(line.text) else None
    if match is None:
        return None
    name = _names().get(label_key(match["bold"] or match["plain"] or ""))
    return Field(name, match["value"].strip()) if name else None


def field_name(label: str) -> str | None:
    """Return what a bare label states (a key of fields.toml), None if it is none known."""
    return _names().get(label_key(label))


def without_tag_fields(text: str) -> str:
    """Return a text without the lines that list tags behind a label (``* **Tags**: a, b``)."""
    if not _COLON.search(text) and "|" not in text:
        return text
    return "\n".join("" if _states_tags(line) else line for line in text.split("\n"))


def _states_tags(line: str) -> bool:
    if len(line) > _LONGEST_LINE:
        return False
    cells = line.strip(" >|").split("|")
    if line.lstrip(" >").startswith("|"):
        return len(cells) == 2 and field_name(cells[0].strip()) == "tags"
    match = _FIELD.match(line.lstrip(" \t>")) if _COLON.search(line) else None
    return match is not None and field_name(match["bold"] or match["plain"] or "") == "tags"


def hash_field(text: str) -> str | None:
    """Return, without ``#``, a hashtag that names the fact behind it (``- #title Some Paper``)."""
    match = _HASH_FIELD.match(text)
    return match["name"] if match and field_name(match["name"]) else None


def names(value: str | Iterable[str]) -> tuple[str, ...]:
    """Return people's names from a value such as ``A, B and C`` or a list, as written."""
    if not isinstance(value, str):
        found = [str(item) for item in value]
    elif ";" in value:
        found = value.split(";")
    else:
        found = re.split(r",| and |、|，|；", value)
    cleaned = (re.sub(r"[\[\]*_`]|\\", "", name) for name in found)
    return tuple(name for part in cleaned if (name := " ".join(part.split())))


def arxiv_id(*texts: str | None, path: str = "") -> str | None:
    """Return the arXiv id, without version, that the texts or the note's file name give first."""
    for text in texts:
        if text and (match := _ARXIV.search(text)):
            return match.group(1)
    match = _ARXIV_FILE.search(path.removesuffix(".md"))
    return match.group(1) if match else None


def doi(*texts: str | None) -> str | None:
    """Return the first DOI in the texts, in lower case."""
    for text in texts:
        if text and (match := _DOI.search(text)):
            return match.group(1).casefold()
    return None


def date_in(*texts: str | None, path: str = "") -> str | None:
    """Return the first day the texts or the note's path name, as ``YYYY-MM-DD``; None without.

    Thirteen digits are Dendron's milliseconds since 1970 (UTC).
    """
    for text in texts:
        if not text:
            continue
        if _MILLISECONDS.fullmatch(text):
            moment = datetime.fromtimestamp(int(text) / 1000, tz=timezone.utc)
            return moment.date().isoformat()
        if match := _DATE.search(text):
            return _day(*match.groups())
        if match := _WRITTEN_DATE.search(text):
            month, day, year = match.groups()
            return _day(year, str(_MONTHS.index(month.casefold()[:3]) + 1), day)
    if match := _DATE.search(path):
        return _day(*match.groups())
    if match := _SHORT_DATE.search(path):
        year, month, day = match.groups()
        return _day(f"20{year}", month, day)
    return None


def _day(year: str, month: str, day: str) -> str | None:
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None
