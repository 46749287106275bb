"""Submissions that lie, break the format or attack the reader: each is refused with a line that names the fault."""

from __future__ import annotations

import dataclasses
import gzip
import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from leaderboard.__main__ import main
from leaderboard.verification import opening, predictions
from leaderboard.verification.checks import check
from leaderboard.verification.opening import EvaluationSets
from leaderboard.verification.task import EvaluationSet
from rad.errors import RadError
from rad.types import Prediction
from tests.support.hostile import fields
from tests.support.hostile.entries import BYTES, ENTRIES, NAMES
from tests.support.hostile.predictions import BOMBS, CONTAINERS, PREDICTIONS, line
from tests.support.submissions import WHO, WORLD, lines_of, replace, rewrite, world

pytestmark = pytest.mark.xdist_group("submissions")


@pytest.fixture(scope="module")
def true_entry(submitted):
    """An entry with rationales that holds, and the tasks it is verified with."""
    entry, tasks = submitted["template"], EvaluationSets()
    assert not check(entry, entry.parent.parent, tasks).violations
    return entry, tasks


@pytest.fixture
def entry(true_entry, tmp_path):
    root = tmp_path.resolve() / "entries"
    shutil.copytree(true_entry[0].parent.parent, root)
    return root / true_entry[0].parent.name / true_entry[0].name


def refused(entry: Path, tasks: EvaluationSets, *words: str, at: Path | None = None) -> list[str]:
    """The faults, of which one line has all the ``words``. Nothing is written by looking."""
    root = entry.parent.parent
    before = {p: p.lstat().st_mtime_ns for p in root.rglob("*")}
    verdict = check(at or entry, root, tasks)
    assert {p: p.lstat().st_mtime_ns for p in root.rglob("*")} == before
    assert any(all(word in line for word in words) for line in verdict.violations), verdict.violations
    assert all("\n" not in line and len(line) < 600 for line in verdict.violations)
    return verdict.violations


# --- the entry's file ---


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_that_lies_is_refused(true_entry, entry, name):
    change, *words = ENTRIES[name]
    raw = json.loads(entry.read_text())
    change(raw)
    if name == "invented examples":  # whatever the true rank is
        raw["examples"][0]["rank"] = 1 if json.loads(entry.read_text())["examples"][0]["rank"] != 1 else 2
    entry.write_text(json.dumps(raw))
    refused(entry, true_entry[1], *words)


@pytest.mark.parametrize("kind", fields.KINDS)
def test_no_field_may_be_other_than_it_is(true_entry, entry, kind):
    raw = json.loads(entry.read_text())
    for name, change, words in fields.cases(kind, raw):
        changed = json.loads(json.dumps(raw))
        change(changed)
        entry.write_text(fields.written(changed))
        try:
            refused(entry, true_entry[1], words)
        except AssertionError as error:
            raise AssertionError(f"{kind}: {name}") from error


def test_the_corpus_is_of_three_hundred_cases(true_entry):
    raw = json.loads(true_entry[0].read_text())
    generated = {kind: len(list(fields.cases(kind, raw))) for kind in fields.KINDS}
    by_hand = (ENTRIES, NAMES, BYTES, PREDICTIONS, CONTAINERS, BOMBS)
    assert all(generated.values()) and sum(generated.values()) + sum(map(len, by_hand)) >= 300, generated


def test_other_data_than_the_known_ones_are_not_built(true_entry, entry, monkeypatch):
    raw = json.loads(entry.read_text())
    raw["result"]["task"]["domain"] = "world"  # whose sha256 is another
    entry.write_text(json.dumps(raw))
    monkeypatch.setattr(opening, "open_dataset", None)
    refused(entry, EvaluationSets(), "dataset.sha256", "the data that are in force have '0324203d3d53'")


def test_attested_figures_are_of_rationales(true_entry, entered):
    entry = entered("popularity")
    raw = json.loads(entry.read_text())
    made_up = {"value": 0.9, "ci_low": 0.8, "ci_high": 1.0, "n": 60, "basis": "attested", "slice": "all"}
    raw["result"]["scores"] += [{**raw["result"]["scores"][0], "metric": name, **made_up} for name in ("swap", "trust")]
    entry.write_text(json.dumps(raw))
    lines = refused(entry, true_entry[1], "swap is of rationales, and the predictions have none")
    assert len(lines) == 3, "two scores, and the signature is not of them"


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_could_be_taken_for_another_is_refused(true_entry, entry, name):
    value, *words = NAMES[name]
    raw = json.loads(entry.read_text())
    raw["submitter"]["name"] = value
    entry.write_text(json.dumps(raw))
    refused(entry, true_entry[1], *words)


def test_all_faults_come_in_one_report(true_entry, entry):
    raw = json.loads(entry.read_text())
    for name in ("changed score", "hidden failures", "hidden repeats", "stale data version", "part of the queries"):
        ENTRIES[name][0](raw)
    entry.write_text(json.dumps(raw))
    assert len(refused(entry, true_entry[1], "ndcg@10")) == 6, "five faults, and the signature is not of them"


@pytest.mark.parametrize("name", BYTES)
def test_a_file_that_is_no_entry_is_refused(true_entry, entry, name):
    change, *words = BYTES[name]
    entry.write_bytes(change(json.dumps(json.loads(entry.read_text()), separators=(",", ":")).encode()))
    refused(entry, true_entry[1], *words)


# --- the predictions ---


@pytest.mark.parametrize("name", PREDICTIONS)
def test_predictions_at_fault_are_refused(true_entry, entry, name):
    change, *words = PREDICTIONS[name]
    rewrite(entry, change(lines_of(entry)))
    refused(entry, true_entry[1], *words)


def test_predictions_that_are_not_those_of_the_result_are_refused(true_entry, entry):
    packed = entry.with_name(entry.stem + ".predictions.jsonl.gz")
    packed.write_bytes(gzip.compress(gzip.decompress(packed.read_bytes()) + b"{}\n"))
    refused(entry, true_entry[1], "predictions.sha256", "another file")
    rewrite(entry, lines_of(entry))
    raw = json.loads(entry.read_text())
    raw["result"]["predictions"]["sha256"] = "0" * 64
    entry.write_text(json.dumps(raw))
    refused(entry, true_entry[1], "computed from other predictions")


@pytest.mark.parametrize("index", [-5, 10**6, 2**70])
def test_evidence_out_of_place_is_scored_or_refused_and_never_breaks(true_entry, entry, index):
    def change(p, _):
        p["rationale"]["reasons"][0]["evidence"]["history"] = [index]

    rewrite(entry, line(0, change)(lines_of(entry)))
    refused(entry, true_entry[1], "result.scores")


def test_titles_of_third_parties_are_not_published():
    """On a domain that is not the project's own, a text that repeats a title of the history is refused."""
    data = world()
    examples = data.examples["test"]
    task = EvaluationSet(
        "elsewhere", data.version, data.sha256, data.items, examples, frozenset()
    )  # as if it were another's
    title = data.items[examples[0].query.history[-1].item_id].title
    sent = [Prediction(e.query.query_id, (), rationale=e.rationale) for e in examples]
    assert predictions.quotations(sent, task) == []
    bad = dataclasses.replace(sent[0].rationale, text=f"[1] was {title}, so more of it.")
    sent[0] = dataclasses.replace(sent[0], rationale=bad)
    quotations = predictions.quotations(sent, task)
    assert len(quotations) == 1 and f"the first is of query {examples[0].query.query_id}" in quotations[0]
    assert predictions.quotations(sent, dataclasses.replace(task, domain=WORLD)) == []


# --- files that are bombs, links, or something else ---


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_at_fault_is_refused(true_entry, entry, name):
    change, *words = CONTAINERS[name]
    packed = entry.with_name(entry.stem + ".predictions.jsonl.gz")
    replace(entry, change(packed.read_bytes()))
    refused(entry, true_entry[1], *words)


def test_links_and_devices_are_not_followed(true_entry, entry, tmp_path):
    packed, tasks = entry.with_name(entry.stem + ".predictions.jsonl.gz"), true_entry[1]
    packed.rename(tmp_path / "elsewhere")
    packed.symlink_to(tmp_path / "elsewhere")
    refused(entry, tasks, "not a plain file")
    packed.unlink()
    os.mkfifo(packed)
    refused(entry, tasks, "not a plain file")
    packed.unlink()
    refused(entry, tasks, "no such file")
    entry.rename(tmp_path / "entry")
    entry.symlink_to(tmp_path / "entry")
    refused(entry, tasks, "not a plain file")
    folder = entry.parent.parent / "linked"
    folder.symlink_to(entry.parent)
    refused(entry, tasks, "a link", at=folder / entry.name)


def test_bombs_are_refused_within_bounded_memory_and_time(true_entry, tmp_path):
    """All at once, in a process that may have 2 GiB of memory for data and 100 seconds of a processor."""
    import hashlib

    source, root = true_entry[0], tmp_path / "entries"
    for name, make in BOMBS.items():
        (root / name).mkdir(parents=True)
        packed = root / name / f"{name}.predictions.jsonl.gz"
        make(packed)
        raw = json.loads(source.read_text())
        raw["result"]["model"]["name"], raw["result"]["run_id"] = name, name
        raw["predictions"]["path"] = packed.name
        if name != "sparse":
            with open(packed, "rb") as file:
                raw["predictions"]["sha256"] = hashlib.file_digest(file, "sha256").hexdigest()
        (root / name / f"{name}.json").write_text(json.dumps(raw))
    (root / "entrysize").mkdir()
    with open(root / "entrysize" / "big.json", "wb") as file:
        file.truncate(1 << 40)

    def bounded():
        resource.setrlimit(resource.RLIMIT_DATA, (2 << 30, 2 << 30))
        resource.setrlimit(resource.RLIMIT_CPU, (100, 100))
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    done = subprocess.run(
        [sys.executable, "-m", "leaderboard", "verify", "--entries", str(root)],
        capture_output=True,
        text=True,
        preexec_fn=bounded,
        env={**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "200"},
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 1, done.stderr
    for words in (
        "big.json: big.json: 1,099,511,627,776 bytes, at most",
        "zeros.predictions.jsonl.gz:1: a line of more than",
        "blanklines.predictions.jsonl.gz: unpacks to more than",
        "newlines.predictions.jsonl.gz: not read on after 20 violations",
        "lists.predictions.jsonl.gz:1: Prediction: expected an object",
        "quotes.predictions.jsonl.gz:1: not JSON",
        "sparse.predictions.jsonl.gz: 1,099,511,627,776 bytes, at most",
        "7 entries: 0 hold, 7 refused",
    ):
        assert words in done.stdout, (words, done.stdout)


# --- the same through submit: nothing is written ---


def test_nothing_is_written_of_a_submission_at_fault(runs, tmp_path):
    folder = shutil.copytree(runs["popularity"], tmp_path / "runs" / "popularity")
    raw = json.loads((folder / "result.json").read_text())
    raw["scores"][0]["value"] = 0.9
    (folder / "result.json").write_text(json.dumps(raw))
    with pytest.raises(RadError, match=r"not submitted: result.scores: ndcg@10 \(all\) is 0.9"):
        main(["submit", str(folder), *WHO, "--to", str(tmp_path / "entries")])
    assert not (tmp_path / "entries").exists()
    for name in ("../../evil", "/tmp/evil", "a/b", ".."):
        raw["model"]["name"] = name
        (folder / "result.json").write_text(json.dumps(raw))
        with pytest.raises(RadError, match="not a name of a file"):
            main(["submit", str(folder), *WHO, "--to", str(tmp_path / "entries")])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["runs"]
