"""Real processes of papersim, for tests of what happens when several run or one is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from conftest import Done, Vault, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["ended", "held", "killed", "started"]

_MAIN = "from papersim.cli import main; main()"
_HOLD = """
import sys, time
from pathlib import Path
from papersim.index.lock import writing
with writing(Path(sys.argv[1]), "papersim index"):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def _run(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def started(vault: Vault, *arguments: str) -> subprocess.Popen[str]:
    """Start a command on a vault, in a process group of its own."""
    return _run(_MAIN, *arguments, "--notes", str(vault.notes), "--index", str(vault.index))


def ended(process: subprocess.Popen[str]) -> Done:
    """Wait for a command and return what it left behind."""
    out, err = process.communicate(timeout=120)
    return Done(process.returncode, out, err)


def killed(process: subprocess.Popen[str]) -> bool:
    """Kill a process with its group, and return whether that ended it: it may have been done."""
    if process.returncode is None:  # it is there until it has been waited for
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=120)
    return process.returncode == -signal.SIGKILL


@contextmanager
def held(index: Path, seconds: float = 600) -> Iterator[subprocess.Popen[str]]:
    """Have another process hold an index folder for writing, for some seconds."""
    process = _run(_HOLD, str(index), str(seconds))
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    try:
        yield process
    finally:
        killed(process)
