"""Control rationales, good or bad in one known way: they test the metrics themselves.

Each kind is a function of a :class:`~benchmarks.explanations.controls.setting.Setting`, which holds the true reasons of
a built-in world as facts, and differs from ``perfect`` in one thing:

================  =================================================================================================
perfect           the true reasons and their text
generic           one and the same for everybody: the values that most items have
copied            another user's perfect rationale
wrong claim       perfect, but its heaviest claim has another value of the same attribute, in reason and text
named             perfect, and its text ends by naming the target
post hoc          sound facts that lead to the first item of a ranking which did not follow from them
shuffled          perfect, but each reason cites places of the history drawn at random, and has another one's weight
other text        perfect reasons under another user's text
empty             no reasons and no text, and yet ``supported``
huge              every value of the catalogue wanted and named
wording           perfect, beside a model for which the wording counts alone
shuffled ignored  shuffled, beside a model that ignores it
graded            the true reasons, most likely, and as many true facts that explain nothing, just possible
================  =================================================================================================

Those of :mod:`benchmarks.explanations.controls.nonsense` come after them. Most are beside
:class:`~benchmarks.explanations.controls.models.FaithfulModel`, which ranks from the rationale alone. ``post hoc`` and
``shuffled ignored`` are beside one that ranks from the history alone, ``wording`` and ``code`` beside models of their
own.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

from benchmarks.explanations.changes.changed_reasons import corrupted
from benchmarks.explanations.controls.models import CodedModel, FaithfulModel, RationaleBlindModel, WordingModel
from benchmarks.explanations.controls.nonsense import NONSENSE
from benchmarks.explanations.controls.setting import Setting
from rad.rationales.strengths import LEVELS, weighted
from rad.types import Evidence, Rationale, Reason


def perfect(setting: Setting) -> list[Rationale]:
    return setting.true


def generic(setting: Setting) -> list[Rationale]:
    items = setting.items.values()
    count = Counter((a, v) for item in items for a, values in item.attributes.items() for v in values)
    common = [claim for claim, _ in count.most_common(3)]
    text = " ".join(f"People like {value} ({name.replace('_', ' ')})." for name, value in common)

    def one(row: int) -> Rationale:
        last = (len(setting.examples[row].query.history) - 1,)
        return setting.rationale(row, [Reason(Evidence(last, "sequence"), (c,), weight=0.3) for c in common], text)

    return [one(row) for row in range(len(setting.examples))]


def copied(setting: Setting) -> list[Rationale]:
    return [
        replace(setting.true[other], query_id=e.query.query_id)
        for other, e in zip(setting.others, setting.examples, strict=True)
    ]


def wrong_claim(setting: Setting) -> list[Rationale]:
    return [
        replace(corrupted(r, e.query, setting.items) or r, verdict=r.verdict)
        for r, e in zip(setting.true, setting.examples, strict=True)
    ]


def named(setting: Setting) -> list[Rationale]:
    targets = [setting.items[next(iter(e.relevant))].title for e in setting.examples]
    return [replace(r, text=f"{r.text} So, {title}.") for r, title in zip(setting.true, targets, strict=True)]


def post_hoc(setting: Setting) -> list[Rationale]:
    blank = [setting.rationale(row, (), "") for row in range(len(setting.examples))]
    rankings = RationaleBlindModel(setting.items).rank_given([e.query for e in setting.examples], blank)

    def one(row: int, first: str) -> Rationale:
        has = {(a, v) for a, values in setting.items[first].attributes.items() for v in values}
        facts = [f for f in setting.candidates.reasons(row, ("repeat", "lasting")) if has.issuperset(f.wants)][:4]
        return setting.rationale(row, weighted(zip(facts, LEVELS, strict=False), LEVELS[-1]))

    return [one(row, p.ranking[0]) for row, p in enumerate(rankings)]


def shuffled(setting: Setting) -> list[Rationale]:
    def one(row: int, rationale: Rationale) -> Rationale:
        n, reasons = len(setting.examples[row].query.history), rationale.reasons
        draw = random.Random(rationale.query_id)
        weights = [reason.weight for reason in reasons][::-1]
        cites = [tuple(draw.sample(range(n), min(n, len(r.evidence.history)))) for r in reasons]
        moved = zip(reasons, cites, weights, strict=True)
        mixed = [replace(r, evidence=replace(r.evidence, history=c), weight=w) for r, c, w in moved]
        return replace(rationale, reasons=tuple(mixed))

    return [one(row, rationale) for row, rationale in enumerate(setting.true)]


def other_text(setting: Setting) -> list[Rationale]:
    return [replace(r, text=setting.true[k].text) for r, k in zip(setting.true, setting.others, strict=True)]


def empty(setting: Setting) -> list[Rationale]:
    return [setting.rationale(row, (), "") for row in range(len(setting.examples))]


def huge(setting: Setting) -> list[Rationale]:
    items = setting.items.values()
    claims = sorted({(a, v) for item in items for a, vs in item.attributes.items() for v in vs})
    text = " ".join(f"Perhaps {value}." for _, value in claims)

    def one(row: int) -> Rationale:
        every = tuple(range(len(setting.examples[row].query.history)))
        reasons = [Reason(Evidence(every, "attribute", *c), (c,), weight=0.9 / len(claims)) for c in claims]
        return setting.rationale(row, reasons, text)

    return [one(row) for row in range(len(setting.examples))]


def graded(setting: Setting) -> list[Rationale]:
    def one(row: int, rationale: Rationale) -> Rationale:
        claims = {(r.wants, r.avoids) for r in rationale.reasons}
        others = [f for f in setting.candidates.reasons(row) if (f.wants, f.avoids) not in claims and f.wants]
        reasons = [(replace(r, weight=1.0), LEVELS[0]) for r in rationale.reasons]
        faint = [(f, LEVELS[-1]) for f in others[: len(reasons)]]
        return setting.rationale(row, weighted([*reasons, *faint], LEVELS[-1]))

    return [one(row, rationale) for row, rationale in enumerate(setting.true)]


Kind = Callable[[Setting], list[Rationale]]
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
    "graded": graded,
    **NONSENSE,
}
MODELS: Mapping[str, type[FaithfulModel]] = {
    "post hoc": RationaleBlindModel,
    "shuffled ignored": RationaleBlindModel,
    "wording": WordingModel,
    "code": CodedModel,
}
"""The models beside the kinds; the rest are beside :class:`FaithfulModel`."""
