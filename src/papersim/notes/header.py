"""A note's header: YAML frontmatter or Logseq page properties, sound or broken."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import yaml
from frontmatter.default_handlers import YAMLHandler

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Header", "read_header"]

_HANDLER = YAMLHandler()
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_KEY = re.compile(r"^[\"']?([^\s#\"'\-\[{:][^:\"']*?)[\"']?\s*:(?:[ \t]+(.*)|)$")
_ITEM = re.compile(r"^\s*-\s+(.*)$")
_PROPERTY = re.compile(r"^(?:- )?\s*([A-Za-z][\w-]*)::[ \t]*(.*)$")
_NOTHING = {"", "null", "~", "none"}
_LONGEST = 200_000
_MOST_BRACKETS = 200


@dataclass(frozen=True)
class Header:
    """What stands before a note's body.

    ``values`` are the keys in lower case, with their values as text or lists of text, however
    YAML would type them; ``raw`` is what stands behind each key in the file; ``lines`` the
    line of each key. ``end`` and ``end_line`` say where the body begins. ``form`` is ``yaml``,
    ``properties`` (Logseq) or empty where there is no header; ``broken`` that YAML refused it
    and it was read line by line.
    """

    values: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    raw: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    end: int = 0
    end_line: int = 1
    form: str = ""
    broken: bool = False

    def text(self, *keys: str) -> str | None:
        """Return the first of the keys that has a text, on one line; None if none has."""
        for key in keys:
            value = self.values.get(key, "")
            flat = " ".join((value if isinstance(value, str) else ", ".join(value)).split())
            if flat.casefold() not in _NOTHING:
                return flat
        return None

    def items(self, *keys: str) -> tuple[str, ...]:
        """Return the values of all the keys as one flat sequence of texts, as written."""
        values = (self.values.get(key, ()) for key in keys)
        return tuple(
            item
            for value in values
            for item in ((value,) if isinstance(value, str) else value)
            if item.strip().casefold() not in _NOTHING
        )


def read_header(text: str) -> Header:
    """Return the header of a note's text, which begins at offset 0 (any BOM taken off)."""
    if _HANDLER.detect(text):
        try:
            block, body = _HANDLER.split(text)
        except ValueError:
            return Header()
        header = _read_yaml(block, text, len(text) - len(body))
        if header is not None:
            return header
    return _read_properties(text)


def _read_yaml(block: str, text: str, end: int) -> Header | None:
    lines = _split(block)
    first = 1 + _count_line_ends(text[: text.find(block)].removesuffix("\r"))
    raw, places = _raw_values(lines, first)
    values, broken = _load(block, raw)
    if values is None:
        return None
    # The split leaves the line end of the closing `---` with the body.
    end += len(re.match(r"\r\n|\r|\n|", text[end:]).group())  # type: ignore[union-attr]
    return Header(values, raw, places, end, 1 + _count_line_ends(text[:end]), "yaml", broken)


def _load(
    block: str, raw: Mapping[str, str]
) -> tuple[dict[str, str | tuple[str, ...]] | None, bool]:
    """Return the values of a YAML block and whether it was broken; None if it is no header.

    The base loader makes nothing but text, lists and mappings: ``20231130`` stays what was
    written and no tag of YAML's can run anything.
    """
    data: object = None
    broken = len(block) > _LONGEST or sum(map(block.count, "[{")) > _MOST_BRACKETS
    if not broken:
        try:
            data = _HANDLER.load(block, Loader=_LOADER)
        except (yaml.YAMLError, ValueError, RecursionError):
            broken = True
    if broken:
        if not raw:
            return None, True
        return {key: _by_hand(value) for key, value in raw.items()}, True
    if not isinstance(data, dict):
        return ({}, False) if not block.strip() else (None, False)
    values: dict[str, str | tuple[str, ...]] = {}
    for key, value in data.items():
        name = str(key).strip().casefold()
        flat = value if isinstance(value, str) else tuple(_flatten(value))
        if not flat and raw.get(name, "").startswith("#"):
            # `tags: #a, #b` and `title: # X` are comments to YAML and meant by people.
            flat = raw[name]
        values[name] = flat
    return values, False


def _flatten(value: object, depth: int = 0) -> Iterator[str]:
    """Yield the texts in nested lists (``[[a]]`` is one to YAML) and mappings, in order."""
    if isinstance(value, str):
        yield value
    elif depth < 5:
        if isinstance(value, list):
            for item in value[:1000]:
                yield from _flatten(item, depth + 1)
        elif isinstance(value, dict):
            for key, item in value.items():
                yield str(key) if not item else f"{key}: {next(_flatten(item, depth + 1), '')}"


def _raw_values(lines: list[str], first_line: int) -> tuple[dict[str, str], dict[str, int]]:
    """Return what stands behind each top-level key, its continuation lines joined, and its line."""
    raw: dict[str, str] = {}
    places: dict[str, int] = {}
    key = ""
    for number, line in enumerate(lines, first_line):
        if match := _KEY.match(line):
            key = match.group(1).strip().casefold()
            if key not in raw:
                places[key] = number
            raw[key] = (match.group(2) or "").strip()
        elif key and line.strip():
            raw[key] += "\n" + line.rstrip()
    return raw, places


def _by_hand(raw: str) -> str | tuple[str, ...]:
    """Return the value of a key whose YAML is broken: a list where list items follow it."""
    head, *rest = raw.split("\n")
    items = [match.group(1) for line in rest if (match := _ITEM.match(line))]
    if items and (not head or head.startswith("#")):
        return tuple(_unquote(item) for item in items)
    text = " ".join(" ".join((re.sub(r"^[>|][+-]?$", "", head), *rest)).split())
    if text.startswith("[") and text.endswith("]") and not text.startswith("[["):
        return tuple(_unquote(part) for part in text[1:-1].split(",") if part.strip())
    return _unquote(text)


def _unquote(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1].strip()
    return text


def _read_properties(text: str) -> Header:
    """Return Logseq's page properties: the ``key:: value`` lines that a page begins with."""
    raw: dict[str, str] = {}
    places: dict[str, int] = {}
    end, end_line = 0, 1
    position, number = 0, 1
    for match in re.finditer(r"([^\r\n]*)(\r\n|\r|\n|$)", text):
        line = match.group(1)
        if found := _PROPERTY.match(line):
            key = found.group(1).casefold()
            raw[key] = found.group(2).strip()
            places[key] = number
            end, end_line = match.end(), number + 1
        elif line.strip():
            break
        position = match.end()
        number += 1
        if position >= len(text):
            break
    if not raw:
        return Header()
    return Header(dict(raw), raw, places, end, end_line, "properties")


def _split(text: str) -> list[str]:
    return re.split(r"\r\n|\r|\n", text)


def _count_line_ends(text: str) -> int:
    return len(re.findall(r"\r\n|\r|\n", text))
