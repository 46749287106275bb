"""What an entry may speak of, and the evaluation set that it is scored on.

Entries are untrusted input. So what an entry names is never a path on a disk, and never a world that would take hours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache, partial

from benchmarks.harness.base import TaskName
from benchmarks.harness.evaluate import CountFacts
from rad import registry
from rad.data.dataset import Dataset
from rad.data.pairs import PairSplits, pair_splits
from rad.rationales.facts import Facts
from rad.types import Example, Item, Query, Split
from rad.world import simulate

WORLDS = ("world", "world_science")
SETTINGS = {"seed": 2**64 - 1, "users": 2_000, "items": 4_000, "shortest": 20, "longest": 20}  # and their largest
LEAST_QUERIES = 50  # of a task: fewer say nothing of a model
ELSEWHERE = ("campaign", "recbole", "amazon", "release")  # they read what a user names: not the same data for everyone
EARLIER: tuple[Split, ...] = ("train", "validation")
SEASON = re.compile(r"season:([a-z0-9][a-z0-9-]{0,39})")


@dataclass(frozen=True)
class EvaluationSet:
    """The test queries of a domain under a protocol.

    Attributes:
        domain: As entries name it.
        version: The version of the data.
        sha256: The digest of the data.
        items: The catalogue.
        examples: The queries with their answers.
        seen: The items that a model could learn from.
        sealed: The answers are not here: ``relevant`` is empty.
        closes_at: When a season closes, in UTC; empty where the answers are public.
        facts: Counts the facts of the training split, once; None where there is none.
        splits: The examples of all splits, for models of the project's own.
        pairs: Where ratings or choices are asked for: the pairs of all splits.
    """

    domain: str
    version: str
    sha256: str
    items: Mapping[str, Item]
    examples: Sequence[Example]
    seen: frozenset[str]
    sealed: bool = False
    closes_at: str = ""
    facts: CountFacts | None = None
    splits: Mapping[Split, Sequence[Example]] = field(default_factory=dict)
    pairs: PairSplits | None = None

    @property
    def task(self) -> TaskName:
        """What is asked."""
        return self.pairs.task if self.pairs is not None else "ranking"

    @property
    def queries(self) -> list[Query]:
        """What is asked: each has an id of its own."""
        if self.pairs is not None:
            return [pair.query for pair in self.pairs.pairs["test"]]
        return [example.query for example in self.examples]

    @property
    def is_season(self) -> bool:
        """Whether the answers were not public when entries were sent."""
        return bool(self.closes_at)

    @property
    def builtin(self) -> bool:
        """Whether its texts are the project's own."""
        return self.is_season or self.domain.partition(":")[0] in WORLDS


def evaluation_set(
    data: Dataset, sealed: bool = False, closes_at: str = "", question: str = "ranking"
) -> EvaluationSet:
    """The test queries, or pairs, of an open dataset. ``question`` is that of a result's task."""
    earlier = [e for part in EARLIER for e in data.examples[part]]
    return EvaluationSet(
        domain=data.name,
        version=data.version,
        sha256=data.sha256,
        items=data.items,
        examples=data.examples["test"],
        seen=frozenset(item for e in earlier for item in (*(x.item_id for x in e.query.history), *e.relevant)),
        sealed=sealed,
        closes_at=closes_at,
        facts=cache(partial(Facts.of, data.examples["train"], data.items)),
        splits=data.examples,
        pairs=None if question == "ranking" else asked_pairs(data, question),
    )


def asked_pairs(data: Dataset, question: str) -> PairSplits:
    """The pairs of a question. :class:`RadError` where the domain has no answers to it."""
    return pair_splits(
        data,
        "rating" if question == "rating" else "choice",
        "drawn" if question == "choice (drawn)" else "rated",
    )


def refusal(domain: str) -> str | None:
    """The reason why no entry may speak of ``domain``, or None."""
    name, colon, argument = domain.partition(":")
    domains = [n for n in registry.names("rad.domains") if n not in ELSEWHERE]
    if name not in domains:
        return registry.unknown("domain", [ascii(name)[1:-1][:60]], [*domains, "season:NAME"])
    if not colon:
        return None
    if name not in WORLDS:
        return f"domain {ascii(domain)[:80]}: entries are about {name} as it is, without arguments"
    chosen = {}
    for part in argument.split(","):
        key, _, value = part.partition("=")
        if not re.fullmatch(r"[0-9]{1,20}", value) or int(value) > SETTINGS.get(key, -1):
            limits = ", ".join(f"{key} up to {most}" for key, most in SETTINGS.items())
            return f"domain {ascii(domain)[:80]}: '{ascii(part)[1:-1][:40]}' is not one of {limits}"
        chosen[key] = int(value)
    if chosen.get("users", LEAST_QUERIES) < LEAST_QUERIES:
        return f"domain {ascii(domain)[:80]}: a task has at least {LEAST_QUERIES} queries, one a user"
    # one task has one name: settings in their order, each once, none that is the default anyway
    settings = [f"{key}={chosen[key]}" for key in SETTINGS if chosen.get(key, _DEFAULTS[key]) != _DEFAULTS[key]]
    if domain != (one := name + (":" + ",".join(settings) if settings else "")):
        return f"domain {ascii(domain)[:80]}: the name of this task is {one}"
    return None


_DEFAULTS = asdict(simulate.Settings())
