"""The language of a text decides from which mean its vector is measured."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersim.language import language_of


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("先估计深度，再沿着光线采样。", "zh"),
        (
            "用 CLIP 和 Stable Diffusion 做 text-to-3D 的个性化生成，效果比 DreamBooth3D 更好一些",
            "zh",
        ),
        ("話者ごとの埋め込みを注意機構に与える。", "ja"),
        ("データ拡張", "ja"),
        ("주의 기제에 화자 벡터를 준다", "ko"),
        ("A frozen image model scores renderings of a mesh until they fit the caption.", "en"),
        ("Das Netz wird mit übersetzten Fragen und Absätzen aus Büchern trainiert.", "de"),
        ("Le réseau est entraîné avec des questions traduites dans plusieurs langues.", "fr"),
        ("Сеть обучается на переведённых вопросах и ответах", "ru"),
        ("DreamFusion", "en"),
        ("LoRA: Low-Rank Adaptation", "en"),
        ("", "und"),
        ("  \n", "und"),
        ("12.5 % → 3.1", "und"),
        ("🙂🙂", "und"),
    ],
)
def test_the_language_of_a_text(text: str, code: str) -> None:
    assert language_of(text) == code


@given(st.text(max_size=300))
def test_any_text_has_one(text: str) -> None:
    code = language_of(text)
    assert code.isascii()
    assert 2 <= len(code) <= 3
