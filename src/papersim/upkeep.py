"""Bringing the index up to date, and telling what state it is in.

What reads and embeds is imported when there is something to do.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from papersim.errors import IndexUnusableError, VaultError
from papersim.index.stamp import drop_stamp, leave_stamp, report_if_unchanged, surroundings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from threading import Event

    from papersim.index.store import NoteState, Store
    from papersim.index.sync import Progress
    from papersim.model import IndexReport, Status
    from papersim.parts import Parts
    from papersim.vault import NoteFile

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
        settings, vault = self._parts.settings, self._parts.vault
        around = surroundings(vault, settings.model, settings.labels)
        unchanged = None
        if around is not None and not full:
            unchanged = report_if_unchanged(settings.index, vault, around)
        self._parts.forget()  # another process may have written the index meanwhile
        if unchanged is not None:
            return unchanged
        with self._parts.writing("papersim index") as waited:
            if waited and around is not None and not full:
                # Whoever was writing may have done it all.
                unchanged = report_if_unchanged(settings.index, vault, around)
                if unchanged is not None:
                    return unchanged
            report, notes = self._sync(full=full, progress=progress)
            if around is not None and notes is not None:
                leave_stamp(settings.index, around, notes, report)
        self._parts.forget()
        return report

    def _sync(
        self, *, full: bool, progress: Progress | None
    ) -> tuple[IndexReport, Mapping[str, NoteState] | None]:
        """Return what was done, and the notes as they are kept if nothing is left to be done."""
        from papersim.index.database import explained
        from papersim.index.seal import is_sealed, set_seal
        from papersim.index.store import Store
        from papersim.index.sync import sync
        from papersim.undo import sweep_notes

        folder, vault, labels = self._parts.settings.index, self._parts.vault, self._parts.labels

        def derive() -> None:
            self._renew_derived(store, progress, full=full)

        with explained(folder):
            sweep_notes(folder, vault.root)
            self._mend_store(deep=full)
            store = Store.open(folder, create=True)
            drop_stamp(folder)
            try:
                if full and (bad := store.drop_unsound()):
                    self._parts.on_message(f"{bad} damaged embeddings are made again")
                self._parts.settle(store)
                given = (vault, store, self._parts.model, labels)
                report = sync(*given, full=full, progress=progress, derive=derive)
                self._parts.settle(store)
                finished = not store.fresh() and self._has_derived(store)
                notes = store.notes() if finished else None
                store.checkpoint()
            finally:
                store.close()
            if not is_sealed(folder):
                set_seal(folder)
        return report, notes

    def _mend_store(self, *, deep: bool) -> None:
        """Put a sound database in the place of a damaged one, and say so."""
        from papersim.index.plan import make_plan
        from papersim.index.salvage import fault_of, salvage

        folder, vault = self._parts.settings.index, self._parts.vault
        if not fault_of(folder, deep=deep):
            return
        if not make_plan(vault, {}).read:
            raise VaultError(
                f"the index in {folder} is damaged, and there are no notes in {vault.root} to mend "
                "it by; put them back and run: papersim doctor --fix"
            )
        self._parts.on_message(salvage(folder))

    def _renew_derived(self, store: Store, progress: Progress | None, *, full: bool) -> None:
        """Make what is derived from the store anew, where it is not of this state."""
        from papersim.index.bare import bare_probes
        from papersim.index.derived import Derived
        from papersim.index.probes import embed_probes
        from papersim.index.tag_names import name_probes

        if self._has_derived(store):
            return
        folder, state = self._parts.settings.index, (store.generation, store.meta("fingerprint"))
        derived = Derived.load(folder, *state)
        if derived is None:
            more = (*name_probes(store), *bare_probes(store))
            encoder = self._parts.model.load()
            embed_probes(store, encoder, more, progress)
            encoder.release()  # what follows takes memory of its own
            derived = self._parts.derive(store, progress, strict=True)
        self._parts.renew_tags(store, derived, full=full)

    def _has_derived(self, store: Store) -> bool:
        from papersim.index.derived import Derived
        from papersim.index.tag_model import has_tag_model

        folder, state = self._parts.settings.index, (store.generation, store.meta("fingerprint"))
        return Derived.is_saved(folder, *state) and has_tag_model(folder, store)

    def watch(
        self, stop: Event, *, full: bool = False, progress: Progress | None = None
    ) -> Iterator[IndexReport]:
        """Yield a report of `index` at once, and after each burst of changes to the notes.

        Ends when ``stop`` is set. Notes are not taken for removed while their folder is away.
        """
        from papersim.vault import DEFAULT_EXCLUDE, Vault
        from papersim.watch import SteadyVault, Watch

        parts, settings = self._parts, self._parts.settings
        vault = SteadyVault(settings.notes, (*DEFAULT_EXCLUDE, *settings.exclude), self._has_notes)
        if not self._has_notes():
            Vault.open(vault.root)  # raises VaultError where there is nothing to wait for
        done = False

        def update() -> IndexReport:
            nonlocal done
            with parts.recorded("index --watch") as run:
                report = self.index(full=full and not done, progress=None if done else progress)
                run.tell_index(report)
            done = True
            return report

        parts.vault = vault
        try:
            watch = Watch(vault, settings.index, update, self._rest, parts.on_message)
            yield from watch.reports(stop)
        finally:
            del parts.vault

    def _has_notes(self) -> bool:
        """Return whether there are notes in the index, as it is on the disk now."""
        import sqlite3

        self._parts.forget()
        try:
            return self._parts.store.count("notes") > 0
        except (IndexUnusableError, sqlite3.Error):
            return False
        finally:
            self._parts.forget()

    def _rest(self) -> None:
        """Let go of the model, and of the memory that was freed."""
        import gc

        from papersim.encode.runtime import give_back_memory

        self._parts.__dict__.pop("model", None)
        gc.collect()
        give_back_memory()

    def status(self) -> Status:
        """Return what is indexed, with what, and whether the notes have changed since."""
        from papersim.model import Status
        from papersim.runs import last_run

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
            up_to_date=self.is_up_to_date(store),
            bytes=_bytes_of_index(folder),
            passages=store.count("passages"),
            languages=languages,
            last_run=last_run(folder),
        )

    def is_up_to_date(self, store: Store) -> bool:
        """Return whether an index would be as it is, were it made now."""
        from papersim.index.plan import make_plan
        from papersim.index.sync import reader_digest

        known = store.notes()
        try:
            plan = make_plan(self._parts.vault, known, fresh=store.fresh())
        except VaultError:
            return False
        same_reader = store.meta("reader") == reader_digest(self._parts.labels)
        same = same_reader and store.meta("model") == self._parts.settings.model
        same = same and not plan.gone and not store.missing(store.meta("fingerprint"))
        return same and all(self._is_as_read(file, known) for file in plan.read)

    def _is_as_read(self, file: NoteFile, known: Mapping[str, NoteState]) -> bool:
        """Return whether a file holds what it held, whatever its time says."""
        from papersim.vault import digest_of

        if file.path not in known:
            return False
        try:
            return digest_of(self._parts.vault.read(file.path)) == known[file.path].digest
        except OSError:
            return False


def _bytes_of_index(folder: Path) -> int:
    """Return what the files of an index take, without those of its lock."""
    from papersim.index.lock import FILE_NAMES

    total = 0
    for file in folder.iterdir():
        with suppress(OSError):  # a writer may take it away meanwhile
            total += file.stat().st_size if file.is_file() and file.name not in FILE_NAMES else 0
    return total
