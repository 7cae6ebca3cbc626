"""Fuzz one target with atheris: python -m fuzz.run TARGET [--runs N] [--seconds S].

What libFuzzer says of coverage and executions goes to stderr. An input that breaks what has to
hold is kept under fuzz/findings/TARGET, one for each place where that shows, and the run goes on;
it ends with exit code 1 then. New inputs that reach new code are kept under fuzz/found/TARGET.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import traceback
from pathlib import Path

import atheris

HERE = Path(__file__).resolve().parent


class Watched:
    """A target that keeps the inputs it fails for, one for each place, and goes on."""

    def __init__(self, name: str) -> None:
        with atheris.instrument_imports(include=["papersim"]):
            from fuzz.targets import TARGETS

            self._target = TARGETS[name]
            self._target(b"")  # what is imported late is instrumented, too
        self._folder = HERE / "findings" / name
        self._seen: set[tuple[str, ...]] = set()
        self.count = 0

    def __call__(self, data: bytes) -> None:
        """Run the target once."""
        self.count += 1
        try:
            self._target(data)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
            self._keep(data, error)

    def _keep(self, data: bytes, error: Exception) -> None:
        frames = traceback.extract_tb(error.__traceback__)
        own = [f"{f.filename}:{f.lineno}" for f in frames if "papersim" in f.filename]
        place = (type(error).__name__, *own[-1:], f"{frames[-1].filename}:{frames[-1].lineno}")
        if place in self._seen:
            return
        self._seen.add(place)
        self._folder.mkdir(parents=True, exist_ok=True)
        file = self._folder / hashlib.sha256(data).hexdigest()[:16]
        file.write_bytes(data)
        traceback.print_exception(error)
        print(f"FINDING {file}", file=sys.stderr, flush=True)

    @property
    def findings(self) -> int:
        """How many places broke what has to hold."""
        return len(self._seen)


def main() -> None:
    """Read the command line, and run libFuzzer, which ends the process."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("target")
    parser.add_argument("--runs", type=int, default=-1, help="executions; without it, no end")
    parser.add_argument("--seconds", type=int, default=0, help="time; without it, no end")
    parser.add_argument("--longest", type=int, default=4096, help="bytes of an input")
    given = parser.parse_args()
    target = Watched(given.target)
    found = HERE / "found" / given.target
    found.mkdir(parents=True, exist_ok=True)
    artifacts = HERE / "findings" / given.target
    artifacts.mkdir(parents=True, exist_ok=True)
    options = [
        f"-runs={given.runs}",
        f"-max_total_time={given.seconds}",
        f"-max_len={given.longest}",
        f"-artifact_prefix={artifacts}/",
        "-timeout=60",
        "-rss_limit_mb=4096",
        "-print_final_stats=1",
    ]
    folders = [str(found), str(HERE / "corpus" / given.target)]
    atheris.Setup([sys.argv[0], *options, *folders], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
