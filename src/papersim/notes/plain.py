"""Markdown to the plain text that is embedded: what a reader would read aloud."""

from __future__ import annotations

import html
import re
from functools import lru_cache

from papersim.notes.fields import without_tag_fields
from papersim.notes.tags import without_hashtags
from papersim.notes.titles import wikilink_text

__all__ = ["plain_text"]

_PROPERTIES = (
    r"id|collapsed|heading|background[-_]color|public|icon|card-[\w-]+|hl-[\w-]+|ls-type|logseq\.[\w.-]+"
    r"|created-at|updated-at|file|file-path|zotero[\w-]*|library-catalog|links|url|doi|issn|isbn"
    r"|issue|volume|pages|access-date|item-type|short-title|journal-abbreviation|language|citekey"
)
"""Logseq's and Zotero's properties, which tell of the note and not of the paper."""

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL), " "),
    (
        re.compile(
            r"<(script|style|iframe|button)\b[^<>]{0,2000}>[^<>]{0,2000}</\1>", re.IGNORECASE
        ),
        " ",
    ),
    (
        re.compile(
            r"<a\b[^<>]{0,2000}class=[^<>]{0,200}(?:btn|button|toolbar|badge)[^<>]{0,2000}>"
            r"[^<>]{0,500}</a>",
            re.IGNORECASE,
        ),
        " ",
    ),
    (re.compile(r"[(（]?\[[^\[\]\r\n]{0,500}\]\(zotero://[^)\r\n]{0,500}\)[)）]?"), " "),
    (re.compile(r"\{\{[^{}\r\n]{0,500}\}\}|\{%[^%\r\n]{0,500}%\}|<%[^%\r\n]{0,500}%>"), " "),
    (re.compile(r"`\$?=[^`\r\n]{0,500}`"), " "),
    (re.compile(r"!\[[^\]\r\n]{0,500}\]\([^)\r\n]{0,2000}\)(?:\{[^}\r\n]{0,200}\})?"), " "),
    (re.compile(r"!\[\[[^\]\r\n]{0,500}\]\]"), " "),
    (
        re.compile(
            r"\[((?:[^\[\]\r\n]|\[[^\[\]\r\n]{0,300}\]){0,600})\]"
            r"\((?:[^()\r\n]|\([^()\r\n]{0,300}\)){0,2000}\)"
        ),
        r"\1",
    ),
    (re.compile(r"\[\^[^\]\r\n]{1,80}\]:?|[⁰¹²³⁴-⁹]*\[\d+\]"), ""),
    (re.compile(r"</?[a-zA-Z][^<>\r\n]{0,2000}>"), " "),
    (re.compile(r"(?:https?|zotero|file)://\S+"), " "),
    (re.compile(r"^[ \t]*(?:>[ \t]*)*(?:\[![^\]\r\n]+\][+-]?[ \t]*)?", re.MULTILINE), ""),
    (re.compile(r"^(?:```|~~~).*$", re.MULTILINE), ""),
    (
        re.compile(r"^(?:[-*+][ \t]+)?#\+(?:begin|end)_\w+.*$", re.MULTILINE | re.IGNORECASE),
        "",
    ),
    (re.compile(r"^#{1,6}[ \t]+", re.MULTILINE), ""),
    (re.compile(r"^(?:[-*+]|\d{1,3}[.)])[ \t]+", re.MULTILINE), ""),
    (re.compile(rf"^(?:{_PROPERTIES})::.*$|^[\w-]+::[ \t]*$", re.MULTILINE), ""),
    (re.compile(r"^[|:\- \t]*(?:-{3,}|\|[ \t]*:?-|-:?[ \t]*\|)[|:\- \t]*$", re.MULTILINE), ""),
    (re.compile(r"\*{1,3}|~~|==|(?<!\w)_{1,3}(?=\S)|(?<=\S)_{1,3}(?!\w)|`"), ""),
    (re.compile(r"\|"), " "),
)
_WIKILINK = re.compile(r"(?<!!)\[\[([^\[\]\r\n]+)\]\]")
_MATH = re.compile(r"\$\$[^$]{1,5000}\$\$|\$(?=[^\s$])[^$\r\n]{0,1000}(?<=\S)\$(?!\d)")
_HELD = re.compile("\ue000(\\d+)\ue001")


@lru_cache(maxsize=8192)
def plain_text(markdown: str) -> str:
    """Return the words of a Markdown text: no images, link targets, HTML, bullets or emphasis.

    Math stays as written. Lines stay lines; blank ones go.
    """
    text = markdown.replace("\r\n", "\n").replace("\r", "\n")
    # Tags are no words of the paper: what is embedded must not hold them.
    text = without_hashtags(without_tag_fields(text))
    math: list[str] = []

    def hold(match: re.Match[str]) -> str:
        math.append(match.group())
        return f"\ue000{len(math) - 1}\ue001"

    # Formulas are full of what Markdown would take for emphasis, tags and tables.
    text = _MATH.sub(hold, text.replace("\ue000", "").replace("\ue001", ""))
    text = _WIKILINK.sub(lambda m: wikilink_text(m.group(1)), text)
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    text = _HELD.sub(lambda m: math[int(m.group(1))], text)
    lines = (" ".join(line.split()) for line in html.unescape(text).split("\n"))
    return "\n".join(line for line in lines if line)
