"""Measure the most memory that indexing and asking take in a vault of 100,000 papers.

    python benchmarks/memory.py [--papers 100000] [--cache DIR]

The vault is made up, see `made_vault.py`. Of its embeddings some are taken away, and all that is
derived from them; then the whole of `papersim index` is run: every note is read again, the model
is loaded and embeds what is missing, all is derived anew and the tag model fitted. Embedding all
would take hours and no more memory, its batches being of one size. Peaks are ratios to the vectors
as float32. Prints Markdown and writes it to ``memory.md`` in the folder of results.
"""

from __future__ import annotations

import argparse
import sqlite3
from pathlib import Path

from made_vault import cache_folder, made_vault
from speed_processes import PAPERSIM, run
from speed_setting import Setting

HERE = Path(__file__).resolve().parent
MISSING = 300  # enough that torch is loaded


def take_away(index: Path) -> None:
    """Take some embeddings away, and all that is derived."""
    with sqlite3.connect(index / "papersim.sqlite") as db:
        db.execute(
            "DELETE FROM embeddings WHERE rowid IN (SELECT rowid FROM embeddings LIMIT ?)",
            (MISSING,),
        )
    db.close()
    for pattern in ("derived*", "tag-model*", "stamp.json"):
        for file in index.glob(pattern):
            file.unlink()


def main() -> int:
    """Print the report and keep it; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--papers", type=int, default=100_000)
    parser.add_argument("--cache", type=Path, default=cache_folder())
    parser.add_argument("--results", type=Path, default=HERE / "results")
    options = parser.parse_args()
    notes, index = made_vault(options.papers, options.cache)
    at = Setting(notes, index, options.cache, options.cache)
    title = at.title
    take_away(index)
    lines = [
        "# Memory, measured",
        "",
        (
            f"`python benchmarks/memory.py --papers {options.papers}`: peaks of processes, to "
            f"the {at.vector_bytes / 1e6:.0f} MB of the vectors as float32; 1.5 times is the aim."
        ),
        "",
        "| command | peak to the vectors | peak | seconds |",
        "| --- | --- | --- | --- |",
    ]
    for command in (["index", "--quiet"], ["index", "--quiet"], ["similar", title]):
        took = run([PAPERSIM, *command], at.environment)
        what = f"`papersim {command[0]}`" + ", nothing changed" * (len(lines) == 7)
        times = took.peak / at.vector_bytes
        lines.append(f"| {what} | {times:.2f} | {took.peak / 1e6:.0f} MB | {took.seconds:.1f} |")
        print(lines[-1], flush=True)
    text = "\n".join(lines) + "\n"
    print(f"\n{text}", end="")
    (options.results / "memory.md").write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
