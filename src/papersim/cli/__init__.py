"""The command line: it parses, calls the library and renders; nothing else."""

from papersim.cli.main import main

__all__ = ["main"]
