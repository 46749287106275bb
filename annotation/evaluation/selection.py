"""Active selection: which drafts go to reviewers first, where there are more than people can review.

disputed     judges differ most on their plausibility (two judges at least: ``judge``)
uncertain    judges find them neither plausible nor implausible (one judge at least)
stratified   every drafter, and every kind of strongest reason, in turn
FILE         a rationale id a line, in this order; no others
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from statistics import mean

from annotation.campaign import judgements
from annotation.campaign.folder import Campaign
from rad.errors import RadError
from rad.runtime.files import read_lines
from rad.types import Rationale

MIDDLE = 3  # of the scale of plausibility


def ordered(campaign: Campaign, drafts: Sequence[Rationale], how: str | None) -> list[Rationale]:
    """The drafts in the order in which they are to go to reviewers; drafts that are as good keep theirs.

    Args:
        campaign: Whose folder has the judges' answers.
        drafts: In the order of drafting.
        how: One of the words above, or the path of a file. None keeps the order.

    Raises:
        RadError: There are too few judges, or the file does not exist or names what is no draft.
    """
    if how is None:
        return list(drafts)
    if how == "stratified":
        return _stratified(drafts)
    if how not in ("disputed", "uncertain"):
        return _named(Path(how), drafts)
    scores = _scores(campaign)
    least = 2 if how == "disputed" else 1
    judged = {key: values for key, values in scores.items() if len(values) >= least}
    if not judged:
        answers = "the answers of two judges" if least == 2 else "a judge's answers"
        raise RadError(f"--select {how} needs {answers}: python -m annotation judge {campaign.path}")
    if how == "disputed":
        urgency = {key: max(values) - min(values) for key, values in judged.items()}
    else:
        urgency = {key: -abs(mean(values) - MIDDLE) for key, values in judged.items()}
    last = min(urgency.values()) - 1  # what no judge has scored comes last
    return sorted(drafts, key=lambda draft: -urgency.get(draft.rationale_id, last))


def _scores(campaign: Campaign) -> Mapping[str, list[float]]:
    """By rationale id, the plausibility that each judge gave."""
    out: dict[str, list[float]] = {}
    for path in sorted(campaign.path.glob(judgements.JUDGES)):
        for one in judgements.read_answers(path, judge=True):
            if one.judgement.question == "plausibility" and one.value is not None:
                out.setdefault(one.judgement.rationale_id, []).append(float(one.judgement.answer))
    return out


def _stratified(drafts: Sequence[Rationale]) -> list[Rationale]:
    """The first of each stratum, then the second of each, and so on."""
    turns = []
    for stratum, of_stratum in groupby(sorted(drafts, key=_stratum), key=_stratum):
        turns += [(turn, stratum, draft) for turn, draft in enumerate(of_stratum)]
    return [draft for *_, draft in sorted(turns, key=lambda entry: entry[:2])]


def _stratum(draft: Rationale) -> tuple[str, str, str]:
    strongest = max(draft.reasons, key=lambda reason: reason.weight, default=None)
    kind = (strongest.evidence.kind, strongest.evidence.attribute or "") if strongest else ("", "")
    return draft.drafter, *kind


def _named(path: Path, drafts: Iterable[Rationale]) -> list[Rationale]:
    by_id, chosen = {draft.rationale_id: draft for draft in drafts}, dict[str, Rationale]()
    for number, line in read_lines(path):
        if (key := line.strip()) and key not in by_id:
            raise RadError(f"{path}:{number}: the campaign has no draft {key}")
        if key:
            chosen[key] = by_id[key]
    return list(chosen.values())
