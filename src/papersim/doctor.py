"""The doctor: what stands out in notes and index, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from papersim.model import Finding

if TYPE_CHECKING:
    from pathlib import Path

    from papersim.parts import Parts
    from papersim.upkeep import Upkeep

__all__ = ["Doctor"]


class Doctor:
    """Looks at notes and index of a library."""

    def __init__(self, parts: Parts, upkeep: Upkeep) -> None:
        self._parts = parts
        self._upkeep = upkeep

    def findings(self) -> tuple[Finding, ...]:
        """Return what stands out in notes and index, each with what to do about it."""
        from papersim.index.plan import make_plan

        store = self._parts.listing
        skipped = [(path, state.skipped) for path, state in store.notes().items() if state.skipped]
        skipped += [(s.note, s.reason) for s in make_plan(self._parts.vault, {}).skipped]
        advice = "mend the note, or exclude it in papersim.toml"
        found = [Finding("skipped", path, reason, advice) for path, reason in sorted(skipped)]
        found += [
            Finding("boilerplate", text, f"in {count} papers", "left out of what is embedded")
            for text, count in store.boilerplate_counts()
        ]
        folder = self._parts.settings.index
        found += _damaged(folder)
        detail = "the notes have changed since it was made"
        if store is not self._parts.__dict__.get("store"):
            detail = "there is none of these notes, or it was never finished"
        elif self._upkeep.is_up_to_date(store):
            detail = ""
        if detail:
            found.append(Finding("index", str(folder), detail, "run: papersim index"))
        return tuple(found)


def _damaged(folder: Path) -> list[Finding]:
    """Return the files derived from the store that do not hold what was written to them."""
    from papersim.index.kept import damaged
    from papersim.index.manifest import DERIVED, TAG_MODEL

    names = [name for kind in (DERIVED, TAG_MODEL) for name in damaged(folder, kind)]
    detail, advice = "it does not hold what was written to it", "run: papersim index --full"
    return [Finding("damaged", str(folder / name), detail, advice) for name in names]
