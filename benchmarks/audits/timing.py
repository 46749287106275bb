"""Two ways to the same answers, timed in turns on the same inputs.

Time is that of the processor (all threads of the process), as waiting for other programs is nobody's. Memory is what
the peak resident size grew by in the first turn (Linux); ours comes first, so theirs may reuse what ours freed.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from statistics import median
from typing import Any, NamedTuple

from benchmarks.harness.fitting import peak_memory, reset_peak_memory
from rad.errors import RadError


class Side(NamedTuple):
    """Work to time: ``work()`` does ``units`` (queries, texts) of it."""

    name: str
    work: Callable[[], object]
    units: int


class Pair(NamedTuple):
    """Ours and theirs, what a unit is, and whether two results agree (raises AssertionError where they do not)."""

    what: str
    unit: str
    ours: Side
    theirs: Side
    agree: Callable[[Any, Any], None]
    goal: float | None = None


class Timing(NamedTuple):
    """What a pair took: seconds a unit of each side, their ratio, and MiB of each side."""

    pair: Pair
    ours: float
    theirs: float
    ratio: float
    memory: tuple[float, float]


def timed(pair: Pair, repeats: int) -> Timing:
    """Compare answers, then time in turns. :class:`RadError` where the answers differ."""
    results, memory = [], []
    for side in (pair.ours, pair.theirs):
        gc.collect()
        reset_peak_memory()
        before = peak_memory()
        results.append(side.work())
        memory.append(max(0.0, peak_memory() - before))
    try:
        pair.agree(*results)
    except AssertionError as error:
        raise RadError(f"{pair.what}: the answers differ, so nothing is compared ({str(error).strip()})") from error
    del results
    turns = [(_seconds(pair.ours), _seconds(pair.theirs)) for _ in range(repeats)]
    ours, theirs = (median(column) for column in zip(*turns, strict=True))
    return Timing(pair, ours, theirs, median(b / a for a, b in turns), (memory[0], memory[1]))


def _seconds(side: Side) -> float:
    start = time.process_time()
    side.work()
    return (time.process_time() - start) / side.units
