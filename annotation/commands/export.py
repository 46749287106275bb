"""Write a campaign for other programs: answers as CSV, or its drafts as tasks for Label Studio or Potato.

    python -m annotation export CAMPAIGN                            answers.csv, a row a form, and hours.csv
    python -m annotation export CAMPAIGN --format label-studio      label-studio/: config.xml, tasks.json
    python -m annotation export CAMPAIGN --format potato            potato/: config.yaml, tasks.jsonl

Reviewers are pseudonyms. Hours are what was measured between two answers; a form after a pause has no time, so
``hours_estimated`` counts each form as the reviewer's median. ``import`` takes back what people answer in another tool.
"""

from __future__ import annotations

from typing import Annotated, Literal

from typer import Option

from annotation.campaign import drafts, judgements
from annotation.campaign.folder import ANSWERS, HOURS, Campaign
from annotation.commands._options import CampaignFolder
from annotation.evaluation import checks, pairs, spreadsheets
from annotation.study import design
from rad.errors import RadError
from rad.runtime.commands import command


@command
def main(
    folder: CampaignFolder,
    format: Annotated[Literal["csv", "label-studio", "potato"], Option(help="for which program")] = "csv",
) -> None:
    campaign = Campaign(folder)
    if format == "csv":
        _write_spreadsheets(campaign)
        return
    if design.is_study(campaign):
        raise RadError(f"{campaign.path} is a study, whose lists no other tool keeps apart: serve it")
    from annotation.exchange import label_studio, potato, tasks

    rows, there = tasks.tasks(campaign), campaign.file(format)
    if format == "potato":
        n = potato.write(there, campaign.settings.name, campaign.settings.overlap or 2, rows)
    else:
        n = label_studio.write(there, rows)
    tasks.write_guidelines(campaign, there)
    print(f"{n:,} tasks, the form and the guidelines are in {there}")


def _write_spreadsheets(campaign: Campaign) -> None:
    rationales = drafts.by_id(campaign)
    with campaign.locked("answers"):
        reviews, comparisons = [*judgements.read(campaign), *checks.read_answers(campaign)], pairs.read(campaign)
        if not (reviews or comparisons):
            raise RadError(f"nobody has answered yet: 'python -m annotation pull {campaign.path}' when somebody has")
        forms = spreadsheets.write(campaign, rationales, reviews, comparisons)
    print(f"{forms:,} forms in {campaign.file(ANSWERS)}; time of each reviewer in {campaign.file(HOURS)}")
