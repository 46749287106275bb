"""The ranking that follows from a rationale, and beside the one before: what moved, and why.

A reason *speaks of* an item: one on a value of each item that has it, one that points at a purchase of each item that
it leads to when it stands alone. An item moved *by* a reason that speaks of it and was changed; others make way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from benchmarks.app.critique import Critique, changes
from benchmarks.harness.base import RationaleRecommender
from rad.errors import RadError
from rad.rationales import text
from rad.rationales.facts import Facts
from rad.rationales.rules import Violation
from rad.types import LASTING, Item, Prediction, Query, Rationale, Reason

SHOWN = 20  # items of a ranking that are on the page
FACTS = 40  # facts of a history from which a person may choose
FIRST = 10  # the head of it, that the summary speaks of


@dataclass(frozen=True)
class Ranked:
    """A rationale with the ranking that follows from it.

    Attributes:
        critique: The rationale.
        ranking: Item ids, best first.
        facts: Of the history, the most telling first.
        speaks_of: The items that each reason speaks of, those of earlier edits included.
        violations: What is wrong with each reason as a fact.
    """

    critique: Critique
    ranking: tuple[str, ...]
    facts: Sequence[Reason]
    speaks_of: Mapping[Reason, frozenset[str]]
    violations: Mapping[Reason, Sequence[Violation]]

    @property
    def further(self) -> list[Reason]:
        """The facts that are no reasons yet."""
        lines = {line.reason for line in self.critique.lines}
        return [reason for reason in self.facts if reason not in lines]


@dataclass(frozen=True, slots=True)
class Move:
    """An item of the ranking.

    Attributes:
        rank: From 1; None where it left the ranking.
        before: Its rank before the edit; None where it is new, or nothing was edited.
        lines: Numbers, from 1, of the lines that speak of it.
        cause: The changed reason that moved it, in a few words; empty where it did not move, or made way for others.
    """

    item: Item
    rank: int | None
    before: int | None
    lines: tuple[int, ...]
    cause: str

    @property
    def explanation(self) -> str:
        """Why it moved, and from where; empty where it did not."""
        if self.rank == self.before or self.before is None:
            return self.cause
        rose = self.rank is not None and self.rank < self.before
        return f"{self.cause or ('others fell' if rose else 'others rose')} (was {self.before})"


class Ranker:
    """A fitted model that ranks from given rationales, with the facts that it reads."""

    def __init__(self, model: RationaleRecommender, facts: Facts, items: Mapping[str, Item]) -> None:
        self.model, self.facts, self.items = model, facts, items

    def ranked(self, critique: Critique, earlier: Ranked | None = None) -> Ranked:
        """The ranking of :meth:`RationaleRecommender.rank_given`, with what its reasons speak of.

        ``earlier`` is of the same query, and saves counting again.

        Raises:
            RadError: The model cannot rank from it.
        """
        query = critique.query
        speaks_of = dict(earlier.speaks_of) if earlier else {}
        violations = dict(earlier.violations) if earlier else {}
        new = [line.reason for line in critique.lines if line.reason not in violations]
        pointing = [reason for reason in new if not (reason.wants or reason.avoids)]
        alone = [_of(critique, [replace(reason, weight=1.0)]) for reason in pointing]
        asked_with = [critique.rationale, *alone, *([_of(critique, [])] if alone else [])]
        first, *others = self.model.rank_given([query] * len(asked_with), asked_with)
        if first.error or not first.ranking:
            raise RadError(f"{self.model.card.name} cannot rank from this: {first.error or 'an empty ranking'}")
        for reason, prediction in zip(pointing, others, strict=False):
            speaks_of[reason] = _led_to(prediction, others[-1])
        for reason in new:
            violations[reason] = list(self.facts.check(reason, query))
            if reason not in speaks_of:
                speaks_of[reason] = self._with_values(reason, query)
        facts = earlier.facts if earlier else self.facts.about(query, FACTS)
        return Ranked(critique, first.ranking, facts, speaks_of, violations)

    def _with_values(self, reason: Reason, query: Query) -> frozenset[str]:
        catalogue = self.facts.catalogue
        numbers = [catalogue.value_index.get(claim) for claim in (*reason.wants, *reason.avoids)]
        # (items,): which have all of the values
        has = [catalogue.incidence[:, number].toarray().ravel() > 0 for number in numbers if number is not None]
        if not has:
            return frozenset()
        every = has[0]
        for one in has[1:]:
            every = every & one
        if reason.evidence.kind == "new_repeat":
            every = every & (self.facts.purchases == 0)
        return frozenset(catalogue.ids[k] for k in every.nonzero()[0])


def _of(critique: Critique, reasons: Sequence[Reason]) -> Rationale:
    own = critique.own
    return text.rationale(critique.query, reasons, "model", own.drafter, own.drafter_version)


def _led_to(alone: Prediction, empty: Prediction) -> frozenset[str]:
    """The items with a score where a reason stands alone; none where that is as if nothing stood there."""
    if alone.ranking == empty.ranking:
        return frozenset()
    scores = alone.scores or (1.0,) * len(alone.ranking)
    return frozenset(item for item, score in zip(alone.ranking, scores, strict=True) if score > 0)


def moves(now: Ranked, before: Ranked | None, items: Mapping[str, Item]) -> tuple[list[Move], list[Move]]:
    """The first items of a ranking, and those that an edit drove out of them.

    Args:
        now: The ranking.
        before: That before the edit; None where there was none.
        items: The catalogue.
    """
    ranks = {item: k for k, item in enumerate(now.ranking, 1)}
    earlier = {item: k for k, item in enumerate(before.ranking, 1)} if before else {}
    lines = [(k, line.reason) for k, line in enumerate(now.critique.lines, 1) if not line.struck]
    cause = _causes(now, before) if before else lambda item, direction: ""

    def move(item: str) -> Move:
        rank, old = ranks.get(item), earlier.get(item)
        last = len(now.ranking) + 1
        rise = (old or last) - (rank or last) if before else 0
        about = tuple(k for k, reason in lines if item in now.speaks_of[reason])
        return Move(items[item], rank, old, about, cause(item, rise) if rise else "")

    head = now.ranking[:SHOWN]
    gone = [item for item in (before.ranking[:FIRST] if before else ()) if item not in now.ranking[:FIRST]]
    return [move(item) for item in head], [move(item) for item in gone]


def _causes(now: Ranked, before: Ranked) -> Callable[[str, int], str]:
    """A function of an item and how far it rose, that says which changed reason moved it."""
    changed = changes(before.critique, now.critique)

    def cause(item: str, rise: int) -> str:
        for reason, steps in sorted(changed.items(), key=lambda pair: -abs(pair[1])):
            sign = steps if not reason.avoids else -steps
            if sign * rise > 0 and item in now.speaks_of[reason]:
                return _change(reason, steps, now, before)
        return ""

    return cause


def _change(reason: Reason, steps: int, now: Ranked, before: Ranked) -> str:
    """A change of a reason in a few words."""
    stands, stood = ({x.reason for x in one.critique.lines if not x.struck} for one in (now, before))
    there_before = any(line.reason == reason for line in before.critique.lines)
    if reason not in stands:
        return f"{short(reason)}: struck"
    if reason not in stood:
        return f"{short(reason)}: {'restored' if there_before else 'added'}"
    return f"{short(reason)}: {'stronger' if steps > 0 else 'weaker'}"


def short(reason: Reason) -> str:
    """A reason in a few words, without its numbers."""
    cited = f"[{reason.evidence.history[-1] + 1}]" if reason.evidence.history else "nothing"
    values = " and ".join(f"{a.replace('_', ' ')} {v}" for a, v in (*reason.wants, *reason.avoids))
    if reason.avoids:
        return f"no {values}"
    if reason.evidence.kind == "wish":
        return f"the wish for {values}"
    if values:
        kind = reason.evidence.kind
        return f"a taste for {values}" if kind in LASTING else f"new with {values}" if kind == "new_repeat" else values
    words = {"co_purchase": "what owners of {} have", "kindred": "like {}, and bought with it"}
    words |= {"similar": "what reads like {}", "new_similar": "new, and reads like {}"}
    return words.get(reason.evidence.kind, "what goes with {}").format(cited)


def summary(now: Ranked, before: Ranked, items: Mapping[str, Item]) -> str:
    """What an edit changed, and what that did to the head of the ranking."""
    return f"{_edit(now, before)} {_effect(now, before, items)}"


def _edit(now: Ranked, before: Ranked) -> str:
    changed = changes(before.critique, now.critique)
    # the edit itself comes first; what only keeps its share, since strengths are relative, is counted
    words = [_change(reason, n, now, before) for reason, n in sorted(changed.items(), key=lambda p: (p[1], -abs(p[1])))]
    rest = now.critique.rest - before.critique.rest
    words += [f"what stays unexplained: {'stronger' if rest > 0 else 'weaker'}"] if rest else []
    if not words:
        return "The same reasons."
    more = f", and {len(words) - 1} more, as strengths are relative" if len(words) > 1 else ""
    return f"{words[0][0].upper()}{words[0][1:]}{more}."


def _effect(now: Ranked, before: Ranked, items: Mapping[str, Item]) -> str:
    if now.ranking == before.ranking:
        return "Nothing moved."
    head, old = now.ranking[:FIRST], before.ranking[:FIRST]
    new = sum(item not in old for item in head)
    first = f" First is now {items[head[0]].title}." if head[0] != old[0] else ""
    if new:
        return f"{new} of the first {FIRST} {'is' if new == 1 else 'are'} new.{first}"
    same = f"The first {FIRST} stay, in another order.{first}"
    return same if head != old else f"The first {FIRST} stay as they were; something further down moved."
