"""Every score of the entries again, from their predictions, and every other rule that an entry must keep.

    python -m leaderboard verify                                     all entries of the folder
    python -m leaderboard verify entries/ease/3f2a9c1d.json          only these
    python -m leaderboard verify --changed-since origin/main         those that a pull request adds; it may change none
    python -m leaderboard verify --secret FILE --to entries          a season's submissions, scored by its organiser

One line for each violation, ``refused`` with the file and the reason; exit status 1 where there is any. Recomputed
scores must be those of the predictions. Attested ones, which needed the model or a judge, are counted, and marked on
the page. A ``note`` says why an entry that holds is not in the headline table, and the first of its unsound reasons.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from leaderboard.owners.newcomers import newcomer_violations
from leaderboard.owners.withdrawals import withdrawal_violations
from leaderboard.seasons.limits import season_violations
from leaderboard.verification.checks import Verdict, check
from leaderboard.verification.entry import ROOT
from leaderboard.verification.folder import added_since, entry_files, violations_of
from leaderboard.verification.opening import EvaluationSets
from leaderboard.verification.report import say, show, store_scored, with_progress
from rad.errors import RadError
from rad.reporting.console import count
from rad.runtime.commands import DataDir, command


@command
def main(
    paths: Annotated[list[Path] | None, Argument(metavar="ENTRY", help="entries to verify (default: all)")] = None,
    entries: Annotated[Path, Option(metavar="DIR", help="the folder of all entries", show_default=False)] = ROOT,
    changed_since: Annotated[str | None, Option(metavar="REF", help="only what was added since this commit")] = None,
    data_dir: DataDir = None,
    seasons: Annotated[Path | None, Option(metavar="DIR", help="seasons (default: beside the entries)")] = None,
    secret: Annotated[Path | None, Option(metavar="FILE", help="a season's secret: scores its entries")] = None,
    to: Annotated[Path | None, Option(metavar="DIR", help="with --secret: write scored entries there")] = None,
) -> int:
    if not entries.is_dir():
        raise RadError(f"{entries}: no such folder: --entries names the folder of all entries")
    if to and not secret:
        raise RadError("--to writes the scores that a season's secret gives: it needs --secret")
    if secret and not secret.is_file():
        raise RadError(f"{secret}: no such file: --secret names the one that season new wrote")
    root, violations = entries.resolve(), violations_of(entries)
    if changed_since:
        chosen, withdrawals, refused = added_since(entries, changed_since)
        violations += refused
        violations += [line for path in withdrawals for line in withdrawal_violations(path, is_new=True)]
    else:
        chosen = [path if path.is_absolute() else Path.cwd() / path for path in paths or ()] or entry_files(entries)
    if outside := [path for path in chosen if root not in path.parent.resolve().parents]:
        raise RadError(f"{outside[0]}: does not lie in a model's folder of {entries} (--entries names another)")
    seasons = seasons or entries.parent / "seasons"
    sets = EvaluationSets(data_dir, seasons, secret)
    not_taken: dict[Path, list[str]] = {}
    added = chosen if changed_since else []
    for path, line in (*newcomer_violations(root, added), *season_violations(root, added, seasons)):
        not_taken.setdefault(path, []).append(line)
    n_refused = 0
    for path in with_progress(chosen):
        path = root / path.parent.name / path.name
        # nothing is opened for an entry that is not taken whatever it says
        verdict = Verdict(path, violations=not_taken[path]) if path in not_taken else check(path, root, sets)
        n_refused += bool(verdict.violations)
        show(verdict)
        if to and verdict.scored and not verdict.violations:
            store_scored(verdict.path, verdict.scored, to)
    for line in violations:
        say(f"refused {line}")
    of_folder = f"; {count(len(violations), 'violation')} of the folder" if violations else ""
    entries_read = count(len(chosen), "entry", "entries")
    say(f"{entries_read}: {count(len(chosen) - n_refused, 'holds', 'hold')}, {n_refused} refused{of_folder}")
    return 1 if n_refused or violations else 0
