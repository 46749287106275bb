"""Entries whose rationales are facts, and those that lie with them: what is computed again, refused or noted."""

from __future__ import annotations

import gzip
import html
import json
import re
import shutil
from dataclasses import replace as replace_field
from pathlib import Path

import pytest

from benchmarks.harness.registries import load_metric
from leaderboard.__main__ import main
from leaderboard.verification.checks import check
from leaderboard.verification.entry import Entry, read
from leaderboard.verification.headline import RationaleSummary
from leaderboard.verification.opening import EvaluationSets
from rad.runtime import records
from rad.types import Prediction
from tests.support.ending import ends
from tests.support.submissions import enter, lines_of, replace, rescore, rewrite, with_facts

pytestmark = pytest.mark.xdist_group("submissions")


@pytest.fixture(scope="module")
def facts_entry(runs, tmp_path_factory):
    """An entry of sound facts that its texts say, and the tasks it is verified with."""
    folder = tmp_path_factory.mktemp("facts")
    run = with_facts(runs["popularity"], folder / "run")
    return enter(run, folder / "entries"), EvaluationSets()


@pytest.fixture
def entry(facts_entry, tmp_path):
    root = tmp_path.resolve() / "entries"
    shutil.copytree(facts_entry[0].parent.parent, root)
    return root / facts_entry[0].parent.name / facts_entry[0].name


def verdict_of(entry: Path, facts_entry):
    return check(entry, entry.parent.parent, facts_entry[1])


def test_an_entry_of_sound_facts_is_in_the_headline_table(facts_entry, capsys):
    path, tasks = facts_entry
    verdict = check(path, path.parent.parent, tasks)
    assert verdict.violations == [] and len(verdict.notes) == 1
    assert verdict.notes[0].startswith("left out, and shown: ") and "target_named 0." in verdict.notes[0]
    assert replace_field(verdict.rationales, rankings="") == RationaleSummary(60, 8, 1.0, 0.0)
    scores = {s.metric: s.value for s in read(path, Entry).result.scores if s.slice == "all"}
    assert scores["soundness"] == scores["said"] == 1.0


def test_its_examples_are_sentences_that_are_counted_again(facts_entry):
    first = read(facts_entry[0], Entry).examples[0]
    assert first.claims == [] and len(first.sentences) == 8
    assert all(s.text in first.rationale and s.violation is None for s in first.sentences)


# --- what is scored for what it is: the lie is in the claim ---


def lie(change):
    """Changes the first rationale; every score stays as it was claimed."""

    def apply(lines):
        p = json.loads(lines[0])
        change(p["rationale"])
        lines[0] = json.dumps(p).encode()
        return lines

    return apply


def other_numbers(rationale):
    rationale["reasons"][0]["evidence"]["support"]["found"] += 1


def cites_nothing(rationale):
    rationale["reasons"][0]["evidence"]["history"] = []


def other_value(rationale):
    valued = next(r for r in rationale["reasons"] if r["evidence"].get("value"))
    valued["evidence"]["value"] = valued["wants"][0][1] = "never seen"


def other_text(rationale):
    rationale["text"] = "The stars say so."


LIES = {
    "wrong numbers": (other_numbers, "soundness (all) is 1.0, the predictions give 0.99"),
    "cites nothing": (cites_nothing, "soundness (all) is 1.0"),
    "a value of no purchase": (other_value, "soundness (all) is 1.0"),
    "text and reasons differ": (other_text, "said (all) is 1.0, the predictions give 0.98"),
    "no numbers": (lambda r: r["reasons"][0]["evidence"].pop("support"), "soundness (all) is 1.0"),
    "huge numbers": (
        lambda r: r["reasons"][0]["evidence"].update(support={"found": 1e308}),
        "rationale: a fact counts 1e+308, which no count can be",
    ),
    "negative counts": (
        lambda r: r["reasons"][0]["evidence"]["support"].update(of=-5.0),
        "rationale: a fact counts -5, which no count can be",
    ),
    "support without found": (
        lambda r: r["reasons"][0]["evidence"]["support"].pop("found"),
        "lacks rationale.reasons[0].evidence.support.found",
    ),
    "support of a text": (
        lambda r: r["reasons"][0]["evidence"]["support"].update(found="3"),
        "support.found: expected a number",
    ),
    "a text of a megabyte": (lambda r: r.update(text="a" * 1_000_000), ":1: a line of more than 262,144 bytes"),
    "ten thousand reasons": (
        lambda r: r.update(reasons=[{"evidence": {"history": [], "kind": "similar"}, "weight": 0.0}] * 10_000),
        ":1: a line of more than 262,144 bytes",
    ),
    "sixty-four reasons and one": (
        lambda r: r.update(reasons=[{"evidence": {"history": [], "kind": "similar"}, "weight": 0.0}] * 65),
        "rationale: 65 reasons, at most 64",
    ),
}


@pytest.mark.parametrize("name", LIES)
def test_a_rationale_that_lies_is_one_line(facts_entry, entry, name):
    change, words = LIES[name]
    rewrite(entry, lie(change)(lines_of(entry)))
    with ends():
        violations = verdict_of(entry, facts_entry).violations
    about = [line for line in violations if words in line]
    assert len(about) == 1 and "\n" not in about[0] and len(about[0]) < 300, violations


def test_rationales_as_long_as_they_may_be_are_scored_in_bounded_time(facts_entry, entry):
    def change(p):
        reason = p["rationale"]["reasons"][0]
        p["rationale"]["reasons"] = [{**reason, "weight": 1 / 24}] * 24
        p["rationale"]["text"] = (" ".join(["[1], [2] and [3] have 2 other buyers or more each: what"] * 200))[:1_000]
        return json.dumps(p).encode()

    rewrite(entry, [change(json.loads(line)) for line in lines_of(entry)])
    with ends():
        violations = verdict_of(entry, facts_entry).violations
    assert any("said (all) is 1.0, the predictions give 0.0" in line for line in violations)


# --- what is not sound or not said, and claims nothing else ---


def entered_again(entry: Path, change, out: Path, runs) -> Path:
    """The entry of a run whose rationales are changed and whose scores are those of the change."""
    run = shutil.copytree(runs["popularity"], out / "run")
    lines = [json.loads(line) for line in lines_of(entry)]
    for p in lines:
        change(p["rationale"])
    (run / "predictions.jsonl").write_text("".join(json.dumps(p) + "\n" for p in lines))
    predictions = [records.parse(Prediction, p, "test") for p in lines]
    rescore(run, predictions)
    return enter(run, out.resolve() / "entries")


def first_alone(rationale):
    rationale["text"] = rationale["text"].split(". ")[0] + "."


OBSTACLE, UNSOUND = "not in the headline table: ", "unsound reasons, the first is of query "
NOTES = {  # the notes, in order, each with a part of its words
    "other numbers": (other_numbers, (OBSTACLE, "text says "), (UNSOUND, ", counted ")),
    "a text of one reason": (first_alone, (OBSTACLE, "text says 42% of what ranks")),
    "prose": (other_text, (OBSTACLE, "text says 0% of what ranks")),
    "a word beside": (
        lambda r: r.update(text=r["text"] + " " + "The buyer is said to have fine taste, and more words. " * 3),
        (OBSTACLE, "% of the text is prose"),
    ),
    "old evidence": (
        lambda r: [reason["evidence"].pop("support") for reason in r["reasons"]],
        (OBSTACLE, "text says 0% of what ranks"),
        (UNSOUND, "evidence that states no numbers"),
    ),
}


@pytest.mark.parametrize("name", NOTES)
def test_what_is_not_sound_or_not_said_holds_and_is_noted(entry, runs, tmp_path, capsys, name):
    change, *expected = NOTES[name]
    again = entered_again(entry, change, tmp_path / "again", runs)
    assert "note: not in the headline table" in capsys.readouterr().out  # submit says so, too
    assert main(["verify", "--entries", str(again.parent.parent)]) == 0
    notes = [line for line in capsys.readouterr().out.splitlines() if line.startswith("note popularity/")]
    notes = [line for line in notes if "left out, and shown" not in line]
    assert len(notes) == len(expected)
    assert all(first in note and words in note for note, (first, words) in zip(notes, expected, strict=True))


def test_the_page_marks_the_reasons_that_are_not_so(entry, runs, tmp_path):
    again = entered_again(entry, other_numbers, tmp_path / "again", runs)
    site = tmp_path / "site"
    assert main(["build", "--entries", str(again.parent.parent), "--out", str(site)]) == 0
    (page,) = (site / "entries").glob("*.html")
    shown = page.read_text()
    assert shown.count('<span class="unsound">Not so:</span> ') == 10 and shown.count('<span class="sound">') == 70
    (table,) = site.glob("world*.html")
    assert "text says" in table.read_text()


def test_scores_by_an_earlier_version_of_their_metric_hold_as_they_are(entry, facts_entry, monkeypatch):
    monkeypatch.setattr(load_metric("soundness"), "version", 2)
    rewrite(entry, lie(other_numbers)(lines_of(entry)))
    verdict = verdict_of(entry, facts_entry)
    assert [line for line in verdict.violations if "soundness" in line] == [] and verdict.outdated == 1


def test_what_an_entry_leaves_out_is_computed_and_shown(facts_entry, entry):
    raw = json.loads(entry.read_text())
    raw["result"]["scores"] = [s for s in raw["result"]["scores"] if s["metric"] != "soundness"]
    entry.write_text(json.dumps(raw))
    verdict = verdict_of(entry, facts_entry)
    assert verdict.violations == [] and "soundness 1.0000" in verdict.notes[0] and "headline" not in str(verdict.notes)


def test_rationales_of_one_query_alone_score_the_worst(facts_entry, entry):
    lines = [json.loads(line) for line in lines_of(entry)]
    for p in lines[1:]:
        p.pop("rationale")
    rewrite(entry, [json.dumps(p).encode() for p in lines])
    verdict = verdict_of(entry, facts_entry)
    assert any("soundness (all) is 1.0, the predictions give 0.0166" in line for line in verdict.violations)
    assert verdict.rationales.obstacle == "text says 1% of what ranks"
    assert next(s for s in verdict.left_out if s.metric == "target_named").value > 0.98


# --- a build of what verify refuses ---


def test_an_entry_whose_predictions_were_cut_is_left_out_of_the_page_and_named(entry, tmp_path, capsys):
    packed = entry.with_name(entry.stem + ".predictions.jsonl.gz")
    build = ["build", "--entries", str(entry.parent.parent), "--out", str(tmp_path / "site")]
    lines, content = lines_of(entry), packed.read_bytes()

    def left_out(words: str) -> None:
        assert main(build) == 0
        out, err = capsys.readouterr()
        assert f"left out popularity/{entry.name}: " in err and re.search(words, err) and "1 left out" in out
        assert re.search(html.escape(words, quote=True), (tmp_path / "site" / "index.html").read_text())

    packed.write_bytes(content[: len(content) // 2])
    left_out("is not the file that the entry names: python -m leaderboard verify")
    rewrite(entry, lines[:-1])
    left_out("59 predictions, the entry is of 60 queries: python -m leaderboard verify")
    rewrite(entry, [*lines[:-1], lines[0]])
    left_out(r":60: query .*is answered twice: python -m leaderboard verify")
    replace(entry, gzip.compress(gzip.decompress(content)[:-5]))
    left_out("the last line has no end: python -m leaderboard verify")
    packed.unlink()
    assert main(build) == 0
    (table,) = (tmp_path / "site").glob("world*.html")
    assert "predictions were not sent" in table.read_text()


def test_a_score_that_is_not_computed_again_is_no_earlier_version(entry, facts_entry):
    raw = json.loads(entry.read_text())
    soundness = next(s for s in raw["result"]["scores"] if s["metric"] == "soundness")
    version = load_metric("embedding_similarity").version
    raw["result"]["scores"].append({**soundness, "metric": "embedding_similarity", "version": version})
    entry.write_text(json.dumps(raw))
    assert verdict_of(entry, facts_entry).outdated == 0
