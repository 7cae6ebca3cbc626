"""`papersim eval`: how good the answers are on the vault at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from conftest import Vault
from papersim.errors import NothingToMeasureError
from papersim.evaluation import BASELINES, LEAST_LINKED, raw_means, scores_without
from papersim.query import of_indexed
from papersim.rank.fusion import DEFAULT_WEIGHTS
from papersim.ranker import Ask

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Cli

TOPICS = {
    "speech": "In {} microphones record several voices at once and a filter keeps one speaker.",
    "mesh": "From {} a surface of triangles is pulled until it looks like the photographs.",
    "adapter": "For {} thin layers in a frozen language model learn a task from examples.",
}
# Each text its own: a sentence that stands in many notes would be left out as boilerplate.
PLACES = (
    "kitchens", "ports", "forests", "mines", "schools", "villages", "trains", "towers", "gardens",
    "deserts",
)  # fmt: skip
MEASURES = ("ndcg_at_10", "link_recall_at_10", "link_ndcg_at_10", "skewness")


def write_topics(vault: Vault, papers: int = 10, *, tags: bool = True, links: bool = True) -> Vault:
    """Write papers on three topics: each has its topic as a tag and links to the next."""
    for topic, text in TOPICS.items():
        for number in range(papers):
            related = f"related: [{topic}-{(number + 1) % papers}]\n" if links else ""
            vault.write(
                f"{topic}-{number}.md",
                f"---\ntitle: Note {number} on {topic} research\n"
                f"tags: [{topic if tags else ''}]\ndate: 2023-01-{number + 1:02d}\n{related}---\n"
                f"## Method\n{text.format(PLACES[number])}\n",
            )
    vault.update()
    return vault


@pytest.fixture(scope="session")
def topics(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    """Return a vault of thirty papers on three topics, indexed; tests only read it."""
    return write_topics(Vault(tmp_path_factory.mktemp("topics")))


def test_it_measures_by_tags_and_links_beside_three_baselines(topics: Vault) -> None:
    found = topics.open().evaluate()
    assert (found.papers, found.by_tags, found.by_links) == (30, 30, 30)
    assert [name for name, _ in found.baselines] == list(BASELINES)
    for quality in (found.similar, *(quality for _, quality in found.baselines)):
        assert all(getattr(quality, measure) is not None for measure in MEASURES)
    recent = dict(found.baselines)["most_recent"]
    assert found.similar.ndcg_at_10 == pytest.approx(1.0)
    assert recent.ndcg_at_10 is not None
    assert recent.ndcg_at_10 < 0.6
    assert recent.skewness is not None
    assert found.similar.skewness is not None
    assert recent.skewness > found.similar.skewness
    assert found.tags.papers == 30
    assert found.tags.p_at_1 == 1.0


def test_neither_tags_nor_links_speak_for_themselves(topics: Vault, tmp_path: Path) -> None:
    """By tags it ranks as if there were no tags; by links as if there were no links."""
    without_tags = write_topics(Vault(tmp_path / "untagged"), tags=False)
    without_links = write_topics(Vault(tmp_path / "unlinked"), links=False)
    both = topics.open().evaluate()
    links_alone = without_tags.open().evaluate()
    tags_alone = without_links.open().evaluate()
    assert links_alone.similar.ndcg_at_10 is None
    assert links_alone.tags.p_at_1 is None
    assert tags_alone.similar.link_recall_at_10 is None
    assert (tags_alone.by_tags, links_alone.by_links) == (30, 30)
    assert both.similar.ndcg_at_10 == tags_alone.similar.ndcg_at_10


@pytest.mark.parametrize("left_out", [(), ("tags",), ("links",), ("tags", "links"), ("dense",)])
def test_leaving_a_source_out_is_ranking_without_its_weight(
    topics: Vault, left_out: tuple[str, ...]
) -> None:
    library = topics.open()
    store, derived, ranker = library._parts.store, library._parts.derived, library._parts.ranker
    for paper in list(store.papers().values())[::5]:
        query = of_indexed(paper, store, derived.vectors)
        expected = ranker.rank(query, Ask(weights=DEFAULT_WEIGHTS.without(*left_out))).scores
        sources = ranker.rank(query, Ask()).sources
        assert np.array_equal(scores_without(sources, *left_out), expected)


def test_it_asks_for_the_order_that_people_get(topics: Vault) -> None:
    library = topics.open()
    paper = library.find("Note 3 on mesh research")
    query = of_indexed(paper, library._parts.store, library._parts.derived.vectors)
    ranked = library._parts.ranker.rank(query, Ask())
    shown = [hit.paper.id for hit in library.similar(paper, k=5)]
    assert [library._parts.ranker.paper_of(row) for row in ranked.rows[:5]] == shown


def test_raw_vectors_are_those_of_the_encoder(topics: Vault) -> None:
    """Uncentred, all of them lie close together, which is what the baseline is to show."""
    library = topics.open()
    raw = raw_means(library._parts.store, library._parts.derived)
    assert np.linalg.norm(raw, axis=1) == pytest.approx(1.0)
    assert (raw @ raw.T).min() > 0.6


def test_few_links_are_no_measure(tmp_path: Path) -> None:
    few = write_topics(Vault(tmp_path), papers=LEAST_LINKED // 3)
    found = few.open().evaluate()
    assert found.by_links == 0
    assert found.similar.link_recall_at_10 is None
    assert found.similar.ndcg_at_10 is not None


def test_papers_without_text_take_no_part_where_similar_is_told_by_tags(small: Vault) -> None:
    """What is embedded of them holds their tags; for suggesting tags their titles are, too."""
    found = small.open().evaluate()
    tagged = [d for d in small.open().papers() if d.paper.tags]
    assert 0 < found.by_tags <= sum(bool(d.sections) for d in tagged) < len(tagged)
    assert found.tags.papers == len(tagged)


def test_nothing_is_embedded_and_nothing_written(
    topics: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("papersim.encode.model.Model.load", lambda _: pytest.fail("loaded"))
    before = {path: path.read_bytes() for path in topics.index.iterdir()}
    first, second = topics.open().evaluate(), topics.open().evaluate()
    assert first == second
    assert {path: path.read_bytes() for path in before} == before


def test_it_tells_how_far_it_is(topics: Vault) -> None:
    told: list[tuple[str, int, int]] = []
    topics.open().evaluate(lambda *step: told.append(step))
    assert told == [("measuring", done, 30) for done in range(1, 31)]


def test_without_tags_and_links_there_is_nothing_to_measure_by(
    cli: Cli, empty: Vault, tmp_path: Path
) -> None:
    bare = write_topics(Vault(tmp_path / "bare"), papers=2, tags=False, links=False)
    with pytest.raises(NothingToMeasureError):
        bare.open().evaluate()
    empty.update()
    for vault in (bare, empty):
        done = cli.at(vault, "eval")
        assert (done.code, done.out) == (1, "")
        assert done.err.count("\n") == 1
        assert "papersim index" in done.err


def test_json_has_the_promised_keys(cli: Cli, topics: Vault) -> None:
    done = cli.at(topics, "eval", "--json")
    assert done.code == 0, done.err
    found = done.json
    assert found["papers"] == 30
    assert found["tags"].keys() >= {"p_at_1", "recall_at_5", "ndcg_at_5", "f1", "threshold"}
    assert found["similar"].keys() >= set(MEASURES)
    assert list(found["baselines"]) == list(BASELINES)
    assert all(quality.keys() == set(MEASURES) for quality in found["baselines"].values())


def test_the_tables_fit_eighty_columns(cli: Cli, topics: Vault, small: Vault) -> None:
    for vault in (topics, small):
        done = cli.at(vault, "eval")
        assert done.code == 0, done.err
        assert max(map(len, done.out.splitlines())) <= 80
        for words in ("papersim", "most recent", "tf-idf", "raw cosine", "nDCG@10", "P@1"):
            assert words in done.out


# --- suggested tags ------------------------------------------------------------------------------


def test_opinion_tags_are_named_and_count_as_not_found(
    topics: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    whole = topics.open().evaluate().tags
    (tmp_path / "papersim.toml").write_text('opinion-tags = ["Speech"]\n')
    found = topics.open().evaluate().tags
    assert found.opinions == ("speech",)
    assert whole.opinions == ()
    assert whole.recall_at_5 == 1.0
    assert found.recall_at_5 == pytest.approx(2 / 3, abs=1e-3)


def test_with_few_tagged_papers_it_says_that_it_is_a_guess(
    topics: Vault, tmp_path: Path, cli: Cli
) -> None:
    few = write_topics(Vault(tmp_path / "few"), papers=9)
    assert few.open().evaluate().tags.guess
    assert not topics.open().evaluate().tags.guess
    assert "27 tagged papers" in cli.at(few, "eval").out
    assert "guess" not in cli.at(topics, "eval").out
    assert cli.at(few, "eval", "--json").json["tags"]["guess"] is True


def test_the_most_used_tag_is_named_first_to_all(tmp_path: Path) -> None:
    """A paper's own tags do not make the others the most used."""
    vault = write_topics(Vault(tmp_path / "vault"), papers=9)
    for number in range(9):
        note = vault.notes / f"mesh-{number}.md"
        note.write_text(note.read_text().replace("tags: [mesh]", "tags: [mesh, speech]"))
    vault.update()
    measured = dict(vault.open().evaluate().tags.baselines)["most_used"]
    assert measured.p_at_1 == pytest.approx(2 / 3, abs=1e-3)
