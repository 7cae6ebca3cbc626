"""The store: one SQLite file that holds notes, papers, sections, passages and embeddings.

Everything else in the index folder is derived from it. Each change is one transaction, so a
kill at any instant leaves the old state or the new one. Readers see the last whole state.
What only writing needs is imported by what writes.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from papersim.errors import DamagedIndexError, IndexUnusableError, NoIndexError
from papersim.index.database import FILE_NAME, MEND, connect, damaged, explained
from papersim.index.pending import Pending
from papersim.index.schema import STEPS, VERSION
from papersim.index.seal import break_seal, looks_damaged
from papersim.index.texts import Texts
from papersim.model import Paper, PaperSection, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from papersim.notes.model import Note, PaperEntry

__all__ = ["FILE_NAME", "NotePassage", "NoteState", "PassageRow", "Store", "drop_derived"]

_CHUNK = 500
_PATIENCE = 200  # ms


@dataclass(frozen=True, slots=True)
class NoteState:
    """What is known of a file since it was last read."""

    size: int
    mtime_ns: int
    digest: str
    skipped: str | None = None


@dataclass(frozen=True, slots=True)
class NotePassage:
    """A passage about to be stored: its section's id, language, text's digest and piece."""

    section: int | None
    language: str
    digest: bytes
    piece: str


@dataclass(frozen=True, slots=True)
class PassageRow:
    """A stored passage: its id, paper, section id (None for title and tags), language, kinds."""

    id: int
    paper: str
    section: int | None
    language: str
    kinds: tuple[str, ...]


class Store:
    """Reads and writes the index database."""

    def __init__(self, connection: sqlite3.Connection, folder: Path | None = None) -> None:
        self._db = connection
        self._folder = folder

    @classmethod
    def open(cls, folder: Path, *, create: bool = False) -> Store:
        """Return the store of an index folder.

        Raises NoIndexError where there is none and ``create`` is false, DamagedIndexError for a
        file that is no index, IndexUnusableError for one of a newer papersim or a folder that
        cannot be written.
        """
        file = folder / FILE_NAME
        if not create and not file.is_file():
            raise NoIndexError(f"there is no index in {folder}; run: papersim index")
        with explained(folder):
            if create:
                folder.mkdir(parents=True, exist_ok=True)
            if create and not (file.exists() and file.stat().st_size):
                drop_derived(folder)
            elif looks_damaged(folder):
                raise damaged(folder, "it does not hold what was written to it")
            store = cls(connect(file, create=create), folder)
            store._prepare(folder, create=create)
        return store

    @classmethod
    def in_memory(cls) -> Store:
        """Return an empty store that is gone when it is closed."""
        store = cls(sqlite3.connect(":memory:", isolation_level=None))
        store._db.execute("PRAGMA foreign_keys = ON")
        store._prepare(Path(), create=True)
        return store

    def _prepare(self, folder: Path, *, create: bool) -> None:
        """Make the tables, or those of an older papersim to what they are now."""
        version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
        if version > VERSION:
            raise IndexUnusableError(
                f"the index in {folder} was made by a newer papersim; update papersim, "
                "or name another folder with --index DIR"
            )
        if version == 0 and not create:
            raise NoIndexError(f"the index in {folder} was never finished; run: papersim index")
        if create:
            self._db.execute("PRAGMA journal_mode = WAL")
        if version < VERSION:
            with self.transaction():
                for step in STEPS[version:]:
                    for statement in step.split(";\n"):
                        self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {VERSION}")

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def checkpoint(self) -> None:
        """Have all that was written in the database itself, unless somebody reads just now.

        Those who only have it open would else keep it in the log until they have gone.
        """
        self._db.execute(f"PRAGMA busy_timeout = {_PATIENCE}")
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make all writes inside one step: all of them are kept, or none.

        One inside another is part of it.
        """
        if self._db.in_transaction:
            yield
            return
        self._begin()
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            self._take_back()
            raise

    def _take_back(self) -> None:
        if self._db.in_transaction:  # a full disk has ended it already
            self._db.execute("ROLLBACK")

    def _begin(self) -> None:
        if self._folder is not None:
            break_seal(self._folder)
        self._db.execute("BEGIN IMMEDIATE")

    def stand(self) -> None:
        """Stay at the newest state: whatever is written from now on is not seen.

        Writers are not kept waiting by that.
        """
        self._db.execute("BEGIN")
        self._facts()  # SQLite settles on a state when it is first read

    def is_newest(self) -> bool:
        """Return whether the index folder holds the papers that are seen here.

        Raises NoIndexError or another IndexUnusableError where it has none to use any more.
        """
        assert self._folder is not None  # noqa: S101 - one in memory is seen by nobody else
        newest = Store.open(self._folder)
        try:
            return newest._facts() == self._facts()
        finally:
            newest.close()

    # --- facts about the index ---------------------------------------------------------------

    def meta(self, key: str, default: str = "") -> str:
        """Return a fact about the index, such as the encoder's fingerprint."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else default

    def set_meta(self, **values: object) -> None:
        """Keep facts about the index."""
        rows = [(key, str(value)) for key, value in values.items()]
        with self.transaction():
            self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", rows)

    def _facts(self) -> dict[str, str]:
        return dict(self._db.execute("SELECT key, value FROM meta"))

    @property
    def generation(self) -> int:
        """The number of times the papers changed; what is derived carries the one it is of."""
        return int(self.meta("generation", "0"))

    def count(self, table: str) -> int:
        """Return how many rows a table has."""
        if table == "papers":
            query = "SELECT COUNT(DISTINCT paper) FROM entries"
        else:
            query = f"SELECT COUNT(*) FROM {table}"  # noqa: S608 - names of our own tables
        return int(self._db.execute(query).fetchone()[0])

    # --- notes -------------------------------------------------------------------------------

    def notes(self) -> dict[str, NoteState]:
        """Return the state of every note by its path."""
        rows = self._db.execute("SELECT path, size, mtime_ns, digest, skipped FROM notes")
        return {path: NoteState(*state) for path, *state in rows}

    def fresh(self) -> frozenset[str]:
        """Return the paths of the notes whose times do not tell whether they changed since."""
        return frozenset(_list(self.meta("fresh", "[]")))

    def touch_note(self, path: str, size: int, mtime_ns: int) -> None:
        """Remember that a note with new size or time holds what it held."""
        self._db.execute(
            "UPDATE notes SET size = ?, mtime_ns = ? WHERE path = ?", (size, mtime_ns, path)
        )

    def remove_note(self, path: str) -> None:
        """Forget a note and what it told of papers; embeddings stay for its return."""
        self._db.execute("DELETE FROM notes WHERE path = ?", (path,))

    def move_note(self, old: str, new: str, size: int, mtime_ns: int) -> None:
        """Give a note its new path; papers, sections and passages stay as they are."""
        self._db.execute(
            "UPDATE notes SET path = ?, size = ?, mtime_ns = ? WHERE path = ?",
            (new, size, mtime_ns, old),
        )

    def put_note(
        self, note: Note, state: NoteState, languages: Sequence[Sequence[str]]
    ) -> list[int]:
        """Keep a note as read, in place of what was known of it; return its entries' ids.

        ``languages`` are those of each paper's sections. Passages come by `put_passages`.
        """
        from papersim.notes.boilerplate import keyed_lines
        from papersim.notes.titles import title_key

        before = self._papers_of(note.path, state.digest)
        self.remove_note(note.path)
        self._db.execute(
            "INSERT INTO notes VALUES (?, ?, ?, ?, ?)",
            (note.path, state.size, state.mtime_ns, state.digest, state.skipped),
        )
        entries: list[int] = []
        for ordinal, (paper, codes) in enumerate(zip(note.papers, languages, strict=True)):
            entry = self._insert(
                "entries",
                (
                    note.path, ordinal, before.get(ordinal, ""), paper.title,
                    title_key(paper.title), paper.line, paper.date, paper.arxiv, paper.doi,
                    paper.venue, _json(paper.authors), _json(paper.tags), _json(paper.links),
                ),
            )  # fmt: skip
            entries.append(entry)
            keys: set[int] = set()
            for number, (s, code) in enumerate(zip(paper.sections, codes, strict=True)):
                self._insert(
                    "sections", (entry, number, s.label, " ".join(s.kinds), s.line, code, s.text)
                )
                keys.update(key for key, _ in keyed_lines(s.text))
            self._db.executemany("INSERT INTO lines VALUES (?, ?)", [(k, entry) for k in keys])
        return entries

    def _papers_of(self, path: str, digest: str) -> dict[int, str]:
        """Return the papers of a note by ordinal, if it is stored with the same content.

        So a paper that is named by its file keeps its id when the file is renamed.
        """
        return dict(
            self._db.execute(
                """SELECT ordinal, paper FROM entries
                   WHERE note = (SELECT path FROM notes WHERE path = ? AND digest = ?)""",
                (path, digest),
            )
        )

    def entry(self, entry: int) -> tuple[PaperEntry, list[tuple[int, str]]]:
        """Return an entry as it was read, and the id and language of each of its sections."""
        from papersim.notes.model import PaperEntry, Section

        title, line, tags = self._db.execute(
            "SELECT title, line, tags FROM entries WHERE id = ?", (entry,)
        ).fetchone()
        rows = self._db.execute(
            "SELECT label, kinds, line, text, id, language FROM sections WHERE entry = ?"
            " ORDER BY id",
            (entry,),
        ).fetchall()
        sections = tuple(Section(r[0], tuple(r[1].split()), r[2], r[3]) for r in rows)
        paper = PaperEntry(title, line, tuple(_list(tags)), sections)
        return paper, [(row[4], row[5]) for row in rows]

    def put_passages(self, entry: int, passages: Sequence[NotePassage]) -> None:
        """Keep the passages of an entry in place of those it had."""
        self._db.execute("DELETE FROM passages WHERE entry = ?", (entry,))
        for number, p in enumerate(passages):
            self._insert("passages", (entry, p.section, number, p.language, p.digest, p.piece))

    def update_boilerplate(self, judge: Callable[[int, int, int], bool]) -> list[int]:
        """Judge anew which lines are boilerplate; return the entries for which that changed.

        ``judge`` is asked with a line's key, in how many entries it stands, and how many entries
        there are.
        """
        from papersim.notes.boilerplate import LEAST_COUNT

        entries = self.count("entries")
        counts = self._db.execute(
            "SELECT key, count FROM line_counts WHERE count >= ?", (LEAST_COUNT,)
        )
        new = {key for key, count in counts if judge(key, count, entries)}
        old = set(self.boilerplate())
        affected: set[int] = set()
        for key in old ^ new:
            rows = self._db.execute("SELECT entry FROM lines WHERE key = ? ORDER BY entry", (key,))
            affected.update(row[0] for row in rows)
        self._db.executemany("DELETE FROM boilerplate WHERE key = ?", [(k,) for k in old - new])
        self._db.executemany(
            "INSERT INTO boilerplate VALUES (?, ?)", [(k, self._line(k)) for k in new - old]
        )
        return sorted(affected)

    def _line(self, key: int) -> str:
        """Return the text of a line by its key."""
        from papersim.notes.boilerplate import keyed_lines

        rows = self._db.execute(
            """SELECT text FROM sections
               WHERE entry = (SELECT entry FROM lines WHERE key = ? LIMIT 1)""",
            (key,),
        )
        found = (part for row in rows for other, part in keyed_lines(row[0]) if other == key)
        return next(found, "")

    def boilerplate(self) -> dict[int, str]:
        """Return the lines that are boilerplate, by key."""
        return dict(self._db.execute("SELECT key, text FROM boilerplate"))

    def boilerplate_counts(self) -> list[tuple[str, int]]:
        """Return the lines that are boilerplate with the number of entries each stands in."""
        rows = self._db.execute(
            """SELECT b.text, c.count FROM boilerplate b JOIN line_counts c ON c.key = b.key
               ORDER BY c.count DESC, b.text"""
        )
        return [(text, count) for text, count in rows]

    def _insert(self, table: str, values: tuple[object, ...]) -> int:
        marks = ", ".join("?" * len(values))
        cursor = self._db.execute(f"INSERT INTO {table} VALUES (NULL, {marks})", values)  # noqa: S608
        assert cursor.lastrowid is not None  # noqa: S101 - a row was inserted
        return cursor.lastrowid

    def identify(self) -> None:
        """Give every entry the id of its paper."""
        from papersim.index.identity import EntryKey, assign_ids

        rows = self._db.execute(
            "SELECT id, paper, note, title_key, arxiv FROM entries ORDER BY note, ordinal"
        ).fetchall()
        known = dict(self._db.execute("SELECT name, paper FROM names"))
        seen: Counter[tuple[str, str]] = Counter()
        keys = []
        for _, was, note, key, arxiv in rows:
            keys.append(EntryKey(note, seen[note, key], key, arxiv, was))
            seen[note, key] += 1
        ids, names = assign_ids(keys, known)
        self._db.executemany(
            "UPDATE entries SET paper = ? WHERE id = ?",
            [(paper, row[0]) for row, paper in zip(rows, ids, strict=True) if row[1] != paper],
        )
        new = [(name, paper) for name, paper in names.items() if known.get(name) != paper]
        self._db.executemany("INSERT OR REPLACE INTO names VALUES (?, ?)", new)

    # --- embeddings --------------------------------------------------------------------------

    def texts(self) -> Texts:
        """Return an empty heap of texts, which goes with the transaction it is made in."""
        return Texts(self._db)

    def pending(self) -> Pending:
        """Return the embeddings that wait beside the store; it has to be in a folder."""
        assert self._folder is not None  # noqa: S101 - nothing is embedded for one in memory
        return Pending(self._folder)

    def take_embeddings(self, rows: Iterable[tuple[bytes, str, bytes]]) -> None:
        """Keep embeddings, each a text's digest, the encoder's fingerprint and the vector.

        Those that are no sound vectors do not enter.
        """
        self._put_vectors("embeddings", rows)

    def _put_vectors(self, table: str, rows: Iterable[tuple[bytes, str, bytes]]) -> None:
        from papersim.index.sound import is_sound

        query = f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)"  # noqa: S608 - ours
        self._db.executemany(query, (row for row in rows if is_sound(row[2])))

    def take_names(self, rows: Iterable[tuple[str, str]]) -> None:
        """Keep names of papers with their ids."""
        self._db.executemany("INSERT OR REPLACE INTO names VALUES (?, ?)", rows)

    def drop_unsound(self) -> int:
        """Let go of the vectors that are none any more; return how many these were."""
        from papersim.index.sound import is_sound

        dropped = 0
        for table in ("embeddings", "probes"):
            rows = self._db.execute(f"SELECT rowid, vector FROM {table}")  # noqa: S608 - ours
            bad = [(number,) for number, vector in rows if not is_sound(vector)]
            if bad:
                with self.transaction():
                    self._db.executemany(f"DELETE FROM {table} WHERE rowid = ?", bad)  # noqa: S608
            dropped += len(bad)
        return dropped

    def unsound(self) -> int:
        """Return how many vectors are none any more."""
        from papersim.index.sound import is_sound

        rows = self._db.execute("SELECT vector FROM embeddings UNION ALL SELECT vector FROM probes")
        return sum(not is_sound(vector) for (vector,) in rows)

    def fault(self) -> str:
        """Return what is wrong with the structure of the database, empty where nothing is."""
        try:
            found = self._db.execute("PRAGMA integrity_check(1)").fetchone()
        except sqlite3.DatabaseError as error:
            return str(error)
        return "" if found == ("ok",) else " ".join(str(found[0]).split())

    def papers_without_text(self) -> list[str]:
        """Return the ids of the papers that have no section, or nothing but boilerplate in them."""
        rows = self._db.execute(
            """SELECT DISTINCT paper FROM entries n
               WHERE NOT EXISTS (
                 SELECT 1 FROM entries m JOIN passages p ON p.entry = m.id
                 WHERE m.paper = n.paper AND p.section IS NOT NULL)
               ORDER BY paper"""
        )
        return [paper for (paper,) in rows]

    def tags(self) -> set[str]:
        """Return all tags as they are written."""
        rows = self._db.execute("SELECT DISTINCT tags FROM entries")
        return {tag for (tags,) in rows for tag in _list(tags)}

    def probes(self, fingerprint: str) -> dict[bytes, NDArray[np.float32]]:
        """Return the vectors of texts embedded as queries, by digest."""
        import numpy as np

        from papersim.index.sound import is_sound

        rows = self._db.execute(
            "SELECT digest, vector FROM probes WHERE fingerprint = ?", (fingerprint,)
        )
        return {digest: np.frombuffer(vector, "<f4") for digest, vector in rows if is_sound(vector)}

    def take_probes(self, rows: Iterable[tuple[bytes, str, bytes]]) -> None:
        """Keep the vectors of texts embedded as queries; see `take_embeddings`."""
        self._put_vectors("probes", rows)

    def sample_sections(self, each: int) -> list[tuple[str, str]]:
        """Return language and text of the first section of ``each`` papers in each language.

        The papers are those with the smallest ids.
        """
        rows = self._db.execute(
            """SELECT s.language, MIN(s.id) FROM sections s JOIN entries n ON n.id = s.entry
               WHERE length(s.text) > 20 GROUP BY n.paper, s.language
               ORDER BY n.paper, s.language"""
        )
        chosen: dict[str, list[int]] = {}
        for language, section in rows:
            if len(own := chosen.setdefault(language, [])) < each:
                own.append(section)
        ids = [section for sections in chosen.values() for section in sections]
        found: list[tuple[str, str]] = []
        for part in _chunks(ids):
            marks = ", ".join("?" * len(part))
            found += self._db.execute(
                f"SELECT language, text FROM sections WHERE id IN ({marks}) ORDER BY id",  # noqa: S608
                part,
            ).fetchall()
        return found

    def missing(self, fingerprint: str) -> int:
        """Return how many stored passages have no embedding by this encoder."""
        query = """SELECT COUNT(*) FROM passages WHERE NOT EXISTS (SELECT 1 FROM embeddings e
                   WHERE e.digest = passages.digest AND e.fingerprint = ?)"""
        return int(self._db.execute(query, (fingerprint,)).fetchone()[0])

    def vectors(
        self, fingerprint: str, dimension: int, papers: Sequence[str] | None = None
    ) -> tuple[list[PassageRow], NDArray[np.float32]]:
        """Return the passages of papers, of all by default, and their vectors.

        The passages of a paper stand together; the vectors have shape (passages, dimension).
        Those whose vectors are damaged are left out, as if they had not been embedded yet.
        """
        import numpy as np

        from papersim.index.sound import are_sound

        columns = "p.id, n.paper, p.section, p.language, COALESCE(s.kinds, ''), e.vector"
        query = f"""SELECT {columns} FROM entries n
               JOIN passages p ON p.entry = n.id
               JOIN embeddings e ON e.digest = p.digest AND e.fingerprint = ?
               LEFT JOIN sections s ON s.id = p.section
               %s ORDER BY n.paper, n.note, n.ordinal, p.id"""  # noqa: S608
        rows = []
        for part in [None] if papers is None else _chunks(sorted(papers)):
            where = f"WHERE n.paper IN ({', '.join('?' * len(part))})" if part else ""
            rows += self._db.execute(query % where, (fingerprint, *(part or ()))).fetchall()
        size = 4 * dimension
        rows = [row for row in rows if isinstance(row[5], bytes) and len(row[5]) == size]
        data = np.frombuffer(b"".join(row[5] for row in rows), "<f4").reshape(-1, dimension)
        sound = are_sound(data)
        if not sound.all():
            rows = [row for row, own in zip(rows, sound, strict=True) if own]
            data = data[sound]
        passages = [
            PassageRow(number, paper, section, language, tuple(kinds.split()))
            for number, paper, section, language, kinds, _ in rows
        ]
        return passages, data.astype(np.float32)

    def marks(self) -> dict[str, tuple[bytes, int]]:
        """Return for each paper a mark of what was read of it, and how many passages it has.

        Marks are equal where the same places in notes say the same, and it is cut into passages
        and cleaned of boilerplate in the same way.
        """
        # Were they put together in another order, the paper would be looked at again in vain.
        passages = {
            entry: (count, texts)
            for entry, count, texts in self._db.execute(
                """SELECT entry, COUNT(*), group_concat(hex(digest) || language)
                   FROM (SELECT * FROM passages ORDER BY entry, id) GROUP BY entry"""
            )
        }
        lines = dict(
            self._db.execute(
                """SELECT entry, group_concat(key) FROM (
                     SELECT l.entry, l.key FROM boilerplate b JOIN lines l ON l.key = b.key
                     ORDER BY 1, 2) GROUP BY entry"""
            ).fetchall()
        )
        reader, said = self.meta("reader"), dict[str, list[object]]()
        counts: Counter[str] = Counter()
        for paper, entry, *place in self._db.execute(
            """SELECT n.paper, n.id, n.note, n.ordinal, f.digest
               FROM entries n JOIN notes f ON f.path = n.note ORDER BY n.paper, n.note, n.ordinal"""
        ):
            count, texts = passages.get(entry, (0, ""))
            said.setdefault(paper, [reader]).append((place, texts, lines.get(entry)))
            counts[paper] += count
        marks = {paper: repr(own).encode("utf-8", "replace") for paper, own in said.items()}
        return {
            paper: (hashlib.blake2b(mark, digest_size=16).digest(), counts[paper])
            for paper, mark in marks.items()
        }

    # --- papers ------------------------------------------------------------------------------

    def papers(self, ids: Iterable[str] | None = None) -> dict[str, Paper]:
        """Return papers by id: those asked for, or all."""
        columns = "paper, title, note, line, tags, date, arxiv, doi, authors, venue"
        if ids is None:
            rows = self._db.execute(
                f"SELECT {columns} FROM entries ORDER BY paper, note, ordinal"  # noqa: S608
            ).fetchall()
        else:
            rows = []
            for part in _chunks(sorted(set(ids))):
                marks = ", ".join("?" * len(part))
                rows += self._db.execute(
                    f"SELECT {columns} FROM entries WHERE paper IN ({marks}) "  # noqa: S608
                    "ORDER BY paper, note, ordinal",
                    part,
                ).fetchall()
        return {paper: _merge(list(group)) for paper, group in groupby(rows, key=lambda r: r[0])}

    def titled(self, key: str) -> list[str]:
        """Return the ids of the papers that have a title of this key in a note."""
        rows = self._db.execute("SELECT DISTINCT paper FROM entries WHERE title_key = ?", (key,))
        return [paper for (paper,) in rows]

    def links(self, papers: Iterable[str] | None = None) -> dict[str, tuple[str, ...]]:
        """Return the names the notes of papers, of all by default, link to, by paper id."""
        found: dict[str, list[str]] = {}
        query = "SELECT paper, links FROM entries"
        rows = []
        for part in [None] if papers is None else _chunks(sorted(set(papers))):
            where = f" WHERE paper IN ({', '.join('?' * len(part))})" if part else ""
            rows += self._db.execute(f"{query}{where} ORDER BY id", part or ()).fetchall()
        for paper, links in rows:
            found.setdefault(paper, []).extend(_list(links))
        return {paper: tuple(dict.fromkeys(links)) for paper, links in found.items()}

    def sections(self, papers: Iterable[str]) -> dict[str, list[tuple[int, PaperSection]]]:
        """Return the sections of papers with their ids, in the order of their notes."""
        found: dict[str, list[tuple[int, PaperSection]]] = {}
        for part in _chunks(sorted(set(papers))):
            marks = ", ".join("?" * len(part))
            rows = self._db.execute(
                f"""SELECT n.paper, s.id, s.label, s.kinds, s.line, s.text, n.note, s.language
                    FROM sections s JOIN entries n ON n.id = s.entry
                    WHERE n.paper IN ({marks}) ORDER BY n.paper, n.note, n.ordinal, s.ordinal""",  # noqa: S608
                part,
            )
            for paper, section, label, kinds, line, text, note, language in rows:
                value = PaperSection(label, tuple(kinds.split()), line, text, note, language)
                found.setdefault(paper, []).append((section, value))
        return found

    def pieces(self, passages: Iterable[int]) -> dict[int, str]:
        """Return the text that each passage stands for, by passage id."""
        found: dict[int, str] = {}
        for part in _chunks(sorted(set(passages))):
            marks = ", ".join("?" * len(part))
            found.update(
                self._db.execute(f"SELECT id, piece FROM passages WHERE id IN ({marks})", part)  # noqa: S608
            )
        return found

    def titles(self) -> list[tuple[str, str, str, str | None, str]]:
        """Return (paper, title, title key, arXiv id, note) of every entry."""
        rows = self._db.execute(
            "SELECT paper, title, title_key, arxiv, note FROM entries ORDER BY note, ordinal"
        )
        return [tuple(row) for row in rows]


def drop_derived(folder: Path) -> None:
    """Take away what is derived from a store, as another is to count its generations anew.

    Raises OSError.
    """
    for stale in (*folder.glob("derived*"), *folder.glob("tag-model*")):
        stale.unlink()


def _merge(rows: Sequence[tuple[str, ...]]) -> Paper:
    """Return one paper from its entries, the first of them first."""
    paper, title, note, line = rows[0][:4]
    tags: dict[str, None] = {}
    for row in rows:
        tags.update(dict.fromkeys(_list(row[4])))

    def first(column: int) -> str | None:
        return next((row[column] for row in rows if row[column]), None)

    dates = [row[5] for row in rows if row[5]]
    return Paper(
        id=paper,
        title=title,
        note=note,
        line=int(line),
        tags=tuple(tags),
        date=min(dates, default=None),
        arxiv=first(6),
        doi=first(7),
        authors=next((tuple(found) for row in rows if (found := _list(row[8]))), ()),
        venue=first(9),
        places=tuple(Place(row[2], int(row[3])) for row in rows),
    )


def _list(text: str) -> list[str]:
    try:
        found = json.loads(text)
        if isinstance(found, list):
            return found
        error: Exception = TypeError("no list")
    except (ValueError, TypeError, RecursionError) as raised:
        error = raised
    raise DamagedIndexError(f"the index is damaged ({error}); {MEND}") from error


def _json(values: Iterable[str]) -> str:
    return json.dumps(list(values), ensure_ascii=False)


def _chunks(values: Sequence[str] | Sequence[bytes] | Sequence[int]) -> Iterator[Sequence]:  # type: ignore[type-arg]
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]
