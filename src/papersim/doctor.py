"""The doctor: what stands out in notes and index, what to do about it, and doing that.

It reads the index to the last byte. What it mends lies in the index folder, or is left over from
papersim's own writing; no note is ever touched.
"""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from papersim.errors import DamagedIndexError
from papersim.model import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from papersim.index.sync import Progress
    from papersim.parts import Parts
    from papersim.upkeep import Upkeep

__all__ = ["Doctor"]

_MENDED = {"damaged", "leftover", "index"}
_NOW = 60  # seconds; a younger temporary file may be in use
_NONE = "there is none of these notes, or it was never finished"


class Doctor:
    """Looks at notes and index of a library."""

    def __init__(self, parts: Parts, upkeep: Upkeep) -> None:
        self._parts = parts
        self._upkeep = upkeep

    def findings(self) -> tuple[Finding, ...]:
        """Return what stands out in notes and index, each with what to do about it.

        Raises IndexUnusableError for an index that a newer papersim made.
        """
        from papersim.index.database import explained

        folder = self._parts.settings.index
        damaged = [*self._damaged_store(), *_damaged_files(folder)]
        try:
            with explained(folder):
                found = [*self._notes(), *damaged, *self._out_of_date()]
        except DamagedIndexError as error:
            found = damaged or [_damaged(folder, "papersim.sqlite", str(error))]
        return (*found, *_rejections(folder), *self._leftovers())

    def fix(self, progress: Progress | None = None) -> tuple[Finding, ...]:
        """Mend what can be mended and return what stood out, and what still does.

        ``progress`` is told what indexing tells. Raises IndexUnusableError where the index folder
        cannot be written.
        """
        before = self.findings()
        if not any(f.kind in _MENDED and f.detail != _NONE for f in before):
            return before
        self._mend(before, progress)
        self._parts.forget()
        after = {(f.kind, f.subject): f for f in self.findings()}
        told = [
            replace(f, fixed=f.kind in _MENDED and (f.kind, f.subject) not in after) for f in before
        ]
        known = {(f.kind, f.subject) for f in before}
        return (*told, *(f for key, f in after.items() if key not in known))

    def _mend(self, found: Sequence[Finding], progress: Progress | None) -> None:
        from papersim.index.database import explained
        from papersim.undo import JOURNAL

        folder = self._parts.settings.index
        with self._parts.writing("papersim doctor --fix", make=False), explained(folder):
            for finding in found:
                if finding.kind == "leftover":
                    _remove(Path(finding.subject))
                elif finding.kind == "damaged" and Path(finding.subject).name == JOURNAL:
                    _put_aside(Path(finding.subject))
        damaged = any(f.kind == "damaged" and Path(f.subject).name != JOURNAL for f in found)
        if damaged or any(f.kind == "index" and f.detail != _NONE for f in found):
            self._upkeep.index(full=damaged, progress=progress)

    # --- what stands out ------------------------------------------------------------------------

    def _notes(self) -> Iterator[Finding]:
        from papersim.index.plan import make_plan

        store = self._parts.listing
        skipped = [(path, state.skipped) for path, state in store.notes().items() if state.skipped]
        skipped += [(s.note, s.reason) for s in make_plan(self._parts.vault, {}).skipped]
        advice = "mend the note, or exclude it in papersim.toml"
        yield from (Finding("skipped", path, reason, advice) for path, reason in sorted(skipped))
        for text, count in store.boilerplate_counts():
            yield Finding("boilerplate", text, f"in {count} papers", "left out of what is embedded")

    def _out_of_date(self) -> Iterator[Finding]:
        store = self._parts.listing
        detail = "the notes have changed since it was made"
        if store is not self._parts.__dict__.get("store"):
            detail = _NONE
        elif self._upkeep.is_up_to_date(store):
            return
        yield Finding("index", str(self._parts.settings.index), detail, "run: papersim index")

    def _damaged_store(self) -> Iterator[Finding]:
        """Yield what is wrong with the database and its seal."""
        from papersim.index.database import FILE_NAME
        from papersim.index.salvage import fault_of
        from papersim.index.seal import FILE_NAME as SEAL
        from papersim.index.seal import is_sealed
        from papersim.index.store import Store

        folder = self._parts.settings.index
        if not (folder / FILE_NAME).is_file():
            return
        if fault := fault_of(folder, deep=True):
            yield _damaged(folder, FILE_NAME, fault)
            return
        if (folder / SEAL).exists() and not is_sealed(folder, whole=True):
            yield _damaged(folder, SEAL)
        store = Store.open(folder)
        try:
            bad = store.unsound()
        finally:
            store.close()
        if bad:
            yield _damaged(folder, FILE_NAME, f"{bad} of its embeddings are no vectors any more")

    def _leftovers(self) -> Iterator[Finding]:
        """Yield what interrupted writing left, in the index folder and among the notes."""
        folder, vault = self._parts.settings.index, self._parts.vault
        found = [*folder.glob(".papersim-*.tmp"), *_unnamed(folder)]
        for place, folders, names in os.walk(vault.root):
            inside = os.path.relpath(place, vault.root).replace(os.sep, "/")
            prefix = "" if inside == "." else f"{inside}/"
            folders[:] = [name for name in folders if not vault.excludes(prefix + name)]
            found += [
                Path(place, n) for n in names if n.startswith(".papersim-") and n.endswith(".tmp")
            ]
        detail, advice = "left by a run that was cut short", "run: papersim doctor --fix"
        for path in sorted(set(found)):
            if abs(time.time() - path.lstat().st_mtime) > _NOW:
                yield Finding("leftover", str(path), detail, advice)


def _damaged(folder: Path, name: str, detail: str = "") -> Finding:
    detail = detail or "it does not hold what was written to it"
    return Finding("damaged", str(folder / name), detail, "run: papersim doctor --fix")


def _damaged_files(folder: Path) -> Iterator[Finding]:
    """Yield the files beside the database that do not hold what was written to them."""
    from papersim.errors import VaultError
    from papersim.index.kept import damaged
    from papersim.index.manifest import DERIVED, TAG_MODEL
    from papersim.undo import JOURNAL, check_journal

    for kind in (DERIVED, TAG_MODEL):
        for name in damaged(folder, kind):
            yield replace(_damaged(folder, name), advice="run: papersim index --full")
    try:
        check_journal(folder)
    except VaultError:
        detail = "what it says cannot be taken back"
        yield _damaged(folder, JOURNAL, detail)


def _rejections(folder: Path) -> Iterator[Finding]:
    from papersim.rejections import FILE_NAME, load_rejections

    _, message = load_rejections(folder)
    if message:
        detail = message.partition(": ")[2]
        yield Finding("rejections", str(folder / FILE_NAME), detail, "mend or delete these lines")


def _unnamed(folder: Path) -> Iterator[Path]:
    """Yield files of arrays that their manifest, which can be read, does not name."""
    from papersim.index.manifest import DERIVED, TAG_MODEL, UNUSABLE, read_manifest

    for kind in (DERIVED, TAG_MODEL):
        try:
            named = {file.name for file in read_manifest(folder, kind).values()}
        except UNUSABLE:
            continue
        yield from (p for p in folder.glob(f"{kind.name}-*.arrays") if p.name not in named)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _put_aside(file: Path) -> None:
    from papersim.index.salvage import beside

    file.rename(beside(file))
