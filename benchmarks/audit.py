"""Can item texts talk themselves into a recommendation, and whom do recommendations show, serve and speak to how?

    python -m benchmarks.audit runs/bm25/fashion-full-test-s0-1a2b3c4d runs/rationale_first/fashion-full-test-s0-...
    python -m benchmarks.audit RESULT_DIR... --no-attacks             # from the predictions alone, in seconds
    python -m benchmarks.audit RESULT_DIR --set base_url=URL/v1 --set model=NAME    # of `prompted`: its endpoint

*Manipulation*: for each attack one item in a hundred gets a text that tries to be recommended (stuffed values, orders
to a language model, copied titles, invisible characters), the model of each run is fitted anew, and the places of these
items are compared with those that they had. *Bias*: exposure of groups of items beside what was chosen, quality for
groups of users, and how rationales speak to them. A model that cannot be fitted as it was, as one behind an endpoint
whose address is missing, is not attacked, and the page says why. ``--out`` gets the page (``audit.md``), a drawing a
domain and all figures (``audit.json``).
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from rich.console import Console
from typer import Argument, Option

from benchmarks.audits.trust.bias import BiasAudit
from benchmarks.audits.trust.manipulation import manipulate
from benchmarks.audits.trust.page import ModelAudit, drawing, drawing_name, named, page
from benchmarks.explanations.faithfulness import NotAskable
from benchmarks.explanations.finished_run import DatasetCache, FinishedRun, read_finished_run
from rad.errors import RadError, run
from rad.reporting.console import console
from rad.runtime import provenance
from rad.runtime.commands import DataDir, command
from rad.runtime.files import atomic_write


@command
def main(
    folders: Annotated[
        list[Path], Argument(metavar="RESULT_DIR", help="finished runs, those of a domain on one split")
    ],
    domain: Annotated[
        str | None, Option(metavar="NAME", help="the data, where the runs' were in a folder of your own")
    ] = None,
    data_dir: DataDir = None,
    attacks: Annotated[bool, Option(help="fit each model on an attacked catalogue, too")] = True,
    settings: Annotated[
        list[str] | None, Option("--set", metavar="KEY=VALUE", help="settings that a run does not record")
    ] = None,
    out: Annotated[Path, Option(metavar="DIR", help="folder of the page")] = Path("audit"),
) -> None:
    if bare := [word for word in settings or [] if "=" not in word]:
        raise RadError(f"--set {bare[0]}: KEY=VALUE is needed")
    words = dict(word.split("=", 1) for word in settings or [])
    datasets = DatasetCache(domain, data_dir)
    audits = [audit(read_finished_run(folder, datasets), attacks, words) for folder in folders]
    texts = {"audit.md": page(audits)}
    for one in dict.fromkeys(a.domain for a in audits):
        texts[drawing_name(one)] = drawing([a for a in audits if a.domain == one])
    record = {"audits": [asdict(a) for a in audits], "provenance": provenance.collect(0)}
    texts["audit.json"] = json.dumps(record, indent=1, allow_nan=False) + "\n"
    for name, text in texts.items():
        with atomic_write(out / name) as file:
            file.write(text)
    lines = named(audits)
    if attacks:
        console.print("\n".join(lines) or "no attack lifts an item by more than ten times", markup=False)
    console.print(f"wrote {out / 'audit.md'}", markup=False, soft_wrap=True)


def audit(one: FinishedRun, attacks: bool, words: dict[str, str]) -> ModelAudit:
    """The audit of one run; a model that cannot be asked is not attacked."""
    bias, label = BiasAudit(one), one.result.label
    manipulation, skipped = None, None if attacks else "--no-attacks"
    if attacks:
        try:
            with Console(stderr=True).status(f"attacking {label}"):
                manipulation = manipulate(one, words)
        except NotAskable as obstacle:
            skipped = str(obstacle)
    parts = (bias.exposures(), bias.qualities(), bias.wordings())
    return ModelAudit(label, one.result.task.domain, one.result.run_id, *parts, manipulation, skipped)


if __name__ == "__main__":
    run(main)
