"""The command line as a whole: the root with all its commands, in the order of its help."""

from papersim.cli import upkeep, asking, tagging, evaluating  # isort: skip
from papersim.cli.root import app

__all__ = ["app", "asking", "evaluating", "tagging", "upkeep"]
