"""The library: everything papersim can do, in one object. The command line uses nothing else.

What a method needs is imported when it is called: asking about a paper loads neither the reader
of notes nor what writes to them.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from papersim.config import Settings, load_settings
from papersim.errors import LookupFailedError
from papersim.filters import NO_FILTERS, Filters
from papersim.parts import Parts, in_order
from papersim.rank.weights import DEFAULT_WEIGHTS, Weights
from papersim.tag_options import TagOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from threading import Event

    from papersim.index.sync import Progress
    from papersim.model import (
        Alike,
        Duplicate,
        Evaluation,
        Finding,
        Hit,
        IndexReport,
        Paper,
        PaperDetail,
        Status,
        Suggestions,
        TagCount,
        TagEdit,
    )
    from papersim.places import Places
    from papersim.query import Query
    from papersim.rejections import Rejection
    from papersim.tagger import Tagger
    from papersim.upkeep import Upkeep

__all__ = ["Library", "TagOptions"]

_PLAIN_TAGS = TagOptions()


class Library:
    """A folder of notes with its index.

    Made by `Library.open`. Values that come out are frozen. Only `index` writes to the index
    folder, beside the record and the log of what was written; only `apply_tags`, `rename_tag`
    and `undo` write to notes. One process writes at a time, and they raise IndexBusyError where
    another is at it for more than ten seconds. Answers are those of the index as it was when it
    was first asked, whoever writes meanwhile, until `refresh`.
    """

    def __init__(self, settings: Settings, on_message: Callable[[str], None]) -> None:
        self._parts = Parts(settings, on_message)

    @classmethod
    def open(
        cls,
        notes: str | Path | None = None,
        index: str | Path | None = None,
        model: str | None = None,
        *,
        log_level: str | None = None,
        on_message: Callable[[str], None] | None = None,
    ) -> Library:
        """Return the library of a notes folder and its index folder.

        What is not given comes from the environment, papersim.toml or the defaults. Opening
        reads nothing but the settings; ConfigError is raised for ones that cannot be used.
        ``on_message`` is called with what a user should know, such as a derived file that
        was made again. ``log_level`` says from what on the log in the index folder tells of
        what is written: debug, info, warning, error or off.
        """
        settings = load_settings(
            Path(notes) if notes is not None else None,
            Path(index) if index is not None else None,
            model,
            log_level=log_level,
        )
        return cls(settings, on_message or (lambda _: None))

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._parts.settings

    @cached_property
    def _places(self) -> Places:
        from papersim.places import Places

        return Places(self._parts)

    @cached_property
    def _upkeep(self) -> Upkeep:
        from papersim.upkeep import Upkeep

        return Upkeep(self._parts)

    @cached_property
    def _tagger(self) -> Tagger:
        from papersim.tagger import Tagger

        return Tagger(self._parts, self._places)

    # --- indexing ----------------------------------------------------------------------------

    def index(self, *, full: bool = False, progress: Progress | None = None) -> IndexReport:
        """Bring the index up to date with the notes and return what was done.

        Only notes whose size or time changed are read, unless ``full``; only text that has no
        embedding yet is embedded. An interrupted run is gone on with by the next.
        """
        with self._parts.recorded("index") as run:
            report = self._upkeep.index(full=full, progress=progress)
            run.tell_index(report)
        return report

    def watch(
        self, stop: Event, *, full: bool = False, progress: Progress | None = None
    ) -> Iterator[IndexReport]:
        """Yield what `index` did at once, and whenever notes have changed and a burst is over.

        Ends when ``stop`` is set. A folder that is away or suddenly empty is waited for, what goes
        wrong is told ``on_message`` and tried again. ``full`` and ``progress`` are for the first
        update. Raises VaultError where there are no such notes and never were, ConfigError, and
        EncoderError before the first update.
        """
        return self._upkeep.watch(stop, full=full, progress=progress)

    def refresh(self) -> None:
        """Answer from the newest state of the index from now on, as another process left it.

        What is under way, such as an iterator of answers, should have come to its end.
        """
        self._parts.refresh()

    def status(self) -> Status:
        """Return what is indexed, with what, and whether the notes have changed since."""
        return self._upkeep.status()

    def doctor(self, *, fix: bool = False, progress: Progress | None = None) -> tuple[Finding, ...]:
        """Return what stands out in notes and index, each with what to do about it.

        With ``fix`` what can be mended in the index is, and told by each finding; no note is
        ever touched. ``progress`` is told what `index` tells.
        """
        from papersim.doctor import Doctor

        doctor = Doctor(self._parts, self._upkeep)
        return doctor.fix(progress) if fix else doctor.findings()

    # --- papers ------------------------------------------------------------------------------

    def papers(self, filters: Filters = NO_FILTERS) -> tuple[PaperDetail, ...]:
        """Return the papers as they were understood, in the order of notes and lines.

        Without an index the notes are read as they are now; nothing is written.
        """
        from papersim.model import PaperDetail

        store = self._parts.listing
        chosen = [paper for paper in in_order(store) if filters(paper)]
        sections = store.sections(paper.id for paper in chosen)
        return tuple(
            PaperDetail(paper, tuple(s for _, s in sections.get(paper.id, ()))) for paper in chosen
        )

    def titles(self, papers: Iterable[str]) -> dict[str, str]:
        """Return the titles of papers by their ids."""
        found = self._parts.store.papers(list(papers))
        return {paper: known.title for paper, known in found.items()}

    def duplicates(self) -> tuple[Duplicate, ...]:
        """Return papers noted more than once, then pairs that may be one paper."""
        from papersim.duplicates import find_duplicates

        return find_duplicates(in_order(self._parts.listing))

    def find(self, text: str) -> Paper:
        """Return the one paper that a title, id, arXiv id, path or ``path#title`` names.

        Raises LookupFailedError, with the closest titles, where none or several fit.
        """
        return self._places.find(text)

    def evaluate(self, progress: Progress | None = None) -> Evaluation:
        """Return how good `similar` and `suggest_tags` are on these very notes.

        Measured by shared tags and by the notes' links, beside three baselines; needs no model.
        ``progress`` is called with the stage, how much of it is done, and how much there is.
        Raises NothingToMeasureError where there are neither.
        """
        from papersim.evaluation import Evaluator

        parts = self._parts
        opinions = parts.settings.opinion_tags
        return Evaluator(parts.store, parts.derived, parts.ranker, opinions).evaluate(progress)

    # --- asking ------------------------------------------------------------------------------

    def similar(
        self,
        paper: str | Paper,
        k: int = 10,
        *,
        by: Sequence[str] = (),
        filters: Filters = NO_FILTERS,
        diversity: float = 0.0,
        weights: Weights = DEFAULT_WEIGHTS,
        evidence: bool = True,
    ) -> tuple[Hit, ...]:
        """Return the k papers most like one, best first, without the paper itself.

        ``by`` compares sections of these kinds alone. Filters apply before the cut: k papers
        come back whenever k pass. ``diversity`` in 0..1 trades relevance for variety. Without
        ``evidence`` nothing is said of why, which takes less time. Needs no model.
        """
        from papersim.query import of_indexed
        from papersim.ranker import Ask

        ask = Ask(k, tuple(by), filters, diversity, weights, evidence)
        found = paper if not isinstance(paper, str) else self.find(paper)
        query = of_indexed(found, self._parts.store, self._parts.derived.vectors)
        return self._parts.ranker.hits(_restricted(query, by, found), ask, found.tags)

    def similar_all(
        self,
        k: int = 10,
        *,
        by: Sequence[str] = (),
        filters: Filters = NO_FILTERS,
        diversity: float = 0.0,
        weights: Weights = DEFAULT_WEIGHTS,
        evidence: bool = True,
    ) -> Iterator[tuple[Paper, tuple[Hit, ...]]]:
        """Yield every paper with its hits, in the order of notes and lines; see `similar`."""
        from papersim.index.vectors import kind_mask
        from papersim.query import of_indexed
        from papersim.ranker import Ask

        ask = Ask(k, tuple(by), filters, diversity, weights, evidence)
        for paper in in_order(self._parts.store):
            query = of_indexed(paper, self._parts.store, self._parts.derived.vectors)
            part = query.only(kind_mask(by)) if by else query
            yield paper, self._parts.ranker.hits(part, ask, paper.tags) if len(part.vectors) else ()

    def search(
        self,
        text: str,
        k: int = 10,
        *,
        by: Sequence[str] = (),
        filters: Filters = NO_FILTERS,
        diversity: float = 0.0,
        evidence: bool = True,
    ) -> tuple[Hit, ...]:
        """Return the k papers nearest to a free text in any language, best first.

        Without ``evidence`` nothing is said of why, which takes less time.
        """
        from papersim.query import of_text
        from papersim.ranker import Ask

        ask = Ask(k, tuple(by), filters, diversity, evidence=evidence)
        if not text.strip():
            example = 'papersim search "contrastive learning"'
            raise LookupFailedError(f"nothing to search for; try: {example}")
        derived = self._parts.derived
        query = of_text(text, self._parts.encoder().load(), derived.vectors)
        return self._parts.ranker.hits(query, ask)

    # --- tags --------------------------------------------------------------------------------

    def tags(self) -> tuple[TagCount, ...]:
        """Return every tag with the number of papers it stands on, most used first."""
        return self._tagger.tags()

    def look_alikes(self) -> tuple[Alike, ...]:
        """Return groups of tags that may be one tag, the surest first; needs no index."""
        return self._tagger.look_alikes()

    def suggest_tags(
        self, note: str, options: TagOptions = _PLAIN_TAGS, *, untagged: bool = False
    ) -> tuple[Suggestions, ...]:
        """Return the tags that fit the papers of a note, or one paper, best first.

        ``note`` is a path inside or outside the vault, or names a paper. A paper's own tags
        never speak for it. With ``untagged`` papers that have tags are passed over.
        """
        return self._tagger.suggest_tags(note, options, untagged=untagged)

    def suggest_tags_for_text(
        self,
        text: str,
        name: str = "-",
        options: TagOptions = _PLAIN_TAGS,
        *,
        untagged: bool = False,
    ) -> tuple[Suggestions, ...]:
        """Return the tags that fit the papers of a note's text, which need not be indexed."""
        return self._tagger.suggest_tags_for_text(text, name, options, untagged=untagged)

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
        return self._tagger.suggest_tags_all(options, untagged=untagged, progress=progress)

    def reject_tags(
        self, note: str, tags: Iterable[str], *, text: str | None = None
    ) -> tuple[Rejection, ...]:
        """Remember tags that are never to be suggested again for the paper that a note names.

        ``text`` is that of a note that is no file. Raises LookupFailedError, and remembers
        nothing, where there are several papers.
        """
        with self._parts.recorded("suggest-tags --reject") as run:
            rejected = self._tagger.reject_tags(note, tags, text=text)
            run.tell(f"{len(rejected)} tags rejected")
        return rejected

    @property
    def rejections_file(self) -> Path:
        """Where `reject_tags` keeps what it is told."""
        return self._tagger.rejections_file

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
        if dry_run:
            return self._tagger.apply_tags(found, dry_run=True, progress=progress)
        with self._parts.recorded("suggest-tags --apply") as run:
            edit = self._tagger.apply_tags(found, progress=progress)
            run.tell_edit(edit)
        return edit

    def rename_tag(self, old: str, new: str, *, dry_run: bool = False) -> TagEdit:
        """Rename a tag and those nested under it in all notes, every other byte as it was.

        With ``dry_run`` nothing is written. Notes that changed since they were read, or cannot
        be edited, are left, with the reason. Raises LookupFailedError where no note has the
        tag, EditError where the new name cannot be written as one. Needs no index.
        """
        if dry_run:
            return self._tagger.rename_tag(old, new, dry_run=True)
        with self._parts.recorded("tags --rename") as run:
            edit = self._tagger.rename_tag(old, new)
            run.tell_edit(edit)
        return edit

    def undo(self) -> TagEdit:
        """Take back the last `apply_tags` or `rename_tag` in the notes not changed since."""
        with self._parts.recorded("undo") as run:
            edit = self._tagger.undo()
            run.tell_edit(edit)
        return edit


def _restricted(query: Query, by: Sequence[str], paper: Paper) -> Query:
    from papersim.index.vectors import kind_mask

    part = query.only(kind_mask(by)) if by else query
    if by and not len(part.vectors):
        own = sorted({kind for s in query.sections if s for kind in s.kinds})
        has = f"it has {', '.join(own)}" if own else "it has no text"
        raise LookupFailedError(
            f"“{paper.title}” has no section of kind {', '.join(by)}; {has}; see: papersim papers"
        )
    return part
