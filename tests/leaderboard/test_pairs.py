"""Entries of ratings and choices: what holds, what is refused, and the tables that they stand in."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

from benchmarks.harness.aggregate import SORTS
from benchmarks.harness.registries import default_metrics
from leaderboard.__main__ import main
from leaderboard.verification import predictions, scoring
from leaderboard.verification.checks import check
from leaderboard.verification.entry import Entry
from leaderboard.verification.opening import EvaluationSets
from leaderboard.verification.task import asked_pairs
from rad.data.pairs import answer_of
from rad.types import PairExplanation, PairPrediction
from tests.support.submissions import WORLD, enter, lines_of, rewrite, run, world

pytestmark = pytest.mark.xdist_group("submissions")
FIELD = {"rating": "rating", "choice": "probability"}


@pytest.fixture(scope="module", params=["rating", "choice (rated)"])
def task(request, tmp_path_factory):
    """A finished run and its entry, with the name of the task."""
    name = request.param.partition(" ")[0]
    pairs = asked_pairs(world(), request.param)
    folder = run("biases", tmp_path_factory.mktemp("runs"), pairs=pairs, metrics=default_metrics(name))
    return name, pairs, enter(folder, tmp_path_factory.mktemp("root") / "entries"), EvaluationSets(), request.param


@pytest.fixture
def entry(task, tmp_path):
    root = tmp_path / "entries"
    shutil.copytree(task[2].parent.parent, root)
    return root / task[2].parent.name / task[2].name


def violations(entry, task):
    return check(entry, entry.parent.parent, task[3]).violations


def test_a_true_entry_holds_and_says_its_score(task, entry, capsys):
    assert violations(entry, task) == []
    assert main(["verify", "--entries", str(entry.parent.parent)]) == 0
    assert f"{SORTS[task[0]]} " in capsys.readouterr().out
    raw = json.loads(entry.read_text())
    assert raw["examples"] == [] and raw["result"]["task"]["name"] == task[0]


def other(number, **changes):
    """Changes some fields of one prediction; ``field`` stands for the one that answers."""

    def apply(lines, field):
        raw = json.loads(lines[number])
        raw |= {field if key == "field" else key: value for key, value in changes.items()}
        return [*lines[:number], json.dumps(raw).encode(), *lines[number + 1 :]]

    return apply


def literal(words):
    """The first prediction with words in place of its number."""

    def apply(lines, field):
        before, name, _ = lines[0].partition(f'"{field}":'.encode())
        return [before + name + words.encode() + b"}", *lines[1:]]

    return apply


WRITTEN = {"polarity": "for", "claims": [], "origin": "model", "drafter": "x", "drafter_version": "1"}


def explained(**changes):
    """The first prediction with a text."""

    def apply(lines, field):
        raw = json.loads(lines[0])
        one = {"query_id": raw["query_id"], "item_id": raw["item_id"], "text": "It is red.", **WRITTEN, **changes}
        return [json.dumps({**raw, "explanations": [one]}).encode(), *lines[1:]]

    return apply


HOSTILE = {
    "a text of another pair": (explained(item_id="other"), "written for query"),
    "an endless text": (explained(text="a " * 1001), "2002 characters, at most"),
    "markup in a text": (explained(text="<script>alert(1)</script>"), "markup"),
    "NaN": (literal("NaN"), "NaN"),
    "infinity": (literal("1e999"), "1e999"),
    "a string": (literal('"0.5"'), "expected a number"),
    "no number": (other(0, field=None), "no "),
    "another item": (other(0, item_id="other"), "prediction of another item"),
    "twice": (lambda lines, field: [*lines, lines[0]], "is answered twice"),
    "not asked": (other(0, query_id="nobody-1"), "was not asked"),
    "a huge number": (other(0, field=1e300), "outside 0 to 1", "which no scale has"),
    "below zero": (other(0, field=-1e7), "outside 0 to 1", "which no scale has"),
    "both answers": (other(0, rating=1.0, probability=0.5), "where a"),
    "a ranking": (other(0, ranking=["a"]), "unknown field ranking"),
    "hidden failure": (other(0, field=None, error="late"), "n_failed: 0"),
    "better numbers": (lambda lines, field: lines, "the predictions give"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_predictions_that_lie_are_refused(task, entry, name):
    change, *words = HOSTILE[name]
    field, lines = FIELD[task[0]], lines_of(entry)
    if name == "better numbers":  # the right answers, under the scores of the model
        right = {p.query.query_id: answer_of(p) for p in task[1].pairs["test"]}
        lines = [json.dumps({**(raw := json.loads(x)), field: right[raw["query_id"]]}).encode() for x in lines]
    rewrite(entry, change(lines, field))
    lines = violations(entry, task)
    assert any(word in line for line in lines for word in words), lines


def test_what_is_missing_scores_as_the_mean_and_is_counted(task, entry):
    """Half of the predictions are not sent: an entry that says so holds, one that does not is refused."""
    lines = lines_of(entry)
    rewrite(entry, lines[: len(lines) // 2])
    missing = len(lines) - len(lines) // 2
    assert any(f"the predictions have {missing}" in line for line in violations(entry, task))
    raw = json.loads(entry.read_text())
    data = task[3].open(WORLD, "full", Entry.model_validate(raw).result.task.question)
    answers, refusals = predictions.read(entry.with_name(raw["predictions"]["path"]), Entry.model_validate(raw), data)
    assert not refusals and len(answers) == len(lines)
    scores = scoring.every_score(answers, data, 0)
    raw["result"]["scores"] = [score.model_dump() for score in scores]
    raw["result"]["task"] |= {"n_failed": missing, "failures": {"no prediction": missing}}
    raw["signature"] = None
    entry.write_text(json.dumps(raw))
    assert violations(entry, task) == []
    constant = [replace(p, error="x", rating=None, probability=None) for p in answers]
    floor = scoring.evaluation([SORTS[task[0]]], constant, data).scores[0].value
    assert floor == scoring.evaluation([SORTS[task[0]]], [], data).scores[0].value


def test_a_text_that_quotes_a_third_party_is_not_published(task):
    """On a domain that is not the project's own, a text that repeats the title of its item is refused."""
    data = replace(task[3].open(WORLD, "full", task[4]), domain="elsewhere")
    pair = task[1].pairs["test"][0]
    key, item = pair.query.query_id, data.items[pair.item_id]
    for text, count in (("It is red.", 0), (f"Because of {item.title}, they say.", 1)):
        own = PairExplanation(key, item.item_id, "for", (), text, "model", "x", "1")
        sent = [PairPrediction(key, item.item_id, rating=1.0, explanations=(own,))]
        assert len(predictions.quotations(sent, data)) == count
        assert predictions.quotations(sent, replace(data, domain=WORLD)) == []


def test_a_task_that_is_none_is_refused(task, entry):
    raw = json.loads(entry.read_text())
    for change, words in (
        ({"negatives": "drawn"}, "is no task" if task[0] == "rating" else "result.task.n"),
        ({"constant": 2.0}, "the mean answer of training is"),
        ({"protocol": "rerank"}, "rerank"),
        ({"domain": "season:one"}, "seasons are of rankings"),
    ):
        entry.write_text(json.dumps({**raw, "result": {**raw["result"], "task": {**raw["result"]["task"], **change}}}))
        lines = violations(entry, task)
        assert any(words in line for line in lines), (change, lines)


def test_the_board_has_a_table_of_its_own(task, entry, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("RAD_CACHE", str(tmp_path / "cache"))
    root = entry.parent.parent
    folder = run("global_mean", tmp_path / "runs", pairs=task[1], metrics=default_metrics(task[0]))
    enter(folder, root)
    out = tmp_path / "site"
    assert main(["build", "--entries", str(root), "--out", str(out)]) == 0
    assert "2 entries in 1 table, 0 withdrawn, 0 left out" in capsys.readouterr().out
    (page,) = (path for path in out.glob("*.html") if path.name != "index.html")
    assert task[0] in page.name
    text = page.read_text()
    assert text.index(">biases<") < text.index(">global_mean<"), "the best first, whichever way is better"
    assert "Floor: global_mean, computed here" in text and "NDCG" not in text
    index = (out / "index.html").read_text()
    assert page.name in index and "whose rationales people can check" not in index
    (own,) = (path for path in (out / "entries").glob("biases*"))
    assert "The mean answer of training is" in own.read_text()
