"""An entry of the leaderboard: one JSON file and the predictions it was computed from.

    entries/<model>[.<arm>]/<run_id>.json                    the entry
    entries/<model>[.<arm>]/<run_id>.predictions.jsonl.gz    one Prediction a line, as the run wrote them
    entries/<model>[.<arm>]/<run_id>.withdrawn.json          only where its owner took it back

Files are added and never changed. ``README.md`` of the package describes them for who writes them without this
project. An entry is untrusted input: reading one (:mod:`leaderboard.verification.untrusted`) is bounded in memory and
refuses what JSON does not know. Whether its numbers are true is for :mod:`leaderboard.verification.checks` to say.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, ValidationError

from benchmarks.explanations.results import Explanation
from benchmarks.harness.results import Record, Result
from leaderboard.verification import untrusted
from rad.errors import RadError
from rad.runtime import provenance

SCHEMA_VERSION = 1


def entries_folder(root: Path) -> Path:
    """The folder of entries by default: the project's own in a checkout at ``root``, else one where the user stands.

    An installed wheel has no ``pyproject.toml`` beside it, and site-packages is not a place to write to.
    """
    return root / "leaderboard" / "entries" if (root / "pyproject.toml").is_file() else Path("entries")


ROOT = entries_folder(provenance.ROOT)
ENTRY, PREDICTIONS, WITHDRAWN = ".json", ".predictions.jsonl.gz", ".withdrawn.json"
NAME = r"^[A-Za-z0-9][A-Za-z0-9_.,=+-]{0,119}$"  # of models and arms: they name folders
VERSION = r"^[A-Za-z0-9][A-Za-z0-9_.+-]{0,39}$"
RUN_ID = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
SHA256 = r"^[0-9a-f]{64}$"
TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"
PUBLIC_KEY = r"^ssh-ed25519 [A-Za-z0-9+/]{68}$"
EXAMPLES = 10  # shown of an entry, at most
SHOWN_HISTORY = 100  # queries with a longer one are not shown

R = TypeVar("R", bound=Record)


class Submitter(Record):
    """Who sends an entry; the contact is published."""

    name: str = Field(min_length=1, max_length=120)
    contact: str = Field(min_length=3, max_length=200)


class Signature(Record):
    """By whom a file is: a public key, and what ``ssh-keygen -Y sign`` writes with the private one."""

    key: str = Field(pattern=PUBLIC_KEY)
    value: str = Field(min_length=1, max_length=1000)


class Claim(Record):
    """One value that a reason without numbers speaks of. ``cites`` holds places in the history, 1 the oldest."""

    attribute: str
    value: str
    wanted: bool
    weight: float
    cites: list[int]


class Sentence(Record):
    """One reason in words (:mod:`rad.rationales.text`). ``violation`` says why it is not sound; None where it is."""

    text: str
    weight: float
    violation: str | None = None


class Shown(Record):
    """One query as the page shows it.

    Reasons that state their numbers are sentences, the others are claims. ``rank`` is the target's place in the
    ranking, None where it is not there. Of a season neither is shown: who sends often would learn its answers.
    """

    query_id: str
    history: list[str] = Field(max_length=SHOWN_HISTORY)
    rationale: str | None = None
    verdict: str | None = None
    sentences: list[Sentence] = Field(default_factory=list, max_length=200)
    claims: list[Claim] = Field(default_factory=list, max_length=200)
    ranking: list[str] = Field(max_length=10)
    target: str | None = None
    rank: int | None = None
    error: str | None = None


class Stored(Record):
    """The predictions beside the entry: a bare file name, and the sha256 of the file as it lies there."""

    path: str
    sha256: str = Field(pattern=SHA256)


class Entry(Record):
    """``examples`` are taken from the predictions. ``titles`` are those of the items in them, on built-in domains only:
    texts of third parties are never stored. Times are UTC, ``2026-01-31T12:00:00Z``."""

    schema_version: Literal[1] = 1
    submitter: Submitter
    submitted_at: str = Field(pattern=TIME)
    model_card: str = Field(default="", max_length=50_000)
    trained_on: list[str] = Field(min_length=1, max_length=50)
    result: Result
    explanation: Explanation | None = None
    examples: list[Shown] = Field(default_factory=list, max_length=EXAMPLES)
    titles: dict[str, str] = Field(default_factory=dict)
    predictions: Stored
    signature: Signature | None = None

    @property
    def owner(self) -> str:
        """The key whose signature it has; of one without, what anybody may write: the name and the contact."""
        return self.signature.key if self.signature else f"{self.submitter.name}\n{self.submitter.contact}"

    @property
    def run_id(self) -> str:
        """The run's id, which no other entry has."""
        return self.result.run_id

    @property
    def folder(self) -> str:
        """The model and its arm: the folder of the entry."""
        return self.result.model.name + (f".{self.result.model.arm}" if self.result.model.arm else "")

    @property
    def file(self) -> str:
        """Where the entry belongs, below the folder of all entries."""
        return f"{self.folder}/{self.run_id}{ENTRY}"


class Withdrawal(Record):
    """The file that takes an entry back. It is signed by the key of the entry, where that is signed."""

    schema_version: Literal[1] = 1
    run_id: str = Field(pattern=RUN_ID)
    reason: str = Field(min_length=1, max_length=1000)
    submitter: Submitter
    withdrawn_at: str = Field(pattern=TIME)
    signature: Signature | None = None


def parse(kind: type[R], raw: object) -> tuple[R | None, list[str]]:
    """The record, or a violation for each bad field, all at once. Nothing is converted: ``"0.3"`` is no number."""
    version = raw.get("schema_version") if isinstance(raw, dict) else None
    if type(version) is not int or version != SCHEMA_VERSION:
        return None, [f"schema_version {str(version)[:20]!r}, this code reads {SCHEMA_VERSION}"]
    try:
        return kind.model_validate(raw, strict=True), []
    except ValidationError as error:
        return None, [f"{'.'.join(map(str, e['loc']))[:200]}: {e['msg'][:200]}" for e in error.errors()]


def read(path: Path, kind: type[R]) -> R:
    """The record in a file. :class:`RadError` names the file and all its violations."""
    record, violations = parse(kind, untrusted.read_json(path))
    if record is None:
        raise RadError(f"{path}: {'; '.join(violations[: untrusted.LISTED])}")
    return record
