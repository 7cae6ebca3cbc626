"""Bringing the index up to date, and telling what state it is in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from papersim.errors import VaultError
from papersim.index.bare import bare_probes
from papersim.index.derived import Derived
from papersim.index.plan import make_plan
from papersim.index.probes import embed_probes
from papersim.index.store import Store
from papersim.index.sync import reader_digest, sync
from papersim.index.tag_model import has_tag_model
from papersim.index.tag_names import name_probes
from papersim.model import Finding, IndexReport, Status

if TYPE_CHECKING:
    from papersim.index.sync import Progress
    from papersim.parts import Parts

__all__ = ["Upkeep"]


class Upkeep:
    """Indexes the notes of a library and tells about the index."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def index(self, *, full: bool = False, progress: Progress | None = None) -> IndexReport:
        """Bring the index up to date with the notes and return what was done.

        Only notes whose size or time changed are read, unless ``full``; only text that has no
        embedding yet is embedded. An interrupted run is gone on with by the next.
        """
        vault, labels = self._parts.vault, self._parts.labels
        store = Store.open(self._parts.settings.index, create=True)
        try:
            report = sync(vault, store, self._parts.model, labels, full=full, progress=progress)
            self._renew_derived(store, progress)
        finally:
            store.close()
        self._parts.forget()
        return report

    def _renew_derived(self, store: Store, progress: Progress | None) -> None:
        """Make what is derived from the store anew, where it is not of this state."""
        folder, state = self._parts.settings.index, (store.generation, store.meta("fingerprint"))
        if Derived.is_saved(folder, *state) and has_tag_model(folder, store):
            return
        derived = Derived.load(folder, *state)
        if derived is None:
            more = (*name_probes(store), *bare_probes(store))
            embed_probes(store, self._parts.model.load(), more, progress)
            derived = self._parts.derive(store)
        self._parts.fit_tags(store, derived)

    def status(self) -> Status:
        """Return what is indexed, with what, and whether the notes have changed since."""
        store, folder = self._parts.store, self._parts.settings.index
        languages: dict[str, int] = {}
        kind = "none"
        if store.meta("model") == self._parts.settings.model:
            vectors = self._parts.derived.vectors
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
            plan = make_plan(self._parts.vault, store.notes())
        except VaultError:
            return False
        same_reader = store.meta("reader") == reader_digest(self._parts.labels)
        same = same_reader and store.meta("model") == self._parts.settings.model
        return plan.empty and same and not store.missing(store.meta("fingerprint"))

    def doctor(self) -> tuple[Finding, ...]:
        """Return what stands out in notes and index, each with what to do about it."""
        store = self._parts.listing
        skipped = [(path, state.skipped) for path, state in store.notes().items() if state.skipped]
        skipped += [(s.note, s.reason) for s in make_plan(self._parts.vault, {}).skipped]
        advice = "mend the note, or exclude it in papersim.toml"
        found = [Finding("skipped", path, reason, advice) for path, reason in sorted(skipped)]
        found += [
            Finding("boilerplate", text, f"in {count} papers", "left out of what is embedded")
            for text, count in store.boilerplate_counts()
        ]
        detail = "the notes have changed since it was made"
        if store is not self._parts.__dict__.get("store"):
            detail = "there is none of these notes, or it was never finished"
        elif self._up_to_date(store):
            detail = ""
        if detail:
            found.append(
                Finding("index", str(self._parts.settings.index), detail, "run: papersim index")
            )
        return tuple(found)
