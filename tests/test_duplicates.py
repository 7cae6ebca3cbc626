"""Papers noted more than once: told apart from papers that merely share a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersim.duplicates import find_duplicates
from papersim.model import Paper, Place

if TYPE_CHECKING:
    from conftest import Cli, Vault


def paper(title: str, name: str = "", places: int = 1) -> Paper:
    notes = tuple(Place(f"{name or title}-{i}.md", 1) for i in range(places))
    return Paper(name or title, title, "n.md", 1, (), None, None, None, (), None, notes)


def pairs(*titles: str) -> list[tuple[str, ...]]:
    found = find_duplicates([paper(title) for title in titles])
    assert all(0 < d.score <= 1 for d in found)
    return [tuple(sorted(p.title for p in d.papers)) for d in found]


NEAR = [
    ("Splats in Motion: Dynamic Scenes", "Splats in Motion: Dynamic Scene"),
    ("Adding Conditional Control to Diffusion", "Adding Conditional Contorl to Diffusion"),
    ("Denoising Diffusion Implicit Models", "Denoising diffusion implicit model"),
    ("Voices Apart with Attention", "Voices Apart with Attention: A Study of Noisy Rooms"),
    ("以文本引导的三维高斯编辑方法研究", "以文本引导的三维高斯编辑方法的研究"),
]
DIFFERENT = [
    (
        "GaussianEditor: Swift and Controllable 3D Editing",
        "GaussianEditor: Editing 3D Gaussians Delicately",
    ),
    ("NeRF", "NeRF: Representing Scenes as Fields"),
    ("Dreamer", "Dreamers"),
    ("Splats in Motion", "Rays in Motion"),
    ("Instruct-NeRF2NeRF: Editing Scenes", "Instruct-GS2GS: Editing Splats"),
    ("Attention with Linear Biases", "Attention with Linear Biasesque Growth in Depth and Width"),
]


@pytest.mark.parametrize("titles", NEAR, ids=lambda t: t[0])
def test_near_titles_may_be_one_paper(titles: tuple[str, str]) -> None:
    """A typo beside the right spelling; the user decides, nothing is merged."""
    assert pairs(*titles) == [tuple(sorted(titles))]
    assert pairs(*reversed(titles)) == [tuple(sorted(titles))]


@pytest.mark.parametrize("titles", DIFFERENT, ids=lambda t: t[0])
def test_the_same_name_before_a_colon_is_no_duplicate(titles: tuple[str, str]) -> None:
    """Two papers called GaussianEditor came out in the same month."""
    assert pairs(*titles) == []
    assert pairs(*reversed(titles)) == []


def test_merged_papers_come_first_then_the_nearest() -> None:
    found = find_duplicates(
        [
            paper("Splats in Motion: Dynamic Scenes"),
            paper("Splats in Motion: Dynamic Scene"),
            paper("A Paper That Stands in Two Notes", places=2),
            paper("Voices Apart with Attention"),
            paper("Voices Apart with Attention: A Study of Noisy Rooms"),
        ]
    )
    assert [len(d.papers) for d in found] == [1, 2, 2]
    assert [d.score for d in found] == sorted((d.score for d in found), reverse=True)


@given(st.lists(st.text("ab: ", max_size=14), max_size=6, unique=True))
def test_each_pair_is_named_once_in_any_order(titles: list[str]) -> None:
    found = pairs(*titles)
    assert len(found) == len(set(found))
    assert set(found) == set(pairs(*sorted(titles, reverse=True)))


# --- as users meet them -------------------------------------------------------------------------

NOTES = {
    "20230105.md": "## Splats in Motion: Dynamic Scenes\n#splats\nBlobs that move.\n",
    "20230209.md": "## SPLATS IN MOTION:  dynamic scenes\n#video\nSeen again.\n",
    "a.md": "---\ntitle: Voices Apart\narxiv: '2301.01234'\n---\nOne speaker of many.\n",
    "b.md": "# [Hearing One Voice](https://arxiv.org/abs/2301.01234v2)\n\nPublished version.\n",
    "c.md": "# GaussianEditor: Swift 3D Editing with Splats\n\nFast.\n",
    "d.md": "# GaussianEditor: Delicate Editing by Instructions\n\nSlow.\n",
    "e.md": "# Finding Passages across Languages\n\nOne encoder.\n",
    "f.md": "# Finding Pasages across Languages\n\nA typo.\n",
}


def test_one_paper_in_two_notes_and_two_that_may_be_one(empty: Vault, cli: Cli) -> None:
    """The same title, the same arXiv id under two titles: one paper. A typo: only shown.

    No index is needed, so that a vault can be tidied before it is embedded.
    """
    for name, text in NOTES.items():
        empty.write(name, text)
    found = cli.at(empty, "duplicates", "--json").json["duplicates"]
    merged = [d for d in found if len(d["papers"]) == 1]
    near = [d for d in found if len(d["papers"]) == 2]
    places = [{place["note"] for place in d["papers"][0]["places"]} for d in merged]
    assert sorted(map(sorted, places)) == [["20230105.md", "20230209.md"], ["a.md", "b.md"]]
    assert all(d["score"] == 1 for d in merged)
    (pair,) = near
    assert {p["note"] for p in pair["papers"]} == {"e.md", "f.md"}
    splats = next(d["papers"][0] for d in merged if d["papers"][0]["note"].startswith("2023"))
    assert set(splats["tags"]) == {"splats", "video"}, "the tags are united"

    shown = cli.at(empty, "duplicates").out
    assert "20230209.md:1" in shown
    assert "GaussianEditor" not in shown


def test_no_duplicates(empty: Vault, cli: Cli) -> None:
    empty.write("e.md", NOTES["e.md"])
    assert "no paper is noted twice" in cli.at(empty, "duplicates").out
