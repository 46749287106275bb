"""What people say of each model whose rationales a campaign reviews, and which of two models they prefer.

    python -m annotation models CAMPAIGN

It prints tables, and writes ``models.json`` (every figure). Models are the drafters of the campaign: ``draft --drafter
file`` takes finished runs, ``push`` sends their drafts to reviewers, and ``push --compare`` two models' for one query.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

from typer import Option

from annotation.campaign import drafts, judgements
from annotation.campaign.folder import MODELS, Campaign
from annotation.commands._options import CampaignFolder
from annotation.evaluation import pairs
from annotation.evaluation.models import FIGURES, Models, Share, measure
from rad.errors import RadError
from rad.reporting.console import console, labels, table
from rad.runtime import provenance
from rad.runtime.commands import command
from rad.runtime.files import atomic_write, sha256_file

LONGEST = 12  # characters of a name that its tables have room for


@command
def main(
    folder: CampaignFolder,
    seed: Annotated[int, Option(min=0, help="of the bootstrap")] = 0,
    resamples: Annotated[int, Option(metavar="N", help="of the bootstrap")] = 1000,
) -> None:
    if resamples < 1 or seed < 0:
        raise RadError(f"--resamples must be at least 1 and --seed at least 0, got {resamples} and {seed}")
    campaign = Campaign(folder)
    rationales = drafts.by_id(campaign)
    lengths = {name: len(draft.text) for name, draft in rationales.items()}
    reviewed = campaign.file(judgements.FILE).exists()
    reviews = [one.judgement for one in judgements.read_reviewers(campaign, lengths)] if reviewed else []
    models = measure(rationales, reviews, pairs.read(campaign), seed, resamples)
    if models.group is None:
        raise RadError(f"nobody has answered yet: 'python -m annotation pull {campaign.path}' when somebody has")
    files = [path for name in (drafts.FILE, judgements.FILE, pairs.FILE) if (path := campaign.file(name)).exists()]
    record = {
        "schema_version": 1,
        "campaign": campaign.path.resolve().name,
        **asdict(models),
        "data": {path.name: sha256_file(path) for path in files},
        "provenance": provenance.collect(seed),
    }
    with atomic_write(campaign.file(MODELS)) as file:
        file.write(json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    _show(models)
    console.print(f"wrote {campaign.file(MODELS)}", soft_wrap=True, markup=False)


def _show(models: Models) -> None:
    if models.group == "simulated":
        console.print("No person has answered: these are simulated reviewers, who are no people.")
    names = {*models.reviewed, *(name for one in models.compared for name in (one.model, one.other))}
    label = labels(sorted(names), LONGEST)
    if models.reviewed:
        rows = table("Reviews (mean [95%])", "model", "queries", *FIGURES)
        for model, figures in models.reviewed.items():
            most = max(share.n_queries for share in figures.values())
            shown = [_spoken(figures[figure]) if figure in figures else "–" for figure in FIGURES]
            rows.add_row(label[model], f"{most:,}", *shown)
        console.print(rows)
    if models.compared:
        rows = table("Preferred, ties being half", "model", "to", "question", "share [95%]", "wins", "ties", "losses")
        for one in models.compared:
            counts = [f"{n:,}" for n in one.counts]
            rows.add_row(label[one.model], label[one.other], one.question, _spoken(one.preferred), *counts)
        console.print(rows)
    for name in (name for name in sorted(names) if label[name] != name):
        console.print(f"{label[name]}: {name}", soft_wrap=True, markup=False)


def _spoken(share: Share) -> str:
    ends = "" if share.low is None else f" [{share.low:.2f}, {share.high:.2f}]"
    return f"{share.value:.2f}{ends}"
