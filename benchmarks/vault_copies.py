"""The vaults that rankings are measured on, each with an index kept in a cache folder.

Two are made from what is in the corpora folder: notes without the links they are measured by,
and pairs of translations as two notes each. The others are indexed where they are.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from papersim import Library
from papersim.encode import load_encoder
from papersim.index.derived import Derived
from papersim.index.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from papersim.index.store import PassageRow
    from papersim.model import Paper

__all__ = ["RELATED", "TRANSLATED", "BareTitles", "Indexed", "index_of", "related_of"]

RELATED = "obsidian-zotero-en"
TRANSLATED = "cross-lingual"
_WIKILINK = re.compile(r"\[\[[^\]]*\]\]")
_HEADER = re.compile(r"---\n.*?\n---\n", re.DOTALL)
_RELATED_KEY = re.compile(r"^related:.*\n", re.MULTILINE)


@dataclass(frozen=True)
class Indexed:
    """An indexed vault: its store, what is derived from it, and its papers by row."""

    name: str
    store: Store
    derived: Derived
    papers: tuple[Paper, ...]
    embedded: int

    @property
    def with_text(self) -> NDArray[np.bool_]:
        """By row whether a paper has a section."""
        vectors = self.derived.vectors
        most = np.maximum.reduceat(vectors.sections, vectors.starts[:-1])
        return np.asarray(most >= 0, np.bool_)

    def row_of_note(self) -> dict[str, int]:
        """Return the row of the paper of each note, by the note's name without ending."""
        return {
            Path(place.note).stem: row
            for row, paper in enumerate(self.papers)
            for place in paper.places
        }


class BareTitles(Store):
    """A store whose papers without text have the vectors of their bare titles.

    As indexed, their only passage holds their tags, by which they are going to be measured.
    """

    titles_file = Path()

    def vectors(
        self, fingerprint: str, dimension: int, papers: Sequence[str] | None = None
    ) -> tuple[list[PassageRow], NDArray[np.float32]]:
        """Return passages and their vectors; see `Store.vectors`."""
        passages, vectors = super().vectors(fingerprint, dimension, papers)
        bare = [i for i, passage in enumerate(passages) if passage.section is None]
        if bare:
            known = self.papers([passages[i].paper for i in bare])
            vectors[bare] = self._embedded([known[passages[i].paper].title for i in bare])
        return passages, vectors

    def _embedded(self, titles: list[str]) -> NDArray[np.float32]:
        """Return the vectors of titles, embedded once and kept."""
        known: dict[str, NDArray[np.float32]] = {}
        if self.titles_file.is_file():
            with np.load(self.titles_file) as kept:
                known = dict(zip(kept["titles"].tolist(), kept["vectors"], strict=True))
        if new := [title for title in dict.fromkeys(titles) if title not in known]:
            known |= zip(new, load_encoder().encode_passages(new), strict=True)
            np.savez(self.titles_file, titles=list(known), vectors=np.stack(list(known.values())))
        return np.stack([known[title] for title in titles]).astype(np.float32)


def index_of(name: str, corpora: Path, cache: Path) -> Indexed:
    """Return a vault with its index brought up to date; what is embedded already stays."""
    folder = cache / name
    notes = corpora / name
    if name == RELATED:
        notes = _without_links(notes, folder / "notes")
    elif name == TRANSLATED:
        notes = _pairs_as_notes(notes / "zh_en_pairs.jsonl", folder / "notes")
    report = Library.open(notes, folder / "index").index()
    store = BareTitles.open(folder / "index")
    assert isinstance(store, BareTitles)
    fingerprint = store.meta("fingerprint")
    store.titles_file = folder / "titles.npz"
    derived = Derived.build(store, fingerprint, int(store.meta("dimension")))
    known = store.papers()
    papers = tuple(known[str(paper)] for paper in derived.vectors.papers)
    return Indexed(name, store, derived, papers, report.embedded)


def related_of(vault: Indexed, corpora: Path) -> dict[int, tuple[int, ...]]:
    """Return for each paper the rows of those that its original note names as related."""
    rows, found = vault.row_of_note(), dict[int, set[int]]()
    for file in sorted((corpora / RELATED).rglob("*.md")):
        match = re.search(r"^related: \[(.*)\]$", file.read_text("utf-8"), re.MULTILINE)
        row = rows.get(file.stem)
        if match is None or row is None:
            continue
        named = {rows.get(f"@{key.strip()}", row) for key in match.group(1).split(",")}
        found.setdefault(row, set()).update(named - {row})
    return {row: tuple(sorted(named)) for row, named in found.items() if named}


def _without_links(source: Path, target: Path) -> Path:
    """Copy notes without their wikilinks and ``related:`` keys; header topics stay."""
    for file in sorted(source.rglob("*.md")):
        text = file.read_text("utf-8")
        header = match.group() if (match := _HEADER.match(text)) else ""
        body = _WIKILINK.sub("", text[len(header) :])
        _write(target / file.relative_to(source), _RELATED_KEY.sub("", header) + body)
    return target


def _pairs_as_notes(source: Path, target: Path) -> Path:
    """Write each pair as a note in Chinese and a note in English."""
    for number, line in enumerate(source.read_text("utf-8").splitlines()):
        pair = json.loads(line)
        for language, text in (("zh", "summary_zh"), ("en", "abstract_en")):
            title = pair[f"title_{language}"]
            _write(target / f"{number:03d}-{language}.md", f"# {title}\n\n{pair[text]}\n")
    return target


def _write(path: Path, text: str) -> None:
    """Write a file unless it holds the text already, so that it is not read again."""
    if not path.is_file() or path.read_text("utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
