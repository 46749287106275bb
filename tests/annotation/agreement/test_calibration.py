"""Judges beside people: the ceiling is that of people on the same records, and better answers come out better."""

from __future__ import annotations

import json

import numpy as np
import pytest

from annotation.agreement.calibration import calibrate
from annotation.campaign import judgements
from rad.errors import RadError
from rad.runtime.files import write_jsonl
from tests.annotation.agreement.test_measure import campaign, form, run, says

PEOPLE = ("r-00000001", "r-00000002", "r-00000003")


def read(answers, judge=False):
    return list(judgements.checked(((str(k), one) for k, one in enumerate(answers)), None, judge))


def scores(rng, truth, noise):
    return np.clip(truth + np.round(rng.normal(0, noise, len(truth))).astype(int), 1, 5)


def answers_of(annotator, values, question="plausibility"):
    return [says(k, annotator, question, str(v)) for k, v in enumerate(values)]


@pytest.fixture
def drawn():
    rng = np.random.default_rng(2)
    truth = rng.integers(1, 6, 200)
    return rng, truth, [one for name in PEOPLE for one in answers_of(name, scores(rng, truth, 1.0))]


def test_a_judge_as_good_as_people_reaches_the_ceiling_and_a_random_one_does_not(drawn):
    rng, truth, people = drawn
    for noise, low, high in ((1.0, -0.06, 0.06), (0.0, 0.05, 0.3), (50.0, -1.0, -0.4)):
        (figures,) = calibrate(
            read(answers_of("judge:x", scores(rng, truth, noise)), True), read(people), "people", 0, 200
        )
        assert figures.n_records == figures.n_shared == 200
        for name in ("spearman", "pearson", "weighted_kappa", "spearman_pairs"):
            apart = figures.difference[name]
            assert low < apart.value < high, (noise, name)
            assert apart.low <= apart.value <= apart.high
            assert apart.value == pytest.approx(figures.in_place[name].value - figures.people[name].value)


def test_coefficients_equal_those_of_other_libraries(drawn):
    stats, metrics = pytest.importorskip("scipy.stats"), pytest.importorskip("sklearn.metrics")
    rng, truth, people = drawn
    mine = scores(rng, truth, 0.8)
    (figures,) = calibrate(read(answers_of("judge:x", mine), True), read(people), "people", 0, 20)
    table = np.array([int(one.answer) for one in people]).reshape(3, 200)
    assert figures.against_all["spearman"].value == pytest.approx(stats.spearmanr(mine, table.mean(axis=0))[0])
    assert figures.against_all["pearson"].value == pytest.approx(stats.pearsonr(mine, table.mean(axis=0))[0])
    kappa = metrics.cohen_kappa_score(np.tile(mine, 3), table.ravel(), weights="quadratic")
    assert figures.against_all["weighted_kappa"].value == pytest.approx(kappa)
    ceiling = [stats.spearmanr(table[k], np.delete(table, k, axis=0).mean(axis=0))[0] for k in range(3)]
    assert figures.people["spearman"].value == pytest.approx(np.mean(ceiling))
    placed = [stats.spearmanr(mine, np.delete(table, k, axis=0).mean(axis=0))[0] for k in range(3)]
    assert figures.in_place["spearman"].value == pytest.approx(np.mean(placed))


def test_verdicts_and_error_codes_are_compared_too():
    verdicts = [says(k, name, "verdict", ("accept", "reject")[k % 2]) for k in range(20) for name in PEOPLE]
    codes = [says(k, name, "errors", ("[]", '["generic"]')[k % 2]) for k in range(20) for name in PEOPLE]
    mine = [says(k, "judge:x", "verdict", ("accept", "reject")[k % 2]) for k in range(20)]
    mine += [says(k, "judge:x", "errors", ("[]", '["generic", "language"]')[k % 2]) for k in range(20)]
    verdict, errors = calibrate(read(mine, True), read([*verdicts, *codes]), "people", 0, 20)
    assert verdict.against_all["kappa"].value == verdict.people["kappa"].value == 1
    assert 0 < errors.in_place["weighted_kappa"].value < errors.people["weighted_kappa"].value == 1


def test_abstained_and_invalid_answers_are_counted_and_left_out(drawn):
    rng, truth, people = drawn
    mine = answers_of("judge:x", scores(rng, truth, 0.5))
    (unmarred,) = calibrate(read(mine[10:], True), read(people), "people", 0, 20)
    marred = answers_of("judge:x", ["abstained"] * 6 + ["invalid"] * 4) + mine[10:]
    (figures,) = calibrate(read(marred, True), read(people), "people", 0, 20)
    assert (figures.n_answers, figures.n_abstained, figures.n_invalid, figures.n_records) == (200, 6, 4, 190)
    assert figures.against_all["spearman"].value == unmarred.against_all["spearman"].value


def test_without_a_second_person_there_is_no_ceiling_and_it_is_said(drawn):
    _, truth, people = drawn
    (figures,) = calibrate(read(answers_of("judge:x", truth), True), read(people[:200]), "people", 0, 20)
    assert figures.against_all["spearman"].value > 0.5
    assert figures.people["spearman"].undefined == "no record has the answers of two people"
    (nothing,) = calibrate(read(answers_of("judge:x", [3] * 200), True), read(people), "people", 0, 20)
    assert nothing.against_all["spearman"].undefined == "the judge or people always answer the same"
    (apart,) = calibrate(read([says(900, "judge:x", "trust", "3")], True), read(people), "people", 0, 20)
    assert apart.n_records == 0


def test_the_command_sets_judges_beside_people(tmp_path, capsys):
    import random

    rng = random.Random(3)
    people = [one for k in range(60) for name in PEOPLE for one in form(k, name, rng)]
    folder = campaign(tmp_path / "c", people)
    mine = [one for k in range(60) for one in form(k, "judge:x", rng) if one.question != "unsupported"]
    write_jsonl(folder / "judge-x.jsonl", mine)
    run("agreement", folder, "--resamples", 50)
    printed = capsys.readouterr().out
    assert "as the ceiling; against people" in printed and "60 answers, 0 abstained, 0 invalid" in printed
    record = json.loads((folder / "agreement.json").read_text())
    assert [one["question"] for one in record["judges"]] == ["plausibility", "trust", "verdict", "errors"]
    assert "judge-x.jsonl" in record["data"]
    assert all(one["judge"] not in record["people"]["reviewers"] for one in record["judges"])
    write_jsonl(folder / "judge-y.jsonl", [says(1, PEOPLE[0], "trust", "4")])
    with pytest.raises(RadError, match=r"judge-y.jsonl:1: answers of r-00000001 belong in judgements.jsonl"):
        run("agreement", folder)
