"""Decoding: whatever the model, the answer is of the grammar, and each choice is one of the model's own."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmarks.language.tokens import END, Line
from benchmarks.language.writing import Answer, Writer, _nearest, _strength, strongest
from rad.rationales import prompt
from rad.types import LASTING
from tests.benchmarks.language.conftest import BASES

MOST, MOST_LASTING = 3, 1
EVERY = [(base, form, temperature) for base in BASES for form in ("blanks", "words") for temperature in (0.0, 1.0)]


def writer(opened, base, form, temperature=0.0, **changes):
    model, tokens = opened(base, form)
    return Writer(model, tokens, MOST, MOST_LASTING, temperature=temperature, **changes)


@pytest.mark.parametrize("base, form, temperature", EVERY)
def test_every_answer_is_read_as_what_it_says(opened, world, base, form, temperature):
    one = writer(opened, base, form, temperature)
    answers = one.decoded(world.cases)
    for case, answer in zip(world.cases, answers, strict=True):
        read, rest, other = prompt.read(one.tokens.tokenizer.decode(answer.ids))
        pairs = [(case.facts[k], level) for k, level in answer.pairs]
        assert rest == answer.rest and set(pairs) <= set(read)
        lasting = [pair for pair in pairs if pair[0].evidence.kind in LASTING]
        assert len(pairs) <= MOST and len(lasting) <= MOST_LASTING
        # what was left out had no room: of what lasts, or of the rest
        for pair in set(read) - set(pairs):
            assert len(pairs) == MOST or (pair[0].evidence.kind in LASTING and len(lasting) == MOST_LASTING)
        if form == "words":
            assert other == [] and len(read) <= MOST
        else:
            assert len(read) + len(other) == len(case.facts)
        again, rest, other = prompt.read(prompt.answer(case.facts, pairs, answer.rest))
        assert (again, rest, other) == (pairs, answer.rest, [])
    written = list(writer(opened, base, form, temperature).write(world.cases))
    assert all(w.readable and w.tokens == len(a.ids) for w, a in zip(written, answers, strict=True))
    assert len({answer.rest for answer in answers}) > 1 or len({len(answer.pairs) for answer in answers}) > 1


@pytest.mark.parametrize("base, form", [(base, form) for base in BASES for form in ("blanks", "words")])
def test_an_answer_is_the_same_alone_and_in_a_batch(opened, world, base, form):
    one = writer(opened, base, form)
    batch = one.decoded(world.cases)
    alone = [one.decoded([case])[0] for case in world.cases]
    assert [(a.ids, a.chosen, a.pairs, a.rest) for a in alone] == [(a.ids, a.chosen, a.pairs, a.rest) for a in batch]
    for a, b in zip(alone, batch, strict=True):
        np.testing.assert_allclose(a.log_probabilities, b.log_probabilities, atol=2e-3, rtol=1e-4)


def test_draws_differ_by_seed_and_are_the_same_again(opened, world):
    drawn = [[a.ids for a in writer(opened, "bpe", "blanks", 1.0, seed=k).decoded(world.cases)] for k in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.parametrize("base, form, temperature", [e for e in EVERY if e[0] in ("small", "bytes")])
def test_choices_and_their_probabilities_are_those_of_one_pass(opened, world, base, form, temperature):
    one = writer(opened, base, form, temperature)
    for case, lines, answer in zip(world.cases, one.tokens.lines(world.cases), one.decoded(world.cases), strict=True):
        assert answer.prompt == one.tokens.prompt(case, 100)
        with torch.no_grad():
            logits = one.model(torch.tensor([answer.prompt + answer.ids])).logits[0, len(answer.prompt) - 1 : -1]
        expected = logits.log_softmax(-1)[torch.arange(len(answer.ids)), answer.ids].numpy()
        chosen = np.array(answer.chosen)
        np.testing.assert_allclose(answer.log_probabilities, expected * chosen, atol=2e-3, rtol=1e-4)
        assert chosen.tolist() == choices(lines, answer.ids, form)


def choices(lines, ids, form):
    """1 where another line may go on otherwise, by trying each of them."""
    out, at, used = [], 0, set()
    while at < len(ids):
        facts = 1 + max(line.fact for line in lines)
        if form == "blanks":
            alive = [line for line in lines if line.fact == (len(used) if len(used) < facts else END)]
        else:
            alive = [line for line in lines if line.fact == END or (line.fact not in used and len(used) < MOST)]
        (line,) = [line for line in alive if tuple(ids[at : at + len(line.ids)]) == line.ids]
        for k in range(len(line.ids)):
            out.append(int(len({o.ids[k] for o in alive if o.ids[:k] == line.ids[:k]}) > 1))
        used.add(line.fact)
        at += len(line.ids)
    return out


def test_the_strength_is_the_mean_of_those_who_have_one():
    # token 5 leads to two lines, 6 to one, 7 to no reason
    continuations = {
        5: [Line(0, 64, (5, 1)), Line(0, 32, (5, 2))],
        6: [Line(0, 8, (6,))],
        7: [Line(0, 0, (7,))],
    }
    mean, share = _strength(continuations, np.array([0.25, 0.25, 0.5]))
    assert (mean, share) == (pytest.approx((0.25 * 48 + 0.25 * 8) / 0.5), 0.5)
    # 28 is between 16 and 32, nearer to 32; of 5 the nearest are 64 | 32 or 8
    assert _nearest(continuations, 28.0) == 5
    assert _nearest(continuations, 15.0) == 6
    assert _nearest(continuations, 0.0) == 7
    assert _nearest(continuations, 3.9) == 7 and _nearest(continuations, 4.1) == 6  # none counts as 2: half-way is 4


def test_no_share_at_all_is_no_reason():
    continuations = {6: [Line(0, 4, (6,))], 7: [Line(0, 0, (7,))]}
    mean, share = _strength(continuations, np.array([0.0, 1.0]))
    assert share == 0.0 and _nearest(continuations, 0.0) == 7 and mean == 0.0


def test_the_strongest_are_kept_and_few_that_last(world):
    facts = [fact for case in world.cases for fact in case.facts]
    lasting = [fact for fact in facts if fact.evidence.kind in LASTING][:2]
    now = [fact for fact in facts if fact.evidence.kind not in LASTING][:3]
    shown = [*lasting, *now]
    answer = Answer([], pairs=[(0, 64), (1, 32), (2, 4), (3, 16), (4, 8)])
    strongest(answer, {}, shown, most=3, lasting=1)
    assert answer.pairs == [(0, 64), (3, 16), (4, 8)]
    answer = Answer([], pairs=[(0, 64), (1, 32), (2, 4), (3, 16), (4, 8)])
    strongest(answer, {0: 1.0, 1: 40.0, 2: 9.0, 3: 1.0, 4: 2.0}, shown, most=3, lasting=1)
    assert answer.pairs == [(1, 32), (4, 8), (2, 4)]
