"""The library: everything papersim can do, in one object. The command line uses nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from papersim.config import Settings, load_settings
from papersim.duplicates import find_duplicates
from papersim.encode.model import Model
from papersim.errors import (
    ConfigError,
    LookupFailedError,
    ModelMismatchError,
    NoIndexError,
    OtherNotesError,
    VaultError,
)
from papersim.filters import NO_FILTERS, Filters
from papersim.index.bare import bare_probes, bare_vectors
from papersim.index.derived import Derived
from papersim.index.plan import make_plan
from papersim.index.probes import embed_probes
from papersim.index.store import Store
from papersim.index.sync import read_all, reader_digest, sync
from papersim.index.tag_model import fit_tag_model, load_tag_model, save_tag_model
from papersim.index.tag_names import name_probes, name_vectors
from papersim.index.vectors import kind_mask
from papersim.lookup import Entry, find_paper, papers_of_note, split_place
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
from papersim.notes.labels import Labels
from papersim.notes.reader import read_note
from papersim.notes.titles import title_key
from papersim.query import Query, of_entry, of_indexed, of_text
from papersim.rank.alike import look_alikes
from papersim.rank.fusion import DEFAULT_WEIGHTS, Weights
from papersim.ranker import Ask, Ranker
from papersim.rejections import FILE_NAME as REJECTIONS
from papersim.rejections import Rejection, add_rejections, load_rejections
from papersim.renaming import make_renaming, no_such_tag, plan_renames
from papersim.suggester import Suggester, TagOptions, with_tags
from papersim.tagging import by_note, edit_of, plan_notes
from papersim.undo import apply_changes, undo
from papersim.vault import DEFAULT_EXCLUDE, Vault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from papersim.index.sync import Progress
    from papersim.notes.model import PaperEntry
    from papersim.suggest.model import TagModel
    from papersim.undo import Outcome

__all__ = ["Library", "TagOptions", "with_tags"]

_PLAIN_TAGS = TagOptions()
_MADE_OF_THE_INDEX = (
    "_store",
    "_listing",
    "_entries",
    "_derived",
    "_ranker",
    "_tag_model",
    "_suggester",
)


@dataclass
class Library:
    """A folder of notes with its index.

    Made by `Library.open`. Values that come out are frozen. Only `index` writes to the index
    folder, only `apply_tags`, `rename_tag` and `undo` write to notes.
    """

    settings: Settings
    on_message: Callable[[str], None] = lambda _: None

    @classmethod
    def open(
        cls,
        notes: str | Path | None = None,
        index: str | Path | None = None,
        model: str | None = None,
        *,
        on_message: Callable[[str], None] | None = None,
    ) -> Library:
        """Return the library of a notes folder and its index folder.

        What is not given comes from the environment, papersim.toml or the defaults. Opening
        reads nothing but the settings; ConfigError is raised for ones that cannot be used.
        ``on_message`` is called with what a user should know, such as a derived file that
        was made again.
        """
        settings = load_settings(
            Path(notes) if notes is not None else None,
            Path(index) if index is not None else None,
            model,
        )
        return cls(settings, on_message or (lambda _: None))

    # --- parts, each made when it is first needed ---------------------------------------------

    @cached_property
    def _vault(self) -> Vault:
        return Vault.open(self.settings.notes, (*DEFAULT_EXCLUDE, *self.settings.exclude))

    @cached_property
    def _labels(self) -> Labels:
        try:
            return Labels.load(self.settings.labels)
        except ValueError as error:
            raise ConfigError(f"papersim.toml: {error}") from error

    @cached_property
    def _model(self) -> Model:
        return Model(self.settings.model)

    @cached_property
    def _store(self) -> Store:
        folder = self.settings.index
        store = Store.open(folder)
        if not store.generation:
            raise NoIndexError(f"the index in {folder} was never finished; run: papersim index")
        root, wanted = store.meta("notes"), self.settings.notes.resolve()
        if root != str(wanted):
            raise OtherNotesError(
                f"the index in {folder} is of the notes in {root}, not in {wanted}; "
                f"run: papersim index --notes {self.settings.notes} --index DIR"
            )
        return store

    @cached_property
    def _listing(self) -> Store:
        """The index where there is one of these notes; else the notes as they are now."""
        try:
            return self._store
        except (NoIndexError, OtherNotesError):
            store = Store.in_memory()
            read_all(self._vault, store, self._labels)
            return store

    @cached_property
    def _entries(self) -> list[Entry]:
        return [Entry(*row) for row in self._store.titles()]

    @cached_property
    def _derived(self) -> Derived:
        self._check_model()
        store, folder = self._store, self.settings.index
        found = Derived.load(folder, store.generation, store.meta("fingerprint"))
        if found is None:
            self.on_message("the vector index is made again from the stored embeddings")
            found = self._derive(store)
        return found

    def _check_model(self) -> None:
        """Raise ModelMismatchError where the index was made with a model of another name."""
        made_with, model = self._store.meta("model"), self.settings.model
        if made_with != model:
            raise ModelMismatchError(
                f"the index in {self.settings.index} was made with the model {made_with}, not "
                f"{model}; run: papersim index --model {model}"
            )

    def _derive(self, store: Store) -> Derived:
        fingerprint = store.meta("fingerprint")
        derived = Derived.build(store, fingerprint, int(store.meta("dimension", "384")))
        try:
            derived.save(self.settings.index, store.generation, fingerprint)
        except OSError as error:
            self.on_message(f"the vector index could not be kept: {error.strerror}")
        return derived

    @cached_property
    def _ranker(self) -> Ranker:
        return Ranker(self._store, self._derived)

    @cached_property
    def _suggester(self) -> Suggester:
        rejections, message = load_rejections(self.settings.index)
        if message:
            self.on_message(message)
        return Suggester(self._tag_model, self._store, self.settings.opinion_tags, rejections)

    @cached_property
    def _tag_model(self) -> TagModel | None:
        store = self._store
        found, whole = load_tag_model(self.settings.index, store)
        if not whole:
            self.on_message("the tag model is made again from the notes' tags")
            found = self._fit_tags(store, self._derived)
        return found

    def _fit_tags(self, store: Store, derived: Derived) -> TagModel | None:
        model = fit_tag_model(store, derived.vectors)
        try:
            save_tag_model(model, self.settings.index, store)
        except OSError as error:
            self.on_message(f"the tag model could not be kept: {error.strerror}")
        return model

    def _encoder_of_index(self) -> Model:
        """Return the model, having checked that it still gives the vectors of the index."""
        self._check_model()
        if self._model.load().fingerprint != self._store.meta("fingerprint"):
            raise ModelMismatchError(
                f"the model {self.settings.model} has changed since the index was made; "
                "run: papersim index"
            )
        return self._model

    # --- indexing ----------------------------------------------------------------------------

    def index(self, *, full: bool = False, progress: Progress | None = None) -> IndexReport:
        """Bring the index up to date with the notes and return what was done.

        Only notes whose size or time changed are read, unless ``full``; only text that has no
        embedding yet is embedded. An interrupted run is gone on with by the next.
        """
        vault, labels = self._vault, self._labels
        store = Store.open(self.settings.index, create=True)
        try:
            report = sync(vault, store, self._model, labels, full=full, progress=progress)
            self._renew_derived(store, progress)
        finally:
            store.close()
        for name in (
            "_store",
            "_listing",
            "_entries",
            "_derived",
            "_ranker",
            "_tag_model",
            "_suggester",
        ):
            self.__dict__.pop(name, None)
        return report

    def _renew_derived(self, store: Store, progress: Progress | None) -> None:
        """Make what is derived from the store anew, where it is not of this state."""
        folder = self.settings.index
        derived = Derived.load(folder, store.generation, store.meta("fingerprint"))
        if derived is None:
            more = (*name_probes(store), *bare_probes(store))
            embed_probes(store, self._model.load(), more, progress)
            derived = self._derive(store)
        if not load_tag_model(folder, store)[1]:
            self._fit_tags(store, derived)

    def status(self) -> Status:
        """Return what is indexed, with what, and whether the notes have changed since."""
        store, folder = self._store, self.settings.index
        languages: dict[str, int] = {}
        kind = "none"
        if store.meta("model") == self.settings.model:
            vectors = self._derived.vectors
            counts = vectors.means.counts.tolist()
            languages = dict(zip(vectors.means.languages, counts, strict=True))
            kind = vectors.kind
        return Status(
            notes=store.count("notes"),
            papers=store.count("papers"),
            sections=store.count("sections"),
            embeddings=store.count("embeddings"),
            model=store.meta("model"),
            dimension=int(store.meta("dimension", "0")),
            index_kind=kind,
            generation=store.generation,
            up_to_date=self._up_to_date(store),
            bytes=sum(file.stat().st_size for file in folder.iterdir() if file.is_file()),
            passages=store.count("passages"),
            languages=languages,
        )

    def _up_to_date(self, store: Store) -> bool:
        try:
            plan = make_plan(self._vault, store.notes())
        except VaultError:
            return False
        same_reader = store.meta("reader") == reader_digest(self._labels)
        same = same_reader and store.meta("model") == self.settings.model
        return plan.empty and same and not store.missing(store.meta("fingerprint"))

    def doctor(self) -> tuple[Finding, ...]:
        """Return what stands out in notes and index, each with what to do about it."""
        store = self._listing
        skipped = [(path, state.skipped) for path, state in store.notes().items() if state.skipped]
        skipped += [(s.note, s.reason) for s in make_plan(self._vault, {}).skipped]
        advice = "mend the note, or exclude it in papersim.toml"
        found = [Finding("skipped", path, reason, advice) for path, reason in sorted(skipped)]
        found += [
            Finding("boilerplate", text, f"in {count} papers", "left out of what is embedded")
            for text, count in store.boilerplate_counts()
        ]
        detail = "the notes have changed since it was made"
        if store is not self.__dict__.get("_store"):
            detail = "there is none of these notes, or it was never finished"
        elif self._up_to_date(store):
            detail = ""
        if detail:
            found.append(Finding("index", str(self.settings.index), detail, "run: papersim index"))
        return tuple(found)

    # --- papers and tags ---------------------------------------------------------------------

    def papers(self, filters: Filters = NO_FILTERS) -> tuple[PaperDetail, ...]:
        """Return the papers as they were understood, in the order of notes and lines.

        Without an index the notes are read as they are now; nothing is written.
        """
        chosen = [paper for paper in self._in_order(self._listing) if filters(paper)]
        sections = self._listing.sections(paper.id for paper in chosen)
        return tuple(
            PaperDetail(paper, tuple(s for _, s in sections.get(paper.id, ()))) for paper in chosen
        )

    @staticmethod
    def _in_order(store: Store) -> list[Paper]:
        return sorted(store.papers().values(), key=lambda p: (p.note, p.line))

    def tags(self) -> tuple[TagCount, ...]:
        """Return every tag with the number of papers it stands on, most used first."""
        counts: dict[str, int] = {}
        for paper in self._listing.papers().values():
            for tag in paper.tags:
                counts[tag] = counts.get(tag, 0) + 1
        ordered = sorted(counts.items(), key=lambda c: (-c[1], c[0]))
        return tuple(TagCount(tag, count) for tag, count in ordered)

    def look_alikes(self) -> tuple[Alike, ...]:
        """Return groups of tags that may be one tag, the surest first; needs no index."""
        uses: dict[str, set[str]] = {}
        for paper in self._listing.papers().values():
            for tag in paper.tags:
                uses.setdefault(tag, set()).add(paper.id)
        tags = sorted(uses)
        return tuple(look_alikes({tag: uses[tag] for tag in tags}, self._tag_vectors(tags)))

    def _tag_vectors(self, tags: Sequence[str]) -> NDArray[np.float32] | None:
        """Return the tags as vectors, shape (tags, dimension); None where the index has none.

        They are what `spoken` makes of the tags, embedded as queries, centred by language and
        of unit length.
        """
        store = self._listing
        return name_vectors(store, store.meta("fingerprint"), tags)

    def duplicates(self) -> tuple[Duplicate, ...]:
        """Return papers noted more than once, then pairs that may be one paper."""
        return find_duplicates(self._in_order(self._listing))

    def find(self, text: str) -> Paper:
        """Return the one paper that a title, id, arXiv id, path or ``path#title`` names.

        Raises LookupFailedError, with the closest titles, where none or several fit.
        """
        path, title = split_place(text)
        inside = self._inside(path)
        paper = find_paper(inside + title if inside else text, self._entries)
        return self._store.papers([paper])[paper]

    def _inside(self, path: str) -> str | None:
        """Return the path of a file in the notes folder relative to it, None for other text."""
        if not _is_file(path):
            return None
        root, file = self.settings.notes.resolve(), Path(path).absolute()
        place = file.parent.resolve() / file.name
        return place.relative_to(root).as_posix() if place.is_relative_to(root) else None

    def evaluate(self, progress: Progress | None = None) -> Evaluation:
        """Return how good `similar` and `suggest_tags` are on these very notes.

        Measured by shared tags and by the notes' links, beside three baselines; needs no model.
        ``progress`` is called with the stage, how much of it is done, and how much there is.
        Raises NothingToMeasureError where there are neither.
        """
        from papersim.evaluation import Evaluator

        derived = self._derived
        return Evaluator(self._store, derived, self._ranker).evaluate(progress)

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
    ) -> tuple[Hit, ...]:
        """Return the k papers most like one, best first, without the paper itself.

        ``by`` compares sections of these kinds alone. Filters apply before the cut: k papers
        come back whenever k pass. ``diversity`` in 0..1 trades relevance for variety. Needs no
        model.
        """
        ask = Ask(k, tuple(by), filters, diversity, weights)
        found = paper if isinstance(paper, Paper) else self.find(paper)
        query = of_indexed(found, self._store, self._derived.vectors)
        return self._ranker.hits(_restricted(query, by, found), ask, found.tags)

    def similar_all(
        self,
        k: int = 10,
        *,
        by: Sequence[str] = (),
        filters: Filters = NO_FILTERS,
        diversity: float = 0.0,
        weights: Weights = DEFAULT_WEIGHTS,
    ) -> Iterator[tuple[Paper, tuple[Hit, ...]]]:
        """Yield every paper with its hits, in the order of notes and lines; see `similar`."""
        ask = Ask(k, tuple(by), filters, diversity, weights)
        for paper in self._in_order(self._store):
            query = of_indexed(paper, self._store, self._derived.vectors)
            part = query.only(kind_mask(by)) if by else query
            yield paper, self._ranker.hits(part, ask, paper.tags) if len(part.vectors) else ()

    def search(
        self,
        text: str,
        k: int = 10,
        *,
        by: Sequence[str] = (),
        filters: Filters = NO_FILTERS,
        diversity: float = 0.0,
    ) -> tuple[Hit, ...]:
        """Return the k papers nearest to a free text in any language, best first."""
        ask = Ask(k, tuple(by), filters, diversity)
        if not text.strip():
            example = 'papersim search "contrastive learning"'
            raise LookupFailedError(f"nothing to search for; try: {example}")
        derived = self._derived
        query = of_text(text, self._encoder_of_index().load(), derived.vectors)
        return self._ranker.hits(query, ask)

    # --- tags --------------------------------------------------------------------------------

    def suggest_tags(
        self, note: str, options: TagOptions = _PLAIN_TAGS, *, untagged: bool = False
    ) -> tuple[Suggestions, ...]:
        """Return the tags that fit the papers of a note, or one paper, best first.

        ``note`` is a path inside or outside the vault, or names a paper. A paper's own tags
        never speak for it. With ``untagged`` papers that have tags are passed over.
        """
        papers = self._papers_at(note)
        if not papers:
            asked = self._papers_outside(note)
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
        return self._suggest_outside(self._papers_in(text, name), options, untagged=untagged)

    def _suggest_outside(
        self, asked: Iterable[tuple[PaperEntry, Paper]], options: TagOptions, *, untagged: bool
    ) -> tuple[Suggestions, ...]:
        found = []
        for entry, paper in asked:
            if not (untagged and paper.tags):
                encoder, vectors = self._encoder_of_index().load(), self._derived.vectors
                bare = replace(entry, tags=())
                query = of_entry(bare, paper.note, encoder, vectors, paper.id or None)
                found.append(self._suggester.suggest(paper, query, options))
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
        papers = [p for p in self._in_order(self._store) if not (untagged and p.tags)]
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
        papers = self._papers_at(note) if text is None else ()
        if not papers:
            asked = self._papers_outside(note) if text is None else self._papers_in(text, note)
            papers = tuple(paper for _, paper in asked)
        if len(papers) > 1:
            raise LookupFailedError(_several(note, papers))
        rejections = tuple(Rejection.of(tag, papers[0]) for tag in tags)
        if not all(one.tag for one in rejections):
            raise ConfigError('a tag to reject has to have a name, as in: --reject "NeRF"')
        add_rejections(self.settings.index, rejections)
        self.__dict__.pop("_suggester", None)
        return rejections

    @property
    def rejections_file(self) -> Path:
        """Where `reject_tags` keeps what it is told."""
        return self.settings.index / REJECTIONS

    def _papers_at(self, note: str) -> tuple[Paper, ...]:
        """Return the papers that a path or a name stands for; none for a file not indexed."""
        path, title = _place(note)
        inside, file = self._inside(path), _is_file(path)
        entries = papers_of_note(inside or path, self._entries) if inside or not file else []
        if not entries and file:
            return ()
        all_of_it = [] if title else list(dict.fromkeys(entry.paper for entry in entries))
        ids = all_of_it or [self.find(note).id]
        papers = self._store.papers(ids)
        return tuple(papers[i] for i in ids)

    def _papers_outside(self, note: str) -> list[tuple[PaperEntry, Paper]]:
        """Return the papers of a file that is not indexed, or the one of a ``path#title``."""
        path, title = _place(note)
        # In full: its name alone may be that of a note of the vault, too.
        name = self._inside(path) or Path(path).absolute().as_posix()
        found = self._papers_in(_read_outside(Path(path)), name)
        if not title:
            return found
        entries = [
            Entry(str(number), e.title, title_key(e.title), e.arxiv, name)
            for number, (e, _) in enumerate(found)
        ]
        return [found[int(find_paper(name + title, entries))]]

    def _papers_in(self, text: str, name: str) -> list[tuple[PaperEntry, Paper]]:
        """Return the papers of a note's text, with the ids of those that are indexed."""
        note = read_note(text, name, self._labels)
        if not note.papers:
            raise LookupFailedError(f"{name} holds no paper ({note.skipped}); see: papersim papers")
        return [(entry, _outside(entry, name, self._known_as(entry))) for entry in note.papers]

    def _known_as(self, entry: PaperEntry) -> str:
        """Return the id of the indexed paper that an entry outside is about; empty if none."""
        key = title_key(entry.title)
        same = (e for e in self._entries if e.key == key or (e.arxiv and e.arxiv == entry.arxiv))
        return next((e.paper for e in same), "")

    def _suggest_indexed(self, paper: Paper, options: TagOptions) -> Suggestions:
        store, vectors = self._store, self._derived.vectors
        query = of_indexed(paper, store, vectors).with_text()
        if not query.has_text:
            own = bare_vectors(paper, store.probes(store.meta("fingerprint")), vectors)
            query = query if own is None else replace(query, vectors=own)
        return self._suggester.suggest(paper, query, options)

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
        root, tags = self._vault.root, [tag.tag for tag in self.tags()]
        plans, left = plan_notes(root, by_note(found), self._labels, tags, progress)
        if dry_run:
            return edit_of(plans, left)
        changes = [plan.change for plan in plans]
        outcome = apply_changes(self.settings.index, root, changes, progress)
        return edit_of(plans, (*left, *outcome.left), outcome.written)

    def rename_tag(self, old: str, new: str, *, dry_run: bool = False) -> TagEdit:
        """Rename a tag and those nested under it in all notes, every other byte as it was.

        With ``dry_run`` nothing is written. Notes that changed since they were read, or cannot
        be edited, are left, with the reason. Raises LookupFailedError where no note has the
        tag, EditError where the new name cannot be written as one. Needs no index.
        """
        renaming = make_renaming(old, new)
        plans, left = plan_renames(self._vault, renaming, self._labels)
        if not plans and not left:
            raise no_such_tag(renaming, (tag.tag for tag in self.tags()))
        if dry_run:
            return edit_of(plans, left)
        changes = [plan.change for plan in plans]
        outcome = apply_changes(self.settings.index, self._vault.root, changes)
        return edit_of(plans, (*left, *outcome.left), outcome.written)

    def undo(self) -> TagEdit:
        """Take back the last `apply_tags` or `rename_tag` in the notes not changed since."""
        return _edit("", undo(self.settings.index, self._vault.root))


def _restricted(query: Query, by: Sequence[str], paper: Paper) -> Query:
    part = query.only(kind_mask(by)) if by else query
    if by and not len(part.vectors):
        own = sorted({kind for s in query.sections if s for kind in s.kinds})
        has = f"it has {', '.join(own)}" if own else "it has no text"
        raise LookupFailedError(
            f"“{paper.title}” has no section of kind {', '.join(by)}; {has}; see: papersim papers"
        )
    return part


def _edit(diff: str, outcome: Outcome) -> TagEdit:
    return TagEdit(diff, outcome.written, outcome.left)


def _several(note: str, papers: Sequence[Paper]) -> str:
    """Return what to say where a tag is rejected for a note with several papers."""
    title = papers[0].title
    name = re.sub(r'(["\\$`])', r"\\\1", title if note == "-" else f"{note}#{title}")
    example = f'papersim suggest-tags "{name}" --reject TAG'
    return f"{note} holds {len(papers)} papers; name the one meant, as in: {example}"


def _place(note: str) -> tuple[str, str]:
    """Return a path and ``#title``, or nothing; a file may have a name that looks like both."""
    return (note, "") if _is_file(note) else split_place(note)


def _is_file(text: str) -> bool:
    """Return whether a text is the path of a file; a title may be too long for one."""
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        return False


def _read_outside(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        byte = error.start + 1
        raise VaultError(f"{path} is not UTF-8 (byte {byte}); save it as UTF-8") from error
    except OSError as error:
        raise VaultError(f"{path} cannot be read: {error.strerror}; try another") from error


def _outside(entry: PaperEntry, note: str, known: str) -> Paper:
    return Paper(
        known, entry.title, note, entry.line, entry.tags, entry.date, entry.arxiv, entry.doi,
        entry.authors, entry.venue,
    )  # fmt: skip
