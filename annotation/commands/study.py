"""A trust study: do people trust a ranking more with its rationale, and for what the rationale says?

    python -m annotation study plan CAMPAIGN --run RUN          pages in five arms, the sample, and the registration
    python -m annotation study simulate CAMPAIGN                the analysis on simulated answers, before any is given
    python -m annotation study push CAMPAIGN --participants 120 (serve the campaign in another terminal)
    python -m annotation pull CAMPAIGN
    python -m annotation study analyse CAMPAIGN                 what the registered analysis says of the answers

Arms are the ranking alone, with its rationale, with another user's, with wrong citations, and explained afterwards.
``serve``, ``status``, ``pull``, ``pause`` and ``withdraw`` work as for any campaign.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Option

from annotation.campaign.data import open_data
from annotation.campaign.folder import Campaign
from annotation.commands._options import ApiUrl, CampaignFolder
from annotation.evaluation import finished_runs
from annotation.study import answers, console, design, planning, simulation
from annotation.study.analysis import estimate
from rad.runtime.commands import DataDir, group


def plan(
    folder: CampaignFolder,
    run: Annotated[Path, Option(metavar="RUN", help="a finished run's folder, or its predictions.jsonl")],
    domain: Annotated[str, Option(metavar="NAME", help="the run's data set")] = "world",
    data_dir: DataDir = None,
    queries: Annotated[int, Option(metavar="N", help="queries in all, each of another user")] = 40,
    pages: Annotated[int, Option(metavar="N", help="queries that each participant sees")] = 20,
    gain: Annotated[float, Option(help="of trust that is claimed, as a share of that of the ranking alone")] = 0.2,
    least: Annotated[float, Option(help="smallest difference from another explanation that is to be found")] = 0.1,
    studies: Annotated[int, Option(metavar="N", help="simulated studies for each number of participants")] = 200,
    seed: Annotated[int, Option(min=0, help="of the blocks and the simulation")] = 0,
) -> None:
    """Write pages in five arms from a finished run, and the registration with the sample size."""
    campaign, path = planning.new(folder), finished_runs.predictions_of(run)
    wanted = planning.Wanted(queries, pages, gain, least, seed, studies)
    data = open_data(None, domain, data_dir)
    planned = planning.plan(path, data, wanted)
    planning.write(campaign, data, planned)
    console.show_plan(campaign, planned.design, planned.tried)


def simulate(
    folder: CampaignFolder,
    studies: Annotated[
        int, Option(metavar="N", help="simulated studies with the planted effects, and with none")
    ] = 500,
    seed: Annotated[int, Option(min=0, help="of the simulation")] = 1,
) -> None:
    """Run the registered analysis on simulated answers: its power, and how often it finds what is not there."""
    one = design.read(Campaign(folder))
    console.show_simulation(
        one,
        simulation.simulated(one, one.planted, studies, seed),
        simulation.simulated(one, simulation.NOTHING, studies, seed + 1),
        studies,
    )


def push(
    folder: CampaignFolder,
    participants: Annotated[int, Option(metavar="N", help="accounts in all: p001, p002, ...")],
    api_url: ApiUrl = None,
) -> None:
    """Send the lists of pages, and make participants' accounts, as many in each list."""
    from annotation.study import pages

    pages.push(Campaign(folder), participants, api_url)


def analyse(folder: CampaignFolder) -> None:
    """Print and write what the registered analysis says of the answers that were pulled."""
    campaign = Campaign(folder)
    one = design.read(campaign)
    with campaign.locked("answers"):
        taken = answers.read(campaign, one)
        console.show_analysis(campaign, one, taken, estimate(taken.answers))


main = group(plan, simulate, push, analyse)
