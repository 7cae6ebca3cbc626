"""Asking: what the answers promise, whatever the scores are made of."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conftest import SMALL_VAULT
from papersim import Filters, TagOptions
from papersim.errors import (
    ConfigError,
    LookupFailedError,
    NoIndexError,
    OtherNotesError,
    PapersimError,
    VaultError,
)
from papersim.library import Library
from papersim.notes.plain import plain_text
from papersim.notes.tags import tag_key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conftest import Cli, Vault
    from papersim.model import Hit, PaperDetail, Suggestions

FILTERS = [
    Filters(),
    Filters(tags=("Text23D",)),
    Filters(tags=("video",)),
    Filters(tags=("NeRF", "Text23D")),
    Filters(not_tags=("Text23D", "LLM")),
    Filters(since="2023-01-01", until="2023-06-30"),
    Filters(until="2022-12-31"),
    Filters(paths=("2023*",)),
    Filters(tags=("diffusion",), since="2022-06-01", paths=("*11*", "2022*")),
]
KINDS: list[tuple[str, ...]] = [(), ("method",), ("results", "limitations"), ("related_work",)]


@pytest.fixture(scope="module")
def library(small: Vault) -> Library:
    return small.open()


@pytest.fixture(scope="module")
def large(sample: Vault) -> Library:
    return sample.open()


def matching(
    details: Sequence[PaperDetail], query: str, by: Sequence[str], filters: Filters
) -> set[str]:
    """Return by brute force the papers that may be hits."""
    return {
        d.paper.id
        for d in details
        if d.paper.id != query
        and filters(d.paper)
        and (not by or any(set(s.kinds) & set(by) for s in d.sections))
    }


def ids(hits: Sequence[Hit]) -> list[str]:
    return [hit.paper.id for hit in hits]


def check(hits: Sequence[Hit], details: dict[str, PaperDetail], by: Sequence[str]) -> None:
    """Hold what every list of hits promises."""
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert len(set(ids(hits))) == len(hits), "each paper once"
    for hit in hits:
        detail = details[hit.paper.id]
        assert hit.paper == detail.paper
        assert set(hit.shared_tags) <= set(hit.paper.tags)
        for evidence in hit.evidence:
            assert evidence.section in detail.sections
            assert 0 <= evidence.score <= 1
            quote = evidence.quote.removesuffix("…").rstrip()
            assert quote in plain_text(evidence.section.text)
            for section in (evidence.section, evidence.query):
                assert not by or section is None or set(section.kinds) & set(by)


# --- similar ------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", KINDS, ids=str)
@pytest.mark.parametrize("filters", FILTERS, ids=range(len(FILTERS)))
def test_k_papers_come_back_whenever_k_match(
    large: Library, filters: Filters, by: tuple[str, ...]
) -> None:
    """Filters apply before the cut; a filter after it would leave holes."""
    listing = large.papers()
    details = {d.paper.id: d for d in listing}
    for detail in listing[::9]:
        paper = detail.paper
        if by and not any(set(s.kinds) & set(by) for s in detail.sections):
            with pytest.raises(LookupFailedError, match="no section of kind"):
                large.similar(paper, by=by, filters=filters)
            continue
        wanted = matching(listing, paper.id, by, filters)
        every = large.similar(paper, k=1000, by=by, filters=filters)
        assert set(ids(every)) == wanted
        check(every, details, by)
        for k in (1, 5):
            assert ids(large.similar(paper, k=k, by=by, filters=filters)) == ids(every)[:k]


def test_a_filter_changes_no_score(large: Library) -> None:
    scores = {hit.paper.id: hit.score for hit in large.similar("DreamFusion", k=1000)}
    part = large.similar("DreamFusion", k=1000, filters=Filters(not_tags=("Text23D",)))
    assert {hit.paper.id: hit.score for hit in part}.items() <= scores.items()


def test_a_paper_is_never_its_own_hit(library: Library) -> None:
    """Not even one that stands in two notes, nor under a new title with the same arXiv id."""
    for detail in library.papers():
        assert detail.paper.id not in ids(library.similar(detail.paper, k=1000))
        assert detail.paper.id not in ids(library.similar(detail.paper.id, k=1000))


def test_all_at_once_is_the_same_as_one_by_one(library: Library) -> None:
    answers = list(library.similar_all(k=3))
    assert [p for p, _ in answers] == [d.paper for d in library.papers()]
    for paper, hits in answers:
        assert hits == library.similar(paper, k=3)
    by_method = {p.id: hits for p, hits in library.similar_all(k=3, by=("method",))}
    assert by_method[library.find("Splats in Motion").id] == (), "nothing to compare by"
    assert by_method[library.find("Text to Mesh").id]


def test_shared_tags_are_those_of_both(library: Library) -> None:
    hits = library.similar("Text to Mesh", k=100)
    shared = {hit.paper.title: hit.shared_tags for hit in hits}
    assert shared["Caption-Driven Sculpture in Minutes"] == ("Text23D",)
    assert shared["声を分ける注意機構"] == ()


def test_without_evidence_the_hits_are_the_same(library: Library) -> None:
    for paper in library.papers():
        bare = library.similar(paper.paper, 10, evidence=False)
        assert bare == tuple(replace(hit, evidence=()) for hit in library.similar(paper.paper, 10))
    whole, bare = library.search("mesh", 5), library.search("mesh", 5, evidence=False)
    assert bare == tuple(replace(hit, evidence=()) for hit in whole)
    assert any(hit.evidence for hit in whole)
    (_, first), *_ = library.similar_all(3, evidence=False)
    assert first
    assert not any(hit.evidence for hit in first)


@pytest.mark.parametrize("k", [0, -1])
def test_no_papers_cannot_be_asked_for(library: Library, k: int) -> None:
    with pytest.raises(ConfigError):
        library.similar("Text to Mesh", k=k)
    with pytest.raises(ConfigError):
        library.search("mesh", k=k)
    with pytest.raises(ConfigError):
        library.suggest_tags("Text to Mesh", TagOptions(k=k))


# --- search -------------------------------------------------------------------------------------


def test_search_holds_the_same_promises(library: Library) -> None:
    listing = library.papers()
    details = {d.paper.id: d for d in listing}
    for filters, by in itertools.product([Filters(), Filters(paths=("2023*",))], KINDS[:3]):
        hits = library.search("a mesh from a caption", k=100, by=by, filters=filters)
        assert set(ids(hits)) == matching(listing, "", by, filters)
        check(hits, details, by)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("separate one speaker's voice from a recording of several", "声を分ける注意機構"),
        ("few photos, floating artefacts in a radiance field", "Rays and Fields"),
        ("从一句话生成三维网格", "Caption-Driven Sculpture"),
        ("多言語の質問から別の言語の文章を探す", "Finding Passages across Languages"),
    ],
)
def test_search_crosses_languages(library: Library, text: str, title: str) -> None:
    assert any(hit.paper.title.startswith(title) for hit in library.search(text, k=2))


@pytest.mark.parametrize("text", ["", "  \n\t"])
def test_nothing_to_search_for(library: Library, text: str) -> None:
    with pytest.raises(LookupFailedError, match="papersim search"):
        library.search(text)


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "#", "🙂", "x" * 100_000, "wörd " * 3000])
def test_odd_texts_are_searched_for_like_others(library: Library, text: str) -> None:
    assert len(library.search(text, k=3)) == 3


# --- lookup through the library -----------------------------------------------------------------


def test_a_paper_by_the_path_of_its_note(small: Vault, cli: Cli, tmp_path: Path) -> None:
    """As the shell completes it, from wherever it stands."""
    library = small.open()
    paper = library.find("Small Adapters")
    assert library.find("reading/adapters.md") == paper
    assert library.find(str(small.notes / "reading/adapters.md")) == paper
    assert library.find(f"{small.notes}/reading/../reading/adapters.md") == paper
    place = f"{small.notes / '20230210.md'}#text to mesh"
    assert library.find(place) == library.find("Text to Mesh")


@pytest.mark.parametrize("text", ["x" * 5000, "论" * 300 + ".md", "a\0b.md", "~", "/", "."])
def test_a_text_that_cannot_be_a_path_is_no_paper(small: Vault, text: str) -> None:
    library = small.open()
    with pytest.raises(LookupFailedError, match="papersim papers"):
        library.find(text)
    with pytest.raises(LookupFailedError, match="papersim papers"):
        library.suggest_tags(text)


# --- tags ---------------------------------------------------------------------------------------


def tags_of(found: Suggestions) -> dict[str, float]:
    return {s.tag: s.confidence for s in found.suggestions}


def test_suggestions_are_what_they_promise(large: Library) -> None:
    papers = {d.paper.id: d.paper for d in large.papers()}
    texts = {
        d.paper.id: "\n".join([d.paper.title, *(plain_text(s.text) for s in d.sections)])
        for d in large.papers()
    }
    in_use = {count.tag for count in large.tags()}
    everything = TagOptions(k=100, min_confidence=0.0)
    for found in large.suggest_tags_all(everything):
        own = {tag_key(tag) for tag in found.paper.tags}
        confidences = [s.confidence for s in found.suggestions]
        assert confidences == sorted(confidences, reverse=True)
        for s in found.suggestions:
            assert 0 <= s.confidence <= 1
            assert s.tag in in_use
            assert tag_key(s.tag) not in own
            for reason in s.reasons:
                assert found.paper.id not in reason.papers, "a paper is no evidence for itself"
                assert all(s.tag in papers[p].tags for p in reason.papers)
                assert reason.quote is None or reason.quote in texts[found.paper.id]


def test_k_and_confidence_cut(library: Library) -> None:
    everything = library.suggest_tags("Text to Mesh", TagOptions(k=100, min_confidence=0.0))[0]
    for k in (1, 3):
        few = library.suggest_tags("Text to Mesh", TagOptions(k=k, min_confidence=0.0))[0]
        assert few.suggestions == everything.suggestions[:k]
    sure = library.suggest_tags("Text to Mesh", TagOptions(k=100, min_confidence=0.2))[0]
    assert sure.suggestions == tuple(s for s in everything.suggestions if s.confidence >= 0.2)
    none = library.suggest_tags("Text to Mesh", TagOptions(min_confidence=1.0))[0]
    assert all(s.confidence == 1.0 for s in none.suggestions)


@pytest.mark.parametrize(
    "title",
    [
        "Text to Mesh: Sculpting Shapes from Captions",
        "Caption-Driven Sculpture in Minutes",
        "Contrast Without Labels: Sentence Vectors from Dropout",
        "Splats in Motion",
        "Rank-One Updates Are Enough",
        "Small Adapters for Large Models",
        "声を分ける注意機構",
    ],
)
def test_own_tags_are_never_evidence(vault: Vault, tmp_path: Path, title: str) -> None:
    """As untagged, an indexed paper gets what its note without tags gets outside the vault.

    Inline hashtags, tag lines and headers are all taken out of the note; papers without text,
    whose own passage holds their tags, are among those asked about.
    """
    library = vault.open()
    paper = library.find(title)
    everything = TagOptions(k=100, min_confidence=0.0, as_untagged=True)
    inside = next(s for s in library.suggest_tags(paper.id, everything))
    text = SMALL_VAULT[paper.note]
    lines = [
        line
        for line in text.splitlines(keepends=True)
        if not line.startswith(("#", "tags:")) or line.startswith(("# ", "## ", "### "))
    ]
    outside = tmp_path / paper.note.rsplit("/", 1)[-1]
    outside.write_text("".join(lines), "utf-8")
    found = {f.paper.title: f for f in library.suggest_tags(str(outside), everything)}[title]
    assert found.paper.tags == ()
    assert tags_of(found) == pytest.approx(tags_of(inside), abs=0.01)


def test_a_tag_written_into_the_text_is_no_evidence_either(vault: Vault, tmp_path: Path) -> None:
    """A hashtag in the middle of a sentence is the answer, not a hint."""
    body = "## Shelves for Small Rooms\n- **Method**: boards are cut to measure{} and hung.\n"
    vault.write("20230601.md", body.format(" #PEFT"))
    vault.update()
    everything = TagOptions(k=100, min_confidence=0.0, as_untagged=True)
    tagged = vault.open().suggest_tags("Shelves for Small Rooms", everything)[0]
    (tmp_path / "plain.md").write_text(body.format(""), "utf-8")
    plain = vault.open().suggest_tags(str(tmp_path / "plain.md"), everything)[0]
    assert tags_of(tagged).get("PEFT", 0) == pytest.approx(tags_of(plain).get("PEFT", 0), abs=0.1)
    sources = [r.source for s in tagged.suggestions if s.tag == "PEFT" for r in s.reasons]
    assert "words" not in sources


def test_tags_of_a_second_note_without_text_are_no_evidence(vault: Vault) -> None:
    """The bare mention of a paper in another note is embedded with its tags; they stay out."""
    everything = TagOptions(k=100, min_confidence=0.0, as_untagged=True)
    title = "Text to Mesh: Sculpting Shapes from Captions"
    vault.write("20230601.md", f"## {title}\n")
    vault.update()
    bare = tags_of(vault.open().suggest_tags(title, everything)[0])
    vault.write("20230601.md", f"## {title}\n#音声 #PEFT #view_synthesis\n")
    vault.update()
    tagged = tags_of(vault.open().suggest_tags(title, everything)[0])
    assert tagged == pytest.approx(bare, abs=0.06)  # the means of the languages move a little


def test_a_tag_that_only_the_paper_itself_has_is_not_suggested_to_it(library: Library) -> None:
    everything = TagOptions(k=100, min_confidence=0.0, as_untagged=True)
    found = library.suggest_tags("Rays and Fields", everything)[0]
    assert "sparse_input" not in tags_of(found)


def test_a_note_gets_suggestions_for_each_of_its_papers(small: Vault, tmp_path: Path) -> None:
    library = small.open()
    for name in ("20230210.md", str(small.notes / "20230210.md")):
        assert [s.paper.note for s in library.suggest_tags(name)] == ["20230210.md"] * 2


def test_a_note_outside_with_the_name_of_one_inside(
    small: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every daily note of another vault has a name that this one may have too."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "20230210.md").write_text("## A Paper from Elsewhere\nAbout sound.\n")
    for name in ("20230210.md", str(tmp_path / "20230210.md")):
        found = small.open().suggest_tags(name)
        assert [s.paper.title for s in found] == ["A Paper from Elsewhere"]
        assert found[0].paper.id == ""


def test_a_new_note_inside_needs_no_index_run(vault: Vault) -> None:
    file = vault.write("sub/new.md", "## Text to 3D from Words\nA mesh is carved from a caption.\n")
    (found,) = vault.open().suggest_tags(str(file), TagOptions(min_confidence=0.2))
    assert (found.paper.title, found.paper.note) == ("Text to 3D from Words", "sub/new.md")
    assert "Text23D" in tags_of(found)


def test_of_tags_that_look_alike_only_the_one_to_keep_is_suggested(empty: Vault) -> None:
    """Nor is it suggested where the paper has the other: that would spell one tag two ways."""
    topics = {"image_editing": "strokes repaint photographs", "speech": "voices are separated"}
    places = [
        "kitchens",
        "ports",
        "forests",
        "mines",
        "schools",
        "villages",
        "trains",
        "towers",
        "gardens",
        "deserts",
    ]
    for place in places:
        for tag, text in topics.items():
            slip = (tag, place) == ("image_editing", "ports")
            note = f"# In {place} {text}\n#{'image_editting' if slip else tag}\n\n"
            empty.write(f"{tag}-{place}.md", f"{note}## Method\nAcross {place} {text} by hand.\n")
    empty.write("new.md", "# A Brush\n\n## Method\nWith a brush strokes repaint photographs.\n")
    empty.update()
    everything = TagOptions(k=50, min_confidence=0.0)
    found = {f.paper.note: f.suggestions for f in empty.open().suggest_tags_all(everything)}
    assert found["new.md"][0].tag == "image_editing"
    told = {one.tag for suggestions in found.values() for one in suggestions}
    assert told == {"image_editing", "speech"}
    assert [one.tag for one in found["image_editing-ports.md"]] == ["speech"]


def test_a_tag_that_waits_for_the_rest_of_its_name_is_not_suggested(empty: Vault) -> None:
    """Templates leave ``topic/``; it is read as it is written, and spreads no further."""
    for place in ("kitchens", "ports", "forests", "mines", "schools"):
        empty.write(
            f"{place}.md",
            f"---\ntitle: Echoes of {place}\ntags: [sound/, acoustics]\n---\n"
            f"## Method\nIn {place} a microphone records the echo of a clap.\n",
        )
    empty.write("new.md", "# Echoes of Towers\n\n## Method\nIn towers a clap has an echo.\n")
    empty.update()
    library = empty.open()
    assert {tag.tag for tag in library.tags()} == {"sound/", "acoustics"}
    (found,) = library.suggest_tags("new.md", TagOptions(k=50, min_confidence=0.0))
    assert [one.tag for one in found.suggestions] == ["acoustics"]


def test_where_no_paper_has_a_tag_new_ones_are_proposed(empty: Vault) -> None:
    empty.write(
        "one.md",
        "# Gaussian Splatting for Street Scenes\n\n## Method\nGaussian splatting renders streets. "
        "With gaussian splatting a car is seen from everywhere.\n",
    )
    empty.write("two.md", "# Bells of Bronze\n\n## Method\nA bell is struck and recorded.\n")
    empty.update()
    (found,) = empty.open().suggest_tags("one.md")
    assert found.suggestions == ()
    assert found.guess
    assert "splatting" in found.new_tags[0].tag.casefold()


def test_opinion_tags_are_never_suggested(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    (vault.root / "papersim.toml").write_text('opinion-tags = ["text23d", "#PEFT"]\n')
    monkeypatch.chdir(vault.root)
    everything = TagOptions(k=100, min_confidence=0.0, as_untagged=True)
    for found in vault.open().suggest_tags_all(everything):
        assert not {"Text23D", "PEFT"} & tags_of(found).keys()


@pytest.mark.parametrize("text", ["", "\n\n", "{{title}}"])
def test_a_text_without_a_paper(library: Library, text: str) -> None:
    with pytest.raises(LookupFailedError, match="holds no paper"):
        library.suggest_tags_for_text(text)


def test_an_outside_note_that_is_not_utf8(library: Library, tmp_path: Path) -> None:
    (tmp_path / "latin.md").write_bytes("## Café\n".encode("latin-1"))
    with pytest.raises(VaultError, match="UTF-8"):
        library.suggest_tags(str(tmp_path / "latin.md"))


# --- which index --------------------------------------------------------------------------------


def test_without_an_index_notes_are_listed_and_questions_refused(empty: Vault) -> None:
    empty.write("a.md", SMALL_VAULT["20230210.md"])
    library = empty.open()
    assert len(library.papers()) == 2
    assert {t.tag for t in library.tags()} == {"Text23D", "diffusion", "sentence_embedding"}
    for ask in (
        lambda: library.similar("Text to Mesh"),
        lambda: library.search("mesh"),
        lambda: library.suggest_tags("a.md"),
        library.status,
    ):
        with pytest.raises(NoIndexError, match="run: papersim index"):
            ask()
    assert not empty.index.exists(), "asking creates nothing"


def test_the_index_of_other_notes_is_not_asked(small: Vault, empty: Vault) -> None:
    empty.write("a.md", SMALL_VAULT["20230210.md"])
    library = Library.open(empty.notes, small.index)
    with pytest.raises(OtherNotesError, match="papersim index"):
        library.similar("Text to Mesh")
    assert len(library.papers()) == 2, "listing reads the notes that were named"


def test_no_notes(tmp_path: Path) -> None:
    library = Library.open(tmp_path / "absent", tmp_path / "index")
    for ask in (library.index, library.papers, library.tags):
        with pytest.raises(PapersimError, match="--notes DIR"):
            ask()
    assert list(tmp_path.iterdir()) == []


def test_after_indexing_the_same_library_answers_anew(vault: Vault) -> None:
    library = vault.open()
    library.similar("Text to Mesh")
    vault.write("new.md", "## A Fresh Paper on Meshes\nMeshes again.\n")
    library.index()
    assert library.find("A Fresh Paper on Meshes").note == "new.md"
    assert library.status().up_to_date
