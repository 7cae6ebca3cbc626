"""The engine for many texts: the same weights in sentence-transformers.

The network is a BertModel, then the mean over the tokens, then unit length, as the model card of
intfloat/multilingual-e5-small has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from papersim.encode.runtime import has_bfloat16, quiet
from papersim.encode.vectors import batch_size

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from tokenizers import Tokenizer
    from torch import Tensor, nn

    from papersim.encode.protocol import FloatArray
    from papersim.encode.weights import Weights

__all__ = ["PROMPTS", "BulkEngine", "E5Tokenizer"]

PROMPTS = {"query": "query: ", "passage": "passage: "}

_LAYER_TENSORS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


class E5Tokenizer:
    """The tokenizer of e5, made in memory from the vocabulary in the weights.

    Unigram model and Metaspace as in the genuine one; what its normaliser does, `TextRules` has
    done before.
    """

    def __init__(self, weights: Weights) -> None:
        from tokenizers import Tokenizer, models, pre_tokenizers

        model = models.Unigram(weights.vocabulary(), weights.unknown, byte_fallback=False)
        self._tokenizer: Tokenizer = Tokenizer(model)
        self._tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
        self._bos, self._eos = weights.bos, weights.eos
        self._most = weights.shape.positions - 2

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each text between ``<s>`` and ``</s>``, at most a window of them."""
        found = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [[self._bos, *each.ids[: self._most], self._eos] for each in found]

    def count(self, text: str, *, query: bool) -> int:
        """Return the number of tokens with prompt and special tokens."""
        prompt = PROMPTS["query" if query else "passage"]
        return len(self._tokenizer.encode(prompt + text, add_special_tokens=False).ids) + 2


class BulkEngine:
    """Torch through sentence-transformers: seconds to start, then four times as fast."""

    def __init__(self, weights: Weights, tokenizer: E5Tokenizer) -> None:
        with quiet():
            from sentence_transformers import SentenceTransformer

            network = _network(weights, tokenizer)
            self._model = SentenceTransformer(modules=[network], device="cpu", prompts=PROMPTS)
        self._half = has_bfloat16()

    def encode(self, texts: Sequence[str], *, query: bool) -> FloatArray:
        """Return the vectors, shape (len(texts), dimension), unchecked."""
        import torch

        # Products in bfloat16, the rest in float32: twice as fast where the processor has it,
        # and the vectors agree to a cosine of .99999.
        with quiet(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=self._half):
            rows: FloatArray = self._model.encode(
                list(texts),
                prompt_name="query" if query else "passage",
                batch_size=batch_size(texts),
                show_progress_bar=False,
                convert_to_numpy=True,
            )
        return rows


def _network(weights: Weights, tokenizer: E5Tokenizer) -> nn.Module:
    """Return a module for sentence-transformers that takes texts to vectors."""
    import torch
    from torch import nn

    class E5(nn.Module):
        """A plain module: the bases that sentence-transformers offers move between versions."""

        max_seq_length = weights.shape.positions

        def __init__(self) -> None:
            super().__init__()
            self.bert = _bert(weights)

        def preprocess(
            self, inputs: Sequence[str], prompt: str | None = None, **_kwargs: Any
        ) -> dict[str, Tensor]:
            rows = tokenizer.ids([(prompt or "") + text for text in inputs])
            longest = max(map(len, rows))
            ids = torch.full((len(rows), longest), weights.pad, dtype=torch.long)
            mask = torch.zeros((len(rows), longest), dtype=torch.long)
            for place, row in enumerate(rows):
                ids[place, : len(row)] = torch.tensor(row)
                mask[place, : len(row)] = 1
            return {"input_ids": ids, "attention_mask": mask}

        def tokenize(self, texts: Sequence[str]) -> dict[str, Tensor]:
            return self.preprocess(texts)  # the name before sentence-transformers 5.4

        def forward(self, features: dict[str, Tensor]) -> dict[str, Tensor]:
            mask = features["attention_mask"]
            hidden = self.bert(input_ids=features["input_ids"], attention_mask=mask)[0]
            weight = mask.unsqueeze(-1).to(hidden.dtype)
            mean = (hidden * weight).sum(1) / weight.sum(1)
            return {**features, "sentence_embedding": nn.functional.normalize(mean, dim=1)}

        def get_sentence_embedding_dimension(self) -> int:
            return weights.shape.width

    return E5()


def _bert(weights: Weights) -> nn.Module:
    """Return the BertModel of the weights, expanded to float32."""
    import torch
    from transformers import BertConfig, BertModel

    shape = weights.shape
    config = BertConfig(
        vocab_size=1,  # replaced below: filling 96 million weights at random takes seconds
        hidden_size=shape.width,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=shape.inner,
        max_position_embeddings=shape.positions,
        type_vocab_size=shape.types,
        layer_norm_eps=shape.epsilon,
        pad_token_id=0,
    )
    bert: Any = BertModel(config, add_pooling_layer=False)
    words = torch.from_numpy(weights.tensor("emb.word")).view(shape.rows, shape.width)
    embedding: Any = torch.nn.Embedding
    bert.set_input_embeddings(embedding.from_pretrained(words))
    own = bert.state_dict()
    state = {
        name: torch.from_numpy(weights.tensor(source).copy()).view_as(own[name])
        for name, source in _tensor_names(shape.layers).items()
    }
    state["embeddings.word_embeddings.weight"] = words
    bert.load_state_dict(state, strict=True, assign=True)
    network: nn.Module = bert.eval().requires_grad_(False)
    return network


def _tensor_names(layers: int) -> dict[str, str]:
    """Return the name in the weights of each tensor of a BertModel but the words' embedding."""
    names = {
        "embeddings.position_embeddings.weight": "emb.pos",
        "embeddings.token_type_embeddings.weight": "emb.type",
        "embeddings.LayerNorm.weight": "emb.ln.w",
        "embeddings.LayerNorm.bias": "emb.ln.b",
    }
    for layer in range(layers):
        for source, target in _LAYER_TENSORS.items():
            for letter, kind in (("w", "weight"), ("b", "bias")):
                names[f"encoder.layer.{layer}.{target}.{kind}"] = f"l{layer}.{source}.{letter}"
    return names
