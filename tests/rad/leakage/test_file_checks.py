"""Leak checks on files of rationales: RAD's own, predictions, and published ones of others."""

from dataclasses import replace

import pytest

from rad.errors import RadError
from rad.leakage.file_checks import check_file
from rad.runtime.files import write_jsonl
from rad.types import Prediction


@pytest.fixture
def rationale(toy):
    return next(e.rationale for e in toy.examples["test"] if e.query.user_id == "u01")


def run(path, records, data=None):
    write_jsonl(path, records)
    return {finding.check: finding for finding in check_file(path, data)}


def leaks(findings):
    return {name for name, finding in findings.items() if finding.level == "leak"}


def test_good_rationales_pass(tmp_path, toy, rationale):
    assert not leaks(run(tmp_path / "r.jsonl", [rationale], toy))
    assert not leaks(run(tmp_path / "r.jsonl", [rationale]))


def test_predictions_are_checked_against_their_target(tmp_path, toy, rationale):
    naming = replace(rationale, text="Blue [5], a hat [2]: the Gilu.")
    rows = [Prediction("u01-5", ("blue-hat",), naming), Prediction("u02-4", ("red-hat",))]
    findings = run(tmp_path / "p.jsonl", rows, toy)
    assert leaks(findings) == {"names_target"}
    assert findings["names_target"].examples == ("line 1: gilu",) and findings["names_target"].total == 1


def test_rationales_of_unknown_queries_and_ids_that_come_twice(tmp_path, toy, rationale):
    findings = run(tmp_path / "r.jsonl", [rationale, replace(rationale, query_id="u77-1")], toy)
    assert leaks(findings) == {"unknown queries", "duplicate ids"}
    assert findings["unknown queries"].examples == ("line 2: u77-1",)


def test_rationales_of_others_in_the_manner_of_published_sets(tmp_path):
    """Written after the fact, with the target in hand: what such sets look like."""
    rows = [
        {
            "text": "The user previously bought running socks and a water bottle, so their next purchase, the Saucony "
            "Guide trail shoes, fits an active lifestyle.",
            "target": "Saucony Guide 13 Trail Running Shoes",
            "history": ["Balega running socks", "Nalgene water bottle"],
        },
        {
            "text": "Having enjoyed fantasy, the reader ended up choosing Mistborn, which was rated 5 stars.",
            "target": "Mistborn: The Final Empire",
            "history": ["The Way of Kings"],
        },
        {"text": "[1] and [2] are for running, so something to wear on trails.", "target": "Saucony Guide 13"},
    ]
    findings = run(tmp_path / "x.jsonl", rows)
    assert leaks(findings) == {"hindsight", "rating", "names_target"}
    assert findings["hindsight"].count == 2 and findings["names_target"].count >= 1
    assert findings["names_target"].examples[0] == "line 1: saucony guide trail shoes"


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"note": 1}, r"x\.jsonl:1: lacks text \(a string\)"),
        ({"text": "a", "history": "b"}, r"x\.jsonl:1: history: expected a list of titles"),
        ({"text": "a", "target": 3}, r"x\.jsonl:1: target: expected a title"),
        ({"reasons": []}, r"x\.jsonl:1: lacks rationale_id, "),
        ({"ranking": "a"}, r"x\.jsonl:1: lacks query_id"),
    ],
)
def test_lines_of_no_known_kind_are_named(tmp_path, record, message):
    with pytest.raises(RadError, match=message):
        run(tmp_path / "x.jsonl", [record])


def test_an_empty_file_is_named(tmp_path):
    with pytest.raises(RadError, match=r"x\.jsonl: no lines"):
        run(tmp_path / "x.jsonl", [])
