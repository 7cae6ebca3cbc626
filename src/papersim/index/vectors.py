"""The FAISS index of passage vectors, derived from the store.

The vectors are centred by language before they go in. The folder ``derived`` carries the
store's generation and the encoder it was built from; a mismatch, or a file that is missing or
damaged, means to build it again, which takes no embedding.
"""

from __future__ import annotations

import io
import json
import os
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from papersim.encode.runtime import prepare_runtime
from papersim.notes.model import KINDS
from papersim.rank.center import LanguageMeans

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from papersim.index.store import PassageRow

    FloatArray = NDArray[np.float32]

__all__ = ["VectorIndex", "kind_mask"]

_MANIFEST = "derived.json"
_FORMAT = 1


@dataclass(frozen=True)
class VectorIndex:
    """Centred passage vectors, searchable; the passages of a paper stand together.

    By position: ``ids`` are passage ids, ``sections`` section ids (-1 for title and tags) and
    ``kinds`` bit masks over KINDS. By paper row: ``papers`` are paper ids, and the passages of
    row i stand at starts[i]:starts[i + 1].
    """

    index: Any
    ids: NDArray[np.int64]
    sections: NDArray[np.int64]
    kinds: NDArray[np.int64]
    papers: NDArray[np.str_]
    starts: NDArray[np.int64]
    means: LanguageMeans

    @classmethod
    def build(cls, passages: Sequence[PassageRow], vectors: FloatArray) -> VectorIndex:
        """Return the index of passages, ordered by paper, and their raw vectors."""
        languages = [p.language for p in passages]
        means = LanguageMeans.fit(vectors, languages)
        index = _faiss().IndexFlatIP(vectors.shape[1])
        index.add(means.center(vectors, languages))
        papers = [p.paper for p in passages]
        starts = [i for i, paper in enumerate(papers) if i == 0 or papers[i - 1] != paper]
        return cls(
            index,
            np.asarray([p.id for p in passages], np.int64),
            np.asarray([-1 if p.section is None else p.section for p in passages], np.int64),
            np.asarray([kind_mask(p.kinds) for p in passages], np.int64),
            np.asarray([papers[i] for i in starts], np.str_),
            np.asarray([*starts, len(papers)], np.int64),
            means,
        )

    @property
    def kind(self) -> str:
        """The name of the FAISS index in use."""
        return type(self.index).__name__.removeprefix("Index")

    def row(self, paper: str) -> int | None:
        """Return the row of a paper, None if it has no passage."""
        row = int(np.searchsorted(self.papers, paper))
        return row if row < len(self.papers) and self.papers[row] == paper else None

    def span(self, row: int) -> slice:
        """Return the positions of a paper's passages."""
        return slice(int(self.starts[row]), int(self.starts[row + 1]))

    def vectors(self, positions: slice) -> FloatArray:
        """Return the centred vectors at positions, shape (count, dimension)."""
        count = positions.stop - positions.start
        return np.asarray(self.index.reconstruct_n(positions.start, count), np.float32)

    def similarities(self, queries: FloatArray) -> FloatArray:
        """Return the similarity of each query to each passage, shape (queries, passages)."""
        count = len(self.ids)
        scores, positions = self.index.search(np.ascontiguousarray(queries), count)
        ordered: FloatArray = np.empty_like(scores)
        np.put_along_axis(ordered, positions, scores, axis=1)
        return ordered

    # --- on disk -----------------------------------------------------------------------------

    def save(self, folder: Path, generation: int, fingerprint: str) -> None:
        """Write the index under a name of its own, then let the manifest point to it."""
        stem = f"derived-{generation}"
        faiss = _faiss()
        data = {
            f"{stem}.faiss": faiss.serialize_index(self.index).tobytes(),
            f"{stem}.npz": _pack(self),
        }
        for name, content in data.items():
            _write(folder / name, content)
        manifest = {
            "format": _FORMAT,
            "generation": generation,
            "fingerprint": fingerprint,
            "files": {name: zlib.crc32(content) for name, content in data.items()},
        }
        _write(folder / _MANIFEST, json.dumps(manifest).encode())
        for old in folder.glob("derived-*"):
            if old.name not in data:
                old.unlink(missing_ok=True)

    @classmethod
    def load(cls, folder: Path, generation: int, fingerprint: str) -> VectorIndex | None:
        """Return the index as kept, None where it is missing, damaged or of another state."""
        try:
            manifest = json.loads((folder / _MANIFEST).read_bytes())
            expected = (_FORMAT, generation, fingerprint)
            if tuple(manifest[k] for k in ("format", "generation", "fingerprint")) != expected:
                return None
            content = {}
            for name, checksum in manifest["files"].items():
                content[name.rsplit(".", 1)[-1]] = data = (folder / name).read_bytes()
                if zlib.crc32(data) != checksum:
                    return None
            return _unpack(content["faiss"], content["npz"])
        except (OSError, ValueError, KeyError, TypeError, RuntimeError):
            return None


def _faiss() -> Any:
    """Return the faiss module, imported late: half of what start-up costs."""
    prepare_runtime()
    import faiss

    return faiss


def kind_mask(kinds: Sequence[str]) -> int:
    """Return kinds as a bit mask over KINDS."""
    return sum(1 << KINDS.index(kind) for kind in kinds)


def _pack(index: VectorIndex) -> bytes:
    buffer = io.BytesIO()
    np.savez(
        buffer,
        ids=index.ids,
        sections=index.sections,
        kinds=index.kinds,
        papers=index.papers,
        starts=index.starts,
        languages=np.asarray(index.means.languages, np.str_),
        counts=index.means.counts,
        means=index.means.means,
        overall=index.means.overall,
    )
    return buffer.getvalue()


def _unpack(faiss_data: bytes, arrays: bytes) -> VectorIndex:
    with np.load(io.BytesIO(arrays), allow_pickle=False) as data:
        means = LanguageMeans(
            tuple(map(str, data["languages"])), data["counts"], data["means"], data["overall"]
        )
        index = _faiss().deserialize_index(np.frombuffer(faiss_data, np.uint8))
        return VectorIndex(
            index,
            data["ids"],
            data["sections"],
            data["kinds"],
            data["papers"],
            data["starts"],
            means,
        )


def _write(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
