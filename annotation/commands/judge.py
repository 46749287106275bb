"""Score a campaign's drafts with a judge that is no person, to see how far it agrees with people.

    python -m annotation judge CAMPAIGN --judge evidence
    python -m annotation judge CAMPAIGN --judge llm --base-url https://HOST/v1 --model NAME
    python -m annotation agreement CAMPAIGN                 shows judges beside people, and people among themselves

``evidence`` needs no language model: it scores how much likelier a draft's reasons make the item (plausibility alone).
``llm`` asks any OpenAI-compatible endpoint the form's questions under the reviewers' own guidelines; the key is read
from RAD_API_KEY or OPENAI_API_KEY and never written down. Answers go to ``judge-<name>.jsonl``, never among people's,
and how they came about (settings, counts, tokens, cost) to ``judge-<name>.json``. Answers that can be read are kept, so
a run that was stopped goes on where it was, and asks again for the others alone.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Annotated, Literal

from rich.console import Console
from rich.progress import track
from typer import Option

from annotation import guidelines
from annotation.campaign import drafts, judging
from annotation.campaign.data import open_data
from annotation.campaign.folder import Campaign
from annotation.commands._options import CampaignFolder
from annotation.judges import evidence
from annotation.judges.base import RationaleJudge
from rad.errors import RadError
from rad.llm.usage import Usage
from rad.reporting.console import console, table
from rad.runtime.commands import DataDir, command


@partial(command, more=judging.explained_settings)
def main(
    folder: CampaignFolder,
    judge: Annotated[Literal["evidence", "llm"], Option(help="which one")] = "evidence",
    name: Annotated[
        str | None, Option(help="of the judge in files and tables (default: evidence, or the model's name)")
    ] = None,
    data_dir: DataDir = None,
    base_url: Annotated[str | None, Option(metavar="URL", help="llm: the endpoint, http://HOST:PORT/v1")] = None,
    model: Annotated[str | None, Option(metavar="NAME", help="llm: the model's name at the endpoint")] = None,
    settings: Annotated[
        list[str] | None, Option("--set", metavar="NAME=VALUE", help="llm: more of the endpoint, as listed below")
    ] = None,
    again: Annotated[bool, Option("--again", help="llm: ask anew, past the cache")] = False,
) -> None:
    if judge == "llm" and not (base_url and model):
        raise RadError("--judge llm needs --base-url and --model")
    endpoint = (
        judging.endpoint_settings([f"base_url={base_url}", f"model={model}", *(settings or ())])
        if judge == "llm"
        else None
    )
    name = name or ((model or "").rpartition("/")[2] if judge == "llm" else "evidence")
    if not re.fullmatch(r"[\w.-]+", name, re.ASCII):
        raise RadError(f"--name may hold letters, digits, '.', '-' and '_' alone, got '{name}'")
    campaign = Campaign(folder)
    begun, rationales = campaign.settings, drafts.by_id(campaign)
    if not rationales:
        raise RadError(f"{campaign.file(drafts.FILE)}: no draft to judge")
    with Console(stderr=True).status(f"opening {begun.domain}"):
        data = open_data(begun, data_dir=data_dir)
    cases = judging.cases_of(campaign, data, rationales.values())
    if endpoint is None:
        program: RationaleJudge = evidence.Judge(data)
    else:
        from annotation.judges import llm  # needs httpx

        client = endpoint.endpoint("judge", "a smaller max_tokens leaves the prompt more room", fresh=again)
        program = llm.Judge(
            data, client, guidelines.read(campaign.path).reviewing, Usage(endpoint.price_in, endpoint.price_out)
        )
    version = program.guideline_version(begun.guideline_version)
    stream = track(program.judge(cases), "judging", len(cases), console=Console(stderr=True), transient=True)
    judgements = judging.judgements_of(name, version, cases, stream)
    if cases and not judgements:
        raise RadError(f"nothing was answered ({', '.join(program.unanswered)}): the same command asks again")
    path = judging.write(campaign, name, program, judgements, len(cases), data)
    rows = table("", "question", "answers", "abstained", "invalid", "unanswered")
    for question, counts in judging.tally(judgements).items():
        rows.add_row(question, *(f"{n:,}" for n in (*counts.values(), len(cases) - counts["answers"])))
    console.print(rows)
    for reason, n in program.unanswered.items():
        console.print(f"{n:,} drafts without an answer ({reason}); the same command asks for them again", markup=False)
    if program.usage is not None:
        console.print(program.usage.spoken(len(cases), "draft"), markup=False)
    console.print(f"wrote {path}; 'python -m annotation agreement {folder}' sets it beside people", markup=False)
