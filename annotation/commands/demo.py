"""A whole campaign in two minutes: serve, draft, push, two simulated reviewers, pull, agreement.

    python -m annotation demo [FOLDER]
    python -m annotation demo --limit 10000 --reviewers 8 --answers 250        what a large campaign takes here

The reviewers are simulated: they answer through the server as a browser would, but their opinions mean nothing, and
they are named so everywhere. How long the server took for them is shown, and each answer that it accepted must be in
what is pulled. The folder stays, for you to look at.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from rich.console import Console
from rich.table import Table
from typer import Argument, Option

from annotation.argilla.process import serving
from annotation.argilla.simulated import Simulated, answer_together
from annotation.campaign import judgements
from annotation.campaign.folder import Campaign
from annotation.campaign.pseudonyms import SIMULATED
from rad.errors import RadError
from rad.runtime.commands import command

OVERLAP = 2
LOOK_FOR = "navy -wool"  # what a reviewer searches for once a page


@command
def main(
    folder: Annotated[Path | None, Argument(metavar="FOLDER", help="default: a new temporary one")] = None,
    domain: Annotated[str, Option(metavar="NAME")] = "world",
    limit: Annotated[int, Option(metavar="N", help="drafts")] = 200,
    reviewers: Annotated[int, Option(metavar="N", help="simulated reviewers")] = 2,
    answers: Annotated[int | None, Option(metavar="N", help="answers of each (default: until nothing is left)")] = None,
) -> None:
    from annotation.__main__ import main as run

    if reviewers < OVERLAP:
        raise RadError(f"--reviewers must be at least {OVERLAP}, got {reviewers}")
    names = [f"{SIMULATED}{k + 1}" for k in range(reviewers)]
    path = folder or Path(tempfile.mkdtemp(prefix="rad-demo-")) / "demo"
    if path.exists() and any(path.iterdir()):
        raise RadError(f"{path} is not empty: the demo begins a new campaign")
    campaign = Campaign(path)
    started = time.monotonic()

    def step(name: str) -> None:
        print(f"\n[{time.monotonic() - started:5.1f} s] {name}", flush=True)

    step("draft")
    run(["draft", str(path), "--domain", domain, "--limit", str(limit)])
    step("serve")
    with serving(campaign) as url:
        print(f"serving at {url}")
        step("push")
        run(["push", str(path), "--reviewers", ",".join(names), "--overlap", str(OVERLAP)])
        step(f"{len(names)} simulated reviewers answer through the server")
        accepted, programs = answer_together(campaign, url, names, answers, LOOK_FOR)
        _print_timings(programs)
        step("status")
        run(["status", str(path)])
        step("pull")
        run(["pull", str(path)])
    pulled = {(j.annotator, j.rationale_id) for j in judgements.read(campaign)}
    print(f"accepted by the server: {len(accepted):,} answers; lost of these: {len(accepted - pulled):,}")
    if lost := accepted - pulled:
        raise RadError("the server accepted an answer that was not pulled: {} on {}".format(*min(lost)))
    step("agreement (of simulated reviewers, who are no people)")
    run(["agreement", str(path)])
    step(f"done; the campaign is in {path}")


def _print_timings(reviewers: Sequence[Simulated]) -> None:
    table = Table("the server's part", "times", "median", "95%", "longest", title="Seconds, all reviewers at once")
    for request in ("queue", "submit", "search"):
        seconds = sorted(s for reviewer in reviewers for s in reviewer.seconds[request])
        shown = (seconds[len(seconds) // 2], seconds[int(0.95 * len(seconds))], seconds[-1]) if seconds else ()
        table.add_row(request, f"{len(seconds):,}", *(f"{s:.2f}" for s in shown))
    Console().print(table)
