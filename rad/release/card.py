"""The card of RAD, rendered from the data: ``DATASET_CARD.md`` of the project, ``README.md`` of each release.

The text is ``card.md.j2``. The built-in worlds are counted each time (``python -m rad card``). The counts
of other domains stand in ``facts.json``, with the sha256 of what was counted. So the card is rendered without their
files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import ChainableUndefined, Environment

from rad.data.arrow import FIELDS, rationale_row
from rad.data.dataset import Dataset
from rad.data.describe import numbers
from rad.data.load import load_domain, open_dataset
from rad.data.splits import SPLITS
from rad.release import croissant
from rad.release.gather import Release
from rad.release.manifest import PARTS, Manifest, source_sha256
from rad.runtime.files import atomic_write

Facts = dict[str, Any]
"""What the card says of a domain, as in ``facts.json``."""
WORLDS = {"world": "world", "world_science": "world_science"}
"""The built-in domains of the card, by name."""
TEMPLATE = Path(__file__).with_name("card.md.j2")
FACTS = Path(__file__).with_name("facts.json")
ROOT = Path(__file__).resolve().parents[2]
EXAMPLE_REPO = "OWNER/rad-world"
VERSIONS = (
    ("0.1.0", "the first one: the built-in worlds version 1, loaders of third-party domains version 1"),
    ("0.2.0", "the same data; modules have moved"),
)
DEFECTS = (
    "A draft is the likeliest explanation under a mixture that is fitted to purchases, and nobody's testimony. It "
    "chooses among the 26 most telling facts of a history, says nothing of tastes that last, and leaves about half of "
    "the purchases of `scientific` unexplained.",
    "Facts count other users' training purchases: where these are few, a fact that holds may say little.",
    "The known reasons of a world are in prose of their own and state no numbers, so their `soundness` is empty.",
    "Reasons name attribute values as the source spells them, with its errors and its double categories.",
    "`croissant.json` describes lists of structs one level down; what is deeper, as the reasons of a rationale, is "
    "only in the parquet files.",
)
"""What is wrong and known, beside what loaders have counted."""
ERRATA: tuple[tuple[str, str], ...] = ()
"""Version and what was wrong in it. Nothing is changed in place: a correction is a new version."""


def facts(name: str, data: Dataset) -> Facts:
    """What the card says of a domain."""
    n = numbers(data)
    counts = {key: int(n[key]) for key in ("users", "items", "interactions", "timestamps", "ratings")}
    attributes = sorted({a for item in data.items.values() for a in item.attributes})
    return {
        "version": data.version,
        "sha256": data.sha256,
        "source_sha256": source_sha256(data.items, data.sequences),
        "ordered": data.ordered,
        **counts,
        **{f"{split} queries": int(n[f"{split} queries"]) for split in SPLITS},
        "rationales": sum(int(n[f"{split} rationales"]) for split in SPLITS),
        "cold test targets": round(1 - n["test warm"], 4),
        "attributes": attributes,
        "notes": dict(data.notes),
    }


def recorded() -> dict[str, Facts]:
    """What ``facts.json`` holds, by domain."""
    return dict(json.loads(FACTS.read_text(encoding="utf-8"))) if FACTS.exists() else {}


def project_card(domains: Mapping[str, Facts], world: Dataset) -> str:
    """``DATASET_CARD.md``: all domains, by name, with what :func:`facts` says of each."""
    sources = [
        (name, *terms)
        for name in domains
        for terms in dict.fromkeys((s.origin, s.licence, s.redistribute) for s in load_domain(name).sources)
    ]
    return _render(
        title=json.dumps("RAD"),
        rows=sum(f["train queries"] for f in domains.values()),
        licence="cc-by-4.0",
        domains=domains,
        worlds=WORLDS,
        sources=sources,
        repo=EXAMPLE_REPO,
        name="world",
        tables=PARTS,
        example=_example(world),
    )


def release_card(release: Release, manifest: Manifest, repo: str | None) -> str:
    """``README.md`` of a release."""
    return _render(
        title=json.dumps(f"RAD {manifest.data}"),
        rows=manifest.counts()["examples"][0],
        licence="cc-by-4.0" if manifest.texts else "other",
        configs=manifest.paths(),
        manifest=manifest,
        repo=repo or EXAMPLE_REPO.replace("world", manifest.domain),
        name=manifest.data,
        tables=tuple(release.tables),
        example=_example(release.dataset) if manifest.texts else None,
    )


def _render(rows: int, **values: object) -> str:
    """``card.md.j2`` with ``values``; ``rows`` is the number of examples, of which the Hub wants the magnitude."""
    sizes = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"))
    size = next((name for limit, name in sizes if rows < limit), "1M<n<10M")
    jinja = Environment(
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, undefined=ChainableUndefined, autoescape=False
    )
    template = jinja.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(size=size, fields=FIELDS, versions=VERSIONS, errata=ERRATA, defects=DEFECTS, **values)


def _example(data: Dataset) -> dict[str, object] | None:
    """One real row: the first test query with reasons."""
    rows = data.examples["test"]
    example = next((e for e in rows if e.rationale and e.rationale.verdict == "supported"), None)
    if example is None or example.rationale is None:
        return None
    return {
        "history": [f"[{k}] {data.items[x.item_id].title}" for k, x in enumerate(example.query.history, 1)],
        "answer": "; ".join(data.items[item].title for item in example.relevant),
        "rationale": json.dumps(rationale_row(example.rationale), indent=1, ensure_ascii=False),
    }


def render() -> dict[str, str]:
    """Content of ``DATASET_CARD.md`` and ``croissant.json``, by name."""
    worlds = {name: open_dataset(spec) for name, spec in WORLDS.items()}
    domains = {name: facts(name, data) for name, data in worlds.items()} | recorded()
    description = croissant.describe(worlds["world"], EXAMPLE_REPO, domains)
    return {"DATASET_CARD.md": project_card(domains, worlds["world"]), "croissant.json": croissant.text(description)}


def record(names: Iterable[str], data_dir: Path | None) -> None:
    """Count domains into ``facts.json``, beside those that it holds."""
    counts = recorded()
    for name in names:
        counts[name] = facts(name, open_dataset(name, data_dir))
    with atomic_write(FACTS) as file:
        file.write(json.dumps(counts, indent=1, ensure_ascii=False) + "\n")
