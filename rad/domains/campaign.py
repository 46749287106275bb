"""A data set with the rationales that an annotation campaign approved: ``campaign:FOLDER``.

    python -m rad load campaign:campaigns/first

Items, purchases and splits are those of the domain that the campaign was begun with; the rationales are those of the
folder's ``rationales.jsonl``, in place of any that the domain has of its own. Without campaign.json and the domain's
own data nothing can be read: third-party text is never in a campaign's folder.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from rad.data.domain import BaseDomain, Corpus
from rad.data.load import load_domain
from rad.data.sources import resolve_path
from rad.errors import RadError
from rad.rationales import files
from rad.runtime.files import read_jsonl


class Domain(BaseDomain):
    """``load`` reads the domain that campaign.json names and puts the reviewed rationales on it."""

    name = "campaign"
    version = "1"

    def __init__(self, argument: str = "") -> None:
        if not argument:
            raise RadError("campaign needs a campaign's folder: campaign:FOLDER")
        self.path = argument

    def load(self, data_dir: Path | None = None) -> Corpus:
        """:class:`RadError` where the folder has no reviewed rationales, or names a campaign itself."""
        folder = resolve_path("campaign", self.path, data_dir)
        settings = folder / "campaign.json"
        try:
            spec = json.loads(settings.read_bytes())["domain"]
        except FileNotFoundError:
            raise RadError(f"{folder} holds no campaign (campaign.json)") from None
        except (ValueError, KeyError, TypeError) as error:
            raise RadError(f"{settings}: not the settings of a campaign ({error})") from error
        if not isinstance(spec, str) or spec.partition(":")[0] == "campaign":
            raise RadError(f"{settings}: domain {spec!r} is no domain with purchases of its own")
        path = folder / "rationales.jsonl"
        if not path.exists():
            raise RadError(f"{folder} has no reviewed rationales yet: python -m annotation pull {folder}")
        domain = load_domain(spec)
        corpus = domain.load(data_dir)
        rationales = {rationale.query_id: rationale for _, rationale in files.read(path)}
        queries = {f"{user}-{k}" for user, sequence in corpus.sequences.items() for k in range(len(sequence))}
        if strange := sorted(rationales.keys() - queries):
            raise RadError(
                f"{path}: query {strange[0]} is not in {spec}: is it the data that the campaign was begun with?"
            )
        notes = {
            "reviewed rationales": len(rationales),
            "of these decided by simulated reviewers, no people": _simulated(folder),
        }
        return replace(
            corpus,
            rationales=rationales,
            notes={**corpus.notes, **{k: n for k, n in notes.items() if n}},
            domain=corpus.domain or domain.name,  # public ids are those of the domain
            version=corpus.version or domain.version,
            data=spec,
        )


def _simulated(folder: Path) -> int:
    path = folder / "provenance.jsonl"
    lines = read_jsonl(path) if path.exists() else ()
    return sum(bool(line.get("simulated") and line.get("rationale_id")) for _, line in lines)
