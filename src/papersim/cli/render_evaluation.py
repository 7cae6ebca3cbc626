"""What `papersim eval` shows people: how good similar papers and suggested tags are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from papersim.cli.render import console, tags_text

if TYPE_CHECKING:
    from papersim.model import Evaluation, SimilarQuality, TagMeasures, TagQuality

__all__ = ["show_evaluation"]

_BAR = 20


def show_evaluation(found: Evaluation) -> None:
    """Print how good similar papers and suggested tags are, each beside its baselines."""
    _show_similar(found)
    _show_tags(found.tags)
    _show_calibration(found.tags)
    _show_worst(found.tags)


def _show_similar(found: Evaluation) -> None:
    out = console()
    table = _table("similar papers", ("by tags\nnDCG@10", "by links\nrecall@10", "\nnDCG@10"))
    table.add_column("hubs\nskewness", justify="right", min_width=11)
    ours: tuple[str, SimilarQuality] = ("papersim", found.similar)
    for number, (name, q) in enumerate((ours, *found.baselines)):
        row = (q.ndcg_at_10, q.link_recall_at_10, q.link_ndcg_at_10, q.skewness)
        table.add_row(_name(name, first=not number), *map(_figure, row))
    out.print(table)
    out.print(
        f"{found.papers} papers; by tags, ranked without tags: {found.by_tags} papers; by links, "
        f"ranked without links: {found.by_links}",
        style="dim",
    )
    out.print()


def _show_tags(tags: TagQuality) -> None:
    out = console()
    table = _table("suggested tags", ("P@1", "recall@5", "nDCG@5", "F1"))
    ours: tuple[str, TagQuality | TagMeasures] = ("papersim", tags)
    for number, (name, q) in enumerate((ours, *tags.baselines)):
        row = (q.p_at_1, q.recall_at_5, q.ndcg_at_5, q.f1)
        table.add_row(_name(name, first=not number), *map(_figure, row))
    out.print(table)
    if tags.threshold is not None:
        out.print(
            f"{tags.papers} papers, each as if it had no tags; F1 of tags at the best confidence "
            f"of the other papers, about {tags.threshold:.2f}",
            style="dim",
        )
    if tags.papers and tags.guess:
        out.print(
            f"{tags.papers} tagged papers tell little: all of this is a guess", style="yellow"
        )


def _show_calibration(tags: TagQuality) -> None:
    if not tags.calibration:
        return
    out = console()
    out.print()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("confidence", "right", "suggestions"):
        table.add_column(name, justify="right", min_width=11)
    table.add_column("")
    for mean, right, count in tags.calibration:
        filled = round(right * _BAR)
        bar = Text("█" * filled, "green").append("·" * (_BAR - filled), "dim")
        table.add_row(f"{mean:.2f}", f"{right:.2f}", str(count), bar)
    out.print(table)
    out.print(f"expected calibration error {_figure(tags.calibration_error)}", style="dim")


def _show_worst(tags: TagQuality) -> None:
    out = console()
    if tags.worst:
        out.print()
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("worst tags", overflow="fold")
        for name in ("papers", "suggested", "right", "F1"):
            table.add_column(name, justify="right", min_width=8)
        for one in tags.worst:
            counts = (str(one.papers), str(one.suggested), str(one.right))
            table.add_row(tags_text([one.tag]), *counts, _figure(one.f1))
        out.print(table)
    if tags.unpredictable:
        out.print()
        line = Text("nothing in a paper tells, so never suggested: ", "dim")
        out.print(line.append_text(tags_text(tags.unpredictable)))
    if tags.opinions:
        out.print()
        line = Text("named in papersim.toml, so never suggested: ", "dim")
        out.print(line.append_text(tags_text(tags.opinions)))


def _table(subject: str, columns: tuple[str, ...]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(subject, min_width=16)
    for name in columns:
        table.add_column(name, justify="right", min_width=11 if "\n" in name else 8)
    return table


def _name(name: str, *, first: bool) -> Text:
    return Text(name.replace("tf_idf", "tf-idf").replace("_", " "), "bold" if first else "")


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
