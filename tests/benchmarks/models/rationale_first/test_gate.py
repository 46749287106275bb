"""The gate: facts without the own fold, ratings, and what it teaches."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from benchmarks.models.rationale_first.gate import Gate
from benchmarks.models.rationale_first.head import Head
from benchmarks.models.rationale_first.sft import TAUGHT, Drafts, Reasons, Reviewed
from rad.features.position_mixture import RECENCY_POSITIONS, EvidenceModel
from rad.types import Evidence, Interaction, Rationale, Reason


@pytest.fixture
def fitted(toy):
    torch.manual_seed(0)
    drafter = EvidenceModel().fit(toy.examples["train"], toy.items, steps=5)
    gate = Gate(drafter.catalogue, RECENCY_POSITIONS, drafter.weights)
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


def taught(toy, reviewed):
    """A gate that learned from the toy's purchases, and what it writes after each training history."""
    torch.manual_seed(0)
    train = toy.examples["train"]
    if reviewed:
        train = [dataclasses.replace(e, rationale=reviewed(e)) for e in train]
    drafter = EvidenceModel().fit(train, toy.items, steps=5)
    gate = Gate(drafter.catalogue, RECENCY_POSITIONS, drafter.weights)
    facts = drafter.weights, drafter.background_power
    head = Head(drafter.catalogue, *facts, lambda: gate.words, gate.words.shape[1], 0.01)
    lesson = Reviewed(drafter.catalogue, drafter.prefixes)
    gate.fit(Reasons(head, drafter.prefixes, Drafts(drafter), lesson), epochs=0.4, seed=0)
    with torch.no_grad():
        return drafter, lesson, gate.about(np.arange(len(drafter.prefixes.histories)))


def reviewed_as(origin, claim):
    def made(example):
        last = len(example.query.history) - 1
        liked = Reason(Evidence((last,), "constraint"), wants=(claim,), weight=0.25)
        reasons = (Reason(Evidence((last,), "sequence"), wants=(claim,), weight=0.6), liked)
        return Rationale("r", example.query.query_id, reasons, "said", "supported", origin, "anyone", "1")

    return made


def test_a_reviewed_rationale_is_learned_and_a_worlds_own_cause_is_not(toy):
    claim = sorted(EvidenceModel().fit(toy.examples["train"], toy.items, steps=1).catalogue.values)[0]
    _, _, plain = taught(toy, None)
    drafter, lesson, known = taught(toy, reviewed_as("known", claim))
    assert not any(drafter.prefixes.reviewed) and len(lesson.story.unexplained) == 0
    torch.testing.assert_close(known.wants, plain.wants)
    drafter, lesson, told = taught(toy, reviewed_as("edited", claim))
    column = drafter.catalogue.values.index(claim)
    assert all(drafter.prefixes.reviewed) and not Drafts(drafter).unseen.any()
    assert told.wants[:, column].mean() > 2 * plain.wants[:, column].mean()
    likes = 0.25 / (1 - 0.25)  # the log odds that the record's weight stands for
    assert (told.likes[:, column] - likes).abs().mean() < (plain.likes[:, column] - likes).abs().mean() / 2
    examples = np.arange(4)
    assert lesson(told[:4], examples, 0.0) < lesson(plain[:4], examples, 0.0)
    assert lesson(plain[:4], examples, 1.0).item() == pytest.approx(TAUGHT * lesson(plain[:4], examples, 0.0).item())


def test_a_reviewed_rationale_that_says_what_the_story_says_costs_its_entropy_alone(toy):
    """Cross entropy is least where both are the same: any other story costs more."""
    together = Reason(Evidence((0,), "co_purchase"), weight=0.5)

    def made(example):
        return Rationale("r", example.query.query_id, (together,), "said", "supported", "human", "anyone", "1")

    train = [dataclasses.replace(e, rationale=made(e)) for e in toy.examples["train"]]
    drafter = EvidenceModel().fit(train, toy.items, steps=1)
    lesson, rows = Reviewed(drafter.catalogue, drafter.prefixes), np.arange(3)
    own = lesson.story[:3]
    least = -(own.rivals() * own.rivals().clamp(min=1e-6).log()).sum(1).mean().item()
    assert lesson(own, rows, 0.0).item() == pytest.approx(least, abs=1e-5)
    elsewhere = dataclasses.replace(own, anchors=torch.full_like(own.anchors, -1))
    assert lesson(elsewhere, rows, 0.0).item() == pytest.approx(least, abs=1e-5), "what is not there is not asked"
    silent = dataclasses.replace(own, unexplained=own.unexplained + 0.4, together=own.together * 0.2)
    assert lesson(silent, rows, 0.0).item() > least + 0.1
