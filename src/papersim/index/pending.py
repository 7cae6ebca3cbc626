"""Embeddings on their way into the store: kept beside it batch by batch, then moved all at once.

While texts are embedded, the store's new state stands in one open transaction, which a kill takes
back. What was embedded until then is here, so that no finished embedding is computed again.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING

from papersim.index.database import connect

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["FILE_NAME", "Pending"]

FILE_NAME = "pending.sqlite"
_TABLE = """CREATE TABLE IF NOT EXISTS {} (
  digest BLOB NOT NULL, fingerprint TEXT NOT NULL, vector BLOB NOT NULL,
  PRIMARY KEY (digest, fingerprint))"""
_TABLES = ("embeddings", "probes")


class Pending:
    """The embeddings that wait in an index folder. Its file is made with the first of them."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE_NAME
        self._db: sqlite3.Connection | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return self._db is None and not self._file.exists()

    def put(
        self,
        fingerprint: str,
        digests: Sequence[bytes],
        vectors: NDArray[np.float32],
        table: str = "embeddings",
    ) -> None:
        """Keep the vectors of texts by their digests; a kill after this does not lose them.

        ``table`` is the one of the store that they are for: ``embeddings`` or ``probes``.
        """
        blobs = (vector.astype("<f4").tobytes() for vector in vectors)
        rows = [(d, fingerprint, blob) for d, blob in zip(digests, blobs, strict=True)]
        db = self._opened()
        db.execute("BEGIN")
        db.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)", rows)  # noqa: S608
        db.execute("COMMIT")

    def rows(self, table: str = "embeddings") -> Iterator[tuple[bytes, str, bytes]]:
        """Yield digest, fingerprint and vector of each; none where the file cannot be read."""
        if self.empty:
            return
        with suppress(sqlite3.DatabaseError):
            found: Iterable[tuple[bytes, str, bytes]] = self._opened().execute(
                f"SELECT digest, fingerprint, vector FROM {table}"  # noqa: S608
            )
            yield from found

    def clear(self) -> None:
        """Let go of all that waits. Raises OSError."""
        self.close()
        for end in ("", "-wal", "-shm"):
            self._file.with_name(self._file.name + end).unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file, where it is open."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def _opened(self) -> sqlite3.Connection:
        if self._db is None:
            self._db = connect(self._file, create=True)
            for table in _TABLES:
                self._db.execute(_TABLE.format(table))
        return self._db
