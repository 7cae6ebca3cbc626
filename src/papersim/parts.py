"""The parts of a library, each made when it is first needed, and imported no sooner."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from papersim.errors import (
    ConfigError,
    IndexUnusableError,
    ModelMismatchError,
    NoIndexError,
    OtherNotesError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from papersim.config import Settings
    from papersim.encode.model import Model
    from papersim.index.derived import Derived
    from papersim.index.store import Store
    from papersim.lookup import Entry
    from papersim.model import Paper
    from papersim.notes.labels import Labels
    from papersim.ranker import Ranker
    from papersim.runs import Run
    from papersim.suggest.model import TagModel
    from papersim.suggester import Suggester
    from papersim.vault import Vault

    Progress = Callable[[str, int, int], None]

__all__ = ["Parts", "in_order"]


@dataclass
class Parts:
    """Notes, index and model of a library; ``on_message`` is told what a user should know."""

    settings: Settings
    on_message: Callable[[str], None]

    @cached_property
    def vault(self) -> Vault:
        """The folder of notes."""
        from papersim.vault import DEFAULT_EXCLUDE, Vault

        return Vault.open(self.settings.notes, (*DEFAULT_EXCLUDE, *self.settings.exclude))

    @cached_property
    def labels(self) -> Labels:
        """The labels of sections; ConfigError for ones of the user that cannot be used."""
        from papersim.notes.labels import Labels

        try:
            return Labels.load(self.settings.labels)
        except ValueError as error:
            raise ConfigError(f"papersim.toml: {error}") from error

    @cached_property
    def model(self) -> Model:
        """The model, which is not loaded yet."""
        from papersim.encode.model import Model

        return Model(self.settings.model)

    @cached_property
    def store(self) -> Store:
        """The store of the index, as it is now, and stays here whatever is written meanwhile.

        Raises NoIndexError or OtherNotesError where it is not ours.
        """
        from papersim.index.store import Store

        folder = self.settings.index
        store = Store.open(folder)
        store.stand()
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
    def listing(self) -> Store:
        """The index where there is one of these notes; else the notes as they are now."""
        try:
            return self.store
        except (NoIndexError, OtherNotesError):
            from papersim.index.store import Store
            from papersim.index.sync import read_all

            store = Store.in_memory()
            read_all(self.vault, store, self.labels)
            return store

    @cached_property
    def entries(self) -> list[Entry]:
        """What papers can be named by."""
        from papersim.lookup import Entry

        return [Entry(*row) for row in self.store.titles()]

    @cached_property
    def derived(self) -> Derived:
        """What asking needs beside the store; made again where it is missing."""
        from papersim.index.derived import Derived

        self.check_model()
        store, folder = self.store, self.settings.index
        state = store.generation, store.meta("fingerprint")
        found = Derived.load(folder, *state)
        if found is None:
            with self._keeping() as keep:
                again = _said("the vector index is made again from the stored embeddings", keep)
                self.on_message(again)
                found = self.derive(store, keep=keep)
                if keep:
                    self.settle(store)
        return found

    def check_model(self) -> None:
        """Raise ModelMismatchError where the index was made with a model of another name."""
        made_with, model = self.store.meta("model"), self.settings.model
        if made_with != model:
            raise ModelMismatchError(
                f"the index in {self.settings.index} was made with the model {made_with}, not "
                f"{model}; run: papersim index --model {model}"
            )

    def writing(self, what: str, *, make: bool = True) -> AbstractContextManager[bool]:
        """Hold the index folder for writing; see `papersim.index.lock.writing`."""
        from papersim.index.lock import writing

        return writing(self.settings.index, what, self.on_message, make=make)

    @contextmanager
    def _keeping(self) -> Iterator[bool]:
        """Yield whether what is made of the store may be kept; nobody else writes meanwhile.

        It may not while another process writes, nor where the store has moved on since it was
        opened here: what is kept is of its newest state.
        """
        from papersim.index.lock import writing

        with ExitStack() as held:
            try:
                held.enter_context(writing(self.settings.index, "papersim", wait=0, make=False))
                keep = self.store.is_newest()
            except IndexUnusableError:
                keep = False
            yield keep

    def settle(self, store: Store) -> None:
        """Have only what is derived from the state that the store is in; see `settle` there."""
        from papersim.index.kept import settle
        from papersim.index.manifest import DERIVED, TAG_MODEL, State

        state = State(store.generation, store.meta("fingerprint"))
        for kind in (DERIVED, TAG_MODEL):
            settle(self.settings.index, kind, state)

    def derive(
        self,
        store: Store,
        progress: Progress | None = None,
        *,
        keep: bool = True,
        strict: bool = False,
    ) -> Derived:
        """Return what a store gives; kept as coming if ``keep``, with the index held.

        Where that cannot be kept, that is said, or, if ``strict``, OSError raised.
        """
        from papersim.index.derived import Derived

        fingerprint = store.meta("fingerprint")
        folder, dimension = self.settings.index, int(store.meta("dimension", "384"))
        derived = Derived.build(store, fingerprint, dimension, folder, progress, keep=keep)
        try:
            if keep:
                derived.save(folder, store.generation, fingerprint)
        except OSError as error:
            if strict:
                raise
            self.on_message(f"the vector index could not be kept: {error.strerror}")
        return derived

    @cached_property
    def ranker(self) -> Ranker:
        """What ranks papers."""
        from papersim.ranker import Ranker

        return Ranker(self.store, self.derived)

    @cached_property
    def suggester(self) -> Suggester:
        """What suggests tags."""
        from papersim.rejections import load_rejections
        from papersim.suggester import Suggester

        rejections, message = load_rejections(self.settings.index)
        if message:
            self.on_message(message)
        opinions = self.settings.opinion_tags
        return Suggester(self.tag_model, self.store, self.derived, opinions, rejections)

    @cached_property
    def tag_model(self) -> TagModel | None:
        """What the tags teach, None without tags; made again where it is missing."""
        from papersim.index.tag_model import load_tag_model

        store = self.store
        found, whole = load_tag_model(self.settings.index, store)
        if not whole:
            derived = self.derived
            with self._keeping() as keep:
                self.on_message(_said("the tag model is made again from the notes' tags", keep))
                found = self.fit_tags(store, derived, keep=keep)
                if keep:
                    self.settle(store)
        return found

    def renew_tags(self, store: Store, derived: Derived, *, full: bool = False) -> None:
        """Keep what the tags in a store teach; anew only where that may differ, or ``full``."""
        from papersim.index.tag_model import take_over_tag_model

        try:
            taken_over = not full and take_over_tag_model(self.settings.index, store)
        except OSError:
            taken_over = False  # fitting tells what is the matter
        if not taken_over:
            self.fit_tags(store, derived, strict=True)

    def fit_tags(
        self, store: Store, derived: Derived, *, keep: bool = True, strict: bool = False
    ) -> TagModel | None:
        """Return what the tags in a store teach; kept as coming if ``keep``.

        Where that cannot be kept, that is said, or, if ``strict``, OSError raised.
        """
        from papersim.index.tag_model import fit_tag_model, save_tag_model

        model = fit_tag_model(store, derived.vectors)
        try:
            if keep:
                save_tag_model(model, self.settings.index, store)
        except OSError as error:
            if strict:
                raise
            self.on_message(f"the tag model could not be kept: {error.strerror}")
        return model

    def encoder(self) -> Model:
        """Return the model, having checked that it still gives the vectors of the index."""
        self.check_model()
        if self.model.load().fingerprint != self.store.meta("fingerprint"):
            raise ModelMismatchError(
                f"the model {self.settings.model} has changed since the index was made; "
                "run: papersim index"
            )
        return self.model

    def refresh(self) -> None:
        """Go on to the newest state of the index, if there is a newer one."""
        store = self.__dict__.get("store")
        try:
            newest = store is not None and store.is_newest()
        except IndexUnusableError:
            newest = False  # what is asked next says what is the matter
        if newest:
            self.__dict__.pop("suggester", None)  # tags may have been rejected
        else:
            self.forget()

    def recorded(self, command: str) -> AbstractContextManager[Run]:
        """Keep what a run of a command does, as the last run and in the log."""
        from papersim.runs import recorded

        return recorded(command, self.settings.index, self.settings.log_level)

    def forget(self) -> None:
        """Let go of all that was made of the index, which has changed."""
        for name in (
            "store",
            "listing",
            "entries",
            "derived",
            "ranker",
            "tag_model",
            "suggester",
        ):
            self.__dict__.pop(name, None)


def _said(what: str, kept: bool) -> str:
    return what if kept else f"{what}, for now: another papersim is writing the index"


def in_order(store: Store) -> list[Paper]:
    """Return the papers of a store in the order of notes and lines."""
    return sorted(store.papers().values(), key=lambda paper: (paper.note, paper.line))
