"""Following the notes: an update of the index after each burst of changes.

What changed is never told from the announcements of the system, which may come late, twice or not
at all. They only say when to look; whether there is something to do, a walk through the folder
tells, by the vault's own rules. Now and then a look is taken, and the watch made anew, unasked.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from papersim.errors import ConfigError, EncoderError, PapersimError, VaultError
from papersim.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from threading import Event

    from papersim.model import IndexReport, SkippedNote
    from papersim.vault import NoteFile

    Bursts = Iterator[frozenset[str]]

__all__ = ["SteadyVault", "Watch", "file_system_of"]

_SETTLED = 0.4  # seconds without a change after which a burst is over
_LONGEST = 5.0  # seconds after which one that goes on is taken as it is
_LOOK = 2.0  # seconds between looks at whether the folder is there, and is the same
_POLL = 5.0  # seconds between walks through a folder whose changes are not announced
_RENEWAL = 600.0  # seconds after which the watch is made anew
_IDLE = 60.0  # seconds after which what only updates need is let go of
_LONGEST_PAUSE = 60.0  # seconds before what failed is tried again

# Where the changes that other machines make are not announced.
_REMOTE = frozenset(
    (
        *("9p", "afs", "beegfs", "ceph", "cifs", "davfs", "drvfs", "fuse.davfs", "fuse.grpcfuse"),
        *("fuse.rclone", "fuse.s3fs", "fuse.sshfs", "fuse.vmhgfs-fuse", "lustre", "nfs", "nfs4"),
        *("prl_fs", "smb3", "smbfs", "vboxsf", "virtiofs"),
    )
)


@dataclass(frozen=True)
class SteadyVault(Vault):
    """A vault that is not taken for empty while it is away.

    ``expected`` tells whether there should be notes in it: then an empty folder is the place of a
    disk that is not mounted.
    """

    expected: Callable[[], bool] = bool

    def scan(self) -> tuple[tuple[NoteFile, ...], tuple[SkippedNote, ...]]:
        """Return the notes and what was not looked into; see `Vault.scan`.

        Raises VaultError where the folder is away, even if it went only meanwhile.
        """
        before = _identity(self.root)
        files, skipped = super().scan()
        unread = any(not left_out.note for left_out in skipped)
        if before is None or unread or _identity(self.root) != before:
            raise VaultError(f"the notes folder {self.root} is away; waiting for it")
        if not files and self.expected():
            raise VaultError(
                f"the notes folder {self.root} is empty and its index is not; waiting for the "
                "notes; if they were deleted, run: papersim index"
            )
        return files, skipped


class Watch:
    """Follows a vault; ``apart`` is the folder of its index, which may lie in it.

    ``update`` brings the index up to date, ``rest`` lets go of what is not needed for a while,
    ``say`` is told what a user should know. All are called in the thread that iterates.
    """

    def __init__(
        self,
        vault: Vault,
        apart: Path,
        update: Callable[[], IndexReport],
        rest: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        self._vault = vault
        self._own = os.path.realpath(apart)
        self._update, self._rest, self._say = update, rest, say
        self._said = self._said_of_polling = ""
        self._refused = 0
        self._worked_at: float | None = None

    def reports(self, stop: Event) -> Iterator[IndexReport]:
        """Yield a report of an update at once, and of each that found something to do.

        Ends when ``stop`` is set. What goes wrong is said and tried again, after waits that grow;
        ConfigError is raised, and EncoderError before there was a first update.
        """
        seen: tuple[NoteFile, ...] | None = None
        last: IndexReport | None = None
        pause = _LOOK
        while not stop.is_set():
            try:
                for paths in chain([frozenset[str]()], self._bursts(stop)):
                    if stop.is_set():
                        return
                    files, _ = self._vault.scan()
                    if files == seen and paths.isdisjoint(file.path for file in files):
                        continue
                    files, seen = self._settled(files, stop), None
                    report = self._update()
                    seen, pause = files, _LOOK
                    self._worked_at = time.monotonic()
                    self._going_on()
                    if last is None or _did_something(report, last):
                        yield report
                    last = report
            except (PapersimError, OSError, sqlite3.Error) as error:
                if isinstance(error, ConfigError if last else (ConfigError, EncoderError)):
                    raise
                seen = None
                self._say_once(_told(error))
                stop.wait(pause)
                pause = _LOOK if isinstance(error, VaultError) else min(2 * pause, _LONGEST_PAUSE)

    def _settled(self, files: tuple[NoteFile, ...], stop: Event) -> tuple[NoteFile, ...]:
        """Return the notes when none has been written to for a moment, or after a while.

        What the system announces has settled; one note that is written to again and again has not.
        """
        for _ in range(round(_LONGEST / _SETTLED)):
            now = time.time_ns()
            if all(abs(now - file.mtime_ns) > _SETTLED * 1e9 for file in files):
                break
            if stop.wait(_SETTLED):
                break
            files, _ = self._vault.scan()
        return files

    def _going_on(self) -> None:
        if self._said:
            self._said = ""
            self._say("going on; the index is up to date")

    def _say_once(self, message: str) -> None:
        if message != self._said:
            self._said = message
            self._say(message)

    def _bursts(self, stop: Event) -> Bursts:
        """Yield the paths that changed, as often as a burst is over; none as the watch begins.

        Ends where the watch has to be made anew.
        """
        root = os.path.realpath(self._vault.root)
        if file_system_of(root) in _REMOTE:
            yield from self._polled(stop, "a network file system")
            return
        try:
            yield from self._announced(root, stop)
        except (OSError, RuntimeError) as error:  # limits of the system, or a name not in UTF-8
            self._refused += 1
            if self._refused > 1:
                yield from self._polled(stop, " ".join(str(error).split()))

    def _announced(self, root: str, stop: Event) -> Bursts:
        """Yield what the system announces."""
        from watchfiles import watch

        place, began, first = _identity(Path(root)), time.monotonic(), True
        announced = watch(
            root,
            watch_filter=None,
            debounce=round(_LONGEST * 1000),
            step=round(_SETTLED * 1000),
            rust_timeout=round(_LOOK * 1000),
            yield_on_timeout=True,
            stop_event=stop,
            force_polling=False,
            ignore_permission_denied=True,
        )
        with closing(announced):
            for changes in announced:
                self._refused = 0
                self._tick()
                if place is None or _identity(self._vault.root) != place:
                    return
                paths = frozenset(
                    path for _, name in changes if (path := self._of_notes(root, name)) is not None
                )
                if paths or first:
                    yield paths
                first = False
                if time.monotonic() - began > _RENEWAL:
                    return

    def _polled(self, stop: Event, reason: str) -> Bursts:
        """Yield no paths, from time to time: a walk through the folder tells.

        watchfiles can poll as well, but by whole seconds, and through what is excluded.
        """
        if reason != self._said_of_polling:
            self._said_of_polling = reason
            self._say(
                f"changes in {self._vault.root} are not announced ({reason}); "
                f"looking for them every {_POLL:.0f} seconds"
            )
        began = time.monotonic()
        while not stop.wait(_POLL) and time.monotonic() - began < _RENEWAL:
            self._tick()
            yield frozenset()

    def _tick(self) -> None:
        if self._worked_at is not None and time.monotonic() - self._worked_at > _IDLE:
            self._worked_at = None
            self._rest()

    def _of_notes(self, root: str, name: str) -> str | None:
        """Return an announced path as the vault has it; None where no note is concerned."""
        inside = self._own.startswith(f"{root}{os.sep}")
        if inside and f"{name}{os.sep}".startswith(f"{self._own}{os.sep}"):
            return None
        path = os.path.relpath(name, root).replace(os.sep, "/")
        ends = [i for i, letter in enumerate(path) if letter == "/"]
        excluded = any(self._vault.excludes(path[:end]) for end in [*ends, len(path)])
        return None if excluded else path


def _identity(folder: Path) -> tuple[int, int] | None:
    """Return what tells a folder from another in its place; None where there is none."""
    try:
        stat = folder.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _did_something(report: IndexReport, before: IndexReport) -> bool:
    changed = report.added or report.changed or report.moved or report.removed or report.embedded
    return bool(changed) or report.skipped != before.skipped


def _told(error: Exception) -> str:
    """Return what went wrong in one line."""
    if isinstance(error, VaultError):
        return " ".join(str(error).split())
    told = str(error)
    if isinstance(error, sqlite3.Error):
        told = f"the index cannot be used now: {error}"
    elif isinstance(error, OSError) and error.strerror:
        told = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return f"{' '.join(told.split())} (trying again)"


def file_system_of(path: str, mounts: str | None = None) -> str:
    """Return the type of the file system of a real path, as Linux names it; empty if unknown.

    ``mounts`` is the text of /proc/self/mountinfo.
    """
    if mounts is None:
        try:
            mounts = Path("/proc/self/mountinfo").read_text("utf-8", "replace")
        except OSError:
            return ""
    longest, found = -1, ""
    for line in mounts.splitlines():
        fields, _, rest = line.partition(" - ")
        point = fields.split(" ")[4]
        for escaped in ("\\040", "\\011", "\\012", "\\134"):
            point = point.replace(escaped, chr(int(escaped[1:], 8)))
        # Of two mounts at one place the later one is seen.
        if f"{path}/".startswith(f"{point.rstrip('/')}/") and len(point) >= longest:
            longest, found = len(point), rest.split(" ")[0]
    return found
