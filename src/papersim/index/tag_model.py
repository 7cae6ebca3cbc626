"""The tag model in the index folder: fitted when the index changes, loaded when tags are asked.

In a large vault a few changed papers teach next to nothing: the model of an earlier state goes
on serving until a hundredth of the papers differs, or a tag of its own is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from papersim.encode.runtime import give_back_memory
from papersim.index.arrays import mapped
from papersim.index.kept import keep, kept
from papersim.index.manifest import TAG_MODEL, UNUSABLE, State, is_kept, read_manifest
from papersim.index.taught import taught_by
from papersim.notes.tags import tag_key
from papersim.suggest.model import TagModel

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from papersim.index.store import Store
    from papersim.index.vectors import VectorIndex

__all__ = [
    "fit_tag_model",
    "has_tag_model",
    "load_tag_model",
    "save_tag_model",
    "take_over_tag_model",
]

_MODEL = "model"
_LEARNT = "learnt"
_MANY = 1_000  # tagged papers; with fewer, fitting is not felt
_MOST_CHANGED = 0.01


def fit_tag_model(store: Store, vectors: VectorIndex) -> TagModel | None:
    """Return what the tagged papers of a store teach, None where there are none."""
    from papersim.suggest.fit import fit

    taught = taught_by(store, vectors)
    give_back_memory()  # that of all papers; fitting takes as much again
    return None if taught is None else fit(taught)


def save_tag_model(model: TagModel | None, folder: Path, store: Store) -> None:
    """Write a model, or that there is none. Raises OSError."""
    marks, _ = _tagged(store)
    files = {} if model is None else {_MODEL: {**model.arrays(), _LEARNT: marks}}
    keep(folder, TAG_MODEL, _state(store), files)


def take_over_tag_model(folder: Path, store: Store) -> bool:
    """Let the model of an earlier state serve this one, where hardly anything has changed.

    Returns whether it does. Raises OSError.
    """
    try:
        files = read_manifest(folder, TAG_MODEL, fingerprint=store.meta("fingerprint"))
        if not all(file.is_full(folder) for file in files.values()):
            return False
        model = mapped(folder / files[_MODEL].name, files[_MODEL].head)
        before, tags = model[_LEARNT], model["tags"]
    except UNUSABLE:
        return False
    marks, known = _tagged(store)
    changed = max(np.isin(a, b, invert=True).sum() for a, b in ((before, marks), (marks, before)))
    gone = {tag_key(str(tag)) for tag in tags} - known
    if len(marks) < _MANY or changed > _MOST_CHANGED * len(marks) or gone:
        return False
    keep(folder, TAG_MODEL, _state(store), files)
    return True


def _tagged(store: Store) -> tuple[NDArray[np.uint64], set[str]]:
    """Return the marks of the papers that have tags, in order, and the keys of all their tags."""
    tagged = {paper: own.tags for paper, own in store.papers().items() if own.tags}
    marks = b"".join(mark[:8] for paper, (mark, _) in store.marks().items() if paper in tagged)
    keys = {tag_key(tag) for tags in tagged.values() for tag in tags}
    return np.sort(np.frombuffer(marks, "<u8").astype(np.uint64)), keys


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
