"""Fetch what reviewers have answered so far, and write what the campaign gives.

    python -m annotation pull CAMPAIGN

May be run while people work, as often as you like. judgements.jsonl gets every submitted answer under a pseudonym, also
where reviewers disagree; an adjudicator's answer stands beside the others. rationales.jsonl gets the drafts that stand,
corrected where reviewers corrected them and what comes out passes the checks; provenance.jsonl says of every draft how
it was decided and by whom. The adjudicator sees from then on what was pulled. rad.load("campaign:FOLDER") reads the
result.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from annotation.argilla.adjudication import show_answers
from annotation.argilla.client import argilla_errors, connect
from annotation.argilla.pull import pull_answers
from annotation.argilla.push import grow_overlap
from annotation.campaign import judgements
from annotation.campaign.folder import Campaign
from annotation.campaign.pseudonyms import is_simulated
from annotation.campaign.release import release
from annotation.commands._options import ApiUrl, CampaignFolder
from annotation.evaluation import checks, pairs
from rad.errors import RadError
from rad.runtime.commands import command
from rad.types import Judgement

STATES = {  # of a draft, as people read them
    "accepted": "stand as drafted",
    "edited": "stand with corrections",
    "rejected": "rejected",
    "disagreed": "wait for an adjudicator (push --adjudicator NAME)",
    "failed_checks": "corrected, but what came out fails the checks",
    "waiting": "wait for more answers",
}


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
        states = release(campaign, pulled.reviews)
    print_states(campaign, pulled.reviews, states)
    if more:
        print(f"{more:,} drafts on which reviewers disagree wait for one more answer")
    if pulled.comparisons:
        forms = {(one.rationale_id, one.annotator) for one in pulled.comparisons}
        print(f"{len(forms):,} comparisons of two models: python -m annotation models {campaign.path} says who wins")


def print_states(campaign: Campaign, pulled: Sequence[Judgement], states: Mapping[str, int]) -> None:
    reviews = Counter(j.annotator for j in pulled if j.question == "verdict")
    simulated = sum(n for annotator, n in reviews.items() if is_simulated(annotator))
    table = Table("drafts", "", title="After this pull", title_justify="left", show_header=False)
    for state, words in STATES.items():
        table.add_row(f"{states.get(state, 0):,}", words)
    console = Console()
    console.print(table)
    more = f" and {simulated:,} of simulated reviewers, who are no people" if simulated else ""
    people = reviews.total() - simulated
    console.print(f"{people:,} reviews of people{more}, from {len(reviews):,} pseudonyms", highlight=False)
    console.print(f"wrote judgements, rationales and provenance to {campaign.path}", soft_wrap=True, highlight=False)
