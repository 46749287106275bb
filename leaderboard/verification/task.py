"""The data that entries may speak of: the domains by name, built-in worlds of moderate size, and sealed seasons.

An entry is written by strangers, so what it names is never a place on a disk and never a world that would take hours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rad import registry
from rad.data.dataset import Dataset
from rad.data.load import open_dataset
from rad.errors import RadError
from rad.types import Example, Item, Split

WORLDS = ("world", "world_science")
SETTINGS = {"seed": 2**64 - 1, "users": 20_000, "items": 20_000, "shortest": 60, "longest": 60}  # and their largest
ELSEWHERE = ("campaign", "recbole", "amazon", "release")  # they read what a user names: not the same data for everyone
EARLIER: tuple[Split, ...] = ("train", "validation")
SEASON = re.compile(r"season:([a-z0-9][a-z0-9-]{0,39})")


@dataclass(frozen=True)
class Task:
    """The test queries of a domain under a protocol. ``seen`` are the items that a model could learn from.

    ``sealed``: the answers are not here (``relevant`` is empty); ``season``: they were not public when it was entered.
    """

    domain: str
    version: str
    sha256: str
    items: Mapping[str, Item]
    examples: Sequence[Example]
    seen: frozenset[str]
    sealed: bool = False
    season: bool = False

    @property
    def builtin(self) -> bool:
        """Whether its texts are the project's own."""
        return self.season or self.domain.partition(":")[0] in WORLDS


def allowed(domain: str) -> str | None:
    """Why no entry may speak of ``domain``, or None."""
    name, colon, argument = domain.partition(":")
    known = [n for n in registry.names("rad.domains") if n not in ELSEWHERE]
    if name not in known:
        return registry.unknown("domain", [ascii(name)[1:-1][:60]], [*known, "season:NAME"])
    if not colon:
        return None
    if name not in WORLDS:
        return f"domain {ascii(domain)[:80]}: entries are about {name} as it is, without arguments"
    for part in argument.split(","):
        key, _, value = part.partition("=")
        if not re.fullmatch(r"[0-9]{1,20}", value) or int(value) > SETTINGS.get(key, -1):
            limits = ", ".join(f"{key} up to {most}" for key, most in SETTINGS.items())
            return f"domain {ascii(domain)[:80]}: '{ascii(part)[1:-1][:40]}' is not one of {limits}"
    return None


class Tasks:
    """Opens each task once. ``data_dir`` holds raw files, ``seasons`` what seasons publish, ``secret`` one's secret."""

    def __init__(self, data_dir: Path | None = None, seasons: Path | None = None, secret: Path | None = None) -> None:
        self.data_dir, self.seasons, self.secret = data_dir, seasons, secret
        self._open: dict[tuple[str, str], Task] = {}

    def open(self, domain: str, protocol: Any) -> Task:
        """:class:`RadError` where entries may not speak of the domain, or its data are missing."""
        if (domain, protocol) not in self._open:
            self._open[domain, protocol] = self._load(domain, protocol)
        return self._open[domain, protocol]

    def _load(self, domain: str, protocol: Any) -> Task:
        if domain.startswith("season:"):
            from leaderboard import season

            found = SEASON.fullmatch(domain)
            if found is None or self.seasons is None:
                raise RadError(f"no season {ascii(domain)[:60]} is known: --seasons DIR names the folder of seasons")
            return season.task(self.seasons / found.group(1), protocol, self.secret)
        if why := allowed(domain):
            raise RadError(why)
        return of_dataset(open_dataset(domain, self.data_dir, protocol))


def of_dataset(data: Dataset, **more: Any) -> Task:
    """The test task of an open dataset."""
    learnt = [e for part in EARLIER for e in data.examples[part]]
    return Task(
        domain=data.name,
        version=data.version,
        sha256=data.sha256,
        items=data.items,
        examples=data.examples["test"],
        seen=frozenset(item for e in learnt for item in (*(x.item_id for x in e.query.history), *e.relevant)),
        **more,
    )
