"""Settings: command line beats environment beats papersim.toml beats the defaults."""

from __future__ import annotations

from pathlib import Path

import pytest

from papersim.config import FILE_NAME, Settings, load_settings
from papersim.errors import ConfigError

FILE = 'notes = "vault"\nindex = "/var/x"\nmodel = "m"\nexclude = ["t"]\nopinion-tags = ["重点"]\n'


def load(folder: Path, **env: str) -> Settings:
    return load_settings(folder=folder, environment=env)


def test_nothing_said(tmp_path: Path) -> None:
    assert load(tmp_path) == Settings(Path("notes"), Path("index"), "bundled")


def test_each_source_beats_the_next(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text(FILE, "utf-8")
    assert load(tmp_path).notes == tmp_path / "vault"
    assert load(tmp_path, PAPERSIM_NOTES="env").notes == Path("env")
    given = load_settings(
        Path("line"), Path("i"), "n", folder=tmp_path, environment={"PAPERSIM_NOTES": "env"}
    )
    assert (given.notes, given.index, given.model) == (Path("line"), Path("i"), "n")
    env = load(tmp_path, PAPERSIM_INDEX="e", PAPERSIM_MODEL="f")
    assert (env.index, env.model) == (Path("e"), "f")
    empty = load(tmp_path, PAPERSIM_NOTES="", PAPERSIM_MODEL="")
    assert (empty.notes, empty.model) == (tmp_path / "vault", "m")


def test_the_file_is_found_from_a_folder_below_and_its_paths_are_its_own(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text(FILE, "utf-8")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    found = load(below)
    assert (found.notes, found.index) == (tmp_path / "vault", Path("/var/x"))
    assert (found.exclude, found.opinion_tags) == (("t",), ("重点",))
    (below / FILE_NAME).write_text("", "utf-8")
    assert load(below).notes == Path("notes"), "the nearest file counts alone"


def test_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    (tmp_path / FILE_NAME).write_text('notes = "~/vault"\n')
    assert load(tmp_path).notes == tmp_path / "me" / "vault"


def test_labels_of_the_user(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('[labels.method]\nexact = ["Kniffe"]\ncontains = ["trick"]\n')
    assert load(tmp_path).labels == {"method": {"exact": ["Kniffe"], "contains": ["trick"]}}


@pytest.mark.parametrize(
    "text",
    [
        "notes = ",
        "notes = 1",
        "model = ['a']",
        "exclude = 'templates'",
        "exclude = [1]",
        "opinion-tags = {a = 1}",
        "note = 'typo'",
        "labels = 3",
        "labels = {method = 3}",
        "labels = {method = {exact = 'x'}}",
        "labels = {method = {exact = [1]}}",
        "labels = {method = {like = ['x']}}",
        'index = "a\\u0000b"',
        "notes = " + "[" * 5000,
    ],
)
def test_a_file_that_cannot_be_meant_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text)
    with pytest.raises(ConfigError, match=FILE_NAME):
        load(tmp_path)


def test_a_home_that_is_nobodys(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('notes = "~nobody.at.all/notes"')
    with pytest.raises(ConfigError, match=r"~nobody\.at\.all"):
        load(tmp_path)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"notes = '\xff'")
    with pytest.raises(ConfigError, match=FILE_NAME):
        load(tmp_path)
