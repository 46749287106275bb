"""Control rationales, good or bad in one known way, and three small models: they test the metrics themselves.

Each kind is a function of the examples of a built-in world, which holds their true reasons, and differs from
``perfect`` in one thing:

================  =================================================================================================
perfect           the true reasons and their text
generic           one and the same for everybody: the values that most items have
copied            another user's perfect rationale
wrong claim       perfect, but its heaviest claim has another value of the same attribute, in reason and text
named             perfect, and its text ends by naming the target
post hoc          written to fit a ranking that did not follow from it: reasons for that ranking's first item
shuffled          perfect, but each reason cites places of the history drawn at random, and has another one's weight
other text        perfect reasons under another user's text
empty             no reasons and no text, and yet ``supported``
huge              every value of the catalogue wanted and named
wording           perfect, beside a model for which the wording counts alone
shuffled ignored  shuffled, beside a model that ignores it
================  =================================================================================================

Most are beside :class:`FaithfulModel`, which ranks from the rationale alone. ``post hoc`` and ``shuffled ignored`` are
beside :class:`RationaleBlindModel`, which ranks from the history alone, and ``wording`` beside :class:`WordingModel`.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from benchmarks.explanations.perturbations import corrupted
from benchmarks.explanations.proxy_ranker import ProxyRanker
from benchmarks.harness.base import CUT
from benchmarks.metrics._text import partners
from rad.types import Evidence, Example, Item, Prediction, Query, Rationale, Reason


@dataclass
class FaithfulModel:
    """Ranks from the rationale alone, text and reasons, as the proxy ranker does without the history."""

    items: Mapping[str, Item]

    def __post_init__(self) -> None:
        self.proxy_ranker = ProxyRanker(self.items)

    def rank_given(self, queries: Sequence[Query], rationales: Sequence[Rationale]) -> Iterator[Prediction]:
        ranked = self.proxy_ranker.rank(queries, rationales, history=False)
        for prediction, rationale in zip(ranked, rationales, strict=True):
            yield replace(prediction, rationale=rationale)


class RationaleBlindModel(FaithfulModel):
    """Ranks from the history alone, whatever the rationale: so does any model with a post hoc rationale."""

    def rank_given(self, queries: Sequence[Query], rationales: Sequence[Rationale]) -> Iterator[Prediction]:
        ranked = self.proxy_ranker.rank(queries, [None] * len(queries))
        for prediction, rationale in zip(ranked, rationales, strict=True):
            yield replace(prediction, rationale=rationale)


def perfect(examples: Sequence[Example], items: Mapping[str, Item]) -> list[Rationale]:
    return [replace(_true_rationale(e), origin="model", drafter="perfect") for e in examples]


def generic(examples: Sequence[Example], items: Mapping[str, Item]) -> list[Rationale]:
    count = Counter((a, v) for item in items.values() for a, values in item.attributes.items() for v in values)
    common = [claim for claim, _ in count.most_common(3)]
    text = " ".join(f"People like {value} ({name.replace('_', ' ')})." for name, value in common)

    def one(example: Example) -> Rationale:
        last = (len(example.query.history) - 1,)
        reasons = tuple(Reason(Evidence(last, "sequence"), (claim,), weight=0.3) for claim in common)
        return _control(example, reasons, text)

    return [one(e) for e in examples]


def copied(examples: Sequence[Example], items: Mapping[str, Item]) -> list[Rationale]:
    own, other = perfect(examples, items), _other_users(examples)
    return [replace(own[k], query_id=e.query.query_id) for k, e in zip(other, examples, strict=True)]


def wrong_claim(examples: Sequence[Example], items: Mapping[str, Item]) -> list[Rationale]:
    return [corrupted(r, e.query, items) or r for r, e in zip(perfect(examples, items), examples, strict=True)]


def named(examples: Sequence[Example], items: Mapping[str, Item]) -> list[Rationale]:
    def one(rationale: Rationale, example: Example) -> Rationale:
        return replace(rationale, text=f"{rationale.text} So, {items[next(iter(example.relevant))].title}.")

    return [one(r, e) for r, e in zip(perfect(examples, items), examples, strict=True)]


def post_hoc(examples: Sequence[Example], items: Mapping[str, Item]) -> list[Rationale]:
    blank = [_control(e, (), "") for e in examples]
    rankings = RationaleBlindModel(items).rank_given([e.query for e in examples], blank)

    def one(example: Example, prediction: Prediction) -> Rationale:
        past = [items[x.item_id].attributes for x in example.query.history]
        facts: list[tuple[tuple[int, ...], tuple[str, str]]] = []  # cited places, (attribute, value)
        for name, values in items[prediction.ranking[0]].attributes.items():
            for value in values:
                cited = tuple(k for k, own in enumerate(past) if value in own.get(name, ()))[-3:]
                if cited:
                    facts.append((cited, (name, value)))
        facts = sorted(facts, key=lambda pair: -len(pair[0]))[:4]
        reasons = tuple(Reason(Evidence(c, "attribute", *v), (v,), weight=0.9 / len(facts)) for c, v in facts)
        text = " ".join(f"{v.capitalize()} ({a.replace('_', ' ')}), as in {_cites(c)}." for c, (a, v) in facts)
        return _control(example, reasons, text)

    return [one(e, p) for e, p in zip(examples, rankings, strict=True)]


def shuffled(examples: Sequence[Example], items: Mapping[str, Item]) -> list[Rationale]:
    def one(rationale: Rationale, example: Example) -> Rationale:
        draw, n, reasons = random.Random(rationale.query_id), len(example.query.history), rationale.reasons
        weights = [reason.weight for reason in reasons][::-1]
        cites = [tuple(draw.sample(range(n), min(n, len(r.evidence.history)))) for r in reasons]
        moved = zip(reasons, cites, weights, strict=True)
        mixed = tuple(replace(r, evidence=replace(r.evidence, history=c), weight=w) for r, c, w in moved)
        return replace(rationale, reasons=mixed)

    return [one(r, e) for r, e in zip(perfect(examples, items), examples, strict=True)]


def other_text(examples: Sequence[Example], items: Mapping[str, Item]) -> list[Rationale]:
    own, other = perfect(examples, items), _other_users(examples)
    return [replace(r, text=own[k].text) for r, k in zip(own, other, strict=True)]


def empty(examples: Sequence[Example], items: Mapping[str, Item]) -> list[Rationale]:
    return [_control(e, (), "") for e in examples]


def huge(examples: Sequence[Example], items: Mapping[str, Item]) -> list[Rationale]:
    claims = sorted({(a, v) for item in items.values() for a, vs in item.attributes.items() for v in vs})
    text = " ".join(f"Perhaps {value}." for _, value in claims)

    def one(example: Example) -> Rationale:
        every = tuple(range(len(example.query.history)))
        reasons = tuple(Reason(Evidence(every, "attribute", *c), (c,), weight=0.9 / len(claims)) for c in claims)
        return _control(example, reasons, text)

    return [one(e) for e in examples]


class WordingModel(FaithfulModel):
    """Ranks by a hash of the text's words, so that the wording counts and the meaning does not."""

    def rank_given(self, queries: Sequence[Query], rationales: Sequence[Rationale]) -> Iterator[Prediction]:
        for query, rationale in zip(queries, rationales, strict=True):
            past = {x.item_id for x in query.history}
            order = random.Random(rationale.text).sample(list(self.items), len(self.items))
            ranking = tuple(item for item in order if item not in past)[:CUT]
            yield Prediction(query.query_id, ranking, rationale)


Kind = Callable[[Sequence[Example], Mapping[str, Item]], list[Rationale]]
KINDS: Mapping[str, Kind] = {
    "perfect": perfect,
    "generic": generic,
    "copied": copied,
    "wrong claim": wrong_claim,
    "named": named,
    "post hoc": post_hoc,
    "shuffled": shuffled,
    "other text": other_text,
    "empty": empty,
    "huge": huge,
    "wording": perfect,
    "shuffled ignored": shuffled,
}
MODELS: Mapping[str, type[FaithfulModel]] = {
    "post hoc": RationaleBlindModel,
    "shuffled ignored": RationaleBlindModel,
    "wording": WordingModel,
}
"""The models beside the kinds; the rest are beside :class:`FaithfulModel`."""


def _true_rationale(example: Example) -> Rationale:
    assert example.rationale is not None
    return example.rationale


def _other_users(examples: Sequence[Example]) -> Sequence[int]:
    rows = partners(examples, 1 / 3)  # not those with whom metrics swap rationales
    assert rows is not None, "control rationales need more than one user"
    return [int(k) for k in rows]


def _cites(places: Sequence[int]) -> str:
    return ", ".join(f"[{k + 1}]" for k in places)


def _control(example: Example, reasons: tuple[Reason, ...], text: str) -> Rationale:
    key = example.query.query_id
    return Rationale(f"control-{key}", key, reasons, text, "supported", "model", "control", "1")
