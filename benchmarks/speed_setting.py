"""What speed is measured on."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from papersim.config import load_settings
from papersim.parts import Parts
from speed_processes import ENVIRONMENT

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["DIMENSION", "Setting"]

DIMENSION = 384


@dataclass(frozen=True)
class Setting:
    """What is measured on: a made vault with its index, a cache folder and the corpora."""

    notes: Path
    index: Path
    cache: Path
    corpora: Path

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which papersim needs no options."""
        own = {"NOTES": str(self.notes), "INDEX": str(self.index), "MODEL": "bundled"}
        return ENVIRONMENT | {f"PAPERSIM_{name}": value for name, value in own.items()}

    @property
    def vector_bytes(self) -> int:
        """The bytes of the vectors of all passages as float32."""
        with sqlite3.connect(self.index / "papersim.sqlite") as db:
            (count,) = db.execute("SELECT COUNT(*) FROM passages").fetchone()
        return int(count) * DIMENSION * 4

    def parts(self) -> Parts:
        """Return the parts of a library of its own."""
        return Parts(load_settings(self.notes, self.index, "bundled"), lambda _: None)

    @property
    def title(self) -> str:
        """The title of a paper in the middle."""
        papers = self.parts().store.papers()
        return papers[sorted(papers)[len(papers) // 2]].title
