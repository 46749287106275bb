"""Take an entry back: a new file beside it says so and why. Nothing is deleted, and the page shows it as withdrawn.

    python -m leaderboard withdraw RUN_ID --reason "trained on the test split by mistake" --name NAME --contact ADDRESS

The name and contact must be those of the entry.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from leaderboard.verification.entry import ENTRY, ROOT, WITHDRAWN, Entry, Withdrawal, faults_of, read
from leaderboard.verification.untrusted import text_faults
from rad.errors import RadError
from rad.runtime import provenance
from rad.runtime.files import atomic_write


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_id", metavar="RUN_ID")
    parser.add_argument("--reason", required=True, help="shown on the page")
    parser.add_argument("--name", required=True)
    parser.add_argument("--contact", required=True)
    parser.add_argument("--entries", type=Path, default=ROOT, metavar="DIR", help="the folder of all entries")


def main(args: argparse.Namespace) -> int:
    found = [p for p in args.entries.glob(f"*/*{ENTRY}") if p.name == args.run_id + ENTRY]
    if not found:
        raise RadError(f"{args.entries}: no entry has the run_id {args.run_id}")
    entry, target = read(found[0], Entry), found[0].with_name(args.run_id + WITHDRAWN)
    if target.exists():
        raise RadError(f"{target}: it is withdrawn already")
    raw = {
        "schema_version": 1,
        "run_id": args.run_id,
        "reason": args.reason,
        "submitter": {"name": args.name, "contact": args.contact},
        "withdrawn_at": provenance.now(),
    }
    record, faults = faults_of(Withdrawal, raw)
    faults += text_faults(raw)
    if record is None or faults:
        raise RadError("; ".join(faults))
    if record.submitter != entry.submitter:
        raise RadError(f"only who submitted an entry withdraws it: {entry.submitter.name}, with their contact")
    with atomic_write(target) as file:
        file.write(record.model_dump_json(indent=1) + "\n")
    print(f"wrote {target}")
    return 0
