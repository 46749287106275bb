"""What ``verify`` prints: a line for each violation, or one that an entry holds, and how far it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic

from rich.console import Console

from benchmarks.harness.aggregate import SORTS
from leaderboard.verification.checks import Verdict
from leaderboard.verification.entry import ENTRY, PREDICTIONS, Entry, read
from leaderboard.verification.submission import store
from rad.reporting.console import console, count, printable


def with_progress(chosen: Sequence[Path]) -> Iterator[Path]:
    """Each of ``chosen``; on a terminal with how far it is and how long the rest takes, by the size of predictions."""
    sizes = [_size(path) for path in chosen]
    started = monotonic()
    with Console(stderr=True).status("") as status:
        for k, path in enumerate(chosen):
            done, left = sum(sizes[:k]), sum(sizes[k:])
            about = f", about {(monotonic() - started) / done * left:,.0f} s left" if done else ""
            status.update(f"verifying {k + 1:,} of {len(chosen):,}{about}")
            yield path


def _size(path: Path) -> int:
    """Bytes that verifying an entry reads, of which it takes its time; at least 1."""
    predictions = path.with_name(path.name.removesuffix(ENTRY) + PREDICTIONS)
    size = 1
    for one in (path, predictions):
        with suppress(OSError):  # not there, or of a name that is too long for a file
            size += one.lstat().st_size
    return size


def show(verdict: Verdict) -> None:
    """Print one line that an entry holds, or a line for each of its violations."""
    name = f"{verdict.path.parent.name}/{verdict.path.name}"
    for line in verdict.violations:
        say(f"refused {name}: {line}")
    entry = verdict.scored or verdict.entry
    if verdict.violations or entry is None:
        return
    if verdict.sealed:
        say(f"sealed {name}: whole; its scores wait for the season's secret")
        return
    score = entry.result.score(SORTS[entry.result.task.name])
    value = f", {score.metric} {score.value:.4f}" if score else ""
    outdated = f", {verdict.outdated} by earlier versions of their metrics" if verdict.outdated else ""
    say(f"ok {name}: {count(verdict.recomputed, 'score')} recomputed, {verdict.attested} attested{outdated}{value}")
    for line in verdict.notes:
        say(f"note {name}: {line}")


def store_scored(path: Path, scored: Entry, folder: Path) -> None:
    """Write an entry with the scores of its season. One that is there already stays: submissions come one by one."""
    target = folder / scored.file
    if target.exists() and read(target, Entry).predictions == scored.predictions:
        say(f"{target} is there already")
    else:
        say(f"wrote {store(scored, path.parent / scored.predictions.path, folder)}")


def say(line: str) -> None:
    """One line: it may hold what a stranger wrote, the names of files among it."""
    console.print(printable(line), markup=False, soft_wrap=True)
