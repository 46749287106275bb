"""What a person makes of a rationale, as judgements in a campaign's folder, on the disk before the page says so."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from annotation import guidelines
from annotation.campaign.folder import Campaign, Settings
from annotation.campaign.judgements import NUMBERS
from annotation.exchange import feedback
from benchmarks.app.critique import Critique
from benchmarks.app.users import PASTED, Users
from rad.runtime.files import canonical
from rad.runtime.provenance import now
from rad.types import Judgement

FOLDERS = Path("runs") / "feedback"


class Keeper:
    """Appends feedback to a campaign's folder, which begins with the first.

    Args:
        users: Whose rationales are shown.
        folder: Where; None: one for these data and this model under ``runs/feedback``.
        reviewer: Whose feedback it is; files have a pseudonym.

    Raises:
        RadError: The folder is a campaign of other data, or of another model.
    """

    def __init__(self, users: Users, folder: Path | None, reviewer: str) -> None:
        card, data = users.model.card, users.data
        name = re.sub(r"[^A-Za-z0-9_.-]+", "-", f"{data.name}-{card.name}-{card.version}-{data.sha256[:8]}")
        self.campaign, self.reviewer = Campaign(folder or FOLDERS / name), reviewer
        self.settings = Settings(
            name=self.campaign.path.name,
            domain=data.name,
            data_sha256=data.sha256,
            drafter=card.name,
            drafter_version=card.version,
            guideline_version=guidelines.read(self.campaign.path).version,
            created=now(),
        )
        if self.campaign.file("campaign.json").exists():
            self.campaign.begin(self.settings)

    def keep(self, critique: Critique, since: float) -> str:
        """Append what a person made of a rationale, and say where it is.

        Args:
            critique: As it stands now.
            since: When it was shown, in seconds of ``time.monotonic``.

        Raises:
            RadError: The folder cannot be used.
        """
        is_pasted = critique.query.user_id.startswith(f"{PASTED}-")
        digest = hashlib.sha256(critique.own.text.encode()).hexdigest()[:8]  # two seeds write two drafts of a query
        draft = replace(critique.own, rationale_id=f"{critique.own.rationale_id}-{digest}")
        feedback.begin(self.campaign, self.settings)
        who, version = self.campaign.pseudonym(self.reviewer), self.campaign.settings.guideline_version
        times = round(time.monotonic() - since, 1), datetime.now(UTC).isoformat(timespec="microseconds")
        about = draft.rationale_id, who
        form = [Judgement(*about, name, answer, version, *times) for name, answer in answers(critique).items()]
        feedback.append(self.campaign, draft, form, critique.query if is_pasted else None)
        return f"Kept in {self.campaign.file(feedback.FILE)}."


def answers(critique: Critique) -> Mapping[str, str]:
    """The answers of the review form that say what was edited, by question."""
    if not critique.is_edited:
        return {"verdict": "accept"}
    own = Critique.of(critique.query, critique.own)
    pairs = list(zip(NUMBERS, own.lines, critique.lines, strict=False))
    lists = {
        "strike": [number for number, _, line in pairs if line.struck],
        "weaken": [number for number, old, line in pairs if not line.struck and line.level < old.level],
        "strengthen": [number for number, old, line in pairs if not line.struck and line.level > old.level],
    }
    edits = {name: canonical(numbers) for name, numbers in lists.items() if numbers}
    return {**edits, "edited": critique.text, "verdict": "accept_edited"}
