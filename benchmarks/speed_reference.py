"""The bundled weights as sentence-transformers has any model: what speed is measured against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from papersim.encode.place import find_weights
from papersim.encode.weights import read_weights

if TYPE_CHECKING:
    from pathlib import Path

    from papersim.encode.weights import Weights

__all__ = ["plain_model"]


def plain_model(cache: Path) -> Path:
    """Return a folder with the bundled weights as any sentence-transformers model has them."""
    folder = cache / "plain-e5-small"
    if not folder.is_dir():
        weights = read_weights(find_weights())
        unfinished = cache / "plain-unfinished"
        _bert(weights).save_pretrained(unfinished)
        _tokenizer(weights).save_pretrained(unfinished)
        unfinished.rename(folder)
    return folder


def _bert(weights: Weights) -> Any:
    import torch
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
        pad_token_id=weights.pad,
    )
    bert = BertModel(config, add_pooling_layer=False)
    state = {
        name: torch.from_numpy(weights.tensor(_name_in_weights(name)).copy()).view_as(own)
        for name, own in bert.state_dict().items()
    }
    bert.load_state_dict(state, strict=True)
    return bert


def _name_in_weights(name: str) -> str:
    """Return the name in the weights of a tensor of a BertModel."""
    short = {
        "embeddings.word_embeddings.weight": "emb.word",
        "embeddings.position_embeddings.weight": "emb.pos",
        "embeddings.token_type_embeddings.weight": "emb.type",
        "embeddings.LayerNorm": "emb.ln",
        "encoder.layer.": "l",
        "attention.self.query": "q",
        "attention.self.key": "k",
        "attention.self.value": "v",
        "attention.output.dense": "ao",
        "attention.output.LayerNorm": "aln",
        "intermediate.dense": "fi",
        "output.dense": "fo",
        "output.LayerNorm": "oln",
    }
    for long, brief in short.items():
        name = name.replace(long, brief)
    return name if name in short.values() else name.replace("weight", "w").replace("bias", "b")


def _tokenizer(weights: Weights) -> Any:
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = weights.vocabulary()
    tokenizer = Tokenizer(models.Unigram(vocabulary, weights.unknown, byte_fallback=False))
    blanks = normalizers.Replace(Regex(" {2,}"), " ")
    parts = [normalizers.Nmt(), normalizers.NFKC(), blanks]
    tokenizer.normalizer = normalizers.Sequence(parts)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    ends = [("<s>", weights.bos), ("</s>", weights.eos)]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=ends
    )
    names = {"bos": "<s>", "eos": "</s>", "pad": "<pad>", "unk": "<unk>"}
    fast: Any = PreTrainedTokenizerFast
    return fast(
        tokenizer_object=tokenizer,
        model_max_length=weights.shape.positions,
        **{f"{name}_token": token for name, token in names.items()},
    )
