"""Copies of a campaign's folder: they count nobody twice, and speak to no server but their own."""

from __future__ import annotations

import shutil

import pytest

pytest.importorskip("argilla", reason="needs the extra 'annotate'")

from annotation.__main__ import main
from annotation.argilla.process import serving, start, stop
from annotation.campaign import judgements
from annotation.campaign.folder import Campaign
from tests.support.review_server import WORLD, as_user, error_of, verdicts

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("server_environment"),
    pytest.mark.xdist_group("review server"),
]


@pytest.fixture
def answered(campaign, url, tmp_path, monkeypatch):
    """A campaign on another's server, with answers of one person that were pulled."""
    monkeypatch.setenv("ARGILLA_API_KEY", campaign.owner()["api_key"])
    other = Campaign(tmp_path / tmp_path.name)  # a workspace of its own for each test
    main(["draft", str(other.path), "--domain", WORLD, "--limit", "3"])
    main(["push", str(other.path), "--api-url", url, "--reviewers", f"fay-{tmp_path.name}"])
    fay = as_user(other, url, f"fay-{tmp_path.name}")
    fay.work(fay.dataset())
    main(["pull", str(other.path), "--api-url", url])
    return other


def test_a_folder_that_was_shared_without_secrets_gives_nobody_a_second_pseudonym(answered, url, tmp_path):
    copy = tmp_path / "elsewhere" / "copied"
    shutil.copytree(answered.path, copy, ignore=shutil.ignore_patterns("secrets", "server"))
    assert "copy secrets/ from the campaign's own folder" in error_of("pull", copy, "--api-url", url)
    assert judgements.read(Campaign(copy)) == judgements.read(answered)
    shutil.copytree(answered.secrets, copy / "secrets")
    main(["pull", str(copy), "--api-url", url])
    assert judgements.read(Campaign(copy)) == judgements.read(answered), "one person, one pseudonym"


def test_a_copy_speaks_to_its_own_server_alone(tmp_path, monkeypatch):
    original, copy = Campaign(tmp_path / "a" / "c"), Campaign(tmp_path / "b" / "c")
    main(["draft", str(original.path), "--domain", WORLD, "--limit", "3"])
    process, url = start(original)
    try:
        main(["push", str(original.path), "--reviewers", "anna,ben"])
        ben = as_user(original, url, "ben")
        ben.work(ben.dataset())
        shutil.copytree(original.path, copy.path)
        assert "the campaign's server is not running" in error_of("withdraw", copy.path, "ben")
        with serving(copy) as other:
            assert other != url
            main(["withdraw", str(copy.path), "ben"])
        main(["pull", str(original.path)])
        assert {who for who, _ in verdicts(original)} == {original.pseudonym("ben")}, "the original has all"
        process.kill()
        process.wait()
        copied, _ = start(copy, port=int(url.rpartition(":")[2]))  # at the address that the killed one had
        try:
            assert "the campaign's server is not running" in error_of("withdraw", original.path, "anna")
        finally:
            stop(copied)
    finally:
        stop(process)


def test_another_campaign_of_the_same_name_is_not_taken_for_this_one(answered, url, tmp_path):
    """On one server two campaigns would share a workspace."""
    twin = Campaign(tmp_path / "twin" / answered.path.name)
    main(["draft", str(twin.path), "--domain", WORLD, "--limit", "2"])
    for command in ("push", "withdraw"):
        more = [*answered.reviewers()] if command == "withdraw" else []
        message = error_of(command, twin.path, *more, "--api-url", url)
        assert "is of another campaign of this name: begin this one in a folder with another name" in message
    main(["pull", str(answered.path), "--api-url", url])
    assert len(verdicts(answered)) == 3
