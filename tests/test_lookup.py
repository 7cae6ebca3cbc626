"""Finding the paper a user means, however they half remember it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersim.errors import LookupFailedError
from papersim.lookup import Entry, find_paper, papers_of_note, split_place
from papersim.notes.titles import title_key

ROWS = [
    ("aaaa000001", "DreamFusion: Text-to-3D using 2D Diffusion", "2209.14988", "20221018.md"),
    ("aaaa000002", "DreamBooth: Fine Tuning Diffusion Models", None, "20220915.md"),
    ("aaaa000003", "Étude sur l’Émotion", None, "fr/étude.md"),
    ("aaaa000004", "声を分ける注意機構", "2301.01234", "ja/声.md"),
    ("aaaa000005", "Editing Gaussians: Swift", None, "20231204.md"),
    ("aaaa000006", "Editing Gaussians: Delicate", None, "20231204.md"),
    ("aaaa000007", "LoRA", "cs/0112017", "lora/one.md"),
    ("aaaa000008", "LoRA for Vision", None, "lora/two.markdown"),
    ("aaaa000001", "DreamFusion: text-to-3D using 2D diffusion", None, "20230101.md"),
    ("aaaa000009", "Untitled", None, "a/same.md"),
    ("aaaa000010", "Another", None, "b/same.md"),
]
ENTRIES = [Entry(paper, title, title_key(title), ax, note) for paper, title, ax, note in ROWS]


@pytest.mark.parametrize(
    ("text", "paper"),
    [
        ("DreamFusion: Text-to-3D using 2D Diffusion", 1),
        ("  dreamfusion  ", 1),
        ("DREAMFUSION text to 3d", 1),
        ("ＤｒｅａｍＦｕｓｉｏｎ：Ｔｅｘｔ－ｔｏ－３Ｄ", 1),
        ("Dreamfuson: text-to-3D using 2D difusion", 1),
        ("DreamFusoin", 1),
        ("Draembooth", 2),
        ("text-to-3D using", 1),
        ("etude sur l'emotion", 3),
        ("E\u0301tude sur l’E\u0301motion", 3),
        ("声を分ける", 4),
        ("LoRA", 7),
        ("lora for", 8),
        ("aaaa000006", 6),
        ("2209.14988", 1),
        ("arXiv:2209.14988v3", 1),
        ("arxiv: 2209.14988", 1),
        ("https://arxiv.org/abs/2301.01234", 4),
        ("https://arxiv.org/pdf/2301.01234v2.pdf", 4),
        ("cs/0112017", 7),
        ("20221018.md", 1),
        ("./20221018.md", 1),
        ("notes/20221018.md", 1),
        ("étude.md", 3),
        ("ja/声.md", 4),
        ("lora/two.markdown", 8),
        ("20231204.md#Editing Gaussians: Delicate", 6),
        ("20231204.md#editing gaussians swif", 5),
        ("b/same.md", 10),
    ],
)
def test_one_paper_is_meant(text: str, paper: int) -> None:
    assert find_paper(text, ENTRIES) == f"aaaa{paper:06}"


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("Dream", ["DreamFusion", "DreamBooth"]),
        ("20231204.md", ["Swift", "Delicate"]),
        ("Editing Gaussians", ["Swift", "Delicate"]),
    ],
)
def test_several_fit_and_are_named(text: str, titles: list[str]) -> None:
    with pytest.raises(LookupFailedError, match="papersim papers") as failure:
        find_paper(text, ENTRIES)
    assert all(title in str(failure.value) for title in titles)
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize(
    "text",
    ["", " ", "?!", "Quantum gravity", "1234.56789", "absent.md", "same.md", "#", "aaaa", "x.md#y"],
)
def test_none_fits_and_the_next_command_is_named(text: str) -> None:
    with pytest.raises(LookupFailedError, match="papersim papers"):
        find_paper(text, ENTRIES)


def test_the_closest_titles_are_named() -> None:
    with pytest.raises(LookupFailedError, match="Étude sur l’Émotion"):
        find_paper("etude et emotions", ENTRIES)


def test_an_empty_vault() -> None:
    with pytest.raises(LookupFailedError, match="papersim papers"):
        find_paper("anything", [])


def test_notes_by_path() -> None:
    assert [e.paper[-1] for e in papers_of_note("20231204.md", ENTRIES)] == ["5", "6"]
    assert papers_of_note("same.md", ENTRIES) == [], "two notes end so"
    assert papers_of_note("1204.md", ENTRIES) == [], "only whole names count"
    assert split_place("C#/a.md#T#1") == ("C#/a.md", "#T#1")
    assert split_place("a title") == ("a title", "")


def answer(text: str) -> str:
    """Return the paper found, or the message of the one way to fail."""
    try:
        return find_paper(text, ENTRIES)
    except LookupFailedError as error:
        return str(error)


@given(st.text(max_size=60))
def test_any_text_finds_a_paper_or_fails_in_one_way(text: str) -> None:
    found = answer(text)
    assert found in {e.paper for e in ENTRIES} or "papersim papers" in found


@given(st.sampled_from([e for e in ENTRIES if len(e.title) >= 20]), st.data())
def test_a_typo_in_a_long_title_is_forgiven(entry: Entry, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(entry.title) - 1))
    found = answer(entry.title[:at] + entry.title[at + 1 :])
    assert found == entry.paper or entry.title.casefold() in found.casefold()
