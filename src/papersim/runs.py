"""Runs of commands that write: how the last one ended, and a line in the log for each.

The record is a small file in the index folder, written when a run begins and when it ends. While
the run lasts its process holds a lock on it, which the system lets go of however the process
ends: a record without an end that nobody holds is of a run that was killed. Where the folder is
not there yet or may not be written, nothing is kept, and no run fails for it.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from papersim.errors import (
    ConfigError,
    EncoderError,
    IndexUnusableError,
    PapersimError,
    VaultError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from papersim.model import IndexReport, LastRun, TagEdit

__all__ = ["FILE_NAME", "Run", "last_run", "recorded"]

FILE_NAME = "last-run.json"
_MOST = 20_000  # bytes
_FLAGS = os.O_NOFOLLOW | os.O_NONBLOCK
_SEVERITIES = {"done": "info", "nothing to do": "debug", "in part": "warning", "stopped": "warning"}
# Their texts tell of paths, settings and models, never of what a note says.
_FREE_OF_NOTES = (ConfigError, EncoderError, IndexUnusableError, VaultError)


class Run:
    """A run as it goes. What it is told is kept when it ends."""

    def __init__(self, command: str) -> None:
        self.command = command
        self.began = time.monotonic()
        self.started = _now()
        self.result = "done"
        self.detail = ""
        self.notes: tuple[str, ...] = ()
        self.left: tuple[str, ...] = ()
        self.lines: list[tuple[str, str]] = []

    def tell(self, detail: str, *, idle: bool = False) -> None:
        """Say what was done, without a word of a note; ``idle``: nothing."""
        self.result = "nothing to do" if idle else "done"
        self.detail = detail

    def tell_index(self, report: IndexReport) -> None:
        """Say what a run of indexing did."""
        counts = {
            name: getattr(report, name)
            for name in ("added", "changed", "moved", "removed", "unchanged")
        }
        said = ", ".join(f"{count} {name}" for name, count in counts.items())
        did = report.embedded + sum(counts.values()) - report.unchanged
        self.tell(
            f"{said}, {len(report.skipped)} skipped; {report.embedded} texts embedded",
            idle=not did,
        )
        self.log("debug", (f"skipped {one.note}: {one.reason}" for one in report.skipped))

    def tell_edit(self, edit: TagEdit) -> None:
        """Say which notes an edit wrote and which it left; why, it says in words of notes."""
        self.notes = edit.written
        self.left = tuple(dict.fromkeys(one.note for one in edit.left))
        left = f", {len(self.left)} left" if self.left else ""
        self.tell(f"{len(self.notes)} notes written{left}", idle=not (self.notes or self.left))
        self.result = "in part" if self.left else self.result
        self.log("debug", (f"left {one.note}: {one.reason}" for one in edit.left))

    def log(self, severity: str, lines: Iterable[str]) -> None:
        """Keep lines for the log alone; what a note says, or someone asked, is ``debug``."""
        self.lines += [(severity, line) for line in lines]

    def line(self) -> str:
        """Return the line of the log that tells of the run."""
        said = f"{self.command}: {self.result} in {time.monotonic() - self.began:.1f} s"
        detail = f": {self.detail}" if self.detail else ""
        written = f"; written: {', '.join(self.notes)}" if self.notes else ""
        left = f"; left: {', '.join(self.left)}" if self.left else ""
        return f"{said}{detail}{written}{left}"

    def fail(self, error: BaseException) -> None:
        """Say what ended the run."""
        if isinstance(error, KeyboardInterrupt):
            self.result, self.detail = "stopped", "what was finished is kept"
            return
        self.result, self.detail = "failed", _told(error)
        self.log("debug", [f"{type(error).__name__}: {error}"])

    def record(self, ended: str | None = None) -> dict[str, object]:
        """Return what is kept of the run; ``ended`` is when, None while it goes on."""
        head: dict[str, object] = {"command": self.command, "started": self.started, "ended": ended}
        if ended is None:
            return head
        seconds = round(time.monotonic() - self.began, 3)
        return {**head, "seconds": seconds, "result": self.result, "detail": self.detail}


@contextmanager
def recorded(command: str, folder: Path, level: str) -> Iterator[Run]:
    """Keep what a run of a command does, as the last one and in the log of an index folder."""
    run = Run(command)
    record, killed = _begin(folder, run)
    if killed:
        run.log("warning", [f"{killed['command']}, begun {killed['started']}, did not end"])
    try:
        yield run
    except BaseException as error:
        run.fail(error)
        _log(folder, level, run, error)
        raise
    else:
        _log(folder, level, run)
    finally:
        if record is None:
            record = _opened(folder, os.O_RDWR | os.O_CREAT)
        if record is not None:
            _write(record, run.record(_now()))
            os.close(record)


def last_run(folder: Path) -> LastRun | None:
    """Return the last run of a command that writes; None where none is known."""
    from papersim.model import LastRun

    descriptor = _opened(folder, os.O_RDONLY)
    if descriptor is None:
        return None
    try:
        found = _read(descriptor)
        if found is None:
            return None
        command, started = str(found["command"]), str(found["started"])
        if found["ended"] is None:
            result = "did not end" if _is_free(descriptor) else "running"
            return LastRun(command, started, None, None, result, "")
        told = str(found["result"]), str(found["detail"])
        return LastRun(command, started, str(found["ended"]), float(found["seconds"]), *told)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    finally:
        os.close(descriptor)


def _begin(folder: Path, run: Run) -> tuple[int | None, dict[str, Any] | None]:
    """Return the record that a run is written to, and that of one before which was killed."""
    descriptor = _opened(folder, os.O_RDWR | os.O_CREAT)
    if descriptor is None:
        return None, None
    before = _read(descriptor) if _is_free(descriptor) else None
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    _write(descriptor, run.record())
    if before is None or before.get("ended") or not {"command", "started"} <= before.keys():
        return descriptor, None
    return descriptor, before


def _opened(folder: Path, how: int) -> int | None:
    try:
        return os.open(folder / FILE_NAME, how | _FLAGS, 0o666)
    except (OSError, ValueError):
        return None


def _is_free(descriptor: int) -> bool:
    """Return whether no process is amid a run; if so, the lock is ours until the file is closed."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _read(descriptor: int) -> dict[str, Any] | None:
    """Return the record; what stands behind it is left of a longer one."""
    try:
        text = os.pread(descriptor, _MOST, 0).decode()
        found, _ = json.JSONDecoder().raw_decode(text)
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _write(descriptor: int, content: dict[str, object]) -> None:
    data = json.dumps(content).encode()
    with suppress(OSError):
        os.pwrite(descriptor, data, 0)
        os.ftruncate(descriptor, len(data))


def _log(folder: Path, level: str, run: Run, error: BaseException | None = None) -> None:
    lines = [*run.lines, (_SEVERITIES.get(run.result, "error"), run.line())]
    if level == "off" or (level != "debug" and all(one == "debug" for one, _ in lines)):
        return  # a run with nothing to do does without the import
    from papersim.log import trace_of, write_log

    unforeseen = error is not None and run.result == "failed" and not _is_foreseen(error)
    write_log(folder, level, lines, trace_of(error) if error is not None and unforeseen else ())


def _told(error: BaseException) -> str:
    """Return an error in one line that holds no word of a note."""
    if isinstance(error, _FREE_OF_NOTES):
        return " ".join(str(error).split())
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if type(error).__module__ == "sqlite3":
        return f"the index cannot be used ({error})"
    return f"{type(error).__name__}; in full in the log with --log-level debug"


def _is_foreseen(error: BaseException) -> bool:
    named = (PapersimError, OSError)
    return isinstance(error, named) or type(error).__module__ == "sqlite3"


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
