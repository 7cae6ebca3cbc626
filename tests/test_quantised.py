"""Large vaults: the nearest are found by quantised vectors, and are those of comparing all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from papersim import compared
from papersim.filters import Filters
from papersim.index import shelf, shelves
from papersim.index.derived import Derived
from papersim.index.quantised import Quantised
from papersim.query import of_indexed
from papersim.ranker import Ask, Ranker

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from conftest import Vault

TOPICS = ("radiance fields", "speech separation", "prompt tuning", "graph search", "三维重建")
SYLLABLES = "ba ce di fo gra ki lo mu ne pra qui ro sta tu ve xi".split()  # noqa: SIM905
PAPERS = 260


def clustered(count: int, dimension: int = 48) -> NDArray[np.float32]:
    rng = np.random.default_rng(3)
    centers = rng.normal(size=(count // 20, dimension))
    found = centers[rng.integers(0, len(centers), count)] + rng.normal(size=(count, dimension))
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


def quantised(vectors: NDArray[np.float32]) -> Quantised:
    places = np.arange(len(vectors), dtype=np.int32)
    return Quantised.of(places, vectors.shape[1], lambda some: vectors[some])


# --- quantised vectors --------------------------------------------------------------------------


@pytest.mark.parametrize("share", [1.0, 0.5, 0.01])
def test_the_nearest_of_those_wanted_are_found(share: float) -> None:
    vectors = clustered(5_000)
    made = quantised(vectors[:4_900])
    wanted = np.random.default_rng(0).random(4_900) < share
    places, near = made.nearest(vectors[4_900:], 30, wanted)
    every = np.where(wanted, vectors[4_900:] @ vectors[:4_900].T, -2)
    exact = np.argsort(-every, axis=1)[:, :10]
    found = [np.isin(own, theirs).mean() for own, theirs in zip(exact, places, strict=True)]
    assert np.mean(found) > 0.99
    assert wanted[places].all()
    assert (np.diff(near, axis=1) <= 0).all()
    # Its vectors are cut to eight bits: what it tells is nearly how near they are.
    np.testing.assert_allclose(near, np.take_along_axis(every, places, axis=1), atol=0.02)


def test_fewer_vectors_than_are_asked_for() -> None:
    wanted = np.asarray([True] * 5 + [False] * 2)
    places, _ = quantised(clustered(60)[:7]).nearest(clustered(60)[:2], 9, wanted)
    assert all(sorted(row[:5]) == list(range(5)) for row in places.tolist())
    assert (places[:, 5:] == -1).all()


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_damaged_head_is_noticed(share: float) -> None:
    """FAISS would read past the end of the file."""
    vectors = clustered(600)
    made = quantised(vectors)
    assert made.is_sound
    data = made.data.copy()
    data[int(share * (len(data) - vectors.size))] ^= 64
    assert not replace(made, data=data).is_sound


# --- a vault that is large enough ---------------------------------------------------------------


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    """Return a vault that is taken for a large one."""
    from conftest import Vault

    vault = Vault(tmp_path_factory.mktemp("large"))
    rng = np.random.default_rng(0)
    for number in range(PAPERS):
        one, other = rng.choice(TOPICS, 2)
        words, more = ("".join(rng.choice(SYLLABLES, 3)) for _ in range(2))
        tag = "#even" if number % 2 else "#odd #rare" if number % 26 == 0 else "#odd"
        vault.write(
            f"20{10 + number % 12}0101-{number}.md",
            f"# Paper {number} on {one.title()}\n{tag}\n\n"
            f"## 研究方法\n{one}用{words}代替{more}。\n\n"
            f"## Contributions\nIt beats {other} with {more} and {words}.\n",
        )
    with pytest.MonkeyPatch.context() as patch:
        make_large(patch)
        vault.update()
    return vault


def make_large(patch: pytest.MonkeyPatch) -> None:
    """Let a vault of a few hundred passages be a large one."""
    patch.setattr(shelves, "APPROXIMATE_FROM", 200)
    patch.setattr(shelf, "LEAST_QUANTISED", 20)
    patch.setattr(shelves, "FULL", 150)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let fewer papers be looked at than there are."""
    for name, value in (("_SAMPLE", 60), ("_NEAREST", 40)):
        monkeypatch.setattr(compared, name, value)
    monkeypatch.setattr(compared, "_NEAREST_OTHERWISE", 30)


def rankers(vault: Vault) -> tuple[Ranker, Derived]:
    store = vault.store()
    kept = Derived.load(vault.index, store.generation, store.meta("fingerprint"))
    assert kept is not None
    return Ranker(store, kept), kept


FILTERS = [
    Filters(),
    Filters(tags=("even",)),
    Filters(tags=("rare",)),
    Filters(since="2015", until="2016"),
    Filters(paths=("2013*",)),
]


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("filters", FILTERS, ids=["none", "half", "few", "dates", "path"])
@pytest.mark.parametrize("by", [(), ("method",)], ids=["whole", "by method"])
def test_the_best_are_those_of_comparing_all(
    large: Vault, filters: Filters, by: tuple[str, ...]
) -> None:
    ranker, kept = rankers(large)
    assert kept.vectors.is_approximate
    assert kept.vectors.kind == "SQ8,RFlat"
    papers = list(ranker.papers().values())
    ask = Ask(5, by, filters)
    found, same = [], []
    for paper in papers[::13]:
        query = of_indexed(paper, ranker._store, kept.vectors)
        query = query.only(compared_kind(by)) if by else query
        some, every = ranker.rank(query, ask), ranker.rank(query, ask, exact=True)
        assert len(some.rows) >= 5
        assert not filters.tags or all(
            set(filters.tags) <= set(ranker.papers()[ranker.paper_of(row)].tags)
            for row in some.rows[:5].tolist()
        )
        found.append(np.isin(every.rows[:5], some.rows).mean())
        same.append(np.isin(every.rows[:5], some.rows[:5]).mean())
    assert np.mean(found) >= 0.98
    # A sample of 60 papers tells only roughly what is near.
    assert np.mean(same) >= 0.8


def compared_kind(by: tuple[str, ...]) -> int:
    from papersim.index.vectors import kind_mask

    return kind_mask(by)


@pytest.mark.usefixtures("few")
def test_fewer_are_compared_than_there_are(large: Vault) -> None:
    ranker, kept = rankers(large)
    paper = next(iter(ranker.papers().values()))
    query = of_indexed(paper, ranker._store, kept.vectors)
    assert 60 <= len(ranker.rank(query, Ask()).rows) < PAPERS - 1
    assert len(ranker.rank(query, Ask(), exact=True).rows) == PAPERS - 1


@pytest.mark.usefixtures("few")
def test_all_come_where_all_are_asked_for(large: Vault) -> None:
    hits = large.open().similar("Paper 17 on", k=PAPERS)
    assert len({hit.paper.id for hit in hits}) == PAPERS - 1


@pytest.mark.usefixtures("few")
def test_a_paper_finds_itself_by_its_words(large: Vault) -> None:
    library = large.open()
    paper = library.find("Paper 31 on")
    said = next(d for d in library.papers() if d.paper.id == paper.id).sections[1].text
    assert library.search(said, k=3)[0].paper.id == paper.id


def test_a_change_keeps_what_is_quantised_and_answers(
    large: Vault, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No vector is embedded again, and what did not change is not built again."""
    import shutil

    from conftest import Vault

    make_large(monkeypatch)
    vault = Vault(tmp_path_factory.mktemp("changed"))
    shutil.copytree(large.notes, vault.notes)
    vault.update()
    before = {path.name for path in vault.index.glob("derived-*")}
    gone = vault.open().find("Paper 40 on")
    (vault.notes / gone.note).unlink()
    said = "prompt tuning用zizaba代替kokoko。"
    vault.write("new.md", f"# Paper 9999 on Prompt Tuning\n\n## Method\n{said}\n")
    report = vault.update()
    assert report.embedded == 1
    after = {path.name for path in vault.index.glob("derived-*")}
    assert len(before & after) >= 3
    _, kept = rankers(vault)
    assert kept.vectors.is_approximate
    assert gone.id not in kept.vectors.papers
    hits = vault.open().search(said, k=5)
    assert "Paper 9999 on" in hits[0].paper.title


def test_what_is_damaged_is_not_used(
    large: Vault, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """All is compared then; doctor tells, and indexing in full mends."""
    import shutil

    from conftest import Vault

    vault = Vault(tmp_path_factory.mktemp("damaged"))
    shutil.rmtree(vault.root)
    shutil.copytree(large.root, vault.root)
    _, kept = rankers(large)
    made = kept.shelves.shelves[0].quantised["zh"]
    head = made.data[: len(made.data) - len(made.places) * made.dimension].tobytes()
    (file,) = [p for p in vault.index.glob("derived-*.arrays") if head in p.read_bytes()]
    data = file.read_bytes()
    place = data.index(head) + len(head) // 2
    file.write_bytes(data[:place] + bytes([data[place] ^ 32]) + data[place + 1 :])
    store = vault.store()
    again = Derived.load(vault.index, store.generation, store.meta("fingerprint"))
    assert again is not None
    assert not again.vectors.is_approximate
    assert again.vectors.kind == "Flat"
    store.close()
