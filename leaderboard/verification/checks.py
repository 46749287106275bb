"""Whether an entry is what it says: its shape, its texts, its predictions, and every score again from these.

Nothing in an entry is trusted: it names the data it speaks of, not where they lie; its predictions are read line by
line within the limits of :mod:`leaderboard.verification.untrusted`; scores come from the code that scores the project's
own runs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from leaderboard.verification import predictions as answers
from leaderboard.verification import scoring, untrusted
from leaderboard.verification.entry import NAME, PREDICTIONS, RUN_ID, SHA256, Entry, faults_of
from leaderboard.verification.task import Task, Tasks
from leaderboard.verification.untrusted import text_faults
from rad.errors import RadError

REQUIRED = "ndcg@10"
PROVENANCE: dict[str, type] = {
    **dict.fromkeys(("settings", "tuned", "packages"), dict),
    **dict.fromkeys(("command", "metrics"), list),
    **dict.fromkeys(("commit", "diff", "started_at", "finished_at", "python", "platform", "device"), str),
    **{"seed": int, "dirty": bool},
}
_KINDS = {dict: "an object", list: "a list", str: "a text", int: "a whole number from 0", bool: "true or false"}


@dataclass
class Verdict:
    """What verification found. ``entry`` is None where the file could not be read as one; ``scored`` is the entry with
    the scores that a season's secret gave it; ``sealed`` says that the answers are not here."""

    path: Path
    entry: Entry | None = None
    faults: list[str] = field(default_factory=list)
    recomputed: int = 0
    attested: int = 0
    sealed: bool = False
    scored: Entry | None = None


def check(path: Path, root: Path, tasks: Tasks) -> Verdict:
    """Everything that is wrong with the entry in ``path``, a file below ``root``."""
    verdict = Verdict(path)
    try:
        if path.parent.is_symlink():
            raise RadError(f"{path.parent}: a link, a folder was expected")
        raw = untrusted.read_json(path)
    except RadError as error:
        verdict.faults.append(_plain(error, path))
        return verdict
    verdict.entry, verdict.faults = faults_of(Entry, raw)
    verdict.faults += text_faults(raw, free={"model_card"})
    entry = verdict.entry
    if entry is None:
        return verdict
    verdict.faults += shape_faults(entry, path, root)
    if any(f.startswith("predictions.path") for f in verdict.faults):
        return verdict  # a path that is not what it must be is not followed
    try:
        task = tasks.open(entry.result.task.domain, entry.result.task.protocol)
    except RadError as error:
        verdict.faults.append(f"task: {error}")
        return verdict
    verdict.faults += _task_faults(entry, task)
    verdict.sealed = task.sealed
    try:
        predictions, faults = answers.read(path.parent / entry.predictions.path, entry, task)
    except RadError as error:
        verdict.faults.append(_plain(error, path))
        return verdict
    verdict.faults += faults
    if faults or any(f.startswith(("dataset.sha256", "result.provenance.seed")) for f in verdict.faults):
        return verdict  # scores of other data, or of half the predictions, would be faults of their own
    failed = Counter(p.error for p in predictions if p.error is not None)
    claimed = entry.result.task
    if claimed.n_failed != failed.total():
        verdict.faults.append(f"result.task.n_failed: {claimed.n_failed}, the predictions have {failed.total()}")
    if any(failed.get(why) != n for why, n in claimed.failures.items()):
        verdict.faults.append("result.task.failures: not those of the predictions")
    verdict.faults += answers.quotations(predictions, task)
    if task.sealed:
        return verdict
    try:
        if task.season and not entry.result.scores:
            verdict.scored = entry = scoring.scored(entry, predictions, task)
        verdict.faults += scoring.faults(entry, predictions, task)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:  # metrics are not written for strangers
        verdict.faults.append(f"result.scores: the predictions cannot be scored ({type(error).__name__}: {error})")
    scores = [*entry.result.scores, *(entry.explanation.scores if entry.explanation else ())]
    verdict.attested = sum(s.basis == "attested" for s in scores)
    verdict.recomputed = len(scores) - verdict.attested
    return verdict


def _plain(error: RadError, path: Path) -> str:
    """A fault without the folder that the report names already."""
    return str(error).replace(f"{path.parent}/", "")


# --- the entry by itself ---


def shape_faults(entry: Entry, path: Path, root: Path) -> list[str]:
    """Names, the place of the file, and what a result must say to stand on the leaderboard."""
    result, faults = entry.result, []
    for name, value, pattern in (
        ("model.name", result.model.name, NAME),
        ("model.arm", result.model.arm or "x", NAME),
        ("run_id", result.run_id, RUN_ID),
        ("predictions.sha256", result.predictions.sha256, SHA256),
    ):
        if not re.fullmatch(pattern, value):
            faults.append(f"result.{name}: {ascii(value)[:80]} is no such name (it must match {pattern})")
    if not faults and entry.file != path.relative_to(root).as_posix():
        faults.append(f"the file lies in {path.relative_to(root)}, this entry belongs in {entry.file}")
    if entry.predictions.path != result.run_id + PREDICTIONS:
        faults.append(f"predictions.path: {ascii(entry.predictions.path)[:80]}, must be the bare <run_id>{PREDICTIONS}")
    for name in ("name", "contact"):
        if "\n" in getattr(entry.submitter, name):
            faults.append(f"submitter.{name}: more than one line")
    faults += _provenance_faults(result.provenance)
    for name, value in (*result.cost.model_dump().items(), ("n_parameters", result.model.n_parameters)):
        if value is not None and value < 0:
            faults.append(f"result: {name} is {value}, below 0")
    try:
        datetime.strptime(entry.submitted_at, "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        faults.append(f"submitted_at: {entry.submitted_at} is no time")
    if result.task.split != "test":
        faults.append(f"result.task.split: {result.task.split}, the leaderboard is of the test split")
    if result.task.limit is not None:
        faults.append(f"result.task.limit: {result.task.limit}, an entry answers every query")
    twice = [key for key, n in Counter((s.metric, s.slice) for s in result.scores).items() if n > 1]
    faults += [f"result.scores: {metric} ({part}) stands there twice" for metric, part in twice]
    if entry.explanation is not None and entry.explanation.run_id != result.run_id:
        faults.append(f"explanation.run_id: {entry.explanation.run_id!r} is not that of the result")
    return faults


def _provenance_faults(given: dict[str, Any]) -> Iterator[str]:
    """What is known of a run may be anything or nothing, but readers rely on the kinds of these fields."""
    for name, kind in PROVENANCE.items():
        value = given.get(name)
        if value is not None and type(value) is not kind:
            yield f"result.provenance.{name}: must be {_KINDS[kind]} (or left out)"
        elif isinstance(value, list) and any(type(one) is not str for one in value):
            yield f"result.provenance.{name}: must be a list of texts (or left out)"
    seed = given.get("seed")
    if type(seed) is int and not 0 <= seed < 2**63:
        yield "result.provenance.seed: must be a whole number from 0 (or left out)"


def _task_faults(entry: Entry, task: Task) -> list[str]:
    claimed, faults = entry.result, []
    if claimed.dataset.sha256 != task.sha256:
        faults.append(
            f"dataset.sha256: {claimed.dataset.sha256[:12]!r}, the data that are in force have {task.sha256[:12]!r}"
        )
    if claimed.dataset.version != task.version:
        faults.append(f"dataset.version: {claimed.dataset.version[:20]!r}, in force is {task.version!r}")
    if claimed.task.n != len(task.examples):
        faults.append(f"result.task.n: {claimed.task.n}, the task has {len(task.examples)} queries")
    if task.sealed and (claimed.scores or entry.explanation or entry.examples):
        faults.append("result.scores: this season is sealed: leave scores, explanation and examples empty")
    if (
        not task.sealed
        and not task.season
        and not any((s.metric, s.slice) == (REQUIRED, "all") for s in claimed.scores)
    ):
        faults.append(f"result.scores: {REQUIRED} is missing")
    return faults
