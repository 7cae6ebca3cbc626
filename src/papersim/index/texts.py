"""The texts of a run that may have to be embedded: on disk, since they can be half a vault."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

__all__ = ["Texts"]


class Texts:
    """Texts by digest, in a temporary table of a database, which goes with its transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        db.execute("DROP TABLE IF EXISTS temp.texts")
        db.execute(
            "CREATE TEMP TABLE texts (digest BLOB PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID"
        )

    def add(self, text: str) -> bytes:
        """Take a text in, once however often it comes; return its digest."""
        digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()
        self._db.execute("INSERT OR IGNORE INTO texts VALUES (?, ?)", (digest, text))
        return digest

    def drop_embedded(self, fingerprint: str) -> int:
        """Let go of those that have an embedding by this encoder; return how many are left."""
        self._db.execute(
            """DELETE FROM texts WHERE EXISTS (SELECT 1 FROM embeddings e
               WHERE e.digest = texts.digest AND e.fingerprint = ?)""",
            (fingerprint,),
        )
        return int(self._db.execute("SELECT COUNT(*) FROM texts").fetchone()[0])

    def batches(self, count: int) -> Iterator[tuple[list[bytes], list[str]]]:
        """Yield digests and texts, so many at a time, the shortest first."""
        rows = self._db.execute("SELECT digest, text FROM texts ORDER BY length(text), digest")
        while some := rows.fetchmany(count):
            yield [digest for digest, _ in some], [text for _, text in some]
