"""The JSON that the command line prints: the library's values as plain objects."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from papersim.model import (
        Alike,
        Duplicate,
        Evaluation,
        Evidence,
        Finding,
        Hit,
        IndexReport,
        Paper,
        PaperDetail,
        PaperSection,
        Status,
        Suggestion,
        Suggestions,
        TagCount,
        TagEdit,
    )

__all__ = [
    "doctor_json",
    "duplicates_json",
    "edit_json",
    "evaluation_json",
    "index_json",
    "papers_json",
    "print_json",
    "search_json",
    "similar_json",
    "status_json",
    "suggestions_json",
    "summary_json",
    "tags_json",
]

Json = dict[str, Any]

_STEERING = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def print_json(value: Json, *, line: bool = False) -> None:
    """Print an object on stdout: readable, or on one line for JSON Lines."""
    text = json.dumps(value, ensure_ascii=False, indent=None if line else 2)
    # Lone surrogates, which a note may hold, have no UTF-8; they are written as JSON escapes. So
    # is what JSON may hold as it is, but steers a terminal, or ends a line to some readers.
    if "\x7f" in text or not text.isascii():
        text = _STEERING.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
        if not _encodable(text):
            text = json.dumps(value, indent=None if line else 2)
    sys.stdout.write(text + "\n")


def _encodable(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _paper(paper: Paper) -> Json:
    return {
        "id": paper.id,
        "title": paper.title,
        "note": paper.note,
        "line": paper.line,
        "tags": list(paper.tags),
        "date": paper.date,
        "arxiv": paper.arxiv,
        "doi": paper.doi,
        "authors": list(paper.authors),
        "venue": paper.venue,
        "places": [asdict(place) for place in paper.places],
    }


def _section(section: PaperSection) -> Json:
    return {
        "label": section.label,
        "kinds": list(section.kinds),
        "line": section.line,
        "text": section.text,
        "note": section.note,
        "language": section.language,
    }


def _evidence(evidence: Evidence) -> Json:
    return {
        "query": _section(evidence.query) if evidence.query else None,
        "section": _section(evidence.section),
        "score": evidence.score,
        "quote": evidence.quote,
        "query_quote": evidence.query_quote,
    }


def _hit(hit: Hit) -> Json:
    return {
        "rank": hit.rank,
        "score": hit.score,
        "paper": _paper(hit.paper),
        "shared_tags": list(hit.shared_tags),
        "evidence": [_evidence(evidence) for evidence in hit.evidence],
        "sources": [{"source": name, "added": added} for name, added in hit.sources],
    }


def _suggestion(suggestion: Suggestion) -> Json:
    reasons = [
        {"source": r.source, "papers": list(r.papers), "quote": r.quote} for r in suggestion.reasons
    ]
    return {"tag": suggestion.tag, "confidence": suggestion.confidence, "reasons": reasons}


def index_json(report: IndexReport) -> Json:
    """Return what a run of indexing did."""
    return asdict(report) | {
        "seconds": round(report.seconds, 3),
        "skipped": [asdict(skipped) for skipped in report.skipped],
    }


def papers_json(details: Iterable[PaperDetail]) -> Json:
    """Return papers with their sections."""
    return {
        "papers": [
            _paper(d.paper) | {"sections": [_section(s) for s in d.sections]} for d in details
        ]
    }


def similar_json(paper: Paper, hits: Iterable[Hit]) -> Json:
    """Return the hits for a paper."""
    return {"query": _paper(paper), "hits": [_hit(hit) for hit in hits]}


def search_json(text: str, hits: Iterable[Hit]) -> Json:
    """Return the hits for a free text."""
    return {"query": text, "hits": [_hit(hit) for hit in hits]}


def suggestions_json(found: Sequence[Suggestions], edit: TagEdit | None = None) -> Json:
    """Return the tags suggested for papers, and what became of them if they were written."""
    return (edit_json(edit) if edit is not None else {}) | {
        "papers": [
            {
                "paper": _paper(f.paper),
                "suggestions": [_suggestion(s) for s in f.suggestions],
                "new_tags": [_suggestion(s) for s in f.new_tags],
                "guess": f.guess,
            }
            for f in found
        ]
    }


def tags_json(tags: Iterable[TagCount], alike: Iterable[Alike]) -> Json:
    """Return tags with their counts, and groups of those that look alike."""
    return {
        "tags": [asdict(tag) for tag in tags],
        "alike": [asdict(group) | {"tags": list(group.tags)} for group in alike],
    }


def status_json(status: Status) -> Json:
    """Return what is indexed."""
    return asdict(status)


def edit_json(edit: TagEdit) -> Json:
    """Return what writing tags did."""
    return {
        "written": list(edit.written),
        "left": [asdict(left) for left in edit.left],
        "diff": edit.diff,
    }


def duplicates_json(found: Iterable[Duplicate]) -> Json:
    """Return papers noted more than once."""
    return {
        "duplicates": [
            {"papers": [_paper(p) for p in d.papers], "reason": d.reason, "score": d.score}
            for d in found
        ]
    }


def summary_json(edit: TagEdit, looked_at: int) -> Json:
    """Return what writing tags for a whole vault did: the line after those of the papers."""
    return edit_json(edit) | {
        "papers": [],
        "looked_at": looked_at,
        "tagged": edit.tagged,
        "tags": [asdict(tag) for tag in edit.tags],
    }


def doctor_json(found: Iterable[Finding]) -> Json:
    """Return what stands out."""
    return {"findings": [asdict(finding) for finding in found]}


def evaluation_json(found: Evaluation) -> Json:
    """Return how good the answers are; null where there is nothing to measure by."""
    return {
        "papers": found.papers,
        "tags": asdict(found.tags),
        "similar": {
            **asdict(found.similar),
            "papers_with_tags": found.by_tags,
            "papers_with_links": found.by_links,
        },
        "baselines": {name: asdict(quality) for name, quality in found.baselines},
    }
