"""Which entries are one paper, and that its id outlives edits, renames and moves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersim.index.identity import EntryKey, assign_ids


def ids_of(*entries: EntryKey, known: dict[str, str] | None = None) -> list[str]:
    return assign_ids(entries, known or {})[0]


def test_the_same_full_title_is_the_same_paper() -> None:
    a, b, c = ids_of(
        EntryKey("a.md", 0, "sametitle", None),
        EntryKey("b.md", 3, "sametitle", None),
        EntryKey("b.md", 4, "othertitle", None),
    )
    assert a == b != c


def test_the_same_arxiv_id_is_the_same_paper_whatever_the_titles() -> None:
    a, b, c = ids_of(
        EntryKey("a.md", 0, "englishtitle", "2301.00001"),
        EntryKey("b.md", 0, "中文的标题", "2301.00001"),
        EntryKey("c.md", 0, "englishtitle", None),
    )
    assert a == b == c


def test_titles_that_name_nothing_are_papers_of_their_own() -> None:
    """Two notes called README are not one paper; nor are two papers called GAN in two notes."""
    for key in ("readme", "gan", ""):
        a, b = ids_of(EntryKey("a.md", 0, key, None), EntryKey("b.md", 0, key, None))
        assert a != b


def test_an_id_outlives_a_new_title_where_the_arxiv_id_stays() -> None:
    before, known = assign_ids([EntryKey("a.md", 0, "drafttitle", "2301.00001")], {})
    after = ids_of(EntryKey("x.md", 5, "finaltitle", "2301.00001"), known=known)
    assert before == after


def test_an_id_outlives_the_loss_of_the_arxiv_id() -> None:
    before, known = assign_ids([EntryKey("a.md", 0, "sometitle", "2301.00001")], {})
    assert ids_of(EntryKey("a.md", 0, "sometitle", None), known=known) == before


def test_a_short_title_takes_its_id_along_to_another_note() -> None:
    before, known = assign_ids([EntryKey("a.md", 0, "vae", None)], {})
    assert ids_of(EntryKey("b.md", 0, "vae", None), known=known) == before
    first, second = ids_of(
        EntryKey("a.md", 0, "vae", None), EntryKey("b.md", 0, "vae", None), known=known
    )
    assert first == before[0] != second, "the one that stayed keeps it"


def test_an_entry_that_is_known_by_no_name_keeps_what_it_was() -> None:
    """A paper that is named by its file gets another title when the file is renamed."""
    assert ids_of(EntryKey("b.md", 0, "newname", None, was="abcdef")) == ["abcdef"]


def test_papers_that_turn_out_to_be_two_get_two_ids() -> None:
    """One of them keeps the id: the one that had it by its own title first."""
    one, two = (
        EntryKey("a.md", 0, "firsttitle", "2301.00001"),
        EntryKey("b.md", 0, "secondtitle", "2301.00001"),
    )
    (old, same), known = assign_ids([one, two], {})
    assert old == same
    split = ids_of(
        EntryKey("a.md", 0, "firsttitle", None),
        EntryKey("b.md", 0, "secondtitle", None),
        known=known,
    )
    assert len(set(split)) == 2
    assert old in split


entries = st.lists(
    st.builds(
        EntryKey,
        st.sampled_from(["a.md", "b/c.md"]),
        st.integers(0, 3),
        st.sampled_from(["", "gan", "readme", "onelongtitle", "another", "第三个题目"]),
        st.sampled_from([None, "2301.00001", "2301.00002"]),
    ),
    max_size=8,
    unique_by=lambda e: (e.note, e.ordinal, e.title_key),
)


@given(entries, entries)
def test_ids_are_short_stable_and_the_same_for_the_same_names(
    first: list[EntryKey], second: list[EntryKey]
) -> None:
    before, known = assign_ids(first, {})
    assert all(0 < len(paper) <= 16 and paper.isalnum() for paper in before)
    again, _ = assign_ids(first, known)
    assert again == before, "a run without changes changes nothing"
    order = sorted(range(len(first)), key=lambda i: -i)
    turned, _ = assign_ids([first[i] for i in order], {})
    assert [turned[order.index(i)] for i in range(len(first))] == before, "whatever the order"
    both, _ = assign_ids([*first, *second], known)
    for i, one in enumerate([*first, *second]):
        for j, other in enumerate([*first, *second]):
            if set(one.names()) & set(other.names()):
                assert both[i] == both[j]


@pytest.mark.parametrize("count", [2000])
def test_many_papers_have_many_ids(count: int) -> None:
    made = ids_of(*(EntryKey("a.md", i, f"title number {i}", None) for i in range(count)))
    assert len(set(made)) == count
