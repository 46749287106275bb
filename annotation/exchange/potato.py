"""Potato (the portable text annotation tool, version 2): its configuration and data, and reading its JSONL export.

``potato start config.yaml`` serves the folder. ``annotations.jsonl`` is what ``python -m potato.export -c config.yaml
-f jsonl`` writes. It says no times.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from annotation.argilla.form import EDIT_TITLES
from annotation.campaign.judgements import EDITS, ERROR_LABELS, SPAN_LABELS, VERDICT_LABELS
from annotation.exchange.tasks import SCALES, TITLES, Answer, Task
from rad.errors import RadError
from rad.runtime.files import atomic_write, read_jsonl, write_jsonl

SETS = {"errors": ERROR_LABELS, **{name: {x: x for x in options} for name, options in EDITS.items()}}
TEXTS = {
    "edited": "Corrected rationale, if ticks do not say it (leave it empty otherwise)",
    "comment": "A word to the lead, if you like",
}


def write(folder: Path, name: str, overlap: int, tasks: Iterable[Task]) -> int:
    """Write ``config.yaml`` and ``tasks.jsonl``, each whole or not at all; the number of tasks."""
    rows = [{"id": task.rationale_id, **task.shown} for task in tasks]
    write_jsonl(folder / "tasks.jsonl", rows)
    with atomic_write(folder / "config.yaml") as file:
        yaml.safe_dump(config(name, overlap), file, sort_keys=False, allow_unicode=True)
    return len(rows)


def config(name: str, overlap: int) -> dict[str, Any]:
    """The configuration: the review form, and how many people answer each task."""
    fields = [
        {
            **{"key": key, "type": "text", "label": title, "span_target": key == "draft"},
            **{"display_options": {"preserve_whitespace": True}},
        }
        for key, title in TITLES.items()
    ]
    return {
        "annotation_task_name": name,
        "task_dir": ".",
        "data_files": ["tasks.jsonl"],
        "item_properties": {"id_key": "id", "text_key": "draft"},
        "output_annotation_dir": "annotation_output",
        "export_annotation_format": "jsonl",
        "assignment_strategy": "random",
        "max_annotations_per_item": overlap,
        "user_config": {"allow_all_users": True},
        "instance_display": {"fields": fields},
        "annotation_schemes": _schemes(),
    }


def _schemes() -> list[dict[str, Any]]:
    scales = [
        {
            **{"annotation_type": "likert", "name": name, "description": title, "size": 5},
            **{"min_label": "not at all", "max_label": "entirely", **_needed()},
        }
        for name, title in SCALES.items()
    ]
    spans = {"annotation_type": "span", "name": "unsupported", "labels": _labels(SPAN_LABELS)}
    sets = [
        {"annotation_type": "multiselect", "name": name, "description": title, "labels": _labels(SETS[name])}
        for name, title in {"errors": "Errors, if there are any", **EDIT_TITLES}.items()
    ]
    texts = [
        {"annotation_type": "text", "name": name, "description": title, "multiline": True}
        for name, title in TEXTS.items()
    ]
    verdict = {"annotation_type": "radio", "name": "verdict", "description": "Verdict"}
    return [
        *scales,
        {**spans, "description": "Mark what the history does not support"},
        *sets,
        {**verdict, "labels": _labels(VERDICT_LABELS), **_needed()},
        *texts,
    ]


def _needed() -> dict[str, Any]:
    return {"label_requirement": {"required": True}}


def _labels(labels: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": code, "displayed_label": shown} for code, shown in labels.items()]


def read(path: Path) -> Iterator[Answer]:
    """The answers of an export.

    Raises:
        RadError: A line is not one of Potato's JSONL export of these tasks.
    """
    for number, line in read_jsonl(path):
        where = f"{path}:{number}"
        try:
            labels, spans = line["labels"], line["spans"].get("unsupported", ())
            values = {question: _value(question, by_label) for question, by_label in labels.items() if by_label}
            marks_of = [{key: span[key] for key in ("start", "end", "text") if key in span} for span in spans]
            codes = [span.get("label") or span["name"] for span in spans]
            marked = [{**span, "label": code} for span, code in zip(marks_of, codes, strict=True)]
            yield Answer(where, line["instance_id"], line["user_id"], {**values, "unsupported": marked})
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise RadError(f"{where}: not a line of Potato's JSONL export of these tasks ({error!r})") from None


def _value(question: str, by_label: Mapping[str, Any]) -> Any:
    """Potato keeps the options that were chosen with their values; a text stands under one name."""
    if question in SETS:
        return [label for label, value in by_label.items() if value not in (False, "false", None)]
    if question in TEXTS:
        return "\n".join(str(value) for value in by_label.values())
    ((label, value),) = by_label.items()
    return label if question == "verdict" else value
