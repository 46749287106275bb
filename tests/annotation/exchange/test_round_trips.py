"""Other tools: what is exported can be answered there, and comes back as what was answered."""

from __future__ import annotations

import json
import xml.etree.ElementTree as XML

import pytest
import yaml

pytest.importorskip("argilla", reason="needs the extra 'annotate'")

from annotation.__main__ import main
from annotation.argilla import form
from annotation.argilla.simulated import opinion
from annotation.campaign import drafts, judgements
from annotation.campaign.folder import Campaign
from annotation.campaign.judgements import QUESTIONS
from annotation.evaluation import checks
from annotation.exchange import label_studio, potato
from rad.errors import RadError
from rad.runtime.files import write_jsonl
from tests.support.review_server import WORLD, error_of

N = 5
PEOPLE = {"anna@example.org": 1, "ben@example.org": 2}
AT = "2026-01-01T10:00:00.000000Z"


@pytest.fixture
def campaign(tmp_path):
    begun = Campaign(tmp_path / "c")
    main(["draft", str(begun.path), "--domain", WORLD, "--limit", str(N)])
    first, second, *_ = drafts.read(begun)
    line = {"query_id": first.query_id, "text": second.text, "expected": {"verdict": ["reject"]}}
    begun.file(checks.FILE).write_text(json.dumps(line) + "\n")
    return begun


def answered(who, text):
    """An answer to every question."""
    marked = [{"start": 0, "end": 4, "label": "wrong", "text": text[:4]}]
    more = {"comment": "Hm.", "unsupported": marked, "errors": ["language", "generic"], "strike": ["1"]}
    return {**opinion(who, text), **more}


def expected(campaign, texts):
    """What the Argilla form makes of the same answers."""
    out = set()
    for who in PEOPLE:
        for key, text in texts.items():
            values = {name: {"value": value} for name, value in answered(who, text).items()}
            for one in form.judgements((key, campaign.pseudonym(who)), text, values, "3"):
                out.add((*(one.rationale_id, one.annotator), one.question, one.answer))
    return out


def read(campaign):
    every = [*judgements.read(campaign), *checks.read_answers(campaign)]
    return {(one.rationale_id, one.annotator, one.question, one.answer) for one in every}


def in_label_studio(value, name):
    types = {"plausibility": "rating", "trust": "rating", "unsupported": "labels", "edited": "textarea"}
    kind = {**types, "comment": "textarea"}.get(name, "choices")
    parts = value if kind == "labels" else [value]
    for part in parts:
        if kind == "labels":
            shown = {"start": part["start"], "end": part["end"], "text": part["text"], "labels": [part["label"]]}
        elif kind == "rating":
            shown = {"rating": part}
        else:
            shown = {"text" if kind == "textarea" else "choices": part if isinstance(part, list) else [part]}
        yield {"from_name": name, "to_name": "draft", "type": kind, "value": shown}


def test_label_studio(campaign, tmp_path, capsys):
    main(["export", str(campaign.path), "--format", "label-studio"])
    folder = campaign.file("label-studio")
    view = XML.parse(folder / "config.xml").getroot()
    names = {tag.get("name") for tag in view if tag.tag in ("Rating", "Choices", "TextArea", "Labels")}
    assert names == set(QUESTIONS) and {tag.get("toName") for tag in view if tag.get("toName")} == {"draft"}
    codes = {tag.get("alias") for tag in view.iter("Choice")}
    assert {"accept", "generic", "1", "A"} <= codes and "Withdrawing" in (folder / "guidelines.md").read_text()
    tasks = json.loads((folder / "tasks.json").read_text())
    texts = {task["data"]["rationale_id"]: task["data"]["draft"] for task in tasks}
    assert len(texts) == N + 1 and "check" not in json.dumps(tasks)
    for number, task in enumerate(tasks, 1):
        task["id"], task["annotations"] = number, []
        for who, identity in PEOPLE.items():
            answers = answered(who, task["data"]["draft"])
            result = [one for name, value in answers.items() for one in in_label_studio(value, name)]
            by = {"id": identity, "email": who}
            task["annotations"].append({"completed_by": by, "result": result, "updated_at": AT, "lead_time": 31.5})
        skipped = {"completed_by": 3, "result": [], "was_cancelled": True, "updated_at": AT}
        task["annotations"] += [skipped, {"completed_by": 4, "result": [], "updated_at": AT}]
    (tmp_path / "export.json").write_text("\ufeff" + json.dumps(tasks), encoding="utf-8")  # as some editors save it
    command = ["import", str(campaign.path), "--format", "label-studio", "--file", str(tmp_path / "export.json")]
    main(command)
    assert read(campaign) == expected(campaign, texts)
    (moment,) = {one.answered_at for one in judgements.read(campaign)}
    assert moment == "2026-01-01T10:00:00.000000+00:00" and judgements.read(campaign)[0].seconds == 31.5
    assert f"{2 * N} reviews of people, from 2 pseudonyms" in capsys.readouterr().out
    content = campaign.file(judgements.FILE).read_bytes()
    main(command)
    assert campaign.file(judgements.FILE).read_bytes() == content, "read again, nothing changes"
    main(["agreement", str(campaign.path), "--resamples", "10"])
    main(["withdraw", str(campaign.path), "anna@example.org"])
    main(command)
    assert {one.annotator for one in judgements.read(campaign)} == {campaign.pseudonym("ben@example.org")}


def test_potato(campaign, tmp_path):
    main(["export", str(campaign.path), "--format", "potato"])
    folder = campaign.file("potato")
    config = yaml.safe_load((folder / "config.yaml").read_text())
    assert {scheme["name"] for scheme in config["annotation_schemes"]} == set(QUESTIONS)
    tasks = [json.loads(line) for line in (folder / "tasks.jsonl").read_text().splitlines()]
    texts = {task["id"]: task["draft"] for task in tasks}
    lines = []
    for who in PEOPLE:
        for key, text in texts.items():
            answers = answered(who, text)
            spans = [{**span, "name": span["label"]} for span in answers.pop("unsupported")]
            labels = {}
            for name, value in answers.items():
                if isinstance(value, list):
                    labels[name] = {code: code for code in value}
                else:
                    labels[name] = {"text_box": value} if name in potato.TEXTS else {str(value): str(value)}
            lines.append({"instance_id": key, "user_id": who, "labels": labels, "spans": {"unsupported": spans}})
    lines.append({"instance_id": key, "user_id": "cleo", "labels": {"trust": {"3": "3"}}, "spans": {}, "links": {}})
    write_jsonl(tmp_path / "annotations.jsonl", lines)
    main(["import", str(campaign.path), "--format", "potato", "--file", str(tmp_path / "annotations.jsonl")])
    assert read(campaign) == expected(campaign, texts)


@pytest.mark.parametrize(
    "content, message",
    [
        ("{", "no JSON"),
        ("{}", "no list of tasks: export as JSON"),
        ('[{"id": 1, "rationale_id": "x", "verdict": "accept"}]', "task 1: not as Label Studio exports"),
        ('[{"data": {"rationale_id": "x"}, "annotations": [{"completed_by": 1, "result": []}]}]', "x is no draft of"),
    ],
)
def test_other_files_are_one_line(campaign, tmp_path, content, message):
    path = tmp_path / "export.json"
    path.write_text(content)
    assert message in error_of("import", campaign.path, "--format", "label-studio", "--file", path)
    assert not campaign.file(judgements.FILE).exists()
    with pytest.raises(RadError, match="no such file"):
        list(label_studio.read(tmp_path / "other.json"))


def test_answers_that_the_form_does_not_offer(campaign, tmp_path):
    (draft, *_) = drafts.read(campaign)
    line = {"instance_id": draft.rationale_id, "user_id": "x", "spans": {}, "labels": {"verdict": {"maybe": "maybe"}}}
    write_jsonl(tmp_path / "a.jsonl", [line])
    message = error_of("import", campaign.path, "--format", "potato", "--file", tmp_path / "a.jsonl")
    assert "a.jsonl:1: verdict: 'maybe' is not one of accept" in message
    write_jsonl(tmp_path / "a.jsonl", [{"id": 1}])
    message = error_of("import", campaign.path, "--format", "potato", "--file", tmp_path / "a.jsonl")
    assert "a.jsonl:1: not a line of Potato's JSONL export" in message


def test_marks_behind_an_emoji():
    """Tools count characters or UTF-16 units; the marked words say which."""
    from annotation.exchange.tasks import _in_units

    text = "A \U0001f600 cat sat."
    for start, end in ((4, 7), (5, 8)):
        span = {"start": start, "end": end, "text": "cat", "label": "wrong"}
        [[first, last, _]] = form.in_characters([_in_units(span, text)], text)
        assert text[first:last] == "cat"
