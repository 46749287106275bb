"""Every metric of explanations tells rationales of known quality apart as its definition demands."""

from __future__ import annotations

import copy

import pytest

from benchmarks.explanations.controls.demands import DEMANDS
from benchmarks.explanations.controls.validity import (
    markdown,
    measure_controls,
    nonsense_rows,
    undetected,
    violations,
)
from benchmarks.explanations.families import explanation_metrics
from rad.data.load import open_dataset
from rad.errors import RadError

pytestmark = pytest.mark.xdist_group("validity")  # its values take seconds: once, by one worker
SLOW = ("embedding_similarity",)  # its encoder takes longer than all the rest; `python -m benchmarks.validity` has it


@pytest.fixture(scope="module")
def values():
    return measure_controls(open_dataset("world:seed=5,users=80,items=200"), 40, SLOW)


@pytest.mark.slow
def test_every_demand_holds(values):
    assert {name: lines for name, lines in violations(values).items() if lines} == {}
    assert undetected(values) == []


def test_nonsense_is_shown_by_a_wide_margin_or_not_at_all():
    true = {"soundness": 1.0, "said": 1.0, "reasons": 3.0, "choice": 0.3}
    kinds = {
        "perfect": true,
        "stars": true | {"soundness": 0.0},
        "48 reasons": true | {"reasons": 48.0},
        "code": true | {"said": 0.9, "choice": 0.25, "reasons": 2.0},
    }
    assert nonsense_rows(kinds) == [
        ["48 reasons", "reasons 3.00, 48.00"],
        ["code", "nothing"],
        ["stars", "soundness 1.00, 0.00"],
    ]
    assert undetected(kinds) == ["code: nonsense that no metric shows"]


def test_every_metric_has_a_demand():
    kinds = explanation_metrics()
    judged = {name for name, kind in kinds.items() if "judged" in kind.needs}  # people score there
    assert kinds.keys() - judged <= DEMANDS.keys()


@pytest.mark.slow
def test_a_metric_that_tells_no_kinds_apart_is_a_violation(values):
    broken = copy.deepcopy(values)
    broken["copied"]["claim_precision"] = 1.0
    broken["post hoc"]["swap"] = 0.2
    broken["named"]["reader_gain@10"] += 0.5
    lines = {name: lines for name, lines in violations(broken).items() if lines}
    assert lines.keys() == {"claim_precision", "swap", "reader_gain@10"}
    assert lines["claim_precision"] == ["perfect 1.000 is not better than copied 1.000"]
    table = markdown(broken, violations(broken)).splitlines()
    assert len({line.count("|") for line in table}) == 1 and "post hoc 0.200 is not 0" in "".join(table)


def test_a_domain_without_true_reasons_is_refused(toy):
    with pytest.raises(RadError, match="at least four users"):
        measure_controls(toy, 10)
