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
import zlib
from pathlib import Path

import pytest

from leaderboard.__main__ import main
from leaderboard.verification import predictions
from leaderboard.verification.checks import check
from leaderboard.verification.opening import EvaluationSets
from leaderboard.verification.task import EvaluationSet
from rad.errors import RadError
from rad.types import Prediction
from tests.support.hostile_entries import BYTES, ENTRIES, NAMES
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


def test_attested_figures_are_of_rationales(true_entry, entered):
    entry = entered("popularity")
    raw = json.loads(entry.read_text())
    made_up = {"value": 0.9, "ci_low": 0.8, "ci_high": 1.0, "n": 60, "basis": "attested", "slice": "all"}
    raw["result"]["scores"] += [{**raw["result"]["scores"][0], "metric": name, **made_up} for name in ("swap", "trust")]
    entry.write_text(json.dumps(raw))
    lines = refused(entry, true_entry[1], "swap is of rationales, and the predictions have none")
    assert len(lines) == 2


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
    assert len(refused(entry, true_entry[1], "ndcg@10")) == 5


@pytest.mark.parametrize("name", BYTES)
def test_a_file_that_is_no_entry_is_refused(true_entry, entry, name):
    change, *words = BYTES[name]
    entry.write_bytes(change(json.dumps(json.loads(entry.read_text()), separators=(",", ":")).encode()))
    refused(entry, true_entry[1], *words)


# --- the predictions ---


def line(number, change):
    """Changes one prediction."""

    def apply(lines):
        p = json.loads(lines[number])
        change(p, [json.loads(x) for x in lines])
        lines[number] = json.dumps(p).encode()
        return lines

    return apply


def from_history(p, others):
    example = next(e for e in world().examples["test"] if e.query.query_id == p["query_id"])
    p["ranking"][0] = example.query.history[0].item_id


def reason(**changes):
    return line(0, lambda p, _: p["rationale"]["reasons"][0].update(changes))


PREDICTIONS = {
    "missing query": (lambda lines: lines[1:], "1 query without a prediction"),
    "no query": (lambda lines: [], "60 queries without a prediction"),
    "extra query": (lambda lines: [*lines, lines[0].replace(b'"query_id":"', b'"query_id":"x')], "was not asked"),
    "query twice": (lambda lines: [*lines, lines[0]], "answered twice"),
    "duplicate item": (line(3, lambda p, _: p["ranking"].__setitem__(1, p["ranking"][0])), ":4: repeated item"),
    "unknown item": (line(3, lambda p, _: p["ranking"].__setitem__(0, "nothing")), ":4: unknown item", "nothing"),
    "item of the history": (line(3, from_history), ":4: item of the history"),
    "empty ranking": (line(0, lambda p, _: p.update(ranking=[])), "empty ranking"),
    "ranking of 101": (line(0, lambda p, _: p.update(ranking=[str(k) for k in range(101)])), "longer than 100"),
    "score NaN": (lambda lines: [lines[0][:-1] + b',"scores":[NaN]}', *lines[1:]], ":1:", "NaN"),
    "score 1e999": (lambda lines: [lines[0][:-1] + b',"scores":[1e999]}', *lines[1:]], ":1:", "1e999"),
    "score as a string": (line(0, lambda p, _: p["scores"].__setitem__(0, "0.3")), "scores[0]: expected a number"),
    "scores of another length": (line(0, lambda p, _: p["scores"].pop()), "differ in length"),
    "unknown field": (line(0, lambda p, _: p.update(admin=1)), "unknown field admin"),
    "deep JSON": (lambda lines: [b'{"query_id":' + b"[" * 5000, *lines[1:]], "nested 5001 deep"),
    "a list": (lambda lines: [b"[]", *lines[1:]], "expected an object"),
    "an empty line": (lambda lines: [b"", *lines], "not JSON"),
    "not UTF-8": (lambda lines: [b'"\xff"', *lines[1:]], "not UTF-8"),
    "key twice": (lambda lines: [lines[0][:-1] + b',"query_id":"x"}', *lines[1:]], "twice"),
    "weights above one": (reason(weight=1.5), "weights"),
    "negative weight": (reason(weight=-0.1), "weights"),
    "weight as a string": (reason(weight="0.1"), "expected a number"),
    "script in a rationale": (line(0, lambda p, _: p["rationale"].update(text="<script>alert(1)</script>")), "markup"),
    "control characters in a rationale": (line(0, lambda p, _: p["rationale"].update(text="\u202e")), "control"),
    "endless rationale": (line(0, lambda p, _: p["rationale"].update(text="a " * 9000)), "18000 characters"),
    "another user's rationale": (line(0, lambda p, o: p.update(rationale=o[1]["rationale"])), "written for query"),
    "a thousand reasons": (
        line(0, lambda p, _: p["rationale"].update(reasons=[{**p["rationale"]["reasons"][0], "weight": 0}] * 1000)),
        "1000 reasons",
    ),
    "hidden failure": (line(0, lambda p, _: p.update(error="late", rationale=None)), "n_failed: 0"),
    "other predictions": (
        line(0, lambda p, _: p.update(ranking=p["ranking"][::-1], scores=None)),
        "the predictions give",
    ),
}


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

CONTAINERS = {
    "no gzip": (lambda raw: gzip.decompress(raw), "not a gzip file"),
    "a zip": (lambda raw: b"PK\x03\x04" + raw, "not a gzip file"),
    "zlib without gzip": (lambda raw: zlib.compress(gzip.decompress(raw)), "not a gzip file"),
    "cut short": (lambda raw: raw[: len(raw) // 2], "cut short"),
    "damaged": (lambda raw: raw[:-8] + bytes(8), "not a gzip file"),
    "two members": (lambda raw: raw + raw, "something follows"),
    "something behind": (lambda raw: raw + b"<script>", "something follows"),
    "an empty file": (lambda raw: b"", "cut short"),
    "no end of the line": (lambda raw: gzip.compress(gzip.decompress(raw)[:-1]), "no end"),
}


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


def bomb(path: Path, size: int) -> None:
    """Gzip of ``size`` zeros, a thousandth of that on disk: one compressed block again and again."""
    zeros, gzipped = bytes(1 << 20), zlib.compressobj(9, wbits=31)
    first, block = (gzipped.compress(zeros) + gzipped.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    path.write_bytes(first + block * ((size >> 20) - 1))


def test_bombs_are_refused_within_bounded_memory_and_time(true_entry, tmp_path):
    """All at once, in a process that may have 2 GiB of memory for data and 100 seconds of a processor."""
    import hashlib

    source, root = true_entry[0], tmp_path / "entries"
    blank = b" " * (200 << 10) + b"\n"
    bombs = {
        "zeros": lambda path: bomb(path, 1 << 30),
        "blanklines": lambda path: path.write_bytes(gzip.compress(blank * 500)),
        "newlines": lambda path: path.write_bytes(gzip.compress(b"\n" * (64 << 20))),
        "lists": lambda path: path.write_bytes(gzip.compress(b"[" + b"[]," * 60_000 + b"[]]\n")),
        "quotes": lambda path: path.write_bytes(gzip.compress(b'"' + b'\\"' * 100_000 + b"\n")),
        "sparse": lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_WRONLY), 1 << 40),
    }
    for name, make in bombs.items():
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
