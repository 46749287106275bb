"""Drafting: a drafter with its settings, and the order in which training purchases are drafted."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence

from annotation.drafters.base import RationaleDrafter
from rad import registry
from rad.errors import RadError
from rad.settings import explained, parse
from rad.types import Example


def make_drafter(name: str, assignments: Sequence[str]) -> RationaleDrafter:
    """The drafter ``name`` under settings that are written as ``NAME=VALUE``.

    Raises:
        RadError: There is no such drafter or setting, a required one is lacking, or a value does not fit.
    """
    kind: type[RationaleDrafter] = registry.load("annotation.drafters", name)
    named = {assignment.partition("=")[0].strip() for assignment in assignments}
    settings = parse(kind.Settings, assignments, f"drafter '{name}'")
    if lacking := [key for key in kind.required if key not in named]:
        raise RadError(f"drafter '{name}' needs " + " and ".join(f"--{key.replace('_', '-')}" for key in lacking))
    return kind(settings)


def explained_settings() -> str:
    """The settings of every drafter that has some, for the help: a line each."""
    parts = []
    for name in registry.names("annotation.drafters"):
        try:
            lines = explained(registry.load("annotation.drafters", name).Settings)
        except RadError as error:  # a library is missing
            lines = [str(error)]
        if lines:
            parts.append("\n".join([f"Settings of {name} (--set NAME=VALUE ...):", *(f"  {line}" for line in lines)]))
    return "\n\n".join(parts)


def spread(examples: Iterable[Example]) -> Sequence[Example]:
    """Order examples by their ids' hashes, one of each user first, then a second of each, and so on."""
    order = sorted(examples, key=lambda e: hashlib.sha256(e.query.query_id.encode()).digest())
    seen: dict[str, int] = defaultdict(int)
    turns = []
    for example in order:
        turns.append(seen[example.query.user_id])
        seen[example.query.user_id] += 1
    return [example for _, example in sorted(zip(turns, order, strict=True), key=lambda pair: pair[0])]
