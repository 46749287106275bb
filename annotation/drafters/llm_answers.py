"""The forms of a language model's answers, and the records they become. What a model wrote is checked, never mended:
only blanks, invisible characters, and the case of an attribute's or a value's letters are set right."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from rad.llm.forms import plain
from rad.rationales import claims
from rad.rationales.rules import Violation, forbidden_wording
from rad.runtime.files import canonical
from rad.types import Evidence, EvidenceKind, Item, PairExplanation, Query, Rationale, Reason, Verdict

MOST = 6  # reasons in a rationale
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


class ReasonForm(_Form):
    """One reason: the purchases that it cites (from 1), the fact they show, and what the user wants and avoids."""

    because: list[int] = Field(max_length=20)
    kind: EvidenceKind
    fact: Value | None
    wants: list[Value] = Field(max_length=5)
    avoids: list[Value] = Field(max_length=5)
    weight: float


class RationaleForm(_Form):
    """What the model answers on a history."""

    thoughts: str
    reasons: list[ReasonForm] = Field(max_length=MOST)
    text: Text
    verdict: Verdict


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


def rationale_of(form: RationaleForm, query: Query, spelling: Spelling, drafter: str, version: str) -> Rationale:
    """The record. Its id has a hash of the content, so that drafts of other models and wordings are other drafts."""
    reasons = tuple(
        Reason(
            Evidence(
                tuple(dict.fromkeys(number - 1 for number in reason.because)),
                reason.kind,
                *(spelling.of(reason.fact) if reason.fact else ()),
            ),
            wants=spelling.all(reason.wants),
            avoids=spelling.all(reason.avoids),
            weight=reason.weight,
        )
        for reason in form.reasons
    )
    content = canonical([query.query_id, reasons, form.text, form.verdict, drafter, version])
    return Rationale(
        rationale_id=f"{query.query_id}-llm-{hashlib.sha256(content.encode()).hexdigest()[:8]}",
        query_id=query.query_id,
        reasons=reasons,
        text=form.text,
        verdict=form.verdict,
        origin="llm",
        drafter=drafter,
        drafter_version=version,
    )


def empty_reasons(rationale: Rationale) -> Iterator[Violation]:
    """``claim``: a reason that neither wants nor avoids anything. What goes together with a purchase may do so."""
    for number, reason in enumerate(rationale.reasons, 1):
        if not reason.wants and not reason.avoids and reason.evidence.kind not in ("co_purchase", "complement"):
            yield Violation("claim", f"reason {number} neither wants nor avoids anything")


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
    ``citation``, ``hindsight`` and ``rating`` as in :mod:`rad.rationales.rules`.
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
        for violation in forbidden_wording(one.text):
            yield Violation(violation.rule, f"{name}: {violation.detail}")
