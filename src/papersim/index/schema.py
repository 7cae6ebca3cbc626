"""The tables of the index, by the steps that lead to them from nothing or from earlier ones."""

from __future__ import annotations

__all__ = ["STEPS", "VERSION"]

_FIRST = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- A file as it was last read.
CREATE TABLE notes (
  path TEXT PRIMARY KEY,
  size INTEGER NOT NULL,
  mtime_ns INTEGER NOT NULL,
  digest TEXT NOT NULL,
  skipped TEXT
) WITHOUT ROWID;

-- A paper as one note tells it.
CREATE TABLE entries (
  id INTEGER PRIMARY KEY,
  note TEXT NOT NULL REFERENCES notes (path) ON DELETE CASCADE ON UPDATE CASCADE,
  ordinal INTEGER NOT NULL,
  paper TEXT NOT NULL,
  title TEXT NOT NULL,
  title_key TEXT NOT NULL,
  line INTEGER NOT NULL,
  date TEXT,
  arxiv TEXT,
  doi TEXT,
  venue TEXT,
  authors TEXT NOT NULL,
  tags TEXT NOT NULL,
  links TEXT NOT NULL
);
CREATE INDEX entries_note ON entries (note);
CREATE INDEX entries_paper ON entries (paper);

-- The names a paper has had, so that its id survives.
CREATE TABLE names (name TEXT PRIMARY KEY, paper TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE sections (
  id INTEGER PRIMARY KEY,
  entry INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
  ordinal INTEGER NOT NULL,
  label TEXT,
  kinds TEXT NOT NULL,
  line INTEGER NOT NULL,
  language TEXT NOT NULL,
  text TEXT NOT NULL
);
CREATE INDEX sections_entry ON sections (entry);

-- Lines and sentences that may be boilerplate, and in how many entries each stands.
CREATE TABLE lines (
  key INTEGER NOT NULL,
  entry INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
  PRIMARY KEY (key, entry)
) WITHOUT ROWID;
CREATE INDEX lines_entry ON lines (entry);
CREATE TABLE line_counts (key INTEGER PRIMARY KEY, count INTEGER NOT NULL);
CREATE INDEX line_counts_count ON line_counts (count);
CREATE TRIGGER line_added AFTER INSERT ON lines BEGIN
  INSERT INTO line_counts VALUES (new.key, 1)
    ON CONFLICT (key) DO UPDATE SET count = count + 1; END;
CREATE TRIGGER line_removed AFTER DELETE ON lines BEGIN
  UPDATE line_counts SET count = count - 1 WHERE key = old.key; END;
CREATE TABLE boilerplate (key INTEGER PRIMARY KEY, text TEXT NOT NULL);

-- A text to embed; section is null for the passage of a paper's title and tags.
CREATE TABLE passages (
  id INTEGER PRIMARY KEY,
  entry INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
  section INTEGER REFERENCES sections (id) ON DELETE CASCADE,
  ordinal INTEGER NOT NULL,
  language TEXT NOT NULL,
  digest BLOB NOT NULL,
  piece TEXT NOT NULL
);
CREATE INDEX passages_entry ON passages (entry);
CREATE INDEX passages_digest ON passages (digest);
CREATE INDEX passages_section ON passages (section);

-- The vector of an exact text under an exact encoder: float32, little-endian, unit length.
CREATE TABLE embeddings (
  digest BLOB NOT NULL,
  fingerprint TEXT NOT NULL,
  vector BLOB NOT NULL,
  PRIMARY KEY (digest, fingerprint)
);

-- The same of texts embedded as queries, which tell where queries lie.
CREATE TABLE probes (
  digest BLOB NOT NULL,
  fingerprint TEXT NOT NULL,
  vector BLOB NOT NULL,
  PRIMARY KEY (digest, fingerprint)
);
"""

STEPS = (_FIRST,)
"""Statements by the version they start from: each makes the tables of the next of them.

What was released is never changed here, but for a new step at the end, with a small index of the
version before in tests/fixtures.
"""

VERSION = len(STEPS)
