"""Bringing the index up to date: only changed notes are read, only new text is embedded.

The new state is made in one transaction, note by note; before it ends, its missing texts are
embedded and kept beside the store, batch by batch, and what asking needs is derived from it. So
papers, passages, embeddings and what is derived change in one step, an interrupted run has lost
nothing, and no more than a note is held in memory.
"""

from __future__ import annotations

import hashlib
import json
import time
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
    from collections.abc import Callable, Sequence

    from papersim.encode.model import Model
    from papersim.encode.protocol import Encoder
    from papersim.index.plan import Plan
    from papersim.index.store import Store
    from papersim.index.texts import Texts
    from papersim.notes.labels import Labels
    from papersim.vault import NoteFile, Vault

    Progress = Callable[[str, int, int], None]

__all__ = ["READER_VERSION", "read_all", "reader_digest", "sync"]

READER_VERSION = 5
"""Raised when reading changes what is understood of the same bytes; every note is read anew."""

_BATCH = 32  # what a kill can cost


def sync(
    vault: Vault,
    store: Store,
    model: Model,
    labels: Labels,
    *,
    full: bool = False,
    progress: Progress | None = None,
    derive: Callable[[], None] = lambda: None,
) -> IndexReport:
    """Bring the store up to date and return what was done.

    ``derive`` makes what is derived from the new state before it is in force. The model is loaded
    only if there is text to cut or embed. ``progress`` is called with the name of the stage
    (``read``, ``cut``, ``embed``), how much of it is done, and how much there is.
    """
    started = time.monotonic()
    told: Progress = progress or (lambda *_: None)
    made_by = {
        "reader": reader_digest(labels),
        "fingerprint": model.load().fingerprint,
        "notes": str(vault.root.resolve()),
    }
    _take_pending(store)
    full = full or any(store.meta(k) != made_by[k] for k in ("reader", "fingerprint"))
    full = full or store.missing(made_by["fingerprint"]) > 0
    known = store.notes()
    plan = make_plan(vault, known, fresh=store.fresh(), full=full)
    changes = Changes(known, plan, full=full)
    embedded = 0
    with store.transaction():
        if not plan.empty or full or store.meta("notes") != made_by["notes"]:
            encoder = model.load()
            texts = store.texts()
            entries = _take_in(vault, store, plan, changes, labels, told)
            if entries is not None:
                _cut(store, entries, encoder, texts, told)
            facts = {"model": model.name, "dimension": encoder.dimension}
            store.set_meta(**made_by, **facts, fresh=json.dumps(changes.fresh))
            embedded = _embed(store, encoder, texts, told)
        derive()
    store.pending().clear()
    return _report(store, plan, changes, embedded, time.monotonic() - started)


def read_all(vault: Vault, store: Store, labels: Labels) -> None:
    """Read every note into a store, without passages: papers can be listed, not asked about."""
    plan = make_plan(vault, {})
    with store.transaction():
        _take_in(vault, store, plan, Changes({}, plan, full=True), labels, lambda *_: None)
        store.identify()


def reader_digest(labels: Labels) -> str:
    """Return what differs where the same note may be understood otherwise."""
    looked_for = [
        [(p.pattern, kind) for p, kind in ps] for ps in (labels.patterns, labels.contains)
    ]
    words = repr((sorted(labels.exact.items()), looked_for)).encode()
    return f"{READER_VERSION}:{hashlib.blake2b(words, digest_size=8).hexdigest()}"


def _take_pending(store: Store) -> None:
    """Move into the store what a run embedded that did not come to its end."""
    pending = store.pending()
    if not pending.empty:
        with store.transaction():
            store.take_embeddings(pending.rows())
            store.take_probes(pending.rows("probes"))
        pending.clear()


def _take_in(
    vault: Vault, store: Store, plan: Plan, changes: Changes, labels: Labels, told: Progress
) -> list[int] | None:
    """Take into the store what happened to the notes; return the entries that are new.

    None where no paper is concerned.
    """
    entries: list[int] = []
    taken = 0
    for number, file in enumerate(plan.read, 1):
        moved = len(changes.moved)
        data = changes.take_in(vault, file)
        for old, now in changes.moved[moved:]:
            store.move_note(old, now.path, now.size, now.mtime_ns)
        if data is not None:
            note, languages = _read(file, data, labels)
            state = NoteState(file.size, file.mtime_ns, digest_of(data), note.skipped)
            entries += store.put_note(note, state, languages)
            taken += 1
        told("read", number, len(plan.read))
    for path in changes.removed:
        store.remove_note(path)
    for file in changes.touched:
        store.touch_note(file.path, file.size, file.mtime_ns)
    return entries if taken or changes.removed or not store.generation else None


def _read(file: NoteFile, data: bytes, labels: Labels) -> tuple[Note, list[list[str]]]:
    """Return a note and the language of each section of each paper."""
    try:
        note = read_note(data.decode("utf-8"), file.path, labels)
    except UnicodeDecodeError as error:
        note = Note(file.path, skipped=f"not UTF-8 (byte {error.start + 1})")
    return note, [[language_of(plain_text(s.text)) for s in p.sections] for p in note.papers]


def _cut(store: Store, new: Sequence[int], encoder: Encoder, texts: Texts, told: Progress) -> None:
    """Cut new entries into passages, and those where other lines are boilerplate now."""
    store.identify()
    affected = store.update_boilerplate(is_boilerplate)
    clean = _cleaner(frozenset(store.boilerplate()))
    entries = list(dict.fromkeys([*new, *affected]))
    for number, entry in enumerate(entries, 1):
        paper, sections = store.entry(entry)
        passages = []
        for p in passages_of(paper, encoder.window, _counter(encoder), clean):
            section, language = (
                (None, language_of(p.text)) if p.section is None else sections[p.section]
            )
            passages.append(NotePassage(section, language, texts.add(p.text), p.piece))
        store.put_passages(entry, passages)
        told("cut", number, len(entries))
    store.set_meta(generation=store.generation + 1)


def _counter(encoder: Encoder) -> Callable[[Sequence[str]], list[int]]:
    """Return what counts the tokens of texts; of a short one its characters, which are more."""

    def count(texts: Sequence[str]) -> list[int]:
        return [
            len(text)
            if len(text) <= encoder.window and text.isascii()
            else encoder.count_tokens([text])[0]
            for text in texts
        ]

    return count


def _cleaner(boilerplate: frozenset[int]) -> Callable[[str], str]:
    return lambda text: without_boilerplate(text, boilerplate)


def _embed(store: Store, encoder: Encoder, texts: Texts, told: Progress) -> int:
    """Embed every text that has no embedding yet, kept batch by batch; return how many."""
    missing = texts.drop_embedded(encoder.fingerprint)
    finished = 0
    pending = store.pending()

    def count(more: int) -> None:
        nonlocal finished
        finished += more
        told("embed", finished, missing)

    try:
        for digests, batch in texts.batches(_BATCH):
            pending.put(encoder.fingerprint, digests, encoder.encode_passages(batch, count))
        store.take_embeddings(pending.rows())
    finally:
        pending.close()
    return missing


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
