"""Drafting: a drafter with its settings, the order in which training purchases are drafted, and a run of it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.progress import track

from annotation.campaign import drafts
from annotation.campaign.folder import Campaign
from annotation.drafters.base import RationaleDrafter
from rad import registry
from rad.data.dataset import Dataset
from rad.errors import RadError
from rad.settings import explained, parse
from rad.types import Example


def make_drafter(name: str, assignments: Sequence[str]) -> RationaleDrafter:
    """The drafter ``name`` under settings that are written as ``NAME=VALUE``.

    Raises:
        RadError: There is no such drafter or setting, a required one is lacking, or a value does not fit.
    """
    kind: type[RationaleDrafter] = registry.load("annotation.drafters", name)
    named = {assignment.partition("=")[0].strip() for assignment in assignments}
    settings = parse(kind.Settings, assignments, f"drafter '{name}'")
    if lacking := [key for key in kind.required if key not in named]:
        raise RadError(f"drafter '{name}' needs " + " and ".join(f"--{key.replace('_', '-')}" for key in lacking))
    return kind(settings)


def explained_settings() -> str:
    """The settings of every drafter that has some, for the help: a line each."""
    parts = []
    for name in registry.names("annotation.drafters"):
        try:
            lines = explained(registry.load("annotation.drafters", name).Settings)
        except RadError as error:  # a library is missing
            lines = [str(error)]
        if lines:
            parts.append("\n".join([f"Settings of {name} (--set NAME=VALUE ...):", *(f"  {line}" for line in lines)]))
    return "\n\n".join(parts)


def spread(examples: Iterable[Example]) -> Sequence[Example]:
    """Order examples by their ids' hashes, one of each user first, then a second of each, and so on."""
    order = sorted(examples, key=lambda e: hashlib.sha256(e.query.query_id.encode()).digest())
    seen: dict[str, int] = defaultdict(int)
    turns = []
    for example in order:
        turns.append(seen[example.query.user_id])
        seen[example.query.user_id] += 1
    return [example for _, example in sorted(zip(turns, order, strict=True), key=lambda pair: pair[0])]


def draft(
    campaign: Campaign,
    writer: RationaleDrafter,
    data: Dataset,
    limit: int,
    seed: int,
    again: drafts.Again | None,
) -> None:
    """Draft what is not drafted yet of the first ``limit`` purchases, and print what it took."""
    console = Console()
    done = drafts.mended(campaign, again)
    waiting = [e for e in spread(data.examples["train"])[:limit] if e.query.query_id not in done]
    if not waiting:
        console.print(f"{len(done):,} drafts are there already; a higher --limit adds more")
        return
    writer.fresh = again is not None
    with console.status(f"fitting {writer.name}"):
        writer.fit(data.examples["train"], data.items, seed)
    stream = track(writer.drafts(waiting), "drafting", len(waiting), console=Console(stderr=True))
    try:
        drafts.append(campaign, stream)
    finally:  # an endpoint may fail for good half-way: what it took until then is written down as well
        drafts.log(campaign, writer, seed)
        console.print(writer.summary.table())
    if line := drafts.unanswered(campaign, writer.summary):
        console.print(line, soft_wrap=True, highlight=False, markup=False)
    console.print(f"drafts are in {campaign.file(drafts.FILE)}", soft_wrap=True, highlight=False)
