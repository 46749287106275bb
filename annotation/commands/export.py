"""Write a campaign's answers as CSV: ``answers.csv``, a row a form, and ``hours.csv``, the time of each reviewer.

    python -m annotation export CAMPAIGN

Reviewers are pseudonyms. Hours are what was measured between two answers; a form after a pause has no time, so
``hours_estimated`` counts each form as the reviewer's median.
"""

from __future__ import annotations

from annotation.campaign import drafts, judgements
from annotation.campaign.folder import ANSWERS, HOURS, Campaign
from annotation.commands._options import CampaignFolder
from annotation.evaluation import pairs, spreadsheets
from rad.errors import RadError
from rad.runtime.commands import command


@command
def main(folder: CampaignFolder) -> None:
    campaign = Campaign(folder)
    rationales = drafts.by_id(campaign)
    with campaign.locked("answers"):
        reviews, comparisons = judgements.read(campaign), pairs.read(campaign)
        if not (reviews or comparisons):
            raise RadError(f"nobody has answered yet: 'python -m annotation pull {campaign.path}' when somebody has")
        forms = spreadsheets.write(campaign, rationales, reviews, comparisons)
    print(f"{forms:,} forms in {campaign.file(ANSWERS)}; time of each reviewer in {campaign.file(HOURS)}")
