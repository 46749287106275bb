"""The head: distributions, what lasts, and one mixture whether one item is asked for or all."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
import torch

from benchmarks.models.rationale_first.head import WANTS, Past, Rows, Sampled
from rad.rationales.facts.candidates import KINDS, NUMBER


def rows_and_past(fitted):
    options = fitted.model.options(fitted.queries)
    rows, _ = fitted.model.selector(options, np.arange(len(options)), fitted.model.neighbours)
    return rows, Past.of(options.histories, fitted.model.head.n_items)


def one(kind, item=-1, value=-1, share=1.0, log_odds=0.0, rest=0.0):
    """Rows of one rationale with one reason."""
    array = np.array
    return Rows(
        array([0]), array([NUMBER[kind]]), array([item]), array([value]),
        torch.tensor([share]), torch.tensor([log_odds]), torch.tensor([rest]),
    )  # fmt: skip


def test_all_items_together_have_probability_one_and_the_history_none(fitted):
    rows, past = rows_and_past(fitted)
    p = fitted.model.head.probabilities(rows, past, fitted.model.neighbours)
    assert torch.allclose(p.sum(1), torch.ones(len(past)), atol=1e-4)
    assert p[past.query, past.item].max() < 1e-6


def test_one_item_has_the_probability_that_it_has_among_all(fitted):
    rows, past = rows_and_past(fitted)
    p = fitted.model.head.probabilities(rows, past, fitted.model.neighbours)
    targets = p.topk(5, 1).indices[:, 4].numpy()
    with torch.no_grad():
        single = fitted.model.head(rows, past, fitted.model.neighbours, targets)
    assert torch.allclose(single, p[torch.arange(len(past)), torch.from_numpy(targets)], rtol=1e-3)


def test_a_wanted_value_keeps_to_the_items_that_have_it(fitted):
    head, past = fitted.model.head, Past.of([np.array([3])], fitted.model.head.n_items)
    p = head.probabilities(one("repeat", value=5), past, fitted.model.neighbours)[0].numpy()
    has = fitted.catalogue.incidence[:, 5].toarray().ravel() > 0
    assert p[has].sum() == pytest.approx(1, abs=1e-4)
    assert p[~has].max() == 0


def test_a_value_that_nothing_left_has_is_unexplained(fitted):
    owners = fitted.catalogue.incidence[:, 5].nonzero()[0]
    past = Past.of([owners], fitted.model.head.n_items)
    p = fitted.model.head.probabilities(one("repeat", value=5), past, fitted.model.neighbours)
    assert torch.allclose(p, fitted.model.head.background(past, fitted.model.neighbours))


@pytest.mark.parametrize(("kind", "sign"), [("lasting", 1.0), ("rating", -1.0)])
def test_what_lasts_multiplies_the_odds_inside_a_reason(fitted, kind, sign):
    head, own = fitted.model.head, fitted.model.neighbours
    past = Past.of([np.array([3])], head.n_items)
    # a value that some items with value 5 have, and some lack
    inside = fitted.catalogue.incidence[fitted.catalogue.incidence[:, 5].nonzero()[0]]
    share = np.asarray(inside.mean(0)).ravel()
    other = int(np.argmin(np.abs(share - 0.5)))
    now, lasting = one("repeat", value=5), one(kind, value=other, share=0.0, log_odds=sign * 0.9)
    columns = ("query", "kind", "item", "value", "share", "log_odds")
    joined = {
        c: (np if c in columns[:4] else torch).concatenate([getattr(r, c) for r in (now, lasting)]) for c in columns
    }
    both = Rows(**joined, unexplained=now.unexplained)
    before, after = (head.probabilities(rows, past, own)[0].numpy() for rows in (now, both))
    has = fitted.catalogue.incidence[:, other].toarray().ravel() > 0
    inside = np.flatnonzero(before > 0)
    odds = after[inside] / before[inside]
    scale = float(torch.exp(head.preference_scale[head.owner[other]].detach()))
    factor = np.exp(sign * 0.9 * scale)
    assert odds[has[inside]].mean() / odds[~has[inside]].mean() == pytest.approx(factor, rel=1e-3)


@pytest.mark.parametrize("kind", ["co_purchase", "similar", "kindred"])
def test_a_reason_about_an_item_leads_to_its_neighbours_alone(fitted, kind):
    head, own = fitted.model.head, fitted.model.neighbours
    p = head.probabilities(one(kind, item=3), Past.of([np.array([3])], head.n_items), own)[0]
    row = (own.similar if kind == "similar" else own.co_purchased)[3]
    assert set(torch.nonzero(p)[:, 0].tolist()) <= set(row.tolist())


def test_every_kind_is_read_by_the_head_or_left_out_by_the_selector(fitted):
    rows, _ = rows_and_past(fitted)
    assert {KINDS[k] for k in np.unique(rows.kind)} <= set(KINDS) - {"kind_of"}


def test_what_is_shared_with_the_cited_item_multiplies_the_odds(fitted):
    head, own = deepcopy(fitted.model.head), fitted.model.neighbours
    past, cited, colour = Past.of([np.array([3])], head.n_items), 3, fitted.catalogue.attributes.index("colour")
    rows = one("transition", item=cited, value=5)
    before = head.probabilities(rows, past, own)[0].numpy()
    with torch.no_grad():
        head.sharing[WANTS.index("transition"), colour] += 1.0
    after = head.probabilities(rows, past, own)[0].numpy()
    of_colour = np.array([a == "colour" for a, _ in fitted.catalogue.values])
    shared = np.asarray(head.X @ (head.X[cited].toarray().ravel() * of_colour)).ravel()
    inside = np.flatnonzero(before > 0)
    odds = np.log(after[inside] / before[inside])
    assert np.unique(shared[inside]).tolist() == [0, 1]
    assert odds[shared[inside] == 1].mean() - odds[shared[inside] == 0].mean() == pytest.approx(1, rel=1e-3)


def test_slopes_of_learned_entries_are_those_of_the_dense_product(fitted):
    head = fitted.model.head
    dense = torch.rand(4, head.n_items, requires_grad=True)
    entries = torch.rand(head.XT.nnz, requires_grad=True)
    weights = torch.rand(4, head.n_values)
    (Sampled.apply(dense, entries, head) * weights).sum().backward()
    full = torch.zeros(head.n_values, head.n_items).index_put((head.pair_value, head.pair_item), entries.detach())
    assert torch.allclose(dense.grad, weights @ full, rtol=1e-4)
    table = weights.T @ dense.detach()  # (values, items)
    assert torch.allclose(entries.grad, table[head.pair_value, head.pair_item], rtol=1e-4)
