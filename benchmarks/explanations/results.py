"""``explanation.json``: what ``benchmarks.explain`` writes beside ``result.json``, checked on the way in and out.

``scores`` are those of :mod:`benchmarks.harness.results`: ``recomputed`` follow from the predictions alone,
``attested`` needed the model or a judge. ``explanation_queries.jsonl`` has the same scores query by query,
``perturbed.jsonl`` what some queries' rationales were changed to, and what the model then ranked first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from benchmarks.harness.results import Record, Score, read_record
from rad.types import Rationale

FILE, QUERIES, PERTURBED = "explanation.json", "explanation_queries.jsonl", "perturbed.jsonl"
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Perturbed:
    """A line of ``perturbed.jsonl``: the input of a model for a query, its first ten items, and the effects.

    ``input`` is the name of a change of :mod:`benchmarks.explanations.changes.perturbations`; ``own`` is no change.
    """

    query_id: str
    input: str
    history: tuple[str, ...]
    rationale: Rationale
    ranking: tuple[str, ...]
    effects: Mapping[str, float]


class Attested(Record):
    """What asking the model again took. ``reproduced`` is the share of queries that it ranked as in its predictions."""

    queries: int
    rankings: int
    fit_seconds: float
    ask_seconds: float
    reproduced: float
    failures: dict[str, int] = Field(default_factory=dict)


class Judged(Record):
    """One judge, or the people of a campaign, on one question. ``ceiling`` is people's agreement among themselves."""

    by: str
    question: str
    n: int
    abstained: int = 0
    invalid: int = 0
    unanswered: int = 0
    ceiling: dict[str, Any] = Field(default_factory=dict)
    agreement: dict[str, Any] = Field(default_factory=dict)


class Explanation(Record):
    """``curves``: mean effect on the ranking by share of reasons taken away (0 to 100), by what goes first."""

    schema_version: int = SCHEMA_VERSION
    run_id: str
    n: int
    n_rationales: int
    scores: list[Score]
    curves: dict[str, dict[str, float]] = Field(default_factory=dict)
    attested: Attested | None = None
    judged: list[Judged] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)
    provenance: dict[str, Any]

    def score(self, metric: str, slice: str = "all") -> Score | None:
        return next((s for s in self.scores if s.metric == metric and s.slice == slice), None)


def read_explanation(folder: Path) -> Explanation:
    """The scorecard in a run's folder. :class:`RadError` names the file and its first error."""
    command = f"python -m benchmarks.explain {folder} writes it"
    return read_record(folder / FILE, Explanation, SCHEMA_VERSION, command)
