"""A user's own language model, as small as can be: a Llama of two layers with random weights, a byte-level BPE."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from tokenizers import ByteLevelBPETokenizer
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

BYTES = 258  # words: each byte is one, and both ends
TEMPLATE = (
    "{% for m in messages %}{{ m['role'] + ':' + m['content'] + '</s>' }}{% endfor %}"
    "{% if add_generation_prompt %}assistant:{% endif %}"
)


def tiny(
    texts: Iterable[str], words: int = 1000, template: str | None = TEMPLATE, longest: int = 4096
) -> tuple[LlamaForCausalLM, PreTrainedTokenizerFast]:
    """The model and its tokenizer, of ``words`` tokens found in ``texts``; its weights are so large that nothing ties.

    Args:
        texts: What the tokenizer is trained on.
        words: ``BYTES`` for none but the bytes: every word is many tokens.
        template: Of a chat; None for a base that has none.
        longest: Tokens that it can read.
    """
    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator(texts, words, special_tokens=["<s>", "</s>"], show_progress=False)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe._tokenizer, eos_token="</s>", pad_token="</s>")
    tokenizer.chat_template = template
    torch.manual_seed(0)
    settings = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=longest,
        initializer_range=0.5,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )
    return LlamaForCausalLM(settings).eval(), tokenizer
