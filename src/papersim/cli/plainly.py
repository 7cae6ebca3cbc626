"""Reading a plain command line, without importing what reads any.

Typer takes longer to import than many a command to answer, so an ordinary command line is read
here. Whatever is not ordinary (help, mistakes, rare spellings) is left to typer, which has the
messages; what both read they read alike.
"""

from __future__ import annotations

import inspect
import re
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from papersim.cli.declare import Given, Parameter

__all__ = ["read_plainly"]

_NUMBERS: dict[type, re.Pattern[str]] = {
    int: re.compile(r"0|[1-9][0-9]{0,8}"),
    float: re.compile(r"(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,9})?|\.[0-9]{1,9}"),
}


class _NotPlainError(Exception):
    """A command line that typer has to look at."""


def read_plainly(words: Iterable[str], parameters: Sequence[Parameter]) -> dict[str, object] | None:
    """Return the values of a command's parameters by name; None where typer has to look."""
    try:
        given = _sorted_out(words, parameters)
        return {p.name: _value(p, given.get(p.name, [])) for p in parameters}
    except (_NotPlainError, UnicodeEncodeError):
        return None


def _sorted_out(
    words: Iterable[str], parameters: Sequence[Parameter]
) -> dict[str, list[list[str]]]:
    """Return the words given for each parameter, once for each time it was given."""
    options = {name: p for p in parameters for name in p.given.names}
    found: dict[str, list[list[str]]] = {}
    placed = []
    rest = iter(words)
    for word in rest:
        name, joined, value = word.partition("=") if word.startswith("--") else (word, "", "")
        parameter = options.get(name)
        if parameter is not None:
            given = _words_for(parameter, [value] if joined else [], rest)
            found.setdefault(parameter.name, []).append(given)
        elif word.startswith("-") and word != "-":
            raise _NotPlainError
        else:
            placed.append(word)
    for parameter in (p for p in parameters if not p.given.names):
        own = placed if parameter.many else placed[:1]
        placed = placed[len(own) :]
        found[parameter.name] = [[word] for word in own]
    if placed:
        raise _NotPlainError
    return found


def _words_for(parameter: Parameter, given: list[str], rest: Iterator[str]) -> list[str]:
    """Return the words of an option, those beyond ``given`` taken from the rest of the line."""
    wanted = 0 if parameter.kinds == (bool,) else len(parameter.kinds)
    given += islice(rest, max(0, wanted - len(given)))
    if len(given) != wanted:
        raise _NotPlainError
    return given


def _value(parameter: Parameter, given: Sequence[Sequence[str]]) -> object:
    if not given:
        if parameter.default is inspect.Parameter.empty:
            raise _NotPlainError
        return parameter.default
    if parameter.kinds == (bool,):
        return True
    pairs = (zip(parameter.kinds, words, strict=True) for words in given)
    found = [tuple(_one(kind, word, parameter.given) for kind, word in own) for own in pairs]
    values = [one if len(one) > 1 else one[0] for one in found]
    return values if parameter.many else values[-1]


def _one(kind: type, word: str, given: Given) -> object:
    """Return a word as a value of its kind, if it is spelt as nobody could read otherwise."""
    word.encode()  # a name of a file that is not UTF-8 is not plain
    if kind is str:
        return word
    if kind is Path and word:
        return Path(word)
    if kind in _NUMBERS and _NUMBERS[kind].fullmatch(word):
        least = given.least if given.least is not None else float(word)
        most = given.most if given.most is not None else float(word)
        if least <= float(word) <= most:
            return kind(word)
    raise _NotPlainError
