"""Copies of a campaign's folder: they count nobody twice."""

from __future__ import annotations

import shutil

import pytest

pytest.importorskip("argilla", reason="needs the extra 'annotate'")

from annotation.__main__ import main
from annotation.campaign import judgements
from annotation.campaign.folder import Campaign
from tests.support.review_server import WORLD, as_user, error_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("server_environment"),
    pytest.mark.xdist_group("review server"),
]


@pytest.fixture
def answered(campaign, url, tmp_path, monkeypatch):
    """A campaign on another's server, with answers of one person that were pulled."""
    monkeypatch.setenv("ARGILLA_API_KEY", campaign.owner()["api_key"])
    other = Campaign(tmp_path / "copied")
    main(["draft", str(other.path), "--domain", WORLD, "--limit", "3"])
    main(["push", str(other.path), "--api-url", url, "--reviewers", "fay"])
    fay = as_user(other, url, "fay")
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
