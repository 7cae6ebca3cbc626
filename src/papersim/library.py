"""The library: everything papersim can do, in one object. The command line uses nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from papersim.config import Settings, load_settings
from papersim.encode.model import Model
from papersim.errors import (
    ConfigError,
    LookupFailedError,
    ModelMismatchError,
    NoIndexError,
    OtherNotesError,
    VaultError,
)
from papersim.filters import Filters
from papersim.index.store import Store
from papersim.index.sync import make_plan, read_all, sync
from papersim.index.vectors import VectorIndex, kind_mask
from papersim.lookup import Entry, find_paper, papers_of_note
from papersim.model import (
    Evidence,
    Hit,
    IndexReport,
    Paper,
    PaperDetail,
    PaperSection,
    Reason,
    Status,
    Suggestion,
    Suggestions,
    TagCount,
)
from papersim.notes.labels import Labels
from papersim.notes.plain import plain_text
from papersim.notes.reader import read_note
from papersim.notes.tags import tag_key
from papersim.notes.titles import title_key
from papersim.query import Query, of_entry, of_indexed, of_text, titles_only
from papersim.rank.evidence import best_pairs, best_sentence
from papersim.rank.similar import pool_by_paper
from papersim.rank.tags import suggest
from papersim.vault import DEFAULT_EXCLUDE, Vault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from papersim.index.sync import Progress
    from papersim.notes.model import PaperEntry, Section
    from papersim.rank.tags import ScoredTag

__all__ = ["Library", "TagOptions"]

_NO_FILTERS = Filters()
_PAIRS = 3


@dataclass(frozen=True, slots=True)
class TagOptions:
    """How tags are suggested: at most ``k`` a paper, none below ``min_confidence``.

    None is the default confidence. Tags a paper has are left out, unless ``as_untagged``:
    then it gets what it would if it had none.
    """

    k: int = 5
    min_confidence: float | None = None
    as_untagged: bool = False


_DEFAULT_TAG_OPTIONS = TagOptions()
_LEAST_CONFIDENCE = 0.1


@dataclass
class Library:
    """A folder of notes with its index.

    Made by `Library.open`. Values that come out are frozen; nothing but `index` writes, and
    only to the index folder.
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
        store = Store.open(self.settings.index)
        folder = self.settings.index
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
    def _vectors(self) -> VectorIndex:
        store, folder = self._store, self.settings.index
        generation, fingerprint = store.generation, store.meta("fingerprint")
        if store.meta("model") != self.settings.model:
            raise ModelMismatchError(
                f"the index in {folder} was made with the model {store.meta('model')}, not "
                f"{self.settings.model}; run: papersim index --model {self.settings.model}"
            )
        found = VectorIndex.load(folder, generation, fingerprint)
        if found is None:
            self.on_message("the vector index is made again from the stored embeddings")
            found = self._build_vectors(store, generation, fingerprint)
        return found

    def _build_vectors(self, store: Store, generation: int, fingerprint: str) -> VectorIndex:
        passages, vectors = store.vectors(fingerprint, int(store.meta("dimension", "384")))
        index = VectorIndex.build(passages, vectors)
        try:
            index.save(self.settings.index, generation, fingerprint)
        except OSError as error:
            self.on_message(f"the vector index could not be kept: {error.strerror}")
        return index

    def _encoder_of_index(self) -> Model:
        """Return the model, having checked that it still gives the vectors of the index."""
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
            generation, fingerprint = store.generation, store.meta("fingerprint")
            if (
                generation
                and VectorIndex.load(self.settings.index, generation, fingerprint) is None
            ):
                self._build_vectors(store, generation, fingerprint)
        finally:
            store.close()
        for name in ("_store", "_listing", "_entries", "_vectors"):
            self.__dict__.pop(name, None)
        return report

    def status(self) -> Status:
        """Return what is indexed, with what, and whether the notes have changed since."""
        store = self._store
        notes = store.notes()
        fingerprint = store.meta("fingerprint")
        languages: dict[str, int] = {}
        passages = 0
        kind = "none"
        if store.generation and store.meta("model") == self.settings.model:
            means = self._vectors.means
            languages = dict(zip(means.languages, means.counts.tolist(), strict=True))
            passages, kind = len(self._vectors.ids), self._vectors.kind
        folder = self.settings.index
        return Status(
            notes=len(notes),
            papers=store.count("papers"),
            sections=store.count("sections"),
            embeddings=store.count("embeddings"),
            model=store.meta("model", self.settings.model),
            dimension=int(store.meta("dimension", "0")),
            index_kind=kind,
            generation=store.generation,
            up_to_date=self._up_to_date(store, fingerprint),
            bytes=sum(file.stat().st_size for file in folder.iterdir() if file.is_file()),
            passages=passages,
            languages=languages,
        )

    def _up_to_date(self, store: Store, fingerprint: str) -> bool:
        try:
            plan = make_plan(self._vault, store.notes())
        except VaultError:
            return False
        return plan.empty and store.generation > 0 and not store.missing(fingerprint)

    # --- papers and tags ---------------------------------------------------------------------

    def papers(self, filters: Filters = _NO_FILTERS) -> tuple[PaperDetail, ...]:
        """Return the papers as they were understood, in the order of notes and lines.

        Without an index the notes are read as they are now; nothing is written.
        """
        found = self._listing.papers()
        sections = self._listing.sections(found)
        chosen = sorted(
            (paper for paper in found.values() if filters(paper)), key=lambda p: (p.note, p.line)
        )
        return tuple(
            PaperDetail(paper, tuple(s for _, s in sections.get(paper.id, ()))) for paper in chosen
        )

    def tags(self) -> tuple[TagCount, ...]:
        """Return every tag with the number of papers it stands on, most used first."""
        counts: dict[str, int] = {}
        for paper in self._listing.papers().values():
            for tag in paper.tags:
                counts[tag] = counts.get(tag, 0) + 1
        return tuple(
            TagCount(tag, n) for tag, n in sorted(counts.items(), key=lambda c: (-c[1], c[0]))
        )

    def find(self, text: str) -> Paper:
        """Return the one paper that a title, id, arXiv id, path or ``path#title`` names.

        Raises LookupFailedError, with the closest titles, where none or several fit.
        """
        paper = find_paper(self._relative(text), self._entries)
        return self._store.papers([paper])[paper]

    def _relative(self, text: str) -> str:
        """Return a path into the notes folder as one relative to it; other text as it is."""
        head, mark, tail = text.partition(".md")
        path = Path(head + mark)
        root = self.settings.notes.resolve()
        if mark and path.exists() and path.resolve().is_relative_to(root):
            return path.resolve().relative_to(root).as_posix() + tail
        return text

    # --- asking ------------------------------------------------------------------------------

    def similar(
        self,
        paper: str | Paper,
        k: int = 10,
        *,
        by: Sequence[str] = (),
        filters: Filters = _NO_FILTERS,
    ) -> tuple[Hit, ...]:
        """Return the k papers most like one, best first, without the paper itself.

        ``by`` compares sections of these kinds alone. Filters apply before the cut: k papers
        come back whenever k pass. Needs no model.
        """
        found = paper if isinstance(paper, Paper) else self.find(paper)
        query = of_indexed(found.id, self._store, self._vectors)
        return self._hits(self._restricted(query, by, found), k, by, filters, found.tags)

    def similar_all(
        self, k: int = 10, *, by: Sequence[str] = (), filters: Filters = _NO_FILTERS
    ) -> Iterator[tuple[Paper, tuple[Hit, ...]]]:
        """Yield every paper with its hits, in the order of notes and lines."""
        for paper in sorted(self._store.papers().values(), key=lambda p: (p.note, p.line)):
            query = of_indexed(paper.id, self._store, self._vectors)
            part = query.only(kind_mask(by)) if by else query
            hits = self._hits(part, k, by, filters, paper.tags) if len(part.vectors) else ()
            yield paper, hits

    def search(
        self,
        text: str,
        k: int = 10,
        *,
        by: Sequence[str] = (),
        filters: Filters = _NO_FILTERS,
    ) -> tuple[Hit, ...]:
        """Return the k papers nearest to a free text in any language, best first."""
        if not text.strip():
            raise LookupFailedError(
                'nothing to search for; try: papersim search "contrastive learning"'
            )
        query = of_text(text, self._encoder_of_index().load(), self._vectors)
        return self._hits(query, k, by, filters, (), about=text)

    def _restricted(self, query: Query, by: Sequence[str], paper: Paper) -> Query:
        part = query.only(kind_mask(by)) if by else query
        if by and not len(part.vectors):
            own = sorted({kind for s in query.sections if s for kind in s.kinds})
            has = f"it has {', '.join(own)}" if own else "it has no text"
            raise LookupFailedError(
                f"“{paper.title}” has no section of kind {', '.join(by)}; {has}"
            )
        return part

    def _hits(
        self,
        query: Query,
        k: int,
        by: Sequence[str],
        filters: Filters,
        tags: Sequence[str],
        about: str = "",
    ) -> tuple[Hit, ...]:
        if k < 1:
            raise ConfigError(f"-k {k} asks for no papers; it has to be 1 or more")
        rows, scores, allowed = self._ranked(query, by, filters)
        best = rows[:k]
        ids = [str(self._vectors.papers[row]) for row in best]
        papers = self._store.papers(ids)
        sections = self._store.sections(ids)
        own = {tag_key(tag) for tag in tags}
        return tuple(
            Hit(
                rank,
                _unit(scores[row]),
                papers[paper],
                tuple(tag for tag in papers[paper].tags if tag_key(tag) in own),
                self._evidence(query, int(row), allowed, dict(sections.get(paper, [])), about),
            )
            for rank, (row, paper) in enumerate(zip(best, ids, strict=True), 1)
        )

    def _ranked(
        self, query: Query, by: Sequence[str], filters: Filters
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
        """Return paper rows best first, scores by row, and which passages take part."""
        index = self._vectors
        allowed = np.ones(len(index.ids), bool) if not by else (index.kinds & kind_mask(by)) > 0
        passing = self._passing(query, filters)
        allowed &= np.repeat(passing, np.diff(index.starts))
        positions = np.flatnonzero(allowed)
        owners = np.repeat(np.arange(len(index.papers)), np.diff(index.starts))[positions]
        rows, starts = np.unique(owners, return_index=True)
        scores = np.full(len(index.papers), -np.inf)
        if len(rows) and len(query.vectors):
            similarities = index.similarities(query.vectors)[:, positions]
            bounds = np.append(starts, len(positions))
            scores[rows] = pool_by_paper(similarities, bounds, both_ways=query.both_ways)
        order = rows[np.argsort(-scores[rows], kind="stable")]
        return order, scores, allowed

    def _passing(self, query: Query, filters: Filters) -> NDArray[np.bool_]:
        """Return by paper row whether the paper may be a hit."""
        index = self._vectors
        passing = np.ones(len(index.papers), bool)
        if not filters.empty:
            papers = self._store.papers()
            passing[:] = [filters(papers[str(paper)]) for paper in index.papers]
        if query.paper is not None and (row := index.row(query.paper)) is not None:
            passing[row] = False
        return passing

    def _evidence(
        self,
        query: Query,
        row: int,
        allowed: NDArray[np.bool_],
        sections: dict[int, PaperSection],
        about: str,
    ) -> tuple[Evidence, ...]:
        index = self._vectors
        span = index.span(row)
        similarities = query.vectors @ index.vectors(span).T
        similarities[:, ~allowed[span]] = -1.0
        found = []
        for mine, theirs in best_pairs(similarities, _PAIRS):
            section = sections.get(int(index.sections[span][theirs]))
            if section is None or not allowed[span][theirs]:
                continue
            own = query.sections[mine]
            quote = best_sentence(plain_text(section.text), plain_text(own.text) if own else about)
            found.append(Evidence(own, section, _unit(similarities[mine, theirs]), quote))
        return tuple(found)

    # --- tags --------------------------------------------------------------------------------

    def suggest_tags(
        self, note: str, options: TagOptions = _DEFAULT_TAG_OPTIONS
    ) -> tuple[Suggestions, ...]:
        """Return the tags that fit the papers of a note, or one paper, best first.

        ``note`` is a path inside or outside the vault, or names a paper. A paper's own tags
        never speak for it.
        """
        ids = self._papers_in(note)
        if ids is None and Path(note).is_file():
            return self.suggest_tags_for_text(_read_outside(Path(note)), note, options)
        papers = self._store.papers(ids or [self.find(note).id])
        return tuple(self._suggest_indexed(papers[i], options) for i in ids or papers)

    def suggest_tags_for_text(
        self, text: str, name: str = "-", options: TagOptions = _DEFAULT_TAG_OPTIONS
    ) -> tuple[Suggestions, ...]:
        """Return the tags that fit the papers of a note's text, which need not be indexed."""
        note = read_note(text, name, self._labels)
        if not note.papers:
            raise LookupFailedError(f"{name} holds no paper ({note.skipped}); see: papersim papers")
        encoder = self._encoder_of_index().load()
        found = []
        for entry in note.papers:
            paper = _outside(entry, name, self._known_as(entry))
            untagged = replace(entry, tags=())
            query = of_entry(untagged, name, encoder, self._vectors, paper.id or None)
            found.append(self._suggest(paper, query, _body(entry.title, entry.sections), options))
        return tuple(found)

    def suggest_tags_all(self, options: TagOptions = _DEFAULT_TAG_OPTIONS) -> Iterator[Suggestions]:
        """Yield the suggestions for every paper, in the order of notes and lines."""
        for paper in sorted(self._store.papers().values(), key=lambda p: (p.note, p.line)):
            yield self._suggest_indexed(paper, options)

    def _papers_in(self, note: str) -> list[str] | None:
        inside = papers_of_note(self._relative(note), self._entries)
        return list(dict.fromkeys(entry.paper for entry in inside)) or None

    def _known_as(self, entry: PaperEntry) -> str:
        """Return the id of the indexed paper that an entry outside is about; empty if none."""
        key = title_key(entry.title)
        same = (
            e for e in self._entries if e.key == key or (entry.arxiv and e.arxiv == entry.arxiv)
        )
        return next((e.paper for e in same), "")

    def _suggest_indexed(self, paper: Paper, options: TagOptions) -> Suggestions:
        query = of_indexed(paper.id, self._store, self._vectors)
        sections = [s for _, s in self._store.sections([paper.id]).get(paper.id, [])]
        if all(section is None for section in query.sections):
            # The passage of a paper without text holds its tags, which must not speak for it.
            encoder = self._encoder_of_index().load()
            query = replace(query, vectors=titles_only([paper.title], encoder, self._vectors))
        return self._suggest(paper, query, _body(paper.title, sections), options)

    def _suggest(self, paper: Paper, query: Query, body: str, options: TagOptions) -> Suggestions:
        if options.k < 1:
            raise ConfigError(f"-k {options.k} asks for no tags; it has to be 1 or more")
        papers = self._store.papers()
        rows, scores, _ = self._ranked(query, (), _NO_FILTERS)
        ranked = ((papers[str(self._vectors.papers[row])], float(scores[row])) for row in rows)
        tagged = [(other, score) for other, score in ranked if other.tags]
        others = (p for p in papers.values() if p.id != paper.id)
        vocabulary = {tag for p in others for tag in p.tags} - set(self.settings.opinion_tags)
        if not options.as_untagged:
            own = {tag_key(tag) for tag in paper.tags}
            vocabulary = {tag for tag in vocabulary if tag_key(tag) not in own}
        scored = suggest(
            [s for _, s in tagged], [p.tags for p, _ in tagged], body, sorted(vocabulary)
        )
        given = options.min_confidence
        least = _LEAST_CONFIDENCE if given is None else given
        suggestions = [
            Suggestion(s.tag, round(s.confidence, 4), tuple(_reasons(s, tagged)))
            for s in scored
            if s.confidence >= least
        ]
        return Suggestions(paper, tuple(suggestions[: options.k]))


def _read_outside(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise VaultError(
            f"{path} is not UTF-8 (byte {error.start + 1}); save it as UTF-8"
        ) from error
    except OSError as error:
        raise VaultError(f"{path} cannot be read: {error.strerror}") from error


def _body(title: str, sections: Iterable[Section | PaperSection]) -> str:
    return "\n".join((title, *(plain_text(section.text) for section in sections)))


def _reasons(scored: ScoredTag, tagged: Sequence[tuple[Paper, float]]) -> Iterator[Reason]:
    if scored.vote > 0:
        yield Reason("neighbours", tuple(tagged[i][0].id for i in scored.voters))
    if scored.quote:
        yield Reason("words", (), scored.quote)


def _outside(entry: PaperEntry, note: str, known: str) -> Paper:
    return Paper(
        known, entry.title, note, entry.line, entry.tags, entry.date, entry.arxiv, entry.doi,
        entry.authors, entry.venue,
    )  # fmt: skip


def _unit(similarity: float) -> float:
    """Return a centred cosine as a score in 0..1."""
    return round(float(min(1.0, max(0.0, similarity))), 4)
