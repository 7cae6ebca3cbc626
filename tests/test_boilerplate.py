"""Boilerplate: what a template writes into every note is shown, and embedded in none."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import Cli, Vault, content
from papersim.notes.boilerplate import LEAST_COUNT, is_boilerplate, keyed_lines, without_boilerplate
from papersim.notes.plain import plain_text

TEMPLATE = "This note was written by a machine and checked by nobody at all."
TOPICS = {
    "Splats": "Every scene is a cloud of coloured blobs that are sorted and drawn.",
    "Voices": "One speaker is taken out of a noisy mixture by her voice.",
    "Adapters": "Two thin layers per block are all that is trained.",
    "Retrieval": "Questions find passages in other languages.",
    "Meshes": "A caption pulls the corners of a mesh into place.",
    "Frames": "A clip is filled in between its first and its last picture.",
}


def put(vault: Vault, *names: str, template: str = TEMPLATE) -> None:
    for name in names:
        vault.write(f"{name}.md", f"# On {name}\n\n- **Method**: {TOPICS[name]}\n{template}\n")


def embedded(vault: Vault) -> dict[str, set[bytes]]:
    """Return by note the digests of the texts that are embedded for it."""
    found: dict[str, set[bytes]] = {}
    for row in content(vault)["passages"]:
        digest = row[5]
        assert isinstance(digest, bytes)
        found.setdefault(str(row[0]), set()).add(digest)
    return found


def digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def is_clean(vault: Vault, name: str) -> bool:
    """Return whether what is embedded of a note is its own words, and not the template's."""
    own = digest(f"On {name}\nMethod: {TOPICS[name]}")
    with_template = digest(f"On {name}\nMethod: {TOPICS[name]}\n{TEMPLATE}")
    (found,) = embedded(vault)[f"{name}.md"]
    assert found in {own, with_template}
    return found == own


def as_fresh(vault: Vault) -> bool:
    """Return whether the index holds what one made anew of the same notes would."""
    fresh = Vault(vault.root / "again")
    for note in vault.notes.iterdir():
        fresh.write(note.name, note.read_bytes())
    for old in fresh.notes.iterdir():
        if not (vault.notes / old.name).exists():
            old.unlink()
    fresh.update(full=True)
    boilerplate = []
    for one in (vault, fresh):
        store = one.store()
        boilerplate.append(store.boilerplate())
        store.close()
    return content(vault) == content(fresh) and boilerplate[0] == boilerplate[1]


def test_it_comes_and_goes_with_the_notes(empty: Vault, cli: Cli) -> None:
    """The fifth note makes the sentence boilerplate in the four others, which did not change.

    An index that judged only what was just read would hold other vectors than a fresh one,
    and the answers would depend on the order in which notes were written.
    """
    four = list(TOPICS)[:4]
    put(empty, *four)
    empty.update()
    assert not any(is_clean(empty, name) for name in four), "four times may be chance"
    assert empty.open().doctor() == ()

    fifth = list(TOPICS)[4]
    put(empty, fifth)
    report = empty.update()
    assert (report.added, report.unchanged) == (1, 4)
    assert all(is_clean(empty, name) for name in (*four, fifth))
    assert as_fresh(empty)

    # Shown it is all the same: the note is the user's.
    papers = cli.at(empty, "papers", "--json").json["papers"]
    assert len(papers) == 5
    for paper in papers:
        assert TEMPLATE in "\n".join(section["text"] for section in paper["sections"])

    # The doctor names it, so that nobody has to wonder where a sentence went.
    (finding,) = cli.at(empty, "doctor", "--json").json["findings"]
    assert (finding["kind"], finding["subject"]) == ("boilerplate", TEMPLATE)
    assert "5" in finding["detail"]
    assert TEMPLATE[:20] in cli.at(empty, "doctor").out

    (empty.notes / f"{fifth}.md").unlink()
    report = empty.update()
    assert report.embedded == 0, "the old texts' vectors were kept"
    assert not any(is_clean(empty, name) for name in four)
    assert as_fresh(empty)


def test_a_rewritten_note_counts_no_more(empty: Vault) -> None:
    names = list(TOPICS)[:5]
    put(empty, *names)
    empty.update()
    assert is_clean(empty, names[0])
    put(empty, names[4], template="I read this one myself, twice.")
    empty.update()
    assert not any(is_clean(empty, name) for name in names[:4])
    assert as_fresh(empty)


def test_a_template_does_not_make_notes_alike_by_its_words(empty: Vault) -> None:
    """The lexical side, too: five notes share twenty words, two are about one thing."""
    prompt = (
        "Please summarise the following manuscript in plain words for a general audience, "
        "keeping every number, and mention the strengths, the weaknesses and open questions."
    )
    put(empty, *TOPICS, template=prompt)
    empty.write("More.md", "# Meshes from Captions\n\nA caption moves the corners of a mesh.\n")
    empty.update()
    found = empty.open().similar("On Meshes", k=1)
    assert found[0].paper.title == "Meshes from Captions"
    from papersim.index.derived import Derived

    store = empty.store()
    derived = Derived.load(empty.index, store.generation, store.meta("fingerprint"))
    store.close()
    assert derived is not None
    assert not derived.corpus.lexical.scores_of_text("manuscript audience weaknesses").any()
    assert derived.corpus.lexical.scores_of_text("caption").any()


# --- what counts as a line -------------------------------------------------------------------


def key(text: str) -> int:
    (found,) = {k for k, _ in keyed_lines(text)}
    return found


def test_a_sentence_needs_five_papers_and_a_phrase_more() -> None:
    """The name of a field stands in many papers because they are about it."""
    sentence, phrase = key(TEMPLATE), key("Novel view synthesis from sparse photos")
    for entries in (5, 40, 1000):
        assert is_boilerplate(sentence, LEAST_COUNT, entries)
        assert not is_boilerplate(sentence, LEAST_COUNT - 1, entries)
        assert not is_boilerplate(phrase, 9, entries)
    assert is_boilerplate(phrase, 10, 40)
    assert not is_boilerplate(phrase, 10, 1000)
    assert is_boilerplate(phrase, 200, 1000)


def test_digits_and_markup_do_not_hide_a_template() -> None:
    assert key("Generated on 2023-01-05 at 10:30.") == key("- *Generated* on 2024-12-31 at 9:59.")


@pytest.mark.parametrize("text", ["", "ok.", "见下。", "$$", "![a](b.png)"])
def test_what_is_too_short_is_never_boilerplate(text: str) -> None:
    assert list(keyed_lines(text)) == []


def test_a_sentence_within_a_line_is_taken_out_alone() -> None:
    text = f"{TOPICS['Splats']} {TEMPLATE} It is fast."
    assert without_boilerplate(text, {key(TEMPLATE)}) == f"{TOPICS['Splats']} It is fast."
    chinese = "本文提出一种新的方法。详见论文全文，此处从略。效果很好。"
    assert without_boilerplate(chinese, {key("详见论文全文，此处从略。")}) == (
        "本文提出一种新的方法。效果很好。"
    )


@given(st.lists(st.sampled_from([*TOPICS.values(), TEMPLATE, "Short.", "\n"]), max_size=8))
def test_without_any_boilerplate_nothing_is_lost(parts: list[str]) -> None:
    """Only what was recognised goes; the words of all other lines stay, in order."""
    text = " ".join(parts)
    assert without_boilerplate(text, ()) == plain_text(text)
    assert without_boilerplate(text, {1}) == plain_text(text)
    assert TEMPLATE not in without_boilerplate(text, {key(TEMPLATE)})
