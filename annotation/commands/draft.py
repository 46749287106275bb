"""Write draft rationales for people to review; the first call begins the campaign.

    python -m annotation draft CAMPAIGN --domain world --limit 200
    python -m annotation draft CAMPAIGN --domain world --drafter llm --base-url URL/v1 --model NAME
    python -m annotation draft CAMPAIGN --limit 500                        (goes on, to 500 drafts)
    python -m annotation draft CAMPAIGN --domain world --drafter file --file RUN --file RUN      (what models wrote)

Drafts are of training purchases, one of each user before any user comes twice, in an order that is the same everywhere.
Each is checked for leaks: what passes is a line of drafts.jsonl, what does not a line of rejected.jsonl with what it
violates. A command that was killed goes on where it was; what an endpoint left unanswered is asked again by the next
one. ``--again failed`` drafts anew what was rejected, ``--again all`` everything, as long as no reviewer has it. Each
call adds a line to drafting.jsonl: the drafter's settings, counts, tokens and cost. Where the endpoint answers nothing,
the exit status is 2. ``file`` takes the rationales of finished runs, several models mixed, test queries included, for
people to compare: nobody sees whose a rationale is.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated

from typer import Option

from annotation import guidelines
from annotation.campaign import drafts
from annotation.campaign.data import open_data
from annotation.campaign.drafting import draft, explained_settings, make_drafter
from annotation.campaign.folder import Campaign, Settings
from annotation.commands._options import CampaignFolder
from annotation.evaluation import rationale_files
from rad.errors import RadError
from rad.runtime.commands import DataDir, command
from rad.runtime.provenance import now


@partial(command, more=explained_settings)
def main(
    folder: CampaignFolder,
    domain: Annotated[
        str | None, Option(metavar="NAME", help="the data set (default: world, or the campaign's)")
    ] = None,
    data_dir: DataDir = None,
    drafter: Annotated[
        str | None,
        Option(metavar="NAME", help="evidence (needs nothing), llm or file (default: evidence, or the campaign's)"),
    ] = None,
    limit: Annotated[int, Option(metavar="N", help="drafts tried in all; file: queries")] = 200,
    seed: Annotated[int, Option(min=0, help="of the drafter's fit")] = 0,
    base_url: Annotated[str | None, Option(metavar="URL", help="llm: an OpenAI-compatible endpoint")] = None,
    model: Annotated[str | None, Option(metavar="NAME", help="llm: the endpoint's model")] = None,
    file: Annotated[
        list[str] | None,
        Option(metavar="[NAME=]PATH", help="file: predictions or rationales (.jsonl, or a run's folder), once a model"),
    ] = None,
    settings: Annotated[
        list[str] | None, Option("--set", metavar="NAME=VALUE", help="more of the drafter's settings, as listed below")
    ] = None,
    again: Annotated[
        drafts.Again | None, Option(help="ask anew, past the cache, for what was rejected, or for everything")
    ] = None,
) -> None:
    campaign = Campaign(folder)
    begun = campaign.settings if campaign.file("campaign.json").exists() else None
    name = drafter or (begun.drafter if begun else "evidence")
    if limit < 1:
        raise RadError(f"--limit must be at least 1, got {limit}")
    endpoint = {"base_url": base_url, "model": model}
    flags = [f"{key}={value}" for key, value in endpoint.items() if value]
    if (name == rationale_files.NAME) != bool(file):
        raise RadError("--drafter file needs --file [NAME=]PATH, once for each model, and no other drafter takes it")
    sources = rationale_files.read_sources(file or ())
    writer = None if sources else make_drafter(name, [*flags, *(settings or ())])
    data = open_data(begun, domain, data_dir)
    wanted = Settings(
        name=campaign.path.name,
        domain=data.name,
        data_sha256=data.sha256,
        drafter=name,
        drafter_version=str(writer.version) if writer else rationale_files.version(sources),
        guideline_version=guidelines.read(folder).version,
        created=now(),
    )
    campaign.make()
    with campaign.locked("drafts"):
        campaign.begin(wanted)
        if writer:
            draft(campaign, writer, data, limit, seed, again)
        else:
            rationale_files.draft(campaign, sources, data, limit, again)
