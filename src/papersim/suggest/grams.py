"""The terms that tag models learn from: words, and runs of four characters inside them.

Runs of characters meet where words do not: `detector` and `detection`, compounds, and words of
languages that inflect.
"""

from __future__ import annotations

from papersim.rank.terms import terms

__all__ = ["learning_terms"]

_RUN = 4
_BEGINNING = 1000


def learning_terms(text: str) -> list[str]:
    """Return the words of a text, then the runs of four characters of its beginning."""
    words = terms(text)
    beginning = terms(text[:_BEGINNING])
    # The blanks around a word are a part of its runs, as in scikit-learn's char_wb analyser.
    padded = (f" {word} " for word in beginning)
    runs = (w[i : i + _RUN] for w in padded for i in range(max(1, len(w) - _RUN + 1)))
    return [*words, *(f"~{run}" for run in runs)]
