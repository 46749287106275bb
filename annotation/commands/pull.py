"""Fetch what reviewers have answered so far, and write what the campaign gives.

    python -m annotation pull CAMPAIGN

May be run while people work, as often as you like. judgements.jsonl gets every submitted answer under a pseudonym, also
where reviewers disagree; an adjudicator's answer stands beside the others. rationales.jsonl gets the drafts that stand,
corrected where reviewers corrected them and what comes out passes the checks; provenance.jsonl says of every draft how
it was decided and by whom. The adjudicator sees from then on what was pulled. rad.load("campaign:FOLDER") reads the
result.
"""

from __future__ import annotations

from collections.abc import Sequence

from annotation.argilla.adjudication import show_answers
from annotation.argilla.client import argilla_errors, connect
from annotation.argilla.pull import pull_answers
from annotation.argilla.push import grow_overlap
from annotation.campaign import judgements
from annotation.campaign.folder import Campaign
from annotation.campaign.release import release
from annotation.commands._options import ApiUrl, CampaignFolder
from annotation.commands._states import print_states
from annotation.evaluation import checks, pairs
from annotation.study import design
from rad.errors import RadError
from rad.runtime.commands import command
from rad.types import Judgement


@command
def main(folder: CampaignFolder, api_url: ApiUrl = None) -> None:
    campaign = Campaign(folder)
    if campaign.settings.overlap is None:
        raise RadError(f"nothing was pushed yet: python -m annotation push {campaign.path}")
    client = connect(campaign, api_url)
    with campaign.locked("answers"):
        with argilla_errors("pull"):
            pulled = pull_answers(client, campaign)
            judgements.write(campaign, pulled.reviews)
            if pulled.comparisons:
                pairs.write(campaign, pulled.comparisons)
            if pulled.checks:
                checks.write_answers(campaign, pulled.checks)
            show_answers(client, campaign)
            more = grow_overlap(client, campaign)
        if design.is_study(campaign):
            _print_study(campaign, pulled.reviews)
            return
        states = release(campaign, pulled.reviews)
    print_states(campaign, pulled.reviews, states)
    if more:
        print(f"{more:,} drafts on which reviewers disagree wait for one more answer")
    if pulled.comparisons:
        forms = {(one.rationale_id, one.annotator) for one in pulled.comparisons}
        print(f"{len(forms):,} comparisons of two models: python -m annotation models {campaign.path} says who wins")


def _print_study(campaign: Campaign, pulled: Sequence[Judgement]) -> None:
    participants = {one.annotator for one in pulled if one.question == "trust"}
    pages = sum(one.question == "trust" for one in pulled)
    print(f"{pages:,} pages of {len(participants):,} participants: python -m annotation study analyse {campaign.path}")
