"""Bringing the index up to date: only changed notes are read, only new text is embedded."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from papersim.index.store import NotePassage, NoteState
from papersim.language import language_of
from papersim.model import IndexReport, SkippedNote
from papersim.notes.model import Note
from papersim.notes.passages import passages_of
from papersim.notes.plain import plain_text
from papersim.notes.reader import read_note
from papersim.vault import digest_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from papersim.encode.model import Model
    from papersim.encode.protocol import Encoder
    from papersim.index.store import Store
    from papersim.notes.labels import Labels
    from papersim.vault import NoteFile, Vault

    Progress = Callable[[str, int, int], None]

__all__ = ["READER_VERSION", "Plan", "make_plan", "read_all", "sync"]

READER_VERSION = 1
"""Raised when reading changes what is understood of the same bytes; every note is read anew."""

_BATCH = 256


@dataclass(frozen=True)
class Plan:
    """What differs between the notes and the index.

    ``read`` are files whose size or time is new, ``gone`` paths that are no more, ``same`` the
    number of files that need no look.
    """

    read: tuple[NoteFile, ...]
    gone: tuple[str, ...]
    same: int
    skipped: tuple[SkippedNote, ...]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.read and not self.gone


@dataclass(frozen=True)
class _Prepared:
    """A note read and cut into passages, ready to be stored."""

    note: Note
    state: NoteState
    languages: tuple[tuple[str, ...], ...]
    passages: tuple[NotePassage, ...]
    texts: Mapping[bytes, str]


def make_plan(vault: Vault, known: Mapping[str, NoteState], *, full: bool = False) -> Plan:
    """Return what has to be read, from names, sizes and times alone; no file is opened."""
    files, skipped = vault.scan()
    read = tuple(
        f
        for f in files
        if full
        or (state := known.get(f.path)) is None
        or (state.size, state.mtime_ns) != (f.size, f.mtime_ns)
    )
    gone = tuple(sorted(known.keys() - {f.path for f in files}))
    unread = [SkippedNote(s.note, s.reason) for s in skipped]
    return Plan(read, gone, len(files) - len(read), tuple(unread))


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

    The model is loaded only if there is text to cut or embed. Embeddings are kept as they
    are finished, so that an interrupted run goes on where it stopped; notes, papers and
    passages change in one step at the end. ``progress`` is called with the name of the stage
    (``read``, ``embed``), how much of it is done, and how much there is.
    """
    started = time.monotonic()
    told: Progress = progress or (lambda *_: None)
    known = store.notes()
    made_by = {"reader": _reader_digest(labels), "fingerprint": model.load().fingerprint}
    root = str(vault.root.resolve())
    full = full or any(store.meta(key) != value for key, value in made_by.items())
    plan = make_plan(vault, known, full=full)
    changes = _Changes(known, plan, full=full)
    prepared: list[_Prepared] = []
    for number, file in enumerate(plan.read, 1):
        if (data := changes.take_in(vault, file)) is not None:
            prepared.append(_prepare(file, data, labels, model.load()))
        told("read", number, len(plan.read))
    embedded = 0
    if not plan.empty or full or store.meta("notes") != root:
        encoder = model.load()
        embedded = _embed(store, encoder, prepared, told)
        facts = {"model": model.name, "dimension": encoder.dimension, "notes": root}
        _apply(store, plan, changes, prepared, made_by | facts)
    return _report(store, plan, changes, embedded, time.monotonic() - started)


class _Changes:
    """Counts and lists what happens to each note while the plan is carried out."""

    def __init__(self, known: Mapping[str, NoteState], plan: Plan, *, full: bool) -> None:
        self._known = known
        self._gone = {known[path].digest: path for path in plan.gone}
        self._full = full
        self.touched: list[NoteFile] = []
        self.moved: list[tuple[str, NoteFile]] = []
        self.added = 0
        self.changed = 0
        self.unread: list[SkippedNote] = []

    def take_in(self, vault: Vault, file: NoteFile) -> bytes | None:
        """Return the content of a file that has to be taken in; None if it is known already."""
        try:
            data = vault.read(file.path)
        except OSError as error:
            self.unread.append(SkippedNote(file.path, f"cannot be read: {error.strerror}"))
            return None
        state, digest = self._known.get(file.path), digest_of(data)
        if state is None and digest in self._gone:
            self.moved.append((self._gone.pop(digest), file))
            return data if self._full else None
        if state is None:
            self.added += 1
        elif state.digest == digest:
            self.touched.append(file)
            return data if self._full else None
        else:
            self.changed += 1
        return data


def _reader_digest(labels: Labels) -> str:
    """Return what differs where the same note may be understood otherwise."""
    words = repr((sorted(labels.exact.items()), labels.contains)).encode()
    return f"{READER_VERSION}:{hashlib.blake2b(words, digest_size=8).hexdigest()}"


def read_all(vault: Vault, store: Store, labels: Labels) -> None:
    """Read every note into a store, without passages: papers can be listed, not asked about."""
    plan = make_plan(vault, {})
    changes = _Changes({}, plan, full=True)
    with store.transaction():
        for file in plan.read:
            if (data := changes.take_in(vault, file)) is not None:
                note = _note(file.path, data, labels)
                state = NoteState(file.size, file.mtime_ns, digest_of(data), note.skipped)
                store.put_note(note, state, _languages(note), ())
        store.identify()


def _languages(note: Note) -> list[tuple[str, ...]]:
    """Return the language of each section of each paper."""
    return [tuple(language_of(plain_text(s.text)) for s in p.sections) for p in note.papers]


def _prepare(file: NoteFile, data: bytes, labels: Labels, encoder: Encoder) -> _Prepared:
    note = _note(file.path, data, labels)
    passages: list[NotePassage] = []
    texts: dict[bytes, str] = {}
    languages = _languages(note)
    for number, (paper, codes) in enumerate(zip(note.papers, languages, strict=True)):
        for p in passages_of(paper, encoder.window, encoder.count_tokens):
            digest = hashlib.blake2b(p.text.encode("utf-8", "replace"), digest_size=16).digest()
            texts[digest] = p.text
            code = language_of(p.text) if p.section is None else codes[p.section]
            passages.append(NotePassage(number, p.section, code, digest, p.piece))
    state = NoteState(file.size, file.mtime_ns, digest_of(data), note.skipped)
    return _Prepared(note, state, tuple(languages), tuple(passages), texts)


def _note(path: str, data: bytes, labels: Labels) -> Note:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return Note(path, skipped=f"not UTF-8 (byte {error.start + 1})")
    return read_note(text, path, labels)


def _embed(store: Store, encoder: Encoder, prepared: Sequence[_Prepared], told: Progress) -> int:
    """Embed every text that has no embedding yet, kept batch by batch; return how many."""
    texts = {digest: text for p in prepared for digest, text in p.texts.items()}
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


def _apply(
    store: Store,
    plan: Plan,
    changes: _Changes,
    prepared: Sequence[_Prepared],
    made_by: Mapping[str, object],
) -> None:
    moved_from = {old for old, _ in changes.moved}
    with store.transaction():
        for path in plan.gone:
            if path not in moved_from:
                store.remove_note(path)
        for old, file in changes.moved:
            store.move_note(old, file.path, file.size, file.mtime_ns)
        for file in changes.touched:
            store.touch_note(file.path, file.size, file.mtime_ns)
        for p in prepared:
            store.put_note(p.note, p.state, p.languages, p.passages)
        if prepared or plan.gone or store.meta("generation") == "":
            store.identify()
            store.set_meta(generation=store.generation + 1)
        store.set_meta(**made_by)


def _report(
    store: Store, plan: Plan, changes: _Changes, embedded: int, seconds: float
) -> IndexReport:
    notes = store.notes()
    skipped = [SkippedNote(path, s.skipped) for path, s in notes.items() if s.skipped]
    return IndexReport(
        added=changes.added,
        changed=changes.changed,
        moved=len(changes.moved),
        removed=len(plan.gone) - len(changes.moved),
        unchanged=plan.same + len(changes.touched),
        papers=store.count("papers"),
        sections=store.count("sections"),
        embedded=embedded,
        seconds=seconds,
        skipped=tuple(sorted([*skipped, *plan.skipped, *changes.unread], key=lambda s: s.note)),
    )
