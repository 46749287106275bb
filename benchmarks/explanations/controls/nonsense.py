"""Nonsense that looks like a rationale: each kind fooled metrics that count citations and named values alone.

=================  ================================================================================================
48 reasons         forty-eight true facts, all alike strong, and all said
unseen likes       lasting likes of values that the history never shows, with invented numbers
a sixth said       twelve true facts, of which the text says two
code               perfect, with a code at the end of the text, beside a model that ranks by the code
wrong numbers      perfect, but for the numbers of the facts
beside the point   perfect, but what is cited is another fact of the history, which does not bear on the claim
opposite           perfect reasons, under a text that says the opposite of each
gibberish          perfect reasons, under a text of gibberish round their values
stars              the claims of the perfect reasons, for which the stars speak
history read back  the last purchases in order, as sound facts with fixed strengths: nothing is chosen
=================  ================================================================================================
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace

from benchmarks.explanations.changes.recency_template import of_candidates
from benchmarks.explanations.controls.models import CodedModel
from benchmarks.explanations.controls.setting import Setting
from rad.rationales import text
from rad.rationales.strengths import LEVELS, weighted
from rad.types import Evidence, Rationale, Reason, Support

MANY, SOME, SAID = 48, 12, 2


def many_reasons(setting: Setting) -> list[Rationale]:
    return [setting.rationale(row, _true_facts(setting, row, MANY)) for row in range(len(setting.examples))]


def unseen_likes(setting: Setting) -> list[Rationale]:
    values = [(a, v) for item in setting.items.values() for a, vs in item.attributes.items() for v in vs]
    claims = sorted(set(values))

    def one(row: int) -> Rationale:
        query = setting.examples[row].query
        shown = {c for x in query.history for c in _claims(setting, x.item_id)}
        draw = random.Random(query.query_id)
        n = len(query.history)
        chosen = draw.sample([claim for claim in claims if claim not in shown], 4)
        reasons = [
            Reason(Evidence((draw.randrange(n),), "lasting", *claim, Support(2.0, float(max(n, 2)), 1 / 40)), (claim,))
            for claim in chosen
        ]
        return setting.rationale(row, weighted(zip(reasons, LEVELS, strict=False), LEVELS[1]))

    return [one(row) for row in range(len(setting.examples))]


def a_sixth_said(setting: Setting) -> list[Rationale]:
    def one(row: int) -> Rationale:
        reasons = _true_facts(setting, row, SOME)
        words = " ".join(text.sentence(reason, LEVELS[0]) for reason in reasons[:SAID])
        return setting.rationale(row, reasons, words)

    return [one(row) for row in range(len(setting.examples))]


def code(setting: Setting) -> list[Rationale]:
    codes = CodedModel(setting.items).encode([e.query for e in setting.examples])
    return [replace(r, text=f"{r.text} {c}") for r, c in zip(setting.true, codes, strict=True)]


def wrong_numbers(setting: Setting) -> list[Rationale]:
    def one(row: int, rationale: Rationale) -> Rationale:
        reasons = []
        for reason in rationale.reasons:
            support = reason.evidence.support
            assert support is not None
            # of "k of m" it is m that is wrong, so that k is never above it
            other = replace(support, found=support.found + (support.of is None), of=support.of and support.of + 1)
            reasons.append(replace(reason, evidence=replace(reason.evidence, support=other)))
        return setting.rationale(row, reasons)

    return [one(row, rationale) for row, rationale in enumerate(setting.true)]


def beside_the_point(setting: Setting) -> list[Rationale]:
    def one(row: int, rationale: Rationale) -> Rationale:
        facts = [fact for fact in setting.candidates.reasons(row, ("repeat",)) if fact.wants]
        reasons = []
        for k, reason in enumerate(rationale.reasons):
            others = [f for f in facts if f.wants not in (reason.wants, reason.avoids)]
            evidence = others[k % len(others)].evidence if others else replace(reason.evidence, support=None)
            reasons.append(replace(reason, evidence=evidence))
        return replace(rationale, reasons=tuple(reasons))

    return [one(row, rationale) for row, rationale in enumerate(setting.true)]


def opposite(setting: Setting) -> list[Rationale]:
    def words(reason: Reason) -> str:
        wants = " and ".join(value for _, value in reason.wants)
        avoids = " and ".join(value for _, value in reason.avoids)
        cited = ", ".join(f"[{k + 1}]" for k in reason.evidence.history)
        return f"After {cited} never again {wants}." if wants else f"After {cited} always {avoids or 'something else'}."

    return [replace(r, text=" ".join(map(words, r.reasons))) for r in setting.true]


def gibberish(setting: Setting) -> list[Rationale]:
    noise = ("blorf", "zint", "quaggle", "vrem", "ostrip", "nulf")

    def words(rationale: Rationale) -> str:
        draw = random.Random(rationale.query_id)
        values = [value for reason in rationale.reasons for _, value in (*reason.wants, *reason.avoids)]
        return " ".join(f"{draw.choice(noise).capitalize()} {value} {draw.choice(noise)}." for value in values)

    return [replace(r, text=words(r) or "Blorf.") for r in setting.true]


def stars(setting: Setting) -> list[Rationale]:
    def one(row: int, rationale: Rationale) -> Rationale:
        last = (len(setting.examples[row].query.history) - 1,)
        reasons = [replace(reason, evidence=Evidence(last, "sequence")) for reason in rationale.reasons]
        values = [value for reason in reasons for _, value in (*reason.wants, *reason.avoids)]
        words = " ".join(f"The stars say so: {value}." for value in values)
        return setting.rationale(row, reasons, words or "The stars say so.")

    return [one(row, rationale) for row, rationale in enumerate(setting.true)]


def history_read_back(setting: Setting) -> list[Rationale]:
    rows = range(len(setting.examples))
    return [setting.rationale(row, of_candidates(setting.candidates, row, 8)) for row in rows]


def _true_facts(setting: Setting, row: int, n: int) -> list[Reason]:
    facts = setting.candidates.reasons(row)[:n]
    return [replace(fact, weight=1 / (len(facts) + 1)) for fact in facts]


def _claims(setting: Setting, item_id: str) -> list[tuple[str, str]]:
    item = setting.items.get(item_id)
    return [(a, v) for a, values in item.attributes.items() for v in values] if item else []


NONSENSE: Mapping[str, Callable[[Setting], list[Rationale]]] = {
    "48 reasons": many_reasons,
    "unseen likes": unseen_likes,
    "a sixth said": a_sixth_said,
    "code": code,
    "wrong numbers": wrong_numbers,
    "beside the point": beside_the_point,
    "opposite": opposite,
    "gibberish": gibberish,
    "stars": stars,
    "history read back": history_read_back,
}
