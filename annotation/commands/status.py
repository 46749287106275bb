"""How far a campaign is: drafts answered, each reviewer's answers, and how many of their checks are right.

    python -m annotation status CAMPAIGN
    python -m annotation status CAMPAIGN --watch      every half minute, with answers an hour and the time that is left

It reads the server, and changes nothing. Checks are those of the last ``pull``.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Annotated, Any

from rich.markup import escape
from typer import Option

from annotation.agreement.console import show_checks
from annotation.argilla.client import (
    CALIBRATION,
    COMPARISON,
    REVIEW,
    argilla_errors,
    connect,
    pushed_datasets,
    role_of,
)
from annotation.campaign.folder import Campaign
from annotation.commands._options import ApiUrl, CampaignFolder
from annotation.evaluation import checks
from annotation.evaluation.progress import Progress
from annotation.study import design
from rad.reporting.console import console, table
from rad.runtime.commands import command

EVERY = 30  # seconds


@command
def main(
    folder: CampaignFolder,
    api_url: ApiUrl = None,
    watch: Annotated[bool, Option("--watch", help="go on until all is answered, or Ctrl-C")] = False,
) -> None:
    campaign = Campaign(folder)
    client, overlap = connect(campaign, api_url), campaign.settings.overlap or 2
    planned, first = checks.read(campaign), None
    lists = design.datasets(campaign)
    mixed_in = 0 if lists else sum(not check.calibration for check in planned.values())  # pages of a study are for all
    while True:
        with argilla_errors("status"):
            datasets = pushed_datasets(client, campaign)
            there = {name: one.progress(with_users_distribution=True) for name, one in datasets.items()}
        for name, progress in there.items():
            _show(campaign, name, progress, mixed_in)
        show_checks(checks.results(planned, checks.read_answers(campaign)))
        if not watch:
            return
        work = {name: progress for name, progress in there.items() if name in (REVIEW, COMPARISON, *lists)}
        now = Progress.of(work, overlap, mixed_in)
        first = first or now
        console.print(f"\n{time.strftime('%H:%M:%S')}: {now.since(first)}\n", soft_wrap=True)
        if now.needed == 0:
            return
        time.sleep(EVERY)


def _show(campaign: Campaign, name: str, progress: Mapping[str, Any], mixed_in: int) -> None:
    overlap, role = campaign.settings.overlap, role_of(name)
    kinds_of = {COMPARISON: "pairs", **dict.fromkeys(design.datasets(campaign), "pages")}
    kind, total = kinds_of.get(name, "drafts"), progress["total"]
    total -= mixed_in if name == REVIEW else 0  # checks are for everybody, and never done
    title = f"{name}: {progress['completed']:,} of {total:,} {kind} are done"
    title += f" (answered by {overlap})" if role == "reviewer" and overlap else ""
    if name == CALIBRATION or design.is_study(campaign):
        title = f"{name}: {total:,} {kind}, for everybody"
    rows = table(title, "reviewer", "submitted", "saved", "discarded", "quota")
    invited = {
        user: entry
        for user, entry in campaign.reviewers().items()
        if entry["role"] == role and entry.get("list", name) == name
    }
    for user in sorted({*progress["users"], *invited}):
        by_record, entry = progress["users"].get(user, {}), invited.get(user, {})
        kinds = ("submitted", "draft", "discarded")
        counts = [sum(part.get(kind, 0) for part in by_record.values()) for kind in kinds]
        paused = " (paused)" if "paused" in entry else ""
        rows.add_row(escape(user) + paused, *(f"{n:,}" for n in counts), entry.get("quota", "–"))
    console.print(rows)
