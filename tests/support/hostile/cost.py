"""What verifying costs over all hostile submissions: ``python -m tests.support.hostile.cost [small|work]``.

Each is verified in a process of its own, forked from one that has everything imported; CPU time and memory are what the
system counts of it. Prints a line for each of those that ask for ``work``, on the largest worlds, and a line a kind.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from leaderboard.verification import report  # noqa: F401 (all that verify imports)
from leaderboard.verification.checks import check
from leaderboard.verification.opening import EvaluationSets
from tests.support import submissions
from tests.support.hostile import entries, fields, predictions
from tests.support.hostile.work import WORK

LIMITS = 30.0, 1024  # seconds and MiB


def forked(call: Callable[[], object]) -> tuple[bool, float, float]:
    """``call()`` in a process of its own: whether it is true, and the CPU seconds and MiB at most that it took."""
    child = os.fork()
    if child == 0:
        code = 3
        try:
            code = int(bool(call()))
        except Exception as error:
            print(repr(error), file=sys.stderr, flush=True)
        os._exit(code)
    _, status, usage = os.wait4(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 1):
        raise SystemExit(f"a process failed with status {code}")
    return code == 1, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def verified(path: Path, root: Path) -> tuple[float, float, bool]:
    """CPU seconds and MiB at most of verifying an entry, and whether it was refused."""
    refused, seconds, memory = forked(lambda: check(path, root, EvaluationSets()).violations)
    return seconds, memory, refused


def _changed(path: Path, change: Callable[[object], None]) -> None:
    raw = json.loads(path.read_text())
    change(raw)
    path.write_text(fields.written(raw))


def _named(path: Path, name: str) -> None:
    _changed(path, lambda raw: raw["submitter"].update(name=name))  # type: ignore[index]


def small() -> Iterator[tuple[str, str, Callable[[Path], None]]]:
    """Kind, name and change of each submission on a small world, from an entry's file that holds."""
    for name, (change, *_) in entries.ENTRIES.items():
        yield "what an entry says", name, lambda path, change=change: _changed(path, change)
    for name, (value, *_) in entries.NAMES.items():
        yield "names", name, lambda path, value=value: _named(path, value)
    for name, (change, *_) in entries.BYTES.items():
        yield "bytes of an entry", name, lambda path, change=change: path.write_bytes(change(path.read_bytes()))
    for name, (change, *_) in predictions.PREDICTIONS.items():
        yield (
            "predictions",
            name,
            lambda path, change=change: submissions.rewrite(path, change(submissions.lines_of(path))),
        )
    for name, (change, *_) in predictions.CONTAINERS.items():
        yield (
            "files of predictions",
            name,
            lambda path, change=change: submissions.replace(path, change(_packed(path).read_bytes())),
        )
    for name, make in predictions.BOMBS.items():
        yield "bombs", name, lambda path, make=make: _bomb(path, make)


def _packed(path: Path) -> Path:
    return path.with_name(path.stem + ".predictions.jsonl.gz")


def _bomb(path: Path, make: Callable[[Path], object]) -> None:
    _packed(path).unlink()
    make(_packed(path))


def main(parts: Sequence[str]) -> int:
    with tempfile.TemporaryDirectory() as temporary:
        top = Path(temporary).resolve()
        os.environ["XDG_CONFIG_HOME"] = str(top / "config")
        true = submissions.enter(submissions.run("template", top / "runs"), top / "true")
        raw = json.loads(true.read_text())
        cases = [*small()] if "small" in parts else []
        for kind in fields.KINDS if "small" in parts else ():
            for name, change, _ in fields.cases(kind, raw):
                cases.append((kind, name, lambda path, change=change: _changed(path, change)))
        costs: dict[str, list[tuple[float, float, str, bool]]] = {}
        for kind, name, change in cases:
            root = top / "entries"
            shutil.copytree(true.parent.parent, root)
            path = root / true.relative_to(true.parent.parent)
            change(path)
            seconds, memory, refused = verified(path, root)
            costs.setdefault(kind, []).append((seconds, memory, name, refused))
            shutil.rmtree(root)
        for name, make in WORK.items() if "work" in parts else ():
            root = top / "work" / name
            forked(lambda make=make, root=root: make(root) and None)  # what it takes to make one does not count
            (path,) = root.glob("*/*.json")
            seconds, memory, refused = verified(path, root)
            shutil.rmtree(root)
            costs.setdefault("work", []).append((seconds, memory, name, refused))
            print(f"  {name}: {seconds:.1f} s of a CPU, {memory:,.0f} MiB", flush=True)
    rows = [row for of_kind in costs.values() for row in of_kind]
    for kind, of_kind in costs.items():
        seconds, memory = max(row[0] for row in of_kind), max(row[1] for row in of_kind)
        print(f"{kind}: {len(of_kind)} submissions, at most {seconds:.1f} s of a CPU and {memory:,.0f} MiB")
    accepted = [row[2] for row in rows if not row[3]]
    dearest, largest = max(rows), max(rows, key=lambda row: row[1])
    print(
        f"{len(rows)} submissions of {len(costs)} kinds, {len(accepted)} not refused{': ' if accepted else ''}"
        f"{', '.join(accepted)}; at most {dearest[0]:.1f} s of a CPU ({dearest[2]}) and {largest[1]:,.0f} MiB "
        f"({largest[2]}); the limits are {LIMITS[0]:.0f} s and {LIMITS[1]:,} MiB"
    )
    return int(bool(accepted) or dearest[0] > LIMITS[0] or largest[1] > LIMITS[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ("small", "work")))
