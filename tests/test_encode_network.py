"""The network in plain torch against the one that transformers has for the same weights."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from papersim.encode.bulk import BulkEngine, E5Tokenizer
from papersim.encode.network import Network
from papersim.encode.runtime import has_bfloat16, quiet
from papersim.encode.weights import find_weights, read_weights

if TYPE_CHECKING:
    from papersim.encode.protocol import FloatArray
    from papersim.encode.weights import Weights

TEXTS = (
    "passage: Splats replace a radiance field, and a scene of a street is drawn in real time.",
    "passage: 扩散模型从一张图片恢复三维形状。",
    "passage: 声",
    "query: how is the identity of a face kept",
    "passage: " + "A long section goes on and on about passages, ranking and retrieval. " * 30,
)
PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


@pytest.fixture(scope="module")
def weights() -> Weights:
    return read_weights(find_weights())


@pytest.fixture(scope="module")
def rows(weights: Weights) -> list[list[int]]:
    return E5Tokenizer(weights).ids(TEXTS)


@pytest.fixture(scope="module")
def expected(weights: Weights, rows: list[list[int]]) -> FloatArray:
    """Return what the BertModel of transformers makes of each text by itself."""
    import torch

    with quiet():
        from transformers import BertConfig, BertModel

        shape = weights.shape
        config = BertConfig(
            vocab_size=shape.rows,
            hidden_size=shape.width,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            intermediate_size=shape.inner,
            max_position_embeddings=shape.positions,
            type_vocab_size=shape.types,
            layer_norm_eps=shape.epsilon,
        )
        bert: Any = BertModel(config, add_pooling_layer=False)
        bert.train(False)
    names = {
        "embeddings.word_embeddings.weight": "emb.word",
        "embeddings.position_embeddings.weight": "emb.pos",
        "embeddings.token_type_embeddings.weight": "emb.type",
        "embeddings.LayerNorm.weight": "emb.ln.w",
        "embeddings.LayerNorm.bias": "emb.ln.b",
    }
    for layer in range(shape.layers):
        for source, target in PARTS.items():
            for letter, kind in (("w", "weight"), ("b", "bias")):
                names[f"encoder.layer.{layer}.{target}.{kind}"] = f"l{layer}.{source}.{letter}"
    own = bert.state_dict()
    bert.load_state_dict(
        {n: torch.from_numpy(weights.tensor(s).copy()).view_as(own[n]) for n, s in names.items()}
    )
    with torch.inference_mode():
        means = [bert(input_ids=torch.tensor([row]))[0][0].mean(dim=0).numpy() for row in rows]
    found: FloatArray = np.stack([mean / np.linalg.norm(mean) for mean in means])
    return found


def test_it_is_the_network_of_transformers(
    weights: Weights, rows: list[list[int]], expected: FloatArray
) -> None:
    """Texts of several lengths in one batch, which has to be as if each were by itself."""
    network = Network(weights, half=False)
    assert network.vectors(rows) == pytest.approx(expected, abs=2e-6)
    for row, vector in zip(rows, expected, strict=True):
        assert network.vectors([row])[0] == pytest.approx(vector, abs=2e-6)
    assert network.vectors([rows[0]] * 3) == pytest.approx(expected[[0] * 3], abs=2e-6)


def test_in_bfloat16_the_vectors_agree(
    weights: Weights, rows: list[list[int]], expected: FloatArray
) -> None:
    found = Network(weights, half=True).vectors(rows)
    assert found.dtype == np.float32
    assert ((found * expected).sum(axis=1) > 0.9999).all()


def test_each_text_gets_its_own_vector_in_whatever_batches(
    weights: Weights, expected: FloatArray
) -> None:
    """More texts than fit into one batch, long and short among one another."""
    engine = BulkEngine(weights, E5Tokenizer(weights))
    texts = [text.removeprefix("passage: ") for text in TEXTS if text.startswith("passage")]
    found = engine.encode(texts * 8, query=False)
    cosines = found @ expected[[0, 1, 2, 4]].T
    assert cosines.argmax(axis=1).tolist() == [0, 1, 2, 3] * 8
    assert (cosines.max(axis=1) > 0.9999).all()


def test_some_rows_of_a_matrix_are_those_of_the_whole(weights: Weights) -> None:
    shape = weights.shape
    whole = weights.tensor("emb.word").reshape(shape.rows, shape.width)
    which = [0, 7, 7, shape.rows - 1]
    assert np.array_equal(weights.rows("emb.word", which, shape.width), whole[which])


def test_bfloat16_is_not_used_where_it_is_emulated() -> None:
    """As where the libraries are told to use AVX2 alone."""
    if not has_bfloat16():
        pytest.skip("this processor has no bfloat16")
    told = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}
    code = "from papersim.encode.network import half_is_faster; print(half_is_faster())"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **told}, capture_output=True, check=True
    )
    assert done.stdout.strip() == b"False"
