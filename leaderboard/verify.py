"""Every score of the entries again, from their predictions, and everything else that may be wrong with them.

    python -m leaderboard verify                                     all entries of the folder
    python -m leaderboard verify entries/ease/3f2a9c1d.json          only these
    python -m leaderboard verify --changed-since origin/main         those that a pull request adds; it may change none
    python -m leaderboard verify --secret FILE --to entries          a season's submissions, scored by its organiser

One line for each fault, with the file and what is wrong; exit status 1 where there is any. Recomputed scores must be
those of the predictions; attested ones (they needed the model, or a judge) are counted, and marked on the page.
"""

from __future__ import annotations

import argparse
import subprocess
from collections import Counter
from pathlib import Path

from rich.console import Console

from leaderboard.verification.checks import Verdict, check
from leaderboard.verification.entry import ENTRY, PREDICTIONS, ROOT, WITHDRAWN, Entry, Withdrawal, read
from leaderboard.verification.task import Tasks
from rad.errors import RadError

console = Console(highlight=False, soft_wrap=True)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="*", type=Path, metavar="ENTRY", help="entries to verify (default: all)")
    parser.add_argument("--entries", type=Path, default=ROOT, metavar="DIR", help="the folder of all entries")
    parser.add_argument(
        "--changed-since", metavar="REF", help="what was added since this commit, which may change nothing"
    )
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder with raw files (default: RAD_DATA)")
    parser.add_argument("--seasons", type=Path, metavar="DIR", help="folder of seasons (default: beside the entries)")
    parser.add_argument("--secret", type=Path, metavar="FILE", help="the secret of a sealed season: scores its entries")
    parser.add_argument("--to", type=Path, metavar="DIR", help="with --secret: write entries with their scores there")


def main(args: argparse.Namespace) -> int:
    root: Path = args.entries
    if not root.is_dir():
        raise RadError(f"{root}: no such folder: --entries names the folder of all entries")
    if args.to and not args.secret:
        raise RadError("--to writes the scores that a season's secret gives: it needs --secret")
    if args.secret and not args.secret.is_file():
        raise RadError(f"{args.secret}: no such file: --secret names the one that season new wrote")
    faults = tree_faults(root)
    if args.changed_since:
        paths, refused = changed(root, args.changed_since)
        faults += refused
    else:
        paths = [p if p.is_absolute() else Path.cwd() / p for p in args.paths] or entry_files(root)
    if strangers := [p for p in paths if root.resolve() not in p.parent.resolve().parents]:
        raise RadError(f"{strangers[0]}: does not lie in a model's folder of {root} (--entries names another)")
    tasks = Tasks(args.data_dir, args.seasons or root.parent / "seasons", args.secret)
    verdicts = []
    for path in paths:
        verdict = check(root.resolve() / path.parent.name / path.name, root.resolve(), tasks)
        show(verdict, root)
        verdicts.append(verdict)
        if args.to and verdict.scored and not verdict.faults:
            from leaderboard.submit import store

            target = args.to / verdict.scored.file
            if target.exists() and read(target, Entry).predictions == verdict.scored.predictions:
                console.print(f"{target} is there already", markup=False)  # the organiser scores as they come in
                continue
            written = store(verdict.scored, verdict.path.parent / verdict.scored.predictions.path, args.to)
            console.print(f"wrote {written}", markup=False)
    for line in faults:
        console.print(f"FAULT {line}", markup=False)
    bad = sum(bool(v.faults) for v in verdicts)
    console.print(
        f"{len(verdicts)} entries: {len(verdicts) - bad} hold, {bad} refused"
        + (f"; {len(faults)} faults of the folder" if faults else "")
    )
    return 1 if bad or faults else 0


def show(verdict: Verdict, root: Path) -> None:
    """One line that an entry holds, or a line for each of its faults."""
    name = f"{verdict.path.parent.name}/{verdict.path.name}"
    for line in verdict.faults:
        console.print(f"FAULT {name}: {line}", markup=False)
    if verdict.faults:
        return
    if verdict.sealed:
        console.print(f"sealed {name}: whole; its scores wait for the season's secret", markup=False)
        return
    entry = verdict.scored or verdict.entry
    assert entry is not None
    main_score = entry.result.score("ndcg@10")
    value = f", ndcg@10 {main_score.value:.4f}" if main_score else ""
    console.print(
        f"ok {name}: {verdict.recomputed} scores recomputed, {verdict.attested} attested{value}", markup=False
    )


# --- the folder as a whole ---


def entry_files(root: Path) -> list[Path]:
    found = root.resolve().glob(f"*/*{ENTRY}")
    return sorted(p for p in found if not p.name.endswith(WITHDRAWN) and not p.parent.is_symlink())


def tree_faults(root: Path) -> list[str]:
    """Files that are no part of an entry, run ids that stand twice, withdrawals that are not the submitter's."""
    faults, root = [], root.resolve()
    entries = {p.relative_to(root).as_posix(): p for p in entry_files(root)}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_symlink():
            faults.append(f"{name}: a link")
        elif path.is_dir():
            if name.count("/"):
                faults.append(f"{name}: a folder in a model's folder")
        elif name in entries or (name.count("/") == 0 and name in (".gitkeep", "README.md")):
            continue
        elif not name.endswith((PREDICTIONS, WITHDRAWN)) or _owner(name) not in entries:
            faults.append(f"{name}: no part of an entry")
    counts = Counter(p.name for p in entries.values())
    faults += [f"{name}: this run_id stands in {n} folders" for name, n in counts.items() if n > 1]
    for path in sorted(root.glob(f"*/*{WITHDRAWN}")):
        name = path.relative_to(root).as_posix()
        if _owner(name) not in entries:
            continue  # said above
        try:
            taken, entry = read(path, Withdrawal), read(entries[_owner(name)], Entry)
        except RadError as error:
            faults.append(str(error).replace(f"{root}/", ""))
            continue
        if f"{taken.run_id}{WITHDRAWN}" != path.name:
            faults.append(f"{name}: withdraws {taken.run_id}")
        if taken.submitter != entry.submitter:
            faults.append(f"{name}: only who submitted an entry withdraws it ({entry.submitter.name})")
    return faults


def _owner(name: str) -> str:
    """The entry that a file belongs to."""
    for end in (PREDICTIONS, WITHDRAWN):
        if name.endswith(end):
            return name.removesuffix(end) + ENTRY
    return name


def changed(root: Path, ref: str) -> tuple[list[Path], list[str]]:
    """The entries that were added since ``ref``, and a line for every file that was changed, moved or removed."""
    top = Path(_git(root, "rev-parse", "--show-toplevel").strip())
    out = _git(root, "diff", "--name-status", "--no-renames", "-z", f"{ref}...HEAD", "--", ".")
    fields = out.split("\0")[:-1]
    words = {"D": "deleted", "M": "changed", "T": "turned into another kind of file"}
    paths, refused = set(), []
    for status, name in zip(fields[::2], fields[1::2], strict=True):
        path = top / name
        short = path.relative_to(root.resolve()).as_posix()
        if status != "A":
            refused.append(f"{short}: {words.get(status, status)} since {ref}: files are added, never changed")
        elif short.count("/") == 1 and short.endswith((ENTRY, PREDICTIONS)):
            paths.add(root.resolve() / _owner(short))
    return sorted(p for p in paths if p.exists()), refused


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, timeout=120, check=True)
    except subprocess.CalledProcessError as error:
        raise RadError(f"git {arguments[0]}: {error.stderr.decode(errors='replace').strip()[:300]}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RadError(f"git {arguments[0]} did not run in {root}: {error}") from error
    return done.stdout.decode(errors="surrogateescape")
