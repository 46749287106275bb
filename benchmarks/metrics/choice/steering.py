"""``steering``: NDCG@10 gained when somebody who knows the true reasons corrects the rationale; higher is better.

Of a built-in world the reasons are known. ``reasons struck``: without the reasons whose claims are not among the known
ones. ``1 reason added`` to ``3 reasons added``: with the first known reasons, as facts of the same value and as strong
as the strongest (:mod:`benchmarks.explanations.changes.steering`). ``all``: struck, and three added. In [-1, 1]: a
model that listens gains from being told what is true, and one that ignores its rationale scores 0. A rationale that
had all of it has nothing to gain, so read it beside ``reason_f1``. Undefined where no reason is known, and for
rationales that are not in the words of :mod:`rad.rationales.text`. Source: RAD; the interventions on concepts of
Koh et al. (ICML 2020, section 4.3).
"""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.harness.base import GainMetric, OutcomeOf

SLICES = {
    "all": "corrected",
    "reasons struck": "struck",
    "1 reason added": "added_1",
    "2 reasons added": "added_2",
    "3 reasons added": "added_3",
}


class Metric(GainMetric):
    title = "Steering"
    hint = "NDCG@10 gained when the reasons are corrected by the known ones"
    needs = GainMetric.needs | {"known"}
    position = 4
    asks = tuple(SLICES.values())

    def gains(self, of: OutcomeOf) -> Mapping[str, float | None]:
        own, out = of("own"), dict[str, float | None]()
        for part, name in SLICES.items():
            changed = of(name)
            out[part] = None if own is None or changed is None else changed.ndcg - own.ndcg
        return out
