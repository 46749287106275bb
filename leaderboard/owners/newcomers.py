"""What a pull request may say of who sends it and of which task it is.

New entries are signed, speak under no name of somebody else, and are of a task that is there. What lies in the folder
already was let in by the owner of the repository, signed or not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.harness.aggregate import SORTS
from leaderboard.owners.names import is_of_the_project, skeleton
from leaderboard.verification.entry import Entry, read
from leaderboard.verification.folder import entry_files
from leaderboard.verification.known_data import known_sha256
from rad.errors import RadError

CLOSE = 1e-6  # of a score to the same score


def newcomer_violations(root: Path, added: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """The entries in ``added``, files below ``root``, that may not join the others there, each with the reason."""
    owners: dict[str, set[str]] = {}
    tasks = {_Task(domain, sha256, "ranking", "full") for domain, sha256 in known_sha256().items()}
    sent: dict[_Task, list[tuple[float, str]]] = {}  # main score and time of the entries there, by task
    for path in entry_files(root):
        if path not in added and (entry := _readable(path)):
            owners.setdefault(skeleton(entry.submitter.name), set()).add(entry.owner)
            tasks.add(_task(entry))
            if (value := _score(entry)) is not None:
                sent.setdefault(_task(entry), []).append((value, entry.submitted_at))
    for path in added:
        entry = _readable(path)
        if entry is None:
            continue  # verify says what is wrong with it
        if entry.signature is None:
            yield path, "not signed: a new entry shows by its signature whose it is (README.md: Owners)"
            continue
        before = owners.setdefault(skeleton(entry.submitter.name), set())
        if before - {entry.owner}:
            yield path, f"submitter.name: another owner has entries under a name that looks like {_short(entry)}"
        elif not before and is_of_the_project(entry.submitter.name):
            yield path, f"submitter.name: {_short(entry)} would be read as this project's"
        if is_of_the_project(entry.result.label) and not is_of_the_project(entry.submitter.name):
            yield path, f"result.model: {ascii(entry.result.label)[:80]} would be read as this project's"
        before.add(entry.owner)
        task = _task(entry)
        if task not in tasks and not task.domain.startswith("season:"):
            own = f"{ascii(task.domain)[:60]}, {task.question}, {task.protocol}, of data {task.sha256[:12]}"
            yield path, f"result.task: {own} is no task here: the repository's owner adds the first entry of one"
        # of equals the earlier stands first and the other is called its copy: so a copy may not state an earlier time
        value = _score(entry)
        twins = [at for other, at in sent.get(task, ()) if value is not None and abs(other - value) < CLOSE]
        if twins and entry.submitted_at <= max(twins):
            yield path, f"submitted_at: {entry.submitted_at}, an entry with the same score is here since {max(twins)}"


class _Task(NamedTuple):
    domain: str
    sha256: str
    question: str
    protocol: str


def _task(entry: Entry) -> _Task:
    task = entry.result.task
    return _Task(task.domain, entry.result.dataset.sha256, task.question, task.protocol)


def _score(entry: Entry) -> float | None:
    """The main score of an entry; None of a season's, which are rounded and so often equal."""
    score = entry.result.score(SORTS[entry.result.task.name])
    return score.value if score and not entry.result.task.domain.startswith("season:") else None


def _readable(path: Path) -> Entry | None:
    try:
        return read(path, Entry)
    except RadError:
        return None


def _short(entry: Entry) -> str:
    return ascii(entry.submitter.name)[:60]
