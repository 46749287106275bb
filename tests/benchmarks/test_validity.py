"""Every metric of explanations tells rationales of known quality apart as its definition demands."""

from __future__ import annotations

import copy

import pytest

from benchmarks.explain import metrics
from benchmarks.validity import DEMANDS, faults, markdown, measured
from rad.data.dataset import open_dataset
from rad.errors import RadError

SLOW = ("embedding_similarity",)  # its encoder takes longer than all the rest; `python -m benchmarks.validity` has it


@pytest.fixture(scope="module")
def values():
    return measured(open_dataset("world:seed=5,users=120,items=200"), 80, SLOW)


def test_every_demand_holds(values):
    assert {name: why for name, why in faults(values).items() if why} == {}


def test_every_metric_has_a_demand():
    judged = {
        name for name, kind in metrics(attested=True).items() if "judged" in kind.needs
    }  # people are the bed there
    assert {*metrics(attested=False), *metrics(attested=True)} - judged <= DEMANDS.keys()


def test_a_metric_that_cannot_tell_is_told(values):
    broken = copy.deepcopy(values)
    broken["copied"]["claim_precision"] = 1.0
    broken["post hoc"]["swap"] = 0.2
    broken["named"]["reader_gain@10"] += 0.5
    found = {name: why for name, why in faults(broken).items() if why}
    assert found.keys() == {"claim_precision", "swap", "reader_gain@10"}
    assert found["claim_precision"] == ["perfect 1.000 is not better than copied 1.000"]
    table = markdown(broken, faults(broken)).splitlines()
    assert len({line.count("|") for line in table}) == 1 and "post hoc 0.200 is not 0" in "".join(table)


def test_a_bed_without_known_reasons_is_refused(toy):
    with pytest.raises(RadError, match="at least four users"):
        measured(toy, 10)
