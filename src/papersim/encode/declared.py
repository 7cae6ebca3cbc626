"""What a model's folder says of it, read without loading the model."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from papersim.encode.digest import sampled_digest, short

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from papersim.encode.hub import Located

__all__ = ["Prompts", "choose_prompts", "fingerprint", "read_prompts"]

QUERY_KEYS = ("query", "search_query")
PASSAGE_KEYS = ("passage", "document", "corpus", "search_document")

_IDENTITY_SUFFIXES = {".json", ".txt", ".model", ".safetensors", ".bin", ".pt", ".py"}
_E5 = re.compile(r"(^|[-_])e5([-_]|$)", re.IGNORECASE)
_E5_INSTRUCTED = re.compile(r"instruct|mistral", re.IGNORECASE)


@dataclass(frozen=True)
class Prompts:
    """What is put before a text that searches, and before one that is to be found."""

    query: str = ""
    passage: str = ""


def read_prompts(model: Located) -> Prompts:
    """Return the prompts of a model on disk; raises ValueError where its settings are no JSON."""
    path = model.folder / "config_sentence_transformers.json"
    settings: Any = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if not isinstance(settings, dict):
        raise ValueError(f"{path.name} is not an object")  # noqa: TRY004 - as for broken JSON
    return choose_prompts(
        model.label, settings.get("prompts") or {}, settings.get("default_prompt_name")
    )


def choose_prompts(label: str, declared: Mapping[str, str], default: str | None) -> Prompts:
    """Return the prompts to use with a model of that name that declares those.

    The models of the e5 family were trained with ``query: `` and ``passage: ``, and their cards
    say that they lose without, yet most of them declare no prompts. Their instructed kin takes
    sentences of the user's own, so it is left as it is.
    """
    fallback = declared.get(default, "") if default else ""
    query = _first(declared, QUERY_KEYS) or fallback
    passage = _first(declared, PASSAGE_KEYS) or fallback
    if not query and not passage and _E5.search(label) and not _E5_INSTRUCTED.search(label):
        return Prompts("query: ", "passage: ")
    return Prompts(query, passage)


def _first(declared: Mapping[str, str], keys: Iterable[str]) -> str:
    return next((declared[key] for key in keys if declared.get(key)), "")


def fingerprint(model: Located, prompts: Prompts) -> str:
    """Return a string that differs wherever the model's vectors are not comparable.

    A model from the hub is told by its commit. A folder is told by what is in it, not by its
    name: small files whole, weights by samples. Raises OSError where it cannot be read.
    """
    digest = hashlib.sha256(repr(prompts).encode())
    if model.identity is not None:
        return f"{model.identity}:{short(digest.digest())}"
    for path in sorted(model.folder.rglob("*")):
        if path.suffix in _IDENTITY_SUFFIXES and path.is_file():
            digest.update(path.relative_to(model.folder).as_posix().encode())
            digest.update(sampled_digest(path))
    return f"sentence-transformers:{short(digest.digest())}"
