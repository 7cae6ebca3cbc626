"""Fuzz a target with atheris, guided by what of papersim an input reaches.

    python fuzz/run.py TARGET [--runs N] [--seconds S]
    python fuzz/run.py --list

Begins with the corpus of the target and with what earlier runs here found worth keeping
(`fuzz/found/`, not versioned). An input that breaks a promise ends the run and is kept there, as
`crash-…`; mend the fault and add the input to the corpus. The last line tells how many executions
there were.
"""

from __future__ import annotations

import argparse
import gc
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Fuzz the target that the command line names."""
    arguments = parsed()
    import atheris

    # An environment that only looks into another does not see what is installed editably there.
    sys.path[:0] = [str(HERE.parent), str(HERE.parent / "src")]
    with atheris.instrument_imports(include=["papersim"]):
        from fuzz.targets import TARGETS

        target = TARGETS[arguments.target]
        if not arguments.list:
            target(b"")  # what is imported late is instrumented, too
            gc.freeze()  # what is there by now need not be looked through each time
    if arguments.list:
        print("\n".join(TARGETS))
        return
    found = HERE / "found" / arguments.target
    found.mkdir(parents=True, exist_ok=True)
    flags = [
        *(
            f"-artifact_prefix={found}/",
            "-print_final_stats=1",
            "-timeout=60",
            "-rss_limit_mb=6000",
        ),
        *(f"-dict={HERE / 'words.dict'}", f"-max_len={arguments.longest}"),
        *([f"-runs={arguments.runs}"] if arguments.runs else []),
        *([f"-max_total_time={arguments.seconds}"] if arguments.seconds else []),
    ]
    seeds = HERE / "corpus" / arguments.target
    atheris.Setup([sys.argv[0], *flags, str(found), str(seeds)], target)
    atheris.Fuzz()


def parsed() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("target", nargs="?", default="reader")
    parser.add_argument("--list", action="store_true", help="only name the targets")
    parser.add_argument("--runs", type=int, default=0, help="executions after which it ends")
    parser.add_argument("--seconds", type=int, default=0, help="time after which it ends")
    parser.add_argument("--longest", type=int, default=400, help="bytes of an input")
    return parser.parse_args()


if __name__ == "__main__":
    main()
