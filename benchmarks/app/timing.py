"""How long an edit takes: the ranking again, what moved and why, and the panels of the page.

Where other programs share the cores, the seconds of the processor say what an edit costs by itself.
"""

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
    times: list[tuple[float, float]] = []
    for number in range(min(n, len(actions.users))):
        session = actions.pick(Session(), str(number + 1))
        if session.steps:
            times += [*_of(actions, session)] if number or n == 1 else []
    if not times:
        return f"{actions.users.title}: no user whose rationale can be edited"
    wall, processor = np.array(times).T
    median, most = np.median(wall), np.percentile(wall, 95)
    return (
        f"{actions.users.title}: {len(times):,} edits of {min(n, len(actions.users)):,} users, warm; median "
        f"{median:.0f} ms, 95% within {most:.0f} ms, longest {wall.max():.0f} ms; of the processor "
        f"{np.median(processor):.0f}, {np.percentile(processor, 95):.0f} and {processor.max():.0f} ms"
    )


def _of(actions: Actions, session: Session) -> Iterator[tuple[float, float]]:
    """Milliseconds of each, and those of the processor.

    Every reason is struck, one added, the strongest weakened, and more or less left unexplained.
    """
    edits: list[tuple[str, dict[str, Any]]] = []
    edits += [("strike", {"line": k}) for k in range(len(session.now.critique.lines))]
    edits += [("fact", {"fact": text.blank(fact)}) for fact in session.now.further[:1]]
    edits += [("weigh", {"line": 0, "level": 8})] if session.now.critique.lines else []
    edits += [("leave", {"level": level}) for level in (16, 0)]
    for kind, what in edits:
        clock, processor = time.perf_counter(), time.process_time()
        view.rendered(actions, actions.edit(session, kind, what))
        yield 1000 * (time.perf_counter() - clock), 1000 * (time.process_time() - processor)
