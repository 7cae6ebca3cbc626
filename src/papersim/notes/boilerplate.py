"""Boilerplate: lines and sentences that stand in many papers and say nothing of any.

Template prompts, the opening words of a chatbot, notes of a generator: they make unrelated
papers look alike. They are recognised by counting in how many entries each line stands, left
out of what is embedded, and never left out of what is shown.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

__all__ = ["LEAST_COUNT", "is_boilerplate", "keyed_lines", "without_boilerplate"]

LEAST_COUNT = 5
"""A line in fewer entries than this is never boilerplate."""

_SENTENCE = re.compile(r".*?(?:[。！？!?]+|\.(?=\s|$)|$)")
_ENDS = tuple("。！？!?.:：…")
_SHORTEST_SENTENCE = 12
_SHORTEST_PHRASE = 8
_PHRASE_COUNT = 10
_PHRASE_SHARE = 0.2


def keyed_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a section's Markdown that may be boilerplate, each with its key.

    A line of several sentences yields them, too. Digits count as equal, so that a dated line is
    the same every day. A key is odd for a sentence and even for a phrase, which has no end
    mark: phrases such as the name of a field may well stand in many papers.
    """
    from papersim.notes.plain import plain_text

    for line in plain_text(text).split("\n"):
        for part in dict.fromkeys((line, *_sentences(line))):
            if (key := _key(part)) is not None:
                yield key, part


def is_boilerplate(key: int, count: int, entries: int) -> bool:
    """Return whether a line that stands in ``count`` of ``entries`` entries is boilerplate."""
    if key & 1:
        return count >= LEAST_COUNT
    return count >= max(_PHRASE_COUNT, _PHRASE_SHARE * entries)


def without_boilerplate(text: str, boilerplate: Collection[int]) -> str:
    """Return the plain text of a section's Markdown without the lines whose keys are given."""
    from papersim.notes.plain import plain_text

    words = plain_text(text)
    if not boilerplate:
        return words
    return "\n".join(kept for line in words.split("\n") if (kept := _kept(line, boilerplate)))


def _kept(line: str, boilerplate: Collection[int]) -> str:
    if _key(line) in boilerplate:
        return ""
    parts = _sentences(line)
    kept = [part for part in parts if _key(part) not in boilerplate]
    return line if len(kept) == len(parts) else "".join(kept).strip()


def _sentences(line: str) -> list[str]:
    return [part for part in _SENTENCE.findall(line) if part.strip()]


def _key(part: str) -> int | None:
    """Return the key of a line or sentence, None where it is too short to be told from chance."""
    normal = re.sub(r"\d+", "0", " ".join(part.split())).casefold()
    # What is not ASCII counts twice: a Chinese character says as much as several letters.
    units = 2 * len(normal) - len(normal.encode("ascii", "ignore"))
    sentence = normal.endswith(_ENDS)
    if units < (_SHORTEST_SENTENCE if sentence else _SHORTEST_PHRASE):
        return None
    digest = hashlib.blake2b(normal.encode("utf-8", "replace"), digest_size=7).digest()
    return int.from_bytes(digest, "big") << 1 | sentence
