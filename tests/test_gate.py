"""The gate: facts without the own fold, ratings, and what it teaches."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from annotation.drafters.evidence import SLOTS, Drafter
from benchmarks.train.gate import Gate
from benchmarks.train.head import Head
from benchmarks.train.sft import TAUGHT, Drafts, Reasons
from rad.types import Interaction


@pytest.fixture
def fitted(toy):
    torch.manual_seed(0)
    drafter = Drafter().fit(toy.examples["train"], toy.items, steps=5)
    gate = Gate(drafter.catalogue, SLOTS, drafter.weights)
    head = Head(
        drafter.catalogue, drafter.weights, drafter.background_power, lambda: gate.words, gate.words.shape[1], 0.01
    )
    gate.fit(Reasons(head, drafter.prefixes, Drafts(drafter)), epochs=0.2, seed=0)
    return gate, head


@torch.no_grad()
def test_facts_of_an_example_leave_out_its_fold(fitted):
    gate, _ = fitted
    p = gate.prefixes
    examples = np.array([6, 0, 3, 1, 5])  # not in the order of their folds
    story = gate.about(examples)
    for row, k in enumerate(examples):
        reach = gate.reach(p.counts[p.folds[k]])
        alone = gate.story([p.histories[k]], [p.past[k]], reach)
        for name in ("unexplained", "together", "wants", "likes", "avoids"):
            torch.testing.assert_close(getattr(story, name)[row], getattr(alone, name)[0], atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_the_lesson_is_least_for_the_gates_own_story_and_fades(fitted):
    gate, _ = fitted
    examples = np.arange(6)
    own = gate.about(examples)
    least = gate.lesson(own, examples, 0.0).item()
    louder = dataclasses.replace(own, likes=own.likes + 0.5)
    assert gate.lesson(louder, examples, 0.0).item() - least == pytest.approx(0.25 * own.likes.shape[1], rel=1e-3)
    wants = own.wants.roll(1, 1)
    assert gate.lesson(dataclasses.replace(own, wants=wants), examples, 0.0).item() > least
    assert gate.lesson(own, examples, 0.5).item() == pytest.approx(least / 2, rel=1e-4)
    assert gate.lesson(own, examples, 1.0).item() == pytest.approx(least * TAUGHT, rel=1e-4)


def test_the_ranking_that_it_teaches_is_the_heads(fitted):
    gate, head = fitted
    p, examples = gate.prefixes, np.array([4, 1, 6])
    taught = gate.ranking(examples)
    with torch.no_grad():
        expected = head.probabilities(gate.about(examples), p.counts, p.folds[examples])
    torch.testing.assert_close(taught, expected)
    torch.testing.assert_close(taught.sum(1), torch.ones(3), atol=1e-3, rtol=0)


@torch.no_grad()
def test_ratings_move_tastes_and_their_absence_does_not_matter(fitted):
    gate, _ = fitted
    gate.middling, gate.spread = 4.0, 1.0
    gate.facts[1, :, 7] = 1.0  # taste, by how the purchases that have a value were rated
    reach = gate.reach(gate.prefixes.counts[-1])

    def taste(*ratings):
        past = tuple(Interaction("u", str(k), rating=r) for k, r in enumerate(ratings))
        return gate.story([(3, 7)], [past], reach).taste()[0]

    values = gate.catalogue.item_values
    only = [v for v in values[3] if v not in values[7]]
    assert only and torch.all(taste(5.0, 4.0)[only] > taste(1.0, 4.0)[only])
    torch.testing.assert_close(taste(None, None), taste(4.0, 4.0))
