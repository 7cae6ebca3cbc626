"""The commands by name, in the order of the help; a command's module is imported when it is called.

A command is a function. The first paragraph of its docstring is its help, the last an example.
"""

from __future__ import annotations

from importlib import import_module
from inspect import cleandoc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["COMMANDS", "PROGRAM", "SUMMARY", "find_command", "said_of"]

PROGRAM = "papersim"
SUMMARY = "Similar papers and fitting tags for a folder of Markdown paper notes."

COMMANDS = {
    "index": "upkeep.index",
    "status": "upkeep.status",
    "doctor": "upkeep.doctor",
    "papers": "asking.papers",
    "similar": "asking.similar",
    "search": "asking.search",
    "suggest-tags": "tagging.suggest_tags",
    "tags": "tagging.tags",
    "undo": "tagging.undo",
    "duplicates": "tagging.duplicates",
    "eval": "evaluating.evaluate",
}
"""Where in this package the function of each command is."""


def find_command(name: str) -> Callable[..., None]:
    """Return the function of a command; raises KeyError for a name that is none."""
    module, function = COMMANDS[name].split(".")
    found: Callable[..., None] = getattr(import_module(f"papersim.cli.{module}"), function)
    return found


def said_of(command: Callable[..., None]) -> tuple[str, str, str]:
    """Return what a command does, in one line and in full, and an example of it."""
    paragraphs = cleandoc(command.__doc__ or "").split("\n\n")
    *said, example = (paragraph.replace("\n", " ") for paragraph in paragraphs)
    return said[0], "\n\n".join(said), example
