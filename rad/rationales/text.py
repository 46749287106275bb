"""A rationale in English, and English back into a rationale: exact inverses.

>>> from rad.types import Evidence, Reason, Support
>>> evidence = Evidence((1, 4), "repeat", "brand", "Makita", Support(2.0, 9.0, 1 / 40))
>>> reasons = weighted([(Reason(evidence, (("brand", "Makita"),)), 64)], rest=32)
>>> write(reasons)
'2 of 9 have brand Makita ([2], [5]; usually 1 in 40): most likely again. Something unexplained is very likely.'
>>> parse(write(reasons)) == reasons
True

Each reason is one sentence with its citations, its numbers and its strength; what the user says of themselves has
neither citations nor numbers ("The user asks for colour navy: a strong wish."). An attribute name stands with hyphens
for underscores. A value stands as it is, or, where it has a comma, a bracket or another mark of the grammar, in
quotation marks as JSON writes it. So the parser needs no catalogue, and anyone may write in this form.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import cast

from rad.errors import RadError
from rad.rationales.strengths import LASTING_WORDS, LEVELS, WORDS, levels, rounded, weighted
from rad.types import LASTING, WISHES, Evidence, EvidenceKind, Origin, Query, Rationale, Reason, Support

Claim = tuple[str, str]
LONGEST = 120  # characters of a value that may stand without quotation marks
BLANK = "___"  # in the place of a strength
_MARK = r'"()\[\],:;\x00-\x1f\x7f-\x9f\u2028\u2029'  # what no plain value has
_PLAIN = re.compile(rf"[^\s{_MARK}](?:[^{_MARK}]{{0,{LONGEST - 2}}}[^\s{_MARK}])?")
_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")

# Parts of the sentences. A quoted name or value is a JSON string; plain ones hold none of the marks that end them.
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_ATTRIBUTE = rf"(?:{_QUOTED}|[a-z][a-z0-9]*(?:-[a-z0-9]+)*)"
_VALUE = rf"(?:{_QUOTED}|[^\s{_MARK}](?:(?! and )[^{_MARK}]){{0,{LONGEST - 1}}}?)"
_CLAIM = rf"({_ATTRIBUTE} {_VALUE})"
_CITED = r"((?:\[[1-9]\d{0,5}\](?:, )?){1,99})"
_LISTED = r"(\[[1-9]\d{0,5}\](?:(?:, | and )\[[1-9]\d{0,5}\]){0,99})"
_N = r"(\d[\d,]{0,14}(?:\.\d{1,9})?)"
_LEAST = f"{_N}(?: or more)?"
_THESE = "th(?:is is|ese are)"
_USUAL = rf"usually {_N} in {_N}"
_LIKELY = f"({'|'.join(sorted(WORDS, key=len, reverse=True))})"
_TASTE = f"({'|'.join(sorted(LASTING_WORDS, key=len, reverse=True))})"
_SHOWN = rf"{_N} of {_N} ha(?:s|ve) {_CLAIM} \({_CITED}; {_USUAL}\)"
REST = "Something unexplained is {}."
_BLACK = re.compile(r"\S")
_STOP = re.compile(r"[.!?](?=\s|$)|\n")
_REST = re.compile(rf"Something unexplained is {_LIKELY}\.")


def _usual(base: float | None) -> str:
    base = base or math.nan  # which has no words
    return f"usually {round(base * 10)} in 10" if base >= 0.35 else f"usually 1 in {round(1 / base):,}"


def _base(numerator: str, denominator: str) -> float:
    return _float(numerator) / max(_float(denominator), 1.0)


def _number(x: float | None) -> str:
    x = 0.0 if x is None else x
    return f"{int(x):,}" if x == int(x) else repr(x)


def _float(text: str) -> float:
    return float(text.replace(",", ""))


def _claim(claim: Claim) -> str:
    attribute, value = claim
    name = attribute.replace("_", "-") if _NAME.fullmatch(attribute) else json.dumps(attribute, ensure_ascii=False)
    plain = _PLAIN.fullmatch(value) is not None and " and " not in f" {value} " and "  " not in value
    return f"{name} {value if plain else json.dumps(value, ensure_ascii=False)}"


def _claim_of(text: str) -> Claim:
    """The claim of a match of ``_CLAIM``."""
    if text.startswith('"'):
        attribute, end = cast(tuple[str, int], json.JSONDecoder().raw_decode(text))
        value = text[end + 1 :]
    else:
        name, _, value = text.partition(" ")
        attribute = name.replace("-", "_")
    return attribute, json.loads(value) if value.startswith('"') else value


def _brackets(history: Sequence[int]) -> list[str]:
    return [f"[{k + 1}]" for k in history]


def _cited(history: Sequence[int]) -> str:
    return ", ".join(_brackets(history))


def _listed(history: Sequence[int]) -> str:
    parts = _brackets(history)
    return parts[0] if len(parts) < 2 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _places(text: str) -> tuple[int, ...]:
    return tuple(int(k) - 1 for k in re.findall(r"\d+", text))


@dataclass(frozen=True, slots=True)
class _Form:
    """How a kind of evidence is written and read: ``read`` takes the groups of ``pattern`` but the last, a strength."""

    kind: EvidenceKind
    pattern: re.Pattern[str]
    write: Callable[[Reason, Support, str], str]
    read: Callable[[Sequence[str]], tuple[tuple[int, ...], Support | None, Claim | None, tuple[Claim, ...]]]


def _shown(reason: Reason, support: Support) -> str:
    claim = (reason.wants or reason.avoids)[0]
    verb = "has" if support.found == 1 else "have"
    return (
        f"{_number(support.found)} of {_number(support.of)} {verb} {_claim(claim)} "
        f"({_cited(reason.evidence.history)}; {_usual(support.base)})"
    )


def _read_shown(g: Sequence[str]) -> tuple[tuple[int, ...], Support, Claim | None, tuple[Claim, ...]]:
    claim = _claim_of(g[2])
    return _places(g[3]), Support(_float(g[0]), _float(g[1]), _base(g[4], g[5])), claim, (claim,)


def _one(reason: Reason, support: Support) -> bool:
    """Whether it is one thing that is counted, for the one item that is cited."""
    return support.found == 1 and len(reason.evidence.history) < 2


def _these(reason: Reason, support: Support) -> str:
    return "this is" if _one(reason, support) else "these are"


def _read_pointer(g: Sequence[str]) -> tuple[tuple[int, ...], Support, Claim | None, tuple[Claim, ...]]:
    return _places(g[0]), Support(_float(g[1])), None, ()


def _read_transition(g: Sequence[str]) -> tuple[tuple[int, ...], Support, Claim | None, tuple[Claim, ...]]:
    support = Support(_float(g[3]), _float(g[4]), _base(g[5], g[6]))
    return _places(g[1]), support, _claim_of(g[0]), (_claim_of(g[2]),)


def _read_kind(g: Sequence[str]) -> tuple[tuple[int, ...], Support, Claim | None, tuple[Claim, ...]]:
    return _places(g[0]), Support(_float(g[1])), None, tuple(_claim_of(c) for c in g[2:] if c)


def _read_rating(g: Sequence[str]) -> tuple[tuple[int, ...], Support, Claim | None, tuple[Claim, ...]]:
    claim = _claim_of(g[1])
    return _places(g[0]), Support(_float(g[2]), None, _float(g[3])), claim, (claim,)


def _read_absence(g: Sequence[str]) -> tuple[tuple[int, ...], Support, Claim | None, tuple[Claim, ...]]:
    return _places(g[2]), Support(0.0, _float(g[0]), _base(g[3], g[4])), None, (_claim_of(g[1]),)


def _read_wish(g: Sequence[str]) -> tuple[tuple[int, ...], None, Claim, tuple[Claim, ...]]:
    claim = _claim_of(g[0])
    return (), None, claim, (claim,)


def _pointing(kind: EvidenceKind, verb: str, verb_of_many: str, thing: str, which: str = "", ends: str = "") -> _Form:
    """ "[3] has 17 owners: ..." or "[3] and [5] each have 17 or more owners: ..."."""

    def written(reason: Reason, support: Support, word: str) -> str:
        cited, n = _listed(reason.evidence.history), _number(support.found)
        things = thing if _one(reason, support) else f"{thing}s"
        many = len(reason.evidence.history) > 1
        first = f"{cited} each {verb_of_many} {n} or more {things}" if many else f"{cited} {verb} {n} {things}"
        return f"{first}{which}: {ends or _these(reason, support)} {word}."

    counted = rf"{_LISTED} (?:{verb}|each {verb_of_many}) {_LEAST} {thing}s?{which}"
    return _Form(kind, re.compile(rf"{counted}: {ends or _THESE} {_LIKELY}\."), written, _read_pointer)


_HAVE = f"{_CLAIM} and {_CLAIM}(?: and {_CLAIM})?"
_FORMS = (
    _Form(
        "repeat",
        re.compile(rf"{_SHOWN}: {_LIKELY} again\."),
        lambda r, s, word: f"{_shown(r, s)}: {word} again.",
        _read_shown,
    ),
    _Form(
        "lasting",
        re.compile(rf"{_SHOWN}: {_TASTE} taste\."),
        lambda r, s, word: f"{_shown(r, s)}: {word} taste.",
        _read_shown,
    ),
    _Form(
        "new_repeat",
        re.compile(rf"{_SHOWN}: one nobody has yet is {_LIKELY}\."),
        lambda r, s, word: f"{_shown(r, s)}: one nobody has yet is {word}.",
        _read_shown,
    ),
    _pointing("co_purchase", "has", "have", "other owner", ends="what else they have is"),
    _pointing("similar", "reads like", "read like", "other item"),
    _pointing("kindred", "shares owners with", "share owners with", "item", " like it"),
    _pointing("new_similar", "reads like", "read like", "item", " nobody has yet"),
    _Form(
        "kind_of",
        re.compile(rf"{_LISTED} and {_N} other items? have {_HAVE}: {_THESE} {_LIKELY}\."),
        lambda r, s, word: (
            f"{_listed(r.evidence.history)} and {_number(s.found)} other item{'' if _one(r, s) else 's'} have "
            f"{' and '.join(map(_claim, r.wants))}: {_these(r, s)} {word}."
        ),
        _read_kind,
    ),
    _Form(
        "transition",
        re.compile(rf"After {_CLAIM}, as in {_LISTED}, comes {_CLAIM} in {_N} of {_N} cases \({_USUAL}\): {_LIKELY}\."),
        lambda r, s, word: (
            f"After {_claim((r.evidence.attribute or '', r.evidence.value or ''))}, as in {_listed(r.evidence.history)}"
            f", comes {_claim(r.wants[0])} in {_number(s.found)} of {_number(s.of)} cases ({_usual(s.base)}): {word}."
        ),
        _read_transition,
    ),
    _Form(
        "rating",
        re.compile(rf"{_LISTED} has {_CLAIM} and was rated {_N}, below the mean of {_N}: {_TASTE} dislike\."),
        lambda r, s, word: (
            f"{_listed(r.evidence.history)} has {_claim(r.avoids[0])} and was rated {_number(s.found)}, below the mean "
            f"of {_number(s.base)}: {word} dislike."
        ),
        _read_rating,
    ),
    _Form(
        "absence",
        re.compile(rf"None of {_N} has {_CLAIM} \(not {_CITED}; {_USUAL}\): {_TASTE} dislike\."),
        lambda r, s, word: (
            f"None of {_number(s.of)} has {_claim(r.avoids[0])} (not {_cited(r.evidence.history)}; "
            f"{_usual(s.base)}): {word} dislike."
        ),
        _read_absence,
    ),
    _Form(
        "wish",
        re.compile(rf"The user asks for {_CLAIM}: {_TASTE} wish\."),
        lambda r, s, word: f"The user asks for {_claim(r.wants[0])}: {word} wish.",
        _read_wish,
    ),
    _Form(
        "veto",
        re.compile(rf"The user rules out {_CLAIM}: {_TASTE} dislike\."),
        lambda r, s, word: f"The user rules out {_claim(r.avoids[0])}: {word} dislike.",
        _read_wish,
    ),
)
_BY_KIND = {form.kind: form for form in _FORMS}
_STARTS = {"0": _N, "[": _LISTED, "A": "After", "N": "None", "T": "The user"}
_AT = {mark: [form for form in _FORMS if form.pattern.pattern.startswith(start)] for mark, start in _STARTS.items()}
AVOIDING = frozenset({"rating", "absence", "veto"})
"""Kinds of evidence that speak against a value."""


def write(reasons: Sequence[Reason]) -> str:
    """The text of reasons, strongest first: its :func:`sentences`, one after the other."""
    return " ".join(sentences(reasons))


def sentences(reasons: Sequence[Reason]) -> list[str]:
    """A :func:`sentence` a reason, then one of the rest. Levels state weights; what rounds to nothing is not said."""
    each, rest = levels(reasons)
    of_reasons = [sentence(reason, level) for reason, level in zip(reasons, each, strict=True) if level]
    return [*of_reasons, *([REST.format(WORDS[LEVELS.index(rest)])] if rest else [])]


def sentence(reason: Reason, level: int) -> str:
    """One reason in words, out of which :func:`parse` reads the same reason.

    Raises:
        RadError: There are no such words, as its kind or its numbers are of no fact.
    """
    words = LASTING_WORDS if reason.evidence.kind in LASTING else WORDS
    return _sentence(reason, words[LEVELS.index(level)])


def blank(reason: Reason) -> str:
    """The same with a blank in the place of its strength."""
    return _sentence(reason, BLANK)


def _sentence(reason: Reason, word: str) -> str:
    evidence = reason.evidence
    form = _BY_KIND.get(evidence.kind)
    if form is None or (evidence.support is None and evidence.kind not in WISHES):
        raise RadError(f"a reason of kind {evidence.kind} without the numbers of a fact cannot be put in words")
    support = evidence.support or Support(0.0)  # which a wish does not state
    try:
        words = form.write(reason, support, LASTING_WORDS[0] if evidence.kind in LASTING else WORDS[0])
    except (IndexError, OverflowError, ValueError):  # no claim or citation; a number that is none
        words = ""
    match = form.pattern.fullmatch(words)
    if match is None or _reason(form, match.groups()[:-1]) != replace(reason, weight=1.0):
        raise RadError(f"no words for {evidence.kind} evidence with {evidence.support}: it is no fact")
    return form.write(reason, support, word)


def parse(text: str, strict: bool = True) -> tuple[Reason, ...]:
    """The reasons that ``text`` states, with the weights of their strengths.

    Args:
        text: A rationale in English.
        strict: Refuse a sentence in another form; otherwise it says nothing.

    Raises:
        RadError: A sentence is in another form; the message has its first words.
    """
    reasons, rest, other = read(text)
    if strict and other:
        raise RadError(f"no sentence of the form: {other[0][:80]!r}; see rad.rationales.text")
    return weighted(reasons, rest)


def read(text: str) -> tuple[list[tuple[Reason, int]], int, list[str]]:
    """The reasons of a text with their levels, the level of the unexplained, and the sentences in another form."""
    reasons, rest, other = _read(text)
    return list(reasons), rest, list(other)


@lru_cache(4096)  # several metrics read each text, in time that is linear in its length
def _read(text: str) -> tuple[tuple[tuple[Reason, int], ...], int, tuple[str, ...]]:
    reasons: list[tuple[Reason, int]] = []
    rest, other = 0, list[str]()
    position = _next(text, 0)
    while position < len(text):
        one = _sentence_at(text, position)
        if one is None:
            stop = _STOP.search(text, position)
            end = stop.end() if stop else len(text)
            other.append(text[position:end].strip())
        else:
            end, reason, level = one
            if reason is None:
                rest = level
            else:
                reasons.append((reason, level))
        position = _next(text, end)
    return tuple(reasons), rest, tuple(other)


def _next(text: str, position: int) -> int:
    """Where the white space ends."""
    match = _BLACK.search(text, position)
    return match.start() if match else len(text)


def _sentence_at(text: str, position: int) -> tuple[int, Reason | None, int] | None:
    """Of the sentence of the grammar that begins here: its end, its reason (None: the unexplained) and its level."""
    if match := _REST.match(text, position):
        return match.end(), None, LEVELS[WORDS.index(match[1])]
    mark = text[position]
    for form in _AT.get("0" if mark.isdigit() else mark, ()):
        if match := form.pattern.match(text, position):
            *parts, word = match.groups()
            words = LASTING_WORDS if form.kind in LASTING else WORDS
            try:
                return match.end(), _reason(form, parts), LEVELS[words.index(word)]
            except ValueError:  # what stands in quotation marks is not as JSON writes it
                return None
    return None


def _reason(form: _Form, parts: Sequence[str]) -> Reason:
    history, support, claim, claims = form.read(parts)
    attribute, value = claim or (None, None)
    evidence = Evidence(history, form.kind, attribute, value, support)
    return Reason(evidence, avoids=claims) if form.kind in AVOIDING else Reason(evidence, wants=claims)


def rationale(
    query: Query, reasons: Sequence[Reason], origin: Origin, drafter: str, version: str, name: str = ""
) -> Rationale:
    """The record of ``reasons`` for ``query``, rounded to the five strengths, with its text.

    Its verdict is *unexplained* where what stays so outweighs the reasons of the moment.
    """
    reasons_in_words = rounded(reasons)
    rest = 1 - sum(r.weight for r in reasons_in_words)
    now = sum(r.weight for r in reasons_in_words if r.evidence.kind not in LASTING)
    return Rationale(
        rationale_id=name or f"{query.query_id}-{drafter}-{version}",
        query_id=query.query_id,
        reasons=reasons_in_words,
        text=write(reasons_in_words),
        verdict="supported" if reasons_in_words and now >= rest else "unexplained",
        origin=origin,
        drafter=drafter,
        drafter_version=version,
    )
