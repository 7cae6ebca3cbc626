"""The promises that fuzzing looks for holes in, on its corpus and on a few inputs made here."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

FUZZ = REPOSITORY / "fuzz"
sys.path.insert(0, str(REPOSITORY))

from fuzz.targets import TARGETS  # noqa: E402 - lies beside the tests

CORPUS = sorted(FUZZ.glob("corpus/*/*"))


def test_each_target_has_a_corpus() -> None:
    assert {file.parent.name for file in CORPUS} == set(TARGETS)


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: f"{file.parent.name}-{file.name}")
def test_the_corpus(file: Path) -> None:
    TARGETS[file.parent.name](file.read_bytes())


def cut_and_joined(name: str) -> st.SearchStrategy[bytes]:
    """Return inputs made of pieces of a target's corpus, and of bytes of any kind."""
    whole = [file.read_bytes() for file in CORPUS if file.parent.name == name]
    piece = st.tuples(st.sampled_from(whole), st.integers(0, 300), st.integers(0, 120)).map(
        lambda cut: cut[0][cut[1] : cut[1] + cut[2]]
    )
    return st.lists(st.one_of(piece, st.binary(max_size=8)), max_size=6).map(b"".join)


def run(name: str, examples: int) -> None:
    @settings(
        max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(cut_and_joined(name))
    def any_input(data: bytes) -> None:
        TARGETS[name](data)

    any_input()


@pytest.mark.parametrize("name", TARGETS)
def test_a_few_inputs_of_any_kind(name: str) -> None:
    run(name, 20 if name == "store" else 150)


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_many_inputs_of_any_kind(name: str) -> None:
    run(name, 1_000 if name == "store" else 30_000)
