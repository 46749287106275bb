"""The forms of a language model's answers, and the records they become. What a model wrote is checked, never mended:
only blanks, invisible characters, and the case of letters, of an attribute or of a value are set right."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

from rad.llm.forms import plain
from rad.rationales import claims
from rad.rationales.junk import junk
from rad.rationales.prompt import LETTERS, MOST_REASONS
from rad.rationales.rules import Violation, forbidden_wording
from rad.rationales.strengths import LASTING_WORDS, LEVELS, WORDS, weighted
from rad.rationales.text import rationale
from rad.runtime.files import canonical
from rad.types import Item, PairExplanation, Query, Rationale, Reason

STRENGTHS = (*WORDS, *LASTING_WORDS)  # both stand for the same levels
LONGEST = 2000  # characters of a text that people read
Pairs = tuple[tuple[str, str], ...]


def _readable(text: str) -> str:
    text = plain(text)
    if not text or len(text) > LONGEST:
        raise ValueError(f"must hold 1 to {LONGEST} characters, has {len(text)}")
    return text


Words = Annotated[str, AfterValidator(plain)]
Text = Annotated[str, AfterValidator(_readable)]  # no limits in the schema: some endpoints refuse them there


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Value(_Form):
    """A value of an attribute."""

    attribute: Words
    value: Words


def _strength(word: str) -> str:
    if word not in STRENGTHS:
        raise ValueError(f"must be one of {', '.join(STRENGTHS)}")
    return word


def _schema(words: tuple[str, ...]) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "enum": list(words)})


class ReasonForm(_Form):
    """One reason: the letter of a fact, and how strong it is."""

    fact: Words
    strength: Annotated[Words, AfterValidator(_strength), _schema(STRENGTHS)]


class RationaleForm(_Form):
    """What the model answers on a history and its facts."""

    thoughts: str
    reasons: Annotated[list[ReasonForm], Field(json_schema_extra={"maxItems": MOST_REASONS})]
    unexplained: Annotated[Words, AfterValidator(_strength), _schema(WORDS)]


class SideForm(_Form):
    """One explanation of a pair: claimed values and a text."""

    claims: list[Value] = Field(max_length=5)
    text: Text


class ContrastForm(_Form):
    """What the model answers on an item and its nearest alternative."""

    thoughts: str
    for_: SideForm = Field(alias="for")
    against: SideForm
    contrast: SideForm


class Spelling:
    """Spells attribute values as the catalogue spells them, whatever the case of the letters that a model wrote."""

    def __init__(self, items: Mapping[str, Item]) -> None:
        pairs = {(a, v) for item in items.values() for a, values in item.attributes.items() for v in values}
        self._exact = pairs
        self._folded = {(a.casefold(), v.casefold()): (a, v) for a, v in sorted(pairs, reverse=True)}

    def of(self, value: Value) -> tuple[str, str]:
        """The catalogue's pair, or the model's where the catalogue has none like it: a rule will say so."""
        pair = (value.attribute, value.value)
        return pair if pair in self._exact else self._folded.get((pair[0].casefold(), pair[1].casefold()), pair)

    def all(self, values: list[Value]) -> Pairs:
        """The same of several values, each once."""
        return tuple(dict.fromkeys(self.of(value) for value in values))


def rationale_of(
    form: RationaleForm, query: Query, facts: Sequence[Reason], drafter: str, version: str
) -> tuple[Rationale, list[Violation]]:
    """The record of the facts that were chosen, and what is wrong with the choice.

    A violation is a letter without a fact (``fact``), one that stands twice (``fact``), or too many of them
    (``reasons``). The record leaves these out. Its id has a hash of the content, so that drafts of other models and
    wordings are other drafts.
    """
    by_letter = dict(zip(LETTERS, facts, strict=False))
    levels: dict[str, int] = {}
    violations = []
    for reason in form.reasons:
        letter = reason.fact.upper()
        if letter not in by_letter:
            violations.append(Violation("fact", f"{reason.fact[:20]!r} is no letter of a fact"))
        elif letter in levels:
            violations.append(Violation("fact", f"{letter} stands twice"))
        else:
            levels[letter] = level(reason.strength)
    if len(form.reasons) > MOST_REASONS:
        violations = [Violation("reasons", f"{len(form.reasons):,} reasons, at most {MOST_REASONS}")]
    chosen = [(by_letter[letter], strength) for letter, strength in list(levels.items())[:MOST_REASONS]]
    reasons = weighted(chosen, level(form.unexplained))
    content = canonical([query.query_id, reasons, drafter, version])
    name = f"{query.query_id}-llm-{hashlib.sha256(content.encode()).hexdigest()[:8]}"
    return rationale(query, reasons, "llm", drafter, version, name), violations


def level(word: str) -> int:
    """The level that a word stands for."""
    return LEVELS[STRENGTHS.index(word) % len(LEVELS)]


def explanations_of(
    form: ContrastForm, query: Query, item: Item, other: Item, spelling: Spelling, drafter: str, version: str
) -> tuple[PairExplanation, PairExplanation, PairExplanation]:
    """Why ``item`` suits the user, why it does not, and why ``other``, the nearest alternative, is not it."""

    def record(side: SideForm, about: Item, polarity: Literal["for", "against"]) -> PairExplanation:
        claimed = spelling.all(side.claims)
        return PairExplanation(query.query_id, about.item_id, polarity, claimed, side.text, "llm", drafter, version)

    return (
        record(form.for_, item, "for"),
        record(form.against, item, "against"),
        record(form.contrast, other, "against"),
    )


def explanation_violations(
    explanations: tuple[PairExplanation, ...], query: Query, item: Item, other: Item
) -> Iterator[Violation]:
    """Broken rules of :func:`explanations_of`.

    ``claim``: a value that the explained item does not have, or a contrast by no value or by one that both have;
    ``junk``: a text that :mod:`rad.rationales.junk` finds; ``says_nothing``: one that cites no place and names none of
    its claims; ``citation``, ``hindsight`` and ``rating`` as in :mod:`rad.rationales.rules`.
    """
    for name, one, about in zip(("for", "against", "contrast"), explanations, (item, item, other), strict=True):
        for attribute, value in one.claims:
            if value not in about.attributes.get(attribute, ()):
                yield Violation("claim", f"{name}: it does not have {attribute} {value!r}")
            elif about is other and value in item.attributes.get(attribute, ()):
                yield Violation("claim", f"{name}: both have {attribute} {value!r}")
        if about is other and not one.claims:
            yield Violation("claim", f"{name}: no value tells the two apart")
        for index in claims.citations(one.text):
            if not 0 <= index < len(query.history):
                length = len(query.history)
                yield Violation("citation", f"{name}: the text cites [{index + 1}] of a history of {length}")
        if words := junk(one.text):
            yield Violation("junk", f"{name}: the text {words}")
        elif one.claims and not claims.citations(one.text) and not _names_any(one):
            yield Violation("says_nothing", f"{name}: the text cites no place and names none of its claims")
        for violation in forbidden_wording(one.text):
            yield Violation(violation.rule, f"{name}: {violation.detail}")


def _names_any(one: PairExplanation) -> bool:
    text = one.text.casefold()
    return any(value.casefold() in text for _, value in one.claims)
