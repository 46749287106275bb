"""A whole campaign in two minutes: serve, draft, push, two simulated reviewers, pull, agreement.

    python -m annotation demo [FOLDER]
    python -m annotation demo --limit 10000 --reviewers 8 --answers 250        what a large campaign takes here

The reviewers are simulated: they answer through the server as a browser would, but their opinions mean nothing, and
they are named so everywhere. How long the server took for them is shown, and each answer that it accepted must be in
what is pulled. The folder stays, for you to look at.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.table import Table

from annotation.argilla.process import serving
from annotation.campaign.folder import SIMULATED, Campaign
from rad.errors import RadError
from rad.runtime import records
from rad.types import Judgement

OVERLAP = 2
LOOK_FOR = "navy -wool"  # what a reviewer searches for once a page


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("campaign", type=Path, nargs="?", metavar="FOLDER", help="default: a new temporary one")
    parser.add_argument("--domain", default="world", metavar="NAME", help="default: world")
    parser.add_argument("--limit", type=int, default=200, metavar="N", help="drafts (default: 200)")
    parser.add_argument("--reviewers", type=int, default=2, metavar="N", help="simulated reviewers (default: 2)")
    parser.add_argument("--answers", type=int, metavar="N", help="answers of each (default: until nothing is left)")


def main(args: argparse.Namespace) -> int:
    from annotation.__main__ import main as command

    if args.reviewers < OVERLAP:
        raise RadError(f"--reviewers must be at least {OVERLAP}, got {args.reviewers}")
    names = [f"{SIMULATED}{k + 1}" for k in range(args.reviewers)]
    path = args.campaign or Path(tempfile.mkdtemp(prefix="rad-demo-")) / "demo"
    if path.exists() and any(path.iterdir()):
        raise RadError(f"{path} is not empty: the demo begins a new campaign")
    campaign = Campaign(path)
    started = time.monotonic()

    def step(what: str) -> None:
        print(f"\n[{time.monotonic() - started:5.1f} s] {what}", flush=True)

    step("draft")
    command(["draft", str(path), "--domain", args.domain, "--limit", str(args.limit)])
    step("serve")
    with serving(campaign) as url:
        print(f"serving at {url}")
        step("push")
        command(["push", str(path), "--reviewers", ",".join(names), "--overlap", str(OVERLAP)])
        step(f"{len(names)} simulated reviewers answer through the server")
        accepted = review(campaign, url, names, args.answers)
        step("status")
        command(["status", str(path)])
        step("pull")
        command(["pull", str(path)])
    pulled = {(j.annotator, j.rationale_id) for _, j in records.read(campaign.file("judgements.jsonl"), Judgement)}
    print(f"accepted by the server: {len(accepted):,} answers; lost of these: {len(accepted - pulled):,}")
    if lost := accepted - pulled:
        raise RadError("the server accepted an answer that was not pulled: {} on {}".format(*min(lost)))
    step("agreement (of simulated reviewers, who are no people)")
    command(["agreement", str(path)])
    step(f"done; the campaign is in {path}")
    return 0


def review(campaign: Campaign, url: str, names: Sequence[str], answers: int | None) -> set[tuple[str, str]]:
    """All reviewers at once, each with their own session: who answered what, as the server accepted it."""
    from annotation.argilla.simulated import Simulated

    accepted: set[tuple[str, str]] = set()

    def work(name: str) -> Simulated:
        reviewer = Simulated(url, name, campaign.reviewers()[name]["password"])
        reviewer.work(reviewer.dataset(), lambda record: accepted.add((name, record)), answers, LOOK_FOR)
        return reviewer

    with ThreadPoolExecutor(len(names)) as pool:
        running = [pool.submit(work, name) for name in names]
    try:
        reviewers = [one.result() for one in running]
    except Exception as error:
        raise RadError(f"a simulated reviewer failed: {error}") from error
    table = Table("the server's part", "times", "median", "95%", "longest", title="Seconds, all reviewers at once")
    for what in ("queue", "submit", "search"):
        took = sorted(s for reviewer in reviewers for s in reviewer.seconds[what])
        marks = (took[len(took) // 2], took[int(0.95 * len(took))], took[-1]) if took else ()
        table.add_row(what, f"{len(took):,}", *(f"{s:.2f}" for s in marks))
    Console().print(table)
    return accepted
