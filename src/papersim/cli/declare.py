"""What a command takes, said once in its signature: read plainly, or by typer.

A parameter is ``Annotated[type, option(...)]`` or ``Annotated[type, argument(...)]``; types are
bool, int, float, str and Path, each of them ``| None``, lists of them, and pairs.
"""

from __future__ import annotations

import inspect
from types import NoneType
from typing import TYPE_CHECKING, Any, NamedTuple, get_args, get_origin

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Given", "Parameter", "argument", "option", "parameters_of"]


class Given(NamedTuple):
    """How a value is given: behind one of ``names``, or by its place where there are none.

    Numbers are from ``least`` to ``most``; ``panel`` is the group in the help.
    """

    names: tuple[str, ...]
    text: str
    metavar: str | None = None
    least: float | None = None
    most: float | None = None
    panel: str | None = None


class Parameter(NamedTuple):
    """A parameter of a command: its annotated type as a whole, and taken apart.

    ``kinds`` are the types of the values that belong together: one, or two for a pair. With
    ``many`` it can be given more than once. ``default`` is `inspect.Parameter.empty` where it
    has to be given.
    """

    name: str
    annotation: Any
    kinds: tuple[type, ...]
    many: bool
    default: Any
    given: Given


def option(
    *names: str,
    text: str,
    metavar: str | None = None,
    least: float | None = None,
    most: float | None = None,
    panel: str | None = None,
) -> Given:
    """Return how an option is given; ``text`` is what the help says of it."""
    return Given(names, text, metavar, least, most, panel)


def argument(*, text: str, metavar: str) -> Given:
    """Return how an argument is given; ``text`` is what the help says of it."""
    return Given((), text, metavar)


def parameters_of(command: Callable[..., None]) -> tuple[Parameter, ...]:
    """Return what a command takes, in the order of its signature."""
    signature = inspect.signature(command, eval_str=True)
    return tuple(_parameter(name, found) for name, found in signature.parameters.items())


def _parameter(name: str, found: inspect.Parameter) -> Parameter:
    whole, given = get_args(found.annotation)
    alternatives = [kind for kind in get_args(whole) if kind is not NoneType]
    kind = alternatives[0] if NoneType in get_args(whole) else whole
    kinds = get_args(kind) or (kind,)
    return Parameter(name, whole, kinds, get_origin(kind) is list, found.default, given)
