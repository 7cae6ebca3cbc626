"""What `papersim eval` shows people: two tables of figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from papersim.cli.render import console

if TYPE_CHECKING:
    from papersim.model import Evaluation, TagQuality

__all__ = ["show_evaluation"]


def show_evaluation(found: Evaluation) -> None:
    """Print how good similar papers are beside baselines, then how good suggested tags are."""
    out = console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("similar papers", min_width=16)
    for name in ("by tags\nnDCG@10", "by links\nrecall@10", "\nnDCG@10", "hubs\nskewness"):
        table.add_column(name, justify="right", min_width=11)
    ours = ("papersim", found.similar)
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
    _show_tags(found.tags)


def _show_tags(tags: TagQuality) -> None:
    out = console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("suggested tags", min_width=16)
    for name in ("P@1", "recall@5", "nDCG@5", "F1", "best F1"):
        table.add_column(name, justify="right", min_width=8)
    row = (tags.p_at_1, tags.recall_at_5, tags.ndcg_at_5, tags.f1, tags.best_f1)
    table.add_row(_name("papersim", first=True), *map(_figure, row))
    out.print(table)
    best = "" if tags.threshold is None else f", the best at {tags.threshold:.2f}"
    out.print(
        f"{tags.papers} papers, each as if it had no tags; F1 of tags at "
        f"{tags.default_threshold:.2f} or surer{best}",
        style="dim",
    )


def _name(name: str, *, first: bool) -> Text:
    return Text(name.replace("tf_idf", "tf-idf").replace("_", " "), "bold" if first else "")


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
