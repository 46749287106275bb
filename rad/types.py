"""The records of RAD: frozen dataclasses that every part of the project exchanges, and nothing else.

Conventions
-----------
- All ids are strings: public hashes (``rad.data.splits.public_id``), never raw numbers, which leak the order of
purchase.
- ``history[0]`` is the oldest interaction. An index into a history counts from 0 over the *whole* history, before any
  truncation by a model; the text of a rationale cites index ``k`` as ``[k + 1]``.
- ``None`` means "not known", never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Split = Literal["train", "validation", "test"]
EvidenceKind = Literal[
    "repeat",
    "lasting",
    "transition",
    "co_purchase",
    "similar",
    "kindred",
    "new_similar",
    "new_repeat",
    "kind_of",
    "rating",
    "absence",
    # a person's own word, in a rationale that they argue with: no fact, so no model may write one
    "wish",
    "veto",
    # of records without numbers: a world's known reasons, and files from before facts
    "attribute",
    "complement",
    "sequence",
    "constraint",
]
WISHES = frozenset({"wish", "veto"})
"""Kinds of evidence that are what the user says of themselves: it cites nothing, and states no numbers."""
LASTING = frozenset({"lasting", "rating", "absence", "constraint"}) | WISHES
"""Kinds of evidence for what holds beside whatever else is wanted; the others are of the moment, and rivals."""
Verdict = Literal["supported", "unexplained"]
Origin = Literal["known", "evidence", "llm", "human", "edited", "model"]


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a catalogue. ``text`` is all that a text model may read of it (title, attributes, description)."""

    item_id: str
    domain: str
    title: str
    text: str
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Interaction:
    """One purchase, rental or bookmark. ``timestamp`` is in UTC seconds."""

    user_id: str
    item_id: str
    timestamp: int | None = None
    rating: float | None = None
    review: str | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """All that a model may see when it predicts. ``candidates`` is set only under the *reranking* protocol.

    ``repeats`` is ``keep`` only under protocols that let what the user has had be ranked again.
    """

    query_id: str
    domain: str
    user_id: str
    history: tuple[Interaction, ...]
    profile: str | None = None
    candidates: tuple[str, ...] | None = None
    repeats: Literal["keep"] | None = None

    @property
    def unranked(self) -> frozenset[str]:
        """The items that no ranking may hold: those of the history, or none where repeats are kept."""
        return frozenset() if self.repeats else frozenset(x.item_id for x in self.history)


@dataclass(frozen=True, slots=True)
class Support:
    """The numbers of a fact (:mod:`rad.rationales.facts` says what they count, kind by kind).

    ``found`` of ``of``, where ``base`` is the usual share; None where a kind has no such number.
    """

    found: float
    of: float | None = None
    base: float | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What in the history a reason rests on. ``history`` holds 0-based indices; attribute, value are the cited fact.

    ``attribute``/``value`` say what all cited items have; they are None where the evidence is the purchase itself
    (``co_purchase``, ``similar``). ``support`` has the numbers of the fact; evidence without them is no fact.
    """

    history: tuple[int, ...]
    kind: EvidenceKind
    attribute: str | None = None
    value: str | None = None
    support: Support | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """One "because of this evidence, the user wants (or avoids) that". ``weight`` is a probability in [0, 1].

    Reasons are rivals, of which one is behind a choice; but where the kind of the evidence is ``LASTING``, what is
    wanted or avoided holds beside whatever else is wanted.
    """

    evidence: Evidence
    wants: tuple[tuple[str, str], ...] = ()
    avoids: tuple[tuple[str, str], ...] = ()
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Rationale:
    """Why the user would choose next, written before any item is named.

    The weights of the reasons sum to at most 1; the rest is unexplained.
    """

    rationale_id: str
    query_id: str
    reasons: tuple[Reason, ...]
    text: str
    verdict: Verdict
    origin: Origin
    drafter: str
    drafter_version: str


@dataclass(frozen=True, slots=True)
class PairExplanation:
    """Why a given item suits or does not suit a user. It may name its item, so it is never an input to a ranking."""

    query_id: str
    item_id: str
    polarity: Literal["for", "against"]
    claims: tuple[tuple[str, str], ...]
    text: str
    origin: Origin
    drafter: str
    drafter_version: str


@dataclass(frozen=True, slots=True)
class Example:
    """A query with its answer. ``relevant`` maps item ids to grades; models see it on training and validation only."""

    query: Query
    split: Split
    relevant: Mapping[str, int]
    rationale: Rationale | None = None
    contrast: PairExplanation | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """A user and an item, for the rating and choice tasks. Its query's id is its own; without answers both are None."""

    query: Query
    item_id: str
    rating: float | None = None
    liked: bool | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """One reviewer's answer to one question on one rationale. Never averaged away.

    ``answered_at`` is the time of the answer (ISO 8601, UTC); releases are without it.
    """

    rationale_id: str
    annotator: str
    question: str
    answer: str
    guideline_version: str
    seconds: float | None = None
    answered_at: str | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """A rationale, then a ranking: item ids, best first, no ties, cut at 100. ``scores`` go with the ranking."""

    query_id: str
    ranking: tuple[str, ...]
    rationale: Rationale | None = None
    scores: tuple[float, ...] | None = None
    contrast: PairExplanation | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class PairPrediction:
    """A model's rating or probability of a like for one pair."""

    query_id: str
    item_id: str
    rating: float | None = None
    probability: float | None = None
    explanations: tuple[PairExplanation, ...] = ()
    error: str | None = None
