"""A campaign's answers as CSV files, for spreadsheets: a row a form, and the hours of each reviewer.

answers.csv   draft, query, drafter, reviewer, time, seconds, and a column a question
hours.csv     reviewer, forms, and the hours that were measured; a form after a pause has no time, so hours are
              estimated, too, as forms times the median
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from annotation.campaign.folder import ANSWERS, HOURS, Campaign
from annotation.campaign.judgements import QUESTIONS
from annotation.evaluation import pairs
from rad.runtime.files import atomic_write
from rad.types import Judgement, Rationale

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # with which spreadsheets begin what they execute


def write(
    campaign: Campaign,
    drafts: Mapping[str, Rationale],
    reviews: Iterable[Judgement],
    comparisons: Iterable[Judgement],
) -> int:
    """Write both files, each whole or not at all; the number of forms. A pair's row has both drafters."""
    forms: dict[tuple[str, str], list[Judgement]] = defaultdict(list)
    for one in [*reviews, *comparisons]:
        forms[one.rationale_id, one.annotator].append(one)
    questions = [*QUESTIONS, *pairs.QUESTIONS]
    rows: list[list[object]] = [["draft", "query", "drafter", "reviewer", "answered_at", "seconds", *questions]]
    for (key, who), answers in sorted(forms.items()):
        shown = [drafts[name] for name in key.split("+") if name in drafts]
        by_question = {one.question: one.answer for one in answers}
        drafters, query = " / ".join(draft.drafter for draft in shown), shown[0].query_id if shown else ""
        first = [key, query, drafters, who, answers[0].answered_at, answers[0].seconds]
        rows.append([*first, *(by_question.get(question) for question in questions)])
    _write(campaign, ANSWERS, rows)
    _write(campaign, HOURS, _hours(forms))
    return len(forms)


def _hours(forms: Mapping[tuple[str, str], Sequence[Judgement]]) -> list[list[object]]:
    times: dict[str, list[float | None]] = defaultdict(list)
    for (_, who), answers in forms.items():
        times[who].append(answers[0].seconds)
    rows: list[list[object]] = [["reviewer", "forms", "forms_timed", "hours_timed", "hours_estimated"]]
    for who, seconds in sorted(times.items()):
        timed = [s for s in seconds if s is not None]
        estimate = round(len(seconds) * median(timed) / 3600, 3) if timed else None
        rows.append([who, len(seconds), len(timed), round(sum(timed) / 3600, 3), estimate])
    return rows


def _write(campaign: Campaign, name: str, rows: Iterable[Sequence[object]]) -> None:
    with atomic_write(campaign.file(name)) as file:
        csv.writer(file).writerows([[_cell(value) for value in row] for row in rows])


def _cell(value: object) -> object:
    """A text that a spreadsheet would execute is marked as text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
