"""The results of measuring agreement: what ``agreement.json`` holds, and what report and console show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from annotation.campaign.judgements import Kind
from annotation.campaign.pseudonyms import Group


@dataclass(frozen=True, slots=True)
class Estimate:
    """A coefficient with its 95% interval, and the number of records it rests on. ``value`` is None where undefined."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    undefined: str | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two reviewers on the records that both answered. ``exact``: the share of equal answers."""

    reviewers: tuple[str, str]
    n: int
    exact: float
    coefficients: Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class QuestionAgreement:
    """One question. ``n_shared``: records with two answers or more. ``distribution``: answers (or error codes) counted
    per reviewer. ``exact``: the share of pairs of answers that are equal. ``codes``: alpha of each error code."""

    question: str
    kind: Kind
    distance: str | None
    n_answers: int
    n_records: int
    n_shared: int
    exact: float | None
    distribution: Mapping[str, Mapping[str, int]]
    coefficients: Mapping[str, Estimate] = field(default_factory=dict)
    codes: Mapping[str, Estimate] = field(default_factory=dict)
    pairs: Sequence[Pair] = ()


@dataclass(frozen=True, slots=True)
class Seconds:
    """Time per record of one reviewer, in seconds."""

    n: int
    quarter: float
    median: float
    three_quarters: float


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A record to talk about. ``spread``: mean distance of two answers, 0 to 1 a question, summed over questions."""

    rationale_id: str
    spread: float
    answers: Mapping[str, Mapping[str, str]]
    adjudicated: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class GroupAgreement:
    """People, or simulated reviewers. ``overlap``: how many records have how many reviewers."""

    reviewers: tuple[str, ...]
    n_records: int
    n_answers: int
    overlap: Mapping[int, int]
    questions: Mapping[str, QuestionAgreement]
    seconds: Mapping[str, Seconds]
    disagreements: Sequence[Disagreement]


@dataclass(frozen=True, slots=True)
class Adjudicated:
    """How often reviewers' answers are those of the adjudicator, on the records that have one."""

    n_records: int
    n_answers: int
    equal: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """The agreement of a campaign's reviewers. ``guidelines``: answers by guideline version."""

    people: GroupAgreement
    simulated: GroupAgreement
    adjudicated: Mapping[str, Adjudicated]
    guidelines: Mapping[str, int]
    seed: int
    resamples: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """One judge on one question. ``against`` says whose answers it is compared with.

    ``n_records``: with a valid answer of the judge and one of a person; ``n_shared``: of these, with two people's.
    Coefficients by name: ``kappa`` and ``weighted_kappa`` of pairs, ``spearman`` and ``pearson`` with the mean (of all,
    or of the others), ``spearman_pairs`` and ``pearson_pairs`` of single answers.
    """

    judge: str
    question: str
    against: Group
    n_answers: int
    n_abstained: int
    n_invalid: int
    n_records: int
    n_shared: int
    against_all: Mapping[str, Estimate]
    in_place: Mapping[str, Estimate]
    people: Mapping[str, Estimate]
    difference: Mapping[str, Estimate]
