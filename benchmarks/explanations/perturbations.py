"""Rationales and histories changed on purpose, to see whether a model's ranking follows from them.

Everything is a function of the rationale, the query and the catalogue: the same in every run. Texts change along with
the reasons, so that a model that reads the words stands the same test as one that reads the claims.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property

from benchmarks.explanations.proxy_ranker import masked, single_values
from rad.rationales.claims import CITATION, Matcher, Mention, citations, sentences
from rad.types import Example, Item, Query, Rationale, Reason

STEPS = (20, 40, 60, 80)  # per cent of the reasons that the truncation curve takes away, beside none and all
MOST_CITED = 3  # cited purchases that are taken away or left alone, at most
Claim = tuple[str, str]
Find = Callable[[str], Sequence[Mention]]


@dataclass(frozen=True, slots=True)
class RankingInput:
    """What a model ranks from. ``gone``: purchases that it does not see, which it must not be blamed for ranking."""

    query: Query
    rationale: Rationale
    gone: frozenset[str] = frozenset()


class Perturbations:
    """The changed inputs of each example, by name; None where there is nothing to change.

    ``own``, ``swap``, ``corrupt``, ``paraphrase``, ``heaviest_first_20`` .. ``_80`` and ``lightest_first_20`` ..
    (reasons taken away), ``none`` (all taken away), ``without_cited`` and ``without_random`` (purchases taken away),
    ``only_cited`` and ``only_random`` (purchases left alone).
    """

    def __init__(
        self,
        examples: Sequence[Example],
        rationales: Sequence[Rationale],
        others: Sequence[int] | None,
        items: Mapping[str, Item],
    ) -> None:
        self.examples, self.rationales, self.others, self.items = examples, rationales, others, items
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

    def input(self, name: str, row: int, mask: bool = False) -> RankingInput | None:
        """The input called ``name`` for an example, with the target's name masked or not."""
        example = self.examples[row]
        query, own = example.query, self._own(row, mask)
        if name == "own":
            return RankingInput(query, own)
        if name == "swap":
            if self.others is None:
                return None
            theirs = self.others[row]
            other = replace(self.rationales[theirs], query_id=query.query_id)
            if mask:  # whatever it names: this user's target, or that of the user for whom it was written
                other = self._masked(self._masked(other, self.examples[theirs]), example)
            return RankingInput(query, other)
        if name == "corrupt":
            changed = corrupted(own, query, self.items, self._matcher, self._values)
            return RankingInput(query, changed) if changed else None
        if name == "paraphrase":
            return RankingInput(query, replace(own, text=paraphrased(own))) if own.text.strip() else None
        if name == "none":
            return RankingInput(query, replace(own, reasons=(), text=""))
        if name.startswith(("heaviest_first_", "lightest_first_")):
            order, _, percent = name.partition("_first_")
            return (
                RankingInput(query, truncated(own, int(percent), order == "heaviest", self._mentions))
                if own.reasons
                else None
            )
        how, _, which = name.partition("_")
        places = cited_places(own, query)
        rest = [k for k in range(len(query.history)) if k not in places]
        if not places or len(rest) < len(places):
            return None
        if which == "random":
            places = sorted(random.Random(f"{query.query_id} random").sample(rest, len(places)))
        visible = places if how == "only" else [k for k in range(len(query.history)) if k not in places]
        return remaining(query, own, visible)

    def _own(self, row: int, mask: bool) -> Rationale:
        if not mask:
            return self.rationales[row]
        if row not in self._masked_own:  # most inputs of an example begin with it
            self._masked_own[row] = self._masked(self.rationales[row], self.examples[row])
        return self._masked_own[row]

    def _masked(self, rationale: Rationale, example: Example) -> Rationale:
        return masked(rationale, example.relevant, example.query, self.items, self._single)


def values_of(items: Mapping[str, Item]) -> dict[str, list[str]]:
    """The values that each attribute has in the catalogue, in order."""
    by_attribute: dict[str, set[str]] = {}
    for item in items.values():
        for name, values in item.attributes.items():
            by_attribute.setdefault(name, set()).update(values)
    return {name: sorted(values) for name, values in by_attribute.items()}


def corrupted(
    rationale: Rationale,
    query: Query,
    items: Mapping[str, Item],
    matcher: Matcher | None = None,
    values: Mapping[str, Sequence[str]] | None = None,
) -> Rationale | None:
    """One claim with another value of its attribute: the first want (or else avoidance, or else stated fact) of the
    heaviest reason that has one, wherever that reason and the text state it. None where no claim has another value.
    """
    values = values if values is not None else values_of(items)
    claimed = {c for r in rationale.reasons for c in _claims(r)}
    by_weight = sorted(range(len(rationale.reasons)), key=lambda k: -rationale.reasons[k].weight)
    for k in by_weight:
        reason = rationale.reasons[k]
        for old in _claims(reason):
            others = [v for v in values.get(old[0], ()) if (old[0], v) not in claimed]
            if not others:
                continue
            new = old[0], random.Random(f"{query.query_id} {old}").choice(others)
            reasons = list(rationale.reasons)
            reasons[k] = _with(reason, old, new)
            text = _replaced(rationale.text, old, new[1], matcher or Matcher(items.values()))
            return replace(rationale, reasons=tuple(reasons), text=text)
    return None


def _claims(reason: Reason) -> list[Claim]:
    """What a reason wants, avoids and states, in this order, each once."""
    evidence = reason.evidence
    facts = [(evidence.attribute, evidence.value)] if evidence.attribute and evidence.value else []
    return list(dict.fromkeys([*reason.wants, *reason.avoids, *facts]))


def _with(reason: Reason, old: Claim, new: Claim) -> Reason:
    wants = tuple(new if claim == old else claim for claim in reason.wants)
    avoids = tuple(new if claim == old else claim for claim in reason.avoids)
    evidence = reason.evidence
    if (evidence.attribute, evidence.value) == old:
        evidence = replace(evidence, value=new[1])
    return replace(reason, wants=wants, avoids=avoids, evidence=evidence)


def _replaced(text: str, old: Claim, value: str, matcher: Matcher) -> str:
    out, end = [], 0
    for mention in matcher.find(text):
        if old in mention.claims:
            out += [text[end : mention.start], value]
            end = mention.end
    return "".join([*out, text[end:]])


def truncated(rationale: Rationale, percent: int, heaviest: bool, find: Find) -> Rationale:
    """The rationale without ``percent`` of its reasons (to the nearest whole one), heaviest or lightest first.

    A sentence goes when it names or cites what the removed reasons claim or cite, and nothing of those that are left.
    ``find`` gives the mentions in a text.
    """
    reasons = rationale.reasons
    order = sorted(range(len(reasons)), key=lambda k: -reasons[k].weight if heaviest else reasons[k].weight)
    gone = set(order[: round(percent * len(reasons) / 100)])
    left = tuple(reason for k, reason in enumerate(reasons) if k not in gone)
    if not gone:
        return rationale
    text, removed_about, left_about = rationale.text, _About([reasons[k] for k in gone]), _About(left)
    parts = []
    for start, end in sentences(text) if left else ():
        sentence = text[start:end]
        mentions = find(sentence)
        if not removed_about(sentence, mentions) or left_about(sentence, mentions):
            parts.append(sentence)
    return replace(rationale, reasons=left, text="".join(parts))


class _About:
    """Whether a sentence states a claim of some reasons or, naming no value at all, cites what one of them cites."""

    def __init__(self, reasons: Sequence[Reason]) -> None:
        self.claims = {claim for reason in reasons for claim in _claims(reason)}
        self.cited = {k for reason in reasons for k in reason.evidence.history}

    def __call__(self, sentence: str, mentions: Sequence[Mention]) -> bool:
        if mentions:
            return any(not self.claims.isdisjoint(mention.claims) for mention in mentions)
        return any(k in self.cited for k in citations(sentence))


def paraphrased(rationale: Rationale) -> str:
    """The same reasons in other words, the last first; where there are no reasons, the sentences in reverse order."""
    if not rationale.reasons:
        text = rationale.text
        return " ".join(text[a:b].strip() for a, b in reversed(sentences(text)))
    parts = []
    for reason in sorted(rationale.reasons, key=lambda r: r.weight):
        places = ", ".join(f"[{k + 1}]" for k in reason.evidence.history)
        fact = f", with {reason.evidence.value}," if reason.evidence.value else ""
        wants = " and ".join(value for _, value in reason.wants)
        avoids = " or ".join(value for _, value in reason.avoids)
        goal = "; ".join(([f"towards {wants}"] if wants else []) + ([f"away from {avoids}"] if avoids else []))
        parts.append(f"The earlier choice {places}{fact} points {goal or 'to what belongs with it'}.")
    return " ".join(parts)


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

    def renumbered(sentence: str) -> str:
        places = citations(sentence)
        if places and not any(k in position for k in places):
            return ""
        return _LIST.sub(lambda m: _listed([position[k] for k in citations(m.group()) if k in position]), sentence)

    text = "".join(renumbered(rationale.text[a:b]) for a, b in sentences(rationale.text))
    history = tuple(x for k, x in enumerate(query.history) if k in position)
    return RankingInput(
        replace(query, history=history), replace(rationale, reasons=tuple(reasons), text=text), frozenset(gone)
    )
