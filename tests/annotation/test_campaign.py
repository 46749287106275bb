"""A campaign's folder, drafts, form and decisions, without a server."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
from pathlib import Path
from unittest.mock import MagicMock  # in place of a client, which building a form does not use

import argilla as rg
import pytest

pytest.importorskip("argilla", reason="needs the extra 'annotate'")

from annotation import guidelines
from annotation.__main__ import main, summary
from annotation.argilla import form
from annotation.campaign import aggregation, drafts
from annotation.campaign.folder import Campaign, Settings
from annotation.drafters.base import Draft
from rad.errors import RadError
from rad.rationales import rules as rationales
from rad.rationales.rules import Rules
from rad.runtime.files import Journal, read_jsonl
from rad.types import Evidence, Rationale, Reason

WORLD = "world:users=60,items=200"


def settings(**changes):
    given = {"name": "c", "domain": WORLD, "data_sha256": "0", "drafter": "evidence", "drafter_version": "1"}
    return Settings(**{**given, "guideline_version": guidelines.VERSION, "created": "now", **changes})


def test_commands_are_listed_without_importing_them():
    code = (
        "import sys; from annotation.__main__ import summary, COMMANDS; [summary(c) for c in COMMANDS]; "
        "print('argilla' in sys.modules, 'numpy' in sys.modules, summary('no_such'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False", "None"]


def test_unknown_command(capsys):
    with pytest.raises(SystemExit):
        main(["drat"])
    assert "unknown command 'drat' (did you mean 'draft'?)" in capsys.readouterr().err


class TestFolder:
    def test_settings_stay(self, tmp_path):
        campaign = Campaign(tmp_path / "c")
        with pytest.raises(RadError, match="holds no campaign yet"):
            _ = campaign.settings
        assert campaign.begin(settings()) == settings() == campaign.settings
        assert campaign.begin(settings(created="later")).created == "now"
        assert campaign.set_overlap(3).overlap == 3 == Campaign(tmp_path / "c").settings.overlap
        with pytest.raises(RadError, match="drafter evidence, not llm: begin another folder"):
            campaign.begin(settings(drafter="llm"))

    @pytest.mark.parametrize(
        "content, said",
        [("[]", "expected an object"), ("{", "not a JSON object"), ('{"schema_version": 9}', "schema_version 9")],
    )
    def test_bad_settings_are_one_line(self, tmp_path, content, said):
        (tmp_path / "campaign.json").write_text(content)
        with pytest.raises(RadError, match=said) as error:
            _ = Campaign(tmp_path).settings
        assert "\n" not in str(error.value)

    def test_a_file_is_no_campaign(self, tmp_path):
        (tmp_path / "x").write_text("")
        with pytest.raises(RadError, match="is a file"):
            Campaign(tmp_path / "x")

    def test_secrets_are_for_the_owner_alone_and_random(self, tmp_path):
        one, other = Campaign(tmp_path / "a"), Campaign(tmp_path / "b")
        assert one.owner() == Campaign(tmp_path / "a").owner() != other.owner()
        one.add_reviewer("anna", "reviewer", "secret")
        one.pseudonym("anna")
        assert stat.S_IMODE(one.secrets.stat().st_mode) == 0o700
        assert {stat.S_IMODE(p.stat().st_mode) for p in one.secrets.iterdir()} == {0o600}
        assert len(list(one.secrets.iterdir())) == 3

    def test_pseudonyms(self, tmp_path):
        one, other = Campaign(tmp_path / "a"), Campaign(tmp_path / "b")
        name = one.pseudonym("anna")
        assert name.startswith("r-") and len(name) == 10 and "anna" not in name
        assert name == Campaign(tmp_path / "a").pseudonym("anna") != other.pseudonym("anna")
        assert one.pseudonym("anna", "adjudicator").startswith("adj-")
        assert one.pseudonym("anna", "adjudicator")[4:] != name[2:]
        assert one.pseudonym("simulated-1") == "simulated-1"

    def test_withdrawn_once(self, tmp_path):
        campaign = Campaign(tmp_path)
        campaign.withdraw("r-1"), campaign.withdraw("r-1")
        assert campaign.withdrawn() == ["r-1"]


def test_journal_drops_a_line_that_was_cut_short(tmp_path):
    path = tmp_path / "j.jsonl"
    with Journal(path) as journal:
        journal.append({"n": 1})
    with open(path, "ab") as file:
        file.write(b'{"n": 2, "text": "cut h')
    with Journal(path) as journal:
        journal.append({"n": 3})
    assert [r["n"] for _, r in read_jsonl(path)] == [1, 3]


class TestDraft:
    def test_goes_on_where_it_was_killed(self, tmp_path, monkeypatch):
        whole, cut = tmp_path / "whole", tmp_path / "cut"
        assert main(["draft", str(whole), "--domain", WORLD, "--limit", "12"]) == 0
        assert main(["draft", str(cut), "--domain", WORLD, "--limit", "5"]) == 0
        path = cut / "drafts.jsonl"
        path.write_bytes(path.read_bytes()[:-30])  # the kill came in the middle of the fifth
        (cut / "contrasts.jsonl").write_text(
            '{"query_id":"gone","item_id":"i","polarity":"for","claims":[],"text":"t","origin":"llm","drafter":"d",'
            '"drafter_version":"1"}\n'
        )
        assert main(["draft", str(cut), "--limit", "12"]) == 0
        assert path.read_bytes() == (whole / "drafts.jsonl").read_bytes()
        assert (cut / "contrasts.jsonl").read_text() == "", "those of a draft that was never written"
        before = path.read_bytes()
        assert main(["draft", str(cut), "--limit", "12"]) == 0
        assert path.read_bytes() == before
        users = {r.query_id.rpartition("-")[0] for _, r in rationales.read(path)}
        assert len(users) == 12, "no user twice while there are others"

    def test_what_fails_the_checks_is_set_apart(self, tmp_path):
        campaign = Campaign(tmp_path)

        good = Rationale("r", "q1", (), "text", "unexplained", "llm", "d", "1")
        hindsight = (rationales.Violation("hindsight", "ended up"),)
        drafts.append(campaign, [Draft("q1", "i1", good), Draft("q2", "i2", None, tried=(hindsight,))])
        assert [r for _, r in rationales.read(campaign.file("drafts.jsonl"))] == [good]
        ((_, line),) = read_jsonl(campaign.file("rejected.jsonl"))
        assert line == {"query_id": "q2", "faults": [{"rule": "hindsight", "detail": "ended up"}]}
        assert drafts.mended(campaign) == {"q1", "q2"}

    @pytest.mark.parametrize(
        "arguments, said",
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
    def test_bad_input(self, tmp_path, arguments, said):
        with pytest.raises(RadError, match=said) as error:
            main(["draft", str(tmp_path / "c"), *arguments])
        assert "\n" not in str(error.value) and not (tmp_path / "c").exists()
        assert "secret" not in str(error.value)

    def test_other_data_than_the_campaigns(self, tmp_path):
        Campaign(tmp_path).begin(settings(name="c"))
        with pytest.raises(RadError, match="the data or its loader changed"):
            main(["draft", str(tmp_path)])
        with pytest.raises(RadError, match="is of domain"):
            main(["draft", str(tmp_path), "--domain", "world"])


class TestForm:
    def test_nothing_anchors(self):
        wanted = form.settings(MagicMock(), 2)
        assert [f.name for f in wanted.fields] == ["history", "draft", "item"]
        assert not any(f.use_markdown for f in wanted.fields if hasattr(f, "use_markdown"))
        assert [q.name for q in wanted.questions] == [
            *("plausibility", "trust", "errors", "unsupported", "edited", "verdict")
        ]
        assert "Withdrawing" in wanted.guidelines and "Good" in wanted.guidelines and "Bad" in wanted.guidelines
        assert [f.name for f in form.settings(MagicMock(), 1, adjudication=True).fields][-1] == "answers"

    def test_the_form_is_kept_for_releases(self, tmp_path, monkeypatch):
        client = MagicMock()  # a fake server: nothing is asked of it
        wanted = form.settings(client, 2)
        form.keep(wanted, tmp_path / form.FOLDER)
        monkeypatch.setattr(rg.Argilla, "_get_default", lambda: client)
        again = rg.Settings.from_json(tmp_path / ".argilla/settings.json")
        assert again.serialize() == wanted.serialize()

    def test_record(self, toy):
        example = toy.examples["train"][0]
        given = Rationale("r1", example.query.query_id, (), "Why [1].", "unexplained", "evidence", "evidence", "1")
        record = form.record(given, example, toy.items)
        assert record.id == "r1" and record.fields["draft"] == "Why [1]."
        (suggestion,) = record.suggestions
        assert suggestion.value == "Why [1]." and suggestion.score is None and suggestion.agent is None
        lines = record.fields["history"].splitlines()
        assert len(lines) == len(example.query.history) and lines[0].startswith("[1] ")

    def test_markup_becomes_text_of_the_same_length(self):
        raw = "<b>Lark & Loom</b> &lt;i&gt; AT&T &#60;"
        assert form.plain(raw) == "‹b›Lark & Loom‹/b› ＆lt;i＆gt; AT＆T ＆#60;" and len(form.plain(raw)) == len(raw)

    def test_long_histories_keep_what_is_cited(self, toy):
        import dataclasses

        example = toy.examples["train"][0]
        long = dataclasses.replace(example.query, history=example.query.history * 40)
        told = form.history(dataclasses.replace(example, query=long), toy.items, cited=(0, 10**6)).splitlines()
        assert told[0] == f"({len(long.history) - form.SHOWN - 1} earlier ones are not shown)"
        assert told[1].startswith("[1] ") and told[-1].startswith(f"[{len(long.history)}] ")

    def test_judgements_are_canonical(self):
        span = {"label": "wrong", "start": 3, "end": 5}
        values = {
            "plausibility": {"value": 4},
            "trust": {"value": 2},
            "verdict": {"value": "accept_edited"},
            "errors": {"value": ["language", "generic"]},
            "unsupported": {"value": [span]},
            "edited": {"value": " better \n"},
        }
        got = {j.question: j.answer for j in form.judgements("r", "r-1", values, "1", 2.5)}
        assert got == {
            "plausibility": "4",
            "trust": "2",
            "verdict": "accept_edited",
            "errors": '["generic","language"]',
            "unsupported": '[[3,5,"wrong"]]',
            "edited": "better",
        }
        none = {j.question: j.answer for j in form.judgements("r", "r-1", {"verdict": {"value": "reject"}}, "1")}
        assert none == {"verdict": "reject", "errors": "[]", "unsupported": "[]"}

    def test_the_adjudicator_sees_letters(self):
        told = form.lettered({"r-2": {"verdict": "reject"}, "r-1": {"verdict": "accept_edited", "edited": "new"}})
        assert "r-1" not in told and told.index("Reviewer A: Accept with my correction") < told.index("Reviewer B")
        assert "corrected: new" in told


def said(verdict, edited=None):
    return {"verdict": verdict, **({"edited": edited} if edited else {})}


class TestDecide:
    @pytest.mark.parametrize(
        "answers, state, text",
        [
            ({"r-1": said("accept")}, "waiting", None),
            ({"r-1": said("accept"), "r-2": said("accept", "ignored")}, "accepted", None),
            ({"r-1": said("accept"), "r-2": said("accept_edited", "new")}, "edited", "new"),
            ({"r-1": said("accept"), "r-2": said("accept_edited", " old ")}, "accepted", None),
            ({"r-1": said("accept_edited", "a"), "r-2": said("accept_edited", "b")}, "disagreed", None),
            ({"r-1": said("accept"), "r-2": said("reject")}, "disagreed", None),
            ({"r-1": said("unsure"), "r-2": said("reject")}, "rejected", None),
            ({"r-1": said("unsure"), "r-2": said("unsure")}, "disagreed", None),
            ({"r-1": said("accept"), "r-2": said("reject"), "adj-1": said("accept")}, "accepted", None),
            ({"r-1": said("accept"), "r-2": said("accept"), "adj-1": said("reject")}, "rejected", None),
            ({"r-1": said("accept"), "r-2": said("reject"), "adj-1": said("unsure")}, "disagreed", None),
            ({"r-1": said("reject"), "simulated-1": said("accept")}, "waiting", None),
            ({"simulated-1": said("accept"), "simulated-2": said("accept")}, "accepted", None),
        ],
    )
    def test_outcome(self, answers, state, text):
        got = aggregation.outcome(answers, 2, "old")
        assert (got.state, got.text) == (state, text)
        assert got.adjudicated == (any(who.startswith("adj-") for who in answers) and state != "disagreed")
        assert got.simulated == (all(who.startswith("simulated-") for who in answers) and state != "waiting")

    def test_a_corrected_text_makes_its_own_claims(self, toy):
        example = max(toy.examples["train"], key=lambda e: len(e.query.history))
        past = [toy.items[x.item_id] for x in example.query.history]
        (name, value), (other, second) = [(a, v[0]) for a, v in (past[0].attributes | past[1].attributes).items() if v][
            :2
        ]
        owner = next(k for k, item in enumerate(past) if second in item.attributes.get(other, ()))
        reason = Reason(Evidence((0,), "attribute", name, value), ((name, value),), weight=0.4)
        text = f"[1] has {name} {value}, so the user wants {name} {value}."
        given = Rationale("r", example.query.query_id, (reason,), text, "supported", "evidence", "evidence", "1")
        rules = Rules(toy.items)
        same = aggregation.corrected(given, f"Because of [1] the user wants {value}.", example.query, rules)
        assert same.reasons == (reason,) and same.origin == "edited" and same.rationale_id.startswith("r-edited-")
        changed = aggregation.corrected(given, f"Given [{owner + 1}] the user wants {second}.", example.query, rules)
        (new,) = changed.reasons
        assert new.wants == ((other, second),) and new.evidence.history == (owner,) and new.weight == 0.4
        empty = aggregation.corrected(given, "Nothing explains it.", example.query, rules)
        assert empty.reasons == () and empty.verdict == "unexplained"
        target = toy.items[next(iter(example.relevant))]
        leaky = aggregation.corrected(given, f"[1]: the user ended up with {target.title}.", example.query, rules)
        assert "hindsight" in aggregation.broken_rules(leaky, example, rules)


def test_guidelines_have_a_version():
    assert guidelines.VERSION == "1" and json.dumps(guidelines.TEXT)


def test_the_manual_names_commands_that_exist():
    text = (Path(guidelines.__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"python -m annotation (\w+)", text)) | set(re.findall(r"`(\w+) DIR", text))
    assert {"draft", "serve", "push", "pull", "agreement", "demo", "withdraw"} <= named
    assert all(summary(command) for command in named), named
