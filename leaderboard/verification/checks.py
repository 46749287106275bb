"""Whether an entry holds: its shape, its texts, its predictions, and every score again from these.

Nothing in an entry is trusted: it names the data it speaks of, not where they lie; its predictions are read line by
line within the limits of :mod:`leaderboard.verification.untrusted`; scores come from the code that scores the project's
own runs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.harness.aggregate import SORTS
from benchmarks.harness.evaluate import is_repeat
from benchmarks.harness.results import QUESTIONS, SPANS, Score, Task
from leaderboard.owners.keys import entry_message, is_signed
from leaderboard.owners.names import claims_authority
from leaderboard.owners.names import violations as name_violations
from leaderboard.site.pages import unrenderable
from leaderboard.verification import predictions as answers
from leaderboard.verification import scoring, untrusted
from leaderboard.verification.entry import NAME, PREDICTIONS, RUN_ID, SHA256, VERSION, Entry, parse
from leaderboard.verification.headline import RationaleSummary, rationale_summary
from leaderboard.verification.known_data import known_sha256
from leaderboard.verification.opening import EvaluationSets
from leaderboard.verification.task import LEAST_QUERIES, EvaluationSet
from leaderboard.verification.untrusted import text_violations
from rad.errors import RadError

CLOCKS = timedelta(minutes=10)  # by which two may differ
PROVENANCE: dict[str, type] = {
    **dict.fromkeys(("settings", "tuned", "packages"), dict),
    **dict.fromkeys(("command", "metrics"), list),
    **dict.fromkeys(("commit", "diff", "started_at", "finished_at", "python", "platform", "device"), str),
    **{"seed": int, "dirty": bool},
}
LARGEST = {"n_parameters": 10**15}  # of what is counted or measured; 10**9 otherwise
LABEL = 160  # characters of a model with its arm and settings
SETTING = r"[a-z][a-z0-9_]{0,39}=[A-Za-z0-9._,+-]{1,40}"
SCORE = r"[a-z][a-z0-9_]{0,39}(\.(rank|score|ndcg))?(@[1-9][0-9]{0,2})?"  # a metric, its measure and cut
SLICE = r"[a-z0-9][a-z0-9 <>=._-]{0,39}"  # of queries
WORDS = 200  # characters of what stands beside the scores
_KINDS = {dict: "an object", list: "a list", str: "a text", int: "a whole number from 0", bool: "true or false"}


@dataclass
class Verdict:
    """What verification says of an entry.

    Attributes:
        path: The entry's file.
        entry: None where the file could not be read as one.
        violations: A line each; the entry holds where there are none.
        recomputed: The number of scores that were computed again.
        attested: The number of scores that cannot be.
        outdated: The number of scores by an earlier version of their metric.
        rationales: What the entry's rationales are like; None where its predictions could not be read.
        unsound: The first reason that is no sound fact, with its query; None where all are, or facts cannot be counted.
        left_out: Scores that follow from the predictions and that the entry does not state; the page shows them.
        sealed: The answers are not here.
        scored: The entry with the scores that a season's secret gave it.
    """

    path: Path
    entry: Entry | None = None
    violations: list[str] = field(default_factory=list)
    recomputed: int = 0
    attested: int = 0
    outdated: int = 0
    rationales: RationaleSummary | None = None
    unsound: str | None = None
    left_out: list[Score] = field(default_factory=list)
    sealed: bool = False
    scored: Entry | None = None

    @property
    def notes(self) -> list[str]:
        """What a reader of an entry that holds should know of its rationales, a line each."""
        notes = []
        if entry := self.scored or self.entry:
            notes += [] if entry.signature else ["not signed: anybody could have sent it under this name"]
        if self.rationales and self.rationales.n:
            obstacle = self.rationales.obstacle
            notes += [f"not in the headline table: {obstacle}"] if obstacle else []
        if self.left_out:
            notes.append("left out, and shown: " + ", ".join(f"{s.metric} {s.value:.4f}" for s in self.left_out))
        if self.unsound:
            notes.append(f"unsound reasons, the first is of {self.unsound}")
        return notes


def check(path: Path, root: Path, sets: EvaluationSets) -> Verdict:
    """Every violation of the entry in ``path``, a file below ``root``."""
    verdict = Verdict(path)
    try:
        if path.parent.is_symlink():
            raise RadError(f"{path.parent}: a link, a folder was expected")
        raw = untrusted.read_json(path)
    except RadError as error:
        verdict.violations.append(_plain(error, path))
        return verdict
    verdict.entry, verdict.violations = parse(Entry, raw)
    verdict.violations += (in_texts := text_violations(raw, free={"model_card"}))
    entry = verdict.entry
    if entry is None:
        return verdict
    verdict.violations += shape_violations(entry, path, root)
    if in_texts:
        return verdict  # such an attack is not worth the scoring
    if not verdict.violations and (reason := unrenderable(entry)):
        verdict.violations.append(f"its page cannot be shown ({reason})")
    if any(f.startswith("predictions.path") for f in verdict.violations):
        return verdict  # a path that is not what it must be is not followed
    digest = known_sha256().get(entry.result.task.domain, entry.result.dataset.sha256)
    if entry.result.dataset.sha256 != digest:  # before anything is built
        verdict.violations.append(_other_data(entry, digest))
        return verdict
    try:
        data = sets.open(entry.result.task.domain, entry.result.task.protocol, entry.result.task.question)
    except RadError as error:
        verdict.violations.append(f"task: {error}")
        return verdict
    verdict.violations += _data_violations(entry, data)
    verdict.sealed = data.sealed
    try:
        predictions, violations = answers.read(path.parent / entry.predictions.path, entry, data)
    except RadError as error:
        verdict.violations.append(_plain(error, path))
        return verdict
    verdict.violations += violations
    if violations or any(f.startswith(("dataset.sha256", "result.provenance.seed")) for f in verdict.violations):
        return verdict  # scores of other data, or of half the predictions, would be violations of their own
    failed = Counter(p.error for p in predictions if p.error is not None)
    claimed = entry.result.task
    if claimed.n_failed != failed.total():
        verdict.violations.append(f"result.task.n_failed: {claimed.n_failed}, the predictions have {failed.total()}")
    if any(failed.get(reason) != n for reason, n in claimed.failures.items()):
        verdict.violations.append("result.task.failures: not those of the predictions")
    verdict.violations += answers.quotations(predictions, data)
    verdict.rationales = rationale_summary(answers.rankings(predictions)) if data.pairs is None else None
    if not data.sealed:
        _score(verdict, entry, predictions, data)
    return verdict


def _score(verdict: Verdict, entry: Entry, predictions: answers.Answers, data: EvaluationSet) -> None:
    """Add to the verdict what the predictions say of the entry's scores."""
    try:
        if data.is_season and not entry.result.scores:
            verdict.scored = entry = scoring.scored(entry, predictions, data)
        comparison = scoring.compared(entry, predictions, data)
        verdict.violations += comparison.violations
        verdict.left_out = comparison.left_out
        verdict.unsound = comparison.unsound
    except (
        ArithmeticError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:  # metrics are not written for untrusted input
        words = "" if data.is_season else f": {error}"  # those of a season may name its answers
        verdict.violations.append(f"result.scores: the predictions cannot be scored ({type(error).__name__}{words})")
    scores = [*entry.result.scores, *(entry.explanation.scores if entry.explanation else ())]
    verdict.attested = sum(s.basis == "attested" for s in scores)
    verdict.recomputed = len(scoring.recomputed(scores))
    verdict.outdated = sum(s.basis == "recomputed" and scoring.is_outdated(s) for s in scores)


def _plain(error: RadError, path: Path) -> str:
    """A violation without the folder that the report names already."""
    return str(error).replace(f"{path.parent}/", "")


# --- the entry by itself ---


def shape_violations(entry: Entry, path: Path, root: Path) -> list[str]:
    """Violations of names, of the file's path, and of what a result must say to stand on the leaderboard."""
    result, violations = entry.result, []
    for name, value, pattern in (
        ("model.name", result.model.name, NAME),
        ("model.arm", result.model.arm or "x", NAME),
        ("model.version", result.model.version, VERSION),
        ("run_id", result.run_id, RUN_ID),
        ("predictions.sha256", result.predictions.sha256, SHA256),
    ):
        if not re.fullmatch(pattern, value):
            violations.append(f"result.{name}: {ascii(value)[:80]} is no such name (it must match {pattern})")
    if not violations and entry.file != path.relative_to(root).as_posix():
        violations.append(f"the file lies in {path.relative_to(root)}, this entry belongs in {entry.file}")
    if entry.predictions.path != result.run_id + PREDICTIONS:
        violations.append(
            f"predictions.path: {ascii(entry.predictions.path)[:80]}, must be the bare <run_id>{PREDICTIONS}"
        )
    violations += _owner_violations(entry)
    of_run = list(_provenance_violations(result.provenance))
    violations += of_run
    if not of_run and len(result.label) > LABEL:  # settings that are none have no label
        violations.append(f"result.provenance.settings: a label of {len(result.label)} characters, at most {LABEL}")
    if not of_run and claims_authority(result.label):
        violations.append(f"result.model: {ascii(result.label)[:80]} speaks for the board")
    for name, value in (*result.cost.model_dump().items(), ("n_parameters", result.model.n_parameters)):
        most = LARGEST.get(name, 10**9)
        if value is not None and not 0 <= value <= most:
            violations.append(f"result: {name} is {value:.6g}, must be from 0 to {most:,}")
    violations += task_violations(result.task)
    violations += _words_violations(entry)
    twice = [key for key, n in Counter((s.metric, s.slice) for s in result.scores).items() if n > 1]
    violations += [f"result.scores: {metric} ({part}) stands there twice" for metric, part in twice]
    if entry.explanation is not None and entry.explanation.run_id != result.run_id:
        violations.append(f"explanation.run_id: {entry.explanation.run_id!r} is not that of the result")
    return violations


def _owner_violations(entry: Entry) -> Iterator[str]:
    """What is wrong with the words that stand for an entry and its sender on the page, with its time and signature."""
    name = entry.submitter.name
    yield from (f"submitter.name: {ascii(name)[:80]} {reason}" for reason in name_violations(name))
    try:
        sent = datetime.strptime(entry.submitted_at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        yield f"submitted_at: {entry.submitted_at} is no time"
    else:
        if sent > datetime.now(UTC) + CLOCKS:
            yield f"submitted_at: {entry.submitted_at} is to come"
    if entry.signature and not is_signed(entry_message(entry), entry.signature):
        yield "signature: not by this key over this entry (README.md: Owners)"


def _words_violations(entry: Entry) -> Iterator[str]:
    """What stands beside the scores on the page is no place for free words: the board would seem to say them."""
    base, explanation = entry.result.model.base_model, entry.explanation
    beside = [("submitter.contact", entry.submitter.contact), ("result.model.base_model", base or "none")]
    for name, words in (*beside, *(("trained_on", data) for data in entry.trained_on)):
        if not (len(words) <= WORDS and words.isascii() and words.isprintable()):
            yield f"{name}: {ascii(words)[:80]} is not of up to {WORDS} printable ASCII characters"
        elif claims_authority(words):
            yield f"{name}: {words[:80]} speaks for the board"
    for score in (*entry.result.scores, *(explanation.scores if explanation else ())):
        for words, pattern in ((score.metric, SCORE), (score.slice, SLICE)):
            if not re.fullmatch(pattern, words) or claims_authority(words):
                yield f"scores: {ascii(words)[:80]} is no name of a metric or slice"


def task_violations(task: Task) -> Iterator[str]:
    """Why a run is of no task of the leaderboard, whatever its predictions are."""
    if task.question not in QUESTIONS and task.question != "ranking":
        yield f"result.task: '{task.question}' is no task; known: ranking, {', '.join(QUESTIONS)}"
    if task.name != "ranking" and task.domain.startswith("season:"):
        yield f"result.task.name: {task.name}, seasons are of rankings"
    if task.name != "ranking" and task.protocol not in SPANS:
        yield f"result.task.protocol: {task.protocol}, --task {task.name} has full and time"
    if task.split != "test":
        yield f"result.task.split: {task.split}, the leaderboard is of the test split"
    if task.limit is not None:
        yield f"result.task.limit: {task.limit}, an entry answers every query"


def _provenance_violations(provenance: Mapping[str, object]) -> Iterator[str]:
    """What is known of a run may be anything or nothing, but readers rely on the kinds of these fields."""
    for name, kind in PROVENANCE.items():
        value = provenance.get(name)
        # a commit may be unknown and so null; what tables go through is there, or left out
        if name in provenance and type(value) is not kind and (value is not None or kind in (dict, list)):
            yield f"result.provenance.{name}: must be {_KINDS[kind]} (or left out)"
        elif isinstance(value, list) and any(type(one) is not str for one in value):
            yield f"result.provenance.{name}: must be a list of texts (or left out)"
    settings = provenance.get("settings")
    for key, value in settings.items() if isinstance(settings, dict) else ():
        if not re.fullmatch(SETTING, f"{key}={value}"):
            yield f"result.provenance.settings: {ascii(f'{key}={value}')[:80]} is no setting: it stands in the label"
    seed = provenance.get("seed")
    if type(seed) is int and not 0 <= seed < 2**63:
        yield "result.provenance.seed: must be a whole number from 0 (or left out)"


def _other_data(entry: Entry, sha256: str) -> str:
    return f"dataset.sha256: {entry.result.dataset.sha256[:12]!r}, the data that are in force have {sha256[:12]!r}"


def _data_violations(entry: Entry, data: EvaluationSet) -> list[str]:
    claimed, violations, required = entry.result, [], SORTS[data.task]
    if claimed.dataset.sha256 != data.sha256:
        violations.append(_other_data(entry, data.sha256))
    if claimed.dataset.version != data.version:
        violations.append(f"dataset.version: {claimed.dataset.version[:20]!r}, in force is {data.version!r}")
    if claimed.task.n != (n := len(data.queries)):
        violations.append(f"result.task.n: {claimed.task.n}, the task has {n} queries")
    if data.task == "ranking" and claimed.task.protocol.endswith("-keep") and not any(map(is_repeat, data.examples)):
        name = claimed.task.protocol.removesuffix("-keep")
        violations.append(f"result.task.protocol: nothing is bought again there: the name of this task is {name}")
    if n < LEAST_QUERIES:
        violations.append(f"result.task: {n} queries, a task has at least {LEAST_QUERIES}")
    if (constant := data.pairs.constant if data.pairs else None) != claimed.task.constant:
        violations.append(f"result.task.constant: {claimed.task.constant}, the mean answer of training is {constant}")
    if data.closes_at and entry.submitted_at > data.closes_at:
        violations.append(f"submitted_at: {entry.submitted_at}, the season has closed at {data.closes_at}")
    if data.is_season and entry.explanation:
        violations.append("explanation: a season takes no scorecard: many of them would tell its answers")
    if data.sealed and (claimed.scores or entry.examples):
        violations.append("result.scores: this season is sealed: leave scores and examples empty")
    if (
        not data.sealed
        and not data.is_season
        and not any((s.metric, s.slice) == (required, "all") for s in claimed.scores)
    ):
        violations.append(f"result.scores: {required} is missing")
    return violations
