"""What a drafter promises: a new file in ``annotation/drafters`` obeys this.

    kind = registry.load("annotation.drafters", "llm")
    drafter = kind(kind.Settings(base_url="http://127.0.0.1:8000/v1", model="some-model"))
    drafter.fit(data.examples["train"], data.items, seed=0)
    for draft in drafter.drafts(examples):               # one an example, in order, as they are done
        keep(draft.rationale) if draft.rationale else reject(draft.query_id, draft.violations, draft.refused)
    console.print(drafter.summary.table())               # of the last ``drafts``
    drafter.summary.record()                             # the same for a file

Nothing leaves a drafter unchecked: ``rationale`` and ``contrasts`` have passed the rules of :mod:`rad.rationales.rules`
with the target known to the check. What did not pass is None, with the faults that say why.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, Self

from pydantic import BaseModel, ConfigDict
from rich.markup import escape
from rich.table import Table

from rad.llm.usage import Usage
from rad.rationales.rules import Violation
from rad.types import Example, Item, PairExplanation, Rationale

Faults = tuple[Violation, ...]


class DrafterSettings(BaseModel):
    """Base of a drafter's ``Settings``: every field has a description; unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


@dataclass(frozen=True, slots=True)
class Draft:
    """What a drafter made of one example.

    ``item_id`` is the target that the checks knew. ``tried`` has the faults of every refused attempt, in order: one
    more attempt was accepted if there is a ``rationale``; without one the last entry says why there is none, and
    ``refused`` is the last attempt that could be read, for people to look at, never to be passed on. ``counted`` are
    the measured disagreements of an accepted text with its claims. ``contrasts`` explain the target, for and against,
    and the nearest alternative, against; ``contrasts_tried`` is their ``tried``.
    """

    query_id: str
    item_id: str
    rationale: Rationale | None
    contrasts: tuple[PairExplanation, ...] = ()
    tried: tuple[Faults, ...] = ()
    refused: Rationale | None = None
    counted: Faults = ()
    contrasts_tried: tuple[Faults, ...] = ()

    @property
    def violations(self) -> Faults:
        """Why there is no rationale; nothing where there is one."""
        return self.tried[-1] if self.rationale is None and self.tried else ()

    @property
    def redrafts(self) -> int:
        return len(self.tried) - (self.rationale is None)


@dataclass
class Summary:
    """The counts of a drafter's run. Faults are counted by rule, once an attempt.

    ``refused_by`` counts every refused attempt, redrafted or not; ``rejected_by`` the drafts that were given up, by
    the faults of their last attempt. ``unreadable`` is the number of answers that were not in the form asked for.
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
    usage: Usage | None = None
    started: float = field(default_factory=time.monotonic)
    seconds: float = 0.0

    def add(self, draft: Draft) -> Draft:
        self.drafts += 1
        self.accepted += draft.rationale is not None
        self.unexplained += draft.rationale is not None and draft.rationale.verdict == "unexplained"
        self.redrafts += draft.redrafts
        self.contrasts += len(draft.contrasts)
        self.contrasts_rejected += bool(draft.contrasts_tried) and not draft.contrasts
        for faults in draft.tried:
            self.refused_by.update(_rules(faults))
        for faults in draft.contrasts_tried:
            self.contrasts_refused_by.update(_rules(faults))
        self.rejected_by.update(_rules(draft.violations))
        self.counted.update(_rules(draft.counted))
        self.seconds = time.monotonic() - self.started
        return draft

    @property
    def unreadable(self) -> int:
        return self.refused_by["unreadable"] + self.contrasts_refused_by["unreadable"]

    def record(self) -> dict[str, Any]:
        """For a file: plain numbers, and names of rules with their counts."""
        plain = ("drafts", "accepted", "unexplained", "redrafts", "contrasts", "contrasts_rejected", "unreadable")
        counters = ("refused_by", "rejected_by", "contrasts_refused_by", "counted")
        out: dict[str, Any] = {name: getattr(self, name) for name in plain}
        out |= {name: dict(sorted(getattr(self, name).items())) for name in counters}
        out |= {"rejected": self.drafts - self.accepted, "seconds": round(self.seconds, 3)}
        return out | ({"usage": self.usage.record()} if self.usage else {})

    def table(self) -> Table:
        """For people."""
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
        rows.append(("time", f"{self.seconds:,.1f} s"))
        if self.usage:
            rows.append(("answers not in the form asked for", f"{self.unreadable:,}"))
            rows += [("endpoint", part) for part in self.usage.spoken(self.drafts, "draft").split("; ")]
        for name, value in rows:
            grid.add_row(name, escape(value))
        return grid


def _rules(faults: Iterable[Violation]) -> list[str]:
    return sorted({fault.rule for fault in faults})


def _counts(n: int, by: Mapping[str, int], words: str = "for") -> str:
    told = ", ".join(f"{name} {count:,}" for name, count in sorted(by.items(), key=lambda pair: (-pair[1], pair[0])))
    return f"{n:,}" + (f" ({words} {told})" if told else "")


class Drafter(Protocol):
    """Writes candidate rationales.

    ``fit`` may learn from the training examples; ``items`` is the whole catalogue. ``drafts`` yields one
    :class:`Draft` an example, in order and while others are under way, and counts them in ``summary``. An example's
    target is ``next(iter(example.relevant))``. ``required`` names settings without a usable default.
    """

    name: ClassVar[str]
    required: ClassVar[tuple[str, ...]]
    Settings: ClassVar[type[DrafterSettings]]
    summary: Summary

    def __init__(self, settings: Any = None) -> None: ...
    @property
    def version(self) -> str: ...
    def fit(self, train: Sequence[Example], items: Mapping[str, Item], seed: int = 0) -> Self: ...
    def drafts(self, examples: Iterable[Example]) -> Iterator[Draft]: ...
