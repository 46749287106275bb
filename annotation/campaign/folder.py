"""A campaign's folder: what lies where, its settings, its secrets, and the pseudonyms of its reviewers.

campaign.json      name, domain and its sha256, drafter, versions, overlap
drafts.jsonl       the rationales to review, and more of them: see annotation/campaign/drafts.py
judgements.jsonl   what reviewers answered, under pseudonyms; withdrawn.jsonl pseudonyms that are never to be read
consents.jsonl     who agreed to what happens with their answers, and when
checks.jsonl       drafts with known answers, which the lead writes; check_answers.jsonl what reviewers answered on them
guidelines.md      what reviewers read, where it is not the package's own; so are comparing.md and consent.md
rationales.jsonl   what the campaign gives; provenance.jsonl where each comes from
judge-NAME.jsonl   what a judge answered; judge-NAME.json how that came about
agreement.json     how far reviewers agree; report.html shows it
comparisons.jsonl  which of two models' drafts reviewers prefer; models.json what they say of each model
study.json         the design of a trust study; registration.md what was registered, trust.json what came out
.argilla/          the form, for releases
server/            the embedded server's database
secrets/           passwords and keys; leave it out when you share the folder
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from annotation.campaign.pseudonyms import PREFIX, Role, is_simulated
from rad.errors import RadError
from rad.runtime import records
from rad.runtime.files import Journal, atomic_write, read_jsonl
from rad.runtime.provenance import now

AGREEMENT, REPORT, MODELS, ANSWERS, HOURS = "agreement.json", "report.html", "models.json", "answers.csv", "hours.csv"
TRUST = "trust.json"
REPORTS = AGREEMENT, REPORT, MODELS, ANSWERS, HOURS, TRUST  # they quote or count what reviewers answered
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Settings:
    """What ``campaign.json`` holds.

    ``overlap`` reviewers answer each draft, and up to ``max_overlap`` where they disagree.
    ``data_sha256`` is that of the domain when the drafts were written. ``key_fingerprint`` is that of the key of
    pseudonyms: no other campaign has it.
    """

    name: str
    domain: str
    data_sha256: str
    drafter: str
    drafter_version: str
    guideline_version: str
    created: str
    overlap: int | None = None
    max_overlap: int | None = None
    key_fingerprint: str | None = None
    schema_version: Literal[1] = 1


class Campaign:
    """The folder at ``path``; nothing is read or made before it is needed."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        if self.path.exists() and not self.path.is_dir():
            raise RadError(f"{path}: is a file, a campaign is a folder")
        self.secrets, self.server = self.path / "secrets", self.path / "server"

    def file(self, name: str) -> Path:
        """The path of one of the files above."""
        return self.path / name

    @property
    def settings(self) -> Settings:
        """What ``campaign.json`` holds. :class:`RadError` where there is no campaign, or one of a later version."""
        hint = f"the folder holds no campaign yet: python -m annotation draft {self.path} begins one"
        return records.read_document(Settings, self.file("campaign.json"), hint)

    def make(self) -> None:
        """Make the folder, where there is none. :class:`RadError` on a name that no workspace may have."""
        if not self.path.exists() and not NAME.fullmatch(self.path.name):
            raise RadError(f"{self.path.name}: a campaign's name has letters, digits, '-', '_' and '.' alone")
        self.path.mkdir(parents=True, exist_ok=True)

    def begin(self, settings: Settings) -> Settings:
        """Write the settings of a new campaign; for one that has begun, refuse others than its own.

        Returns:
            The campaign's settings, those of its beginning.
        """
        path = self.file("campaign.json")
        if not path.exists():
            return self._set(settings, key_fingerprint=_fingerprint(self._make_key()))
        first = self.settings
        pairs = zip(asdict(first).items(), asdict(settings).values(), strict=True)
        for (name, value), other in pairs:
            if name not in ("created", "overlap", "max_overlap", "name", "key_fingerprint") and value != other:
                noun = name.replace("_", " ")
                raise RadError(f"{self.path} is a campaign with {noun} {value}, not {other}: begin another folder")
        return first

    def set_overlap(self, overlap: int, most: int | None = None) -> Settings:
        """Write down how many reviewers are to answer each draft, at ``most`` where they disagree."""
        return self._set(self.settings, overlap=overlap, max_overlap=most)

    def set_guidelines(self, version: str) -> Settings:
        """Write down under which version of the guidelines reviewers answer."""
        return self._set(self.settings, guideline_version=version)

    def _set(self, settings: Settings, **changes: Any) -> Settings:
        changed = replace(settings, **changes)
        self._write(self.file("campaign.json"), asdict(changed))
        return changed

    @contextmanager
    def locked(self, what: Literal["drafts", "answers"]) -> Iterator[None]:
        """Be the only command that writes the drafts, or the answers, while a block lasts.

        Raises:
            RadError: Another command does, or there is no campaign.
        """
        if not self.path.is_dir():
            raise RadError(f"{self.path}: no such campaign folder")
        with open(self.file(f".{what}.lock"), "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RadError(f"another command writes the {what} of {self.path}: wait until it has ended") from None
            yield

    # Secrets: files that nobody but their owner can read, in a folder that nobody else can enter

    def owner(self) -> dict[str, str]:
        """The embedded server's owner: name, password, key, and the key that signs sessions. Made once, at random."""
        account = {"username": "owner", "password": secrets.token_urlsafe(18), "api_key": secrets.token_urlsafe(48)}
        return self._secret("owner.json", {**account, "session_key": secrets.token_hex(32)})

    def reviewers(self) -> dict[str, dict[str, str]]:
        """By user name: role, the password where this campaign made the account, quota, list, whether it is paused."""
        path = self.secrets / "reviewers.json"
        return self._read_secret(path) if path.exists() else {}

    def add_reviewer(self, username: str, role: Role, password: str | None = None) -> None:
        """Write down somebody's role, and the password of an account that this campaign makes."""
        entry = {**self.reviewers().get(username, {}), "role": role, **({"password": password} if password else {})}
        self._write_secret("reviewers.json", {**self.reviewers(), username: entry})

    def mark_reviewer(self, username: str, **facts: str | None) -> None:
        """Write down more of a reviewer: ``quota``, ``paused``; None takes a fact away."""
        entry = {**self.reviewers()[username], **facts}
        written = {name: fact for name, fact in entry.items() if fact is not None}
        self._write_secret("reviewers.json", {**self.reviewers(), username: written})

    def drop_reviewer(self, username: str) -> None:
        """Forget somebody's role and password."""
        self._write_secret("reviewers.json", {k: v for k, v in self.reviewers().items() if k != username})

    def withdrawn(self) -> list[str]:
        """Pseudonyms whose answers are never to be read again."""
        path = self.file("withdrawn.jsonl")
        return [line["annotator"] for _, line in read_jsonl(path)] if path.exists() else []

    def withdraw(self, annotator: str) -> None:
        """Write down that somebody's answers are never to be read again."""
        if annotator not in self.withdrawn():
            with Journal(self.file("withdrawn.jsonl")) as journal:
                journal.append({"annotator": annotator, "at": now()})

    def pseudonym(self, username: str, role: str = "reviewer") -> str:
        """The name under which somebody's answers are kept. Nobody can compute it without the campaign's key."""
        if is_simulated(username):
            return username
        digest = hmac.new(self._key, f"{role}:{username}".encode(), hashlib.sha256).hexdigest()
        return PREFIX[role] + digest[:8]

    @property
    def fingerprint(self) -> str:
        """What no other campaign has: it is that of the key of pseudonyms."""
        return _fingerprint(self._key)

    @cached_property
    def _key(self) -> bytes:
        """The key of pseudonyms. Another than the campaign's would make two people of each reviewer: it is refused."""
        settings, path = self.settings, self.secrets / "pseudonyms.json"
        if not path.exists() and (settings.key_fingerprint or self._has_pseudonyms()):
            raise RadError(
                f"{path}: the key of this campaign's pseudonyms is not here, and another would count each reviewer "
                "twice: copy secrets/ from the campaign's own folder"
            )
        key = self._make_key()
        if settings.key_fingerprint is None:  # begun before there were fingerprints
            self._set(settings, key_fingerprint=_fingerprint(key))
        elif settings.key_fingerprint != _fingerprint(key):
            raise RadError(
                f"{path}: is another campaign's key, and would count each reviewer twice: copy secrets/ from the "
                "campaign's own folder"
            )
        return key

    def _make_key(self) -> bytes:
        return bytes.fromhex(self._secret("pseudonyms.json", {"key": secrets.token_hex(32)})["key"])

    def _has_pseudonyms(self) -> bool:
        path = self.file("judgements.jsonl")
        return path.exists() and any(not is_simulated(line["annotator"]) for _, line in read_jsonl(path))

    def _secret(self, name: str, default: dict[str, str]) -> dict[str, str]:
        """What the file holds; ``default`` is written first where there is none."""
        if not (self.secrets / name).exists():
            self._write_secret(name, default)
        return self._read_secret(self.secrets / name)

    @staticmethod
    def _read_secret(path: Path) -> dict[str, Any]:
        try:
            secret: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return secret
        except ValueError as error:
            raise RadError(f"{path}: not a JSON object ({error})") from error

    def make_private(self, folder: Path) -> None:
        """Make one of the campaign's folders, which nobody else can enter and git does not see."""
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        if not (folder / ".gitignore").exists():
            (folder / ".gitignore").write_text("*\n")

    def _write_secret(self, name: str, record: object) -> None:
        self.make_private(self.secrets)
        self._write(self.secrets / name, record, 0o600)

    @staticmethod
    def _write(path: Path, record: object, permissions: int = 0o644) -> None:
        with atomic_write(path, permissions=permissions) as file:
            json.dump(record, file, indent=1, ensure_ascii=False)


def _fingerprint(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()[:16]
