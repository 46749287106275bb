"""The check of a reason against the fact that it states: counted again, one reason at a time.

A violation is of the rule ``fact``: the reason states no numbers, or others than can be counted; the fact does not hold
(:mod:`rad.rationales.facts` says when one is sound); or what is cited does not lead to what is claimed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import numpy as np

from rad.rationales.facts.candidates import LASTING_LIFT, ONCE_LIFT, SURPRISE
from rad.rationales.facts.counts import Counts, usual_share
from rad.rationales.rules import Violation
from rad.types import WISHES, Evidence, Query, Reason, Support

Claims = tuple[tuple[str, str], ...]


def violations(counts: Counts, reason: Reason, query: Query) -> Iterator[Violation]:
    """What is wrong with ``reason``; nothing where it is a sound fact of ``query``."""
    evidence = reason.evidence
    if evidence.kind in WISHES:
        yield Violation("fact", f"{evidence.kind}: the user's own word, and nothing that the history shows")
        return
    if evidence.kind not in _COUNTS or evidence.support is None:
        yield Violation("fact", f"{evidence.kind} evidence that states no numbers")
        return
    try:
        fact = _fact(counts, reason, query)
    except _Unlinked as error:
        yield Violation("fact", f"{evidence.kind}: {error}")
        return
    if not _same(fact.support, evidence.support):
        yield Violation("fact", f"{evidence.kind}: states {_words(evidence.support)}, counted {_words(fact.support)}")
    elif not fact.sound:
        yield Violation("fact", f"{evidence.kind}: {_words(fact.support)} is not enough")


def _fact(counts: Counts, reason: Reason, query: Query) -> _Fact:
    """The fact that a reason of a kind with numbers states, counted again."""
    evidence, n = reason.evidence, len(query.history)
    cited, positions = evidence.history, counts.positions(query)
    if not cited or len(set(cited)) < len(cited) or not all(0 <= k < n for k in cited):
        raise _Unlinked(f"cites {_brackets(cited) or 'nothing'} of a history of {n}")
    if any(positions[k] < 0 for k in cited):
        raise _Unlinked("cites an item that the catalogue lacks")
    case = _Case(counts, query, positions, evidence, reason.wants, reason.avoids)
    return _COUNTS[evidence.kind](case)


@dataclass(frozen=True, slots=True)
class _Fact:
    support: Support
    sound: bool


class _Unlinked(Exception):
    """What is cited does not lead to what is claimed."""


@dataclass(frozen=True, slots=True)
class _Case:
    """A reason and what it is about; ``positions`` are the catalogue positions of the history."""

    counts: Counts
    query: Query
    positions: Sequence[int]
    evidence: Evidence
    wants: Claims
    avoids: Claims

    @property
    def cited(self) -> list[int]:
        """Catalogue positions of the cited items."""
        return [self.positions[k] for k in self.evidence.history]

    @property
    def own(self) -> np.ndarray:
        """Catalogue positions of the user's own training purchases."""
        return self.counts.own.get(self.query.user_id, np.zeros(0, np.int32))

    def one_claim(self, wanted: bool = True) -> tuple[str, str]:
        """The only claim, where it is on the right side."""
        claims, other = (self.wants, self.avoids) if wanted else (self.avoids, self.wants)
        if len(claims) != 1 or other:
            raise _Unlinked(f"must {'want' if wanted else 'avoid'} one value, and nothing else")
        return claims[0]

    def number(self, claim: tuple[str, str]) -> int:
        value = self.counts.catalogue.value_index.get(claim)
        if value is None:
            raise _Unlinked(f"no item has {claim[0]} {claim[1]!r}")
        return value

    def evidence_claim(self) -> tuple[str, str]:
        """The value that the evidence states."""
        if self.evidence.attribute is None or self.evidence.value is None:
            raise _Unlinked("states no attribute value")
        return self.evidence.attribute, self.evidence.value

    def has(self, item: int, value: int) -> bool:
        return item >= 0 and value in self.counts.catalogue.item_values[item]

    def all_have(self, value: int) -> None:
        for k, item in zip(self.evidence.history, self.cited, strict=True):
            if not self.has(item, value):
                name, text = self.counts.catalogue.values[value]
                raise _Unlinked(f"[{k + 1}] does not have {name} {text!r}")

    def usual(self, value: int) -> float:
        """The usual share of a value among other users' purchases, as people say it."""
        own = sum(self.has(int(item), value) for item in self.own)
        others = max(self.counts.purchases.sum() - len(self.own), 1)
        return float(usual_share(np.array(max(self.counts.value_purchases[value] - own, 1) / others)))

    def new_ones(self, sets: Iterable[Set[int]]) -> int:
        """How many items of each set neither another user bought, nor this one; the least of these numbers."""
        bought = set(self.positions)
        own = Counter(self.own.tolist())
        by_none_else = {item for item, n in own.items() if self.counts.purchases[item] <= n} - bought
        unsold = self.counts.unsold
        return min(len((one & unsold) - bought) + len(one & by_none_else) for one in sets)

    def nothing_claimed(self) -> None:
        if self.wants or self.avoids or self.evidence.attribute is not None:
            raise _Unlinked("points to items, so it may claim no value")


def _repeat(case: _Case) -> _Fact:
    claim = case.one_claim()
    if claim != case.evidence_claim():
        raise _Unlinked("wants another value than the evidence states")
    value = case.number(claim)
    case.all_have(value)
    k, of, base = sum(case.has(i, value) for i in case.positions), len(case.positions), case.usual(value)
    lift = k / of / base
    sound = lift > LASTING_LIFT
    if case.evidence.kind != "lasting":
        sound = lift > 1 and (k >= 2 or lift > ONCE_LIFT)
    if case.evidence.kind == "new_repeat":
        sound = sound and case.new_ones([case.counts.holders[value]]) > 0
    return _Fact(Support(float(k), float(of), base), sound)


def _transition(case: _Case) -> _Fact:
    source, value = case.number(case.evidence_claim()), case.number(case.one_claim())
    case.all_have(source)
    if any(case.has(item, value) for item in case.cited):
        raise _Unlinked("the cited item has what is said to come next")
    own = case.own.tolist()
    pairs = [(a, b) for a, b in pairwise(own) if case.has(a, source)]
    n = float(case.counts.follows[source, value]) - sum(case.has(b, value) for _, b in pairs)
    m, base = float(case.counts.followed[source]) - len(pairs), case.usual(value)
    return _Fact(Support(n, m, base), n >= 3 and n / m / base > 1)


def _co_purchase(case: _Case) -> _Fact:
    case.nothing_claimed()
    own = set(case.own.tolist())
    n = min(float(case.counts.buyers[i]) - (i in own and len(own) > 1) for i in case.cited)
    return _Fact(Support(n), n >= 2)


def _similar(case: _Case) -> _Fact:
    case.nothing_claimed()
    alike = case.counts.alike
    n = min(float(alike.indptr[i + 1] - alike.indptr[i]) for i in case.cited)
    return _Fact(Support(n), n >= 1)


def _kindred(case: _Case) -> _Fact:
    case.nothing_claimed()
    kin, own = case.counts.kin, set(case.own.tolist())
    numbers = []
    for i in case.cited:
        by_this_user_alone = len(case.counts.kin_of_one[i] & own) if i in own else 0
        numbers.append(float(kin.indptr[i + 1] - kin.indptr[i] - by_this_user_alone))
    return _Fact(Support(min(numbers)), min(numbers) >= 1)


def _new_similar(case: _Case) -> _Fact:
    case.nothing_claimed()
    n = float(case.new_ones(case.counts.alike_sets[i] for i in case.cited))
    return _Fact(Support(n), n >= 1)


def _kind_of(case: _Case) -> _Fact:
    if not 2 <= len(case.wants) <= 3 or case.avoids or len(case.cited) != 1:
        raise _Unlinked("must cite one item and want two or three of its values")
    values = [case.number(claim) for claim in case.wants]
    for value in values:
        case.all_have(value)
    first, *others = sorted((case.counts.holders[value] for value in values), key=len)
    n = float(len(first.intersection(*others)) - 1)
    return _Fact(Support(n), n >= 1)


def _rating(case: _Case) -> _Fact:
    claim = case.one_claim(wanted=False)
    if claim != case.evidence_claim() or len(case.cited) != 1:
        raise _Unlinked("must cite one item and avoid the value that the evidence states")
    value = case.number(claim)
    case.all_have(value)
    rating = case.query.history[case.evidence.history[0]].rating
    ratings = [x.rating for x in case.query.history if x.rating is not None]
    if rating is None:
        raise _Unlinked(f"[{case.evidence.history[0] + 1}] has no rating")
    mean = float(np.round(math.fsum(ratings) / len(ratings), 1))
    return _Fact(Support(float(rating), None, mean), rating < mean)


def _absence(case: _Case) -> _Fact:
    value = case.number(case.one_claim(wanted=False))
    k, of, base = sum(case.has(i, value) for i in case.positions), len(case.positions), case.usual(value)
    return _Fact(Support(float(k), float(of), base), k == 0 and (1 - base) ** of < SURPRISE)


_COUNTS: dict[str, Callable[[_Case], _Fact]] = {
    "repeat": _repeat,
    "lasting": _repeat,
    "new_repeat": _repeat,
    "transition": _transition,
    "co_purchase": _co_purchase,
    "similar": _similar,
    "kindred": _kindred,
    "new_similar": _new_similar,
    "kind_of": _kind_of,
    "rating": _rating,
    "absence": _absence,
}


def _same(a: Support, b: Support) -> bool:
    pairs = ((a.found, b.found), (a.of, b.of), (a.base, b.base))
    return all(
        x is y is None or (x is not None and y is not None and math.isclose(x, y, rel_tol=1e-9)) for x, y in pairs
    )


def _words(support: Support) -> str:
    parts = [f"{support.found:g}"]
    parts += [f"of {support.of:g}"] if support.of is not None else []
    parts += [f"(usual {support.base:.4g})"] if support.base is not None else []
    return " ".join(parts)


def _brackets(history: Sequence[int]) -> str:
    return ", ".join(f"[{k + 1}]" for k in cast(Sequence[int], history)[:5])
