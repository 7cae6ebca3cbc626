"""Links: two papers belong together if one links to the other, or both to the same thing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersim.index.links import link_keys, linked, names_of, targets_of
from papersim.model import Paper, Place
from papersim.rank.digests import Sets, digests_of
from papersim.rank.overlap import Overlap


def paper(name: str, title: str, *notes: str) -> Paper:
    places = tuple(Place(note, 1) for note in notes)
    return Paper(name, title, notes[0], 1, (), None, None, None, (), None, places)


PAPERS = [
    paper("a", "Splats in Motion", "papers/splats.md"),
    paper("b", "Rays: Novel Views", "papers/@rays2023.md", "20230105.md"),
    paper("c", "Voices Apart", "papers/proc.sound.voices.md"),
    paper("d", "Nobody's Friend", "papers/d.md"),
]


def shared(links: dict[str, list[str]], one: str, other: str) -> bool:
    keys = dict(zip("abcd", link_keys(PAPERS, links), strict=True))
    return bool(keys[one] & keys[other])


@pytest.mark.parametrize(
    "name",
    [
        *("splats", "papers/splats", "papers/splats.md", "Splats in Motion", "SPLATS IN MOTION"),
        *("@splats", "splats in motion"),
    ],
)
def test_a_link_joins_two_papers_however_it_is_written(name: str) -> None:
    """By file name, path or title; the linked paper need not link back."""
    assert shared({"b": [name]}, "a", "b")
    assert not shared({"b": [name]}, "a", "d")
    assert not shared({"b": [name]}, "b", "d")


def test_a_paper_in_two_notes_is_found_by_either() -> None:
    for name in ("@rays2023", "rays2023", "20230105"):
        assert shared({"a": [name]}, "a", "b")


def test_the_same_target_joins_even_if_it_is_no_paper() -> None:
    """``[[Gaussian splatting]]`` as a page on a topic is what Obsidian users have for tags."""
    links = {"a": ["Gaussian Splatting"], "b": ["gaussian splatting"], "c": ["sound"]}
    assert shared(links, "a", "b")
    assert not shared(links, "a", "c")


@pytest.mark.parametrize("name", ["", " ", "!", ".md", "@"])
def test_a_link_to_nothing_joins_nobody(name: str) -> None:
    links = {paper.id: [name] for paper in PAPERS}
    assert not any(shared(links, a, b) for a in "abcd" for b in "abcd" if a < b)


@given(
    st.dictionaries(
        st.sampled_from("abcd"),
        st.lists(st.sampled_from(["splats", "@rays2023", "d", "topic", "other"]), max_size=4),
    )
)
def test_sharing_is_mutual_and_raises_the_overlap(links: dict[str, list[str]]) -> None:
    """What the ranking is given: no link, no overlap; a link, an overlap from both sides."""
    keys = link_keys(PAPERS, links)
    overlap = Overlap.build(keys)
    for row, own in enumerate(keys):
        for other, theirs in enumerate(keys):
            if row != other:
                common = {k for k in own & theirs if not all(k in each for each in keys)}
                assert bool(overlap.scores(row)[other] > 0) == bool(common)


@given(
    st.dictionaries(
        st.sampled_from("abcd"),
        st.lists(
            st.sampled_from(["splats", "@rays2023", "d", "topic", "other", "", "a", "20230105"]),
            max_size=5,
        ),
    )
)
def test_as_numbers_links_join_the_same_papers(links: dict[str, list[str]]) -> None:
    """What is kept and put together as arrays says what the names themselves say."""
    names = Sets.of(names_of(paper) for paper in PAPERS)
    targets = Sets.of(targets_of(links.get(paper.id, ())) for paper in PAPERS)
    found = linked(digests_of([paper.id for paper in PAPERS]), names, targets)
    expected = Sets.of(link_keys(PAPERS, links))
    assert found.starts.tolist() == expected.starts.tolist()
    for begin, end in zip(found.starts, found.starts[1:], strict=False):
        assert set(found.digests[begin:end]) == set(expected.digests[begin:end])
