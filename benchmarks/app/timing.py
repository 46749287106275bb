"""How long an edit takes: the ranking again, what moved and why, and the panels of the page."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.app import view
from benchmarks.app.actions import Actions, Session
from rad.rationales import text


def edit_times(actions: Actions, n: int) -> str:
    """The times of some edits of the first ``n`` users, in a sentence; the first user only warms up."""
    times: list[float] = []
    for number in range(min(n, len(actions.users))):
        session = actions.pick(Session(), str(number + 1))
        if session.steps:
            times += [*_of(actions, session)] if number or n == 1 else []
    if not times:
        return f"{actions.users.title}: no user whose rationale can be edited"
    median, most, longest = np.median(times), np.percentile(times, 95), max(times)
    return (
        f"{actions.users.title}: {len(times):,} edits of {min(n, len(actions.users)):,} users, warm; median "
        f"{median:.0f} ms, 95% within {most:.0f} ms, longest {longest:.0f} ms"
    )


def _of(actions: Actions, session: Session) -> Iterator[float]:
    """Milliseconds of each: every reason struck, one added, the strongest weakened, more or less left unexplained."""
    edits: list[tuple[str, dict[str, Any]]] = []
    edits += [("strike", {"line": k}) for k in range(len(session.now.critique.lines))]
    edits += [("fact", {"fact": text.blank(fact)}) for fact in session.now.further[:1]]
    edits += [("weigh", {"line": 0, "level": 8})] if session.now.critique.lines else []
    edits += [("leave", {"level": level}) for level in (16, 0)]
    for kind, what in edits:
        clock = time.perf_counter()
        view.rendered(actions, actions.edit(session, kind, what))
        yield 1000 * (time.perf_counter() - clock)
