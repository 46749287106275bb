"""What a pull request may say of who sends it: new entries are signed, and speak under no name of somebody else.

What lies in the folder already was let in by the owner of the repository, signed or not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from leaderboard.owners.names import is_of_the_project, skeleton
from leaderboard.verification.entry import Entry, read
from leaderboard.verification.folder import entry_files
from rad.errors import RadError


def newcomer_violations(root: Path, added: Sequence[Path]) -> Iterator[str]:
    """Why an owner may not add the entries in ``added``, files below ``root``, to the others there."""
    owners: dict[str, set[str]] = {}
    for path in entry_files(root):
        if path not in added and (entry := _readable(path)):
            owners.setdefault(skeleton(entry.submitter.name), set()).add(entry.owner)
    for path in added:
        entry, name = _readable(path), path.relative_to(root.resolve()).as_posix()
        if entry is None:
            continue  # verify says what is wrong with it
        if entry.signature is None:
            yield f"{name}: not signed: a new entry shows by its signature whose it is (README.md: Owners)"
            continue
        before = owners.setdefault(skeleton(entry.submitter.name), set())
        if before - {entry.owner}:
            yield f"{name}: submitter.name: another owner has entries under a name that looks like {_short(entry)}"
        elif not before and is_of_the_project(entry.submitter.name):
            yield f"{name}: submitter.name: {_short(entry)} would be read as this project's"
        before.add(entry.owner)


def _readable(path: Path) -> Entry | None:
    try:
        return read(path, Entry)
    except RadError:
        return None


def _short(entry: Entry) -> str:
    return ascii(entry.submitter.name)[:60]
