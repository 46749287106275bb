"""CSV of a campaign: a row a form, hours by hand, and no cell that a spreadsheet would execute."""

from __future__ import annotations

import csv

import pytest

from annotation.__main__ import main
from annotation.campaign import drafts, judgements
from annotation.campaign.folder import REPORTS
from annotation.evaluation import pairs
from rad.errors import RadError
from rad.rationales import files
from rad.types import Judgement
from tests.annotation.campaign.test_folder import begun
from tests.annotation.evaluation.test_models import FOUR

ANNA, BEN = "r-00000001", "r-00000002"


def test_a_row_a_form_and_hours(tmp_path):
    campaign = begun(tmp_path / "c")
    files.write(campaign.file(drafts.FILE), FOUR)
    with pytest.raises(RadError, match="nobody has answered yet"):
        main(["export", str(campaign.path)])
    judgements.write(
        campaign,
        [
            *(Judgement("a1", ANNA, question, "4", "2", 1800.0) for question in ("plausibility", "trust")),
            Judgement("b1", ANNA, "edited", "=HYPERLINK(1)", "2"),
            Judgement("a2", ANNA, "edited", 'two\nlines, and a "quote"', "2", 3600.0),
        ],
    )
    pairs.write(campaign, [Judgement("a1+b1", BEN, "plausible", "first", "2")])
    main(["export", str(campaign.path)])
    with open(campaign.file("answers.csv"), encoding="utf-8", newline="") as file:
        rows = {row["draft"]: row for row in csv.DictReader(file)}
    assert len(rows) == 4 and rows["a1"]["plausibility"] == rows["a1"]["trust"] == "4" and rows["a1"]["drafter"] == "a"
    assert rows["b1"]["edited"] == "'=HYPERLINK(1)" and rows["a2"]["edited"] == 'two\nlines, and a "quote"'
    assert rows["a1+b1"]["plausible"] == "first" and rows["a1+b1"]["drafter"] == "a / b"
    with open(campaign.file("hours.csv"), encoding="utf-8", newline="") as file:
        anna, ben = csv.DictReader(file)
    assert (anna["forms"], anna["forms_timed"], anna["hours_timed"], anna["hours_estimated"]) == (
        "3",
        "2",
        "1.5",
        "2.25",
    )
    assert (ben["forms"], ben["hours_timed"], ben["hours_estimated"]) == ("1", "0.0", "")
    assert {"answers.csv", "hours.csv"} <= set(REPORTS), "withdraw deletes them"
