"""Ranking without reasons: the scores are the model's own probabilities of the items' tokens."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmarks.language import direct
from benchmarks.language.lessons import IGNORED, row


@pytest.mark.parametrize("base", ["small", "plain"])
@pytest.mark.parametrize("filler", [0, 3])
def test_scores_are_those_of_one_pass(opened, world, base, filler):
    model, tokens = opened(base)
    item_tokens = direct.with_items(model, tokens.tokenizer, len(world.items))
    batches = list(direct.scores(model, tokens, item_tokens, world.cases, filler, batch_size=3))
    assert [len(batch) for batch in batches] == [3, 3, 2]
    for case, scores in zip(world.cases, np.concatenate(batches), strict=True):
        ids = [*tokens.prompt(case, filler + 1), *direct.filler_of(tokens, filler)]
        with torch.no_grad():
            expected = model(torch.tensor([ids])).logits[0, -1].log_softmax(-1)[item_tokens]
        np.testing.assert_allclose(scores, expected.numpy(), atol=2e-3)
    assert np.ptp(scores) > 0.1  # the items differ


def test_every_item_has_a_token_of_its_own(opened, world):
    model, tokens = opened("bpe")
    before = len(tokens.tokenizer)
    item_tokens = direct.with_items(model, tokens.tokenizer, len(world.items))
    assert item_tokens.tolist() == list(range(before, before + len(world.items)))
    assert model.get_input_embeddings().num_embeddings == len(tokens.tokenizer)
    assert direct.with_items(model, tokens.tokenizer, len(world.items)).tolist() == item_tokens.tolist()
    assert tokens.tokenizer("<item 1><item 10>", add_special_tokens=False)["input_ids"] == [*item_tokens[[1, 10]]]


@pytest.mark.parametrize("after", [False, True])
def test_lessons_name_the_item_and_then_explain(opened, world, after):
    model, tokens = opened("small")
    item_tokens = direct.with_items(model, tokens.tokenizer, len(world.items))
    targets = np.arange(len(world.lessons)) + 5
    table = direct.rows(world.lessons, targets, item_tokens, tokens, 2, after)
    for lesson, target, both in zip(world.lessons, targets, table, strict=True):
        encoded, item = row(lesson, tokens), int(item_tokens[target])
        start = [*encoded.prompt, *direct.filler_of(tokens, 2)]
        answer, labels = (encoded.answer, encoded.labels) if after else ([], [])
        assert both["input_ids"] == [*start, item, *answer]
        assert both["labels"] == [*[IGNORED] * len(start), item, *labels]
