"""Taking an entry back: its owner adds a file that says so and why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from leaderboard.owners.keys import is_signed, sign, withdrawal_message
from leaderboard.verification.entry import ENTRY, WITHDRAWN, Entry, Withdrawal, parse, read
from leaderboard.verification.untrusted import text_violations
from rad.errors import RadError
from rad.runtime import provenance
from rad.runtime.files import atomic_write


def withdraw(root: Path, run_id: str, reason: str, key: Path) -> Path:
    """Write the file that takes an entry back, and return it. :class:`RadError` unless its owner does so, once.

    ``key`` signs it where the entry is signed; otherwise whoever may write to the folder is taken at their word.
    """
    paths = [p for p in root.glob(f"*/*{ENTRY}") if p.name == run_id + ENTRY]
    if not paths:
        raise RadError(f"{root}: no entry has the run_id {run_id}")
    entry, target = read(paths[0], Entry), paths[0].with_name(run_id + WITHDRAWN)
    if target.exists():
        raise RadError(f"{target}: it is withdrawn already")
    raw = {
        "schema_version": 1,
        "run_id": run_id,
        "reason": reason,
        "submitter": entry.submitter.model_dump(),
        "withdrawn_at": provenance.now(),
    }
    record, violations = parse(Withdrawal, raw)
    violations += text_violations(raw)
    if record is None or violations:
        raise RadError("; ".join(violations))
    if entry.signature is not None:
        signature = sign(withdrawal_message(record), key)
        if signature.key != entry.owner:
            raise RadError(f"{key}: not the key that signed the entry: only its owner withdraws it")
        record = record.model_copy(update={"signature": signature})
    with atomic_write(target) as file:
        file.write(record.model_dump_json(indent=1) + "\n")
    return target


def withdrawal_violations(path: Path, is_new: bool = False) -> Iterator[str]:
    """Why the withdrawal in a file is not its owner's. Of unsigned entries only the repository's owner adds one."""
    try:
        withdrawal, entry = read(path, Withdrawal), read(path.with_name(_entry_of(path)), Entry)
    except RadError as error:
        yield str(error).replace(f"{path.parent.parent}/", "")
        return
    name = f"{path.parent.name}/{path.name}"
    yield from (f"{name}: {line}" for line in text_violations(withdrawal.model_dump()))
    if f"{withdrawal.run_id}{WITHDRAWN}" != path.name:
        yield f"{name}: withdraws {withdrawal.run_id}"
    if withdrawal.submitter != entry.submitter:
        yield f"{name}: only who submitted an entry withdraws it ({entry.submitter.name})"
    signature = withdrawal.signature
    if entry.signature is None:
        if is_new:
            yield f"{name}: the entry is not signed, so nobody can show that it is theirs: ask the repository's owner"
    elif signature is None or signature.key != entry.owner or not is_signed(withdrawal_message(withdrawal), signature):
        yield f"{name}: not signed by the key of the entry: only its owner withdraws it"


def _entry_of(path: Path) -> str:
    return path.name.removesuffix(WITHDRAWN) + ENTRY
