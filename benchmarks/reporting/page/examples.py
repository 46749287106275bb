"""Examples of finished runs: the answer of each run to a query, which of its words hold, and what it then ranked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from benchmarks.explanations.changes.perturbations import STEPS
from benchmarks.explanations.results import Perturbed
from benchmarks.harness.violations import checked
from benchmarks.metrics.correctness._reasons import wants
from benchmarks.metrics.grounding._claims import citations
from benchmarks.metrics.specificity._text import LONGEST
from benchmarks.reporting.page.marking import Piece, differences, marked
from rad.data.dataset import Dataset
from rad.errors import RadError
from rad.rationales import text
from rad.rationales.claims import Matcher
from rad.rationales.facts import Facts
from rad.rationales.strengths import LEVELS, levels
from rad.runtime import records
from rad.runtime.files import read_jsonl
from rad.types import Example, Prediction, Reason

SHOWN_RANKS = 10  # items of a ranking
SHOWN_AFTER = 5  # items of the ranking after a change
SHOWN_REASONS = 8  # reasons one by one, the heaviest
FINDINGS = {
    "absent": "the history has no such purchase",
    "no fact": "it states no fact",
    "contradicted": "what it cites lacks it",
    "unknown": "what it cites lacks it",
}
CHANGES = {
    "swap": "another user's rationale",
    "corrupt": "one claim made wrong",
    "paraphrase": "the same reasons in other words",
    **{
        f"{first}_first_{percent}": f"the {first} {percent}% of the reasons taken away"
        for first in ("heaviest", "lightest")
        for percent in STEPS
    },
    "none": "all reasons taken away",
    "without_cited": "the purchases it cites most taken away",
    "without_random": "as many other purchases taken away",
    "only_cited": "only the purchases it cites most left",
    "only_random": "only as many other purchases left",
}


@dataclass(frozen=True)
class RankedItem:
    """An item at its rank (from 1). In a ranking after a change, ``before`` is its rank by the own rationale."""

    rank: int
    item_id: str
    title: str
    target: bool
    before: int | None = None


@dataclass(frozen=True)
class ReasonLine:
    """A reason: its weight, and what it says: a sentence where it states its numbers, else what follows from what.

    ``violation``: why it is not sound, None where it is. ``is_true``: it is among the true reasons (None: the data have
    none).
    """

    weight: float
    words: str
    violation: str | None
    is_true: bool | None


@dataclass(frozen=True)
class Change:
    """A changed input, and what the model then ranked. ``gone``: places (from 1) that it did not see."""

    name: str
    text: Sequence[Piece]
    gone: Sequence[int]
    ranking: Sequence[RankedItem]
    target: int | None
    moved: float | None
    ndcg: float | None


@dataclass(frozen=True)
class RunAnswer:
    """One run on one query. ``target`` is the best rank of a target, None below the cut of 100."""

    error: str | None
    verdict: str = ""
    text: Sequence[Piece] = ()
    reasons: Sequence[ReasonLine] = ()
    more: int = 0
    contrast: str = ""
    ranking: Sequence[RankedItem] = ()
    target: int | None = None
    own: int | None = None
    changes: Sequence[Change] = ()


@dataclass
class QueryExample:
    """One query and all runs on it, by their number. ``known_reasons`` in words, where the data have them."""

    query_id: str
    history: Sequence[tuple[str, str]]
    targets: Sequence[tuple[str, str]]
    known_reasons: str
    answers: dict[int, RunAnswer] = field(default_factory=dict)


class ExampleSet:
    """The first ``examples`` of a task, with runs side by side."""

    def __init__(self, data: Dataset, examples: Sequence[Example]) -> None:
        self.data, self.items, self.examples = data, data.items, list(examples)
        self.matcher = Matcher(data.items.values())
        self.queries = [
            QueryExample(
                e.query.query_id,
                [self._item(x.item_id) for x in e.query.history],
                [self._item(item) for item in e.relevant],
                e.rationale.text if e.rationale else "",
            )
            for e in examples
        ]

    @cached_property
    def facts(self) -> Facts:
        """The facts of the training split."""
        return Facts.of(self.data.examples["train"], self.items)

    def add(self, number: int, path: Path, changed: Path | None) -> None:
        """Add the predictions of the run ``number``, and its ``perturbed.jsonl`` where it has one."""
        query_ids = {e.query.query_id for e in self.examples}
        records_of_these = (  # the other predictions were checked when the run was scored
            records.parse(Prediction, record, f"{path}:{line}")
            for line, record in read_jsonl(path)
            if str(record.get("query_id")) in query_ids
        )
        predictions, _ = checked(records_of_these, self.examples, self.items)
        changes: dict[str, dict[str, Perturbed]] = {}
        for _, one in records.read(changed, Perturbed) if changed else ():
            changes.setdefault(one.query_id, {})[one.input] = one
        for example, query, p in zip(self.examples, self.queries, predictions, strict=True):
            query.answers[number] = self._answer(p, example, changes.get(p.query_id, {}))

    def _item(self, item_id: str) -> tuple[str, str]:
        """Title and attributes of an item."""
        item = self.items.get(item_id)
        if item is None:
            return item_id, ""
        return item.title, " · ".join(f"{name} {', '.join(values)}" for name, values in item.attributes.items())

    def _answer(self, p: Prediction, example: Example, changes: Mapping[str, Perturbed]) -> RunAnswer:
        if p.error is not None:
            return RunAnswer(p.error)
        own = changes.get("own")
        r = p.rationale
        reasons = zip(r.reasons, levels(r.reasons)[0], strict=True) if r else ()
        heaviest = sorted(reasons, key=lambda pair: -pair[0].weight)
        return RunAnswer(
            error=None,
            verdict=r.verdict if r else "",
            text=list(marked(r, example, self.items, self.matcher)) if r else (),
            reasons=[self._reason(p, *pair, example) for pair in heaviest[:SHOWN_REASONS]],
            more=max(0, len(heaviest) - SHOWN_REASONS),
            contrast=p.contrast.text[:LONGEST] if p.contrast else "",
            ranking=self._ranked(p.ranking[:SHOWN_RANKS], example),
            target=_target_rank(p.ranking, example),
            own=_target_rank(own.ranking, example) if own else None,
            changes=[self._change(changes[name], own, example) for name in _in_order(changes)] if own else (),
        )

    def _reason(self, p: Prediction, reason: Reason, level: int, example: Example) -> ReasonLine:
        assert p.rationale is not None
        is_true = None
        if example.rationale is not None and reason.wants:
            is_true = not wants(example.rationale, None).isdisjoint(reason.wants)
        if reason.evidence.support is not None:
            violation = next((v.detail for v in self.facts.check(reason, example.query)), None)
            return ReasonLine(reason.weight, _sentence(reason, level), violation, is_true)
        alone = Prediction(p.query_id, (), replace(p.rationale, reasons=(reason,)))
        violation = next((FINDINGS[f] for f, _ in citations(alone, example, self.items) if f in FINDINGS), None)
        return ReasonLine(reason.weight, _because(reason), violation, is_true)

    def _ranked(
        self, ranking: Sequence[str], example: Example, before: Mapping[str, int] | None = None
    ) -> list[RankedItem]:
        return [
            RankedItem(k, item, self._item(item)[0], item in example.relevant, before.get(item) if before else None)
            for k, item in enumerate(ranking, 1)
        ]

    def _change(self, one: Perturbed, own: Perturbed, example: Example) -> Change:
        left = list(one.history)
        gone = []
        for k, x in enumerate(example.query.history, 1):  # what is left stands in the same order
            if left and left[0] == x.item_id:
                left.pop(0)
            else:
                gone.append(k)
        before, after = own.rationale.text[:LONGEST], one.rationale.text[:LONGEST]
        alike = one.input != "swap" and one.input != "paraphrase" and not gone
        return Change(
            name=CHANGES.get(one.input, one.input),
            text=list(differences(before, after)) if alike else [Piece("plain", after)],
            gone=gone,
            ranking=self._ranked(one.ranking[:SHOWN_AFTER], example, {x: k for k, x in enumerate(own.ranking, 1)}),
            target=_target_rank(one.ranking, example),
            moved=one.effects.get("ranking"),
            ndcg=one.effects.get("ndcg"),
        )


def _sentence(reason: Reason, level: int) -> str:
    """A reason that states its numbers in words; where they are of no fact, what follows from what."""
    try:
        return text.sentence(reason, level or LEVELS[-1])
    except RadError:
        return _because(reason)


def _because(reason: Reason) -> str:
    """What a reason rests on, and what follows."""
    e = reason.evidence
    fact = f" {e.attribute} {e.value}" if e.attribute else ""
    goals = [f"wants {a} {v}" for a, v in reason.wants] + [f"avoids {a} {v}" for a, v in reason.avoids]
    cited = " ".join(f"[{k + 1}]" for k in e.history)
    return f"{cited}{fact} → {', '.join(goals) or e.kind.replace('_', ' ')}"


def _in_order(changes: Mapping[str, Perturbed]) -> list[str]:
    listed = [name for name in CHANGES if name in changes]
    return listed + [name for name in changes if name not in CHANGES and name != "own"]


def _target_rank(ranking: Sequence[str], example: Example) -> int | None:
    return min((k for k, item in enumerate(ranking, 1) if item in example.relevant), default=None)
