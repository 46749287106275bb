"""What a ranking gains as somebody corrects the rationale, edit by edit: :class:`SteeringCurve`.

The critics are those of :mod:`benchmarks.explanations.changes.critics`. The model of a run is fitted again as it was
and ranks from what each critic leaves of its own rationales. A query without a rationale keeps its ranking.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from benchmarks.explanations.changes.candidate_facts import CandidateFacts
from benchmarks.explanations.changes.critics import CRITICS, Critic, Critics
from benchmarks.explanations.changes.steering import EDITS
from benchmarks.explanations.faithfulness import model_of
from benchmarks.explanations.finished_run import FinishedRun
from benchmarks.harness.aggregate import SORT
from benchmarks.harness.evaluate import measure
from benchmarks.harness.fitting import learning_examples
from benchmarks.harness.registries import load_metrics
from rad.errors import RadError
from rad.runtime.statistics import bootstrap, clusters_of, column_intervals, column_means
from rad.types import Item

OF_WORLDS: tuple[Critic, ...] = CRITICS[:3]
OF_LATER: tuple[Critic, ...] = CRITICS[3:]


class CurvePoint(NamedTuple):
    """NDCG@10 after ``edits`` of a critic, and over that of no edit; ``ends`` are of 95% intervals over users.

    ``sd`` is the spread of the ratio over seeds, None for one seed. ``changed`` is the share of the queries whose
    rationale the last of these edits changed.
    """

    critic: Critic
    edits: int
    ndcg: float
    ndcg_ends: tuple[float, float]
    ratio: float
    ratio_ends: tuple[float, float]
    sd: float | None
    changed: float


@dataclass(frozen=True)
class SteeredRun:
    """NDCG@10 of each query [queries] of a run: as it was, and after so many edits of a critic."""

    run: FinishedRun
    own: np.ndarray
    after: dict[tuple[Critic, int], np.ndarray]
    changed: dict[tuple[Critic, int], float]


class SteeringCurve(NamedTuple):
    """The points of a model over its seeds. ``ndcg`` is that of no edit."""

    label: str
    domain: str
    split: str
    seeds: list[int]
    run_ids: list[str]
    queries: int
    ndcg: float
    ndcg_ends: tuple[float, float]
    points: list[CurvePoint]


def steer(run: FinishedRun) -> SteeredRun:
    """Have the model of a run rank from what each critic leaves of its rationales.

    Raises:
        RadError: No critic knows anything of the run's users, it has no rationale, or its model cannot be asked again.
    """
    later = later_purchases(run)
    critics = (*(OF_WORLDS if run.motives else ()), *(OF_LATER if later else ()))
    if not critics:
        raise RadError(
            f"{run.folder}: nobody knows what its users want: a run on a built-in world is needed, or one on the "
            "validation split under --protocol full, where a later purchase contradicts reasons"
        )
    if not run.explained_rows:
        raise RadError(f"{run.folder}: no prediction has a rationale to argue with")
    model = model_of(run.result)
    model.fit(*learning_examples(run.data.examples, run.result.task.split), run.data.items, run.result.seed)
    ndcg, rows = load_metrics([SORT], run.data.items), run.explained_rows
    examples = [run.examples[row] for row in rows]
    own = [r for row in rows if (r := run.predictions[row].rationale) is not None]
    queries = [e.query for e in examples]
    candidates = CandidateFacts(run.facts, queries)
    everyone = Critics(examples, own, run.data.items, candidates, run.motives, later)
    base = measure(ndcg, run.predictions, run.examples)[0][SORT]
    out = SteeredRun(run, base, {}, {})
    for critic in critics:
        before, values = own, base
        for edits in range(1, EDITS + 1):
            left = [everyone.after(critic, edits, row) or own[row] for row in range(len(rows))]
            is_other = [k for k, (a, b) in enumerate(zip(left, before, strict=True)) if a.reasons != b.reasons]
            values, others = values.copy(), [queries[k] for k in is_other]
            if others:
                answers = list(model.rank_given(others, [left[k] for k in is_other]))
                scored = measure(ndcg, answers, [examples[k] for k in is_other])[0][SORT]
                values[[rows[k] for k in is_other]] = scored
            out.after[critic, edits], out.changed[critic, edits] = values, len(is_other) / len(base)
            before = left
    return out


def later_purchases(run: FinishedRun) -> dict[str, Item]:
    """A purchase after the answer, by query id: the last one, where the answers are those before it."""
    task = run.result.task
    if (task.split, task.protocol) != ("validation", "full") or run.data.pre_split:
        return {}
    last = {e.query.user_id: next(iter(e.relevant)) for e in run.data.examples["test"]}
    users = ((e.query.query_id, e.query.user_id) for e in run.examples)
    return {key: run.data.items[last[user]] for key, user in users if user in last}


def curve(runs: Sequence[SteeredRun]) -> SteeringCurve:
    """One model over its seeds, which answered the same queries."""
    first = runs[0].run
    keys = list(runs[0].after)
    # [seeds, queries, 1 + keys]: no edit, then after each
    table = np.stack([np.stack([r.own, *(r.after[key] for key in keys)], axis=1) for r in runs])
    means = table.mean(1)  # [seeds, 1 + keys]
    each = table.mean(0)  # [queries, 1 + keys]
    users = clusters_of([e.query.user_id for e in first.examples])
    resampled = bootstrap(column_means(each), len(each), clusters=users)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratios = resampled / resampled[:, :1]
        of_seeds = means / means[:, :1]
    ends, ratio_ends = column_intervals(resampled).tolist(), column_intervals(ratios).tolist()
    value = each.mean(0)
    points = [
        CurvePoint(
            *key,
            ndcg=float(value[k]),
            ndcg_ends=(ends[k][0], ends[k][1]),
            ratio=float(value[k] / value[0]) if value[0] else float("nan"),
            ratio_ends=(ratio_ends[k][0], ratio_ends[k][1]),
            sd=float(of_seeds[:, k].std(ddof=1)) if len(runs) > 1 else None,
            changed=float(np.mean([r.changed[key] for r in runs])),
        )
        for k, key in enumerate(keys, 1)
    ]
    results = [r.run.result for r in runs]
    return SteeringCurve(
        label=first.result.label,
        domain=first.result.task.domain,
        split=first.result.task.split,
        seeds=[r.seed for r in results],
        run_ids=[r.run_id for r in results],
        queries=len(each),
        ndcg=float(value[0]),
        ndcg_ends=(ends[0][0], ends[0][1]),
        points=points,
    )


def curves(runs: Sequence[SteeredRun]) -> list[SteeringCurve]:
    """A curve a model, data set and split."""
    of_model: dict[tuple[str, str, str], list[SteeredRun]] = {}
    for one in runs:
        result = one.run.result
        of_model.setdefault((result.task.domain, result.task.split, result.label), []).append(one)
    return [curve(group) for group in of_model.values()]
