"""``campaign:FOLDER``: what a campaign gave is what ``rad.load`` reads."""

from __future__ import annotations

import json

import pytest

import rad
from annotation.__main__ import main
from rad.data.load import open_dataset
from rad.errors import RadError
from rad.rationales import files
from tests.support.marks import marked

WORLD = "world:users=60,items=200"


@pytest.fixture
def folder(tmp_path):
    """Two of three drafts are accepted; one was decided by simulated reviewers."""
    main(["draft", str(tmp_path), "--domain", WORLD, "--limit", "3"])
    drafts = [r for _, r in files.read(tmp_path / "drafts.jsonl")]
    files.write(tmp_path / "rationales.jsonl", drafts[:2])
    lines = [{"rationale_id": r.rationale_id, "simulated": k == 0} for k, r in enumerate(drafts)]
    (tmp_path / "provenance.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return tmp_path


def test_rationales_of_the_campaign_on_the_data_of_the_domain(folder):
    data, plain = open_dataset(f"campaign:{folder}"), open_dataset(WORLD)
    reviewed = {r.query_id: r for _, r in files.read(folder / "rationales.jsonl")}
    assert data.items == plain.items and data.sequences == plain.sequences and data.sha256 != plain.sha256
    rationales = {e.query.query_id: e.rationale for split in data.examples.values() for e in split if e.rationale}
    assert rationales == reviewed, "and none of the domain's own"
    assert [e.query for e in data.examples["test"]] == [e.query for e in plain.examples["test"]]
    assert data.notes["reviewed rationales"] == 2
    assert data.notes["of these decided by simulated reviewers, no people"] == 1
    loaded = rad.load(f"campaign:{folder}")
    assert sorted(row["rationale_id"] for row in loaded.rationales if not row["drafted"]) == sorted(
        r.rationale_id for r in reviewed.values()
    )


def test_bad_input(folder, tmp_path):
    def message(name):
        with pytest.raises(RadError) as error:
            open_dataset(name)
        assert "\n" not in str(error.value)
        return str(error.value)

    assert "needs a campaign's folder" in message("campaign")
    assert "no such file or folder" in message("campaign:nowhere")
    (folder / "rationales.jsonl").rename(folder / "away")
    assert "has no reviewed rationales yet: python -m annotation pull" in message(f"campaign:{folder}")
    (folder / "rationales.jsonl").write_text((folder / "away").read_text().replace('"query_id":"', '"query_id":"x'))
    assert "is it the data that the campaign was begun with?" in message(f"campaign:{folder}")
    for content, words in (("{", "not the settings"), ('{"domain": "campaign:x"}', "is no domain"), ("[]", "not the")):
        (folder / "campaign.json").write_text(content)
        assert words in message(f"campaign:{folder}")
    (folder / "campaign.json").unlink()
    assert "holds no campaign" in message(f"campaign:{folder}")


def test_a_byte_order_mark_is_read_over(folder):
    before = open_dataset(f"campaign:{folder}")
    assert open_dataset(f"campaign:{marked(folder)}") == before
