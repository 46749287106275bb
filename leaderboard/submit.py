"""A finished run becomes an entry: packed, verified here, then written to a folder or proposed on the Hub.

    python -m leaderboard submit RESULT_DIR --name NAME --contact ADDRESS --to DIR
    python -m leaderboard submit RESULT_DIR --name NAME --contact ADDRESS --repo OWNER/RESULTS
    python -m leaderboard submit RESULT_DIR --name NAME --contact ADDRESS --dry-run

``RESULT_DIR`` is what ``benchmarks.run`` leaves (``result.json``, ``predictions.jsonl``; ``explanation.json`` where
``benchmarks.explain`` ran) or a folder of your own with the same files, as README.md of this package describes them.
Nothing is written or sent unless every check of ``verify`` passes. ``--repo`` opens a pull request on a dataset
repository of the Hub; ``--dry-run`` shows what would be sent.
"""

from __future__ import annotations

import argparse
import gzip
import shutil
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.explanations.results import FILE, Explanation
from benchmarks.harness.results import Result
from leaderboard.verification import predictions as answers
from leaderboard.verification import scoring, untrusted
from leaderboard.verification.checks import check
from leaderboard.verification.entry import ENTRY, PREDICTIONS, ROOT, Entry, Stored, faults_of
from leaderboard.verification.task import Task, Tasks
from rad.errors import RadError
from rad.release import hub
from rad.runtime import provenance
from rad.runtime.files import atomic_write, sha256_file

console = Console(highlight=False, soft_wrap=True)
CARD = "MODEL_CARD.md"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="RESULT_DIR")
    parser.add_argument("--name", required=True, help="who submits")
    parser.add_argument("--contact", required=True, help="where to reach you: it is published")
    parser.add_argument("--card", type=Path, metavar="FILE", help=f"Markdown on the model (default: RESULT_DIR/{CARD})")
    parser.add_argument("--trained-on", nargs="+", metavar="DATA", help="default: what the result says of its model")
    parser.add_argument("--to", type=Path, metavar="DIR", help=f"write the entry there (default: {ROOT.name} of here)")
    parser.add_argument("--repo", metavar="OWNER/NAME", help="open a pull request on this dataset of the Hub")
    parser.add_argument("--dry-run", action="store_true", help="pack and verify, then show what would be sent")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder with raw files (default: RAD_DATA)")
    parser.add_argument("--seasons", type=Path, metavar="DIR", help="folder of published seasons")


def main(args: argparse.Namespace) -> int:
    if args.to and args.repo:
        raise RadError("--to writes to a folder, --repo sends to the Hub: choose one")
    if args.repo:
        hub.check_name(args.repo)
    tasks = Tasks(args.data_dir, args.seasons or (args.to or ROOT).parent / "seasons")
    with tempfile.TemporaryDirectory(prefix="rad-submit-") as temporary:
        root = Path(temporary).resolve()
        with Console(stderr=True).status("packing"):
            entry = pack(args, root, tasks)
        with Console(stderr=True).status("scoring the predictions again"):
            verdict = check(root / entry.file, root, tasks)
        if verdict.faults:
            raise RadError(f"{args.folder}: not submitted: {'; '.join(verdict.faults)}")
        files = [root / entry.folder / entry.predictions.path, root / entry.file]
        console.print(
            f"{entry.result.label} on {entry.result.task.domain}: {verdict.recomputed} scores recomputed, "
            f"{verdict.attested} attested" + ("; the season is sealed" if verdict.sealed else ""),
            markup=False,
        )
        done = propose(args.repo, root, files, args.dry_run) if args.repo else None
        if args.dry_run:
            for path in files:
                place = f"entries/{path.relative_to(root)}"
                console.print(
                    f"would send {place}  {path.stat().st_size:,} bytes  sha256 {sha256_file(path)[:12]}", markup=False
                )
            who = f"{entry.submitter.name} <{entry.submitter.contact}>"
            console.print(f"to {args.repo or args.to or ROOT}, as {who}", markup=False)
        elif done:
            console.print(f"opened {done.pull_request}", markup=False)
        else:
            console.print(f"wrote {store(entry, files[0], args.to or ROOT)}", markup=False)
    return 0


def pack(args: argparse.Namespace, root: Path, tasks: Tasks) -> Entry:
    """The entry of a run's folder, written below ``root`` with its predictions. :class:`RadError` on what is no run."""
    folder: Path = args.folder
    result = _part(folder / "result.json", Result)
    explanation = _part(folder / FILE, Explanation) if (folder / FILE).exists() else None
    name = result.predictions.path
    if Path(name).name != name or name in ("", ".", ".."):
        raise RadError(f"{folder}: predictions.path {name!r} must be the name of a file beside result.json")
    card = args.card or folder / CARD
    about = _text(card) if args.card or card.exists() else ""
    trained_on = args.trained_on or result.model.trained_on or [f"{result.task.domain}/train"]
    draft = {
        "schema_version": 1,
        "submitter": {"name": args.name, "contact": args.contact},
        "submitted_at": provenance.now(),
        "model_card": about,
        "trained_on": list(trained_on),
        "result": result.model_dump(),
        "explanation": explanation.model_dump() if explanation else None,
        "predictions": {"path": result.run_id + PREDICTIONS, "sha256": "0" * 64},
    }
    entry, faults = faults_of(Entry, draft)
    if entry is None:
        raise RadError(f"{folder}: {'; '.join(faults)}")
    packed = _inside(root, f"{entry.folder}/{entry.predictions.path}")
    _compress(folder / name, packed)
    entry = entry.model_copy(update={"predictions": Stored(path=packed.name, sha256=sha256_file(packed))})
    task = tasks.open(entry.result.task.domain, entry.result.task.protocol)
    if not task.sealed:
        try:
            entry = _with_examples(entry, packed, task)
        except RadError as error:  # the packed file is gone when this is read
            raise RadError(str(error).replace(str(packed), str(folder / name))) from error
    with atomic_write(_inside(root, entry.file)) as file:
        file.write(entry.model_dump_json(indent=1) + "\n")
    return entry


def _with_examples(entry: Entry, packed: Path, task: Task) -> Entry:
    predictions, faults = answers.read(packed, entry, task)
    if faults:
        raise RadError("; ".join(faults))
    examples = scoring.shown(predictions, task.examples)
    return entry.model_copy(update={"examples": examples, "titles": scoring.titles(examples, task)})


def _text(path: Path) -> str:
    untrusted.regular(path, untrusted.JSON_BYTES)
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RadError(f"{path}: not UTF-8 (byte {error.start})") from error


def _part(path: Path, kind: Any) -> Any:
    record, faults = faults_of(kind, untrusted.read_json(path))
    if record is None:
        raise RadError(f"{path}: {'; '.join(faults)}")
    return record


def _inside(root: Path, name: str) -> Path:
    """A path below ``root``: a model's name is written by people."""
    path = root / name
    if root not in path.resolve().parents or path.parent.parent != root:
        raise RadError(f"result.model.name, arm and run_id make the path {ascii(name)[:100]}: not a name of a file")
    return path


def _compress(source: Path, target: Path) -> None:
    """Gzip with nothing of the time or the place in it; a file that is compressed already is packed anew."""
    if not source.is_file():
        raise RadError(f"{source}: no such file: the predictions must lie beside result.json")
    start = gzip.open if source.suffix == ".gz" else open
    target.parent.mkdir(parents=True, exist_ok=True)
    with start(source, "rb") as file, open(target, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as out:
        shutil.copyfileobj(file, out, 1 << 20)


def store(entry: Entry, predictions: Path, root: Path) -> Path:
    """Write an entry below ``root``, its predictions first. :class:`RadError` where there is one already.

    Predictions without an entry are what a stopped call left: they are written anew.
    """
    target = root / entry.file
    if target.exists():
        raise RadError(f"{target}: there is such an entry: entries are added, never changed")
    if twice := [p for p in root.glob(f"*/{entry.run_id}{ENTRY}")]:
        raise RadError(f"{twice[0]}: has this run_id")
    with atomic_write(root / entry.folder / entry.predictions.path, "wb") as out, open(predictions, "rb") as file:
        shutil.copyfileobj(file, out, 1 << 20)
    with atomic_write(target) as out:
        out.write(entry.model_dump_json(indent=1) + "\n")
    return target


def propose(repo: str, root: Path, files: list[Path], dry_run: bool) -> hub.Commit:
    """Open a pull request with the entry's files: one commit, or nothing."""
    sent = {f"entries/{path.relative_to(root).as_posix()}": path for path in files}
    return hub.commit(repo, sent, f"Entry {files[-1].parent.name} {files[-1].stem}", create_pr=True, dry_run=dry_run)
