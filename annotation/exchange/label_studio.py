"""Label Studio: its labelling interface and tasks, and reading its export (format JSON, not JSON_MIN).

``config.xml`` is what *Settings, Labeling Interface, Code* takes, ``tasks.json`` what *Import* takes. Skipped tasks
have no answer. People are told apart by ``completed_by``: their address, or their number where there is no more.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as XML
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from annotation.argilla.form import EDIT_TITLES
from annotation.campaign.judgements import EDITS, ERROR_LABELS, SPAN_LABELS, VERDICT_LABELS
from annotation.exchange.tasks import SCALES, TITLES, Answer, Task
from rad.errors import RadError
from rad.runtime.files import atomic_write

CHOICES = {"errors": ERROR_LABELS, **{name: {x: x for x in options} for name, options in EDITS.items()}}
CHOICE_TITLES = {"errors": "Errors, if there are any", **EDIT_TITLES}


def write(folder: Path, tasks: Iterable[Task]) -> int:
    """Write ``config.xml`` and ``tasks.json``, each whole or not at all; the number of tasks."""
    rows = [{"data": {"rationale_id": task.rationale_id, **task.shown}} for task in tasks]
    with atomic_write(folder / "config.xml") as file:
        file.write(config() + "\n")
    with atomic_write(folder / "tasks.json") as file:
        file.write(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
    return len(rows)


def config() -> str:
    """The labelling interface: the review form."""
    view = XML.Element("View")

    def add(tag: str, **attributes: str) -> XML.Element:
        return XML.SubElement(view, tag, attributes)

    for name, title in TITLES.items():
        add("Header", value=title, size="4")
        if name == "draft":
            labels = add("Labels", name="unsupported", toName="draft")
            for code, label in SPAN_LABELS.items():
                XML.SubElement(labels, "Label", value=label, alias=code)
        add("Text", name=name, value=f"${name}", granularity="word" if name == "draft" else "symbol")
    for name, title in SCALES.items():
        add("Header", value=title, size="4")
        add("Rating", name=name, toName="draft", maxRating="5", required="true")
    for name, options in CHOICES.items():
        _choices(add, name, CHOICE_TITLES[name], options, "multiple")
    add("Header", value="Corrected rationale, if ticks do not say it", size="4")
    add("TextArea", name="edited", toName="draft", value="$draft", rows="4", maxSubmissions="1", editable="true")
    _choices(add, "verdict", "Verdict", VERDICT_LABELS, "single")
    add("Header", value="A word to the lead, if you like", size="4")
    add("TextArea", name="comment", toName="draft", rows="2", maxSubmissions="1", editable="true")
    XML.indent(view)
    return XML.tostring(view, encoding="unicode")


def _choices(add: Any, name: str, title: str, options: Mapping[str, str], kind: str) -> None:
    add("Header", value=title, size="4")
    more = {"required": "true"} if kind == "single" else {}
    choices = add("Choices", name=name, toName="draft", choice=kind, **more)
    for code, label in options.items():
        XML.SubElement(choices, "Choice", value=label, alias=code)


def read(path: Path) -> Iterator[Answer]:
    """The answers of an export.

    Raises:
        RadError: It is no export in format JSON, or a task is not one of :func:`write`.
    """
    try:
        tasks = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise RadError(f"{path}: no such file") from None
    except (ValueError, RecursionError) as error:
        raise RadError(f"{path}: no JSON ({error}); export as JSON") from None
    if not isinstance(tasks, list):
        raise RadError(f"{path}: no list of tasks: export as JSON")
    for number, task in enumerate(tasks, 1):
        where = f"{path}: task {number}"
        try:
            for annotation in task["annotations"]:
                if not annotation.get("was_cancelled"):
                    yield _answer(where, task["data"]["rationale_id"], annotation)
        except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
            raise RadError(f"{where}: not as Label Studio exports this campaign's tasks as JSON ({error!r})") from None


def _answer(where: str, rationale_id: str, annotation: Mapping[str, Any]) -> Answer:
    values: dict[str, Any] = {"unsupported": []}
    for one in annotation["result"]:
        name, kind, value = one["from_name"], one["type"], one["value"]
        if kind == "labels":
            span = {"start": value["start"], "end": value["end"], "text": value.get("text")}
            marked = {key: x for key, x in span.items() if x is not None}
            values["unsupported"] += [{**marked, "label": _code(SPAN_LABELS, label)} for label in value["labels"]]
        elif kind == "rating":
            values[name] = value["rating"]
        elif kind == "choices":
            codes = [_code(VERDICT_LABELS | CHOICES.get(name, {}), label) for label in value["choices"]]
            values[name] = codes[0] if name == "verdict" else codes
        elif kind == "textarea":
            values[name] = "\n".join(value["text"])
    who = annotation["completed_by"]
    user = str(who.get("email") or who["id"]) if isinstance(who, Mapping) else str(who)
    moment = annotation.get("updated_at") or annotation.get("created_at")
    return Answer(where, rationale_id, user, values, _utc(moment) if moment else "", annotation.get("lead_time"))


def _code(labels: Mapping[str, str], label: str) -> str:
    """The code of what was chosen: exports have the alias, or what was shown."""
    return next((code for code, shown in labels.items() if label == shown), label)


def _utc(moment: str) -> str:
    when = datetime.fromisoformat(moment)
    return (when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)).isoformat(timespec="microseconds")
