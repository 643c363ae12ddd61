"""Tiny random models of the real classes, in folders as they are published: config, weights and tokenizer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

WORDS = ("calm", "songs", "for", "a", "rainy", "sunday", "loud", "metal", "jazz", "query", "passage", ":", "love")


def save_modernbert(folder: Path, seed: int = 0) -> None:
    """Save a ModernBERT of two layers, width 16."""
    from transformers import ModernBertConfig, ModernBertModel

    config = ModernBertConfig(
        vocab_size=len(WORDS) + 5,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=64,
        global_attn_every_n_layers=2,
        local_attention=8,
        pad_token_id=0,
        cls_token_id=2,
        sep_token_id=3,
        bos_token_id=2,
        eos_token_id=3,
    )
    _save(ModernBertModel, config, folder, seed)


def save_xlm_roberta(folder: Path, seed: int = 0) -> None:
    """Save an XLM-RoBERTa of two layers, width 16, for 512 tokens: what multilingual-e5-base is made of."""
    from transformers import XLMRobertaConfig, XLMRobertaModel

    config = XLMRobertaConfig(
        vocab_size=len(WORDS) + 5,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=514,
        type_vocab_size=1,
        pad_token_id=0,
        bos_token_id=2,
        eos_token_id=3,
    )
    _save(XLMRobertaModel, config, folder, seed)


def save_llama(folder: Path, seed: int = 0, *, chat: bool) -> None:
    """Save a Llama of two layers, width 16, for 512 tokens, that writes words of the list."""
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=len(WORDS) + 5,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=512,
        initializer_range=0.5,  # so that what it writes depends on what it is given
        pad_token_id=0,
        bos_token_id=2,
        eos_token_id=3,
    )
    template = "{% for m in messages %}{{ m['role'] + ' ' + m['content'] + ' ' }}{% endfor %}assistant"
    _save(LlamaForCausalLM, config, folder, seed, writes=True, chat_template=template if chat else None)


def save_qwen2(folder: Path, seed: int = 0) -> None:
    """Save a Qwen2 of two layers, width 16, for 512 tokens."""
    from transformers import Qwen2Config, Qwen2ForCausalLM

    config = Qwen2Config(
        vocab_size=len(WORDS) + 5,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=512,
        pad_token_id=0,
        bos_token_id=2,
        eos_token_id=3,
    )
    _save(Qwen2ForCausalLM, config, folder, seed, writes=True)


def _save(
    kind: Any, config: Any, folder: Path, seed: int, *, writes: bool = False, chat_template: str | None = None
) -> None:
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        kind(config).save_pretrained(folder)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = {word: number for number, word in enumerate((*special, *WORDS))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    if not writes:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
        )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        eos_token="[SEP]" if writes else None,
        chat_template=chat_template,
    ).save_pretrained(folder)
