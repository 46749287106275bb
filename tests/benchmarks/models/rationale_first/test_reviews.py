"""What people said of rationales, as lessons."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from benchmarks.explanations.changes.steering import wish
from benchmarks.models.rationale_first.reviews import Reviews
from rad.rationales import text
from rad.rationales.facts.candidates import KINDS
from rad.rationales.strengths import weighted


def reviewed(fitted, origin="edited"):
    """Options of the queries, and reviews that let one fact of the moment of the first query stand."""
    options = fitted.model.options(fitted.queries)
    number = next(k for k in range(options.starts[1]) if options.cited[k] >= 0)
    reason = fitted.model.facts.reason(options.table, number, fitted.queries[0])
    record = text.rationale(fitted.queries[0], weighted([(reason, 64)], 64), origin, "people", "1")
    others = [None] * (len(fitted.queries) - 1)
    return options, number, Reviews.of(fitted.catalogue, options, [record, *others])


def test_a_reason_that_people_let_stand_is_matched_with_its_option(fitted):
    _, number, reviews = reviewed(fitted)
    assert reviews.option.tolist() == [number]
    assert reviews.share.tolist() == [0.5]


def test_known_reasons_are_no_lesson(fitted):
    _, _, reviews = reviewed(fitted, "known")
    assert not len(reviews.option)


def test_the_users_own_word_is_no_lesson(fitted):
    options = fitted.model.options(fitted.queries)
    number = next(k for k in range(options.starts[1]) if KINDS[options.table.kind[k]] == "lasting")
    taste = fitted.model.facts.reason(options.table, number, fitted.queries[0])
    others = [None] * (len(fitted.queries) - 1)
    for reason, lessons in ((taste, [number]), (wish(taste.wants[0], True), [])):
        record = text.rationale(fitted.queries[0], weighted([(reason, 64)], 64), "edited", "people", "1")
        assert Reviews.of(fitted.catalogue, options, [record, *others]).option.tolist() == lessons


def test_the_loss_falls_where_the_selector_says_the_same(fitted):
    options, number, reviews = reviewed(fitted)
    rows, numbers = fitted.model.selector(options, np.arange(5), fitted.model.neighbours)
    same = rows.share.detach().clone()
    same[np.flatnonzero(numbers == number)[0]] = 0.9
    agreeing = reviews.loss(replace(rows, share=same), numbers)
    assert 0 < float(agreeing.detach()) < float(reviews.loss(rows, numbers).detach())


def test_a_batch_without_reviews_costs_nothing(fitted):
    options, _, reviews = reviewed(fitted)
    rows, numbers = fitted.model.selector(options, np.arange(5, 9), fitted.model.neighbours)
    assert torch.equal(reviews.loss(rows, numbers), torch.zeros(()))
