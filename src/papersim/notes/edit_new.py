"""Where a paper can get its first tags in a form that other papers of the vault have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from papersim.notes.edit_body import label_of
from papersim.notes.edit_forms import Form
from papersim.notes.edit_place import Place, line_end
from papersim.notes.edit_values import value_mark
from papersim.notes.edit_yaml import new_key_places

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from papersim.notes.edit_paper import PaperText
    from papersim.notes.edit_place import Style
    from papersim.notes.lines import Line

__all__ = ["PLAIN_HASHTAGS", "new_places"]

PLAIN_HASHTAGS = Form("hashtags", "#", "#a_b", " ", "heading")
"""A line of hashtags, where the vault shows no other form."""

_MANNERS = {"field": "new labelled line", "list": "new list", "hashtags": "new hashtag line"}
_MOST_FACTS = 15


def new_places(form: Form, paper: PaperText, style: Style) -> Iterator[Place]:
    """Yield the places where a paper can get tags in a form of its own, the usual one first."""
    if form.kind in _MANNERS:
        yield from _in_body(form, paper, style)
    elif paper.alone:
        for place in new_key_places(form, paper.header, paper.bare, style):
            yield place.moved(paper.offset)


def _in_body(form: Form, paper: PaperText, style: Style) -> Iterator[Place]:
    end = line_end(paper.text, paper.heading.end if paper.heading else 0)
    mark = value_mark(form.sample, style, logseq="::" in form.label)
    between = form.between.replace("\n", end)
    first = form.label  # of hashtags, the tag itself brings the `#`
    if form.kind == "list":
        first += between if "\n" in form.between else end
    elif form.kind == "hashtags":
        first = first.removesuffix("#")
    for at, before, after in _spots(form, paper, end):
        yield Place(_MANNERS[form.kind], at, mark, before + first, between, after, form=form)


def _spots(form: Form, paper: PaperText, end: str) -> Iterator[tuple[int, str, str]]:
    """Yield where new lines can stand: the place, and the line ends before and after them."""
    heading = paper.heading
    content = [line for line in paper.own if line.kind != "blank"]
    fact = _fact_above(form, content) if form.kind == "field" else None
    at_end = (content[-1].end, end + end, "") if content else None
    if fact is not None:
        yield _end_of(fact, paper.own), end, ""
    if at_end and (form.kind == "list" or form.after == "end"):
        yield at_end
    if heading is not None:
        # Without a blank line the tags would run into a paragraph below.
        runs_on = bool(content) and content[0].number == heading.number + 1
        listed = runs_on and (content[0].item or label_of(content[0]))
        apart = runs_on and not (form.kind == "field" and listed)
        yield heading.end, end, end if apart else ""
    elif content and (form.kind == "field" or not form.after):
        yield content[0].start, "", end if label_of(content[0]) else end + end
    elif not content:
        yield len(paper.text), "" if _ends_a_line(paper.text) else end, ""
    if at_end and form.kind == "hashtags":
        yield at_end


def _ends_a_line(text: str) -> bool:
    return not text or text.endswith(("\n", "\r"))


def _fact_above(form: Form, content: Sequence[Line]) -> Line | None:
    """Return the labelled line below which the vault has its tags, or the last of the first."""
    labels = [(line, label_of(line).strip()) for line in content]
    same = (line for line, label in labels if label and label == form.after)
    if (found := next(same, None)) or not form.after:
        return found
    last = None
    for line, label in labels[:_MOST_FACTS]:
        if last is not None and not label:
            break
        last = line if label else None
    return last


def _end_of(fact: Line, own: Sequence[Line]) -> int:
    """Return where a labelled line ends, with the items nested in it."""
    end = fact.end
    for line in own[own.index(fact) + 1 :]:
        if line.kind == "blank" or not fact.depth or line.depth + (not line.item) <= fact.depth:
            break
        end = line.end
    return end
