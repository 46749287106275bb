"""A rationale in English, and English back into a rationale: exact inverses.

>>> from rad.types import Evidence, Reason, Support
>>> evidence = Evidence((1, 4), "repeat", "brand", "Makita", Support(2.0, 9.0, 1 / 40))
>>> reasons = weighted([(Reason(evidence, (("brand", "Makita"),)), 64)], rest=32)
>>> write(reasons)
'2 of 9 purchases have brand Makita ([2], [5]; usually 1 in 40): most likely again. Something unexplained is \
very likely.'
>>> parse(write(reasons)) == reasons
True

Each reason is one sentence with its citations, its numbers and its strength. An attribute name stands with hyphens for
underscores. A value stands as it is, or, where it has a comma, a bracket or another mark of the grammar, in quotation
marks as JSON writes it. So the parser needs no catalogue, and anyone may write in this form.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from rad.errors import RadError
from rad.rationales.strengths import LASTING_WORDS, LEVELS, WORDS, levels, rounded, weighted
from rad.types import LASTING, Evidence, EvidenceKind, Origin, Query, Rationale, Reason, Support

Claim = tuple[str, str]
LONGEST = 120  # characters of a value that may stand without quotation marks
MOST_VALUES = 3  # of a conjunction
BLANK = "___"  # in the place of a strength
_PLAIN = re.compile(rf'[^\s"()\[\],:;](?:[^"()\[\],:;\n\r\t]{{0,{LONGEST - 2}}}[^\s"()\[\],:;])?')
_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")

# Parts of the sentences. A quoted name or value is a JSON string; plain ones hold none of the marks that end them.
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_ATTRIBUTE = rf"(?:{_QUOTED}|[a-z][a-z0-9]*(?:-[a-z0-9]+)*)"
_VALUE = rf'(?:{_QUOTED}|[^\s"()\[\],:;][^"()\[\],:;\n\r\t]{{0,{LONGEST}}}?)'
_CLAIM = rf"({_ATTRIBUTE} {_VALUE})"
_CITED = r"((?:\[\d{1,6}\](?:, )?){1,99})"
_LISTED = r"(\[\d{1,6}\](?:(?:, | and )\[\d{1,6}\]){0,99})"
_N = r"(\d[\d,]{0,14}(?:\.\d{1,9})?)"
_USUAL = rf"usually {_N} in {_N}"
_LIKELY = f"({'|'.join(sorted(WORDS, key=len, reverse=True))})"
_TASTE = f"({'|'.join(sorted(LASTING_WORDS, key=len, reverse=True))})"
_SHOWN = rf"{_N} of {_N} purchases ha(?:s|ve) {_CLAIM} \({_CITED}; {_USUAL}\)"
REST = "Something unexplained is {}."
_REST = re.compile(rf"Something unexplained is {_LIKELY}\.")


# --- numbers, names and lists ---


def _usual(base: float) -> str:
    return f"usually {round(base * 10)} in 10" if base >= 0.35 else f"usually 1 in {round(1 / base):,}"


def _base(numerator: str, denominator: str) -> float:
    return _float(numerator) / max(_float(denominator), 1.0)


def _number(x: float | None) -> str:
    x = x or 0.0
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


# --- one form a kind of evidence ---


@dataclass(frozen=True, slots=True)
class _Form:
    """How a kind of evidence is written and read: ``read`` takes the groups of ``pattern`` but the last, a strength."""

    kind: EvidenceKind
    pattern: re.Pattern[str]
    write: Callable[[Reason, Support, str], str]
    read: Callable[[Sequence[str]], tuple[tuple[int, ...], Support, Claim | None, tuple[Claim, ...]]]


def _shown(reason: Reason, support: Support) -> str:
    claim = (reason.wants or reason.avoids)[0]
    verb = "has" if support.found == 1 else "have"
    return (
        f"{_number(support.found)} of {_number(support.of)} purchases {verb} {_claim(claim)} "
        f"({_cited(reason.evidence.history)}; {_usual(support.base or 1.0)})"
    )


def _read_shown(g: Sequence[str]) -> tuple[tuple[int, ...], Support, Claim | None, tuple[Claim, ...]]:
    claim = _claim_of(g[2])
    return _places(g[3]), Support(_float(g[0]), _float(g[1]), _base(g[4], g[5])), claim, (claim,)


def _each(history: Sequence[int]) -> str:
    return " or more each" if len(history) > 1 else ""


def _s(n: float) -> str:
    return "" if n == 1 else "s"


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
        re.compile(rf"{_SHOWN}: {_TASTE} lasting taste\."),
        lambda r, s, word: f"{_shown(r, s)}: {word} lasting taste.",
        _read_shown,
    ),
    _Form(
        "new_repeat",
        re.compile(rf"{_SHOWN}: one that nobody has yet is {_LIKELY}\."),
        lambda r, s, word: f"{_shown(r, s)}: one that nobody has yet is {word}.",
        _read_shown,
    ),
    _Form(
        "co_purchase",
        re.compile(rf"{_LISTED} ha(?:s|ve) {_N} other buyers?(?: or more each)?: what else they own is {_LIKELY}\."),
        lambda r, s, word: (
            f"{_listed(r.evidence.history)} {'have' if len(r.evidence.history) > 1 else 'has'} {_number(s.found)} "
            f"other buyer{_s(s.found)}{_each(r.evidence.history)}: what else they own is {word}."
        ),
        _read_pointer,
    ),
    _Form(
        "similar",
        re.compile(rf"{_LISTED} reads? like {_N} other items?(?: or more each)?: th(?:is is|ese are) {_LIKELY}\."),
        lambda r, s, word: (
            f"{_listed(r.evidence.history)} read{'' if len(r.evidence.history) > 1 else 's'} like {_number(s.found)} "
            f"other item{_s(s.found)}{_each(r.evidence.history)}: {_these(s.found)} {word}."
        ),
        _read_pointer,
    ),
    _Form(
        "new_similar",
        re.compile(
            rf"{_LISTED} reads? like {_N} items?(?: or more each)? that nobody has yet: "
            rf"th(?:is is|ese are) {_LIKELY}\."
        ),
        lambda r, s, word: (
            f"{_listed(r.evidence.history)} read{'' if len(r.evidence.history) > 1 else 's'} like {_number(s.found)} "
            f"item{_s(s.found)}{_each(r.evidence.history)} that nobody has yet: {_these(s.found)} {word}."
        ),
        _read_pointer,
    ),
    _Form(
        "kind_of",
        re.compile(rf"{_LISTED} and {_N} other items? have {_HAVE}: th(?:is is|ese are) {_LIKELY}\."),
        lambda r, s, word: (
            f"{_listed(r.evidence.history)} and {_number(s.found)} other item{_s(s.found)} have "
            f"{' and '.join(map(_claim, r.wants))}: {_these(s.found)} {word}."
        ),
        _read_kind,
    ),
    _Form(
        "transition",
        re.compile(
            rf"Buyers of {_CLAIM}, as {_LISTED}, have {_CLAIM}, next, in {_N} of {_N} cases \({_USUAL}\): {_LIKELY}\."
        ),
        lambda r, s, word: (
            f"Buyers of {_claim((r.evidence.attribute or '', r.evidence.value or ''))}, "
            f"as {_listed(r.evidence.history)}, have {_claim(r.wants[0])}, next, in {_number(s.found)} of "
            f"{_number(s.of)} cases ({_usual(s.base or 1.0)}): {word}."
        ),
        _read_transition,
    ),
    _Form(
        "rating",
        re.compile(rf"{_LISTED} with {_CLAIM}, was rated {_N}, below the mean of {_N}: {_TASTE} lasting dislike\."),
        lambda r, s, word: (
            f"{_listed(r.evidence.history)} with {_claim(r.avoids[0])}, was rated {_number(s.found)}, below the mean "
            f"of {_number(s.base)}: {word} lasting dislike."
        ),
        _read_rating,
    ),
    _Form(
        "absence",
        re.compile(rf"None of {_N} purchases has {_CLAIM} \(not {_CITED}; {_USUAL}\): {_TASTE} lasting dislike\."),
        lambda r, s, word: (
            f"None of {_number(s.of)} purchases has {_claim(r.avoids[0])} (not {_cited(r.evidence.history)}; "
            f"{_usual(s.base or 1.0)}): {word} lasting dislike."
        ),
        _read_absence,
    ),
)
_BY_KIND = {form.kind: form for form in _FORMS}
AVOIDING = frozenset({"rating", "absence"})
"""Kinds of evidence that speak against a value."""


def _these(n: float) -> str:
    return "this is" if n == 1 else "these are"


# --- whole rationales ---


def write(reasons: Sequence[Reason]) -> str:
    """The text of reasons, strongest first. Weights are stated by their levels; what rounds to nothing is not said.

    Raises:
        RadError: A reason is no fact with numbers.
    """
    each, rest = levels(reasons)
    sentences = [sentence(reason, level) for reason, level in zip(reasons, each, strict=True) if level]
    return " ".join([*sentences, *([REST.format(WORDS[LEVELS.index(rest)])] if rest else [])])


def sentence(reason: Reason, level: int) -> str:
    """One reason in words."""
    words = LASTING_WORDS if reason.evidence.kind in LASTING else WORDS
    return _sentence(reason, words[LEVELS.index(level)])


def blank(reason: Reason) -> str:
    """One reason in words, with a blank in the place of its strength."""
    return _sentence(reason, BLANK)


def _sentence(reason: Reason, word: str) -> str:
    evidence = reason.evidence
    form = _BY_KIND.get(evidence.kind)
    if form is None or evidence.support is None:
        raise RadError(f"a reason of kind {evidence.kind} without the numbers of a fact cannot be put in words")
    return form.write(reason, evidence.support, word)


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
    reasons, rest, other = [], 0, []
    for match, form, prose in _sentences(text):
        if prose:
            other.append(prose)
        elif match is not None and form is None:
            rest = LEVELS[WORDS.index(match[1])]
        elif match is not None and form is not None:
            *parts, word = match.groups()
            words = LASTING_WORDS if form.kind in LASTING else WORDS
            reasons.append((_reason(form, parts), LEVELS[words.index(word)]))
    return reasons, rest, other


def _reason(form: _Form, parts: Sequence[str]) -> Reason:
    history, support, claim, claims = form.read(parts)
    attribute, value = claim or (None, None)
    evidence = Evidence(history, form.kind, attribute, value, support)
    return Reason(evidence, avoids=claims) if form.kind in AVOIDING else Reason(evidence, wants=claims)


def _sentences(text: str) -> Iterator[tuple[re.Match[str] | None, _Form | None, str]]:
    """From left to right: a match and its form (None: the unexplained), or the prose up to the next sentence end."""
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        match, form = _REST.match(text, position), None
        for candidate in () if match else _FORMS:
            if match := candidate.pattern.match(text, position):
                form = candidate
                break
        if match:
            yield match, form, ""
            position = match.end()
            continue
        end = re.compile(r"[.!?](?=\s|$)|\n").search(text, position)
        stop = end.end() if end else len(text)
        yield None, None, text[position:stop].strip()
        position = stop


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
