"""How often an owner may ask a sealed season, and until when: the scores of many tries would tell its answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from leaderboard.seasons.season import closing_of
from leaderboard.verification.entry import Entry, read
from leaderboard.verification.folder import entry_files
from rad.errors import RadError
from rad.runtime import provenance

MOST_A_DAY = 2  # entries of an owner to a season
BACK = timedelta(days=7)  # that an entry to a season may have waited


def season_violations(
    root: Path, added: Sequence[Path] = (), seasons: Path | None = None
) -> Iterator[tuple[Path, str]]:
    """The entries below ``root`` that a season does not take, each with the reason.

    Those in ``added`` come in now: they are neither dated back, nor of a season below ``seasons`` that has closed.
    """
    entries = [(path, entry) for path in entry_files(root) if (entry := _season_entry(path))]
    sent: Counter[tuple[str, str, str]] = Counter()
    # what lies there came first, whatever time an added entry states
    for path, entry in sorted(entries, key=lambda one: (one[0] in added, one[1].submitted_at, one[1].run_id)):
        if entry.signature is None:
            yield path, "not signed: a season counts the entries of an owner (README.md: Owners)"
            continue
        day = entry.owner, entry.result.task.domain, entry.submitted_at[:10]
        sent[day] += 1
        if sent[day] > MOST_A_DAY:
            yield path, f"a season takes {MOST_A_DAY} entries of an owner a day, here are {sent[day]}"
        if path not in added:
            continue
        if entry.submitted_at < (datetime.now(UTC) - BACK).strftime("%Y-%m-%dT%H:%M:%SZ"):
            yield path, f"submitted_at: {entry.submitted_at} is more than {BACK.days} days ago"
        closes_at = closing_of(seasons, entry.result.task.domain) if seasons else None
        if closes_at and closes_at < provenance.now():
            yield path, f"the season has closed at {closes_at}"


def _season_entry(path: Path) -> Entry | None:
    """The entry in a file, where it can be read and is of a season; ``verify`` says what is wrong with others."""
    try:
        entry = read(path, Entry)
    except RadError:
        return None
    return entry if entry.result.task.domain.startswith("season:") else None
