"""What control rationales are made of: the examples of a built-in world, their true reasons as facts, and truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from benchmarks.explanations.changes.candidate_facts import CandidateFacts
from benchmarks.explanations.changes.known_facts import known_facts
from benchmarks.explanations.changes.recency_template import of_candidates
from benchmarks.metrics.specificity._text import partners
from rad.rationales import text
from rad.rationales.facts import Facts
from rad.rationales.strengths import LEVELS, rounded, weighted
from rad.types import Example, Item, Rationale, Reason


@dataclass(frozen=True)
class Setting:
    """``examples`` are those whose true reasons are known; ``facts`` are counted from the training split."""

    examples: Sequence[Example]
    items: Mapping[str, Item]
    facts: Facts

    @cached_property
    def candidates(self) -> CandidateFacts:
        """The sound facts of each example."""
        return CandidateFacts(self.facts, [e.query for e in self.examples])

    @cached_property
    def true(self) -> list[Rationale]:
        """The true reasons as facts, with their true weights rounded, and the text that states them.

        Where nothing explains a choice, this is most likely, and the last purchase is just possible.
        """
        return [self._true(row) for row in range(len(self.examples))]

    def _true(self, row: int) -> Rationale:
        example = self.examples[row]
        reference = example.rationale
        assert reference is not None
        reasons = rounded(known_facts(reference, self.candidates, row))
        if reference.verdict == "unexplained" or not reasons:
            last = of_candidates(self.candidates, row, 2)
            reasons = weighted([(reason, LEVELS[-1]) for reason in last], LEVELS[0])
        rationale = text.rationale(example.query, reasons, "model", "perfect", "1")
        return replace(rationale, verdict=reference.verdict)

    @cached_property
    def others(self) -> list[int]:
        """For each example the place of one of another user: not the one with whom metrics swap rationales."""
        rows = partners(self.examples, 1 / 3)
        assert rows is not None, "control rationales need more than one user"
        return [int(k) for k in rows]

    def rationale(self, row: int, reasons: Sequence[Reason], words: str | None = None) -> Rationale:
        """A control rationale; without ``words`` its text states the reasons, which are rounded."""
        query = self.examples[row].query
        if words is None:
            return replace(text.rationale(query, reasons, "model", "control", "1"), verdict="supported")
        name = f"control-{query.query_id}"
        return Rationale(name, query.query_id, tuple(reasons), words, "supported", "model", "control", "1")


def setting_of(examples: Sequence[Example], items: Mapping[str, Item], facts: Facts, most: int = 300) -> Setting:
    """The setting of the first ``most`` examples whose true reasons are known, and are facts where there are any."""
    answered = [e for e in examples if e.rationale is not None][: 2 * most]
    candidates = CandidateFacts(facts, [e.query for e in answered])
    usable = [
        e
        for row, e in enumerate(answered)
        if e.rationale is not None
        and (e.rationale.verdict == "unexplained" or known_facts(e.rationale, candidates, row))
    ]
    return Setting(usable[:most], items, facts)
