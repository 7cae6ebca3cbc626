"""The report of speed: a line for each figure, and the machine it was measured on."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from speed_processes import Run

__all__ = ["Row", "flags", "ratio", "report"]


@dataclass(frozen=True)
class Row:
    """A line of the report; ``met`` is None where there is no target."""

    part: int
    what: str
    figure: str
    target: str = ""
    met: bool | None = None


def ratio(part: int, what: str, ours: Run, theirs: Run, most: float) -> Row:
    """Return the line that compares two runs."""
    times, cpu = ours.seconds / theirs.seconds, ours.cpu / theirs.cpu
    clock = f"{ours.seconds:.2f} s against {theirs.seconds:.2f} s"
    figure = f"{times:.3g} times ({clock}; CPU {cpu:.3g} times)"
    return Row(part, what, figure, f"at most {most:g} times", times <= most)


def report(rows: Sequence[Row], papers: int, loads: Sequence[float]) -> str:
    """Return the report as Markdown."""
    day = datetime.now(timezone.utc).date().isoformat()
    names = ("numpy", "faiss-cpu", "torch", "sentence-transformers", "typer")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    lines = [
        "# Speed, measured",
        "",
        (
            f"`python benchmarks/speed.py --papers {papers}`, {day}. {_machine()}, "
            f"Python {platform.python_version()}, {versions}. The load average was "
            f"{loads[0]:.1f} at the beginning and {loads[1]:.1f} at the end, on "
            f"{os.cpu_count()} cores that others use, too. All figures are ratios within this run."
        ),
        "",
        "| part | what | measured | target | |",
        "| --- | --- | --- | --- | --- |",
    ]
    verdicts = {True: "met", False: "**missed**", None: ""}
    for row in sorted(rows, key=lambda row: row.part):
        cells = (str(row.part), row.what, row.figure, row.target, verdicts[row.met])
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _machine() -> str:
    model = platform.machine()
    if (cpuinfo := Path("/proc/cpuinfo")).is_file():
        found = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = found[0].split(":")[1].strip() if found else model
    return f"{model}, {os.cpu_count()} cores ({', '.join(flags()) or 'no vector extensions told'})"


def flags() -> list[str]:
    """Return the extensions of the processor that speed depends on."""
    cpuinfo = Path("/proc/cpuinfo")
    words = set(cpuinfo.read_text().split()) if cpuinfo.is_file() else set()
    named = {"avx2": "avx2", "avx512f": "avx512f", "avx512_vnni": "avx512_vnni"}
    named |= {"avx512_bf16": "avx512_bf16", "amx_tile": "amx"}
    return [name for flag, name in named.items() if flag in words]
