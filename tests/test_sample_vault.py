"""The vault that comes with papersim: what a newcomer sees first has to be good."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Vault
    from papersim import Library


@pytest.fixture(scope="module")
def library(sample: Vault) -> Library:
    return sample.open()


def test_it_is_large_and_mixed_enough_to_show_something(library: Library) -> None:
    details = library.papers()
    assert len(details) >= 45
    assert len({place.note for d in details for place in d.paper.places}) >= 14
    assert sum(count.count >= 4 for count in library.tags()) >= 5
    assert sum(not d.sections for d in details) >= 3, "some papers have only a title and tags"
    assert sum(not d.paper.tags for d in details) >= 3, "some papers have no tags yet"
    assert sum(len(d.paper.places) > 1 for d in details) >= 1, "one paper is noted twice"
    languages = Counter(s.language for d in details for s in d.sections)
    assert {"zh", "en", "ja"} <= languages.keys()
    assert all(d.paper.date for d in details)
    assert library.status().up_to_date


def test_nothing_in_it_is_skipped(sample: Vault) -> None:
    report = sample.update()
    assert report.skipped == ()
    assert report.embedded == 0


def test_dreamfusion_brings_text_to_3d_first(library: Library) -> None:
    titles = [hit.paper.title for hit in library.similar("DreamFusion", k=5)]
    about = (
        "Text-to-3D",
        "3D GENERATION",
        "3D Generation",
        "Gaussian",
        "Image to 3D",
        "DreamBooth3D",
    )
    assert all(any(word in title for word in about) for title in titles[:4]), titles


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (
            "edit only a part of a scene made of 3D Gaussians by a text instruction",
            "GaussianEditor",
        ),
        (
            "sentence embeddings trained on weakly supervised text pairs",
            "Text Embeddings by Weakly",
        ),
        (
            "zero-shot dense retrieval with a hypothetical document, no relevance labels",
            "Precise Zero",
        ),
        ("low-rank adaptation of a large language model", "LoRA"),
    ],
)
def test_an_english_question_finds_the_chinese_note(
    library: Library, text: str, title: str
) -> None:
    assert any(hit.paper.title.startswith(title) for hit in library.search(text, k=3))


def test_papers_without_text_are_not_alike_for_being_empty(library: Library) -> None:
    """Their passages are all short; that must not make them each other's neighbours."""
    bare = {d.paper.id: d.paper for d in library.papers() if not d.sections}
    first = {paper: library.similar(paper, k=1)[0].paper.id for paper in bare}
    for paper, other in first.items():
        if first.get(other) == paper:
            assert set(bare[paper].tags) & set(bare[other].tags), bare[paper].title


def test_every_paper_has_neighbours_with_evidence(library: Library) -> None:
    bare = {d.paper.id for d in library.papers() if not d.sections}
    for paper, hits in library.similar_all(k=3):
        assert len(hits) == 3
        for hit in hits:
            assert hit.evidence or hit.paper.id in bare, (paper.title, hit.paper.title)


def test_untagged_papers_get_sensible_tags(library: Library) -> None:
    found = library.suggest_tags("SDEdit")[0]
    assert {s.tag for s in found.suggestions} & {"image_editing", "diffusion"}
