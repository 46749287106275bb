"""The card of RAD, rendered from the data: ``DATASET_CARD.md`` of the project, ``README.md`` of each release.

    python -m rad card                      write DATASET_CARD.md and croissant.json anew
    python -m rad card --check              exit status 1 if they are not what the data says
    python -m rad card --record scientific  count a domain of third-party files, from your copy, into rad/facts.json

The built-in worlds are counted each time. What is said of the other domains is recorded in ``rad/facts.json`` with the
sha256 of what was counted, so the card can be rendered where their files are not.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rad.data.arrow import FIELDS, rationale_row
from rad.data.dataset import Dataset
from rad.data.describe import numbers
from rad.data.load import load_domain, open_dataset
from rad.data.splits import SPLITS
from rad.release import croissant
from rad.release.gather import Release
from rad.release.manifest import Manifest, source_sha256
from rad.runtime.files import atomic_write

WORLDS = {"world": "world", "world_science": "world_science"}
"""The built-in domains of the card, by name."""
FACTS = Path(__file__).with_name("facts.json")
ROOT = Path(__file__).resolve().parents[2]
EXAMPLE_REPO = "OWNER/rad-world"
VERSIONS = (
    ("0.1.0", "the first one: the built-in worlds version 1, loaders of third-party domains version 1"),
    ("0.2.0", "the same data; modules have moved"),
)
ERRATA: tuple[tuple[str, str], ...] = ()
"""Version and what was wrong in it. Nothing is changed in place: a correction is a new version."""

ABOUT = """\
RAD (Rationale-Augmented recommendation Dataset) holds recommendation queries whose answers come with a *rationale*:
weighted reasons, each resting on evidence in the user's history, written before any item is named. In the built-in
worlds the reason for every choice is known, since shoppers and catalogue are generated; for domains made from files of
others RAD holds hashed ids, their order, rationales and evidence, and joins the texts from your own copy."""

TAIL = f"""\
## Uses, and what it is not for

Made for research on recommenders that say why: ranking, rationales, their grounding and faithfulness. The worlds are
generated: a score on them says nothing of a shop's customers. Third-party domains carry the biases of their sources
(who reviews, what was sold, English texts), and rationales of them are drafts unless their origin says that people
reviewed them. Not for profiling real people: ids are hashes of public ids, and linking them back is not a use.

## Contamination of pretrained models

The texts of the third-party domains (Amazon Reviews, MovieLens, CiteULike, Rent the Runway) have been on the public web
for years. A pretrained language model may have read items, reviews and even whole histories, so a score of one on these
domains may hold memory besides skill; results name the base model for that reason. The worlds with default seeds are
public from their first release on and will be read too: claims belong on seeds that nobody trained on
(`world:seed=N`), and seasons of the leaderboard use a secret one.

## Licence

What this project generated (worlds, rationales, annotation records) is CC BY 4.0. Third-party texts, ratings and
identifiers are not part of it and keep their publishers' terms.

## Versions

{chr(10).join(f"- {version}: {what}" for version, what in VERSIONS)}

A release is pinned by its revision on the Hub (`OWNER/NAME@REVISION`), and a result records revision and sha256.

## Errata

{chr(10).join(f"- {version}: {what}" for version, what in ERRATA) or "None known."}
"""


def facts(name: str, data: Dataset) -> dict[str, Any]:
    """What the card says of a domain."""
    n = numbers(data)
    counted = {key: int(n[key]) for key in ("users", "items", "interactions", "timestamps", "ratings")}
    attributes = sorted({a for item in data.items.values() for a in item.attributes})
    return {
        "version": data.version,
        "sha256": data.sha256,
        "source_sha256": source_sha256(data.items, data.sequences),
        "ordered": data.ordered,
        **counted,
        **{f"{split} queries": int(n[f"{split} queries"]) for split in SPLITS},
        "rationales": sum(int(n[f"{split} rationales"]) for split in SPLITS),
        "cold test targets": round(1 - n["test warm"], 4),
        "attributes": attributes,
        "notes": dict(data.notes),
    }


def recorded() -> dict[str, dict[str, Any]]:
    return dict(json.loads(FACTS.read_text(encoding="utf-8"))) if FACTS.exists() else {}


def project_card(counted: Mapping[str, Mapping[str, Any]], world: Dataset) -> str:
    """``DATASET_CARD.md``: all domains."""
    rows = [
        f"| `{name}` | {'built in' if name in WORLDS else 'your copy'} | {f['users']:,} | {f['items']:,} | "
        f"{f['interactions']:,} | {f['train queries']:,} / {f['validation queries']:,} / {f['test queries']:,} | "
        f"{f['cold test targets']:.1%} | {', '.join(f['attributes'])} | `{f['sha256'][:12]}` |"
        for name, f in counted.items()
    ]
    sources = []
    for name in counted:
        for origin, licence, keep in dict.fromkeys(
            (s.origin, s.licence, s.redistribute) for s in load_domain(name).sources
        ):
            sources.append(f"- `{name}`: {origin}. Terms: {licence}. A release holds: {keep}.")
    return "\n".join(
        [
            _front("RAD", sum(f["train queries"] for f in counted.values()), "cc-by-4.0", ()),
            "# RAD\n",
            ABOUT,
            "\n## Domains\n",
            "| domain | texts | users | items | interactions | queries: train / validation / test | cold test targets "
            "| attributes | sha256 |",
            "|---|---|---|---|---|---|---|---|---|",
            *rows,
            "\nSplit leave-last-out: the last item of each user is the test answer, the last but one the validation "
            "answer; the whole catalogue is ranked. Users with one and the same sequence are counted once.",
            "\n## Sources\n",
            "`world` and `world_science` are generated by this project.",
            *sources,
            *_use(EXAMPLE_REPO, "world"),
            *_fields(("examples", "items", "users", "rationales", "drafts", "judgements", "candidates")),
            *_row(world),
            TAIL,
        ]
    )


def release_card(release: Release, manifest: Manifest, repo: str | None) -> str:
    """``README.md`` of a release."""
    data, where = release.dataset, repo or EXAMPLE_REPO.replace("world", manifest.domain)
    configs = [(name, list(splits)) for name, splits in release.tables.items()]
    counts = manifest.counts()
    kept = (
        ""
        if manifest.texts
        else (
            "\nTexts are not in it: titles, descriptions, reviews, ratings and times are their publishers'. "
            f'`rad.load("{where}")` joins them from your own copy (`RAD_DATA`) and checks its sha256.\n'
        )
    )
    licence = "cc-by-4.0" if manifest.texts else "other"
    return "\n".join(
        [
            _front(f"RAD {manifest.data}", counts["examples"][0], licence, configs),
            f"# RAD: {manifest.data}\n",
            ABOUT,
            kept,
            f"Domain version {manifest.version}, package {manifest.rad}, sha256 of the data set `{manifest.sha256}`.\n",
            "| config | rows | bytes |\n|---|---|---|",
            *(f"| {config} | {rows:,} | {size:,} |" for config, (rows, size) in counts.items()),
            *(f"\n- {what}: {n:,}" for what, n in manifest.notes.items()),
            *(f"\n- {s.file}: {s.origin}. Terms: {s.licence}. {s.fetch}" for s in manifest.sources),
            *_use(where, manifest.data),
            *_fields(tuple(release.tables)),
            *(_row(data) if manifest.texts else ()),
            TAIL,
        ]
    )


def _front(title: str, rows: int, licence: str, configs: Iterable[tuple[str, list[str]]]) -> str:
    sizes = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"))
    size = next((name for limit, name in sizes if rows < limit), "1M<n<10M")
    lines = ["---", f"pretty_name: {json.dumps(title)}", "language:\n- en", f"license: {licence}"]
    if licence == "other":
        lines += ["license_name: ids-and-rationales-cc-by-4.0", "license_link: LICENSE-DATA"]
    lines += ["task_categories:\n- text-ranking\n- text-generation"]
    lines += ["tags:\n- recommendation\n- rationales\n- explainability\n- benchmark", f"size_categories:\n- {size}"]
    configs = list(configs)
    if configs:
        lines.append("configs:")
    for k, (name, splits) in enumerate(configs):
        lines += [f"- config_name: {name}", *(["  default: true"] if k == 0 else []), "  data_files:"]
        for split in splits:
            lines += [f"  - split: {split}", f"    path: {name}/{split}-*.parquet"]
    return "\n".join([*lines, "---\n"])


def _use(repo: str, name: str) -> list[str]:
    return [
        "\n## Use\n",
        "```python",
        "import datasets",
        "import rad",
        "",
        f'data = rad.load("{name}")  # built on the spot, or from your files',
        f'data = rad.load("{repo}@REVISION")  # from the Hub, pinned',
        f'test = datasets.load_dataset("{repo}", "examples", split="test")  # without this package',
        "```\n",
    ]


def _fields(configs: Iterable[str]) -> list[str]:
    out = ["## Fields\n"]
    for config in configs:
        if config == "drafts":
            out.append("`drafts`: what reviewers of a campaign judged; the fields of `rationales`.\n")
            continue
        out += [f"`{config}`:\n", *(f"- `{name}`: {what}" for name, what in FIELDS[config].items()), ""]
    return out


def _row(data: Dataset) -> list[str]:
    """One real row: the first test query with reasons."""
    rows = data.examples["test"]
    example = next((e for e in rows if e.rationale and e.rationale.verdict == "supported"), None)
    if example is None or example.rationale is None:
        return []
    shown = [f"[{k}] {data.items[x.item_id].title}" for k, x in enumerate(example.query.history, 1)]
    rationale = json.dumps(rationale_row(example.rationale), indent=1, ensure_ascii=False)
    answer = "; ".join(data.items[item].title for item in example.relevant)
    return ["## One row\n", "```text", *shown, f"answer: {answer}", "```\n", "```json", rationale, "```\n"]


def render() -> dict[str, str]:
    """Content of ``DATASET_CARD.md`` and ``croissant.json``, by name."""
    worlds = {name: open_dataset(spec) for name, spec in WORLDS.items()}
    counted = {name: facts(name, data) for name, data in worlds.items()} | recorded()
    described = croissant.describe(worlds["world"], EXAMPLE_REPO, counted)
    return {"DATASET_CARD.md": project_card(counted, worlds["world"]), "croissant.json": croissant.text(described)}


def record(names: Iterable[str], data_dir: Path | None) -> None:
    """Count domains into ``facts.json``, beside those that it holds."""
    counts = recorded()
    for name in names:
        counts[name] = facts(name, open_dataset(name, data_dir))
    with atomic_write(FACTS) as file:
        file.write(json.dumps(counts, indent=1, ensure_ascii=False) + "\n")
