"""papersim: similar papers and fitting tags for a folder of Markdown paper notes.

from papersim import Library

library = Library.open(notes="notes", index="index")
library.index()
for hit in library.similar("DreamFusion"):
    print(hit.score, hit.paper.title)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from papersim.errors import PapersimError
    from papersim.filters import Filters
    from papersim.library import Library, TagOptions

__all__ = ["Filters", "Library", "PapersimError", "TagOptions", "__version__"]

__version__ = "0.1.0"

_PLACES = {
    "Filters": "papersim.filters",
    "Library": "papersim.library",
    "PapersimError": "papersim.errors",
    "TagOptions": "papersim.library",
}


def __getattr__(name: str) -> object:
    """Import what is asked for when it is asked for: ``import papersim`` alone costs nothing."""
    if name in _PLACES:
        from importlib import import_module

        return getattr(import_module(_PLACES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
