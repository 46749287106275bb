"""The bases ``small`` and ``medium``: new Llamas of under one and five million parameters.

Their tokens are the words of the grammar: the tokenizer is a byte-level BPE that merges within the pieces between
numbers and citations. So a phrase such as " other owners: what else they have is" becomes one token, as does each value
that is frequent; any text can be written. The chat template leaves out the system's message, which is always the same.

A number that no lesson had is read in pieces that never stood beside each other: a history that is one purchase longer
than all lessons is enough to lose the thread. So a model that has learned reads it as the nearest number that it knows:
:func:`with_more_numbers`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import cast

import torch
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
)

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
LONG = 40  # purchases of a history whose counts and places are tokens, whether or not a lesson had them
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
    for k, token in enumerate(_tokens(tokenizer)):
        if _NUMBERS.fullmatch(token.strip()):
            logs[k] = _logs(token)
    return logs @ torch.randn(3, width) * NUMBER_SCALE


def _tokens(tokenizer: PreTrainedTokenizerBase) -> list[str]:
    return list(tokenizer.batch_decode([[k] for k in range(len(tokenizer))]))


def _logs(token: str) -> torch.Tensor:
    """(3,) the logarithms of the first number of a token, of the second, and of their ratio."""
    match = _NUMBERS.fullmatch(token.strip())
    assert match is not None
    first, second = (float(x.replace(",", "")) for x in match.groups("1"))
    return torch.tensor([first, second, first / max(second, 1.0)]).clamp(min=1e-2).log()


def with_more_numbers(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
    """Give "7 of 19" and "[19]" a token each, up to ``LONG``, with the vector of the nearest that was learned.

    Args:
        model: After its lessons. Its table of vectors grows in place.
        tokenizer: The model's; it grows in place, too.
    """
    places = range(1, LONG + 1)
    vocabulary = {token: k for k, token in enumerate(_tokens(tokenizer))}
    vectors = cast(torch.nn.Embedding, model.get_input_embeddings()).weight.detach().clone()
    names, nearest = list[str](), list[int]()
    for form, wanted in (
        (r"\d+ of \d+", [f"{k} of {n}" for n in places for k in range(1, n + 1)]),
        (r"\[\d+\]", [f"[{k}]" for k in places]),
        (r"\[\d+\], ", [f"[{k}], " for k in places]),
    ):
        if learned := [token for token in vocabulary if re.fullmatch(form, token)]:
            here, there = (torch.stack([_logs(token) for token in tokens]) for tokens in (wanted, learned))
            nearest += [vocabulary[learned[k]] for k in torch.cdist(here, there).argmin(dim=1).tolist()]
            names += wanted
    # those that were learned are among them, as added tokens are cut out of a text first: "[3]" out of "[3], "
    tokenizer.add_tokens([AddedToken(name, single_word=name[0].isdigit(), normalized=False) for name in names])
    model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    grown = cast(torch.nn.Embedding, model.get_input_embeddings()).weight
    with torch.no_grad():
        grown[tokenizer.convert_tokens_to_ids(names)] = vectors[nearest].to(grown)
