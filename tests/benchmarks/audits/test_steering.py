"""The steering curve: who is right is heard, who knows nothing is not, and seeds are averaged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.audits.steering import SteeredRun, curve, later_purchases, steer
from benchmarks.explanations.finished_run import FinishedRun, read_finished_run
from rad.errors import RadError
from tests.benchmarks.conftest import FINISHED_RUNS

pytestmark = FINISHED_RUNS


@pytest.fixture(scope="module")
def finished_run(finished_runs, datasets) -> FinishedRun:
    return read_finished_run(finished_runs["template"], datasets)


def test_a_model_that_listens_gains_from_edits_and_most_from_a_leak(finished_run):
    one = steer(finished_run)
    assert one.own.mean() == pytest.approx(finished_run.result.score("ndcg@10").value)
    gain = {key: values.mean() - one.own.mean() for key, values in one.after.items()}
    assert gain["leaking edits", 3] > gain["edits", 3] > gain["random edits", 3]
    assert gain["edits", 3] > 0 and one.changed["edits", 1] > 0.5
    point = next(p for p in curve([one]).points if (p.critic, p.edits) == ("edits", 3))
    assert point.ratio == pytest.approx(one.after["edits", 3].mean() / one.own.mean())
    assert point.ratio_ends[0] < point.ratio < point.ratio_ends[1] and point.sd is None


def test_seeds_are_averaged_query_by_query(finished_run):
    own = np.full(len(finished_run.examples), 0.5)
    runs = [SteeredRun(finished_run, own, {("edits", 1): own * k}, {("edits", 1): 1.0}) for k in (1, 2)]
    (point,) = curve(runs).points
    assert point.ndcg == pytest.approx(0.75) and point.ratio == pytest.approx(1.5)
    assert point.ratio_ends == pytest.approx((1.5, 1.5)) and point.sd == pytest.approx(np.std([1, 2], ddof=1))


def test_a_purchase_after_the_answer_is_there_on_validation_alone(finished_run):
    assert later_purchases(finished_run) == {}
    result, data = finished_run.result, finished_run.data
    task = result.task.model_copy(update={"split": "validation"})
    later = later_purchases(
        replace(finished_run, result=result.model_copy(update={"task": task}), examples=data.examples["validation"])
    )
    answers = {e.query.user_id: set(e.relevant) for e in data.examples["test"]}
    for example in data.examples["validation"]:
        assert later[example.query.query_id].item_id in answers[example.query.user_id]
        assert later[example.query.query_id].item_id not in {x.item_id for x in example.query.history}


def test_a_run_without_rationales_is_refused(finished_runs, datasets):
    with pytest.raises(RadError, match="no prediction has a rationale"):
        steer(read_finished_run(finished_runs["popularity"], datasets))
