"""papersim: similar papers and fitting tags for a folder of Markdown paper notes."""

from __future__ import annotations

__version__ = "0.1.0"
