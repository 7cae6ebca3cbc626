"""Text before the engines see it, rows after, digests, prompts and what is set for OpenMP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from papersim.encode.declared import Prompts, choose_prompts
from papersim.encode.digest import sampled_digest
from papersim.encode.runtime import MAX_THREADS, parse_cpu_flags, runtime_settings
from papersim.encode.text import TextRules, clip, well_formed
from papersim.encode.vectors import batch_size, encode_in_slices, unit_rows
from papersim.encode.weights import find_weights, read_weights
from papersim.errors import EncoderError

if TYPE_CHECKING:
    from pathlib import Path

    from papersim.encode.protocol import FloatArray


@pytest.fixture(scope="module")
def rules() -> TextRules:
    return read_weights(find_weights()).rules


def test_nul_and_lone_surrogates_are_replaced() -> None:
    assert well_formed("a\0b\ud800c\udfff") == "a b\ufffdc\ufffd"
    assert well_formed("😀") == "😀"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("e\u0301", "\u00e9"),
        ("\u1100\u1161\u11a8", "\uac01"),
        ("\uff8a\uff9e", "\u30d0"),
        ("\uff21\u3000 \n\tb", "A b"),
        ("\uff5e", "\uff5e"),
        ("  a  ", "a"),
        ("<s>x</s><mask>", "< s>x< /s>< mask>"),
        ("\uff1cs\uff1e", "< s>"),
        ("a\U00013000\U00013001\U00013002 \U00013003b", "a\U00013000 \U00013003b"),
    ],
)
def test_rules_normalise_as_the_genuine_tokenizer_does(
    rules: TextRules, text: str, expected: str
) -> None:
    assert rules.apply(text) == expected
    assert rules.apply(expected) == expected


def test_clip_gives_a_prefix_that_just_fits() -> None:
    def count(text: str) -> int:
        return len(text) // 3 + text.count("x")

    text = "abc" * 200 + "x" * 400
    clipped = clip(text, 300, count)
    assert text.startswith(clipped)
    assert count(clipped) <= 300 < count(text[: len(clipped) + 1])


def test_clip_counts_no_more_than_it_has_to() -> None:
    counted: list[int] = []

    def count(text: str) -> int:
        counted.append(len(text))
        return len(text) // 2

    assert clip("a" * 100_000, 500, count) == "a" * 1001
    assert sum(counted) < 25_000
    counted.clear()
    assert clip("a" * 400, 500, count) == "a" * 400
    assert counted == []


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf])
def test_a_bad_row_names_the_beginning_of_its_text(bad: float) -> None:
    rows = np.ones((3, 4), dtype=np.float32)
    rows[1] = bad
    with pytest.raises(EncoderError) as caught:
        unit_rows(rows, ["first", "second " + "y" * 100, "third"])
    assert "'second " + "y" * 33 + "'" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_slices_keep_the_order_and_report_progress() -> None:
    seen: list[list[str]] = []
    steps: list[int] = []

    def encode(texts: list[str]) -> FloatArray:
        seen.append(texts)
        return np.array([[len(text), 1] for text in texts], dtype=np.float32)

    texts = ["a" * length for length in (3, 9, 1, 7, 5)]
    rows = encode_in_slices(encode, texts, 2, 2, steps.append)
    assert [round(row[0] / row[1]) for row in rows.tolist()] == [3, 9, 1, 7, 5]
    assert [list(map(len, part)) for part in seen] == [[9, 7], [5, 3], [1]]
    assert steps == [2, 2, 1]


def test_batches_are_large_only_for_short_texts() -> None:
    assert [batch_size(["a" * length]) for length in (0, 20, 100, 2000)] == [32, 32, 15, 4]


def test_a_sampled_digest_sees_changes_at_both_ends_and_of_size(tmp_path: Path) -> None:
    content = bytearray(np.random.default_rng(1).bytes(2_000_000))
    path = tmp_path / "weights"
    digests = set()
    for place in (None, 0, len(content) - 1):
        changed = bytearray(content)
        if place is not None:
            changed[place] ^= 1
        path.write_bytes(changed)
        digests.add(sampled_digest(path))
    path.write_bytes(content + b"\0")
    digests.add(sampled_digest(path))
    assert len(digests) == 4
    path.write_bytes(b"")
    assert sampled_digest(path) not in digests


@pytest.mark.parametrize(
    ("label", "declared", "default", "expected"),
    [
        ("all-MiniLM-L6-v2", {}, None, Prompts()),
        ("x", {"query": "q: ", "document": "d: "}, None, Prompts("q: ", "d: ")),
        ("x", {"query": "q: ", "passage": "p: ", "document": ""}, None, Prompts("q: ", "p: ")),
        ("x", {"query": "q: ", "all": "a: "}, "all", Prompts("q: ", "a: ")),
        (
            "multilingual-e5-large",
            {"query": "", "document": ""},
            None,
            Prompts("query: ", "passage: "),
        ),
        ("multilingual-e5-large", {"query": "q: "}, None, Prompts("q: ", "")),
        ("multilingual-e5-large-instruct", {}, None, Prompts()),
        ("movie5-base", {}, None, Prompts()),
    ],
)
def test_prompts(
    label: str, declared: dict[str, str], default: str | None, expected: Prompts
) -> None:
    assert choose_prompts(label, declared, default) == expected


def test_only_macos_lets_two_openmp_runtimes_in() -> None:
    assert runtime_settings("darwin", 4)["KMP_DUPLICATE_LIB_OK"] == "TRUE"
    assert "KMP_DUPLICATE_LIB_OK" not in runtime_settings("linux", 4)
    threads = [runtime_settings("linux", cpus)["OMP_NUM_THREADS"] for cpus in (0, 3, 200)]
    assert threads == ["1", "3", str(MAX_THREADS)]


def test_cpu_flags_are_read() -> None:
    cpuinfo = "processor\t: 0\nflags\t\t: fpu avx2 fma\n\nprocessor\t: 1\nflags\t\t: fpu\n"
    assert parse_cpu_flags(cpuinfo) == {"fpu", "avx2", "fma"}
    assert parse_cpu_flags("Features\t: asimd\n") == set()


def test_damaged_weights_are_refused_before_the_engine_sees_them(tmp_path: Path) -> None:
    path = tmp_path / "e5-small-q4.bin"
    whole = find_weights().read_bytes()
    for content in (b"", b"E5S1", b"XXXX" + whole[4:9_000_000], whole[:1_000_000], whole[:-1]):
        path.write_bytes(content)
        with pytest.raises(EncoderError, match=r"damaged.*reinstall"):
            read_weights(path)
