"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

CampaignFolder = Annotated[Path, Argument(metavar="CAMPAIGN", help="the campaign's folder")]
ApiUrl = Annotated[
    str | None,
    Option(metavar="URL", help="another Argilla than the campaign's own; its key is read from ARGILLA_API_KEY"),
]
