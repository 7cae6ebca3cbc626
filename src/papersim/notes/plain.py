"""Markdown to the plain text that is embedded: what a reader would read aloud."""

from __future__ import annotations

import html
import re

from papersim.notes.titles import wikilink_text

__all__ = ["plain_text"]

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL), " "),
    (re.compile(r"<(script|style|iframe|button)\b[^<>]*>.*?</\1>", re.DOTALL | re.IGNORECASE), " "),
    (re.compile(r"!\[[^\]\r\n]*\]\([^)\r\n]*\)(?:\{[^}\r\n]*\})?"), " "),
    (re.compile(r"!\[\[[^\]\r\n]*\]\]"), " "),
    (
        re.compile(r"\[((?:[^\[\]\r\n]|\[[^\[\]\r\n]*\])*)\]\((?:[^()\r\n]|\([^()\r\n]*\))*\)"),
        r"\1",
    ),
    (re.compile(r"\[\^[^\]\r\n]+\]:?|[⁰¹²³⁴-⁹]*\[\d+\]"), ""),
    (re.compile(r"</?[a-zA-Z][^<>\r\n]*>"), " "),
    (re.compile(r"(?:https?|zotero|file)://\S+"), " "),
    (re.compile(r"^[ \t]*(?:>[ \t]*)*(?:\[![\w-]+\][+-]?[ \t]*)?", re.MULTILINE), ""),
    (re.compile(r"^(?:```|~~~).*$", re.MULTILINE), ""),
    (re.compile(r"^#{1,6}[ \t]+", re.MULTILINE), ""),
    (re.compile(r"^(?:[-*+]|\d{1,3}[.)])[ \t]+", re.MULTILINE), ""),
    (re.compile(r"^[\w-]+::.*$", re.MULTILINE), ""),
    (re.compile(r"^[|:\- \t]*-{3,}[|:\- \t]*$", re.MULTILINE), ""),
    (re.compile(r"\*{1,3}|~~|==|(?<!\w)_{1,3}(?=\S)|(?<=\S)_{1,3}(?!\w)|`"), ""),
    (re.compile(r"\s*\|\s*"), " "),
)
_WIKILINK = re.compile(r"\[\[([^\[\]\r\n]+)\]\]")


def plain_text(markdown: str) -> str:
    """Return the words of a Markdown text: no images, link targets, HTML, bullets or emphasis.

    Math stays as written. Lines stay lines; blank ones go.
    """
    text = markdown.replace("\r\n", "\n").replace("\r", "\n")
    text = _WIKILINK.sub(lambda m: wikilink_text(m.group(1)), text)
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    lines = (" ".join(line.split()) for line in html.unescape(text).split("\n"))
    return "\n".join(line for line in lines if line)
