"""A campaign's folder: settings, secrets, pseudonyms."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
import sys
from dataclasses import replace

import pytest

from annotation import guidelines
from annotation.__main__ import main
from annotation.campaign.folder import Campaign, Settings
from rad.errors import RadError
from rad.runtime.files import read_jsonl

WORLD = "world:users=60,items=200"


def settings(**changes):
    values = {"name": "c", "domain": WORLD, "data_sha256": "0", "drafter": "evidence", "drafter_version": "1"}
    return Settings(**{**values, "guideline_version": guidelines.read().version, "created": "now", **changes})


def begun(path):
    campaign = Campaign(path)
    campaign.begin(settings())
    return campaign


def test_settings_stay(tmp_path):
    campaign = Campaign(tmp_path / "c")
    with pytest.raises(RadError, match="holds no campaign yet"):
        _ = campaign.settings
    begun = campaign.begin(settings())
    assert replace(begun, key_fingerprint=None) == settings() and begun == campaign.settings
    assert campaign.begin(settings(created="later")).created == "now"
    assert campaign.set_overlap(3).overlap == 3 == Campaign(tmp_path / "c").settings.overlap
    with pytest.raises(RadError, match="drafter evidence, not llm: begin another folder"):
        campaign.begin(settings(drafter="llm"))


@pytest.mark.parametrize(
    "content, message",
    [
        ("[]", "expected an object"),
        ("{", "not a JSON file"),
        ('{"schema_version": 9}', "schema_version: 9 is not one of 1"),
    ],
)
def test_bad_settings_are_one_line(tmp_path, content, message):
    (tmp_path / "campaign.json").write_text(content)
    with pytest.raises(RadError, match=message) as error:
        _ = Campaign(tmp_path).settings
    assert "\n" not in str(error.value)


def test_a_file_is_no_campaign(tmp_path):
    (tmp_path / "x").write_text("")
    with pytest.raises(RadError, match="is a file"):
        Campaign(tmp_path / "x")


def test_secrets_are_for_the_owner_alone_and_random(tmp_path):
    one, other = begun(tmp_path / "a"), begun(tmp_path / "b")
    assert one.owner() == Campaign(tmp_path / "a").owner() != other.owner()
    one.add_reviewer("anna", "reviewer", "secret")
    one.pseudonym("anna")
    assert stat.S_IMODE(one.secrets.stat().st_mode) == 0o700
    assert {stat.S_IMODE(p.stat().st_mode) for p in one.secrets.glob("*.json")} == {0o600}
    assert len(list(one.secrets.glob("*.json"))) == 3


def test_git_stages_no_secret_and_no_database(tmp_path):
    campaign = begun(tmp_path / "anywhere" / "first")
    campaign.owner()
    campaign.make_private(campaign.server)
    (campaign.server / "argilla.db").write_bytes(b"answers")
    for command in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    staged = subprocess.run(["git", "ls-files"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert staged == "anywhere/first/campaign.json\n"


def test_pseudonyms(tmp_path):
    one, other = begun(tmp_path / "a"), begun(tmp_path / "b")
    name = one.pseudonym("anna")
    assert name.startswith("r-") and len(name) == 10 and "anna" not in name
    assert name == Campaign(tmp_path / "a").pseudonym("anna") != other.pseudonym("anna")
    assert one.pseudonym("anna", "adjudicator").startswith("adj-")
    assert one.pseudonym("anna", "adjudicator")[4:] != name[2:]
    assert one.pseudonym("simulated-1") == "simulated-1"


class TestKey:
    """One key a campaign: another would count each reviewer twice."""

    def test_a_folder_that_was_shared_without_secrets(self, tmp_path):
        begun(tmp_path / "a")
        shutil.copytree(tmp_path / "a", tmp_path / "b", ignore=shutil.ignore_patterns("secrets"))
        with pytest.raises(RadError, match="copy secrets/ from the campaign's own folder"):
            Campaign(tmp_path / "b").pseudonym("anna")
        assert not (tmp_path / "b" / "secrets").exists()

    def test_the_key_of_another_campaign(self, tmp_path):
        one, other = begun(tmp_path / "a"), begun(tmp_path / "b")
        shutil.copy(one.secrets / "pseudonyms.json", other.secrets)
        with pytest.raises(RadError, match="is another campaign's key"):
            Campaign(other.path).pseudonym("anna")

    def test_a_campaign_from_before_fingerprints(self, tmp_path):
        campaign = begun(tmp_path / "a")
        name, path = campaign.pseudonym("anna"), campaign.file("campaign.json")
        record = json.loads(path.read_text())
        del record["key_fingerprint"]
        path.write_text(json.dumps(record))
        assert Campaign(campaign.path).pseudonym("anna") == name and Campaign(campaign.path).settings.key_fingerprint
        path.write_text(json.dumps(record))
        campaign.file("judgements.jsonl").write_text(json.dumps({"annotator": name}) + "\n")
        shutil.rmtree(campaign.secrets)
        with pytest.raises(RadError, match="is not here"):
            Campaign(campaign.path).pseudonym("anna")


def test_withdrawn_once(tmp_path):
    campaign = Campaign(tmp_path)
    campaign.withdraw("r-1"), campaign.withdraw("r-1")
    assert campaign.withdrawn() == ["r-1"]


class TestLock:
    def test_two_commands_do_not_write_at_once(self, tmp_path):
        campaign, again = begun(tmp_path / "c"), Campaign(tmp_path / "c")
        refused = pytest.raises(RadError, match=r"another command writes the drafts of .*: wait until it has ended")
        with campaign.locked("drafts"), again.locked("answers"), refused, again.locked("drafts"):
            pass
        with again.locked("drafts"):
            pass

    def test_a_second_draft_writes_nothing_twice(self, tmp_path):
        campaign = Campaign(tmp_path / "c")
        words = ["draft", str(campaign.path), "--domain", WORLD, "--limit", "12"]
        both = [subprocess.Popen([sys.executable, "-m", "annotation", *words], stderr=subprocess.PIPE) for _ in "ab"]
        errors = [process.communicate()[1] for process in both]
        assert 0 in [process.returncode for process in both]
        assert (
            sum(b"another command writes the drafts" in error for error in errors)
            == sum(p.returncode for p in both) / 2
        )
        ids = [line["rationale_id"] for _, line in read_jsonl(campaign.file("drafts.jsonl"))]
        assert len(ids) == len(set(ids)) == 12

    def test_a_bad_name_leaves_no_folder(self, tmp_path):
        with pytest.raises(RadError, match="a campaign's name has letters"):
            main(["draft", str(tmp_path / "a b"), "--domain", WORLD, "--limit", "1"])
        assert not (tmp_path / "a b").exists()
