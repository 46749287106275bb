"""How far reviewers agree beyond chance, per question and per pair of reviewers, with intervals; written as a report.

    python -m annotation agreement campaigns/first

It prints a table, and writes ``agreement.json`` (every figure) and ``report.html`` (one file to send on; it asks for
nothing from outside). :mod:`annotation.agreement.measure`
says how agreement is measured.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from typer import Option

from annotation.agreement import console as terminal
from annotation.agreement import report
from annotation.agreement.calibration import calibrate
from annotation.agreement.measure import measure_answers
from annotation.campaign import drafts, judgements
from annotation.campaign.folder import AGREEMENT, REPORT, Campaign
from annotation.campaign.pseudonyms import Group
from annotation.commands._options import CampaignFolder
from annotation.evaluation import checks
from rad.errors import RadError
from rad.runtime import provenance
from rad.runtime.commands import command
from rad.runtime.files import atomic_write, sha256_file


@command
def main(
    folder: CampaignFolder,
    seed: Annotated[int, Option(min=0, help="of the bootstrap")] = 0,
    resamples: Annotated[int, Option(metavar="N", help="of the bootstrap")] = 1000,
) -> None:
    if resamples < 1:
        raise RadError(f"--resamples must be at least 1, got {resamples}")
    if seed < 0:
        raise RadError(f"--seed must not be negative, got {seed}")
    campaign = Campaign(folder)
    with campaign.locked("answers"):
        _report(campaign, seed, resamples)


def _report(campaign: Campaign, seed: int, resamples: int) -> None:
    rationales = drafts.by_id(campaign)
    lengths = {name: len(draft.text) for name, draft in rationales.items()}
    answered = judgements.read_reviewers(campaign, lengths)
    if not answered:
        raise RadError(f"{campaign.file(judgements.FILE)}: nobody has answered yet; 'pull' again when somebody has")
    agreement = measure_answers(answered, lengths, seed, resamples)
    files = sorted(campaign.path.glob(judgements.JUDGES))
    group: Group = "people" if agreement.people.reviewers else "simulated"
    theirs = [one for one in answered if one.group == group]
    judges = [
        calibration
        for path in files
        for calibration in calibrate(judgements.read_answers(path, lengths, judge=True), theirs, group, seed, resamples)
    ]
    on_checks = checks.results(checks.read(campaign), checks.read_answers(campaign))
    record: dict[str, object] = {
        "schema_version": 1,
        "campaign": campaign.path.resolve().name,
        **asdict(agreement),
        "judges": [asdict(one) for one in judges],
        "checks": [asdict(one) for one in on_checks],
        "data": {path.name: sha256_file(path) for path in _sources(campaign, files)},
        "provenance": provenance.collect(seed),
    }
    facts = {name: record[name] for name in ("campaign", "data")} | {"created": provenance.now()}
    page = report.page(
        agreement, judges, rationales, facts, on_checks
    )  # before anything is written: it may lack a library
    with atomic_write(campaign.path / AGREEMENT) as file:
        json.dump(record, file, indent=1, ensure_ascii=False, allow_nan=False)
        file.write("\n")
    with atomic_write(campaign.path / REPORT) as file:
        file.write(page)
    terminal.show(agreement, judges, on_checks)
    message = f"wrote {campaign.path / AGREEMENT} and {campaign.path / REPORT}"
    terminal.console.print(message, soft_wrap=True, markup=False)


def _sources(campaign: Campaign, judges: list[Path]) -> list[Path]:
    return [campaign.file(drafts.FILE), campaign.file(judgements.FILE), *judges]
