"""The forms in which papers have their tags, each told so that a paper without can get one."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from papersim.notes.edit_place import Place

__all__ = ["YAML_KINDS", "Form", "form_of", "most_used", "rank_of"]

YAML_KINDS = ("flow", "block", "string")
"""The forms of a YAML key: ``[a, b]``, one ``- a`` a line, ``a, b``."""

_LINE_END = re.compile(r"\r\n|\r")
_TWO_WORDS = "a b"


@dataclass(frozen=True, slots=True)
class Form:
    """How the tags of a paper stand in its note, apart from which they are.

    ``kind`` is one of `YAML_KINDS`, ``property`` (Logseq's page properties), ``field`` (a
    labelled line), ``list`` (below a heading) or ``hashtags`` (on lines of their own). ``label``
    is what stands before the tags: a key, a field's label as written, a heading, what a line of
    hashtags begins with. ``sample`` is how the tag ``a b`` is written, ``between`` what separates
    two, with line feeds. ``after`` is what stands above: the label of a field, or ``end``.
    """

    kind: str
    label: str
    sample: str
    between: str
    after: str = ""

    @property
    def family(self) -> str:
        """The kind, all of YAML's being one."""
        return "yaml" if self.kind in YAML_KINDS else self.kind


def form_of(place: Place, kind: str, label: str, after: str = "") -> Form:
    """Return the form of a place that holds tags."""
    sample = place.mark(_TWO_WORDS).text.replace("a-b", "a_b")
    between = _LINE_END.sub("\n", place.between)
    if kind == "flow" and "\n" in between:
        between = ", "  # spread over lines because there are many
    return Form(kind, label, sample, between, after)


def most_used(found: Iterable[tuple[Form, int]]) -> tuple[Form, ...]:
    """Return the forms of papers, each given with its number of tags, the most used first.

    Forms of a family stand together, those that hold several tags first: one tag alone does not
    tell how two are separated.
    """
    pairs = list(found)
    families = Counter(form.family for form, _ in pairs)
    several = Counter(form for form, held in pairs if held > 1)
    counts = Counter(form for form, _ in pairs)
    return tuple(
        sorted(
            counts,
            key=lambda f: (-families[f.family], f.family, -several[f], -counts[f]),
        )
    )


def rank_of(family: str, forms: Sequence[Form]) -> int:
    """Return the place of a family of forms among those in use, the last where it is in none."""
    return next((i for i, form in enumerate(forms) if form.family == family), len(forms))
