"""What people say of models: figures worked out by hand, and pairs that favour no side."""

from __future__ import annotations

import hashlib
import json

import pytest

from annotation.__main__ import main
from annotation.campaign import drafts, judgements
from annotation.evaluation import pairs
from annotation.evaluation.models import measure
from rad.errors import RadError
from rad.rationales import files
from rad.types import Judgement, Rationale
from tests.annotation.campaign.test_folder import begun


def draft(name, query, model, text="by [1]."):
    return Rationale(name, query, (), text, "unexplained", "model", model, "1")


FOUR = [draft("a1", "q1", "a", "x"), draft("b1", "q1", "b"), draft("a2", "q2", "a", "y"), draft("b2", "q2", "b")]
BY_ID = {one.rationale_id: one for one in FOUR}


def answer(rationale_id, question, value, who="r-00000001"):
    return Judgement(rationale_id, who, question, value, "2")


def test_figures_by_hand():
    reviews = [
        *(answer("a1", "plausibility", "5"), answer("a1", "plausibility", "3", "r-00000002")),
        *(answer("a2", "plausibility", "1"), answer("b1", "plausibility", "4")),
        *(answer("b1", "plausibility", "1", "simulated-1"), answer("b1", "verdict", "reject", "adj-00000001")),
        *(answer("a1", "verdict", "accept"), answer("a2", "verdict", "reject")),
    ]
    models = measure(BY_ID, reviews, [])
    assert models.group == "people"
    plausible = models.reviewed["a"]["plausibility"]
    assert (plausible.value, plausible.n_answers, plausible.n_queries) == (2.5, 3, 2), "the mean of queries' means"
    assert (plausible.low, plausible.high) == (1.0, 4.0)
    assert models.reviewed["a"]["accepted"].value == 0.5
    (only,) = models.reviewed["b"].values()
    assert only.value == 4 and only.low is None, "neither simulated reviewers nor adjudicators count"


def test_preferences_by_hand():
    answers = [
        *(answer("a1+b1", "plausible", "first"), answer("a1+b1", "plausible", "alike", "r-00000002")),
        *(answer("b2+a2", "plausible", "first"), answer("b2+a2", "trusted", "second")),
    ]
    plausible, trusted = measure(BY_ID, [], answers).compared
    assert (plausible.model, plausible.other, plausible.counts) == ("a", "b", (1, 1, 1))
    assert plausible.preferred.value == pytest.approx((0.75 + 0) / 2) and trusted.counts == (1, 0, 0)


def test_pairs_favour_no_side_and_need_a_difference():
    ids = {(k, model): hashlib.sha256(f"{k}{model}".encode()).hexdigest() for k in range(200) for model in ("a", "b")}
    many = [draft(name, f"q{k}", model, model) for (k, model), name in ids.items()]
    same = [draft("s", "same", "a"), draft("t", "same", "b")]
    paired = pairs.pairs([*many, *same, draft("u", "q", "a"), draft("v", "q", "a", "another")])
    assert len(paired) == 200 and {pair.first.query_id for pair in paired} == {f"q{k}" for k in range(200)}
    assert 60 < sum(pair.first.drafter == "a" for pair in paired) < 140
    assert paired == pairs.pairs(reversed(many)), "the same on every call"


def test_the_command(tmp_path, capsys):
    campaign = begun(tmp_path / "c")
    files.write(campaign.file(drafts.FILE), FOUR)
    with pytest.raises(RadError, match="nobody has answered yet"):
        main(["models", str(campaign.path)])
    judgements.write(campaign, [answer("a1", "plausibility", "5", "simulated-1")])
    pairs.write(campaign, [answer("a1+b1", "plausible", "first", "simulated-1")])
    main(["models", str(campaign.path), "--resamples", "10"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "who are no people" in shown and "a b plausible 1.00 1 0 0" in shown
    assert json.loads(campaign.file("models.json").read_text())["compared"][0]["counts"] == [1, 0, 0]
    pairs.write(campaign, [answer("a1+b1", "plausible", "both", "simulated-1")])
    with pytest.raises(RadError, match=r"comparisons\.jsonl:1: plausible 'both'"):
        main(["models", str(campaign.path)])
