"""A vault of made-up papers, as large as wanted, with an index of it that took no model.

    python benchmarks/made_vault.py [--papers 10000] [--cache DIR]

Daily notes over twelve years, a few papers a note, five sections a paper, Chinese or English, with
titles, dates and tags of a few hundred that are used as unevenly as people use them. The texts
are sentences filled with words of the paper's topic: they read like summaries and mean nothing.

Embedding 50,000 sections takes hours on a slow machine, so the vectors are hashed words
(`HashedEncoder`) under the name and fingerprint of the bundled model: everything else
(store, derived files, tag model) is made by papersim as always, and papersim takes the index for
its own. That is right for measuring time and memory, and for nothing else.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import time
import zlib
from datetime import date, timedelta
from itertools import accumulate, count
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from papersim.config import load_settings
from papersim.encode import BUNDLED, load_encoder
from papersim.encode.model import Model
from papersim.parts import Parts
from papersim.rank.center import normalised
from papersim.rank.terms import terms
from papersim.upkeep import Upkeep

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from papersim.encode.protocol import FloatArray, Progress

__all__ = ["HashedEncoder", "cache_folder", "made_vault", "note_text"]

FORMAT = 1
_FIRST, _DAYS = date(2013, 1, 1), 4380
_TOPICS, _TERMS = 160, 24
_SYLLABLES = "ba ce di fo gra ki lo mu ne pra qui ro sta tu ve xi yo zen lar mir tos pel"
_ADJECTIVES = (
    "sparse dense hierarchical contrastive causal latent modular recurrent adaptive robust "
    "federated multilingual temporal spatial probabilistic symbolic compositional efficient "
    "unsupervised interactive geometric calibrated incremental multimodal"
)
_NOUNS = (
    "attention retrieval diffusion distillation alignment segmentation reasoning planning "
    "embedding clustering translation summarisation quantisation pruning rendering tracking "
    "parsing ranking sampling decoding prompting forecasting matching compression denoising "
    "tokenisation calibration localisation memory control grounding generation detection routing"
)
_ZH_ADJECTIVES = (
    "稀疏 稠密 层次化 对比式 因果 潜在 模块化 循环 自适应 鲁棒 联邦 多语言 时序 空间 概率 符号 "
    "组合式 高效 无监督 交互式 几何 校准 增量 多模态"
)
_ZH_NOUNS = (
    "注意力 检索 扩散 蒸馏 对齐 分割 推理 规划 嵌入 聚类 翻译 概括 量化 剪枝 渲染 跟踪 解析 "
    "排序 采样 解码 提示 预测 匹配 压缩 去噪 分词 校准 定位 记忆 控制 接地 生成 检测 路由"
)
_LABELS = {
    "zh": ("研究背景", "研究动机", "研究方法", "贡献和创新点", "相关工作"),
    "en": ("Background", "Motivation", "Method", "Contributions", "Related work"),
}
_SENTENCES = {
    "en": (
        "Systems for {a} still fail when {b} is rare in the {n} training examples.",
        "{name} replaces {a} by {b} and keeps {c} frozen for the first {n} steps.",
        "The authors observe that {a} decides most of the errors, and that {b} hides them.",
        "On {n} held-out documents the gain over {a} is {m} points, most of it due to {b}.",
        "Earlier work treated {a} and {b} apart; here both are trained with {c} as one.",
        "A small network predicts where {a} is worth its cost, so that {b} runs {m} times faster.",
        "What remains open is whether {a} holds once {b} grows beyond {n} items.",
        "The ablation without {c} loses {m} points, while {a} alone hardly matters.",
        "Unlike {a}, {name} needs no labels: {b} gives the signal, and {c} keeps it stable.",
    ),
    "zh": (
        "现有的{a}方法在{b}样本不足{n}条时效果明显下降。",
        "{name}用{b}代替{a}，并在前{n}步冻结{c}。",
        "作者观察到，**{a}**决定了大部分错误，而{b}往往把这些错误掩盖起来。",
        "在{n}篇留出文档上，比{a}高出{m}个点，其中多数来自{b}。",
        "以前的工作把{a}和{b}分开处理，这里用{c}把两者放在一起训练。",
        "一个小网络预测哪里值得做{a}，于是{b}快了{m}倍。",
        "局限也说得明白：{b}超过{n}个以后，{a}是否仍然有效还不清楚。",
        "去掉{c}会损失{m}个点，单独去掉{a}影响不大。",
        "与{a}不同，{name}不需要标注：{b}提供信号，{c}让训练保持稳定。",
    ),
}
_TITLES = {"en": "{name}: {A} for {B} with {C}", "zh": "{name}：面向{B}的{A}与{C}"}


# --- the notes ------------------------------------------------------------------------------------


class _Maker:
    """Makes papers one after the other; the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - nothing secret
        self._number = count(1)
        self._syllables = _SYLLABLES.split()
        self._topics = [self._topic() for _ in range(_TOPICS)]
        self._weights = list(accumulate(1 / (rank + 4) for rank in range(_TOPICS)))
        self._general = [f"{a}_{n}" for a in _ADJECTIVES.split()[:8] for n in _NOUNS.split()[:5]]
        self._uses = list(accumulate(1 / (rank + 1) for rank in range(len(self._general))))

    def _topic(self) -> tuple[dict[str, list[str]], list[str]]:
        """Return the terms of a topic by language, and its tags."""
        choose = self._random.choice
        adjectives, nouns = _ADJECTIVES.split(), _NOUNS.split()
        coined = [self._name().lower() for _ in range(_TERMS // 2)]
        english = [f"{choose(adjectives)} {choose(nouns)}" for _ in range(_TERMS // 2)]
        chinese = [
            choose(_ZH_ADJECTIVES.split()) + choose(_ZH_NOUNS.split()) for _ in range(_TERMS)
        ]
        tags = [english[0].replace(" ", "-"), chinese[0], coined[0]][: self._random.randint(1, 3)]
        return {"en": english + coined, "zh": chinese + coined[:6]}, tags

    def _name(self) -> str:
        return "".join(self._random.choices(self._syllables, k=self._random.randint(2, 4))).title()

    def paper(self) -> str:
        """Return the Markdown of the next paper."""
        (topic,) = self._random.choices(self._topics, cum_weights=self._weights)
        (other,) = self._random.choices(self._topics, cum_weights=self._weights)
        language = self._random.choice(("zh", "zh", "en"))
        words = topic[0][language] * 3 + other[0][language]
        name = f"{self._name()}-{next(self._number)}"
        a, b, c = self._random.sample(words, 3)
        title = _TITLES[language].format(name=name, A=a.title(), B=b.title(), C=c.title())
        tags = self._tags(topic[1] + other[1][:1])
        parts = [f"## {title}\n{' '.join(f'#{tag}' for tag in tags)}"]
        parts.extend(
            f"**{label}**\n\n{self._section(language, words, name)}" for label in _LABELS[language]
        )
        return "\n\n".join(parts)

    def another(self, number: int) -> str:
        """Return the Markdown of a paper on the same topics that `notes` never yields."""
        self._random.seed(-1 - number)
        return self.paper()

    def _tags(self, own: Sequence[str]) -> list[str]:
        general = self._random.choices(self._general, cum_weights=self._uses, k=2)
        chosen = [tag for tag in own if self._random.random() < 0.7]
        return list(dict.fromkeys(chosen + general[: self._random.randint(0, 2)]))

    def _section(self, language: str, words: Sequence[str], name: str) -> str:
        chosen = self._random.sample(_SENTENCES[language], self._random.randint(3, 6))
        return ("" if language == "zh" else " ").join(
            sentence.format(
                **dict(zip("abc", self._random.sample(words, 3), strict=True)),
                name=name,
                n=self._random.randint(20, 90_000),
                m=self._random.randint(2, 40) / 2,
            )
            for sentence in chosen
        )

    def notes(self, papers: int) -> Iterator[list[str]]:
        """Yield the papers of each note."""
        left = papers
        while left:
            size = min(left, self._random.choice((1, 2, 3, 3, 4, 6)))
            left -= size
            yield [self.paper() for _ in range(size)]


def note_text(number: int, seed: int = 0) -> str:
    """Return a note with one more paper on the topics of a made vault."""
    return _Maker(seed).another(number) + "\n"


def _write_notes(folder: Path, papers: int, seed: int) -> None:
    notes = list(_Maker(seed).notes(papers))
    for number, own in enumerate(notes):
        day = _FIRST + timedelta(days=number * _DAYS // len(notes))
        file = folder / str(day.year) / f"{day:%Y%m%d}.md"
        if file.exists():
            file = file.with_name(f"{day:%Y%m%d}-{number}.md")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n\n\n".join(own) + "\n", "utf-8")


# --- the index ------------------------------------------------------------------------------------


class HashedEncoder:
    """Words hashed to random directions and added up: like texts near, at no cost.

    Every text has a share of one direction of its own script, as real models have it.
    """

    name = BUNDLED
    window = 500
    _rows = 1 << 14

    def __init__(self) -> None:
        model = load_encoder()
        self.fingerprint, self.dimension = model.fingerprint, model.dimension
        shape = self._rows, self.dimension
        self._directions = np.random.default_rng(0).standard_normal(shape, np.float32)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return about what a real tokenizer would count."""
        return [len(text) // 2 for text in texts]

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> FloatArray:
        """Return the vectors of texts, shape (len(texts), dimension)."""
        rows = np.empty((len(texts), self.dimension), np.float32)
        for place, text in enumerate(texts):
            hashes = [zlib.crc32(word.encode()) % self._rows for word in terms(text)]
            script = self._directions[int(text.isascii())]
            rows[place] = self._directions[hashes].sum(axis=0) + script * len(hashes)
        if progress:
            progress(len(texts))
        return normalised(rows)

    def encode_queries(self, texts: Sequence[str]) -> FloatArray:
        """Return the same vectors as for texts to be found."""
        return self.encode_passages(texts)

    def release(self) -> None:
        """Keep all: it is little."""


def cache_folder() -> Path:
    """Return where made vaults and their indexes are kept."""
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root) if root else Path.home() / ".cache") / "papersim-benchmarks"


def made_vault(papers: int, cache: Path, seed: int = 0) -> tuple[Path, Path]:
    """Return the notes and the index of a made vault, made where they are not kept already."""
    folder = cache / f"made-{papers}-{seed}-{FORMAT}"
    notes, index = folder / "notes", folder / "index"
    if not notes.is_dir():
        unfinished = folder / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        _write_notes(unfinished, papers, seed)
        unfinished.rename(notes)
    parts = Parts(load_settings(notes, index, BUNDLED), print)
    parts.model = Model(BUNDLED, HashedEncoder())
    Upkeep(parts).index()
    return notes, index


def main() -> int:
    """Make a vault; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--papers", type=int, default=10_000)
    parser.add_argument("--cache", type=Path, default=cache_folder())
    options = parser.parse_args()
    started = time.monotonic()
    notes, index = made_vault(options.papers, options.cache)
    print(f"{notes}\n{index}\nin {time.monotonic() - started:.1f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
