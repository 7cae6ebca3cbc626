"""Text as the models get it: well-formed, and for the bundled one alike for both its engines."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["TextRules", "clip", "well_formed"]

LONGEST_PIECE = 16
"""Characters in the longest piece of the e5 vocabulary."""

HALVE_BELOW = 64
"""Characters between the bounds of a clip below which tokens are too coarse to interpolate."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_BLANKS = re.compile(" {2,}")
_SPECIAL = re.compile(r"<(/?s|pad|unk|mask)>")
_FULLWIDTH_TILDE = "\uff5e"


def well_formed(text: str) -> str:
    """Return the text with NUL as a blank and lone surrogates as U+FFFD.

    A NUL ends a text for an engine in C; a lone surrogate has no UTF-8.
    """
    return _SURROGATE.sub("\ufffd", text.replace("\0", " "))


@dataclass(frozen=True)
class TextRules:
    """What the e5 tokenizer does to text before it looks for pieces.

    Done here once, so that it does not depend on the engine: the one in C normalises each
    character alone and gives every unknown character a token of its own, where the genuine
    tokenizer composes characters and takes a run of unknown ones as one token.
    """

    replacements: Mapping[int, str]
    """Code point to its normal form: SentencePiece's ``nmt_nfkc``, as the weights carry it."""

    known: frozenset[str]
    """The characters that occur in the vocabulary."""

    def apply(self, text: str) -> str:
        """Return the text as both engines get it; applying it again changes nothing."""
        text = _compose(well_formed(text)).translate(self.replacements)
        # ``<s>`` in a note is HTML for struck text, not the model's sign for a beginning.
        text = _SPECIAL.sub(r"< \1>", text)
        return self._fuse_unknown(_BLANKS.sub(" ", text).strip(" "))

    def _fuse_unknown(self, text: str) -> str:
        """Return the text with each run of unknown characters cut to its first one."""
        if self.known.issuperset(text.replace(" ", "")):
            return text
        runs = groupby(text, key=lambda character: character == " " or character in self.known)
        return "".join("".join(run) if known else next(run) for known, run in runs)


def _compose(text: str) -> str:
    """Return the NFKC of the text; like ``nmt_nfkc``, it leaves the full-width tilde alone."""
    parts = text.split(_FULLWIDTH_TILDE)
    return _FULLWIDTH_TILDE.join(unicodedata.normalize("NFKC", part) for part in parts)


def clip(text: str, window: int, count: Callable[[str], int]) -> str:
    """Return the longest prefix of a text that has at most ``window`` tokens.

    Its length is looked for between bounds, by interpolation in turn with halving: tokens are
    spread almost evenly over a text, so a few counts do where halving alone needs a dozen.
    """
    if len(text) < window:  # a token covers a character or more, but for the blank put before
        return text
    fits, fits_tokens = 0, 0
    over = min(len(text), LONGEST_PIECE * (window + 1))
    over_tokens = count(text[:over])
    if over_tokens <= window:
        return text[:over]
    halve = False
    while over - fits > 1:
        share = 0.5 if halve else (window + 0.5 - fits_tokens) / (over_tokens - fits_tokens)
        guess = min(over - 1, max(fits + 1, fits + round(share * (over - fits))))
        tokens = count(text[:guess])
        if tokens <= window:
            fits, fits_tokens = guess, tokens
        else:
            over, over_tokens = guess, tokens
        halve = not halve and over - fits < HALVE_BELOW
    return text[:fits]
