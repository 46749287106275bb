"""A model's rankings for changed rationales and histories, and how far they are from its ranking for its own.

    plan = InputPlan.of(examples, rationales, items, names)
    answers = Answers.of(plan, model, examples, items)
    answers.effect("swap", row)["ranking"]

The model ranks inputs that are the same word for word once. A ranking for a changed input is checked like any
prediction; a violation is counted and the effect undefined.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from benchmarks.explanations.changes.perturbations import Perturbations, RankingInput
from benchmarks.harness.base import CUT, Outcome
from benchmarks.harness.violations import violation
from benchmarks.metrics.ranking.ndcg import Metric as Ndcg
from benchmarks.metrics.specificity._text import partners
from rad.rationales.facts import Facts
from rad.rationales.strengths import unexplained
from rad.runtime.files import canonical
from rad.types import Example, Item, Prediction, Query, Rationale
from rad.world.motives import Motive

PERSISTENCE = 0.9  # of rank-biased overlap: the first ten ranks carry 86% of the weight
CHUNK = 256  # inputs that a model gets at once
Key = tuple[str, bool, int]  # name of the input, whether the target is masked, row of the example


class RanksFromRationales(Protocol):
    """What is asked of a model here: rankings of queries from rationales that need not be its own."""

    def rank_given(self, queries: Sequence[Query], rationales: Sequence[Rationale]) -> Iterator[Prediction]: ...


def rbo(a: Sequence[str], b: Sequence[str], p: float = PERSISTENCE) -> float:
    """Rank-biased overlap of two rankings, extrapolated: Webber, Moffat and Zobel 2010, equation 30.

    In [0, 1]; both are read to the depth of the shorter. Two empty rankings are alike.
    """
    depth = min(len(a), len(b))
    if depth == 0 or a == b:
        return float(len(a) == len(b))
    # one pass down both rankings: the overlap at depth d follows from that at d - 1, so nothing is intersected
    seen_a, seen_b, common, total, weight = set[str](), set[str](), 0, 0.0, 1.0
    for d in range(depth):
        x, y = a[d], b[d]
        common += (x in seen_b) + (y in seen_a) + (x == y)
        seen_a.add(x)
        seen_b.add(y)
        weight *= p
        total += common / (d + 1) * weight
    return min(1.0, common / depth * weight + (1 - p) / p * total)


def effects(own: Prediction, other: Prediction, example: Example, gone: frozenset[str]) -> dict[str, float]:
    """How far ``other`` is from ``own``: ``ranking``, ``ndcg``, ``rank`` and, where both have scores, ``score``.

    Items that are ``gone`` count in neither. 0 where nothing changed.
    """
    mine, theirs = (_without(p, gone) for p in (own, other))
    a, b = list(mine), list(theirs)
    ndcg = Ndcg({}, 10).score_each([Prediction("", tuple(a)), Prediction("", tuple(b))], [example, example])
    ranks = [min([r.index(t) for t in example.relevant if t in r], default=CUT) for r in (a, b)]
    out = {
        "ranking": 1 - rbo(a, b),
        "ndcg": ndcg[0] - ndcg[1],
        "rank": math.log((ranks[1] + 1) / (ranks[0] + 1)) / math.log(CUT + 1),
    }
    target = a[ranks[0]] if ranks[0] < CUT else None
    if target is not None and own.scores is not None and other.scores is not None and b:
        spread = max(mine.values()) - min(mine.values())
        change = mine[target] - theirs.get(target, min(theirs.values()))  # unranked: at most as good as the last
        out["score"] = max(-1.0, min(1.0, change / spread)) if spread > 0 else 0.0
    return out


def _without(p: Prediction, gone: frozenset[str]) -> dict[str, float]:
    scores = p.scores or (0.0,) * len(p.ranking)
    return {item: score for item, score in zip(p.ranking, scores, strict=True) if item not in gone}


@dataclass
class InputPlan:
    """The inputs that a model is to rank, each distinct one once.

    ``number`` is an input's place in ``distinct``; several keys have the same one where their inputs are the same.
    """

    inputs: dict[Key, RankingInput] = field(default_factory=dict)
    number: dict[Key, int] = field(default_factory=dict)
    distinct: list[RankingInput] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        examples: Sequence[Example],
        rationales: Sequence[Rationale],
        items: Mapping[str, Item],
        names: Sequence[str],
        facts: Callable[[], Facts] | None = None,
        motives: Callable[[], Mapping[str, Sequence[Motive]]] | None = None,
    ) -> InputPlan:
        """``names`` are those of :class:`Perturbations`, as are ``facts`` and ``motives``; ``own`` is always among the
        inputs, each also masked."""
        changes = Perturbations(examples, rationales, _other_users(examples), items, facts, motives)
        plan, numbers = cls(), dict[str, int]()
        for row in range(len(examples)):
            for mask in (False, True):
                for name in dict.fromkeys(["own", *names]):
                    one = changes.input(name, row, mask)
                    if one is None:
                        continue
                    r, past = one.rationale, [x.item_id for x in one.query.history]
                    content = canonical([one.query.query_id, past, r.reasons, r.text, r.verdict])
                    plan.inputs[name, mask, row] = one
                    plan.number[name, mask, row] = numbers.setdefault(content, len(numbers))
                    if len(numbers) > len(plan.distinct):
                        plan.distinct.append(one)
        return plan


def _other_users(examples: Sequence[Example]) -> list[int] | None:
    rows = partners(examples)
    return None if rows is None else [int(k) for k in rows]


@dataclass
class Answers:
    """A model's predictions for the distinct inputs of a plan, and what they took."""

    plan: InputPlan
    examples: Sequence[Example]
    predictions: list[Prediction]
    seconds: float
    failures: Counter[str]
    _effects: dict[Key, dict[str, float]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        plan: InputPlan,
        model: RanksFromRationales,
        examples: Sequence[Example],
        items: Mapping[str, Item],
        track: Callable[[Iterator[Prediction]], Iterator[Prediction]] = lambda stream: stream,
    ) -> Answers:
        """Have ``model`` rank every input of ``plan``; ``track`` may show how far it is."""
        started, failures = time.perf_counter(), Counter[str]()
        predictions = []
        for one, answer in zip(plan.distinct, list(track(_ranked(model, plan.distinct))), strict=True):
            reason = violation(answer, one.query, items)
            failures.update([reason] if reason else [])
            predictions.append(replace(answer, error=reason, ranking=() if reason else answer.ranking))
        return cls(plan, examples, predictions, time.perf_counter() - started, failures)

    def answer(self, name: str, row: int, mask: bool = False) -> Prediction | None:
        """What the model ranked; None where there is no such input, or the answer cannot be used."""
        number = self.plan.number.get((name, mask, row))
        prediction = None if number is None else self.predictions[number]
        return None if prediction is None or prediction.error is not None else prediction

    def outcome(self, name: str, row: int) -> Outcome | None:
        """How well the model ranked from an input; None as for :meth:`answer`."""
        answer = self.answer(name, row)
        if answer is None:
            return None
        example = self.examples[row]
        (ndcg,) = Ndcg({}, 10).score_each([answer], [example])
        places = [answer.ranking.index(target) for target in example.relevant if target in answer.ranking]
        reasons = self.plan.inputs[name, False, row].rationale.reasons
        return Outcome(ndcg, min(places, default=None), unexplained(reasons))

    def effect(self, name: str, row: int, mask: bool = False) -> Mapping[str, float]:
        """The effects of an input on an example's ranking, by measure; nothing where undefined."""
        key = name, mask, row
        if key not in self._effects:
            own, other = self.answer("own", row, mask), self.answer(name, row, mask)
            defined = own is not None and other is not None
            gone = self.plan.inputs[key].gone if defined else frozenset()
            self._effects[key] = effects(own, other, self.examples[row], gone) if own and other else {}
        return self._effects[key]


def _ranked(model: RanksFromRationales, inputs: Sequence[RankingInput]) -> Iterator[Prediction]:
    for start in range(0, len(inputs), CHUNK):
        part = inputs[start : start + CHUNK]
        yield from model.rank_given([one.query for one in part], [one.rationale for one in part])
