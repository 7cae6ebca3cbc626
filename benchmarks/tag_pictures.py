"""Pictures of what `tags.py` measures, as SVG that reads on light and on dark ground."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np

mpl.use("svg")
import matplotlib.pyplot as plt
from matplotlib.ticker import NullLocator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    Bins = Sequence[tuple[float, float, int]]
    Points = Sequence[tuple[int, float | None, float | None]]

__all__ = ["draw_calibration", "draw_learning"]

_GREY = "#7d858f"  # 3.7 to 1 or more against white and against black-grey alike
_BLUE = "#3987d6"
_COLOURS = (_BLUE, "#d9730d", "#3f9b63", "#c2578f", "#8a6fd1", "#a08a1f", "#2f9aa0")
_MARKERS = "osD^vPX"
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "papersim",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "savefig.transparent": True,
    **dict.fromkeys(
        ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), _GREY
    ),
}


@contextmanager
def _figure(path: Path, rows: int, columns: int, size: tuple[float, float]) -> Iterator[Figure]:
    """Yield an empty figure that is then written; the same one gives the same bytes."""
    with mpl.rc_context(_STYLE):
        figure, _ = plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
        yield figure
        figure.savefig(path, metadata={"Date": None, "Creator": None})
        plt.close(figure)


def draw_calibration(vaults: Mapping[str, Bins], path: Path) -> None:
    """Draw for each vault the share of suggestions that is right by their confidence.

    The bigger a dot, the more suggestions it stands for.
    """
    columns = 4
    rows = -(-len(vaults) // columns)
    with _figure(path, rows, columns, (2.3 * columns, 2.4 * rows)) as figure:
        for place, axes in enumerate(figure.axes):
            axes.set_visible(place < len(vaults))
        for axes, (name, bins) in zip(figure.axes, vaults.items(), strict=False):
            most = max((count for *_, count in bins), default=1)
            said, right, counts = zip(*bins, strict=True) if bins else ((), (), ())
            axes.plot((0, 1), (0, 1), color=_GREY, linestyle=":", linewidth=1)
            axes.plot(said, right, color=_BLUE, linewidth=1.2)
            areas = [12 + 110 * count / most for count in counts]
            axes.scatter(said, right, areas, color=_BLUE, alpha=0.75, linewidths=0)
            axes.set(title=name, xlim=(0, 1.03), ylim=(0, 1.03), aspect="equal")
            axes.set_xticks((0, 0.5, 1), ("0", ".5", "1"))
            axes.set_yticks((0, 0.5, 1), ("0", ".5", "1"))
        figure.supxlabel("confidence", fontsize=10)
        figure.supylabel("share that is right", fontsize=10)


def draw_learning(vaults: Mapping[str, Points], path: Path) -> None:
    """Draw nDCG@5 and F1 by the number of tagged papers, a line for each vault."""
    with _figure(path, 1, 2, (9.2, 3.9)) as figure:
        for place, (axes, title) in enumerate(zip(figure.axes, ("nDCG@5", "F1"), strict=True), 1):
            for number, (name, points) in enumerate(vaults.items()):
                values = np.asarray(points, np.float64)
                axes.plot(
                    values[:, 0],
                    values[:, place],
                    color=_COLOURS[number % len(_COLOURS)],
                    marker=_MARKERS[number % len(_MARKERS)],
                    markersize=4,
                    linewidth=1.3,
                    label=name,
                )
            _scale(axes, title)
        lines, names = figure.axes[0].get_legend_handles_labels()
        figure.legend(lines, names, loc="outside lower center", ncols=4, frameon=False)


def _scale(axes: Axes, title: str) -> None:
    places = (20, 50, 100, 200, 500)
    axes.set(title=title, ylim=(0, 1), xlabel="tagged papers", xscale="log")
    axes.set_xticks(places, list(map(str, places)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.grid(visible=True, axis="y", color=_GREY, alpha=0.25, linewidth=0.6)
