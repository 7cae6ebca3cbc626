"""A backlog tagged in bulk, in vaults of many forms: as the vault does it, and no tag more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from conftest import Vault

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conftest import Cli

APPLY = ("suggest-tags", "--untagged", "--apply", "--min-confidence", "0.02", "-k", "3")

TOPICS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("Neural Network", "back-propagation"): (
        "Layers of neurons are trained by back-propagation of the error.",
        "A neural network with more layers learns more slowly and generalises better.",
        "Weights of a neural network are pruned after training without loss.",
        "Hidden units of the network are dropped at random while it is trained.",
        "A deep network of neurons is trained layer by layer.",
    ),
    ("graph theory", "shortest path"): (
        "The shortest path between two vertices of a graph is found with a heap.",
        "Edges of a graph are coloured so that no vertex meets a colour twice.",
        "A shortest path tree of a planar graph is updated when an edge goes.",
        "Every sparse graph has vertices of small degree, and paths between them.",
        "Vertices and edges of a graph are removed until no path is left.",
    ),
    ("speech", "noise removal"): (
        "The voice of one speaker is separated from the noise of a street.",
        "Speech is recognised in spite of noise by masking the spectrogram.",
        "Noise removal for hearing aids keeps the consonants of speech.",
        "Microphones in an array hear speech and cancel the noise between them.",
        "Spoken words in a noisy recording are made audible again.",
    ),
}
"""Two tags, which the first three of the sentences have; the others wait for theirs."""


@dataclass(frozen=True)
class Manner:
    """A vault's habit: notes with ``TAGS`` on the lines that are left out where there is no slot.

    ``one`` and ``between`` say how tags are written, ``empty`` is what stands there without any.
    """

    note: str
    slot: str
    one: str = "{}"
    between: str = ", "
    empty: str = ""
    empty_slot: bool = True
    always_slot: bool = False

    def text(self, number: int, sentence: str, tags: Sequence[str] | None) -> str:
        """Return a note with these tags, with an empty slot for none, without one for None."""
        words = (self.one.format(tag) for tag in tags or ())
        # A page with a name of one word needs no brackets in Logseq's hashtags.
        links = (w if " " in w or w[0] != "#" else f"#{w.strip('#[]')}" for w in words)
        written = self.between.join(links) or self.empty
        slot = "" if tags is None else self.slot.replace("TAGS", written)
        return self.note.format(title=f"Study number {number}", text=sentence, slot=slot)


FIELDS = "# Paper\n\n* **Title**: {title}\n* **Authors**: Ada Muster\n{slot}* **Year**: 2014\n\n"
MANNERS = {
    "comma field": Manner(FIELDS + "# Summary\n\n* What\n  * {text}\n", "* **Tags**: TAGS\n"),
    "field without blank": Manner(FIELDS + "# Summary\n\n{text}\n", "* **Tags**:TAGS\n"),
    "plain field": Manner("# {title}\n{slot}Year: 2014\n\n{text}\n", "Tags: TAGS\n"),
    "backticks": Manner(
        "# {title}\n\n> **作者**：甲\n{slot}\n{text}\n", "> **标签**：TAGS\n", "`{}`", " "
    ),
    "links": Manner(
        "# {title}\n\n- Authors: Ada Muster\n{slot}\n{text}\n", "- Keywords: TAGS\n", "[[{}]]"
    ),
    "YAML flow list": Manner(
        "---\ntitle: {title}\n{slot}---\n\n{text}\n", "tags: [TAGS]\n"
    ),
    "YAML key without value": Manner(
        "---\ntitle: {title}\n{slot}---\n\n{text}\n", "tags:TAGS\n", "\n  - {}", ""
    ),
    "YAML null": Manner(
        "---\ntitle: {title}\n{slot}---\n\n{text}\n", "keywords: TAGS\n", empty="null"
    ),
    "YAML quoted": Manner(
        "---\ntitle: {title}\n{slot}---\n\n{text}\n", "tags: [TAGS]\n", '"{}"'
    ),
    "no other header": Manner(
        "{slot}# {title}\n\n{text}\n", "---\ntags: [TAGS]\n---\n", empty_slot=False
    ),
    "Logseq links": Manner("title:: {title}\n{slot}\n- {text}\n", "tags:: TAGS\n", "[[{}]]"),
    "Logseq words": Manner("title:: {title}\n{slot}\n- {text}\n", "tags:: TAGS\n"),
    "Logseq hashtags": Manner("title:: {title}\n{slot}\n- {text}\n", "tags:: TAGS\n", "#[[{}]]"),
    "list at the end": Manner(
        "# {title}\n\n{text}\n{slot}", "\n## KeywordsTAGS\n", "\n- {}", ""
    ),
    "table": Manner(
        "# {title}\n\n| Item | Value |\n|---|---|\n| Year | 2014 |\n| Tags |{slot} |\n\n{text}\n",
        "TAGS",
        " {}",
        ",",
        always_slot=True,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Backlog:
    """A vault of notes in one manner; ``waiting`` are those without tags, by their paths."""

    vault: Vault
    manner: Manner
    waiting: dict[str, tuple[int, str]]

    def held(self) -> dict[str, bytes]:
        """Return what the notes hold."""
        return {str(p.relative_to(self.vault.notes)): p.read_bytes() for p in self.files()}

    def files(self) -> list[Path]:
        """Return the notes."""
        return sorted(self.vault.notes.rglob("*.md"))

    def tags(self) -> set[str]:
        """Return the tags in use, as written."""
        self.vault.update()
        return {tag.tag for tag in self.vault.open().tags()}


def backlog(
    root: Path,
    manner: Manner,
    ending: str = "\n",
    topics: dict[tuple[str, ...], tuple[str, ...]] = TOPICS,
) -> Backlog:
    """Return a vault where three of five papers on each topic have tags.

    Of the others the first has an empty slot for them and the second none.
    """
    made, waiting, number = Vault(root), {}, 0
    for tags, sentences in topics.items():
        for place, sentence in enumerate(sentences):
            number += 1
            path = f"{number:02}.md"
            tagged = place < 3
            slot = (place == 3 and manner.empty_slot) or manner.always_slot
            given = tags[: 2 - place % 2] if tagged else () if slot else None
            text = manner.text(number, sentence, given)
            made.write(path, text.replace("\n", ending))
            if not tagged:
                waiting[path] = (number, sentence)
    made.update()
    return Backlog(made, manner, waiting)


@pytest.mark.parametrize("name", MANNERS)
def test_tags_are_written_as_the_vault_has_them(cli: Cli, tmp_path: Path, name: str) -> None:
    """Each note is then, byte for byte, as if its owner had tagged it; and undo gives it back."""
    ending = "\r\n" if name in {"links", "YAML quoted"} else "\n"
    made = backlog(tmp_path / "vault", MANNERS[name], ending)
    before, tags = made.held(), made.tags()
    assert tags == {tag for topic in TOPICS for tag in topic}
    done = cli.at(made.vault, *APPLY, "--json")
    assert (done.code, done.err) == (0, "")
    suggested = {
        one["papers"][0]["paper"]["note"]: [s["tag"] for s in one["papers"][0]["suggestions"]]
        for one in done.lines[:-1]
    }
    assert suggested.keys() == made.waiting.keys()
    after = made.held()
    for path, (number, sentence) in made.waiting.items():
        assert suggested[path]
        expected = made.manner.text(number, sentence, suggested[path]).replace("\n", ending)
        assert after[path].decode() == expected
    assert all(after[path] == before[path] for path in before.keys() - made.waiting.keys())
    assert made.tags() == tags, "no tag that was not there"
    assert cli.at(made.vault, "undo").code == 0
    assert made.held() == before


DAILY = """---
title: '20240102'
---

## Back-Propagation at First Sight
Back-propagation brings the error back.

## Vertices Without Weights
A shortest path through a graph is found edge by edge.

## Voices in a Crowd
#speech

One voice is separated from the noise of a street.
"""


def test_what_no_form_holds_is_left_and_the_rest_of_its_note_is_written(
    cli: Cli, tmp_path: Path
) -> None:
    """A daily note's header is not its papers'; in a hashtag `Neural Network` would be another."""
    made = backlog(tmp_path / "vault", MANNERS["YAML flow list"])
    made.vault.write("daily/20240102.md", DAILY)
    before, tags = made.held(), made.tags()
    done = cli.at(made.vault, *APPLY, "-k", "1", "--json")
    edit = done.lines[-1]
    daily = {
        one["papers"][0]["paper"]["title"]: [s["tag"] for s in one["papers"][0]["suggestions"]]
        for one in done.lines[:-1]
        if one["papers"][0]["paper"]["note"] == "daily/20240102.md"
    }
    assert daily == {
        "Back-Propagation at First Sight": ["back-propagation"],
        "Vertices Without Weights": ["shortest path"],
    }
    assert done.code == 1
    (left,) = edit["left"]
    assert left["note"] == "daily/20240102.md"
    assert "'shortest path' would have to be written as 'shortest-path'" in left["reason"]
    after = made.held()
    new = DAILY.replace("Sight\n", "Sight\n#back-propagation\n\n")
    assert after["daily/20240102.md"].decode() == new
    assert set(edit["written"]) == {*made.waiting, "daily/20240102.md"}
    assert made.tags() == tags
    assert cli.at(made.vault, "undo").code == 0
    assert made.held() == before


def test_stacks_of_hashtags_in_a_daily_note(cli: Cli, tmp_path: Path) -> None:
    """In a vault of hashtags every paper gets a stack as the others have it."""
    stack = Manner("## {title}\n{slot}\n{text}\n", "TAGS\n", "#{}", "\n", empty_slot=False)
    topics = {tuple(tag.replace(" ", "_") for tag in tags): t for tags, t in TOPICS.items()}
    made = backlog(tmp_path / "vault", stack, topics=topics)
    texts = [text for *_, text in topics.values()]
    daily = "".join(f"## Paper with the Number {n}\n\n{t}\n\n" for n, t in enumerate(texts))
    made.vault.write("20240102.md", daily)
    before, tags = made.held(), made.tags()
    done = cli.at(made.vault, *APPLY, "--json")
    assert done.code == 0
    suggested = {
        one["papers"][0]["paper"]["title"]: [s["tag"] for s in one["papers"][0]["suggestions"]]
        for one in done.lines[:-1]
    }
    for title, given in suggested.items():
        daily = daily.replace(f"{title}\n", "\n".join([title, *(f"#{t}" for t in given), ""]))
    after = made.held()
    assert after["20240102.md"].decode() == daily
    for path, (number, sentence) in made.waiting.items():
        given = suggested[f"Study number {number}"]
        assert after[path].decode() == stack.text(number, sentence, given)
    assert made.tags() == tags
    assert cli.at(made.vault, "undo").code == 0
    assert made.held() == before
