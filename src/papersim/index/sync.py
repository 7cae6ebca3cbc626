"""Bringing the index up to date: only changed notes are read, only new text is embedded.

The new state is worked out in a transaction that is rolled back, its missing texts are
embedded and kept batch by batch, and then the same transaction is made for good. So papers,
passages and embeddings change in one step, and an interrupted run has lost nothing.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from papersim.index.plan import Changes, make_plan
from papersim.index.store import NotePassage, NoteState
from papersim.language import language_of
from papersim.model import IndexReport, SkippedNote
from papersim.notes.boilerplate import is_boilerplate, without_boilerplate
from papersim.notes.model import Note
from papersim.notes.passages import passages_of
from papersim.notes.plain import plain_text
from papersim.notes.reader import read_note
from papersim.vault import digest_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from papersim.encode.model import Model
    from papersim.encode.protocol import Encoder
    from papersim.index.plan import Plan
    from papersim.index.store import Store
    from papersim.notes.labels import Labels
    from papersim.notes.model import PaperEntry
    from papersim.notes.passages import Passage
    from papersim.vault import NoteFile, Vault

    Progress = Callable[[str, int, int], None]

__all__ = ["READER_VERSION", "read_all", "reader_digest", "sync"]

READER_VERSION = 5
"""Raised when reading changes what is understood of the same bytes; every note is read anew."""

_BATCH = 32  # what a kill can cost


@dataclass(frozen=True)
class _TakenIn:
    """A note as just read, with the language of each section of each paper."""

    note: Note
    state: NoteState
    languages: Sequence[Sequence[str]]


def sync(
    vault: Vault,
    store: Store,
    model: Model,
    labels: Labels,
    *,
    full: bool = False,
    progress: Progress | None = None,
) -> IndexReport:
    """Bring the store up to date and return what was done.

    The model is loaded only if there is text to cut or embed. ``progress`` is called with the
    name of the stage (``read``, ``embed``), how much of it is done, and how much there is.
    """
    started = time.monotonic()
    told: Progress = progress or (lambda *_: None)
    made_by = {
        "reader": reader_digest(labels),
        "fingerprint": model.load().fingerprint,
        "notes": str(vault.root.resolve()),
    }
    full = full or any(store.meta(k) != made_by[k] for k in ("reader", "fingerprint"))
    full = full or store.missing(made_by["fingerprint"]) > 0
    known = store.notes()
    plan = make_plan(vault, known, fresh=store.fresh(), full=full)
    changes = Changes(known, plan, full=full)
    taken = _take_in(vault, plan, changes, labels, told)
    embedded = 0
    if not plan.empty or full or store.meta("notes") != made_by["notes"]:
        encoder = model.load()
        facts = {
            **made_by,
            "model": model.name,
            "dimension": encoder.dimension,
            "fresh": json.dumps(changes.fresh),
        }
        cut = _Cutter(encoder)
        with store.rehearsal():
            texts = _apply(store, changes, taken, cut, facts)
        embedded = _embed(store, encoder, texts, told)
        with store.transaction():
            _apply(store, changes, taken, cut, facts)
    return _report(store, plan, changes, embedded, time.monotonic() - started)


def read_all(vault: Vault, store: Store, labels: Labels) -> None:
    """Read every note into a store, without passages: papers can be listed, not asked about."""
    plan = make_plan(vault, {})
    changes = Changes({}, plan, full=True)
    taken = _take_in(vault, plan, changes, labels, lambda *_: None)
    with store.transaction():
        for one in taken:
            store.put_note(one.note, one.state, one.languages)
        store.identify()


def reader_digest(labels: Labels) -> str:
    """Return what differs where the same note may be understood otherwise."""
    looked_for = [
        [(p.pattern, kind) for p, kind in ps] for ps in (labels.patterns, labels.contains)
    ]
    words = repr((sorted(labels.exact.items()), looked_for)).encode()
    return f"{READER_VERSION}:{hashlib.blake2b(words, digest_size=8).hexdigest()}"


def _take_in(
    vault: Vault, plan: Plan, changes: Changes, labels: Labels, told: Progress
) -> list[_TakenIn]:
    taken = []
    for number, file in enumerate(plan.read, 1):
        if (data := changes.take_in(vault, file)) is not None:
            taken.append(_read(file, data, labels))
        told("read", number, len(plan.read))
    return taken


def _read(file: NoteFile, data: bytes, labels: Labels) -> _TakenIn:
    try:
        note = read_note(data.decode("utf-8"), file.path, labels)
    except UnicodeDecodeError as error:
        note = Note(file.path, skipped=f"not UTF-8 (byte {error.start + 1})")
    languages = [[language_of(plain_text(s.text)) for s in p.sections] for p in note.papers]
    state = NoteState(file.size, file.mtime_ns, digest_of(data), note.skipped)
    return _TakenIn(note, state, languages)


class _Cutter:
    """Cuts entries into passages for one encoder, each text once however often it is asked."""

    def __init__(self, encoder: Encoder) -> None:
        self._window = encoder.window
        self._count = encoder.count_tokens
        self._cut: dict[tuple[PaperEntry, frozenset[int]], tuple[Passage, ...]] = {}

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each text; of a short one its characters, which are more."""
        return [
            len(text) if len(text) <= self._window and text.isascii() else self._count([text])[0]
            for text in texts
        ]

    def cut(
        self, store: Store, entry: int, boilerplate: frozenset[int], texts: dict[bytes, str]
    ) -> None:
        """Cut a stored entry into its passages anew; their texts go to ``texts``."""
        paper, sections = store.entry(entry)
        passages = []
        clean = _cleaner(boilerplate)
        key = paper, boilerplate
        if key not in self._cut:
            self._cut[key] = passages_of(paper, self._window, self.count_tokens, clean)
        for p in self._cut[key]:
            digest = hashlib.blake2b(p.text.encode("utf-8", "replace"), digest_size=16).digest()
            texts[digest] = p.text
            section, language = (
                (None, language_of(p.text)) if p.section is None else sections[p.section]
            )
            passages.append(NotePassage(section, language, digest, p.piece))
        store.put_passages(entry, passages)


def _cleaner(boilerplate: frozenset[int]) -> Callable[[str], str]:
    return lambda text: without_boilerplate(text, boilerplate)


def _apply(
    store: Store,
    changes: Changes,
    taken: Sequence[_TakenIn],
    cutter: _Cutter,
    facts: Mapping[str, object],
) -> dict[bytes, str]:
    """Make the store's new state and return the texts of all passages that were cut."""
    for path in changes.removed:
        store.remove_note(path)
    for old, file in changes.moved:
        store.move_note(old, file.path, file.size, file.mtime_ns)
    for file in changes.touched:
        store.touch_note(file.path, file.size, file.mtime_ns)
    entries = [
        entry for one in taken for entry in store.put_note(one.note, one.state, one.languages)
    ]
    texts: dict[bytes, str] = {}
    if taken or changes.removed or changes.moved or not store.generation:
        store.identify()
        affected = store.update_boilerplate(is_boilerplate)
        boilerplate = frozenset(store.boilerplate())
        for entry in dict.fromkeys([*entries, *affected]):
            cutter.cut(store, entry, boilerplate, texts)
        store.set_meta(generation=store.generation + 1)
    store.set_meta(**facts)
    return texts


def _embed(store: Store, encoder: Encoder, texts: Mapping[bytes, str], told: Progress) -> int:
    """Embed every text that has no embedding yet, kept batch by batch; return how many."""
    done = store.embedded(encoder.fingerprint, texts)
    missing = sorted((d for d in texts if d not in done), key=lambda d: (len(texts[d]), d))
    finished = 0
    for batch in _batches(missing):

        def count(more: int) -> None:
            nonlocal finished
            finished += more
            told("embed", finished, len(missing))

        vectors = encoder.encode_passages([texts[d] for d in batch], count)
        store.put_embeddings(encoder.fingerprint, batch, vectors)
    return len(missing)


def _batches(digests: Sequence[bytes]) -> Iterable[Sequence[bytes]]:
    return (digests[i : i + _BATCH] for i in range(0, len(digests), _BATCH))


def _report(
    store: Store, plan: Plan, changes: Changes, embedded: int, seconds: float
) -> IndexReport:
    notes = store.notes()
    skipped = [SkippedNote(path, s.skipped) for path, s in notes.items() if s.skipped]
    return IndexReport(
        added=changes.added,
        changed=changes.changed,
        moved=len(changes.moved),
        removed=len(changes.removed),
        unchanged=plan.same + len(changes.touched),
        papers=store.count("papers"),
        sections=store.count("sections"),
        embedded=embedded,
        seconds=seconds,
        skipped=tuple(sorted([*skipped, *plan.skipped, *changes.unread], key=lambda s: s.note)),
    )
