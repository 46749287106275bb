"""What people and judges answer about a run's rationales: a campaign's files, or a language model behind an endpoint.

A rationale of the run is one of the campaign where the id and the text are the same: somebody judged these very words.
People come from ``judgements.jsonl`` (simulated reviewers never), judges from ``judge-*.jsonl``; beside each stand the
agreement of people among themselves (Krippendorff's alpha: the ceiling) and of the judge with people
(:mod:`annotation.agreement.calibration`). ``--judge`` asks an OpenAI-compatible endpoint through
``annotation/judges/llm.py``, under the reviewers' own guidelines, about the first rationales of the run.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annotation.agreement.calibration import calibrate
from annotation.agreement.measure import measure_answers
from annotation.campaign import drafts, judgements
from annotation.campaign.folder import Campaign
from annotation.campaign.judgements import ABSTAINED, INVALID, Answered
from benchmarks.explanations.families import explanation_metrics
from benchmarks.explanations.results import Judged
from benchmarks.harness.base import JudgedMetric
from rad.data.dataset import Dataset
from rad.errors import RadError
from rad.runtime.files import cache_dir
from rad.types import Example, Judgement, Rationale

if TYPE_CHECKING:
    from rad.llm.client import Endpoint

RESAMPLES = 1000
Forms = Iterator[Mapping[str, str]]  # a judge's answers by question, a rationale at a time
Track = Callable[[Forms, int], Iterable[Mapping[str, str]]]


@cache
def questions() -> tuple[str, ...]:
    """Those on which answers are a score: each has a metric."""
    return tuple(k.question for k in explanation_metrics(attested=True).values() if issubclass(k, JudgedMetric))


def _untracked(forms: Forms, n: int) -> Forms:
    return forms


@dataclass
class Verdicts:
    """``values``: by judge and question, the answers (1 to 5) on each query's rationale. ``judged``: what to report."""

    values: dict[tuple[str, str], dict[str, list[int]]] = field(default_factory=dict)
    judged: list[Judged] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, by: str, answers: Sequence[Answered], queries: Mapping[str, str]) -> None:
        """Answers of ``by``; ``queries`` maps rationale ids to query ids."""
        for one in answers:
            judgement = one.judgement
            if judgement.question in questions() and one.value is not None:
                by_query = self.values.setdefault((by, judgement.question), defaultdict(list))
                by_query[queries[judgement.rationale_id]].append(int(judgement.answer))


def of_campaign(folder: Path, rationales: Sequence[Rationale], seed: int = 0) -> Verdicts:
    """The answers of the campaign in ``folder`` on ``rationales``. :class:`RadError` where its files cannot be read."""
    out = Verdicts()
    campaign = Campaign(folder)
    texts = {key: draft.text for key, draft in drafts.by_id(campaign).items()}
    same = {r.rationale_id: r.query_id for r in rationales if texts.get(r.rationale_id) == r.text}
    if not same:
        out.notes.append(f"{folder}: none of its drafts is a rationale of this run (same id and text)")
        return out
    lengths = {key: len(text) for key, text in texts.items()}
    answered = judgements.read_reviewers(campaign, lengths)
    people = [a for a in answered if a.group == "people" and a.judgement.rationale_id in same]
    if not people:
        out.notes.append(f"{folder}: no person has judged a rationale of this run")
    ceiling = measure_answers(people, lengths, seed, RESAMPLES).people.questions if people else {}
    ceilings = {q: asdict(ceiling[q].coefficients["alpha"]) for q in questions() if q in ceiling}
    out.add("people", people, same)
    for question in questions():
        if n := sum(a.judgement.question == question for a in people):
            out.judged.append(Judged(by="people", question=question, n=n, ceiling=ceilings.get(question, {})))
    for path in sorted(folder.glob(judgements.JUDGES)):
        answers = [a for a in judgements.read_answers(path, lengths, judge=True) if a.judgement.rationale_id in same]
        _add_judge(out, answers, people, same, ceilings, seed)
    return out


def _add_judge(
    out: Verdicts,
    answers: Sequence[Answered],
    people: Sequence[Answered],
    queries: Mapping[str, str],
    ceilings: Mapping[str, Any],
    seed: int,
    unanswered: int = 0,
) -> None:
    if not answers:
        return
    name = answers[0].judgement.annotator
    out.add(name, answers, queries)
    compared = {c.question: c for c in calibrate(answers, people, "people", seed, RESAMPLES)} if people else {}
    for question in questions():
        kinds = Counter(a.judgement.answer for a in answers if a.judgement.question == question)
        if not kinds:
            continue
        beside = compared.get(question)
        agreement = {k: asdict(v) for k, v in beside.against_all.items()} if beside else {}
        out.judged.append(
            Judged(
                by=name,
                question=question,
                n=kinds.total(),
                abstained=kinds[ABSTAINED],
                invalid=kinds[INVALID],
                unanswered=unanswered,
                ceiling=ceilings.get(question, {}),
                agreement=agreement,
            )
        )


@dataclass(frozen=True)
class JudgeEndpoint:
    """Where a judging model is, and how many rationales it judges."""

    base_url: str
    model: str
    rationales: int = 100

    def client(self) -> Endpoint:
        """Its client. :class:`RadError` where there can be none: a package is missing, ``base_url`` is no address."""
        try:
            from rad.llm.client import Endpoint
        except ModuleNotFoundError as error:
            raise RadError(f"--judge needs '{error.name}': pip install -e '.[annotate]'") from error
        return Endpoint(self.base_url, self.model, cache_dir() / "judge", {"temperature": 0.0, "max_tokens": 1000})


def of_endpoint(
    endpoint: JudgeEndpoint, data: Dataset, cases: Sequence[tuple[Rationale, Example]], track: Track = _untracked
) -> Verdicts:
    """A model's answers on the first rationales. Answers that do not have the form are counted as invalid."""
    client = endpoint.client()
    from annotation import guidelines
    from annotation.judges import llm
    from rad.llm.usage import Usage

    cases = cases[: endpoint.rationales]
    judge = llm.Judge(data, client, guidelines.read().reviewing, Usage(None, None))
    name = "judge:" + "".join(c if (c.isalnum() and c.isascii()) or c in "._-" else "-" for c in endpoint.model)
    answers: list[Judgement] = []
    out = Verdicts()
    try:
        for (rationale, _), form in zip(cases, track(judge.judge(cases), len(cases)), strict=True):
            key = rationale.rationale_id
            answers += [Judgement(key, name, q, form[q], llm.__name__) for q in questions() if q in form]
    except RadError as error:  # what was computed before is worth keeping
        out.notes.append(f"{name}: stopped after {len(answers) // len(questions())} rationales ({error})")
    numbered = ((f"answer {k}", one) for k, one in enumerate(answers, 1))
    read = list(judgements.checked(numbered, judge=True))
    unanswered = sum(judge.unanswered.values())
    _add_judge(out, read, [], {r.rationale_id: r.query_id for r, _ in cases}, {}, 0, unanswered)
    out.notes += [f"{name}: {n} rationales without an answer ({reason})" for reason, n in judge.unanswered.items()]
    if read and not out.values:
        out.notes.append(f"{name}: no valid answer, so no score")
    return out
