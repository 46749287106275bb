"""Rationales and histories changed on purpose, to see whether a model's ranking follows from them.

Everything is a function of the rationale, the query, the catalogue and the training purchases: the same in every run.
Texts change along with the reasons, so that a model that reads the words stands the same test as one that reads the
claims. A rationale in the words of :mod:`rad.rationales.text` stays in them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, cached_property
from typing import cast

from benchmarks.explanations.changes.candidate_facts import CandidateFacts
from benchmarks.explanations.changes.changed_reasons import (
    Claim,
    Find,
    corrupted,
    dealt_anew,
    paraphrased,
    truncated,
    values_of,
)
from benchmarks.explanations.changes.critics import CRITICS, Critic, Critics
from benchmarks.explanations.changes.histories import RankingInput, partial_history
from benchmarks.explanations.changes.recency_template import of_candidates
from benchmarks.explanations.proxy_ranker import masked, single_values
from benchmarks.explanations.rewriting import in_form, rewritten
from rad.rationales import text
from rad.rationales.claims import Matcher
from rad.rationales.facts import Facts
from rad.types import LASTING, Example, Item, Rationale
from rad.world.motives import Motive

STEPS = (20, 40, 60, 80)  # per cent of the reasons that the truncation curve takes away, beside none and all
ALONE = 8  # reasons that rank alone, at most
UNMASKED = ("rebuilt", "template", "strengths", "only_reason_", *CRITICS)


class Perturbations:
    """The changed inputs of each example, by name; None where there is nothing to change.

    ``own``, ``swap``, ``corrupt``, ``paraphrase``, ``heaviest_first_20`` .. ``_80`` and ``lightest_first_20`` ..
    (reasons taken away), ``none`` (all taken away), ``without_cited`` and ``without_random`` (purchases taken away),
    ``only_cited`` and ``only_random`` (purchases left alone). And, never masked:

    ``rebuilt`` (the reasons that are read out of the text), ``template`` (as many of the recency template),
    ``strengths`` (the same strengths, dealt out anew), ``only_reason_1`` .. ``_8`` (one reason of the moment alone,
    the strongest first); and where users know their motives, ``edits 1`` .. ``edits 3``, the same with
    ``random edits`` and ``leaking edits`` (after so many of them, :mod:`benchmarks.explanations.changes.critics`).

    Args:
        examples: With their answers.
        rationales: One each.
        others: For each the place of one of another user, whose rationale is swapped in; None: there is none.
        items: The catalogue.
        facts: Counts those of the training split, for the template and the edits; None leaves these out.
        motives: What each user knows of themselves, by query id; empty where nobody knows, and None leaves it out.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        rationales: Sequence[Rationale],
        others: Sequence[int] | None,
        items: Mapping[str, Item],
        facts: Callable[[], Facts] | None = None,
        motives: Callable[[], Mapping[str, Sequence[Motive]]] | None = None,
    ) -> None:
        self.examples, self.rationales, self.others, self.items = examples, rationales, others, items
        self.facts, self.motives = facts, motives
        self._masked_own: dict[int, Rationale] = {}

    @cached_property
    def _matcher(self) -> Matcher:
        return Matcher(self.items.values())

    @cached_property
    def _mentions(self) -> Find:
        """The mentions in a sentence; the inputs of an example have most sentences in common."""
        return cache(self._matcher.find)

    @cached_property
    def _single(self) -> frozenset[Claim]:
        return single_values(self.items)

    @cached_property
    def _values(self) -> dict[str, list[str]]:
        return values_of(self.items)

    @cached_property
    def _candidates(self) -> CandidateFacts | None:
        return CandidateFacts(self.facts(), [e.query for e in self.examples]) if self.facts else None

    @cached_property
    def _critics(self) -> Critics | None:
        if self._candidates is None or self.motives is None:
            return None
        return Critics(self.examples, self.rationales, self.items, self._candidates, self.motives())

    def input(self, name: str, row: int, mask: bool = False) -> RankingInput | None:
        """The input called ``name`` for an example, with the target's name masked or not."""
        query = self.examples[row].query
        if name.partition("_")[0] in ("without", "only") and not name.startswith("only_reason_"):
            return partial_history(query, self._own(row, mask), *name.split("_"))
        if name.startswith(UNMASKED):
            changed = None if mask else self._of_reasons(name, row)
        else:
            changed = self._rationale(name, row, mask)
        return None if changed is None else RankingInput(query, changed)

    def _rationale(self, name: str, row: int, mask: bool) -> Rationale | None:
        query, own = self.examples[row].query, self._own(row, mask)
        if name == "own":
            return own
        if name == "swap":
            if self.others is None:
                return None
            theirs = self.others[row]
            other = replace(self.rationales[theirs], query_id=query.query_id)
            if mask:  # whatever it names: this user's target, or that of the user for whom it was written
                other = self._masked(self._masked(other, self.examples[theirs]), self.examples[row])
            return other
        if name == "corrupt":
            return corrupted(own, query, self.items, self._matcher, self._values)
        if name == "paraphrase":
            return replace(own, text=paraphrased(own)) if own.text.strip() else None
        if name == "none":
            return rewritten(own, query, ()) if in_form(own) else replace(own, reasons=(), text="")
        order, _, percent = name.partition("_first_")
        return truncated(own, query, int(percent), order == "heaviest", self._mentions) if own.reasons else None

    def _of_reasons(self, name: str, row: int) -> Rationale | None:
        """What follows from the reasons as they are, or from facts."""
        example, own = self.examples[row], self.rationales[row]
        query = example.query
        if name.startswith(CRITICS):
            critics, (critic, _, n) = self._critics, name.rpartition(" ")
            return critics.after(cast(Critic, critic), int(n), row) if critics else None
        if name == "rebuilt":
            return rewritten(own, query, text.parse(own.text, strict=False))
        if name == "strengths":
            reasons = dealt_anew(own.reasons, query.query_id)
            return rewritten(own, query, reasons) if in_form(own) else replace(own, reasons=reasons)
        if name == "template":
            candidates = self._candidates
            return rewritten(own, query, of_candidates(candidates, row, len(own.reasons))) if candidates else None
        if not in_form(own):
            return None
        if name.startswith("only_reason_"):
            now = sorted((r for r in own.reasons if r.evidence.kind not in LASTING), key=lambda r: -r.weight)
            alone = now[int(name.rpartition("_")[2]) - 1 :][:1]
            return rewritten(own, query, [replace(r, weight=1.0) for r in alone]) if alone else None
        return None

    def _own(self, row: int, mask: bool) -> Rationale:
        if not mask:
            return self.rationales[row]
        if row not in self._masked_own:  # most inputs of an example begin with it
            self._masked_own[row] = self._masked(self.rationales[row], self.examples[row])
        return self._masked_own[row]

    def _masked(self, rationale: Rationale, example: Example) -> Rationale:
        return masked(rationale, example.relevant, example.query, self.items, self._single)
