"""Fetch what reviewers have answered so far, and write what the campaign gives.

    python -m annotation pull CAMPAIGN

May be run while people work, as often as you like. judgements.jsonl gets every submitted answer under a pseudonym, also
where reviewers disagree; an adjudicator's answer stands beside the others. rationales.jsonl gets the drafts that stand,
in corrected words where reviewers corrected them and the corrected text passes the leak checks; provenance.jsonl says
of every draft how it was decided and by whom. rad.load("campaign:FOLDER") reads the result.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import argilla as rg
from rich.console import Console
from rich.table import Table

from annotation.argilla import client as connection
from annotation.argilla import form
from annotation.campaign import aggregation
from annotation.campaign.folder import SIMULATED, Campaign
from annotation.commands.draft import drafts_of, opened
from rad.errors import RadError
from rad.rationales import rules as rationales
from rad.rationales.rules import Rules
from rad.runtime import records
from rad.runtime.files import write_jsonl
from rad.types import Judgement, Rationale

PAUSE = 600  # seconds between two answers beyond which a reviewer was doing something else


def arguments(parser: argparse.ArgumentParser) -> None:
    connection.arguments(parser)


def main(args: argparse.Namespace) -> int:
    campaign = Campaign(args.campaign)
    if campaign.settings.overlap is None:
        raise RadError(f"nothing was pushed yet: python -m annotation push {campaign.path}")
    client = connection.connect(campaign, args.api_url)
    with connection.speaking("pull"):
        judgements = pull(client, campaign)
    write_jsonl(campaign.file("judgements.jsonl"), judgements)
    states = release(campaign, judgements)
    _report(campaign, judgements, states)
    return 0


def pull(client: rg.Argilla, campaign: Campaign) -> list[Judgement]:
    """All judgements: those on the server now, and those pulled earlier whose reviewer or draft the server has lost."""
    names, roles, withdrawn = connection.usernames(client), campaign.reviewers(), set(campaign.withdrawn())
    overlap = campaign.settings.overlap or 2
    fresh: list[Judgement] = []
    there: set[str] = set()
    for dataset_name in (connection.REVIEW, connection.ADJUDICATION):
        review = dataset_name == connection.REVIEW
        dataset = connection.find(client, campaign, dataset_name)
        if dataset is None:
            if review:
                connection.found(client, campaign)
            continue
        form.check(dataset, form.settings(client, overlap, adjudication=not review))
        rows = connection.records(client, dataset, answers=True)
        there.update(row["external_id"] for row in rows)
        role = "reviewer" if review else "adjudicator"
        for row, answer, seconds in _timed(rows):
            if answer["user_id"] in names:
                who = campaign.pseudonym(names[answer["user_id"]], role)
                version = campaign.settings.guideline_version
                fresh += form.judgements(row["external_id"], who, answer["values"], version, seconds)
        if strangers := {names[a["user_id"]] for _, a, _ in _timed(rows) if a["user_id"] in names} - roles.keys():
            print(f"{len(strangers)} reviewer(s) whom push did not name have answered; they count", file=sys.stderr)
    known = {campaign.pseudonym(name, role) for name in names.values() for role in ("reviewer", "adjudicator")}
    path = campaign.file("judgements.jsonl")
    earlier = [j for _, j in records.read(path, Judgement)] if path.exists() else []
    kept = [j for j in earlier if j.annotator not in known or j.rationale_id not in there]
    if lost := {j.annotator for j in kept if j.annotator not in known | withdrawn}:
        print(
            f"{len(lost)} reviewer(s) have no account any more: what was pulled of them before stays", file=sys.stderr
        )
    merged = [j for j in [*kept, *fresh] if j.annotator not in withdrawn]
    return sorted(merged, key=lambda j: (j.rationale_id, j.annotator, j.question))


def _timed(rows: Iterable[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], Mapping[str, Any], float | None]]:
    """Submitted answers, each with the seconds since its reviewer's last one, None after a pause or at the start."""
    by_user: dict[str, list[tuple[datetime, Mapping[str, Any], Mapping[str, Any]]]] = defaultdict(list)
    for row in rows:
        for answer in row["responses"]:
            by_user[answer["user_id"]].append((datetime.fromisoformat(answer["updated_at"]), row, answer))
    out: list[tuple[Mapping[str, Any], Mapping[str, Any], float | None]] = []
    for answers in by_user.values():
        answers.sort(key=lambda entry: entry[0])
        last: datetime | None = None
        for moment, row, answer in answers:
            gap = (moment - last).total_seconds() if last else None
            last = moment
            if answer["status"] == "submitted":
                out.append((row, answer, round(gap, 1) if gap is not None and 0 < gap <= PAUSE else None))
    return out


def release(campaign: Campaign, judgements: Sequence[Judgement]) -> Counter[str]:
    """Write rationales.jsonl and provenance.jsonl; how many drafts are in which state."""
    settings = campaign.settings
    judged = aggregation.grouped(judgements)
    data = opened(settings)
    examples, rules = {e.query.query_id: e for e in data.examples["train"]}, Rules(data.items)
    given: list[Rationale] = []
    provenance: list[dict[str, Any]] = []
    states: Counter[str] = Counter()
    for draft in drafts_of(campaign):
        answers = judged.get(draft.rationale_id, {})
        decided, final, broken = aggregation.outcome(answers, settings.overlap or 2, draft.text), draft, list[str]()
        state: str = decided.state
        if decided.text is not None:
            example = examples[draft.query_id]
            final = aggregation.corrected(draft, decided.text, example.query, rules)
            broken = aggregation.check(final, example, rules)
            state = "failed_checks" if broken else state
        states[state] += 1
        if state in ("accepted", "edited"):
            given.append(final)
        if answers:
            line = {
                "draft_id": draft.rationale_id,
                "query_id": draft.query_id,
                "rationale_id": final.rationale_id if state in ("accepted", "edited") else None,
                "state": state,
                "broken_rules": broken or None,
                "verdicts": {who: said.get("verdict") for who, said in sorted(answers.items())},
                "decided_by": list(decided.decided_by),
                "adjudicated": decided.adjudicated,
                "simulated": decided.simulated,
                "origin": draft.origin,
                "drafter": draft.drafter,
                "drafter_version": draft.drafter_version,
                "guideline_version": settings.guideline_version,
            }
            provenance.append({k: v for k, v in line.items() if v is not None})
    rationales.write(campaign.file("rationales.jsonl"), given)
    write_jsonl(campaign.file("provenance.jsonl"), provenance)
    return states


def _report(campaign: Campaign, judgements: Sequence[Judgement], states: Mapping[str, int]) -> None:
    by = Counter((j.annotator) for j in judgements if j.question == "verdict")
    people = sum(n for who, n in by.items() if not who.startswith(SIMULATED))
    table = Table("drafts", "", title="After this pull", title_justify="left", show_header=False)
    words = {
        "accepted": "stand as drafted",
        "edited": "stand in corrected words",
        "rejected": "rejected",
        "disagreed": "wait for an adjudicator (push --adjudicator NAME)",
        "failed_checks": "corrected, but the new text fails the leak checks",
        "waiting": "wait for more answers",
    }
    for state, said in words.items():
        table.add_row(f"{states.get(state, 0):,}", said)
    console = Console()
    console.print(table)
    simulated = sum(by.values()) - people
    more = f" and {simulated:,} of simulated reviewers, who are no people" if simulated else ""
    console.print(f"{people:,} reviews of people{more}, from {len(by):,} pseudonyms", highlight=False)
    console.print(f"wrote judgements, rationales and provenance to {campaign.path}", soft_wrap=True, highlight=False)
