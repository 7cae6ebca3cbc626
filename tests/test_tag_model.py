"""The tag model in the index folder: it may be lost at any time, and is made again by itself."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from conftest import Vault
from papersim.index.tag_model import load_tag_model
from papersim.tag_options import TagOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Cli

ALL = TagOptions(k=50, min_confidence=0.0, as_untagged=True)
Found = dict[str, list[tuple[str, float]]]


def suggested(vault: Vault, messages: list[str] | None = None) -> Found:
    """Return all that is suggested for every paper, as if none had tags, by title."""
    library = vault.open((messages if messages is not None else []).append)
    return {
        found.paper.title: [(one.tag, one.confidence) for one in found.suggestions]
        for found in library.suggest_tags_all(ALL)
    }


def manifest(vault: Vault) -> Path:
    return vault.index / "tag-model.json"


def arrays(vault: Vault) -> Path:
    (found,) = vault.index.glob("tag-model-*")
    return found


def rewritten(vault: Vault, **changes: object) -> None:
    data = json.loads(manifest(vault).read_bytes())
    manifest(vault).write_text(json.dumps({**data, **changes}))


def lost(vault: Vault) -> None:
    for path in vault.index.glob("tag-model*"):
        path.unlink()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path: Path, place: float) -> None:
    data = bytearray(path.read_bytes())
    data[int(place * (len(data) - 1))] ^= 0xFF
    path.write_bytes(data)


def without_its_papers(vault: Vault) -> None:
    """Let each term stand in a paper that is not there; size and head stay as they are."""
    store = vault.store()
    model, _ = load_tag_model(vault.index, store)
    store.close()
    assert model is not None
    rows, file = model.texts.rows.tobytes(), arrays(vault)
    data = file.read_bytes()
    assert data.count(rows) == 1
    file.write_bytes(data.replace(rows, b"\xff\xff\xff\x7f" * (len(rows) // 4)))


DAMAGES: dict[str, Callable[[Vault], object]] = {
    "nothing left": lost,
    "no manifest": lambda v: manifest(v).unlink(),
    "no arrays": lambda v: arrays(v).unlink(),
    "a manifest that is no JSON": lambda v: manifest(v).write_bytes(b"\xff{"),
    "a manifest of another shape": lambda v: manifest(v).write_text("[1]"),
    "a manifest with a list of files": lambda v: rewritten(v, files=["tag-model-1.arrays"]),
    "an older generation": lambda v: rewritten(v, generation=0),
    "another format": lambda v: rewritten(v, format=0),
    "arrays cut short": lambda v: cut(arrays(v)),
    "empty arrays": lambda v: arrays(v).write_bytes(b""),
    "a flipped byte at the start": lambda v: flip(arrays(v), 0),
    "a flipped byte in the head": lambda v: flip(arrays(v), 0.0005),
    "terms of papers that are not there": without_its_papers,
}


@pytest.fixture(scope="module")
def healing(small: Vault, tmp_path_factory: pytest.TempPathFactory) -> tuple[Vault, Found]:
    """Return a vault whose model may be damaged, since each asking heals it, and its answers."""
    copy = Vault(tmp_path_factory.mktemp("healing") / "vault")
    shutil.copytree(small.root, copy.root)
    copy.update()
    return copy, suggested(copy)


@pytest.mark.parametrize("damage", DAMAGES)
def test_whatever_is_lost_is_made_again(healing: tuple[Vault, Found], damage: str) -> None:
    """From the index alone, once, with a word to the user, and with the same answers."""
    vault, before = healing
    assert any(before.values())
    DAMAGES[damage](vault)
    messages: list[str] = []
    assert suggested(vault, messages) == before
    assert messages == ["the tag model is made again from the notes' tags"]
    store = vault.store()
    assert load_tag_model(vault.index, store)[1], "it was kept"
    store.close()


def test_indexing_makes_it_again_too(vault: Vault) -> None:
    before = suggested(vault)
    arrays(vault).unlink()
    vault.update()
    messages: list[str] = []
    assert suggested(vault, messages) == before
    assert messages == []


def test_a_folder_that_cannot_be_written_still_answers(vault: Vault) -> None:
    before = suggested(vault)
    manifest(vault).unlink()
    # So that the manifest cannot be put in place, even by root.
    manifest(vault).with_name("tag-model-coming.json").mkdir()
    messages: list[str] = []
    assert suggested(vault, messages) == before
    assert any("could not be kept" in message for message in messages)


def test_old_models_go(vault: Vault) -> None:
    for number in range(3):
        vault.write("more.md", f"# One More Paper\n#PEFT\n\nIt says {number}.\n")
        vault.update()
    assert len(list(vault.index.glob("tag-model-*"))) == 1
    assert "One More Paper" in suggested(vault)


def test_it_is_asked_without_the_encoder(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the model has to be made again, and for papers without text."""
    before = suggested(vault)
    arrays(vault).unlink()
    monkeypatch.setattr("papersim.encode.model.Model.load", lambda _: pytest.fail("loaded"))
    assert suggested(vault) == before
    (found,) = vault.open().suggest_tags("Text to Mesh")
    assert found.paper.title.startswith("Text to Mesh")


def test_what_is_asked_changes_nothing_on_disk(vault: Vault) -> None:
    before = {path: path.read_bytes() for path in vault.index.glob("tag-model*")}
    assert len(before) == 2
    first, second = suggested(vault), suggested(vault)
    assert first == second
    assert {path: path.read_bytes() for path in vault.index.glob("tag-model*")} == before


def test_indexing_twice_makes_the_same_model(vault: Vault) -> None:
    """To the byte: nothing in it hangs on chance, on time or on how the index came about."""
    before = arrays(vault).read_bytes()
    arrays(vault).unlink()
    vault.update()
    assert arrays(vault).read_bytes() == before


def test_papers_of_boilerplate_alone_teach_by_their_titles(empty: Vault) -> None:
    """Their sections are there, but nothing in them is embedded."""
    for number in range(24):
        tag = ("sound", "light")[number % 2]
        text = "To be read one day, and to be summed up here in a few words."
        empty.write(f"{number}.md", f"# {tag} study {number}\n#{tag}\n\n## Method\n{text}\n")
    empty.update()
    messages: list[str] = []
    found = suggested(empty, messages)
    assert messages == []
    assert found["sound study 2"][0][0] == "sound"


# --- large vaults ---------------------------------------------------------------------------------


PLACES = (
    "kitchens", "ports", "forests", "mines", "schools", "villages", "trains", "towers", "gardens",
    "deserts", "harbours", "stables",
)  # fmt: skip


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch, empty: Vault) -> Vault:
    """Return a vault of 24 papers where so many are called many, of which two may change."""
    monkeypatch.setattr("papersim.index.tag_model._MANY", 20)
    monkeypatch.setattr("papersim.index.tag_model._MOST_CHANGED", 0.1)
    for place in PLACES:
        for tag, text in (("sound", "an echo comes back"), ("light", "a ray is bent")):
            title = f"# {tag.title()} in {place}\n#{tag}\n\n"
            empty.write(f"{tag}-{place}.md", f"{title}## Method\nIn {place} {text}.\n")
    empty.update()
    return empty


def untouched(file: Path) -> tuple[int, int, int]:
    """Return what differs where a file was written; reading it changes the time of that."""
    stat = file.stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def test_where_hardly_anything_changed_the_model_goes_on_serving(large: Vault) -> None:
    file, before = arrays(large), untouched(arrays(large))
    large.write("new.md", "# A new echo\n#sound\n\n## Method\nIt tells of an echo in a hall.\n")
    (large.notes / "light-ports.md").unlink()
    large.update()
    assert arrays(large) == file
    assert untouched(arrays(large)) == before
    messages: list[str] = []
    found = suggested(large, messages)
    assert messages == []
    assert found["A new echo"][0][0] == "sound"
    everything = large.open().suggest_tags_all(ALL)
    papers = {p for f in everything for s in f.suggestions for r in s.reasons for p in r.papers}
    known = {detail.paper.id for detail in large.open().papers()}
    assert papers <= known


def test_where_more_changed_it_is_fitted_anew(large: Vault) -> None:
    file = arrays(large)
    for number in range(3):
        large.write(f"new-{number}.md", f"# New {number}\n#sound\n\n## Method\nEcho {number}.\n")
    large.update()
    assert arrays(large) != file


def test_a_tag_that_is_gone_does_not_come_back(large: Vault) -> None:
    large.write("loud.md", "# Loud Echoes\n#loud\n\n## Method\nIt tells of an echo.\n")
    large.open().index(full=True)
    file = arrays(large)
    large.write("loud.md", "# Loud Echoes\n#sound\n\n## Method\nIt tells of an echo.\n")
    large.update()
    assert arrays(large) != file
    assert "loud" not in {tag for tags in suggested(large).values() for tag, _ in tags}


def test_indexing_in_full_fits_it_anew(large: Vault) -> None:
    before = arrays(large).stat().st_mtime_ns
    large.write("new.md", "# A new echo\n#sound\n\n## Method\nIt tells of an echo in a hall.\n")
    large.open().index(full=True)
    assert arrays(large).stat().st_mtime_ns != before


# --- vaults without tags --------------------------------------------------------------------------


@pytest.fixture
def tagless(empty: Vault) -> Vault:
    """Return a vault of two papers without a tag, indexed."""
    empty.write("one.md", "# Waves on a String\n\n## Method\nA string is plucked and filmed.\n")
    empty.write("two.md", "# Bells of Bronze\n\n## Method\nA bell is struck and recorded.\n")
    empty.update()
    return empty


def test_without_a_tag_nothing_is_suggested(tagless: Vault, cli: Cli) -> None:
    done = cli.at(tagless, "suggest-tags", "Waves on a String")
    assert done.code == 0, done.err
    assert "none" in done.out
    found = cli.at(tagless, "suggest-tags", "Waves on a String", "--json").json["papers"]
    assert [one["suggestions"] for one in found] == [[]]
    every = cli.at(tagless, "suggest-tags", "--all", "--json")
    assert every.code == 0
    assert [one["papers"][0]["suggestions"] for one in every.lines] == [[], []]


def test_that_there_is_no_model_is_kept_as_well(tagless: Vault) -> None:
    store = tagless.store()
    assert load_tag_model(tagless.index, store) == (None, True)
    store.close()
    messages: list[str] = []
    suggested(tagless, messages)
    assert messages == []
    manifest(tagless).unlink()
    suggested(tagless, messages)
    suggested(tagless, messages)
    assert len(messages) == 1


def test_the_first_tag_makes_a_model_and_the_last_to_go_takes_it(tagless: Vault) -> None:
    tagless.write("one.md", "# Waves on a String\n#waves\n\n## Method\nA string is plucked.\n")
    tagless.update()
    assert [tag for tag, _ in suggested(tagless)["Bells of Bronze"]] == ["waves"]
    assert suggested(tagless)["Waves on a String"] == [], "nobody else has it"
    tagless.write("one.md", "# Waves on a String\n\n## Method\nA string is plucked.\n")
    tagless.update()
    assert not any(suggested(tagless).values())
    assert not list(tagless.index.glob("tag-model-*.npz"))


def test_eval_says_that_there_is_nothing_to_measure_by(tagless: Vault, cli: Cli) -> None:
    done = cli.at(tagless, "eval")
    assert (done.code, done.out) == (1, "")
    assert len(done.err.splitlines()) == 1
    assert "tag some papers" in done.err


def test_an_empty_vault_has_no_model(empty: Vault) -> None:
    empty.update()
    store = empty.store()
    assert load_tag_model(empty.index, store) == (None, True)
    store.close()
    assert suggested(empty) == {}


# --- what a paper carries does not speak for it ---------------------------------------------------

RANK_ONE, ETUDE = "Rank-One Updates Are Enough", "Étude sur l’Émotion: Naïve Listeners"


@pytest.mark.parametrize("tags", ["#音声", "#音声 #LLM #diffusion"])
def test_the_tags_of_a_paper_without_text_do_not_speak_for_it(vault: Vault, tags: str) -> None:
    """As indexed, its only passage is its title with its tags."""
    before = suggested(vault)
    vault.write("20230401.md", f"## {RANK_ONE}\n{tags}\n\n## {ETUDE}\n#音声\n")
    vault.update()
    after = suggested(vault)
    assert len(after[RANK_ONE]) > 3
    # Its indexed passage has a part in the mean that vectors are centred by: a twelfth at most.
    assert dict(after[RANK_ONE]) == pytest.approx(dict(before[RANK_ONE]), abs=0.01)


@pytest.mark.parametrize("tags", ["[音声]", "[retrieval, 音声, diffusion]"])
def test_the_tags_of_a_paper_with_text_do_not_speak_for_it(vault: Vault, tags: str) -> None:
    title = "Small Adapters for Large Models"
    before = suggested(vault)
    note = vault.notes / "reading/adapters.md"
    # One tag of it stands on no other paper, and would go with it.
    text = note.read_text("utf-8").replace("tags: [PEFT, LLM]", f"tags: {tags}")
    vault.write("reading/adapters.md", text)
    vault.update()
    after = dict(suggested(vault)[title])
    held = {tag: sure for tag, sure in before[title] if tag in after}
    assert after == pytest.approx(held, abs=0.01)
    assert "PEFT" in after, "which the paper does not have any more, and another has"
