"""How far reviewers agree beyond chance, per question and per pair of reviewers, with intervals; written as a report.

    python -m annotation agreement campaigns/first

Reads ``judgements.jsonl`` and ``drafts.jsonl`` of the campaign, prints a table and writes ``agreement.json`` (every
figure) and ``report.html`` (one file to send on; it asks for nothing from outside). :mod:`annotation.agreement.measure`
says how agreement is measured.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from annotation.agreement import console as terminal
from annotation.agreement import report
from annotation.agreement.calibration import calibrate
from annotation.agreement.measure import DRAFTS, JUDGEMENTS, measure_answers, read_drafts, read_judgements
from annotation.campaign import judgements
from annotation.campaign.judgements import Group
from rad.errors import RadError
from rad.runtime import provenance
from rad.runtime.files import atomic_write, sha256_file


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("campaign", type=Path, metavar="CAMPAIGN", help="the campaign's folder")
    parser.add_argument("--seed", type=int, default=0, help="of the bootstrap (default: 0)")
    parser.add_argument("--resamples", type=int, default=1000, metavar="N", help="of the bootstrap (default: 1000)")


def main(args: argparse.Namespace) -> int:
    if args.resamples < 1:
        raise RadError(f"--resamples must be at least 1, got {args.resamples}")
    if args.seed < 0:
        raise RadError(f"--seed must not be negative, got {args.seed}")
    folder = args.campaign
    drafts = read_drafts(folder)
    lengths = {name: len(draft.text) for name, draft in drafts.items()}
    answered = read_judgements(folder, lengths)
    if not answered:
        raise RadError(f"{folder / JUDGEMENTS}: nobody has answered yet; 'pull' again when somebody has")
    found = measure_answers(answered, lengths, args.seed, args.resamples)
    files = sorted(folder.glob("judge-*.jsonl"))
    against: Group = "people" if found.people.reviewers else "simulated"
    theirs = [one for one in answered if one.group == against]
    judges = [
        one
        for path in files
        for one in calibrate(judgements.read(path, lengths, judge=True), theirs, against, args.seed, args.resamples)
    ]
    record: dict[str, Any] = {
        "schema_version": 1,
        "campaign": folder.resolve().name,
        **asdict(found),
        "judges": [asdict(one) for one in judges],
        "data": {path.name: sha256_file(path) for path in (folder / DRAFTS, folder / JUDGEMENTS, *files)},
        "provenance": provenance.collect(args.seed),
    }
    with atomic_write(folder / "agreement.json") as file:
        json.dump(record, file, indent=1, ensure_ascii=False, allow_nan=False)
        file.write("\n")
    facts = {name: record[name] for name in ("campaign", "data")} | {"created": provenance.now()}
    with atomic_write(folder / "report.html") as file:
        file.write(report.page(found, judges, drafts, facts))
    terminal.show(found, judges)
    wrote = f"wrote {folder / 'agreement.json'} and {folder / 'report.html'}"
    terminal.console.print(wrote, soft_wrap=True, markup=False)
    return 0
