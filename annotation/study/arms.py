"""The arms of a trust study: one ranking, and five ways to explain it or not (:data:`SHOWS`).

All explanations have the same form. ``citations`` and ``afterwards`` have as many reasons as the rationale, with the
same strengths. So a difference in trust is none in length or style.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from rad.rationales import text
from rad.rationales.facts import Facts
from rad.rationales.strengths import levels, weighted
from rad.types import Item, Query, Rationale, Reason

ALONE = "alone"
SHOWS: Mapping[str, str] = {
    ALONE: "the ranking, without any explanation",
    "rationale": "the model's rationale, from which it ranked",
    "another": "the rationale of another user, whose history is about as long",
    "citations": "the model's rationale, each citation being of a purchase that does not show what is said",
    "afterwards": "facts of the history that speak for the first item, chosen after the ranking was made",
}
ARMS = tuple(SHOWS)
FACTS = 200  # of a history, among which those are that speak for an item


def wrongly_cited(reasons: Iterable[Reason], query: Query, items: Mapping[str, Item]) -> tuple[Reason, ...] | None:
    """The reasons with other citations: as many, of purchases that lack what the reason says of them.

    None where the history has too few of those.
    """
    out = []
    for reason in reasons:
        evidence = reason.evidence
        claim = next(iter((*reason.wants, *reason.avoids)), None)
        if evidence.attribute and evidence.value:
            claim = evidence.attribute, evidence.value
        inverted = evidence.kind == "absence"  # it cites what lacks the value, so wrong is what has it
        places = [
            k
            for k, past in enumerate(query.history)
            if k not in evidence.history and (claim is None or _has(items[past.item_id], claim) == inverted)
        ]
        if len(places) < len(evidence.history):
            return None
        draw = random.Random(f"{query.query_id}:{evidence.history}:{claim}")  # one claim is cited in one way
        cited = tuple(sorted(draw.sample(places, len(evidence.history))))
        out.append(replace(reason, evidence=replace(evidence, history=cited)))
    return tuple(out)


def _has(item: Item, claim: tuple[str, str]) -> bool:
    return claim[1] in item.attributes.get(claim[0], ())


def afterwards(reasons: Sequence[Reason], query: Query, first: Item, facts: Facts) -> tuple[Reason, ...] | None:
    """As many facts that speak for the item, with the strengths of ``reasons``; None where there are too few."""
    has = {(name, value) for name, values in first.attributes.items() for value in values}
    fitting = [fact for fact in facts.about(query, FACTS) if fact.wants and has.issuperset(fact.wants)]
    each, rest = levels(reasons)
    return weighted(zip(fitting, each, strict=False), rest) if len(fitting) >= len(each) else None


def donor(query: Query, others: Iterable[tuple[Query, Rationale]]) -> Rationale | None:
    """The rationale of the other user whose history is nearest in length, and whose citations this history has."""
    n, fitting = len(query.history), []
    for other, rationale in others:
        cited = max((k for reason in rationale.reasons for k in reason.evidence.history), default=0)
        if other.user_id != query.user_id and cited < n:
            fitting.append((abs(len(other.history) - n), other.query_id, rationale))
    return min(fitting, key=lambda entry: entry[:2])[2] if fitting else None


def texts(
    query: Query, own: Rationale, another: Rationale, first: Item, items: Mapping[str, Item], facts: Facts
) -> dict[str, str] | None:
    """What explains the ranking in each arm; None where an arm cannot be made, or two are the same."""
    cited, later = wrongly_cited(own.reasons, query, items), afterwards(own.reasons, query, first, facts)
    if cited is None or later is None:
        return None
    written = ("", own.text, another.text, text.write(cited), text.write(later))
    return dict(zip(ARMS, written, strict=True)) if len(set(written)) == len(ARMS) else None
