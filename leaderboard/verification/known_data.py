"""The data whose digest this project knows, so that an entry of other data is refused before any are built."""

from __future__ import annotations

import json
from functools import cache

from rad.release.card import FACTS
from rad.world.ceilings import store


@cache
def known_sha256() -> dict[str, str]:
    """The sha256 of data sets by domain: of files of others, and of the worlds whose ceilings are stored."""
    counted = json.loads(FACTS.read_text(encoding="utf-8")) if FACTS.exists() else {}
    return {**{name: str(facts["sha256"]) for name, facts in counted.items()}, **store.worlds()}
