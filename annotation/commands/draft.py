"""Write draft rationales for people to review; the first call begins the campaign.

    python -m annotation draft CAMPAIGN --domain world --limit 200
    python -m annotation draft CAMPAIGN --domain world --drafter llm --base-url URL/v1 --model NAME
    python -m annotation draft CAMPAIGN --limit 500                        (goes on, to 500 drafts)

Drafts are of training purchases, one of each user before any user comes twice, in an order that is the same everywhere.
Each is checked for leaks: what passes is a line of drafts.jsonl, what does not a line of rejected.jsonl with the
faults. A command that was killed goes on where it was; what an endpoint left unanswered is asked again by the next
one. Each call adds a line to drafting.jsonl: the drafter's settings, counts, tokens and cost.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import pydantic
from rich.console import Console
from rich.progress import track

from annotation import guidelines
from annotation.campaign.folder import Campaign, Settings
from rad import registry
from rad.data.dataset import Dataset
from rad.data.load import open_dataset
from rad.errors import RadError
from rad.rationales import rules
from rad.runtime import records
from rad.runtime.files import Journal, read_jsonl, write_jsonl
from rad.runtime.provenance import now
from rad.types import Example, PairExplanation


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("campaign", type=Path, metavar="CAMPAIGN", help="the campaign's folder")
    parser.add_argument("--domain", metavar="NAME", help="the data set (default: world, or the campaign's)")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder with raw files (default: RAD_DATA)")
    parser.add_argument("--drafter", metavar="NAME", help="evidence (default, needs nothing) or llm")
    parser.add_argument("--limit", type=int, default=200, metavar="N", help="drafts tried in all (default: 200)")
    parser.add_argument("--seed", type=int, default=0, help="of the drafter's fit (default: 0)")
    parser.add_argument("--base-url", metavar="URL", help="llm: an OpenAI-compatible endpoint")
    parser.add_argument("--model", metavar="NAME", help="llm: the endpoint's model")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="more of the drafter's settings")


def main(args: argparse.Namespace) -> int:
    campaign, console = Campaign(args.campaign), Console()
    begun = campaign.settings if campaign.file("campaign.json").exists() else None
    name = args.drafter or (begun.drafter if begun else "evidence")
    if args.limit < 1:
        raise RadError(f"--limit must be at least 1, got {args.limit}")
    given = {"base_url": args.base_url, "model": args.model}
    drafter = make(name, [*(f"{k}={v}" for k, v in given.items() if v), *args.set])
    data = opened(begun, args.domain, args.data_dir)
    campaign.begin(
        Settings(
            name=campaign.path.name,
            domain=data.name,
            data_sha256=data.sha256,
            drafter=name,
            drafter_version=str(drafter.version),
            guideline_version=guidelines.VERSION,
            created=now(),
        )
    )
    done = finished(campaign)
    wanted = [e for e in spread(data.examples["train"])[: args.limit] if e.query.query_id not in done]
    if not wanted:
        console.print(f"{len(done):,} drafts are there already; a higher --limit adds more")
        return 0
    with console.status(f"fitting {name}"):
        drafter.fit(data.examples["train"], data.items, args.seed)
    stream = track(drafter.drafts(wanted), "drafting", len(wanted), console=Console(stderr=True))
    try:
        unanswered = write(campaign, stream)
    finally:  # an endpoint may fail for good half-way: what it took until then is told as well
        record(campaign, drafter, args.seed)
        console.print(drafter.summary.table())
    if unanswered:
        console.print(f"{unanswered:,} got no answer from the endpoint: give the same command again to ask for them")
    console.print(f"drafts are in {campaign.file('drafts.jsonl')}", soft_wrap=True, highlight=False)
    return 0


def make(name: str, assignments: Sequence[str]) -> Any:
    """A drafter with its settings as typed. All that is wrong with them is one :class:`RadError`."""
    kind = registry.load("annotation.drafters", name)
    given = {}
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        if not equals:
            raise RadError(f"--set takes NAME=VALUE, got '{assignment}'")
        given[key] = None if value == "null" else value
    if unknown := [key for key in given if key not in kind.Settings.model_fields]:
        raise RadError(f"drafter '{name}': " + registry.unknown("setting", unknown, kind.Settings.model_fields))
    if lacking := [key for key in kind.required if key not in given]:
        raise RadError(f"drafter '{name}' needs " + " and ".join(f"--{key.replace('_', '-')}" for key in lacking))
    try:
        return kind(kind.Settings(**given))
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        raise RadError(f"drafter '{name}': {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def opened(settings: Settings | None, domain: str | None = None, data_dir: Path | None = None) -> Dataset:
    """The campaign's data set. :class:`RadError` if it is not what the drafts were written for."""
    if settings and domain and domain != settings.domain:
        raise RadError(f"the campaign is of domain {settings.domain}, not {domain}: begin another folder")
    data = _open(settings.domain if settings else domain or "world", data_dir)
    if settings and data.sha256 != settings.data_sha256:
        raise RadError(
            f"{data.name} has sha256 {data.sha256[:12]}, the campaign was begun with {settings.data_sha256[:12]}: "
            "the data or its loader changed, and drafts may cite what is no longer there"
        )
    return data


_open = lru_cache(maxsize=1)(open_dataset)  # the demo's commands share it


def spread(examples: Iterable[Example]) -> list[Example]:
    """Examples in an order of their ids' hashes, one of each user first, then a second of each, and so on."""
    order = sorted(examples, key=lambda e: hashlib.sha256(e.query.query_id.encode()).digest())
    seen: dict[str, int] = defaultdict(int)
    turns = []
    for example in order:
        turns.append(seen[example.query.user_id])
        seen[example.query.user_id] += 1
    return [example for _, example in sorted(zip(turns, order, strict=True), key=lambda pair: pair[0])]


def finished(campaign: Campaign) -> set[str]:
    """Query ids that have a draft or a rejection. Pair explanations of a draft that a kill prevented are dropped."""
    for name in ("drafts.jsonl", "rejected.jsonl", "contrasts.jsonl"):
        Journal(campaign.file(name)).close()  # drops a line that was cut short
    done = {r.query_id for _, r in rules.read(campaign.file("drafts.jsonl"))}
    path = campaign.file("contrasts.jsonl")
    kept = [pair for _, pair in records.read(path, PairExplanation)]
    whole = [pair for pair in kept if pair.query_id in done]
    if len(whole) < len(kept):
        write_jsonl(path, whole)
    return done | {line["query_id"] for _, line in read_jsonl(campaign.file("rejected.jsonl"))}


def record(campaign: Campaign, drafter: Any, seed: int) -> None:
    """What this call did and took. Settings hold no secret: a URL with one is refused."""
    with Journal(campaign.file("drafting.jsonl")) as log:
        told = {"drafter": drafter.name, "version": str(drafter.version), "settings": drafter.settings.model_dump()}
        log.append({**told, "seed": seed, "finished": now(), "summary": drafter.summary.record()})


def write(campaign: Campaign, drafts: Iterable[Any]) -> int:
    """Append each draft as soon as it is done: its pair explanations first, so that a draft is never without them.

    Returns how many were left ``unanswered``. They are no rejections, and a later call asks for them again.
    """
    unanswered = 0
    with (
        Journal(campaign.file("drafts.jsonl")) as accepted,
        Journal(campaign.file("rejected.jsonl")) as rejected,
        Journal(campaign.file("contrasts.jsonl")) as contrasts,
    ):
        for draft in drafts:
            if any(fault.rule == "unanswered" for fault in draft.violations):
                unanswered += 1
                continue
            if draft.rationale is None:
                line = {"query_id": draft.query_id, "faults": [asdict(f) for f in draft.violations]}
                rejected.append({**line, **({"refused": draft.refused} if draft.refused else {})})
                continue
            for pair in draft.contrasts:
                contrasts.append(pair)
            accepted.append(draft.rationale)
    return unanswered


def drafts_of(campaign: Campaign) -> list[Any]:
    """The campaign's drafts, by a reader who does not mend the file: a last line being written is left out."""
    path = campaign.file("drafts.jsonl")
    if not path.exists():
        return []
    whole = path.read_bytes()
    lines = whole[: whole.rfind(b"\n") + 1].decode().splitlines()
    return [rules.from_dict(json.loads(line), f"{path}:{n}") for n, line in enumerate(lines, 1)]
