"""One rationale with a false claim, with fewer reasons, in other words, or with its strengths dealt out anew."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from benchmarks.explanations.rewriting import in_form, reversed_text, rewritten
from rad.rationales.claims import Matcher, Mention, citations, sentences
from rad.types import LASTING, Item, Query, Rationale, Reason

Claim = tuple[str, str]
Find = Callable[[str], Sequence[Mention]]


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

    In the words of :mod:`rad.rationales.text` the heaviest reason is always the one that changes: where it claims no
    value, it points to another purchase.
    """
    values = values if values is not None else values_of(items)
    claimed = {c for r in rationale.reasons for c in _claims(r)}
    by_weight = sorted(range(len(rationale.reasons)), key=lambda k: -rationale.reasons[k].weight)
    checkable = in_form(rationale)
    for k in by_weight:
        reason, reasons = rationale.reasons[k], list(rationale.reasons)
        if checkable and not _claims(reason):
            cited = {index for r in reasons if r.evidence.kind == reason.evidence.kind for index in r.evidence.history}
            indices = [index for index in range(len(query.history)) if index not in cited]
            if indices:
                index = random.Random(f"{query.query_id} {k}").choice(indices)
                reasons[k] = replace(reason, evidence=replace(reason.evidence, history=(index,)))
                return rewritten(rationale, query, reasons)
        for old in _claims(reason):
            others = [v for v in values.get(old[0], ()) if (old[0], v) not in claimed]
            if not others:
                continue
            new = old[0], random.Random(f"{query.query_id} {old}").choice(others)
            reasons[k] = _with(reason, old, new)
            if checkable:
                return rewritten(rationale, query, reasons)
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


def truncated(rationale: Rationale, query: Query, percent: int, heaviest: bool, find: Find) -> Rationale:
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
    if in_form(rationale):
        return rewritten(rationale, query, left)
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
    """The same reasons in other words, the last first; where there are no reasons, the sentences in reverse order.

    The sentences of :mod:`rad.rationales.text`, which have no other words, are put in reverse order, too.
    """
    if in_form(rationale):
        return reversed_text(rationale)
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


def dealt_anew(reasons: Sequence[Reason], seed: str) -> tuple[Reason, ...]:
    """The reasons with the same weights in another order: those of the moment among themselves, and the lasting."""
    out = list(reasons)
    for lasting in (False, True):
        places = [k for k, reason in enumerate(reasons) if (reason.evidence.kind in LASTING) == lasting]
        drawn = random.Random(f"{seed} strengths").sample(places, len(places))
        for k, other in zip(places, drawn, strict=True):
            out[k] = replace(reasons[k], weight=reasons[other].weight)
    return tuple(out)
