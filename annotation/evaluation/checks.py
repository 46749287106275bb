"""Checks: drafts whose answers are known, mixed into a reviewer's queue, and a calibration round before the work.

The lead writes ``checks.jsonl`` into the campaign's folder, a :class:`Check` a line. ``push`` sends them; nobody sees
which drafts these are. Every reviewer answers all of them. Those with ``"calibration": true`` come before everything
else, in a dataset of their own, and afterwards each is shown with its expected answers and its ``feedback``.

``check_answers.jsonl`` has what reviewers answered (:class:`rad.types.Judgement`), apart from the answers on drafts:
checks are no data.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from annotation.campaign import judgements
from annotation.campaign.folder import Campaign
from annotation.campaign.judgements import OPTIONS, QUESTIONS, value_of
from annotation.campaign.pseudonyms import group_of
from rad.errors import RadError
from rad.rationales import text
from rad.runtime import records
from rad.runtime.files import canonical, write_jsonl
from rad.types import Judgement, Rationale

FILE, ANSWERS = "checks.jsonl", "check_answers.jsonl"
LABELS = judgements.VERDICT_LABELS | judgements.ERROR_LABELS


@dataclass(frozen=True, slots=True)
class Check:
    """A text on a query, and what is to be answered.

    Attributes:
        query_id: One of the campaign's data.
        text: The draft that is shown.
        expected: By question, the answers that are right. On a question with several ticks, those that must be there.
        calibration: Whether it belongs to the round before the work.
        feedback: What is said of it after that round.
    """

    query_id: str
    text: str
    expected: Mapping[str, tuple[str, ...]]
    calibration: bool = False
    feedback: str = ""

    @property
    def rationale_id(self) -> str:
        """A hash, like those of drafts."""
        return hashlib.sha256(canonical([self.query_id, self.text]).encode()).hexdigest()[:16]

    @property
    def rationale(self) -> Rationale:
        """What is shown, with reasons where the text is in the grammar of drafts."""
        try:
            reasons = text.parse(self.text)
        except RadError:
            reasons = ()
        return Rationale(self.rationale_id, self.query_id, reasons, self.text, "unexplained", "edited", "check", "1")

    def is_right(self, answers: Mapping[str, str]) -> bool:
        """Whether answers by question are as expected, all of them."""
        return all(
            question in answers and _fits(question, answers[question], right)
            for question, right in self.expected.items()
        )


def _fits(question: str, answer: str, right: Sequence[str]) -> bool:
    value = value_of(question, answer)
    return set(right) <= value if isinstance(value, frozenset) else value in right


@dataclass(frozen=True, slots=True)
class Result:
    """One reviewer's checks, or their calibration round: how many are right of how many."""

    annotator: str
    calibration: bool
    right: int
    answered: int
    missed: tuple[str, ...]


def read(campaign: Campaign, queries: Iterable[str] | None = None) -> dict[str, Check]:
    """The campaign's checks by rationale id; none where there is no such file.

    Args:
        campaign: Whose folder may have the file.
        queries: The query ids of its data, where they are known.

    Raises:
        RadError: A line is no check, expects what the form does not offer, or is of no query.
    """
    path = campaign.file(FILE)
    of_data = None if queries is None else set(queries)
    out: dict[str, Check] = {}
    for number, check in records.read(path, Check) if path.exists() else ():
        where = f"{path}:{number}"
        if not check.expected:
            raise RadError(f'{where}: expected is empty: say at least {{"verdict": ["reject"]}}')
        for question, right in check.expected.items():
            if question not in OPTIONS:
                raise RadError(f"{where}: no answer to '{question}' can be expected; questions: {', '.join(OPTIONS)}")
            if strange := [one for one in right if one not in OPTIONS[question]] or ([] if right else ["nothing"]):
                options = ", ".join(OPTIONS[question])
                raise RadError(f"{where}: {question} has no answer '{strange[0]}'; answers: {options}")
        if of_data is not None and check.query_id not in of_data:
            raise RadError(f"{where}: the campaign's data have no query {check.query_id}")
        if check.rationale_id in out:
            raise RadError(f"{where}: the same text on the same query as before")
        out[check.rationale_id] = check
    return out


def read_answers(campaign: Campaign) -> list[Judgement]:
    """What was answered on checks, as far as it was pulled."""
    path = campaign.file(ANSWERS)
    numbered = list(judgements.numbered(path)) if path.exists() else []
    for where, one in numbered:
        try:
            group_of(one.annotator)
            value_of(one.question, one.answer)
        except ValueError as error:
            raise RadError(f"{where}: {error}") from None
    return [one for _, one in numbered]


def write_answers(campaign: Campaign, answers: Sequence[Judgement]) -> None:
    """Write them, whole or not at all."""
    write_jsonl(campaign.file(ANSWERS), answers)


def results(checks: Mapping[str, Check], answers: Iterable[Judgement]) -> list[Result]:
    """By reviewer, the calibration round first."""
    forms: dict[tuple[str, str], dict[str, str]] = {}
    for one in answers:
        if one.rationale_id in checks:
            forms.setdefault((one.annotator, one.rationale_id), {})[one.question] = one.answer
    out = []
    for annotator in sorted({who for who, _ in forms}):
        for calibration in (True, False):
            mine = [
                (key, checks[key].is_right(form))
                for (who, key), form in sorted(forms.items())
                if who == annotator and checks[key].calibration == calibration
            ]
            if mine:
                missed = tuple(key for key, right in mine if not right)
                out.append(Result(annotator, calibration, len(mine) - len(missed), len(mine), missed))
    return out


def spoken(check: Check) -> str:
    """What was expected and why, for who has answered."""
    lines = []
    for question, right in check.expected.items():
        words = (", " if QUESTIONS[question] == "set" else " or ").join(LABELS.get(one, one) for one in right)
        lines.append(f"{question.replace('_', ' ')}: {words}")
    return "\n".join([*lines, *(["", check.feedback] if check.feedback else [])])
