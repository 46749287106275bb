"""Take what people corrected in the app, and write what of it trains a model.

    python -m benchmarks.app --split train --feedback FOLDER       where they correct rationales
    python -m annotation feedback FOLDER                           what this makes of it
    python -m benchmarks.run --model rationale_first --domain campaign:FOLDER

feedback.jsonl, which the app only appends to, stays as it is. judgements.jsonl gets each person's last answers,
rationales.jsonl what stands or was corrected and passes the checks, provenance.jsonl how each came about. Rationales of
training queries alone become training data; feedback on others, and on pasted histories, is kept and counted.
"""

from __future__ import annotations

from annotation.campaign.folder import Campaign
from annotation.campaign.release import release
from annotation.commands._options import CampaignFolder
from annotation.commands._states import print_states
from annotation.exchange import feedback
from rad.runtime.commands import command
from rad.runtime.files import read_jsonl


@command
def main(folder: CampaignFolder) -> None:
    campaign = Campaign(folder)
    with campaign.locked("answers"):
        reviews, forms, pasted = feedback.take(campaign)
        states = release(campaign, reviews)
    print(f"{forms:,} forms on drafts, {pasted:,} on pasted histories, which train nothing")
    print_states(campaign, reviews, states)
    trains = sum(1 for _ in read_jsonl(campaign.file("rationales.jsonl")))
    print(f"{trains:,} rationales of training queries: --domain campaign:{campaign.path} trains on them")
