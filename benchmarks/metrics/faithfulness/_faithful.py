"""What the metrics of faithfulness share: effects on the ranking of inputs that were changed on purpose.

A model that ranks from rationales is asked again (``rank_given``) with an input of
:mod:`benchmarks.explanations.changes.perturbations`. Its ranking is then compared with the one for its own rationale.
An *effect* is how far apart the two are, 0 where nothing changed, by one of four measures
(:func:`benchmarks.explanations.changes.counterfactuals.effects`):

- ``ranking``, under the metric's plain name: 1 - rank-biased overlap (Webber, Moffat and Zobel 2010), in [0, 1];
- ``ndcg``: NDCG@10 of the target lost;
- ``rank``: logarithm of how much further down the target stands, as a share of the whole way from first to unranked;
- ``score``: how much of the target's score is lost, as a share of the spread of the scores of the ranking.

The last three may be negative: a change can help. A model without ``rank_given`` has no faithfulness, which is missing
and not 0; one that ignores its input scores 0. So does an empty rationale: there is nothing to change, so
nothing follows from it. Each metric is also given with the target's name masked (slice ``target masked``), own and
changed rationale alike.
"""

from __future__ import annotations

from collections.abc import Callable

EFFECTS = ("ranking", "ndcg", "rank", "score")
Effect = Callable[[str], float | None]


def difference(of: Effect, first: str, second: str) -> float | None:
    a, b = of(first), of(second)
    return None if a is None or b is None else a - b
