"""``annotation agreement``: what is counted, what is shown, and what is refused."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest

from annotation import __main__ as command
from annotation.agreement.measure import measure
from rad.errors import RadError
from rad.rationales import files
from rad.runtime.files import write_jsonl
from rad.types import Judgement, Rationale

TEXT = "Because of the blue in [5], something blue. Because of the hat in [2], a hat."
PEOPLE = ("r-00000001", "r-00000002", "r-00000003")


def draft(number, text=TEXT):
    name = f"u{number:03}-3-evidence-1"
    return Rationale(name, f"u{number:03}-3", (), text, "unexplained", "evidence", "evidence", "1")


def says(record, annotator, question, answer, seconds=None):
    return Judgement(f"u{record:03}-3-evidence-1", annotator, question, answer, "1", seconds)


def form(record, annotator, rng, noise=0.3):
    """A whole form of one reviewer: near to what the record deserves, but for noise."""
    deserved = record % 5
    seen = min(4, max(0, deserved + (rng.choice((-1, 1)) if rng.random() < noise else 0)))
    errors = ["generic"] * (seen < 2) + ["hallucinated"] * (seen < 1)
    spans = [[0, 10 + rng.randrange(5), "unsupported"]] if seen < 2 else []
    answers = {
        "plausibility": str(seen + 1),
        "trust": str(min(5, seen + 1 + (rng.random() < noise))),
        "verdict": ("reject", "reject", "unsure", "accept_edited", "accept")[seen],
        "errors": json.dumps(errors),
        "unsupported": json.dumps(spans),
    }
    return [says(record, annotator, question, answer, 20.0 + record) for question, answer in answers.items()]


def campaign(folder, judgements, drafts=None, lines=()):
    folder.mkdir(exist_ok=True)
    files.write(folder / "drafts.jsonl", drafts or [draft(k) for k in range(60)])
    write_jsonl(folder / "judgements.jsonl", judgements)
    with open(folder / "judgements.jsonl", "a") as file:
        file.writelines(line + "\n" for line in lines)
    return folder


def run(*arguments):
    return command.main([str(a) for a in arguments])


@pytest.fixture
def forms():
    rng = random.Random(3)
    return [one for record in range(60) for name in PEOPLE[: 2 + record % 2] for one in form(record, name, rng)]


def test_the_command_writes_every_figure_and_prints_a_table(tmp_path, forms, capsys):
    folder = campaign(tmp_path / "first", forms)
    assert run("agreement", folder, "--resamples", 200, "--seed", 4) == 0
    printed = capsys.readouterr().out
    assert "People: 3 reviewers, 60 records (30 by 2, 30 by 3), 750 answers" in printed
    for question in ("plausibility", "trust", "verdict", "errors", "unsupported"):
        assert question in printed
    record = json.loads((folder / "agreement.json").read_text())
    plausibility = record["people"]["questions"]["plausibility"]
    alpha = plausibility["coefficients"]["alpha"]
    assert 0.7 < alpha["low"] < alpha["value"] < alpha["high"] < 1 and alpha["n"] == 60
    assert plausibility["distribution"]["r-00000001"].keys() == set("12345")
    assert [pair["n"] for pair in plausibility["pairs"]] == [60, 30, 30]
    assert set(plausibility["pairs"][0]["coefficients"]) == {"alpha", "kappa", "weighted_kappa"}
    assert record["seed"] == 4 and record["resamples"] == 200
    assert set(record["data"]) == {"drafts.jsonl", "judgements.jsonl"}
    assert record["people"]["seconds"]["r-00000001"]["median"] == pytest.approx(49.5)
    again = tmp_path / "again"
    campaign(again, forms)
    run("agreement", again, "--resamples", 200, "--seed", 4)
    other = json.loads((again / "agreement.json").read_text())
    assert other["people"] == record["people"]


def test_simulated_reviewers_and_adjudicators_are_in_no_figure_of_people(forms):
    lengths = {draft(k).rationale_id: len(TEXT) for k in range(60)}
    alone = measure(forms, lengths, resamples=50)
    rng = random.Random(9)
    simulated = [one for k in range(60) for name in ("simulated-a", "simulated-b") for one in form(k, name, rng, 0.9)]
    judged = [says(k, "adj-1", "plausibility", str(k % 5 + 1)) for k in range(10)]
    agreement = measure([*forms, *simulated, *judged], lengths, resamples=50)
    assert agreement.people.questions == alone.people.questions
    assert agreement.simulated.reviewers == ("simulated-a", "simulated-b")
    assert "adj-1" not in agreement.people.reviewers
    near = sum(f.question == "plausibility" and f.answer == judged[r].answer
               for r in range(10) for f in forms if f.rationale_id == judged[r].rationale_id)  # fmt: skip
    adjudicated = agreement.adjudicated["plausibility"]
    assert adjudicated.n_records == 10 and adjudicated.n_answers == 25
    assert adjudicated.equal == pytest.approx(near / 25)
    assert alone.adjudicated == {}


def test_the_widest_disagreement_comes_first(tmp_path):
    answers = [says(k, name, "plausibility", "3") for k in range(5) for name in PEOPLE[:2]]
    answers[2 * 3] = replace(answers[2 * 3], answer="5")
    answers[2 * 4] = replace(answers[2 * 4], answer="1")
    answers[2 * 4 + 1] = replace(answers[2 * 4 + 1], answer="5")
    listed = measure(answers, resamples=5).people.disagreements
    assert [(d.rationale_id, d.spread) for d in listed] == [(draft(4).rationale_id, 1.0), (draft(3).rationale_id, 0.5)]
    assert listed[0].answers == {PEOPLE[0]: {"plausibility": "1"}, PEOPLE[1]: {"plausibility": "5"}}


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ([says(k, PEOPLE[0], "trust", "4") for k in range(5)], "no record has two answers"),
        ([says(k, name, "trust", "4") for k in range(5) for name in PEOPLE], "all answers are the same"),
    ],
)
def test_an_undefined_coefficient_says_why(tmp_path, capsys, answers, reason):
    folder = campaign(tmp_path / "c", answers)
    assert run("agreement", folder) == 0
    alpha = json.loads((folder / "agreement.json").read_text())["people"]["questions"]["trust"]["coefficients"]["alpha"]
    assert alpha["value"] is None and alpha["low"] is None and alpha["undefined"] == reason
    assert f"undefined: {reason}" in capsys.readouterr().out.replace("\n", " ")


def line(**changes):
    record = {"rationale_id": draft(1).rationale_id, "annotator": PEOPLE[0], "question": "trust", "answer": "4"}
    return json.dumps({**record, "guideline_version": "1", **changes})


@pytest.mark.parametrize(
    ("bad", "cause"),
    [
        (line(question="trusted"), "judgements.jsonl:3: unknown question 'trusted' (did you mean 'trust'?)"),
        (line(answer="6"), "judgements.jsonl:3: trust: '6' is not one of 1, 2, 3, 4, 5"),
        (line(question="verdict", answer="fine"), "judgements.jsonl:3: verdict: 'fine' is not one of accept"),
        (line(question="errors", answer='["typo"]'), "judgements.jsonl:3: errors: 'typo' is not one of contradicts"),
        (line(question="errors", answer="generic"), "judgements.jsonl:3: errors: 'generic' is not a JSON list"),
        (
            line(question="errors", answer='["hindsight", "generic"]'),
            "judgements.jsonl:3: errors: the codes must be sorted and each stand once",
        ),
        (
            line(question="unsupported", answer='[[5, 900, "x"]]'),
            "judgements.jsonl:3: unsupported: [5, 900] is no span of the draft's text of 77 characters",
        ),
        (
            line(question="unsupported", answer="[[5]]"),
            "judgements.jsonl:3: unsupported: [5] is not [start, end, label]",
        ),
        (line(annotator="anna"), "judgements.jsonl:3: annotator 'anna' is no pseudonym"),
        (line(annotator="judge:gpt"), "judgements.jsonl:3: answers of judge:gpt belong in judge-<name>.jsonl"),
        (line(rationale_id="nobody"), "judgements.jsonl:3: rationale nobody is not among the drafts"),
        (line(rationale_id=draft(0).rationale_id), "answered trust on u000-3-evidence-1 before"),
        (line(seconds=-1), "judgements.jsonl:3: seconds must not be negative"),
        ("{", "judgements.jsonl:3: not a JSON object"),
    ],
)
def test_bad_judgements_are_one_line_with_file_and_line(tmp_path, bad, cause):
    answers = [says(0, PEOPLE[0], "trust", "4"), says(0, PEOPLE[1], "trust", "4")]
    folder = campaign(tmp_path / "c", answers, lines=[bad])
    with pytest.raises(RadError) as caught:
        run("agreement", folder)
    assert cause in str(caught.value) and "\n" not in str(caught.value)
    assert not (folder / "agreement.json").exists()


def test_nothing_to_measure_is_one_line(tmp_path):
    with pytest.raises(RadError, match="no such campaign folder"):
        run("agreement", tmp_path / "none")
    folder = campaign(tmp_path / "c", [])
    with pytest.raises(RadError, match="nobody has answered yet"):
        run("agreement", folder)
    (folder / "judgements.jsonl").unlink()
    with pytest.raises(RadError, match="annotation pull"):
        run("agreement", folder)
    with pytest.raises(RadError, match="--resamples must be at least 1"):
        run("agreement", folder, "--resamples", 0)


def test_the_forms_answers_are_the_ones_that_are_read_here():
    """What ``pull`` writes of a form's answers is accepted, and the form has the same options."""
    form_module = pytest.importorskip("annotation.argilla.form", reason="needs argilla", exc_type=ImportError)
    from annotation.argilla.simulated import opinion
    from annotation.campaign import judgements as answers

    assert set(answers.ERRORS) == set(answers.ERROR_LABELS) and set(answers.VERDICTS) == set(answers.VERDICT_LABELS)
    form_answers = []
    for k in range(30):
        text = f"{TEXT} {k}."
        for name in ("simulated-1", "simulated-2"):
            values = {key: {"value": value} for key, value in opinion(name, text).items()}
            form_answers += form_module.judgements((draft(k).rationale_id, name), text, values, "1", (30.0, None))
    lengths = {draft(k).rationale_id: len(TEXT) + 4 for k in range(30)}
    agreement = measure(form_answers, lengths, resamples=20)
    assert set(agreement.simulated.questions) == {q for q, kind in answers.QUESTIONS.items() if kind != "text"}
    strike = agreement.simulated.questions["strike"]
    assert (strike.distance, strike.n_shared, strike.codes) == ("MASI", 30, {}), (
        "number 2 of two drafts is no one thing"
    )
    assert agreement.people.reviewers == ()
