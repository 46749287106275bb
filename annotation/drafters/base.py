"""The base of drafters: a new file in ``annotation/drafters`` with a ``class Drafter(RationaleDrafter)`` adds one.

    kind = registry.load("annotation.drafters", "llm")
    drafter = kind(kind.Settings(base_url="http://127.0.0.1:8000/v1", model="some-model"))
    drafter.fit(data.examples["train"], data.items, seed=0)
    for draft in drafter.drafts(examples):               # one an example, in order, as they are done
        keep(draft.rationale) if draft.rationale else reject(draft.query_id, draft.violations, draft.refused)
    console.print(drafter.summary.table())               # of the last ``drafts``
    drafter.summary.record()                             # the same for a file

Nothing leaves a drafter unchecked: ``rationale`` and ``contrasts`` have passed the rules of :mod:`rad.rationales.rules`
with the target known to the check. What did not pass is None, with the violations that say why.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict
from rich.markup import escape
from rich.table import Table

from rad.llm.answer import PROBLEMS
from rad.llm.usage import Usage
from rad.rationales import junk
from rad.rationales.rules import Rules, Violation
from rad.rationales.text import read
from rad.types import Example, Item, PairExplanation, Rationale

SUSPICIOUS = 10  # equal choices, where fewer may be chance
Violations = tuple[Violation, ...]


class DrafterSettings(BaseModel):
    """Base of a drafter's ``Settings``: every field has a description; unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


@dataclass(frozen=True, slots=True)
class Draft:
    """What a drafter made of one example.

    Attributes:
        item_id: The target that the checks knew.
        rationale: The accepted draft, if there is one.
        contrasts: Explanations of the target, for and against, and of the nearest alternative, against.
        tried: The violations of every refused attempt, in order. Without a rationale the last entry says why.
        refused: The last refused attempt that could be read: for people to look at, never to be passed on.
        counted: The measured disagreements of an accepted text with its claims.
        contrasts_tried: The ``tried`` of the contrasts.
        choice: What a model chose, in its own words: the same for drafts of other people whose letters are the same.
    """

    query_id: str
    item_id: str
    rationale: Rationale | None
    contrasts: tuple[PairExplanation, ...] = ()
    tried: tuple[Violations, ...] = ()
    refused: Rationale | None = None
    counted: Violations = ()
    contrasts_tried: tuple[Violations, ...] = ()
    choice: str | None = None

    @property
    def violations(self) -> Violations:
        """Why there is no rationale; nothing where there is one."""
        return self.tried[-1] if self.rationale is None and self.tried else ()

    @property
    def redrafts(self) -> int:
        """How many refused attempts were followed by another one."""
        return len(self.tried) - (self.rationale is None)


def checked(example: Example, rationale: Rationale | None, rules: Rules) -> Draft:
    """The draft of an example: ``rationale`` where it passes the rules, with the target known to the check.

    Without a rationale there was nothing to cite.
    """
    query, target = example.query, next(iter(example.relevant))
    if rationale is None:
        return Draft(query.query_id, target, None, tried=((Violation("no_history", "nothing to cite"),),))
    target_item = rules.items[target]
    violations = (*rules.violations(rationale, query, target_item), *junk.violations(rationale, rules.matcher))
    refusing = tuple(violation for violation in violations if not violation.counted)
    if refusing:
        return Draft(query.query_id, target, None, tried=(refusing,), refused=rationale)
    return Draft(query.query_id, target, rationale, counted=violations)


@dataclass
class Summary:
    """The counts of a drafter's run. Violations are counted by rule, once an attempt.

    ``refused_by`` counts every refused attempt, redrafted or not; ``rejected_by`` the drafts that were given up, by
    the violations of their last attempt. ``problems`` are the answers that were of no use, by kind.
    """

    drafts: int = 0
    accepted: int = 0
    unexplained: int = 0
    redrafts: int = 0
    contrasts: int = 0
    contrasts_rejected: int = 0
    refused_by: Counter[str] = field(default_factory=Counter)
    rejected_by: Counter[str] = field(default_factory=Counter)
    contrasts_refused_by: Counter[str] = field(default_factory=Counter)
    counted: Counter[str] = field(default_factory=Counter)
    choices: Counter[str] = field(default_factory=Counter)
    prose: set[str] = field(default_factory=set)
    usage: Usage | None = None
    started: float = field(default_factory=time.monotonic)
    seconds: float = 0.0

    def add(self, draft: Draft) -> Draft:
        """Count a draft, and pass it on: refused (``repeats``) where its prose is another draft's, word for word.

        Texts of the grammar may be equal: they say what was counted for each.
        """
        text = draft.rationale.text if draft.rationale else ""
        if text in self.prose:
            repeated = (Violation("repeats", "another draft has this text, word for word"),)
            draft = Draft(draft.query_id, draft.item_id, None, (), (*draft.tried, repeated), draft.rationale)
        elif read(text)[2]:
            self.prose.add(text)
        self.drafts += 1
        self.accepted += draft.rationale is not None
        self.unexplained += draft.rationale is not None and draft.rationale.verdict == "unexplained"
        self.redrafts += draft.redrafts
        self.contrasts += len(draft.contrasts)
        self.contrasts_rejected += bool(draft.contrasts_tried) and not draft.contrasts
        for violations in draft.tried:
            self.refused_by.update(_rules(violations))
        for violations in draft.contrasts_tried:
            self.contrasts_refused_by.update(_rules(violations))
        self.rejected_by.update(_rules(draft.violations))
        self.counted.update(_rules(draft.counted))
        self.choices.update([draft.choice] if draft.choice else [])
        self.seconds = time.monotonic() - self.started
        return draft

    @property
    def problems(self) -> dict[str, int]:
        """Answers of no use by kind (:data:`rad.llm.answer.PROBLEMS`), those that were drafted again included."""
        by = self.refused_by + self.contrasts_refused_by
        return {kind: by[kind] for kind in PROBLEMS if by[kind]}

    @property
    def unanswered(self) -> int:
        """Drafts that were given up because the endpoint did not answer."""
        return self.rejected_by["unanswered"]

    @property
    def useless(self) -> int:
        """Drafts that were given up because no answer, or none of use, came."""
        return self.unanswered + sum(self.rejected_by[kind] for kind in PROBLEMS)

    @property
    def alike(self) -> int:
        """How many accepted drafts choose what most of them choose, where that is no chance; else 0."""
        (_, most), *_ = self.choices.most_common(1) or [("", 0)]
        return most if most >= max(SUSPICIOUS, self.accepted / 2) else 0

    def record(self) -> dict[str, object]:
        """The counts for a file: plain numbers, and names of rules with their counts."""
        numbers = {
            "drafts": self.drafts,
            "accepted": self.accepted,
            "unexplained": self.unexplained,
            "redrafts": self.redrafts,
            "contrasts": self.contrasts,
            "contrasts_rejected": self.contrasts_rejected,
            "alike": self.alike,
            "rejected": self.drafts - self.accepted,
            "seconds": round(self.seconds, 3),
        }
        counters = {
            "problems": self.problems,
            "refused_by": self.refused_by,
            "rejected_by": self.rejected_by,
            "contrasts_refused_by": self.contrasts_refused_by,
            "counted": self.counted,
        }
        by_rule = {name: dict(sorted(counter.items())) for name, counter in counters.items()}
        return {**numbers, **by_rule, **({"usage": self.usage.record()} if self.usage else {})}

    def table(self) -> Table:
        """The counts as a table for people."""
        grid = Table("drafts", "", title_justify="left", show_header=False)
        rows: list[tuple[str, str]] = [
            ("drafts", f"{self.drafts:,}"),
            ("accepted", f"{self.accepted:,} ({self.unexplained:,} of them say that nothing explains the choice)"),
            ("rejected", _counts(self.drafts - self.accepted, self.rejected_by)),
            ("redrafted", _counts(self.redrafts, self.refused_by, "attempts refused for")),
        ]
        if self.contrasts or self.contrasts_refused_by:
            rows.append(("explanations of pairs", f"{self.contrasts:,}"))
            rows.append(("drafts without them", _counts(self.contrasts_rejected, self.contrasts_refused_by)))
        if self.counted:
            rows.append(("text and claims differ", _counts(sum(self.counted.values()), self.counted)))
        if self.alike:
            words = f"{self.alike:,} drafts choose the same letters and strengths: does the model read the facts?"
            rows.append(("warning", words))
        rows.append(("time", f"{self.seconds:,.1f} s"))
        if self.usage:
            rows.append(("answers of no use", _counts(sum(self.problems.values()), self.problems)))
            rows += [("endpoint", part) for part in self.usage.spoken(self.drafts, "draft").split("; ")]
        for name, value in rows:
            grid.add_row(name, escape(value))
        return grid


def _rules(violations: Iterable[Violation]) -> list[str]:
    return sorted({violation.rule for violation in violations})


def _counts(n: int, by: Mapping[str, int], words: str = "for") -> str:
    counts = ", ".join(f"{name} {count:,}" for name, count in sorted(by.items(), key=lambda pair: (-pair[1], pair[0])))
    return f"{n:,}" + (f" ({words} {counts})" if counts else "")


class RationaleDrafter(ABC):
    """Writes candidate rationales. ``name`` is that of the file.

    Attributes:
        required: Settings without a usable default.
        Settings: The class of the settings, each with a description.
        summary: The counts of the last call of ``drafts``.
        fresh: Set before ``fit``: ask again what an endpoint has answered before.
    """

    name: ClassVar[str]
    required: ClassVar[tuple[str, ...]] = ()
    Settings: ClassVar[type[DrafterSettings]] = DrafterSettings
    fresh: bool = False

    def __init__(self, settings: DrafterSettings | None = None) -> None:
        self.settings = settings or self.Settings()
        self.summary = Summary()

    @property
    @abstractmethod
    def version(self) -> str:
        """Of the code, and of whatever else decides what a draft says."""

    @abstractmethod
    def fit(self, train: Sequence[Example], items: Mapping[str, Item], seed: int = 0) -> Self:
        """Learn from the training examples, if the drafter learns; ``items`` is the whole catalogue."""

    @abstractmethod
    def drafts(self, examples: Iterable[Example]) -> Iterator[Draft]:
        """One :class:`Draft` an example, in order and as they are done, counted in ``summary``.

        An example's target is ``next(iter(example.relevant))``.
        """
