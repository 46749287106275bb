"""Prompts and lines in tokens: the oldest purchases are dropped first, and every line is one that can be parsed."""

from __future__ import annotations

import pytest

from benchmarks.language.tokens import END, Tokens
from rad.errors import RadError
from rad.rationales import prompt
from rad.rationales.strengths import LEVELS
from tests.benchmarks.language.conftest import BASES


def limited(tokens, longest):
    return Tokens(tokens.tokenizer, tokens.form, tokens.items, longest, tokens.window, tokens.item_chars)


def shown(tokens, ids):
    """The places of the purchases in a prompt."""
    lines = tokens.tokenizer.decode(ids).partition("Chosen so far:\n\n")[2].split("\n\n")[0].split("\n")
    return [int(line[1 : line.index("]")]) for line in lines if line.startswith("[")]


@pytest.mark.parametrize("form", ["blanks", "words"])
@pytest.mark.parametrize("base", BASES)
def test_the_oldest_purchases_are_dropped_first(opened, world, base, form):
    _, tokens = opened(base, form, window=4)
    case = max(world.cases, key=lambda case: len(case.query.history))
    n = len(case.query.history)
    full = tokens.prompt(case, 10)
    assert shown(tokens, full) == list(range(max(n - 4, 0) + 1, n + 1)) and tokens.shortened == 0
    exact = limited(tokens, len(full) + 10)
    assert exact.prompt(case, 10) == full and exact.shortened == 0
    shorter = limited(tokens, len(full) + 9)
    cut = shorter.prompt(case, 10)
    assert len(cut) + 10 <= shorter.longest and shorter.shortened == 1
    assert shown(tokens, cut) == shown(tokens, full)[-2:]
    shorter.prompt(case, 10)
    assert shorter.shortened == 2


@pytest.mark.parametrize("form", ["blanks", "words"])
def test_facts_that_are_too_long_alone_are_one_line(opened, world, form):
    _, tokens = opened("bpe", form, window=4)
    with pytest.raises(RadError, match=r"^\d+ tokens of a prompt and 10 of an answer are more than the 30 that .*$"):
        limited(tokens, 30).prompt(world.cases[0], 10)


def test_a_base_without_a_chat_template_reads_plain_text(opened, world):
    _, tokens = opened("plain")
    tokens.tokenizer.bos_token = "<s>"
    text = tokens.tokenizer.decode(tokens.prompt(world.cases[0], 10))
    assert text.startswith("<s>You say why") and text.endswith(f"{prompt.HEAD}\n\n")


@pytest.mark.parametrize("base", BASES)
def test_every_line_is_read_as_its_fact(opened, world, base):
    _, tokens = opened(base)
    for case, lines in zip(world.cases, tokens.lines(world.cases), strict=True):
        assert [(line.fact, line.level) for line in lines[-5:]] == [(END, level) for level in LEVELS]
        assert len(lines) == 6 * len(case.facts) + 5
        for line in lines:
            words = tokens.tokenizer.decode(line.ids)
            pairs, rest, other = prompt.read(words)
            if line.fact == END:
                assert (pairs, rest) == ([], line.level)
            else:
                assert pairs == [(case.facts[line.fact], line.level)] * bool(line.level) and rest == 0
            assert words.endswith("\n") and words.count("\n") == 1
            assert len(other) == (line.level == 0)
