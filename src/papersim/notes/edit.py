"""The one edit papersim makes: tags added to a paper in a note, every other character kept.

The places where the note has tags are tried in turn, those that hold most of them first; then
those that are made for tags and hold none, and the forms that other papers of the vault have.
Each edit is composed, the result read again, and taken only if the note then says just what it
said before with the new tags more, and the tags of the vault as the vault writes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from papersim.errors import EditError
from papersim.notes.edit_body import body_places, line_end_places
from papersim.notes.edit_forms import Form, rank_of
from papersim.notes.edit_new import PLAIN_HASHTAGS, new_places
from papersim.notes.edit_paper import BOM, paper_texts
from papersim.notes.edit_place import Edit, Style, missing_tags
from papersim.notes.edit_slots import slot_places
from papersim.notes.edit_yaml import PLAIN_KEY, PLAIN_PROPERTY, header_places
from papersim.notes.fields import field_name
from papersim.notes.header import read_header
from papersim.notes.reader import read_note
from papersim.notes.tags import TAG_KEYS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from papersim.notes.edit_paper import PaperText
    from papersim.notes.edit_place import Place
    from papersim.notes.header import Header
    from papersim.notes.labels import Labels
    from papersim.notes.model import Note, PaperEntry, Section

    Forms = Callable[[], Sequence[Form]]

__all__ = ["Edit", "add_tags", "forms_in", "plan_tags"]

_EXPORTED = frozenset({"zotero_keywords"})


def add_tags(
    text: str,
    path: str,
    labels: Labels,
    *,
    line: int,
    title: str,
    tags: Sequence[str],
    vault_tags: Collection[str] = (),
    forms: Forms = tuple,
) -> str:
    """Return a note's text with tags added to one of its papers; see ``plan_tags``."""
    return plan_tags(
        text,
        path,
        labels,
        line=line,
        title=title,
        tags=tags,
        vault_tags=vault_tags,
        forms=forms,
    ).apply(text)


def plan_tags(
    text: str,
    path: str,
    labels: Labels,
    *,
    line: int,
    title: str,
    tags: Sequence[str],
    vault_tags: Collection[str] = (),
    forms: Forms = tuple,
) -> Edit:
    """Return the insertion that adds tags to the paper of a note that has this title and line.

    The line may be out of date where the title is the only one of its kind in the note. Tags
    that the paper has are left out; if it has all of them the edit is empty. ``vault_tags``
    are other tags of the vault, which show how it writes them: one of them is never written
    so that it would be read as a tag that is not. ``forms`` returns the forms in which the vault
    has tags, the most used first; it is called where the paper has none. Raises EditError where
    the paper is not there, or where no insertion would be read back as just these tags.
    """
    note = read_note(text, path, labels)
    index = _index_of(note, line, title)
    paper = note.papers[index]
    missing = missing_tags(paper.tags, tags)
    if not missing:
        return Edit()
    own = paper_texts(text, path, labels)[index]
    before = _Reading(note, own.header)
    style = Style.of(own.header, [tag for p in note.papers for tag in p.tags], vault_tags)
    another = ""
    for place in _places(own, style, forms):
        edit = place.edit(missing)
        another = another or _another_tag(missing, edit.tags, style)
        if not _another_tag(missing, edit.tags, style) and before.agrees(
            edit, index, edit.apply(text), labels
        ):
            return edit
    named = ", ".join(f"'{tag}'" for tag in missing)
    why = another or f"found no way to add {named} that would be read back as such"
    raise EditError(f"{path}:{paper.line}: {why}; add it by hand or choose another spelling")


def _another_tag(wanted: Sequence[str], written: Sequence[str], style: Style) -> str:
    """Return what to say where a tag of the vault would become one that it does not have yet."""
    for tag, as_written in zip(wanted, written, strict=True):
        if tag in style.known and as_written != tag and as_written not in style.known:
            return f"'{tag}' would have to be written as '{as_written}' there, another tag"
    return ""


def forms_in(text: str, path: str, labels: Labels) -> Iterator[tuple[Form, int]]:
    """Yield the form in which each tagged paper of a note has most of its tags, and how many.

    What an export from Zotero wrote is no habit of the vault's.
    """
    note = read_note(text, path, labels)
    if not any(paper.tags for paper in note.papers):
        return
    for paper in paper_texts(text, path, labels):
        places = [place for place in _present(paper, Style()) if place.held and place.form]
        best = max(places, key=lambda place: place.held, default=None)
        if best and best.form and best.form.label not in _EXPORTED:
            yield best.form, best.held


def _index_of(note: Note, line: int, title: str) -> int:
    """Return which of a note's papers is meant."""
    titled = [i for i, paper in enumerate(note.papers) if paper.title == title]
    here = [i for i in titled if note.papers[i].line == line]
    chosen = here or titled
    if len(chosen) != 1:
        wrong = "is not in the note any more" if not chosen else "is in the note more than once"
        raise EditError(
            f"{note.path}:{line}: the paper '{title}' {wrong}; run `papersim index` and try again"
        )
    return chosen[0]


def _places(paper: PaperText, style: Style, forms: Forms) -> Iterator[Place]:
    """Yield the places for a paper's new tags, the most fitting first."""
    holding = [place for place in _present(paper, style) if place.held]
    yield from sorted(holding, key=lambda place: -place.held)
    used = forms()
    empty = [place for place in _present(paper, style, used) if not place.held]
    empty += slot_places(paper, style, used)
    yield from sorted(empty, key=lambda place: _rank(place, used))
    for form in used:
        yield from new_places(form, paper, style)
    if paper.header.form:
        yield from new_places(PLAIN_KEY, paper, style)
        yield from new_places(PLAIN_PROPERTY, paper, style)
    yield from line_end_places(paper.own, style, edges=False)
    yield from new_places(PLAIN_HASHTAGS, paper, style)


def _present(paper: PaperText, style: Style, forms: Sequence[Form] = ()) -> Iterator[Place]:
    """Yield the places where a paper has tags, or its header a key for them."""
    if paper.alone:
        for place in header_places(paper.header, paper.bare, style, forms):
            yield place.moved(paper.offset)
    yield from body_places(paper, style)


def _rank(place: Place, forms: Sequence[Form]) -> int:
    return rank_of(place.form.family, forms) if place.form else len(forms)


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a note said before an edit."""

    note: Note
    header: Header

    def agrees(self, edit: Edit, index: int, text: str, labels: Labels) -> bool:
        """Return whether the edited text says the same, with the edit's tags in one paper more."""
        after = read_note(text, self.note.path, labels)
        if len(after.papers) != len(self.note.papers) or not self._same_header(text):
            return False
        pairs = enumerate(zip(self.note.papers, after.papers, strict=True))
        return all(
            _facts(old) == _facts(new)
            and (_has_more(old, new, edit) if number == index else _same(old, new))
            for number, (old, new) in pairs
        )

    def _same_header(self, text: str) -> bool:
        """Return whether all keys but those for tags are what they were, and YAML as sound."""
        after = read_header(text.removeprefix(BOM))
        return (
            self.header.form in {"", after.form}
            and after.broken == self.header.broken
            and _other_values(after) == _other_values(self.header)
        )


def _other_values(header: Header) -> dict[str, object]:
    return {key: value for key, value in header.values.items() if key not in TAG_KEYS}


def _facts(paper: PaperEntry) -> tuple[object, ...]:
    labels = tuple((section.label, section.kinds) for section in _told(paper))
    return (paper.title, paper.date, paper.arxiv, paper.doi, paper.authors, paper.venue, labels)


def _told(paper: PaperEntry) -> list[Section]:
    """Return a paper's sections without an empty one for tags, which is none once it is filled."""
    return [
        section
        for section in paper.sections
        if field_name(section.label or "") != "tags" or any(c.isalnum() for c in section.text)
    ]


def _same(old: PaperEntry, new: PaperEntry) -> bool:
    texts = [[section.text for section in paper.sections] for paper in (old, new)]
    return old.tags == new.tags and old.links == new.links and texts[0] == texts[1]


def _has_more(old: PaperEntry, new: PaperEntry, edit: Edit) -> bool:
    """Return whether a paper has an edit's tags more, its old ones in order, its texts kept."""
    added = [tag for tag in new.tags if tag not in old.tags]
    kept = tuple(tag for tag in new.tags if tag in old.tags)
    texts = zip(_told(old), _told(new), strict=True)
    return (
        kept == old.tags
        and sorted(added) == sorted(edit.tags)
        and all(_is_longer(one.text, other.text, edit.cut) for one, other in texts)
    )


def _is_longer(old: str, new: str, cut: int) -> bool:
    """Return whether a text is another with nothing or one piece put in, for ``cut`` characters."""
    pairs = enumerate(zip(old, new, strict=False))
    start = next((place for place, (one, other) in pairs if one != other), len(old))
    rest = old[start + cut :]
    return old == new or (len(new) >= start + len(rest) and new.endswith(rest))
