"""The runs of a page: read, put together by task, numbered and named apart."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.explanations.finished_run import refuse_pairs
from benchmarks.explanations.results import FILE, Explanation, read_explanation
from benchmarks.harness.registries import reads_rationales
from benchmarks.harness.results import Result, Score, read_result
from rad.errors import RadError
from rad.reporting import plots


@dataclass
class PageRun:
    """A run on the page. ``number`` is its mark in every table and plot; ``missing`` has lines on what it lacks."""

    number: int
    folder: Path
    result: Result
    card: Explanation | None
    label: str
    missing: list[str] = field(default_factory=list)

    @property
    def colour(self) -> str:
        return plots.colour(self.number)

    @property
    def is_explained(self) -> bool:
        """Whether it has a score of its rationales."""
        return any(reads_rationales(s.metric) for s in (self.card or self.result).scores)

    def score(self, metric: str, part: str = "all") -> Score | None:
        """The scorecard's figure, or else the result's own."""
        score = self.card.score(metric, part) if self.card else None
        return score or self.result.score(metric, part)


def read_runs(folders: Sequence[Path]) -> list[list[PageRun]]:
    """The runs by task and data, in the order of ``folders``.

    Raises:
        RadError: a file is missing or broken; the line names it.
    """
    tasks: dict[tuple[object, ...], list[PageRun]] = {}
    for folder in dict.fromkeys(folders):
        result = read_result(folder)
        refuse_pairs(folder, result)
        folder = folder if folder.is_dir() else folder.parent
        card = read_explanation(folder) if (folder / FILE).is_file() else None
        if card is not None and card.run_id != result.run_id:
            raise RadError(f"{folder / FILE}: of run {card.run_id}, but result.json is of run {result.run_id}")
        task = result.task
        runs = tasks.setdefault((task.domain, task.protocol, task.split, task.limit, result.dataset.sha256), [])
        runs.append(PageRun(len(runs) + 1, folder, result, card, result.label))
    for runs in tasks.values():
        _name_apart(runs)
    return list(tasks.values())


def _name_apart(runs: Sequence[PageRun]) -> None:
    """Add seeds, and then run ids, where labels alone would be the same."""
    for more in (lambda one: f" s{one.result.seed}", lambda one: f" {one.result.run_id}"):
        labels = [one.label for one in runs]
        for one, label in zip(runs, labels, strict=True):
            others = [other for other in runs if other is not one and labels[runs.index(other)] == label]
            if any(more(other) != more(one) for other in others):
                one.label = label + more(one)


def unexplained(runs: Sequence[PageRun]) -> tuple[str, str] | None:
    """The runs whose rationales ``benchmarks.explain`` has more to say of, by number, and the command for it."""
    more = [one for one in runs if _is_unexplained(one)]
    if not more:
        return None
    command = shlex.join(["python", "-m", "benchmarks.explain", *(str(one.folder) for one in more)])
    return ", ".join(str(one.number) for one in more), command


def _is_unexplained(one: PageRun) -> bool:
    if not (one.folder / one.result.predictions.path).is_file():
        return False
    if one.card is None:
        return one.is_explained
    return bool(one.card.attested is None and one.card.n_rationales and not one.card.notes)
