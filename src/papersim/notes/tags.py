"""The syntax of tags: hashtags in prose, values in headers, lists behind a label."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from papersim.notes.placeholders import has_mark, without_placeholders

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "TAG_KEYS",
    "hashtag_spans",
    "hashtags",
    "is_tag_line",
    "split_tags",
    "tag_key",
    "unique_tags",
    "without_hashtags",
]

TAG_KEYS = ("tags", "tag", "keywords", "keyword", "zotero_keywords", "关键词", "标签")
"""The header keys whose values are tags."""

_EMOJI = "\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff\ufe0f\u200d\u2b55"
_WORD = rf"[\w\-/+&.:'’{_EMOJI}]+"
_ONE = rf"#(?:\[\[[^\[\]\r\n]+\]\]|{_WORD})"
_RUN = re.compile(rf"(?:^|(?<=[\s,，、;；。.!?！？(（:：|>*\"'“]))(?:{_ONE})+")
_HASHTAG = re.compile(rf"#(?:\[\[([^\[\]\r\n]+)\]\]|({_WORD}))")
_LINK = re.compile(r"\[\[([^\[\]\r\n]+)\]\]")
_LINK_OR_TEXT = re.compile(r"\[\[([^\[\]\r\n]+)\]\]|([^,，、;；\[\]]+)")
_MATH = re.compile(r"\$\$?[^$\r\n]+\$\$?")
_URL = re.compile(r"(?:https?|zotero|file|mailto|obsidian)://?[^\s<>()\"，。）]+")
_HEX_COLOUR = re.compile(r"(?=.*\d)[0-9a-fA-F]{6}$|[0-9a-fA-F]{8}$")
_TRAILING = ".-/+&:'’"
_LONGEST = 100
_PLACEHOLDER = r"(?:\{\{[^{}]*\}\}|\{%[^%]*%\}|<%[^%]*%>)"
_FILLED_IN_LATER = re.compile(rf"#[^\s#{{<]*{_PLACEHOLDER}[^\s#]*|{_PLACEHOLDER}")
_YEAR = re.compile(r"(?:19|20)\d\d")
_PLACE = "{{}}"


def hashtags(prose: str) -> list[str]:
    """Return the hashtags in a line's prose in order, without ``#``; repeats are kept.

    A tag has to hold something besides digits (``#123`` is an issue number), and stands at
    the beginning, after a blank, after punctuation or after another tag. ``#topic/{{name}}``
    waits for the rest of its name and is none yet.
    """
    return [tag for tag, _, _ in hashtag_spans(prose)]


def hashtag_spans(prose: str) -> list[tuple[str, int, int]]:
    """Return the hashtags in a line's prose, each with where it stands, ``#`` left out."""
    if "#" not in prose:
        return []
    text = _URL.sub(_blanks, _MATH.sub(_blanks, prose))
    if has_mark(text):
        text = _FILLED_IN_LATER.sub(_blanks, text)
    found = []
    for run in _RUN.finditer(text):
        for match in _HASHTAG.finditer(text, run.start(), run.end()):
            inside = match.group(match.lastindex or 0)
            tag = inside.strip().rstrip(_TRAILING)
            if _is_tag(tag):
                at = match.start(match.lastindex or 0) + len(inside) - len(inside.lstrip())
                found.append((tag, at, at + len(tag)))
    return found


def _blanks(match: re.Match[str]) -> str:
    return " " * len(match.group())


def _is_tag(tag: str) -> bool:
    """Return whether what stands behind a ``#`` is a tag."""
    return (
        len(tag) <= _LONGEST
        and _names_something(tag)
        and tag[0] != "+"  # Logseq's and Org's `#+BEGIN_NOTE`
        and not _HEX_COLOUR.match(tag)
    )


def _names_something(tag: str) -> bool:
    """Return whether a tag's words can be a tag: with letters or a symbol such as an emoji."""
    return any(c.isalpha() or unicodedata.category(c) == "So" for c in tag)


def without_hashtags(text: str) -> str:
    """Return a text without its hashtags, wherever they stand; ``#123`` and headings stay."""
    if "#" not in text:
        return text
    return _RUN.sub(lambda run: "" if hashtags(run[0]) else run[0], text)


def is_tag_line(prose: str) -> bool:
    """Return whether a line holds hashtags and nothing else."""
    if "#" not in prose or not hashtags(prose):
        return False
    return not _HASHTAG.sub("", prose).strip(" \t,，、;；.*-|")


def split_tags(values: str | Iterable[str]) -> list[str]:
    """Return the tags in a header's value or behind a label such as ``Tags:``, as written.

    Lists, comma strings, ``#a #b``, backticks, ``[[a]], [[b]]`` and quoted tags are
    understood; blanks separate only where every word is a hashtag. Template placeholders, and
    numbers and punctuation alone, are no tags; a year is one.
    """
    texts = [values] if isinstance(values, str) else list(values)
    return [tag for text in texts for tag in _split_one(text)]


def _split_one(text: str) -> list[str]:
    text = without_placeholders(text.strip(), _PLACE) if has_mark(text) else text.strip()
    if "`" in text and (inner := re.findall(r"`([^`]+)`", text)):
        parts = inner
    elif _LINK.search(text):
        parts = [link or other for link, other in _LINK_OR_TEXT.findall(text)]
    else:
        if text.startswith("[") and text.endswith("]"):
            text = text[1:-1]
        # A blank separates only before a hashtag; `#a#b` is two tags.
        parts = re.split(r"[,，、;；\n]|\s+(?=#)|(?<=\w)(?=#)", text)
    return [tag for part in parts if (tag := _clean(part))]


def _clean(part: str) -> str:
    tag = " ".join(part.split()).strip(" \"'`*").lstrip("#").strip(" \"'`[]").rstrip("。")
    if tag.endswith(".") and " " in tag:
        tag = tag.rstrip(".")
    if has_mark(tag) or tag.casefold() in {"null", "none"}:
        return ""
    # Who lists a year among tags means it; `#2015` is read as any other number.
    return tag if _names_something(tag) or _YEAR.fullmatch(tag) else ""


def tag_key(tag: str) -> str:
    """Return the form of a tag in which two spellings count as the same tag: case and width."""
    return unicodedata.normalize("NFKC", tag).casefold()


def unique_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """Return tags in their order, each once."""
    return tuple(dict.fromkeys(tags))
