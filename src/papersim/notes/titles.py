"""Titles: what people write around them, taken off, and the key by which two are the same."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from urllib.parse import unquote

__all__ = [
    "clean_title",
    "is_date",
    "title_from_path",
    "title_key",
    "wikilink_target",
    "wikilink_text",
]

_IMAGE = re.compile(r"!\[[^\]\r\n]*\]\([^)\r\n]*\)")
_LINK = re.compile(r"\[((?:[^\[\]\r\n]|\[[^\[\]\r\n]*\])+)\]\([^)\s]*(?:\s[^)]*)?\)")
_WIKILINK = re.compile(r"\[\[([^\[\]\r\n]+)\]\]")
_LONGEST = 1_000
_TRAILING_TAGS = re.compile(r"(?:\s+#[^\s#]+)+\s*$")
_DATE = re.compile(
    r"(?:[a-z]+[.\-_ ])*"
    r"(?:(?:19|20)?\d{2}[-./_年 ]?(?:0?[1-9]|1[0-2])[-./_月 ]?(?:0?[1-9]|[12]\d|3[01])日?"
    r"|(?:19|20)\d{2}[-./_年 ]?(?:0[1-9]|1[0-2])月?"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? "
    r"\d{1,2}(?:st|nd|rd|th)?,? \d{4})"
    r"(?:[-_ (（]*(?:mon|tue|wed|thu|fri|sat|sun|周|星期|礼拜)\w*[)）]?)?",
    re.IGNORECASE,
)
_FILE_DATE = re.compile(
    r"^(?:(?:19|20)?\d{2}[-._]?(?:0[1-9]|1[0-2])[-._]?(?:0[1-9]|[12]\d|3[01]))[-_ ]+(?=\S)"
)


def clean_title(text: str) -> str:
    """Return a title as a person would write it, on one line, without markup and links.

    No title is longer than a thousand characters.
    """
    import html

    text = text.strip()[:_LONGEST]
    title = _WIKILINK.sub(lambda m: wikilink_text(m.group(1)), _IMAGE.sub("", text))
    title = _LINK.sub(r"\1", title)
    title = re.sub(r"</?[a-zA-Z][^<>]*>", "", html.unescape(title))
    title = re.sub(r"^(?:#+\s+)+", "", title.strip())
    title = _TRAILING_TAGS.sub("", title)
    title = re.sub(r"(\*\*|__)(.+?)\1", r"\2", title)
    title = re.sub(r"^([*_`])(.+)\1$", r"\2", title.strip())
    title = re.sub(r"\\([\\`*_{}\[\]()#+\-.!|&:])", r"\1", title)
    return " ".join(title.split()).strip()


def wikilink_text(inside: str) -> str:
    """Return what a wikilink shows, given what stands between its brackets."""
    return _wikilink_parts(inside)[0]


def wikilink_target(inside: str) -> str:
    """Return the note a wikilink leads to, its heading left out; see `wikilink_text`."""
    return _wikilink_parts(inside)[1].split("#")[0].strip()


def _wikilink_parts(inside: str) -> tuple[str, str]:
    """Return what a wikilink shows and where it leads.

    Obsidian writes ``[[target|alias]]``, Dendron ``[[alias|target]]``; Dendron's target is a
    dotted path without blanks, its alias has some.
    """
    parts = [part.strip() for part in inside.split("|")]
    if len(parts) != 2:
        return parts[0], parts[0]
    first, second = parts
    if re.fullmatch(r"[\w\-]+(?:\.[\w\-#^]+)+", second) and " " in first:
        return first, second
    return second or first, first or second


def is_date(title: str) -> bool:
    """Return whether a title is only a date, as in daily notes: ``2023-11-30 Thu``."""
    return _DATE.fullmatch(title.strip()) is not None


def title_from_path(path: str) -> str:
    """Return the title that a note's file name gives: decoded, without date, ``@`` and ending.

    Dendron's dotted names give their last part.
    """
    stem = re.sub(r"\.(?:md|markdown)$", "", path.rsplit("/", 1)[-1], flags=re.IGNORECASE)
    name = stem
    if "%" in name:
        name = unquote(name, errors="replace")
    name = name.replace("___", "/").lstrip("@").strip()
    if not is_date(name):
        name = _FILE_DATE.sub("", name)
    if " " not in name and re.fullmatch(r"[\w\-]+(?:\.[\w\-]+)+", name):
        name = name.rsplit(".", 1)[-1]
    if " " not in name:
        name = name.replace("_", " ")
    return " ".join(name.split()) or stem or path


@lru_cache(maxsize=65536)
def title_key(title: str) -> str:
    """Return the form in which two spellings of the same full title agree.

    Case, width, accents, blanks, punctuation and TeX markup go away; letters and digits of
    every language stay.
    """
    text = re.sub(r"\\[a-zA-Z]+|[$^_{}]", "", title)
    text = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in text if c.isalnum())
