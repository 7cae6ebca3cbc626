"""Settings: the command line beats the environment beats papersim.toml beats the defaults."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from papersim.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FILE_NAME", "LOG_LEVELS", "Settings", "load_settings"]

FILE_NAME = "papersim.toml"
_KEYS = {"notes", "index", "model", "exclude", "labels", "opinion-tags", "log-level"}
LOG_LEVELS = ("debug", "info", "warning", "error", "off")
"""From what on something is put in the log."""


@dataclass(frozen=True)
class Settings:
    """Where the notes and the index are, which model embeds, and what the user added.

    ``exclude`` are patterns beside the default ones, ``labels`` section labels in the form of
    labels.toml, ``opinion_tags`` tags that are never suggested, ``log_level`` one of LOG_LEVELS.
    """

    notes: Path = Path("notes")
    index: Path = Path("index")
    model: str = "bundled"
    exclude: tuple[str, ...] = ()
    labels: Mapping[str, Mapping[str, list[str]]] = field(default_factory=dict)
    opinion_tags: tuple[str, ...] = ()
    log_level: str = "info"


def load_settings(
    notes: Path | None = None,
    index: Path | None = None,
    model: str | None = None,
    *,
    log_level: str | None = None,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Return the settings in force; what is None here comes from further down.

    papersim.toml is looked for in ``folder`` (the working directory) and above it; paths in it
    are relative to it. Raises ConfigError for a file that cannot be used.
    """
    env = os.environ if environment is None else environment
    base, data = _read_file(folder or Path.cwd())
    file_notes, file_index = data.get("notes"), data.get("index")
    env_notes, env_index = env.get("PAPERSIM_NOTES"), env.get("PAPERSIM_INDEX")
    return Settings(
        notes=notes or _path(env_notes) or _path(file_notes, base) or Settings.notes,
        index=index or _path(env_index) or _path(file_index, base) or Settings.index,
        model=model or env.get("PAPERSIM_MODEL") or data.get("model") or Settings.model,
        exclude=tuple(data.get("exclude", ())),
        labels=data.get("labels", {}),
        opinion_tags=tuple(data.get("opinion-tags", ())),
        log_level=_level(log_level or env.get("PAPERSIM_LOG_LEVEL") or data.get("log-level")),
    )


def _level(name: str | None) -> str:
    level = (name or Settings.log_level).lower()
    if level not in LOG_LEVELS:
        raise ConfigError(f"there is no log level {name}; there are {', '.join(LOG_LEVELS)}")
    return level


def _path(value: str | None, base: Path | None = None) -> Path | None:
    if not value:
        return None
    try:
        path = Path(value).expanduser()
    except RuntimeError as error:
        raise ConfigError(f"there is no such folder as {value}: {error}") from error
    return base / path if base and not path.is_absolute() else path


def _read_file(folder: Path) -> tuple[Path, dict[str, Any]]:
    """Return the nearest papersim.toml's folder and content; the folder itself without one."""
    for place in (folder, *folder.parents):
        file = place / FILE_NAME
        if not file.is_file():
            continue
        if sys.version_info >= (3, 11):
            import tomllib
        else:  # pragma: no cover - the same parser under its older name
            import tomli as tomllib
        try:
            found = tomllib.loads(file.read_text("utf-8"))
        except (OSError, RecursionError, ValueError) as error:
            raise ConfigError(f"{file} cannot be read: {error}") from error
        data = {key.replace("_", "-"): value for key, value in found.items()}
        _check(file, data)
        return place, data
    return folder, {}


def _check(file: Path, data: Mapping[str, object]) -> None:
    if unknown := sorted(set(data) - _KEYS):
        raise ConfigError(f"{file}: unknown key {unknown[0]}; known are {', '.join(sorted(_KEYS))}")
    for key in ("notes", "index", "model", "log-level"):
        if not isinstance(data.get(key, ""), str):
            raise ConfigError(f"{file}: {key} has to be a text")
        if "\0" in str(data.get(key, "")):
            raise ConfigError(f"{file}: {key} holds the character U+0000, which no name has")
    for key in ("exclude", "opinion-tags"):
        value = data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ConfigError(f"{file}: {key} has to be a list of texts")
    _check_labels(file, data.get("labels", {}))


def _check_labels(file: Path, labels: object) -> None:
    """Raise ConfigError unless labels are tables by kind, each with lists of texts."""
    tables = labels.values() if isinstance(labels, dict) else [None]
    for table in tables:
        lists = table.items() if isinstance(table, dict) else [("", None)]
        for name, words in lists:
            if name not in {"exact", "contains"} or not isinstance(words, list):
                raise ConfigError(
                    f"{file}: labels are written as [labels.method] exact = [..] contains = [..]"
                )
            if not all(isinstance(word, str) for word in words):
                raise ConfigError(f"{file}: labels have to be texts")
