"""SmolLM2 writes on a processor, as it is: slow, and skipped where it was not fetched."""

from __future__ import annotations

import pytest

from benchmarks.language.tokens import Case
from benchmarks.models.rationale_first.model import Model
from rad.data.load import open_dataset
from rad.rationales import prompt, text


@pytest.mark.slow
def test_it_writes_sound_reasons_before_it_has_learned(fetched):
    data = open_dataset("world:users=60,items=200")
    model = Model(Model.Settings(reasoner="language", base="smollm2", lessons=0, facts=6, epochs=1))
    model.fit(data.examples["train"], (), data.items, seed=0)
    queries = [e.query for e in data.examples["test"][:3]]
    for query, rationale in zip(queries, model.write(queries), strict=True):
        assert text.parse(rationale.text) == rationale.reasons
        assert all(list(model.facts.check(reason, query)) == [] for reason in rationale.reasons)
    assert model.writer.counts.answers == 3 and model.writer.counts.unread == 0
    # ours is the only system message; each digit is a token
    tokens = model.writer.tokens
    question = tokens.tokenizer.decode(tokens.prompt(Case(queries[0], (), ()), room=10))
    assert question.startswith(f"<|im_start|>system\n{prompt.FILLING}<|im_end|>") and question.count("system\n") == 1
    assert question.endswith(f"{prompt.HEAD}<|im_end|>\n<|im_start|>assistant\n")
    assert [tokens.tokenizer.decode([t]) for t in tokens.encoded(["1,234"])[0]] == list("1,234")
