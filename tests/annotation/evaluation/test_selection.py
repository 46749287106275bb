"""Active selection: by hand, on four drafts."""

from __future__ import annotations

import pytest

from annotation.evaluation import selection
from rad.errors import RadError
from rad.runtime.files import write_jsonl
from rad.types import Evidence, Judgement, Rationale, Reason
from tests.annotation.campaign.test_folder import begun


def draft(name, drafter="a", *reasons):
    return Rationale(name, f"q-{name}", tuple(reasons), name, "unexplained", "evidence", drafter, "1")


FOUR = [draft(name) for name in "wxyz"]


def judged(campaign, name, **scores):
    answers = [Judgement(key, f"judge:{name}", "plausibility", str(score), "1") for key, score in scores.items()]
    write_jsonl(campaign.file(f"judge-{name}.jsonl"), answers)


def order(campaign, how, drafts=FOUR):
    return "".join(one.rationale_id for one in selection.ordered(campaign, drafts, how))


def test_by_judges(tmp_path):
    campaign = begun(tmp_path / "c")
    assert order(campaign, None) == "wxyz"
    for how, needs in (("uncertain", "a judge's answers"), ("disputed", "the answers of two judges")):
        with pytest.raises(RadError, match=f"--select {how} needs {needs}: python -m annotation judge"):
            order(campaign, how)
    judged(campaign, "one", w=1, x=2, y=3)
    assert order(campaign, "uncertain") == "yxwz", "the middle first, what nobody scored last"
    judged(campaign, "two", w=5, x=3, y="abstained")
    assert order(campaign, "disputed") == "wxyz"
    assert order(campaign, "uncertain") == "wyxz", "by the mean of judges: 3, 3 and 2.5"


def test_every_stratum_in_turn(tmp_path):
    def of(attribute):
        return Reason(Evidence((0,), "attribute", attribute, "v"), weight=0.5)

    drafts = [
        draft("1", "a", of("brand")),
        draft("2", "a", of("brand")),
        draft("3", "b"),
        draft("4", "a", of("colour")),
    ]
    assert order(begun(tmp_path / "c"), "stratified", drafts) == "1432"


def test_chosen_ids(tmp_path):
    campaign, path = begun(tmp_path / "c"), tmp_path / "ids.txt"
    path.write_text("z\n\nx\nz\n")
    assert order(campaign, str(path)) == "zx"
    path.write_text("z\nv\n")
    with pytest.raises(RadError, match=r"ids.txt:2: the campaign has no draft v"):
        order(campaign, str(path))
    with pytest.raises(RadError, match="no such file"):
        order(campaign, "uncertian")
