"""The command line and its JSON, as shared/CLI.md promises them: keys may only ever be added."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from conftest import SMALL_VAULT, Cli, Vault
from papersim import __version__
from papersim.notes.model import KINDS

if TYPE_CHECKING:
    from pathlib import Path

TITLE = "Text to Mesh"
PATHS = set(SMALL_VAULT)

Shape = Any  # a type, a tuple of types, [shape of each item], or {key: shape}
PAPER: Shape = {
    "id": str,
    "title": str,
    "note": str,
    "line": int,
    "tags": [str],
    "date": (str, type(None)),
    "arxiv": (str, type(None)),
}
SECTION: Shape = {"label": (str, type(None)), "kinds": [str], "line": int, "text": str}
HIT: Shape = {
    "rank": int,
    "score": float,
    "paper": PAPER,
    "shared_tags": [str],
    "evidence": [{"query": (SECTION, None), "section": SECTION, "score": float, "quote": str}],
}
SUGGESTION: Shape = {
    "tag": str,
    "confidence": float,
    "reasons": [{"source": str, "papers": [str], "quote": (str, type(None))}],
}
SUGGESTED: Shape = {
    "papers": [{"paper": PAPER, "suggestions": [SUGGESTION], "new_tags": [SUGGESTION]}]
}
COUNTS = ("added", "changed", "moved", "removed", "unchanged", "papers", "sections", "embedded")
ANSWERS: dict[tuple[str, ...], Shape] = {
    ("index",): dict.fromkeys(COUNTS, int)
    | {"seconds": float, "skipped": [{"note": str, "reason": str}]},
    ("papers",): {"papers": [PAPER | {"sections": [SECTION]}]},
    ("similar", TITLE): {"query": PAPER, "hits": [HIT]},
    ("similar", TITLE, "--by", "method"): {"query": PAPER, "hits": [HIT]},
    ("similar", TITLE, "--tag", "no-such-tag"): {"query": PAPER, "hits": [HIT]},
    ("search", "a mesh from a caption"): {"query": str, "hits": [HIT]},
    ("suggest-tags", TITLE): SUGGESTED,
    ("suggest-tags", "20230210.md", "20230401.md"): SUGGESTED,
    ("tags",): {
        "tags": [{"tag": str, "count": int}],
        "alike": [{"tags": [str], "keep": str, "score": float, "reason": str}],
    },
    ("status",): {
        "notes": int, "papers": int, "sections": int, "embeddings": int, "model": str,
        "dimension": int, "index_kind": str, "generation": int, "up_to_date": bool, "bytes": int,
    },
}  # fmt: skip


def check(value: Any, shape: Shape, where: str = "$") -> None:
    """Hold a value against its shape; keys beyond the shape's are allowed."""
    if isinstance(shape, dict):
        assert isinstance(value, dict), where
        assert value.keys() >= shape.keys(), where
        for key, inner in shape.items():
            check(value[key], inner, f"{where}.{key}")
    elif isinstance(shape, list):
        assert isinstance(value, list), where
        for number, item in enumerate(value):
            check(item, shape[0], f"{where}[{number}]")
    elif isinstance(shape, tuple) and None in shape:
        if value is not None:
            check(value, shape[0], where)
    elif shape is float:
        assert type(value) in {int, float}, where
    elif shape is int:
        assert type(value) is int, where
    else:
        assert isinstance(value, shape), f"{where} is {value!r}"


def walk(value: Any) -> list[dict[str, Any]]:
    """Return all objects in a JSON value."""
    if isinstance(value, list):
        return [found for item in value for found in walk(item)]
    if isinstance(value, dict):
        return [value, *(found for item in value.values() for found in walk(item))]
    return []


@pytest.mark.parametrize("command", ANSWERS, ids=" ".join)
def test_the_json_is_the_promised_one(cli: Cli, small: Vault, command: tuple[str, ...]) -> None:
    done = cli.at(small, *command, "--json")
    assert (done.code, done.err) == (0, "")
    check(done.json, ANSWERS[command])
    for found in walk(done.json):
        assert found.get("line", 1) >= 1
        assert found.get("note", "20230210.md") in PATHS
        assert 0 <= found.get("score", 0) <= 1
        assert 0 <= found.get("confidence", 0) <= 1
        assert set(found.get("kinds", ())) <= set(KINDS)
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", found.get("date") or "2023-01-01")
        for tag in found.get("tags", ()):
            name = tag["tag"] if isinstance(tag, dict) else tag
            assert not name.startswith("#")


def test_lines_are_those_of_the_notes(cli: Cli, small: Vault) -> None:
    """An editor jumps to them."""
    for paper in cli.at(small, "papers", "--json").json["papers"]:
        lines = (small.notes / paper["note"]).read_text("utf-8").splitlines()
        assert paper["title"] in lines[paper["line"] - 1]
        for section in paper["sections"]:
            lines = (small.notes / section["note"]).read_text("utf-8").splitlines()
            assert section["label"] in lines[section["line"] - 1]


@pytest.mark.parametrize("command", ["similar", "suggest-tags"])
def test_all_prints_one_object_a_paper_and_line(cli: Cli, small: Vault, command: str) -> None:
    done = cli.at(small, command, "--all", "--json")
    shape = SUGGESTED if command == "suggest-tags" else {"query": PAPER, "hits": [HIT]}
    papers = cli.at(small, "papers", "--json").json["papers"]
    assert len(done.lines) == len(papers)
    for line, paper in zip(done.lines, papers, strict=True):
        check(line, shape)
        named = line["query"] if command == "similar" else line["papers"][0]["paper"]
        assert named["id"] == paper["id"]
    one = cli.at(small, command, papers[0]["id"], "--json").json
    assert one == done.lines[0]


def test_ids_can_be_asked_with(cli: Cli, small: Vault) -> None:
    for paper in cli.at(small, "papers", "--json").json["papers"]:
        found = cli.at(small, "similar", paper["id"], "-k", "1", "--json").json
        assert found["query"]["id"] == paper["id"]
        assert len(found["hits"]) == 1


@pytest.mark.parametrize("command", ANSWERS, ids=" ".join)
def test_people_get_text_that_says_the_same(
    cli: Cli, small: Vault, command: tuple[str, ...]
) -> None:
    done = cli.at(small, *command)
    assert (done.code, done.err) == (0, "")
    assert done.out.strip()
    assert "\x1b[" not in done.out, "no colours where nobody watches"


def test_what_people_see(cli: Cli, small: Vault) -> None:
    out = cli.at(small, "similar", TITLE, "--explain").out
    assert "Caption-Driven Sculpture in Minutes" in out
    assert "#Text23D" in out
    assert "声を分ける注意機構" in cli.at(small, "papers").out
    assert "#sentence_embedding" in cli.at(small, "tags").out
    assert "up to date" in cli.at(small, "status").out
    assert "no paper fits" in cli.at(small, "similar", TITLE, "--tag", "x").out


def test_options_are_handed_on(cli: Cli, small: Vault) -> None:
    def titles(*options: str) -> set[str]:
        found = cli.at(small, "similar", TITLE, "-k", "50", *options, "--json").json
        return {hit["paper"]["title"].split(":")[0] for hit in found["hits"]}

    assert titles("--tag", "#Text23D") == {"Caption-Driven Sculpture in Minutes"}
    assert "Caption-Driven Sculpture in Minutes" not in titles("--not-tag", "text23d")
    assert titles("--in", "reading/*", "--until", "2022") == {
        "Small Adapters for Large Models",
        "Finding Passages across Languages",
    }
    assert titles("--since", "2023-01-15", "--until", "2023-01-31") == {"声を分ける注意機構"}
    assert "Finding Passages across Languages" not in titles("--by", "contributions")
    assert titles("--by", "related-work", "--by", "contributions") == titles(
        "--by", "contributions"
    )


def test_text_and_notes_come_from_standard_input(cli: Cli, small: Vault) -> None:
    text = "从一句话生成三维网格"
    given = cli.at(small, "search", text, "--json").json
    piped = cli.at(small, "search", "-", "--json", stdin=text.encode()).json
    assert piped == given
    note = "## Text to 3D from Words\n#mine\nA mesh is carved from a caption.\n"
    options = ("suggest-tags", "-", "--min-confidence", "0.2", "--json")
    (found,) = cli.at(small, *options, stdin=note.encode()).json["papers"]
    assert found["paper"]["title"] == "Text to 3D from Words"
    assert "Text23D" in {s["tag"] for s in found["suggestions"]}


def test_a_text_that_starts_with_a_dash(cli: Cli, small: Vault) -> None:
    folders = ("--notes", small.notes, "--index", small.index)
    assert cli("search", "--json", *folders, "--", "-k is no option here").code == 0


def test_environment_and_file_name_the_folders(
    cli: Cli, small: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "papersim.toml").write_text(f'notes = "{small.notes}"\nindex = "{small.index}"\n')
    assert cli("status").code == 0
    monkeypatch.setenv("PAPERSIM_INDEX", str(tmp_path / "elsewhere"))
    assert "elsewhere" in cli("status").err
    assert cli("status", "--index", small.index).code == 0


def test_quiet_says_nothing_but_the_answer(cli: Cli, vault: Vault) -> None:
    assert cli.at(vault, "index", "--quiet") == cli.at(vault, "index", "-q")
    assert cli.at(vault, "index", "--quiet").out == ""
    (vault.index / "derived.json").unlink()
    done = cli.at(vault, "similar", TITLE, "--quiet")
    assert (done.code, done.err) == (0, "")


def test_remarks_go_to_stderr(cli: Cli, vault: Vault) -> None:
    (vault.index / "derived.json").unlink()
    done = cli.at(vault, "similar", TITLE, "--json")
    assert done.json["hits"]
    assert len(done.err.splitlines()) == 1
    assert "made again" in done.err


def test_help_and_version(cli: Cli) -> None:
    for arguments in ((), ("--help",), ("-h",)):
        done = cli(*arguments)
        assert (done.code, done.err) == (0, "")
        assert "suggest-tags" in done.out
    assert cli("--version").out == f"papersim {__version__}\n"
