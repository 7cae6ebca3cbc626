"""Suggestions as people see them: reasons in words they know, no sentence twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from papersim.cli.render import show_suggestions
from papersim.model import Paper, Reason, Suggestion, Suggestions
from papersim.suggest.evidence import SIGNALS

if TYPE_CHECKING:
    import pytest

LINE = "A mesh is carved from a caption."
OTHER = "No example in 3D is needed."


def suggestions(title: str, *reasons: tuple[Reason, ...]) -> Suggestions:
    paper = Paper(title, title, "a.md", 1, (), None, None)
    found = tuple(Suggestion(f"tag{n}", 0.5, given) for n, given in enumerate(reasons))
    return Suggestions(paper, found)


def shown(capsys: pytest.CaptureFixture[str], *found: Suggestions) -> str:
    show_suggestions(found, {})
    return " ".join(capsys.readouterr().out.split())


def test_every_source_has_a_name_that_people_understand(capsys: pytest.CaptureFixture[str]) -> None:
    said = shown(capsys, suggestions("T", tuple(Reason(source) for source in (*SIGNALS, "named"))))
    words = said.partition("0.50")[2].strip().split(", ")
    assert len(words) == len(set(words)) == len(SIGNALS) + 1
    assert {"its words and topic", "papers like it", "you named it"} <= set(words)
    assert not set(words) & {*SIGNALS, "named", "learnt"}


def test_a_sentence_is_quoted_once_for_a_paper(capsys: pytest.CaptureFixture[str]) -> None:
    """Where a tag has another one to show, that is shown; another paper may quote the same."""
    same, more = Reason("linear", (), LINE), Reason("words", (), OTHER)
    said = shown(
        capsys, suggestions("T", (same,), (same,), (same, more)), suggestions("U", (same,))
    )
    first, _, second = said.partition(" U ")
    assert first.count(LINE) == second.count(LINE) == 1
    assert first.index(LINE) < first.index("#tag1") < first.index("#tag2") < first.index(OTHER)
