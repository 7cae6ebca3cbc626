"""The tag model in the index folder: fitted when the index changes, loaded when tags are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from papersim.index.kept import keep, kept
from papersim.index.manifest import TAG_MODEL, UNUSABLE, State, is_kept
from papersim.index.taught import taught_by
from papersim.suggest.model import TagModel

if TYPE_CHECKING:
    from pathlib import Path

    from papersim.index.store import Store
    from papersim.index.vectors import VectorIndex

__all__ = ["fit_tag_model", "has_tag_model", "load_tag_model", "save_tag_model"]

_MODEL = "model"


def fit_tag_model(store: Store, vectors: VectorIndex) -> TagModel | None:
    """Return what the tagged papers of a store teach, None where there are none."""
    from papersim.suggest.fit import fit

    taught = taught_by(store, vectors)
    return None if taught is None else fit(taught)


def save_tag_model(model: TagModel | None, folder: Path, store: Store) -> None:
    """Write a model, or that there is none. Raises OSError."""
    keep(folder, TAG_MODEL, _state(store), {} if model is None else {_MODEL: model.arrays()})


def has_tag_model(folder: Path, store: Store) -> bool:
    """Return whether a model of this state is there, without reading it."""
    return is_kept(folder, TAG_MODEL, _state(store))


def load_tag_model(folder: Path, store: Store) -> tuple[TagModel | None, bool]:
    """Return the model that is kept, mapped, and whether what is kept is of this state.

    Damage that would make it unusable is looked for; other damage shows in `doctor`.
    """
    files = kept(folder, TAG_MODEL, _state(store))
    if files is None:
        return None, False
    if not files:
        return None, not any(paper.tags for paper in store.papers().values())
    try:
        model = TagModel.of_arrays(files[_MODEL])
    except UNUSABLE:
        return None, False
    return (model, True) if model.texts.is_sound() else (None, False)


def _state(store: Store) -> State:
    return State(store.generation, store.meta("fingerprint"))
