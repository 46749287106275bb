"""The scorecard of a finished run's rationales: are they true, do they matter, are they about this user?

    python -m benchmarks.explain RESULT_DIR...
    python -m benchmarks.explain RESULT_DIR --no-model                 from the predictions alone
    python -m benchmarks.explain RESULT_DIR --campaign DIR             with the answers of people and judges
    python -m benchmarks.explain RESULT_DIR --judge MODEL --base-url https://HOST/v1

Every metric of ``benchmarks/metrics`` that names a family, with 95% intervals by bootstrap over queries. Those of
faithfulness ask the model again: it is fitted as in the run (from its cache where it has one) and ranks from changed
rationales for the first ``--ask`` queries. The command first prints what that takes. A model that cannot rank from a
given rationale has none of them. Results stand beside ``result.json``: ``explanation.json``,
``explanation_queries.jsonl`` and ``perturbed.jsonl`` (see :mod:`benchmarks.explanations.results`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from annotation.campaign import drafts
from annotation.campaign.folder import Campaign
from benchmarks.explanations.families import explanation_metrics
from benchmarks.explanations.finished_run import DatasetCache, read_finished_run
from benchmarks.explanations.judges import JudgeEndpoint
from benchmarks.explanations.results import FILE
from benchmarks.explanations.scorecard import show
from benchmarks.explanations.scoring import ScorecardOptions, explain, refuse_to_drop_attested
from rad.errors import RadError, run
from rad.reporting.console import console
from rad.runtime.commands import DataDir, command


@command
def main(
    folders: Annotated[list[Path], Argument(metavar="RESULT_DIR", help="finished runs")],
    no_model: Annotated[bool, Option("--no-model", help="leave out what asks the model again")] = False,
    ask: Annotated[int, Option(metavar="N", help="queries to ask about")] = 500,
    domain: Annotated[
        str | None, Option(metavar="NAME", help="the data, where the run's were in a folder of your own")
    ] = None,
    data_dir: DataDir = None,
    campaign: Annotated[Path | None, Option(metavar="DIR", help="a campaign that reviewed these rationales")] = None,
    judge: Annotated[str | None, Option(metavar="MODEL", help="a language model that judges; needs --base-url")] = None,
    base_url: Annotated[str | None, Option(metavar="URL", help="its endpoint, https://HOST/v1")] = None,
    judge_n: Annotated[int, Option(metavar="N", help="rationales to judge")] = 100,
) -> None:
    errors = [f"--{k} must be at least 1, got {n}" for k, n in (("ask", ask), ("judge-n", judge_n)) if n < 1]
    if bool(judge) != bool(base_url):
        errors.append("--judge and --base-url go together")
    if errors:
        raise RadError("; ".join(errors))
    endpoint = JudgeEndpoint(base_url, judge, judge_n) if judge and base_url else None
    if endpoint is not None:  # an endpoint that cannot be asked is an error before the model is fitted
        endpoint.client()
    if campaign is not None:  # and so is a campaign that cannot be read
        drafts.by_id(Campaign(campaign))
    datasets = DatasetCache(domain, data_dir)
    runs = [read_finished_run(folder, datasets) for folder in folders]
    if silent := [one for one in runs if not one.explained_rows]:
        raise RadError(f"{silent[0].folder}: its predictions have no rationale, so there is nothing to score")
    if no_model:
        refuse_to_drop_attested(runs)
    options = ScorecardOptions(None if no_model else ask, campaign, endpoint)
    cards = [explain(one, options) for one in runs]
    labels = [f"{one.result.label} {one.result.task.domain} s{one.result.seed}" for one in runs]
    show(labels, cards, explanation_metrics())
    for one in runs:
        console.print(f"wrote {one.folder / FILE}", markup=False, soft_wrap=True)


if __name__ == "__main__":
    run(main)
