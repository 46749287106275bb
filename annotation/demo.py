"""A whole campaign in two minutes: serve, draft, push, two simulated reviewers, pull, agreement.

    python -m annotation demo [FOLDER]

The reviewers are simulated: they answer through the server as a browser would, but their opinions mean nothing, and
they are named so everywhere. The folder stays, for you to look at.
"""

from __future__ import annotations

import argparse
import importlib.util
import tempfile
import threading
import time
from pathlib import Path

from annotation.folder import Campaign
from annotation.serving import serving
from rad.errors import RadError

REVIEWERS = ("simulated-1", "simulated-2")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("campaign", type=Path, nargs="?", metavar="FOLDER", help="default: a new temporary one")
    parser.add_argument("--domain", default="world", metavar="NAME", help="default: world")
    parser.add_argument("--limit", type=int, default=200, metavar="N", help="drafts (default: 200)")


def main(args: argparse.Namespace) -> int:
    from annotation.__main__ import main as command

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
        command(["push", str(path), "--reviewers", ",".join(REVIEWERS), "--overlap", str(len(REVIEWERS))])
        step("two simulated reviewers answer through the server")
        review(campaign, url)
        step("status")
        command(["status", str(path)])
        step("pull")
        command(["pull", str(path)])
    if importlib.util.find_spec("annotation.agreement"):
        step("agreement (of simulated reviewers, who are no people)")
        command(["agreement", str(path)])
    step(f"done; the campaign is in {path}")
    return 0


def review(campaign: Campaign, url: str) -> None:
    """Both reviewers at once, each with their own session."""
    from annotation.simulated import Simulated

    failed: list[BaseException] = []

    def work(name: str) -> None:
        try:
            reviewer = Simulated(url, name, campaign.reviewers()[name]["password"])
            n = reviewer.work(reviewer.dataset())
            print(f"{name}: {n:,} answers")
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in REVIEWERS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise RadError(f"a simulated reviewer failed: {failed[0]}")
