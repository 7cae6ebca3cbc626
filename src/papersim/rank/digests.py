"""Terms, tags and names as numbers: 64 bits that stand for a text."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from papersim.rank.spans import ends_of, places_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Arrays = Mapping[str, NDArray[Any]]

__all__ = ["Sets", "digest", "digests_of"]


def digest(text: str) -> int:
    """Return 64 bits that stand for a text: a long one then costs no more than a short one."""
    found = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(found, "little")


def digests_of(texts: Collection[str]) -> NDArray[np.uint64]:
    """Return the `digest` of each text."""
    return np.fromiter(map(digest, texts), np.uint64, len(texts))


@dataclass(frozen=True)
class Sets:
    """Sets of texts by their digests: those of set i are digests[starts[i]:starts[i + 1]]."""

    starts: NDArray[np.int64]
    digests: NDArray[np.uint64]

    @classmethod
    def of(cls, sets: Iterable[Iterable[str]]) -> Sets:
        """Return sets of texts."""
        own = [sorted(set(texts)) for texts in sets]
        flat = [text for texts in own for text in texts]
        return cls(ends_of(list(map(len, own))), digests_of(flat))

    @classmethod
    def joined(cls, parts: Sequence[tuple[Sets, NDArray[np.integer]]]) -> Sets:
        """Return some sets of several, in order: (sets, which of theirs)."""
        lengths = [np.diff(sets.starts)[chosen] for sets, chosen in parts]
        digests = [
            sets.digests[places_in(sets.starts[chosen], own)]
            for (sets, chosen), own in zip(parts, lengths, strict=True)
        ]
        return cls(ends_of(np.concatenate(lengths)), np.concatenate(digests))

    @property
    def owners(self) -> NDArray[np.int64]:
        """The set that each digest is in."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))

    # --- as arrays ------------------------------------------------------------------------------

    def arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """Return what it is made of, by names that begin with one."""
        return {f"{name}.starts": self.starts, f"{name}.digests": self.digests}

    @classmethod
    def of_arrays(cls, name: str, arrays: Arrays) -> Sets:
        """Return what `arrays` gave. Raises KeyError where a part is missing."""
        return cls(arrays[f"{name}.starts"], arrays[f"{name}.digests"])
