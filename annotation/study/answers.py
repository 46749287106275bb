"""What participants answered, as the analysis reads it, and who is left out by the registered rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from annotation.campaign import judgements
from annotation.campaign.folder import Campaign
from annotation.campaign.pseudonyms import Group, group_of
from annotation.evaluation import checks
from annotation.study import design
from annotation.study.analysis import Answers
from annotation.study.arms import ARMS
from annotation.study.design import Design
from rad.errors import RadError
from rad.types import Judgement

CHECKS_RIGHT = 2 / 3  # of the checks, at least
PAGES_ANSWERED = 0.8  # of a participant's pages, at least
SECONDS = 3.0  # for a page, at least, in the median of those that were timed


@dataclass(frozen=True, slots=True)
class Excluded:
    """How many are left out, by the first rule that they break."""

    checks: int = 0
    unfinished: int = 0
    hasty: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.checks + self.unfinished + self.hasty


@dataclass(frozen=True, slots=True)
class Taken:
    """The answers that count. ``started`` are all who answered a page; simulated ones only where no person did."""

    answers: Answers
    started: int
    excluded: Excluded
    group: Group


def excluded(right: np.ndarray, answered: np.ndarray, seconds: np.ndarray) -> tuple[np.ndarray, Excluded]:
    """Who is kept [participants], and how many are not.

    Args:
        right: The share of all checks that each participant answered as asked.
        answered: The share of a participant's pages that have an answer.
        seconds: The median time of a page; NaN where none was timed.
    """
    fails = right < CHECKS_RIGHT - 1e-9
    stops = ~fails & (answered < PAGES_ANSWERED - 1e-9)
    hurries = ~fails & ~stops & (seconds < SECONDS)
    return ~(fails | stops | hurries), Excluded(int(fails.sum()), int(stops.sum()), int(hurries.sum()))


def read(campaign: Campaign, plan: Design) -> Taken:
    """Read what was pulled.

    Raises:
        RadError: Nobody has answered, or an answer is none.
    """
    shown = {one.rationale_id: one for one in design.texts(campaign).values()}
    path = campaign.file(judgements.FILE)
    read = judgements.read_reviewers(campaign, {key: len(one.text) for key, one in shown.items()})
    ratings = [one.judgement for one in read if one.judgement.question == "trust"]
    group: Group = "people" if any(group_of(one.annotator) == "people" for one in ratings) else "simulated"
    ratings = [one for one in ratings if group_of(one.annotator) == group]
    if not ratings:
        raise RadError(f"{path}: nobody has answered yet; 'pull' again when somebody has")
    who = sorted({one.annotator for one in ratings})
    queries = sorted({one.query_id for one in shown.values()})
    answers = Answers(
        np.array([float(one.answer) for one in ratings]),
        np.array([ARMS.index(shown[one.rationale_id].drafter) for one in ratings]),
        np.array([who.index(one.annotator) for one in ratings]),
        np.array([queries.index(shown[one.rationale_id].query_id) for one in ratings]),
    )
    pages = np.bincount(answers.participants, minlength=len(who)) / len(plan.blocks[0])
    included, left_out = excluded(_right(campaign, who), pages, _seconds(ratings, who))
    return Taken(answers.of(included), len(who), left_out, group)


def _right(campaign: Campaign, who: Sequence[str]) -> np.ndarray:
    planned = checks.read(campaign)
    right = {one.annotator: one.right for one in checks.results(planned, checks.read_answers(campaign))}
    return np.array([right.get(name, 0) / max(1, len(planned)) for name in who])


def _seconds(ratings: Iterable[Judgement], who: Sequence[str]) -> np.ndarray:
    times: Mapping[str, list[float]] = {name: [] for name in who}
    for one in ratings:
        if one.seconds is not None:
            times[one.annotator].append(one.seconds)
    return np.array([median(times[name]) if times[name] else np.nan for name in who])
