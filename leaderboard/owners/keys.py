"""Who owns an entry: whoever holds the private half of the SSH key that signs it.

The entry publishes the public half with a signature, the submitter keeps the rest. OpenSSH signs and checks, as it does
for git: ``ssh-keygen -Y sign -n rad-leaderboard -f KEY`` signs what :func:`entry_message` gives.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from leaderboard.verification.entry import Entry, Signature, Withdrawal
from rad.errors import RadError
from rad.runtime.files import canonical

NAMESPACE = "rad-leaderboard"
SECONDS = 60  # of one call of ssh-keygen


def default_key() -> Path:
    """Where a submitter's key lies unless they name another."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "rad" / "submitter"


def entry_message(entry: Entry) -> str:
    """What the signature of an entry is of: one JSON line of all that its submitter says, without nulls.

    Whoever copies an entry cannot send it with another cost, other settings or other attested scores. What a season
    fills in, and everybody computes from the predictions, is left out: scores, ``n_repeat``, examples and titles.
    """
    statement = entry.model_dump(mode="json", exclude={"signature", "examples", "titles"}, exclude_none=True)
    statement["result"]["scores"] = [score for score in statement["result"]["scores"] if score["basis"] == "attested"]
    del statement["result"]["task"]["n_repeat"]
    return canonical(statement)


def withdrawal_message(withdrawal: Withdrawal) -> str:
    """The same of a withdrawal."""
    return canonical(["withdrawal", withdrawal.run_id, withdrawal.reason, withdrawal.withdrawn_at])


def ensured(key: Path) -> Path:
    """A private key of a submitter, made where the file is not there."""
    if not key.exists():
        key.parent.mkdir(parents=True, exist_ok=True)
        _ssh_keygen("-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(key))
    return key


def sign(message: str, key: Path) -> Signature:
    """The signature of a message. :class:`RadError` where the file is no ed25519 key that can be read."""
    if not key.is_file():
        raise RadError(f"{key}: no such key: --key names the file that submit signed with")
    public = _ssh_keygen("-y", "-f", str(key)).split()
    value = _ssh_keygen("-Y", "sign", "-q", "-n", NAMESPACE, "-f", str(key), message=message)
    try:
        return Signature(key=" ".join(public[:2]), value=value)
    except ValueError as error:
        raise RadError(f"{key}: not an ed25519 key: ssh-keygen -t ed25519 makes one") from error


def is_signed(message: str, signature: Signature) -> bool:
    """Whether the signature is of the message, by its key."""
    with tempfile.TemporaryDirectory(prefix="rad-signature-") as folder:
        signers, value = Path(folder) / "signers", Path(folder) / "signature"
        signers.write_text(f"owner {signature.key}\n")
        value.write_text(signature.value)
        words = ("-Y", "verify", "-f", str(signers), "-I", "owner", "-n", NAMESPACE, "-s", str(value))
        return _run(*words, message=message).returncode == 0


def _ssh_keygen(*words: str, message: str = "") -> str:
    done = _run(*words, message=message)
    if done.returncode:
        reason = " ".join(done.stderr.decode(errors="replace").split())[:200]
        raise RadError(f"ssh-keygen {words[0]}: {reason or 'failed'}")
    return done.stdout.decode(errors="replace")


def _run(*words: str, message: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["ssh-keygen", *words], input=message.encode(), capture_output=True, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RadError(
            f"ssh-keygen does not run ({error}): entries are signed by OpenSSH, which must be here"
        ) from error
