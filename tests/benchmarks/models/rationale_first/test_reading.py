"""A record as the head reads it."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.models.rationale_first.reading import LOG_ODDS, rows_of
from rad.rationales.facts.candidates import NUMBER
from rad.rationales.strengths import weighted
from rad.types import Evidence, Reason, Support


def read(fitted, reasons, history=(4, 7, 9)):
    return rows_of(fitted.catalogue, [list(history)], [reasons])


def test_shares_are_those_of_the_levels(fitted):
    claim = fitted.catalogue.values[5]
    now = Reason(Evidence((0,), "co_purchase", support=Support(3.0)))
    wanted = Reason(Evidence((1,), "repeat", *claim, Support(1.0, 3.0, 0.1)), (claim,))
    lasting = Reason(Evidence((1,), "lasting", *claim, Support(1.0, 3.0, 0.1)), (claim,))
    rows = read(fitted, weighted([(now, 64), (lasting, 32), (wanted, 16)], rest=16))
    by_kind = {int(k): n for n, k in enumerate(rows.kind)}
    assert rows.share[by_kind[NUMBER["co_purchase"]]] == pytest.approx(64 / 96)
    assert rows.share[by_kind[NUMBER["repeat"]]] == pytest.approx(16 / 96)
    assert rows.unexplained[0] == pytest.approx(16 / 96)
    assert rows.log_odds[by_kind[NUMBER["lasting"]]] == pytest.approx(LOG_ODDS[1])
    assert rows.share[by_kind[NUMBER["lasting"]]] == 0


def test_a_dislike_has_odds_below_zero(fitted):
    claim = fitted.catalogue.values[5]
    reason = Reason(Evidence((1,), "rating", *claim, Support(1.0, None, 3.0)), avoids=(claim,))
    assert read(fitted, weighted([(reason, 4)], rest=64)).log_odds[0] == pytest.approx(-LOG_ODDS[-1])


@pytest.mark.parametrize(("kind", "sign"), [("wish", 1), ("veto", -1)])
def test_the_users_own_word_holds_inside_every_other_reason(fitted, kind, sign):
    claim = fitted.catalogue.values[5]
    own = Reason(Evidence((), kind, *claim), *(((claim,), ()) if kind == "wish" else ((), (claim,))))
    now = Reason(Evidence((0,), "co_purchase", support=Support(3.0)))
    rows = read(fitted, weighted([(now, 64), (own, 64)], rest=64))
    assert rows.log_odds.tolist() == [0.0, pytest.approx(sign * LOG_ODDS[0])]
    assert rows.share.tolist() == [pytest.approx(0.5), 0.0]


def test_what_is_not_there_says_nothing(fitted):
    outside = Reason(Evidence((8,), "similar", support=Support(3.0)))
    unknown = Reason(Evidence((0,), "repeat", "colour", "no such", Support(1.0, 3.0, 0.1)), (("colour", "no such"),))
    rows = read(fitted, weighted([(outside, 64), (unknown, 64)], rest=64))
    assert not len(rows.query)
    assert rows.unexplained[0] == pytest.approx(1)


def test_several_citations_share_a_weight(fitted):
    reason = Reason(Evidence((0, 2), "similar", support=Support(3.0)))
    rows = read(fitted, weighted([(reason, 64)], rest=64))
    assert sorted(rows.item.tolist()) == [4, 9]
    assert rows.share.tolist() == pytest.approx([0.25, 0.25])


def test_records_without_numbers_are_read_as_their_nearest_kind(fitted):
    claim = fitted.catalogue.values[5]
    old = (
        Reason(Evidence((0,), "attribute", *claim), (claim,), weight=0.4),
        Reason(Evidence((1,), "constraint", *claim), (claim,), weight=0.2),
        Reason(Evidence((2,), "sequence"), (claim,), weight=0.2),
    )
    assert set(read(fitted, old).kind) == {NUMBER["repeat"], NUMBER["lasting"], NUMBER["transition"]}


def test_no_reason_at_all_is_unexplained(fitted):
    rows = rows_of(fitted.catalogue, [[1], []], [(), ()])
    assert rows.unexplained.tolist() == [1, 1]
    assert np.array_equal(rows.query, [])
