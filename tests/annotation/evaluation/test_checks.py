"""Checks: what a line of ``checks.jsonl`` may be, and what counts as right."""

from __future__ import annotations

import json

import pytest

from annotation.agreement.console import show_checks
from annotation.campaign import judgements
from annotation.evaluation import checks
from annotation.evaluation.checks import Check
from rad.errors import RadError
from rad.types import Judgement
from tests.annotation.campaign.test_folder import begun

ANNA, BEN = "r-00000001", "r-00000002"
NONSENSE = {"query_id": "q", "text": "Because.", "expected": {"verdict": ["reject"], "errors": ["generic"]}}


def write(campaign, *lines):
    campaign.file(checks.FILE).write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.mark.parametrize(
    "answers, is_right",
    [
        ({"verdict": "reject", "errors": '["generic","language"]'}, True),
        ({"verdict": "accept", "errors": '["generic"]'}, False),
        ({"verdict": "reject", "errors": "[]"}, False),
        ({"verdict": "reject"}, False),
    ],
)
def test_all_that_is_expected_must_be_there(answers, is_right):
    assert Check("q", "Because.", {"verdict": ("reject",), "errors": ("generic",)}).is_right(answers) == is_right


def test_results_by_reviewer(tmp_path, capsys):
    campaign = begun(tmp_path / "c")
    assert checks.read(campaign) == {}
    write(campaign, NONSENSE, {**NONSENSE, "text": "So.", "calibration": True, "feedback": "It says nothing."})
    by_id = checks.read(campaign, ["q"])
    (of_work, first), (of_round, second) = by_id.items()
    assert not first.calibration and second.calibration and len(of_work) == 16
    assert checks.spoken(second) == "verdict: Reject\nerrors: Would fit almost anybody\n\nIt says nothing."
    answers = [
        *(Judgement(of_work, ANNA, q, a, "1") for q, a in (("verdict", "reject"), ("errors", '["generic"]'))),
        Judgement(of_round, ANNA, "verdict", "accept", "1"),
        Judgement(of_work, BEN, "verdict", "accept", "1"),
    ]
    checks.write_answers(campaign, answers)
    results = checks.results(by_id, checks.read_answers(campaign))
    assert [(one.annotator, one.calibration, one.right, one.answered) for one in results] == [
        *((ANNA, True, 0, 1), (ANNA, False, 1, 1), (BEN, False, 0, 1)),
    ]
    assert results[0].missed == (of_round,) and judgements.read(campaign) == []
    show_checks(results)
    assert "r-00000001 calibration 0 1" in " ".join(capsys.readouterr().out.split())


def test_a_text_of_the_grammar_has_reasons_as_a_draft_has():
    words = "2 of 3 have colour navy ([2], [3]; usually 1 in 20): most likely again. Something unexplained is likely."
    draft = Check("q", words, {"verdict": ("reject",)}).rationale
    assert draft.text == words and draft.reasons[0].evidence.value == "navy"
    assert Check("q", "Because.", {"verdict": ("reject",)}).rationale.reasons == ()


@pytest.mark.parametrize(
    "line, message",
    [
        ({**NONSENSE, "expected": {}}, "expected is empty"),
        ({**NONSENSE, "expected": {"edited": ["x"]}}, "no answer to 'edited' can be expected"),
        ({**NONSENSE, "expected": {"verdict": ["no"]}}, "verdict has no answer 'no'; answers: accept, accept_edited"),
        ({**NONSENSE, "expected": {"verdict": []}}, "verdict has no answer 'nothing'"),
        ({**NONSENSE, "query_id": "other"}, "the campaign's data have no query other"),
        ({**NONSENSE, "weight": 1}, "weight"),
    ],
)
def test_bad_lines_are_one_line(tmp_path, line, message):
    campaign = begun(tmp_path / "c")
    write(campaign, {**NONSENSE, "text": "First."}, line)
    with pytest.raises(RadError, match=message) as error:
        checks.read(campaign, ["q"])
    assert f"{checks.FILE}:2: " in str(error.value) and "\n" not in str(error.value)


def test_a_check_stands_once(tmp_path):
    campaign = begun(tmp_path / "c")
    write(campaign, NONSENSE, NONSENSE)
    with pytest.raises(RadError, match="the same text on the same query as before"):
        checks.read(campaign)
