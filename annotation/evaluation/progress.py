"""How fast a campaign goes: answers an hour since one began to watch, and the time that is left at that rate."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Progress:
    """Answers submitted so far, and answers that are still needed; ``at`` are seconds of a steady clock."""

    submitted: int
    needed: int
    at: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, progress: Mapping[str, Mapping[str, Any]], overlap: int, n_checks: int) -> Progress:
        """Of what the server says of each dataset.

        Checks are never done, so they are not needed; an answer on a check counts as one on a draft that is not done.
        """
        submitted, needed = 0, 0
        for of_dataset in progress.values():
            counts = {"completed": 0, "pending": 0}
            for by_record in of_dataset["users"].values():
                for status in counts:
                    counts[status] += by_record.get(status, {}).get("submitted", 0)
            submitted += sum(counts.values())
            pending = of_dataset["total"] - of_dataset["completed"]
            needed += max(0, pending * overlap - counts["pending"])
        return cls(submitted, max(0, needed - n_checks * overlap))

    def since(self, first: Progress) -> str:
        """A line on what came since ``first``, and how long the rest takes at that rate."""
        hours, answers = (self.at - first.at) / 3600, self.submitted - first.submitted
        left = f"{self.needed:,} answers are still needed"
        if answers <= 0 or hours <= 0:
            return f"{left}; no answer since this began, so no rate is known"
        rate = answers / hours
        return f"{left}; {rate:,.0f} an hour, so about {_spoken(self.needed / rate)} are left"


def _spoken(hours: float) -> str:
    if hours >= 48:
        return f"{hours / 24:,.0f} days"
    return f"{hours:.1f} hours" if hours >= 1 else f"{hours * 60:.0f} minutes"
