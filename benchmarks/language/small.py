"""The bases ``small`` and ``medium``: new Llamas of under one and five million parameters.

Their tokens are the words of the grammar: the tokenizer is a byte-level BPE that merges within the pieces between
numbers and citations. So a phrase such as " other owners: what else they have is" becomes one token, as does each value
that is frequent; any text can be written. The chat template leaves out the system's message, which is always the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerBase, PreTrainedTokenizerFast

VOCABULARY = 4096
SIZES = {"small": (128, 2), "medium": (256, 5)}  # width and layers
HEADS = 4
LONGEST = 2048  # tokens
NUMBER_SCALE = 0.015  # of what the logarithm of a number adds to its vector, which is random beside it
# a letter, and its hint; a citation with its comma; a number, or two as in "7 of 14"; what lies between; a line end
_PIECE = (
    r"^[A-Z] |\d+%\. |^[A-Z]\. |\[\d+\](?:, )?|\d[\d,.]*(?: (?:of|in) \d[\d,.]*)?"
    r"|; |[^\[\]\d\n;]+\n?|."
)
_NUMBERS = re.compile(r"\[?(\d[\d,]*)\]?(?: (?:of|in) (\d[\d,]*))?(?:,|%\.)?")
_TEMPLATE = (
    "{% for message in messages %}{% if message['role'] != 'system' %}{{ message['content'] }}\n\n{% endif %}"
    "{% endfor %}"
)


def tokenizer_of(texts: Iterable[str], vocabulary: int = VOCABULARY) -> PreTrainedTokenizerBase:
    """A tokenizer whose tokens are what is frequent in ``texts``, at most ``vocabulary`` of them."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PIECE), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=["<pad>", "<end>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="<end>",
        chat_template=_TEMPLATE,
        model_max_length=LONGEST,
        clean_up_tokenization_spaces=False,
    )


def model_of(tokenizer: PreTrainedTokenizerBase, size: str = "small") -> LlamaForCausalLM:
    """An untrained model for ``tokenizer``, of one of ``SIZES``; torch's seed says which."""
    width, layers = SIZES[size]
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=width,
            intermediate_size=3 * width,
            num_hidden_layers=layers,
            num_attention_heads=HEADS,
            num_key_value_heads=1,  # keys and values are what decoding moves
            max_position_embeddings=LONGEST,
            tie_word_embeddings=True,
            initializer_range=width**-0.5,  # the usual 0.02 is for wide models: here attention would stay even for long
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.eos_token_id,
            bos_token_id=None,
        )
    )
    with torch.no_grad():
        model.model.embed_tokens.weight.add_(_sizes(tokenizer, width))
    return model


def _sizes(tokenizer: PreTrainedTokenizerBase, width: int) -> torch.Tensor:
    """(vocabulary, width): where the vectors of numbers begin, so that near ones are near from the start.

    Of "7 of 14", "1 in 16", "12" and "[12]" the logarithms of the first number, the second and their ratio are
    spread over the width at random; other tokens have zeros.
    """
    logs = torch.zeros(len(tokenizer), 3)
    for k, token in enumerate(tokenizer.batch_decode([[k] for k in range(len(tokenizer))])):
        if match := _NUMBERS.fullmatch(token.strip()):
            first, second = (float(x.replace(",", "")) for x in match.groups("1"))
            logs[k] = torch.tensor([first, second, first / max(second, 1.0)]).clamp(min=1e-2).log()
    return logs @ torch.randn(3, width) * NUMBER_SCALE
