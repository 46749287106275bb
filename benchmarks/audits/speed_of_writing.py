"""Rationales written by a language model here, beside ``generate`` of transformers.

Both sides read the same prompts with the same weights and write the same tokens: ``generate`` may take no other token
than the one that stands there in ours, as with any decoder that is held to a grammar token by token. Both sides' log
probabilities of what the model chose must agree. Weights are as they were drawn: time does not depend on them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from transformers import PreTrainedModel

from benchmarks.audits.timing import Pair, Side
from benchmarks.language import bases
from benchmarks.language.lessons import Demonstration, texts
from benchmarks.language.tokens import Case, Tokens
from benchmarks.language.writing import Answer, Writer
from rad.data.load import open_dataset
from rad.rationales.facts import Facts
from rad.types import Item

DATA = "world:users=600,items=1000"
FACTS, REASONS, LASTING = 14, 8, 3
BATCH = 64
FEW = 8  # prompts that are generated one by one


def writing(prompts: int) -> Iterator[Pair]:
    """Beside ``generate`` for a prompt at a time, and for batches of the same size."""
    cases, items = _cases(prompts)
    lessons = [Demonstration(case, [(case.facts[0], 64)], 16) for case in cases]
    torch.manual_seed(0)
    model, tokenizer = bases.opened(bases.SMALL, texts(lessons, items, window=1, item_chars=0))
    model.eval()
    tokens = Tokens(tokenizer, "blanks", items, bases.longest(model, tokenizer), window=1, item_chars=0)
    writer = Writer(model, tokens, REASONS, LASTING, batch_size=BATCH)
    answers = _written(writer, cases)

    def agree(ours: list[Answer], theirs: list[np.ndarray]) -> None:
        for answer, chosen in zip(ours, theirs, strict=False):  # theirs may be the first few
            np.testing.assert_allclose(_chosen(answer), chosen, atol=2e-3)

    ours = Side("batched, held to the grammar", lambda: _written(writer, cases), len(cases))
    others = [
        Side(f"generate one by one, {FEW} prompts", lambda: _generated(model, answers[:FEW], 1), min(FEW, prompts)),
        Side(f"generate in batches of {BATCH}", lambda: _generated(model, answers, BATCH), len(answers)),
    ]
    for side in others:
        yield Pair(f"rationales of {FACTS} facts, base small", "query", ours, side, agree)


def _cases(prompts: int) -> tuple[list[Case], Mapping[str, Item]]:
    data = open_dataset(DATA)
    queries = [example.query for example in data.examples["test"][:prompts]]
    facts = Facts.of(data.examples["train"], data.items).about_all(queries, FACTS)
    cases = [Case(query, each, [0] * len(each)) for query, each in zip(queries, facts, strict=True)]
    return cases, data.items


def _written(writer: Writer, cases: list[Case]) -> list[Answer]:
    return [answer for k in range(0, len(cases), BATCH) for answer in writer.decoded(cases[k : k + BATCH])]


def _chosen(answer: Answer) -> np.ndarray:
    """Log probabilities of the tokens that the model chose."""
    return np.array(answer.log_probabilities)[np.array(answer.chosen) == 1]


@torch.no_grad()
def _generated(model: PreTrainedModel, answers: list[Answer], size: int) -> list[np.ndarray]:
    """The same, of the same tokens by ``generate``, ``size`` prompts at a time."""
    out = []
    for start in range(0, len(answers), size):
        part = answers[start : start + size]
        longest = max(len(answer.prompt) for answer in part)
        ids, mask = torch.zeros(2, len(part), longest, dtype=torch.long)
        for k, answer in enumerate(part):
            ids[k, longest - len(answer.prompt) :] = torch.tensor(answer.prompt)
            mask[k, longest - len(answer.prompt) :] = 1

        def only(row: int, so_far: torch.Tensor, part: list[Answer] = part, longest: int = longest) -> list[int]:
            at = len(so_far) - longest
            return [part[row].ids[at] if at < len(part[row].ids) else 0]

        # what the grammar forbids is set to minus infinity in ``scores``; ``logits`` are the model's own
        result = model.generate(  # type: ignore[operator]
            input_ids=ids,
            attention_mask=mask,
            prefix_allowed_tokens_fn=only,
            max_new_tokens=max(len(answer.ids) for answer in part),
            do_sample=False,
            eos_token_id=None,
            pad_token_id=0,
            return_dict_in_generate=True,
            output_logits=True,
        )
        for k, answer in enumerate(part):
            places = [at for at, chosen in enumerate(answer.chosen) if chosen]
            rows = torch.stack([result.logits[at][k] for at in places]).log_softmax(-1)
            out.append(rows[torch.arange(len(places)), [answer.ids[at] for at in places]].numpy())
    return out
