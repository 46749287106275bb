"""The data set of a campaign, opened once a process and refused where it is not the one of the drafts."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from annotation.campaign.folder import Settings
from rad.data.dataset import Dataset
from rad.data.load import open_dataset
from rad.errors import RadError
from rad.types import Example


def open_data(settings: Settings | None, domain: str | None = None, data_dir: Path | None = None) -> Dataset:
    """Open the campaign's data set.

    Args:
        settings: Those of a campaign that has begun.
        domain: The domain that was asked for (default: the campaign's, or ``world``).
        data_dir: Folder with raw files (default: ``RAD_DATA``).

    Raises:
        RadError: It is not the data set that the drafts were written for.
    """
    if settings and domain and domain != settings.domain:
        raise RadError(f"the campaign is of domain {settings.domain}, not {domain}: begin another folder")
    data = _open(settings.domain if settings else domain or "world", data_dir)
    if settings and data.sha256 != settings.data_sha256:
        raise RadError(
            f"{data.name} has sha256 {data.sha256[:12]}, the campaign was begun with {settings.data_sha256[:12]}: "
            "the data or its loader changed, and drafts may cite what is no longer there"
        )
    return data


def examples_by_id(data: Dataset) -> dict[str, Example]:
    """The examples of all splits by query id: drafts are of training purchases, rationales of runs of any."""
    return {example.query.query_id: example for examples in data.examples.values() for example in examples}


_open = lru_cache(maxsize=1)(open_dataset)  # the demo's commands share it
