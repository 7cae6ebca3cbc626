"""Whole processes, measured: what each takes, imports and opens."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["ENVIRONMENT", "PAPERSIM", "PYTHON", "Run", "alternate", "median", "run", "watched"]

ENVIRONMENT = dict(os.environ)  # as it was before a library added to it
PYTHON = sys.executable
PAPERSIM = str(Path(PYTHON).with_name("papersim"))
RUNS = 7

# Runs a command from a small process: the peak of a child counts that of its parent at the fork.
RUNNER = """
import json, os, subprocess, sys, time
at = time.perf_counter()
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, used = os.wait4(child.pid, 0)
seconds = time.perf_counter() - at
rss = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(json.dumps([status, seconds, used.ru_utime + used.ru_stime, rss, used.ru_oublock * 512]))
"""
# Runs papersim and tells which modules it imported and which files Python opened.
WATCHED = """
import json, sys
opened, sys.argv[0] = [], "papersim"
sys.addaudithook(lambda event, a: opened.append(str(a[0])) if event == "open" else None)
from papersim.cli import main
try:
    main()
except SystemExit:
    pass
print(json.dumps({"modules": list(sys.modules), "opened": opened}), file=sys.stderr)
"""


@dataclass(frozen=True)
class Run:
    """What a process took: seconds on the clock and of the processor, bytes at most and written."""

    seconds: float
    cpu: float
    peak: float
    written: float


def run(command: Sequence[str], environment: Mapping[str, str] = ENVIRONMENT) -> Run:
    """Return what a process took; it has to succeed."""
    runner = [PYTHON, "-S", "-c", RUNNER, *command]
    done = subprocess.run(runner, env=environment, capture_output=True, check=True)
    status, *figures = json.loads(done.stdout)
    if status:
        raise SystemExit(f"{' '.join(command)} failed: {done.stderr.decode()}")
    return Run(*figures)


def alternate(
    commands: Mapping[str, Sequence[str]],
    environment: Mapping[str, str] = ENVIRONMENT,
    runs: int = RUNS,
) -> dict[str, Run]:
    """Return the medians of each command's runs, which take turns; a first turn only warms up."""
    found: dict[str, list[Run]] = defaultdict(list)
    for turn in range(runs + 1):
        for name, command in commands.items():
            one = run(command, environment)
            if turn:
                found[name].append(one)
    return {name: median(several) for name, several in found.items()}


def watched(arguments: Sequence[str], environment: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the modules that a command of papersim imports, and the files it opens."""
    command = [PYTHON, "-c", WATCHED, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, check=True)
    found: dict[str, list[str]] = json.loads(done.stderr.splitlines()[-1])
    return found


def median(runs: Sequence[Run]) -> Run:
    """Return the median of each figure."""
    names = ("seconds", "cpu", "peak", "written")
    return Run(*(statistics.median(getattr(one, name) for one in runs) for name in names))
