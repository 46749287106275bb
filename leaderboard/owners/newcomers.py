"""What a pull request may say of who sends it and of which task it is.

New entries are signed, speak under no name of somebody else, and are of a task that is there. What lies in the folder
already was let in by the owner of the repository, signed or not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from leaderboard.owners.names import is_of_the_project, skeleton
from leaderboard.verification.entry import Entry, read
from leaderboard.verification.folder import entry_files
from leaderboard.verification.known_data import known_sha256
from rad.errors import RadError


def newcomer_violations(root: Path, added: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """The entries in ``added``, files below ``root``, that may not join the others there, each with the reason."""
    owners: dict[str, set[str]] = {}
    tasks = set(known_sha256().items())
    for path in entry_files(root):
        if path not in added and (entry := _readable(path)):
            owners.setdefault(skeleton(entry.submitter.name), set()).add(entry.owner)
            tasks.add((entry.result.task.domain, entry.result.dataset.sha256))
    for path in added:
        entry = _readable(path)
        if entry is None:
            continue  # verify says what is wrong with it
        if entry.signature is None:
            yield path, "not signed: a new entry shows by its signature whose it is (README.md: Owners)"
            continue
        before = owners.setdefault(skeleton(entry.submitter.name), set())
        if before - {entry.owner}:
            yield path, f"submitter.name: another owner has entries under a name that looks like {_short(entry)}"
        elif not before and is_of_the_project(entry.submitter.name):
            yield path, f"submitter.name: {_short(entry)} would be read as this project's"
        before.add(entry.owner)
        domain = entry.result.task.domain
        if (domain, entry.result.dataset.sha256) not in tasks and not domain.startswith("season:"):
            own = f"{ascii(domain)[:60]} of data {entry.result.dataset.sha256[:12]}"
            yield path, f"result.task: {own} is no task here: the repository's owner adds the first entry of one"


def _readable(path: Path) -> Entry | None:
    try:
        return read(path, Entry)
    except RadError:
        return None


def _short(entry: Entry) -> str:
    return ascii(entry.submitter.name)[:60]
