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
from leaderboard.owners.season_limits import season_violations
from leaderboard.owners.withdrawals import withdrawal_violations
from leaderboard.verification.checks import Verdict, check
from leaderboard.verification.entry import ROOT, Entry, read
from leaderboard.verification.folder import added_since, entry_files, violations_of
from leaderboard.verification.opening import EvaluationSets
from leaderboard.verification.submission import store
from rad.errors import RadError
from rad.reporting.console import console, count
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
        violations += [*refused, *newcomer_violations(entries, chosen)]
        violations += [line for path in withdrawals for line in withdrawal_violations(path, is_new=True)]
    else:
        chosen = [path if path.is_absolute() else Path.cwd() / path for path in paths or ()] or entry_files(entries)
    if outside := [path for path in chosen if root not in path.parent.resolve().parents]:
        raise RadError(f"{outside[0]}: does not lie in a model's folder of {entries} (--entries names another)")
    seasons = seasons or entries.parent / "seasons"
    sets = EvaluationSets(data_dir, seasons, secret)
    not_taken: dict[Path, list[str]] = {}
    for path, line in season_violations(entries, chosen if changed_since else (), seasons):
        not_taken.setdefault(path, []).append(line)
    n_refused = 0
    for path in chosen:
        verdict = check(root / path.parent.name / path.name, root, sets)
        verdict.violations += not_taken.get(verdict.path, [])
        n_refused += bool(verdict.violations)
        _show(verdict)
        if to and verdict.scored and not verdict.violations:
            _store_scored(verdict.path, verdict.scored, to)
    for line in violations:
        _print(f"refused {line}")
    of_folder = f"; {count(len(violations), 'violation')} of the folder" if violations else ""
    entries_read = count(len(chosen), "entry", "entries")
    _print(f"{entries_read}: {count(len(chosen) - n_refused, 'holds', 'hold')}, {n_refused} refused{of_folder}")
    return 1 if n_refused or violations else 0


def _show(verdict: Verdict) -> None:
    """Print one line that an entry holds, or a line for each of its violations."""
    name = f"{verdict.path.parent.name}/{verdict.path.name}"
    for line in verdict.violations:
        _print(f"refused {name}: {line}")
    entry = verdict.scored or verdict.entry
    if verdict.violations or entry is None:
        return
    if verdict.sealed:
        _print(f"sealed {name}: whole; its scores wait for the season's secret")
        return
    score = entry.result.score("ndcg@10")
    value = f", ndcg@10 {score.value:.4f}" if score else ""
    outdated = f", {verdict.outdated} by earlier versions of their metrics" if verdict.outdated else ""
    _print(f"ok {name}: {count(verdict.recomputed, 'score')} recomputed, {verdict.attested} attested{outdated}{value}")
    for line in verdict.notes:
        _print(f"note {name}: {line}")


def _store_scored(path: Path, scored: Entry, folder: Path) -> None:
    """Write an entry with the scores of its season. One that is there already stays: submissions come one by one."""
    target = folder / scored.file
    if target.exists() and read(target, Entry).predictions == scored.predictions:
        _print(f"{target} is there already")
    else:
        _print(f"wrote {store(scored, path.parent / scored.predictions.path, folder)}")


def _print(line: str) -> None:
    console.print(line, markup=False, soft_wrap=True)
