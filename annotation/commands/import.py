"""Take what people answered in Label Studio or Potato on tasks of ``export``, as ``pull`` takes what Argilla has.

    python -m annotation import CAMPAIGN --format label-studio --file export.json
    python -m annotation import CAMPAIGN --format potato --file annotations.jsonl

The file is Label Studio's export as JSON, or Potato's as JSONL. It may be read again at any time: newer answers of a
person take the place of older ones, and nothing else goes. Reviewers become pseudonyms; who withdrew is not read.
Asking people for their consent is up to you: it stands at the end of the guidelines beside the tasks.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from typer import Option

from annotation.campaign.folder import Campaign
from annotation.campaign.release import release
from annotation.commands._options import CampaignFolder
from annotation.commands._states import print_states
from annotation.exchange import label_studio, potato, tasks
from rad.runtime.commands import command


@command
def main(
    folder: CampaignFolder,
    format: Annotated[Literal["label-studio", "potato"], Option(help="whose file it is")],
    file: Annotated[Path, Option(metavar="FILE", help="what the tool exported")],
) -> None:
    campaign = Campaign(folder)
    read = potato.read if format == "potato" else label_studio.read
    with campaign.locked("answers"):
        reviews, forms = tasks.take(campaign, read(file))
        states = release(campaign, reviews)
    print(f"{forms:,} forms in {file}")
    print_states(campaign, reviews, states)
