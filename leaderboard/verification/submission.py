"""How a finished run becomes an entry: packed, then written to a folder or proposed on the Hub."""

from __future__ import annotations

import fcntl
import gzip
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.explanations.results import FILE, Explanation
from benchmarks.harness.results import Result
from leaderboard.owners.keys import entry_message, sign
from leaderboard.verification import predictions as answers
from leaderboard.verification import scoring, untrusted
from leaderboard.verification.checks import task_violations
from leaderboard.verification.entry import ENTRY, PREDICTIONS, Entry, Stored, parse, read
from leaderboard.verification.opening import EvaluationSets
from leaderboard.verification.task import EvaluationSet
from rad.errors import RadError
from rad.release import hub
from rad.runtime import provenance
from rad.runtime.files import atomic_write, sha256_file

CARD = "MODEL_CARD.md"


@dataclass(frozen=True)
class Submission:
    """A run's folder, and what its submitter adds.

    Attributes:
        folder: ``result.json`` with the predictions that it names, and ``explanation.json`` where there is one.
        name: Who submits.
        contact: Where to reach them.
        card: Markdown on the model; by default ``MODEL_CARD.md`` of the folder, if it is there.
        trained_on: By default what the result says of its model.
        key: The file of the private key that signs the entry; None leaves it unsigned.
    """

    folder: Path
    name: str
    contact: str
    card: Path | None = None
    trained_on: list[str] | None = None
    key: Path | None = None


def pack(submission: Submission, root: Path, sets: EvaluationSets) -> Entry:
    """The entry of a run, written below ``root`` with its predictions. :class:`RadError` on what is no run."""
    folder = submission.folder
    result = read(folder / "result.json", Result)
    explanation = read(folder / FILE, Explanation) if (folder / FILE).exists() else None
    if violations := list(task_violations(result.task)):
        raise RadError(f"{folder}: {'; '.join(violations)}")
    name = result.predictions.path
    if Path(name).name != name or name in ("", ".", ".."):
        raise RadError(f"{folder}: predictions.path {name!r} must be the name of a file beside result.json")
    card = submission.card or folder / CARD
    about = _text(card) if submission.card or card.exists() else ""
    trained_on = submission.trained_on or result.model.trained_on or [f"{result.task.domain}/train"]
    draft = {
        "schema_version": 1,
        "submitter": {"name": submission.name, "contact": submission.contact},
        "submitted_at": provenance.now(),
        "model_card": about,
        "trained_on": list(trained_on),
        "result": result.model_dump(),
        "explanation": explanation.model_dump() if explanation else None,
        "predictions": {"path": result.run_id + PREDICTIONS, "sha256": "0" * 64},
    }
    entry, violations = parse(Entry, draft)
    if entry is None:
        raise RadError(f"{folder}: {'; '.join(violations)}")
    # the digest is known only when the file is packed, and where it is packed only when the entry is valid
    packed = _inside(root, f"{entry.folder}/{entry.predictions.path}")
    _compress(folder / name, packed)
    entry = entry.model_copy(update={"predictions": Stored(path=packed.name, sha256=sha256_file(packed))})
    data = sets.open(entry.result.task.domain, entry.result.task.protocol, entry.result.task.question)
    if not data.sealed:
        try:
            entry = _with_examples(entry, packed, data)
        except RadError as error:  # the packed file is gone when this is read
            raise RadError(str(error).replace(str(packed), str(folder / name))) from error
    if submission.key:
        entry = entry.model_copy(update={"signature": sign(entry_message(entry), submission.key)})
    with atomic_write(_inside(root, entry.file)) as file:
        file.write(entry.model_dump_json(indent=1) + "\n")
    return entry


def _with_examples(entry: Entry, packed: Path, data: EvaluationSet) -> Entry:
    predictions, violations = answers.read(packed, entry, data)
    if violations:
        raise RadError(in_one_line(violations))
    examples = scoring.shown(predictions, data)
    return entry.model_copy(update={"examples": examples, "titles": scoring.titles(examples, data)})


def in_one_line(violations: Sequence[str], most: int = 5) -> str:
    """The first violations, and how many more there are."""
    more = len(violations) - most
    return "; ".join([*violations[:most], *([f"and {more} more"] if more > 0 else [])])


def _text(path: Path) -> str:
    untrusted.regular(path, untrusted.JSON_BYTES)
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise RadError(f"{path}: not UTF-8 (byte {error.start})") from error


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

    Predictions without an entry are the rest of a stopped call: they are written anew.
    """
    target = root / entry.file
    with _alone(root):
        if target.exists():
            raise RadError(f"{target}: there is such an entry: entries are added, never changed")
        if twice := [p for p in root.glob(f"*/{entry.run_id}{ENTRY}")]:
            raise RadError(f"{twice[0]}: has this run_id")
        with atomic_write(root / entry.folder / entry.predictions.path, "wb") as out, open(predictions, "rb") as file:
            shutil.copyfileobj(file, out, 1 << 20)
        with atomic_write(target) as out:
            out.write(entry.model_dump_json(indent=1) + "\n")
    return target


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """No other submission looks at the folder or writes to it meanwhile. The folder itself is the lock."""
    root.mkdir(parents=True, exist_ok=True)
    folder = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def propose(repo: str, root: Path, files: list[Path], dry_run: bool) -> hub.Commit:
    """Open a pull request with the entry's files: one commit, or nothing."""
    files_by_name = {f"entries/{path.relative_to(root).as_posix()}": path for path in files}
    return hub.commit(
        repo, files_by_name, f"Entry {files[-1].parent.name} {files[-1].stem}", create_pr=True, dry_run=dry_run
    )
