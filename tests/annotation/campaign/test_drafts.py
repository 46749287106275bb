"""Drafts: written as they are done, read by one reader, and none lost or left half-way by a kill."""

from __future__ import annotations

import pytest

from annotation.__main__ import main
from annotation.campaign import drafts
from annotation.campaign.folder import Campaign
from annotation.drafters.base import Draft
from rad.errors import RadError
from rad.rationales import files
from rad.rationales.rules import Violation
from rad.runtime.files import Journal, read_jsonl
from rad.types import Rationale
from tests.annotation.campaign.test_folder import WORLD, settings


def test_goes_on_where_it_was_killed(tmp_path, monkeypatch):
    complete, cut = tmp_path / "whole", tmp_path / "cut"
    assert main(["draft", str(complete), "--domain", WORLD, "--limit", "12"]) == 0
    assert main(["draft", str(cut), "--domain", WORLD, "--limit", "5"]) == 0
    path = cut / "drafts.jsonl"
    path.write_bytes(path.read_bytes()[:-30])  # the kill came in the middle of the fifth
    (cut / "contrasts.jsonl").write_text(
        '{"query_id":"gone","item_id":"i","polarity":"for","claims":[],"text":"t","origin":"llm","drafter":"d",'
        '"drafter_version":"1"}\n'
    )
    assert main(["draft", str(cut), "--limit", "12"]) == 0
    assert path.read_bytes() == (complete / "drafts.jsonl").read_bytes()
    assert (cut / "contrasts.jsonl").read_text() == "", "those of a draft that was never written"
    before = path.read_bytes()
    assert main(["draft", str(cut), "--limit", "12"]) == 0
    assert path.read_bytes() == before
    users = {r.query_id.rpartition("-")[0] for _, r in files.read(path)}
    assert len(users) == 12, "no user twice while there are others"


def test_what_fails_the_checks_is_set_apart(tmp_path):
    campaign = Campaign(tmp_path)

    good = Rationale("r", "q1", (), "text", "unexplained", "llm", "d", "1")
    hindsight = (Violation("hindsight", "ended up"),)
    drafts.append(campaign, [Draft("q1", "i1", good), Draft("q2", "i2", None, tried=(hindsight,))])
    assert [r for _, r in files.read(campaign.file("drafts.jsonl"))] == [good]
    ((_, line),) = read_jsonl(campaign.file("rejected.jsonl"))
    assert line == {"query_id": "q2", "faults": [{"rule": "hindsight", "detail": "ended up"}]}
    assert drafts.mended(campaign) == {"q1", "q2"}


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--drafter", "evidense"], "did you mean 'evidence'"),
        (["--limit", "0"], "--limit must be at least 1"),
        (["--set", "steps"], "unknown setting 'steps'"),
        (["--set", "colour=red"], "unknown setting 'colour'"),
        (["--drafter", "llm"], "needs --base-url and --model"),
        (["--drafter", "llm", "--set", "window=0"], "window: must be at least 1, got 0"),
        (["--drafter", "llm", "--base-url", "https://a:secret@host/v1"], "base_url must hold no user, password"),
        (["--domain", "wrold"], "did you mean 'world'"),
    ],
)
def test_bad_input(tmp_path, arguments, message):
    with pytest.raises(RadError, match=message) as error:
        main(["draft", str(tmp_path / "c"), *arguments])
    assert "\n" not in str(error.value) and not (tmp_path / "c").exists()
    assert "secret" not in str(error.value)


def test_other_data_than_the_campaigns(tmp_path):
    Campaign(tmp_path).begin(settings(name="c"))
    with pytest.raises(RadError, match="the data or its loader changed"):
        main(["draft", str(tmp_path)])
    with pytest.raises(RadError, match="is of domain"):
        main(["draft", str(tmp_path), "--domain", "world"])


def test_journal_drops_a_line_that_was_cut_short(tmp_path):
    path = tmp_path / "j.jsonl"
    with Journal(path) as journal:
        journal.append({"n": 1})
    with open(path, "ab") as file:
        file.write(b'{"n": 2, "text": "cut h')
    with Journal(path) as journal:
        journal.append({"n": 3})
    assert [r["n"] for _, r in read_jsonl(path)] == [1, 3]


@pytest.fixture
def written(tmp_path):
    """A campaign with two drafts; the text of the first has a line separator, which ends no line of the file."""
    texts = {"q1": "one\u2028more", "q2": "two"}
    files.write(
        tmp_path / "drafts.jsonl",
        [Rationale(f"r-{q}", q, (), text, "unexplained", "llm", "d", "1") for q, text in texts.items()],
    )
    return Campaign(tmp_path)


def test_a_reader_leaves_out_a_line_that_is_being_written(written):
    path = written.file(drafts.FILE)
    assert [draft.text for draft in drafts.read(written)] == ["one\u2028more", "two"]
    path.write_bytes(path.read_bytes()[:-9])
    before = path.read_bytes()
    assert list(drafts.by_id(written)) == ["r-q1"] and path.read_bytes() == before, "and does not mend the file"


@pytest.mark.parametrize(
    "line, cause",
    [
        (b"{}\n", r"drafts.jsonl:3: .*lacks"),
        (b"{\n", r"drafts.jsonl:3: not a JSON object"),
        (b"\xff\n", "not UTF-8"),
        (None, r"drafts.jsonl:3: duplicate rationale_id r-q1 \(first on line 1\)"),
    ],
)
def test_a_line_that_is_no_draft_is_one_line(written, line, cause):
    path = written.file(drafts.FILE)
    path.write_bytes(path.read_bytes() + (line or path.read_bytes()))
    with pytest.raises(RadError, match=cause) as error:
        drafts.read(written)
    assert "\n" not in str(error.value)


def test_without_drafts_the_next_command_is_named(tmp_path):
    assert drafts.read(Campaign(tmp_path)) == []
    with pytest.raises(RadError, match=r"no such file: python -m annotation draft"):
        drafts.by_id(Campaign(tmp_path))
    with pytest.raises(RadError, match="no such campaign folder"):
        drafts.by_id(Campaign(tmp_path / "none"))
