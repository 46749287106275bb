"""The drafts of a campaign: the one reader and the one writer of ``drafts.jsonl`` and of the files beside it.

drafts.jsonl      a rationale a line, which people review
rejected.jsonl    what failed the checks: query_id, faults, and the refused rationale where there is one; what got no
                  answer, too, with the endpoint's words, until the next call asks again
contrasts.jsonl   explanations of pairs, those of one draft together
drafting.jsonl    what each call of ``draft`` did and took
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Literal

from annotation.campaign import further
from annotation.campaign.folder import Campaign
from annotation.drafters.base import Draft, RationaleDrafter, Summary
from rad.errors import RadError
from rad.rationales import files
from rad.runtime import records
from rad.runtime.files import Journal, parse_jsonl, read_jsonl, write_jsonl
from rad.runtime.provenance import now
from rad.types import PairExplanation, Rationale

FILE, REJECTED, CONTRASTS, LOG = "drafts.jsonl", "rejected.jsonl", "contrasts.jsonl", "drafting.jsonl"
UNANSWERED = "unanswered"  # the rule that a draft without any answer breaks
Again = Literal["failed", "all"]


def read(campaign: Campaign) -> list[Rationale]:
    """Read the drafts, without mending the file: a last line that is being written is left out.

    Raises:
        RadError: A line is no rationale, or a rationale_id comes twice.
    """
    path = campaign.file(FILE)
    if not path.exists():
        return []
    *complete, _ = path.read_bytes().split(b"\n")
    try:
        lines = list(enumerate((line.decode() for line in complete), 1))
    except UnicodeDecodeError as error:
        raise RadError(f"{path}: not UTF-8 ({error.reason})") from error
    return [draft for _, draft in files.parse(path, parse_jsonl(path, lines))]


def by_id(campaign: Campaign) -> dict[str, Rationale]:
    """Read the drafts by rationale id.

    Raises:
        RadError: There is no such folder, or nothing was drafted yet.
    """
    if not campaign.path.is_dir():
        raise RadError(f"{campaign.path}: no such campaign folder")
    if not campaign.file(FILE).exists():
        raise RadError(f"{campaign.file(FILE)}: no such file: python -m annotation draft {campaign.path}")
    return {draft.rationale_id: draft for draft in read(campaign)}


def mended(campaign: Campaign, again: Again | None = None) -> set[str]:
    """Drop what a kill left unfinished and what is to be asked again; the query ids that are done.

    A last line that was cut short goes, and so do the explanations of pairs whose draft was never written. What got no
    answer is always asked again, ``failed`` drops all rejections as well, ``all`` the drafts, too.

    Raises:
        RadError: Drafts that are with reviewers cannot be dropped.
    """
    if again == "all":
        if campaign.file(further.FILE).exists():
            raise RadError(f"{campaign.path}: its drafts are with reviewers, so --again all needs another campaign")
        for name in (FILE, REJECTED, CONTRASTS):
            campaign.file(name).unlink(missing_ok=True)
    for name in (FILE, REJECTED, CONTRASTS):
        Journal(campaign.file(name)).close()  # drops a line that was cut short
    drafted = {draft.query_id for draft in read(campaign)}
    path = campaign.file(CONTRASTS)
    pairs = [pair for _, pair in records.read(path, PairExplanation)]
    of_drafts = [pair for pair in pairs if pair.query_id in drafted]
    if len(of_drafts) < len(pairs):
        write_jsonl(path, of_drafts)
    path = campaign.file(REJECTED)
    rejected = [line for _, line in read_jsonl(path)]
    final = [] if again else [line for line in rejected if not any(v["rule"] == UNANSWERED for v in line["faults"])]
    if len(final) < len(rejected):
        write_jsonl(path, final)
    return drafted | {line["query_id"] for line in final}


def append(campaign: Campaign, drafts: Iterable[Draft]) -> None:
    """Append each draft as soon as it is done: its pair explanations first, so that a draft is never without them."""
    with (
        Journal(campaign.file(FILE)) as accepted,
        Journal(campaign.file(REJECTED)) as rejected,
        Journal(campaign.file(CONTRASTS)) as contrasts,
    ):
        for draft in drafts:
            if draft.rationale is None:
                line = {"query_id": draft.query_id, "faults": [asdict(v) for v in draft.violations]}
                rejected.append({**line, **({"refused": draft.refused} if draft.refused else {})})
                continue
            for pair in draft.contrasts:
                contrasts.append(pair)
            accepted.append(draft.rationale)


def unanswered(campaign: Campaign, summary: Summary) -> str:
    """What is to be said of drafts that got no answer; nothing where all got one.

    Raises:
        RadError: None of the drafts got an answer of use.
    """
    path = campaign.file(REJECTED)
    if summary.useless == summary.drafts:
        raise RadError(f"the endpoint answered nothing of use: {path} has its words; --again failed asks anew")
    n = summary.unanswered
    return f"{n:,} got no answer: {path} has the endpoint's words; the same command asks again" if n else ""


def log(campaign: Campaign, drafter: RationaleDrafter, seed: int) -> None:
    """Append what this call did and took. Settings hold no secret: a URL with one is refused."""
    kind = type(drafter.settings)
    settings = {field.alias or name: getattr(drafter.settings, name) for name, field in kind.model_fields.items()}
    what = {"drafter": drafter.name, "version": str(drafter.version), "settings": settings}
    with Journal(campaign.file(LOG)) as journal:
        journal.append({**what, "seed": seed, "finished": now(), "summary": drafter.summary.record()})
