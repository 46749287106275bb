"""The folder of all entries: its files, what may not lie there, what a pull request adds, and withdrawals."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

from leaderboard.owners.withdrawals import withdrawal_violations
from leaderboard.verification.entry import ENTRY, PREDICTIONS, ROOT, WITHDRAWN, Entry, read
from rad.errors import RadError


def read_entries(root: Path = ROOT) -> list[Entry]:
    """Every entry below ``root``, by path, withdrawn ones too. :class:`RadError` names the file and its violation."""
    root = root.resolve()
    return [read_entry(path, root) for path in entry_files(root)]


def read_entry(path: Path, root: Path) -> Entry:
    """The entry in a file below ``root``, where it belongs. :class:`RadError` names the file and its violation."""
    entry = read(path, Entry)
    if entry.file != path.relative_to(root).as_posix():
        raise RadError(f"{path}: holds the entry that belongs in {entry.file}")
    return entry


def entry_files(root: Path) -> list[Path]:
    """The files of all entries below ``root``, whatever is in them; linked folders are left out."""
    paths = root.resolve().glob(f"*/*{ENTRY}")
    return sorted(p for p in paths if not p.name.endswith(WITHDRAWN) and not p.parent.is_symlink())


def violations_of(root: Path) -> list[str]:
    """Files that are no part of an entry, run ids that stand twice, withdrawals that are not the submitter's."""
    violations, root = [], root.resolve()
    entries = {p.relative_to(root).as_posix(): p for p in entry_files(root)}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_symlink():
            violations.append(f"{name}: a link")
        elif path.is_dir():
            if name.count("/"):
                violations.append(f"{name}: a folder in a model's folder")
        elif name in entries or (name.count("/") == 0 and name in (".gitkeep", "README.md")):
            continue
        elif not name.endswith((PREDICTIONS, WITHDRAWN)) or _owner(name) not in entries:
            violations.append(f"{name}: no part of an entry")
    counts = Counter(p.name for p in entries.values())
    violations += [f"{name}: this run_id stands in {n} folders" for name, n in counts.items() if n > 1]
    for path in sorted(root.glob(f"*/*{WITHDRAWN}")):
        name = path.relative_to(root).as_posix()
        if _owner(name) not in entries:
            continue  # refused above
        violations += withdrawal_violations(path)
    return violations


def _owner(name: str) -> str:
    """The entry that a file belongs to."""
    for end in (PREDICTIONS, WITHDRAWN):
        if name.endswith(end):
            return name.removesuffix(end) + ENTRY
    return name


def added_since(root: Path, ref: str) -> tuple[list[Path], list[Path], list[str]]:
    """The entries and withdrawals added since ``ref``, and a line for every file that was changed, moved or removed."""
    top = Path(_git(root, "rev-parse", "--show-toplevel").strip())
    # from where the branches parted, as others may have added entries since; a rename counts as removed and added
    out = _git(root, "diff", "--name-status", "--no-renames", "-z", f"{ref}...HEAD", "--", ".")
    fields = out.split("\0")[:-1]
    words = {"D": "deleted", "M": "changed", "T": "turned into another kind of file"}
    paths, withdrawals, refused = set(), [], []
    for status, name in zip(fields[::2], fields[1::2], strict=True):
        path = top / name
        short = path.relative_to(root.resolve()).as_posix()
        if status != "A":
            refused.append(f"{short}: {words.get(status, status)} since {ref}: files are added, never changed")
        elif short.count("/") == 1 and short.endswith((ENTRY, PREDICTIONS)):
            if short.endswith(WITHDRAWN):
                withdrawals.append(path)
            else:
                paths.add(root.resolve() / _owner(short))
    return sorted(p for p in paths if p.exists()), sorted(withdrawals), refused


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, timeout=120, check=True)
    except subprocess.CalledProcessError as error:
        raise RadError(f"git {arguments[0]}: {error.stderr.decode(errors='replace').strip()[:300]}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RadError(f"git {arguments[0]} did not run in {root}: {error}") from error
    return done.stdout.decode(errors="surrogateescape")
