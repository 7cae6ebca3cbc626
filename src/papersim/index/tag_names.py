"""Tags' names as vectors: embedded once, kept with the probes, centred among one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from papersim.index.probes import Probe
from papersim.language import language_of
from papersim.rank.center import LanguageMeans
from papersim.rank.tag_forms import spoken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from papersim.index.store import Store

__all__ = ["name_probes", "name_vectors"]


def name_probes(store: Store) -> tuple[Probe, ...]:
    """Return every tag's name as a text to embed."""
    return tuple(dict.fromkeys(_probe(tag) for tag in sorted(store.tags())))


def name_vectors(store: Store, fingerprint: str, tags: Sequence[str]) -> NDArray[np.float32] | None:
    """Return the vectors of tags' names, shape (tags, dimension); None if one is missing."""
    kept = store.probes(fingerprint)
    probes = [_probe(tag) for tag in tags]
    if not tags or any(probe.digest not in kept for probe in probes):
        return None
    raw = np.stack([kept[probe.digest] for probe in probes])
    languages = [probe.language for probe in probes]
    return LanguageMeans.fit(raw, languages).center(raw, languages)


def _probe(tag: str) -> Probe:
    name = spoken(tag) or tag
    return Probe(language_of(name), name)
