"""Prompts of a small world, and models with random weights to answer them: what holds for these holds for any."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from benchmarks.language import small
from benchmarks.language.lessons import Demonstration, texts
from benchmarks.language.tokens import Case, Tokens
from rad.data.load import open_dataset
from rad.rationales.facts import Facts
from rad.rationales.strengths import LEVELS
from tests.support.language import BYTES, TEMPLATE, tiny

# "plain" has no chat template; that of "bytes" leaves out the system's message, as each of its bytes is a token
TEMPLATES = {"bpe": TEMPLATE, "bytes": "{{ messages[-1]['content'] }}</s>", "plain": None}
BASES = ("small", *TEMPLATES)


@pytest.fixture(scope="package")
def world():
    """Items; eight cases of three to nine facts; and a lesson for each, with all levels in it."""
    data = open_dataset("world:users=40,items=200")
    queries = [e.query for e in data.examples["validation"][:8]]
    facts = Facts.of(data.examples["train"], data.items).about_all(queries, 9)
    pairs = enumerate(zip(queries, facts, strict=True))
    cases = [Case(query, few[: 3 + k % 7], [100 - 10 * i for i in range(3 + k % 7)]) for k, (query, few) in pairs]
    lessons = [
        Demonstration(
            case, [(fact, LEVELS[(n + k) % 5]) for k, fact in enumerate(case.facts[n % 2 :: 2])], LEVELS[n % 5]
        )
        for n, case in enumerate(cases)
    ]
    return SimpleNamespace(items=data.items, cases=cases, lessons=lessons)


@pytest.fixture(scope="package")
def opened(world):
    """``opened(base, form)``: a model and its prompts and lines."""
    some = list(texts(world.lessons, world.items, 1, 40))

    def of(base, form="blanks", window=1):
        if base == "small":
            tokenizer = small.tokenizer_of(some)
            torch.manual_seed(0)
            model = small.model_of(tokenizer).eval()
            for weights in model.parameters():  # untrained it ties
                weights.data.mul_(8)
        else:
            words = BYTES if base == "bytes" else 1000
            model, tokenizer = tiny(some, words, TEMPLATES[base], longest=20_000)
        return model, Tokens(tokenizer, form, world.items, 20_000, window, 40)

    return of
