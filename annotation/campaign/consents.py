"""Consents: who has agreed, when, to what happens with their answers. ``consents.jsonl`` has a line a pseudonym."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from annotation.campaign.folder import Campaign
from rad.runtime import records
from rad.runtime.files import write_jsonl

FILE = "consents.jsonl"


@dataclass(frozen=True, slots=True)
class Consent:
    """What one person answered last, under guidelines of this version."""

    annotator: str
    agrees: bool
    answered_at: str
    guideline_version: str


def read(campaign: Campaign) -> dict[str, Consent]:
    """By pseudonym, what ``pull`` has written so far."""
    path = campaign.file(FILE)
    return {one.annotator: one for _, one in records.read(path, Consent)} if path.exists() else {}


def write(campaign: Campaign, consents: Iterable[Consent]) -> None:
    """Write all, whole or not at all."""
    by_pseudonym = {one.annotator: one for one in consents}
    write_jsonl(campaign.file(FILE), [by_pseudonym[who] for who in sorted(by_pseudonym)])
