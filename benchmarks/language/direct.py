"""Ranking without reasons: the same language model names the item itself, by a token of its own for each.

The arms of a rationale: ``none`` names it at once; ``filler`` after as many tokens as a rationale has, which say
nothing (PauseRec, arXiv 2606.14142); ``after`` names it at once and explains it then. A ranking is the order of the
probabilities of all items' tokens in the one place where the item is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import numpy as np
import torch
from datasets import Dataset
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from benchmarks.language.lessons import IGNORED, Demonstration, row
from benchmarks.language.tokens import Case, Tokens

FILLER = "."


def with_items(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, n_items: int) -> np.ndarray:
    """(items,) the token of each item; model and tokenizer get those that they lack."""
    names = [f"<item {k}>" for k in range(n_items)]
    tokenizer.add_tokens(names)
    if cast(torch.nn.Embedding, model.get_input_embeddings()).num_embeddings < len(tokenizer):
        model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    return np.array(tokenizer.convert_tokens_to_ids(names), dtype=np.int64)


def filler_of(tokens: Tokens, n: int) -> list[int]:
    """``n`` tokens that say nothing."""
    return list(tokens.encoded([FILLER])[0][:1]) * n


def rows(
    lessons: Sequence[Demonstration],
    targets: np.ndarray,
    item_tokens: np.ndarray,
    tokens: Tokens,
    filler: int,
    after: bool,
) -> Dataset:
    """``input_ids`` and ``labels``: a prompt, ``filler`` tokens, the target's token, and ``after`` it the rationale.

    Args:
        lessons: Prompts and their rationales.
        targets: (lessons,) catalogue positions.
        item_tokens: (items,) see :func:`with_items`.
        tokens: The model's.
        filler: Tokens before the item.
        after: The rationale follows; otherwise it is left out.
    """
    out = []
    for lesson, target in zip(lessons, targets, strict=True):
        encoded = row(lesson, tokens)
        item = int(item_tokens[target])
        before = [*encoded.prompt, *filler_of(tokens, filler)]
        ids, labels = [*before, item], [IGNORED] * len(before) + [item]
        if after:
            ids, labels = ids + encoded.answer, labels + encoded.labels
        out.append({"input_ids": ids, "labels": labels})
    return Dataset.from_list(out)


@torch.no_grad()
def scores(
    model: PreTrainedModel,
    tokens: Tokens,
    item_tokens: np.ndarray,
    cases: Sequence[Case],
    filler: int,
    batch_size: int,
) -> Iterator[np.ndarray]:
    """(batch, items) log probabilities, for one batch of prompts after the other."""
    for start in range(0, len(cases), batch_size):
        ends = filler_of(tokens, filler)
        prompts = [[*tokens.prompt(one, len(ends) + 1), *ends] for one in cases[start : start + batch_size]]
        width = max(map(len, prompts))
        # (batch, width): prompts at the right
        ids, mask = torch.zeros(2, len(prompts), width, dtype=torch.long)
        for k, one in enumerate(prompts):
            ids[k, width - len(one) :] = torch.tensor(one)
            mask[k, width - len(one) :] = 1
        places = (mask.cumsum(1) - 1).clamp(min=0)
        device = model.device
        logits = model(
            input_ids=ids.to(device), attention_mask=mask.to(device), position_ids=places.to(device), logits_to_keep=1
        ).logits[:, -1]
        yield logits.float().log_softmax(-1)[:, torch.from_numpy(item_tokens).to(device)].cpu().numpy()
