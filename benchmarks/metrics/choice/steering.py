"""``steering``: NDCG@10 gained when a user who knows their motives corrects the rationale; higher is better.

A user of a built-in world knows what moves them, and not the item that they will choose (:mod:`rad.world.motives`).
They strike what is wrong and say in their own word what is missing, one edit at a time
(:mod:`benchmarks.explanations.changes.steering`). ``all``: after three edits; ``1 edit``, ``2 edits``: after so many.
Beside it stand ``3 random edits``, of somebody who knows nothing, and ``3 leaking edits``, of somebody who sees the
answer: no user is above these. In [-1, 1]: a model that listens gains, and one that ignores its rationale scores 0. A
rationale that had all of it has nothing to gain, so read it beside ``reason_f1``. Undefined where nobody knows the
motives. ``python -m benchmarks.steering`` shows the same as a curve. Source: RAD; critiquing (Burke et al. 1997), and
the interventions on concepts of Koh et al. (ICML 2020, section 4.3).
"""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.harness.base import GainMetric, OutcomeOf

SLICES = {
    "all": "edits 3",
    "1 edit": "edits 1",
    "2 edits": "edits 2",
    "3 random edits": "random edits 3",
    "3 leaking edits": "leaking edits 3",
}


class Metric(GainMetric):
    title = "Steering"
    hint = "NDCG@10 gained when a user who knows their motives, not the item, makes three edits"
    needs = GainMetric.needs | {"known"}
    position = 4
    version = 3
    headline = True
    asks = tuple(SLICES.values())

    def gains(self, of: OutcomeOf) -> Mapping[str, float | None]:
        own, out = of("own"), dict[str, float | None]()
        for part, name in SLICES.items():
            changed = of(name)
            out[part] = None if own is None or changed is None else changed.ndcg - own.ndcg
        return out
