"""The drafts of a campaign: the one reader and the one writer of ``drafts.jsonl`` and of the files beside it.

drafts.jsonl      a rationale a line, which people review
rejected.jsonl    what failed the checks: query_id, faults, and the refused rationale where there is one
contrasts.jsonl   explanations of pairs, those of one draft together
drafting.jsonl    what each call of ``draft`` did and took
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from annotation.campaign.folder import Campaign
from annotation.drafters.base import Draft, RationaleDrafter
from rad.errors import RadError
from rad.rationales import files
from rad.runtime import records
from rad.runtime.files import Journal, parse_jsonl, read_jsonl, write_jsonl
from rad.runtime.provenance import now
from rad.types import PairExplanation, Rationale

FILE, REJECTED, CONTRASTS, LOG = "drafts.jsonl", "rejected.jsonl", "contrasts.jsonl", "drafting.jsonl"


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


def mended(campaign: Campaign) -> set[str]:
    """Drop what a kill left unfinished; the query ids that have a draft or a rejection.

    A last line that was cut short goes, and so do the explanations of pairs whose draft was never written.
    """
    for name in (FILE, REJECTED, CONTRASTS):
        Journal(campaign.file(name)).close()  # drops a line that was cut short
    drafted = {draft.query_id for draft in read(campaign)}
    path = campaign.file(CONTRASTS)
    pairs = [pair for _, pair in records.read(path, PairExplanation)]
    of_drafts = [pair for pair in pairs if pair.query_id in drafted]
    if len(of_drafts) < len(pairs):
        write_jsonl(path, of_drafts)
    return drafted | {line["query_id"] for _, line in read_jsonl(campaign.file(REJECTED))}


def append(campaign: Campaign, drafts: Iterable[Draft]) -> int:
    """Append each draft as soon as it is done: its pair explanations first, so that a draft is never without them.

    Returns:
        How many were left ``unanswered``. They are no rejections, and a later call asks for them again.
    """
    unanswered = 0
    with (
        Journal(campaign.file(FILE)) as accepted,
        Journal(campaign.file(REJECTED)) as rejected,
        Journal(campaign.file(CONTRASTS)) as contrasts,
    ):
        for draft in drafts:
            if any(violation.rule == "unanswered" for violation in draft.violations):
                unanswered += 1
                continue
            if draft.rationale is None:
                line = {"query_id": draft.query_id, "faults": [asdict(v) for v in draft.violations]}
                rejected.append({**line, **({"refused": draft.refused} if draft.refused else {})})
                continue
            for pair in draft.contrasts:
                contrasts.append(pair)
            accepted.append(draft.rationale)
    return unanswered


def log(campaign: Campaign, drafter: RationaleDrafter, seed: int) -> None:
    """Append what this call did and took. Settings hold no secret: a URL with one is refused."""
    settings = {"drafter": drafter.name, "version": str(drafter.version), "settings": drafter.settings.model_dump()}
    with Journal(campaign.file(LOG)) as journal:
        journal.append({**settings, "seed": seed, "finished": now(), "summary": drafter.summary.record()})
