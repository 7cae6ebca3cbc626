"""The values that papersim answers with. All are frozen; lines count from 1.

Each is imported from its own module when it is first asked for: most answers need only a few.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from papersim.model.papers import (
        Duplicate,
        Evidence,
        Hit,
        Paper,
        PaperDetail,
        PaperSection,
        Place,
    )
    from papersim.model.quality import Evaluation, SimilarQuality, TagMeasures, TagQuality, WorstTag
    from papersim.model.report import IndexReport, SkippedNote
    from papersim.model.state import Finding, LastRun, Status
    from papersim.model.tags import Alike, Reason, Suggestion, Suggestions, TagCount, TagEdit

__all__ = [
    "Alike",
    "Duplicate",
    "Evaluation",
    "Evidence",
    "Finding",
    "Hit",
    "IndexReport",
    "LastRun",
    "Paper",
    "PaperDetail",
    "PaperSection",
    "Place",
    "Reason",
    "SimilarQuality",
    "SkippedNote",
    "Status",
    "Suggestion",
    "Suggestions",
    "TagCount",
    "TagEdit",
    "TagMeasures",
    "TagQuality",
    "WorstTag",
]

_HOMES = {
    "papers": ("Duplicate", "Evidence", "Hit", "Paper", "PaperDetail", "PaperSection", "Place"),
    "quality": ("Evaluation", "SimilarQuality", "TagMeasures", "TagQuality", "WorstTag"),
    "report": ("IndexReport", "SkippedNote"),
    "state": ("Finding", "LastRun", "Status"),
    "tags": ("Alike", "Reason", "Suggestion", "Suggestions", "TagCount", "TagEdit"),
}


def __getattr__(name: str) -> object:
    for module, names in _HOMES.items():
        if name in names:
            from importlib import import_module

            return getattr(import_module(f"papersim.model.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
