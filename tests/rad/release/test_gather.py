"""What goes into a release: every answer of a campaign, and not a word of third parties."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pyarrow.parquet as pq
import pytest

import rad
from rad import __main__ as cli
from rad.data.load import open_dataset
from rad.errors import RadError
from rad.rationales import files, text
from rad.rationales.facts import Facts
from rad.release import publish
from rad.release.gather import gather
from rad.runtime.files import write_jsonl
from rad.types import Judgement, Rationale
from tests.support.releases import THIRD, WORLD, plain, quoting

TITLES = ("Oscilloscope", "Dark Side", "Duct Tape, 2 in", "Rigol")


def test_third_party_text_is_never_in_a_release(raw, tmp_path, capsys):
    data = open_dataset(THIRD)
    write_jsonl(tmp_path / "given.jsonl", quoting(data))
    folder = tmp_path / "out"
    assert cli.main(["push", THIRD, "--to", str(folder), "--rationales", str(tmp_path / "given.jsonl")]) == 0
    assert "1 rationales withheld" in capsys.readouterr().out
    parquet = sorted(folder.rglob("*.parquet"))
    texts = "".join(json.dumps(pq.read_table(path).to_pylist()) for path in parquet)
    texts += "".join(p.read_text() for p in folder.rglob("*") if p.is_file() and p.suffix != ".parquet")
    for word in (*TITLES, *(item.title for item in data.items.values() if len(item.title) > 5)):
        assert word not in texts, word
    assert not (folder / "users").exists()
    rows = [row for path in parquet if path.parent.name == "examples" for row in pq.read_table(path).to_pylist()]
    past = [x for row in rows for x in row["history"]]
    assert rows and all(x["timestamp"] is x["rating"] is x["review"] is None for x in past)
    assert pq.read_table(folder / "items/full-00000-of-00001.parquet").column_names == ["item_id", "domain"]


def test_ratings_and_times_stay_out(tmp_path, monkeypatch):
    from tests.conftest import raw_amazon

    monkeypatch.setenv("RAD_DATA", str(tmp_path))
    raw_amazon(tmp_path / "shoes", 2018)
    release = gather("amazon:shoes,core=3")
    assert any(x.timestamp for s in release.dataset.sequences.values() for x in s)
    manifest = publish.write(release, tmp_path / "out", None)
    assert manifest.data == "amazon:shoes,core=3"
    rows = pq.read_table(tmp_path / "out/examples/test-00000-of-00001.parquet").to_pylist()
    assert all(x["timestamp"] is x["rating"] is None for row in rows for x in row["history"])
    assert open_dataset(str(tmp_path / "out")).sha256 == release.dataset.sha256


def test_a_campaign_is_released_with_every_answer(tmp_path, monkeypatch):
    data = open_dataset(WORLD)
    folder = tmp_path / "first"
    folder.mkdir()
    drafts = [replace(e.rationale, origin="llm") for e in data.examples["test"][:4]]
    judged = [Judgement(d.rationale_id, who, "verdict", "accept", "1", 3.5) for d in drafts for who in ("r-1", "r-2")]
    (folder / "campaign.json").write_text(json.dumps({"domain": WORLD}))
    files.write(folder / "drafts.jsonl", drafts)
    files.write(folder / "rationales.jsonl", drafts[:3])
    comment = Judgement(drafts[0].rationale_id, "r-1", "comment", "For the lead alone.", "1")
    write_jsonl(folder / "judgements.jsonl", [*judged, comment])
    (folder / ".argilla").mkdir()
    (folder / ".argilla/settings.json").write_text("{}")
    (folder / "secrets").mkdir()
    (folder / "secrets/owner").write_text("hidden")
    monkeypatch.setenv("RAD_DATA", str(tmp_path))
    out = tmp_path / "out"
    assert cli.main(["push", "campaign:first", "--to", str(out)]) == 0
    rows = plain(out, "judgements", tmp_path / "cache")["full"].to_pylist()
    assert [Judgement(**row) for row in rows] == judged
    assert (out / ".argilla/settings.json").exists() and not list(out.rglob("owner"))
    there = open_dataset(str(out))
    assert there.name == WORLD and there.sha256 == open_dataset("campaign:first").sha256
    assert len(pq.read_table(out / "drafts/full-00000-of-00001.parquet")) == 4


def test_answers_that_quote_a_title_stay_out(raw, tmp_path):
    data = open_dataset(THIRD)
    folder = tmp_path / "first"
    folder.mkdir()
    fine, quoted = quoting(data)
    drafts = [fine, replace(quoted, text="Because of [1], a probe.")]
    judged = [Judgement(d.rationale_id, "r-1", "corrected", quoted.text, "1") for d in drafts]
    judged += [Judgement(d.rationale_id, "r-1", "verdict", "accept", "1") for d in drafts]
    (folder / "campaign.json").write_text(json.dumps({"domain": THIRD}))
    files.write(folder / "drafts.jsonl", drafts)
    files.write(folder / "rationales.jsonl", drafts[:1])
    write_jsonl(folder / "judgements.jsonl", judged)
    release = gather(f"campaign:{folder}")
    rows = release.tables["judgements"]["full"].to_pylist()
    assert not any("Oscilloscope" in row["answer"] for row in rows if row["rationale_id"] == drafts[1].rationale_id)
    assert sum(row["question"] == "verdict" for row in rows) == 2
    assert str(tmp_path) not in json.dumps(asdict(release.manifest))


def test_a_rationale_of_a_strange_query_is_refused(tmp_path):
    reason = Rationale("r", "nobody-3", (), "x", "unexplained", "llm", "t", "1")
    files.write(tmp_path / "given.jsonl", [reason])
    with pytest.raises(RadError, match="query nobody-3, which is not in"):
        gather(WORLD, extra=tmp_path / "given.jsonl")


def test_a_file_without_rationales_is_refused(tmp_path):
    (tmp_path / "given.jsonl").touch()
    with pytest.raises(RadError, match=r"given\.jsonl: no rationales"):
        gather(WORLD, extra=tmp_path / "given.jsonl")


def test_numbers_that_differ_name_file_and_line(tmp_path):
    data = open_dataset(WORLD)
    facts = Facts.of(data.examples["train"], data.items)
    example = data.examples["test"][0]
    good = text.rationale(example.query, facts.about(example.query, 3), "llm", "t", "1")
    first = good.reasons[0]
    lied = replace(first, evidence=replace(first.evidence, support=replace(first.evidence.support, found=77.0)))
    unsound = replace(good, reasons=(lied, *good.reasons[1:]), text="", rationale_id="other")
    unsound = replace(unsound, text=text.write(unsound.reasons))
    path = tmp_path / "given.jsonl"
    for bad, cause in (
        (unsound, "fact: .*states 77"),
        (replace(good, text=text.write(good.reasons[:1]), rationale_id="other"), "text: "),
        (replace(good, reasons=(replace(first, weight=1e-5),) * 10_000, rationale_id="other"), "10,000 reasons"),
    ):
        files.write(path, [good, bad])
        with pytest.raises(RadError, match=rf"given\.jsonl:2: .*{cause}") as error:
            gather(WORLD, extra=path)
        assert "\n" not in str(error.value)
    files.write(path, [good])
    release = gather(WORLD, extra=path)
    rows = release.tables["rationales"]["full"].to_pylist()
    assert [row["soundness"] for row in rows if not row["drafted"]] == [1.0]
    assert {row["query_id"] for row in rows if row["drafted"]} == {e.query.query_id for e in data.examples["train"]}


def test_a_draft_that_may_not_be_published_loses_its_values(raw, monkeypatch):
    data = open_dataset(THIRD)
    query = data.examples["train"][0].query
    facts = Facts.of(data.examples["train"], data.items)
    drafts = text.rationale(query, facts.about(query, 4), "evidence", "evidence", "2")
    title = next(item.title for x in query.history if len((item := data.items[x.item_id]).title.split()) > 1)
    quoted = replace(drafts, text=f"{drafts.text} {title}")
    monkeypatch.setattr("rad.release.gather.drafts_of", lambda *_: {query.query_id: quoted})
    release = gather(THIRD)
    (row,) = release.tables["rationales"]["full"].to_pylist()[:1]
    assert title not in row["text"] and not any(reason["wants"] for reason in row["reasons"])
    assert release.manifest.notes["drafts of training queries without their values for the same"] == 1


def test_what_is_drafted_changes_no_hash_and_is_read_back(raw, tmp_path):
    release = gather(THIRD)
    publish.write(release, tmp_path / "out", None)
    there = open_dataset(str(tmp_path / "out"))
    assert there.sha256 == release.dataset.sha256 == open_dataset(THIRD).sha256
    assert there.drafts.keys() == {e.query.query_id for e in there.examples["train"]}
    assert not any(e.rationale for rows in there.examples.values() for e in rows)
    loaded = rad.load(str(tmp_path / "out"))
    assert loaded.rationales.to_list() == rad.load(THIRD, "rationales").to_list()
    assert loaded.instruct.to_list() == rad.load(THIRD, "instruct").to_list()
