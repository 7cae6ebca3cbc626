"""Filters: which papers may be hits at all."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersim.errors import ConfigError
from papersim.filters import Filters, parse_date, parse_kinds
from papersim.model import Paper, Place
from papersim.notes.model import KINDS


def paper(tags: tuple[str, ...] = (), date: str | None = None, *notes: str) -> Paper:
    places = tuple(Place(note, 1) for note in notes or ("a.md",))
    return Paper("id", "T", places[0].note, 1, tags, date, None, places=places)


@pytest.mark.parametrize(
    ("filters", "passes"),
    [
        (Filters(), True),
        (Filters(tags=("NeRF",)), True),
        (Filters(tags=("nerf", "method/ＤＩＦＦ")), True),
        (Filters(tags=("method",)), True),
        (Filters(tags=("meth",)), False),
        (Filters(tags=("NeRF", "x")), False),
        (Filters(not_tags=("x",)), True),
        (Filters(not_tags=("NERF",)), False),
        (Filters(not_tags=("method",)), False),
        (Filters(not_tags=("diff",)), True),
        (Filters(since="2023-05-01"), True),
        (Filters(since="2023-05-02"), False),
        (Filters(until="2023-05-01"), True),
        (Filters(until="2023-04-30"), False),
        (Filters(paths=("2023/*",)), True),
        (Filters(paths=("*.txt", "b.md")), True),
        (Filters(paths=("B.md",)), False),
        (Filters(tags=("NeRF",), until="2000-01-01"), False),
    ],
)
def test_what_passes(filters: Filters, passes: bool) -> None:
    found = filters(paper(("NeRF", "method/diff"), "2023-05-01", "2023/a.md", "b.md"))
    assert found is passes


def test_a_paper_without_a_date_passes_no_filter_of_dates() -> None:
    assert Filters()(paper())
    assert not Filters(since="1900-01-01")(paper())
    assert not Filters(until="2100-01-01")(paper())


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2023", "2023-01-01", "2023-12-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2023.02", "2023-02-01", "2023-02-28"),
        ("202311", "2023-11-01", "2023-11-30"),
        ("20231130", "2023-11-30", "2023-11-30"),
        (" 2023/11/30 ", "2023-11-30", "2023-11-30"),
    ],
)
def test_dates_months_and_years(text: str, first: str, last: str) -> None:
    assert (parse_date(text), parse_date(text, end=True)) == (first, last)


@pytest.mark.parametrize("text", ["", "yesterday", "2023-13", "2023-02-30", "0000", "23", "2023-1"])
def test_what_is_no_date(text: str) -> None:
    for end in (False, True):
        with pytest.raises(ConfigError, match="is no date"):
            parse_date(text, end=end)


@given(st.text(max_size=12))
def test_any_text_is_a_day_or_refused(text: str) -> None:
    with suppress(ConfigError):
        assert parse_date(text) <= parse_date(text, end=True)


def test_kinds() -> None:
    assert parse_kinds(["related-work", "Method"]) == ("related_work", "method")
    assert parse_kinds(KINDS) == KINDS
    with pytest.raises(ConfigError, match="the kinds are background"):
        parse_kinds(["methods"])
