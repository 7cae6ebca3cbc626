"""Tags suggested, declined, written, renamed and taken back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from papersim.errors import ConfigError, DamagedIndexError
from papersim.index.bare import bare_vectors
from papersim.index.tag_names import name_vectors
from papersim.model import Suggestions, TagCount, TagEdit
from papersim.parts import in_order
from papersim.places import several_papers
from papersim.query import of_entry, of_indexed
from papersim.rank.alike import look_alikes
from papersim.rejections import FILE_NAME, Rejection, add_rejections
from papersim.renaming import make_renaming, no_such_tag, plan_renames
from papersim.tag_options import TagOptions
from papersim.tagging import VaultTags, by_note, edit_of, plan_notes
from papersim.undo import Outcome, apply_changes, undo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from papersim.index.sync import Progress
    from papersim.model import Alike, Paper
    from papersim.notes.model import PaperEntry
    from papersim.parts import Parts
    from papersim.places import Places
    from papersim.tagging import NotePlan

__all__ = ["Tagger"]

_PLAIN_TAGS = TagOptions()


class Tagger:
    """Suggests tags for papers and writes tags into notes."""

    def __init__(self, parts: Parts, places: Places) -> None:
        self._parts = parts
        self._places = places

    def tags(self) -> tuple[TagCount, ...]:
        """Return every tag with the number of papers it stands on, most used first."""
        counts: dict[str, int] = {}
        for paper in self._parts.listing.papers().values():
            for tag in paper.tags:
                counts[tag] = counts.get(tag, 0) + 1
        ordered = sorted(counts.items(), key=lambda c: (-c[1], c[0]))
        return tuple(TagCount(tag, count) for tag, count in ordered)

    def look_alikes(self) -> tuple[Alike, ...]:
        """Return groups of tags that may be one tag, the surest first; needs no index."""
        uses: dict[str, set[str]] = {}
        for paper in self._parts.listing.papers().values():
            for tag in paper.tags:
                uses.setdefault(tag, set()).add(paper.id)
        tags = sorted(uses)
        return tuple(look_alikes({tag: uses[tag] for tag in tags}, self._tag_vectors(tags)))

    def _tag_vectors(self, tags: Sequence[str]) -> NDArray[np.float32] | None:
        """Return the tags as vectors, shape (tags, dimension); None where the index has none.

        They are what `spoken` makes of the tags, embedded as queries, centred by language and
        of unit length.
        """
        store = self._parts.listing
        return name_vectors(store, store.meta("fingerprint"), tags)

    def suggest_tags(
        self, note: str, options: TagOptions = _PLAIN_TAGS, *, untagged: bool = False
    ) -> tuple[Suggestions, ...]:
        """Return the tags that fit the papers of a note, or one paper, best first.

        ``note`` is a path inside or outside the vault, or names a paper. A paper's own tags
        never speak for it. With ``untagged`` papers that have tags are passed over.
        """
        papers = self._places.papers_at(note)
        if not papers:
            asked = self._places.papers_outside(note)
            return self._suggest_outside(asked, options, untagged=untagged)
        wanted = [paper for paper in papers if not (untagged and paper.tags)]
        return tuple(self._suggest_indexed(paper, options) for paper in wanted)

    def suggest_tags_for_text(
        self,
        text: str,
        name: str = "-",
        options: TagOptions = _PLAIN_TAGS,
        *,
        untagged: bool = False,
    ) -> tuple[Suggestions, ...]:
        """Return the tags that fit the papers of a note's text, which need not be indexed."""
        return self._suggest_outside(self._places.papers_in(text, name), options, untagged=untagged)

    def _suggest_outside(
        self, asked: Iterable[tuple[PaperEntry, Paper]], options: TagOptions, *, untagged: bool
    ) -> tuple[Suggestions, ...]:
        found = []
        for entry, paper in asked:
            if not (untagged and paper.tags):
                encoder, vectors = self._parts.encoder().load(), self._parts.derived.vectors
                bare = replace(entry, tags=())
                query = of_entry(bare, paper.note, encoder, vectors, paper.id or None)
                found.append(self._parts.suggester.suggest(paper, query, options))
        return tuple(found)

    def suggest_tags_all(
        self,
        options: TagOptions = _PLAIN_TAGS,
        *,
        untagged: bool = False,
        progress: Progress | None = None,
    ) -> Iterator[Suggestions]:
        """Yield the suggestions for every paper, in the order of notes and lines.

        With ``untagged`` papers that have tags are passed over. ``progress`` is told of every
        paper.
        """
        papers = [p for p in in_order(self._parts.store) if not (untagged and p.tags)]
        for done, paper in enumerate(papers, 1):
            yield self._suggest_indexed(paper, options)
            if progress:
                progress("suggest", done, len(papers))

    def reject_tags(
        self, note: str, tags: Iterable[str], *, text: str | None = None
    ) -> tuple[Rejection, ...]:
        """Remember tags that are never to be suggested again for the paper that a note names.

        ``text`` is that of a note that is no file. Raises LookupFailedError, and remembers
        nothing, where there are several papers.
        """
        papers = self._places.papers_at(note) if text is None else ()
        if not papers:
            asked = (
                self._places.papers_outside(note)
                if text is None
                else self._places.papers_in(text, note)
            )
            papers = tuple(paper for _, paper in asked)
        if len(papers) > 1:
            raise several_papers(note, [paper.title for paper in papers], "--reject TAG")
        rejections = tuple(Rejection.of(tag, papers[0]) for tag in tags)
        if not all(one.tag for one in rejections):
            raise ConfigError('a tag to reject has to have a name, as in: --reject "NeRF"')
        with self._parts.writing("papersim suggest-tags --reject"):
            add_rejections(self._parts.settings.index, rejections)
        self.__dict__.pop("_suggester", None)
        return rejections

    @property
    def rejections_file(self) -> Path:
        """Where `reject_tags` keeps what it is told."""
        return self._parts.settings.index / FILE_NAME

    def _suggest_indexed(self, paper: Paper, options: TagOptions) -> Suggestions:
        if PurePath(paper.note).is_absolute():
            # Such a note would be written to as one that the user named.
            raise DamagedIndexError(
                f"the index has {paper.note} for a note of the vault; delete papersim.sqlite in "
                f"{self._parts.settings.index} and run: papersim index"
            )
        store, vectors = self._parts.store, self._parts.derived.vectors
        query = of_indexed(paper, store, vectors).with_text()
        if not query.has_text:
            own = bare_vectors(paper, store.probes(store.meta("fingerprint")), vectors)
            query = query if own is None else replace(query, vectors=own)
        return self._parts.suggester.suggest(paper, query, options)

    def apply_tags(
        self,
        found: Iterable[Suggestions],
        *,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> TagEdit:
        """Write suggested tags into the notes, every other byte as it was; or only show it.

        A note outside the vault is edited where it is. With ``dry_run`` nothing is written. Notes
        that changed since they were read, or cannot be edited, are left, with the reason. No note
        is written before all are planned. ``progress`` is told of every note, twice.
        """
        plans, left = plan_notes(by_note(found), self._vault_tags(), progress)
        if dry_run:
            return edit_of(plans, left)
        outcome = self._write(plans, "papersim suggest-tags --apply", progress)
        return edit_of(plans, (*left, *outcome.left), outcome.written)

    def _write(
        self, plans: Sequence[NotePlan], what: str, progress: Progress | None = None
    ) -> Outcome:
        """Write what is planned; IndexBusyError, with nothing written, while others write."""
        changes = [plan.change for plan in plans]
        if not changes:
            return Outcome(())
        folder, root = self._parts.settings.index, self._parts.vault.root
        with self._parts.writing(what):
            return apply_changes(folder, root, changes, progress)

    def _vault_tags(self) -> VaultTags:
        papers = self._parts.listing.papers().values()
        tags = dict.fromkeys(tag for paper in papers for tag in paper.tags)
        notes = {place.note for paper in papers if paper.tags for place in paper.places}
        root, labels = self._parts.vault.root, self._parts.labels
        return VaultTags(root, labels, tuple(tags), tuple(sorted(notes)))

    def rename_tag(self, old: str, new: str, *, dry_run: bool = False) -> TagEdit:
        """Rename a tag and those nested under it in all notes, every other byte as it was.

        With ``dry_run`` nothing is written. Notes that changed since they were read, or cannot
        be edited, are left, with the reason. Raises LookupFailedError where no note has the
        tag, EditError where the new name cannot be written as one. Needs no index.
        """
        renaming = make_renaming(old, new)
        plans, left = plan_renames(self._parts.vault, renaming, self._parts.labels)
        if not plans and not left:
            raise no_such_tag(renaming, (tag.tag for tag in self.tags()))
        if dry_run:
            return edit_of(plans, left)
        outcome = self._write(plans, "papersim tags --rename")
        return edit_of(plans, (*left, *outcome.left), outcome.written)

    def undo(self) -> TagEdit:
        """Take back the last `apply_tags` or `rename_tag` in the notes not changed since."""
        with self._parts.writing("papersim undo", make=False):
            return _edit("", undo(self._parts.settings.index, self._parts.vault.root))


def _edit(diff: str, outcome: Outcome) -> TagEdit:
    return TagEdit(diff, outcome.written, outcome.left)
