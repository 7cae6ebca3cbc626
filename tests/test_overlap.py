"""What papers share of tags and links: a weighted Jaccard overlap, by brute force."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersim.rank.overlap import Overlap

sets = st.lists(st.frozensets(st.sampled_from("abcdefg"), max_size=5), min_size=1, max_size=9)


@given(sets)
def test_it_is_the_idf_weighted_jaccard_overlap(own: list[frozenset[str]]) -> None:
    """A rare tag in common says more than a common one; one that all have says nothing."""
    found = Overlap.build(own)
    idf = {k: math.log(len(own) / sum(k in keys for keys in own)) for keys in own for k in keys}

    def weight(keys: frozenset[str]) -> float:
        return sum(idf[key] for key in keys)

    for row, mine in enumerate(own):
        scores = found.scores(row)
        for other, theirs in enumerate(own):
            either = weight(mine | theirs)
            expected = weight(mine & theirs) / either if either > 0 else 0.0
            assert scores[other] == pytest.approx(expected, abs=1e-6)
            assert scores[other] == pytest.approx(found.scores(other)[row], abs=1e-9)


def test_what_every_paper_has_weighs_nothing() -> None:
    """#paper on each note must not make all of them alike."""
    found = Overlap.build([{"paper", "nerf"}, {"paper", "nerf"}, {"paper"}, {"paper", "sound"}])
    assert found.scores(2).tolist() == [0.0] * 4
    assert found.scores(0).tolist() == pytest.approx([1.0, 1.0, 0.0, 0.0])
    only = Overlap.build([{"paper"}] * 4)
    assert not any(only.scores(row).any() for row in range(4))


@pytest.mark.parametrize("own", [[()], [(), ()], [("a",), ()]])
def test_nothing_shared(own: list[tuple[str, ...]]) -> None:
    found = Overlap.build(own)
    for row in range(len(own)):
        scores = found.scores(row)
        assert not scores[[i for i in range(len(own)) if i != row]].any()


def test_a_key_counts_once_however_often_it_is_given() -> None:
    assert Overlap.build([["a", "a", "b"], ["a"], []]).scores(0).tolist() == pytest.approx(
        Overlap.build([["a", "b"], ["a"], []]).scores(0).tolist()
    )
