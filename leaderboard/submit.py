"""A finished run becomes an entry: packed, verified here, then written to a folder or proposed on the Hub.

    python -m leaderboard submit RESULT_DIR --name NAME --contact ADDRESS --to DIR
    python -m leaderboard submit RESULT_DIR --name NAME --contact ADDRESS --repo OWNER/RESULTS
    python -m leaderboard submit RESULT_DIR --name NAME --contact ADDRESS --dry-run

``RESULT_DIR`` is what ``benchmarks.run`` leaves (``result.json``, ``predictions.jsonl``; ``explanation.json`` where
``benchmarks.explain`` ran) or a folder of your own with the same files, as README.md of this package describes them.
Nothing is written or sent unless every check of ``verify`` passes. ``--repo`` opens a pull request on a dataset
repository of the Hub; ``--dry-run`` shows what would be sent, and signs nothing.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

from rich.console import Console
from typer import Argument, Option

from leaderboard.owners.keys import default_key, ensured
from leaderboard.verification.checks import check
from leaderboard.verification.entry import ROOT
from leaderboard.verification.opening import EvaluationSets
from leaderboard.verification.submission import CARD, Submission, in_one_line, pack, propose, store
from rad.errors import RadError
from rad.release import hub
from rad.reporting.console import console
from rad.runtime.commands import DataDir, command
from rad.runtime.files import sha256_file

LICENCE = "published under CC BY 4.0, to which who sends it agrees; ids of third parties keep their publishers' terms"


@command
def main(
    folder: Annotated[Path, Argument(metavar="RESULT_DIR")],
    name: Annotated[str, Option(metavar="NAME", help="who submits")],
    contact: Annotated[str, Option(metavar="ADDRESS", help="where to reach you: it is published")],
    card: Annotated[
        Path | None, Option(metavar="FILE", help=f"Markdown on the model (default: RESULT_DIR/{CARD})")
    ] = None,
    trained_on: Annotated[
        list[str] | None, Option(metavar="DATA", help="default: what the result says of its model")
    ] = None,
    to: Annotated[
        Path | None, Option(metavar="DIR", help=f"write the entry there (default: {ROOT.name} of here)")
    ] = None,
    repo: Annotated[
        str | None, Option(metavar="OWNER/NAME", help="open a pull request on this dataset of the Hub")
    ] = None,
    key: Annotated[
        Path | None,
        Option(metavar="FILE", help="SSH key that signs the entry (made where there is none)", show_default=False),
    ] = None,
    dry_run: Annotated[bool, Option("--dry-run", help="pack and verify, then show what would be sent")] = False,
    data_dir: DataDir = None,
    seasons: Annotated[Path | None, Option(metavar="DIR", help="folder of published seasons")] = None,
) -> None:
    if to and repo:
        raise RadError("--to writes to a folder, --repo sends to the Hub: choose one")
    if repo:
        hub.check_name(repo)
    signing = None if dry_run else ensured(key or default_key())
    sets = EvaluationSets(data_dir, seasons or (to or ROOT).parent / "seasons")
    with tempfile.TemporaryDirectory(prefix="rad-submit-") as temporary:
        root = Path(temporary).resolve()
        with Console(stderr=True).status("packing"):
            entry = pack(Submission(folder, name, contact, card, trained_on, signing), root, sets)
        with Console(stderr=True).status("scoring the predictions again"):
            verdict = check(root / entry.file, root, sets)
        if verdict.violations:
            raise RadError(f"{folder}: not submitted: {in_one_line(verdict.violations)}")
        files = [root / entry.folder / entry.predictions.path, root / entry.file]
        _print(
            f"{entry.result.label} on {entry.result.task.domain}: {verdict.recomputed} scores recomputed, "
            f"{verdict.attested} attested" + ("; the season is sealed" if verdict.sealed else "")
        )
        for line in verdict.notes:
            _print(f"note: {line}")
        _print(LICENCE)
        commit = propose(repo, root, files, dry_run) if repo else None
        if signing:
            _print(f"signed with {signing}: who has this key owns the entry, so keep it")
        if dry_run:
            for path in files:
                size, digest = path.stat().st_size, sha256_file(path)[:12]
                _print(f"would send entries/{path.relative_to(root)}  {size:,} bytes  sha256 {digest}")
            _print(f"to {repo or to or ROOT}, as {name} <{contact}>")
        elif commit:
            _print(f"opened {commit.pull_request}")
        else:
            _print(f"wrote {store(entry, files[0], to or ROOT)}")


def _print(line: str) -> None:
    console.print(line, markup=False, soft_wrap=True)
