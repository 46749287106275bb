"""A query with some of its purchases alone, and the rationale as it is then."""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from benchmarks.explanations.rewriting import in_form, rewritten
from rad.rationales.claims import CITATION, citations, sentences
from rad.types import Query, Rationale

MOST_CITED = 3  # cited purchases that are taken away or left alone, at most


@dataclass(frozen=True, slots=True)
class RankingInput:
    """What a model ranks from. ``gone``: purchases that it does not see, which it must not be blamed for ranking."""

    query: Query
    rationale: Rationale
    gone: frozenset[str] = frozenset()


def partial_history(query: Query, rationale: Rationale, how: str, which: str) -> RankingInput | None:
    """``without`` or ``only`` (how) the ``cited`` purchases, or as many at ``random`` (which); None where too few."""
    places = cited_places(rationale, query)
    rest = [k for k in range(len(query.history)) if k not in places]
    if not places or len(rest) < len(places):
        return None
    if which == "random":
        places = sorted(random.Random(f"{query.query_id} random").sample(rest, len(places)))
    visible = places if how == "only" else [k for k in range(len(query.history)) if k not in places]
    return remaining(query, rationale, visible)


def cited_places(rationale: Rationale, query: Query) -> list[int]:
    """The places that the reasons rest on most, by the sum of the weights of the reasons that cite them (a reason's
    weight shared among its citations): at most ``MOST_CITED``, and at most half of the history."""
    weight: dict[int, float] = {}
    for reason in rationale.reasons:
        inside = [k for k in set(reason.evidence.history) if 0 <= k < len(query.history)]
        for k in inside:
            weight[k] = weight.get(k, 0.0) + reason.weight / len(inside)
    first = sorted(weight, key=lambda k: (-weight[k], -k))
    return sorted(first[: min(MOST_CITED, len(query.history) // 2)])


_LIST = re.compile(rf"{CITATION.pattern}(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+){CITATION.pattern})*")


def _listed(places: Sequence[int]) -> str:
    """``[1], [2] and [5]``: the words that join citations go with them."""
    numbers = [f"[{k + 1}]" for k in places]
    return " and ".join(filter(None, [", ".join(numbers[:-1]), *numbers[-1:]]))


def remaining(query: Query, rationale: Rationale, visible: Collection[int]) -> RankingInput:
    """The query with only some purchases, and the rationale as it is then: citations of others go, in text too, and so
    does a reason that has no citation left. Places are counted anew."""
    position = {old: new for new, old in enumerate(sorted(visible))}
    gone = {x.item_id for k, x in enumerate(query.history) if k not in position}
    gone -= {x.item_id for k, x in enumerate(query.history) if k in position}
    reasons = []
    for reason in rationale.reasons:
        cited = tuple(position[k] for k in reason.evidence.history if k in position)
        if cited:
            reasons.append(replace(reason, evidence=replace(reason.evidence, history=cited)))
    left = replace(query, history=tuple(x for k, x in enumerate(query.history) if k in position))
    if in_form(rationale):
        return RankingInput(left, rewritten(rationale, left, reasons), frozenset(gone))

    def renumbered(sentence: str) -> str:
        places = citations(sentence)
        if places and not any(k in position for k in places):
            return ""
        return _LIST.sub(lambda m: _listed([position[k] for k in citations(m.group()) if k in position]), sentence)

    text = "".join(renumbered(rationale.text[a:b]) for a, b in sentences(rationale.text))
    return RankingInput(left, replace(rationale, reasons=tuple(reasons), text=text), frozenset(gone))
