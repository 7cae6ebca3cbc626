"""The tag model in the index folder: fitted when the index changes, loaded when tags are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zipfile import BadZipFile

from papersim.index.kept import is_kept, keep, kept, pack, unpack
from papersim.index.taught import taught_by
from papersim.suggest.model import TagModel

if TYPE_CHECKING:
    from pathlib import Path

    from papersim.index.store import Store
    from papersim.index.vectors import VectorIndex

__all__ = ["fit_tag_model", "has_tag_model", "load_tag_model", "save_tag_model"]

_NAME = "tag-model"
_FORMAT = 3


def fit_tag_model(store: Store, vectors: VectorIndex) -> TagModel | None:
    """Return what the tagged papers of a store teach, None where there are none."""
    from papersim.suggest.fit import fit

    taught = taught_by(store, vectors)
    return None if taught is None else fit(taught)


def save_tag_model(model: TagModel | None, folder: Path, store: Store) -> None:
    """Write a model, or that there is none."""
    keep(folder, _NAME, _facts(store), {} if model is None else {"npz": pack(model.arrays())})


def has_tag_model(folder: Path, store: Store) -> bool:
    """Return whether a model of this state is there, without reading it."""
    return is_kept(folder, _NAME, _facts(store))


def load_tag_model(folder: Path, store: Store) -> tuple[TagModel | None, bool]:
    """Return the model that is kept, and whether what is kept is whole and of this state."""
    files = kept(folder, _NAME, _facts(store))
    if files is None:
        return None, False
    if not files:
        return None, not any(paper.tags for paper in store.papers().values())
    try:
        return TagModel.of_arrays(unpack(files["npz"])), True
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, EOFError, BadZipFile):
        return None, False


def _facts(store: Store) -> dict[str, str | int]:
    fingerprint = store.meta("fingerprint")
    return {"format": _FORMAT, "generation": store.generation, "fingerprint": fingerprint}
