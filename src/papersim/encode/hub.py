"""From the name of a model to a folder on this disk, quickly or with an error that says why."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from papersim.encode.runtime import quiet
from papersim.encode.vectors import first_line
from papersim.errors import EncoderError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Located", "locate", "refusal"]

HUB_SECONDS = 5
"""How long to wait for the hub. Left alone, the libraries try for more than a minute."""

DEFAULT_ORGANIZATION = "sentence-transformers"

_HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")
_MARKERS = ("modules.json", "config.json")
_WEIGHT_SUFFIXES = (".safetensors", ".bin", ".pt")
_OTHER_BACKENDS = ("onnx/*", "openvino/*", "*.onnx", "*.h5", "*.msgpack", "*.ot", "*.gguf")


@dataclass(frozen=True)
class Located:
    """A model on this disk; ``identity`` is its name and commit where it came from the hub."""

    folder: Path
    label: str
    identity: str | None


def refusal(name: str, reason: str) -> EncoderError:
    """Return the error for a model that cannot be had, with what to do about it."""
    return EncoderError(
        f"model {name!r} could not be loaded: {reason}; "
        "give a folder with a sentence-transformers model, or use --model bundled"
    )


def locate(name: str) -> Located:
    """Return where a model lies, downloading it only where it is neither a folder nor cached.

    Raises EncoderError where there is no such folder, or the hub does not have or give it.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        if not any((folder / marker).is_file() for marker in _MARKERS):
            raise refusal(name, "the folder has neither modules.json nor config.json")
        return Located(folder.resolve(), folder.resolve().name, None)
    if folder.exists() or _is_path(name):
        raise refusal(name, "there is no such folder")
    repository = name if "/" in name else f"{DEFAULT_ORGANIZATION}/{name}"
    with quiet():
        snapshot = _cached(repository) or _downloaded(name, repository)
    return Located(snapshot, repository.partition("/")[2], f"{repository}@{snapshot.name[:12]}")


def _is_path(name: str) -> bool:
    """Return whether a name can only be meant as a path."""
    return name.startswith((".", "~", "/")) or _HUB_NAME.fullmatch(name) is None


def _cache() -> str | None:
    """Return the cache that sentence-transformers would use, None for the hub's own."""
    return os.environ.get("SENTENCE_TRANSFORMERS_HOME")


def _cached(repository: str) -> Path | None:
    """Return the cached snapshot of a repository's main branch, if it is whole."""
    from huggingface_hub import try_to_load_from_cache

    for marker in _MARKERS:
        found = try_to_load_from_cache(repository, marker, cache_dir=_cache())
        if isinstance(found, str):
            snapshot = Path(found).parent
            if _has_weights(path.name for path in snapshot.rglob("*")):
                return snapshot
    return None


def _has_weights(names: Iterable[str]) -> bool:
    return any(name.endswith(_WEIGHT_SUFFIXES) for name in names)


def _downloaded(name: str, repository: str) -> Path:
    from huggingface_hub import HfApi, constants, snapshot_download
    from huggingface_hub.errors import RepositoryNotFoundError

    if constants.HF_HUB_OFFLINE:
        raise refusal(name, "it is no folder, it is not cached, and HF_HUB_OFFLINE is set")
    try:
        # One short question first: a download retries a dead network for over a minute.
        files = HfApi().model_info(repository, timeout=HUB_SECONDS).siblings or []
        skipped = list(_OTHER_BACKENDS)
        if any(file.rfilename == "model.safetensors" for file in files):
            skipped.append("pytorch_model*.bin")
        return Path(snapshot_download(repository, ignore_patterns=skipped, cache_dir=_cache()))
    except RepositoryNotFoundError as error:
        raise refusal(name, "there is no such folder, and no such model on the hub") from error
    except Exception as error:  # the HTTP library differs between versions
        raise refusal(
            name, f"it is no folder, it is not cached, and the hub gave none ({first_line(error)})"
        ) from error
