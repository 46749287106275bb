"""Rationales from data alone: which facts of the history explain a purchase, and how well. Needs no language model.

The mixture of :mod:`rad.features.evidence_model` is fitted to the training purchases. A draft is its posterior over
reasons given the item that was bought: it names values of that item that the history reveals, never the item, and it is
written for training items only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import ClassVar, Self

from annotation.drafters.base import Draft, RationaleDrafter, Summary, checked
from rad.features.evidence_model import VERSION, EvidenceModel
from rad.rationales.rules import Rules
from rad.rationales.text import rationale
from rad.types import Example, Item, Query, Rationale


class Drafter(RationaleDrafter):
    """``fit`` on training examples, then ``draft(query, item)``: the posterior over reasons; None without a history."""

    name: ClassVar[str] = "evidence"
    version = VERSION

    def fit(self, train: Sequence[Example], items: Mapping[str, Item], seed: int = 0, steps: int = 80) -> Self:
        """Fit the mixture to ``train`` in ``steps`` batches."""
        self.items, self.model = items, EvidenceModel().fit(train, items, seed, steps)
        return self

    def draft(self, query: Query, item: Item) -> Rationale | None:
        """The reasons that the history gives for ``item``, strongest first. A training purchase never counts itself."""
        if not query.history:
            return None
        reasons = self.model.explain(query, item)
        return rationale(query, reasons, origin="evidence", drafter=self.name, version=self.version)

    def drafts(self, examples: Iterable[Example]) -> Iterator[Draft]:
        """The draft of each example's target, in order, checked. A refused one is not drafted again: it would be the
        same."""
        self.summary, rules = Summary(), Rules(self.items, self.model.facts)
        chosen = list(examples)
        for example, reasons in zip(chosen, self.model.explain_all(chosen), strict=True):
            query = example.query
            draft = rationale(query, reasons, "evidence", self.name, self.version) if query.history else None
            yield self.summary.add(checked(example, draft, rules))
