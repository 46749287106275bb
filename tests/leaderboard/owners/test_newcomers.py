"""What a new entry may not say: an earlier time than an entry that it may be a copy of, or a label as the project's."""

from __future__ import annotations

import pytest

from leaderboard.owners.newcomers import newcomer_violations
from leaderboard.verification.entry import Signature
from tests.support.made_up_entries import entry, stored


def lines(tmp_path, **fields) -> list[str]:
    """What is said of an entry of Eve's beside one of Ada's of the same task."""
    ada, eve = (Signature(key="ssh-ed25519 " + letter * 68, value="x") for letter in "AB")
    there = entry("bm25", 0.1, signature=ada, at="2026-02-01T00:00:00Z")
    added = entry(**{"name": "mine", "value": 0.1, "submitter": "Eve", "signature": eve} | fields)
    root = stored(tmp_path / "entries", [there, added]).resolve()
    return [reason for _, reason in newcomer_violations(root, [root / added.file])]


def test_a_copy_is_not_dated_before_what_it_copies(tmp_path):
    (line,) = lines(tmp_path, at="2026-01-01T00:00:00Z")
    assert line == "submitted_at: 2026-01-01T00:00:00Z, an entry with the same score is here since 2026-02-01T00:00:00Z"


@pytest.mark.parametrize("fields", [{"at": "2026-02-01T00:00:01Z"}, {"at": "2026-01-01T00:00:00Z", "value": 0.1001}])
def test_a_later_entry_or_one_of_another_score_is_taken(tmp_path, fields):
    assert lines(tmp_path, **fields) == []


@pytest.mark.parametrize("fields", [{"protocol": "time"}, {"domain": "fashion"}, {"sha256": "b" * 64}])
def test_a_task_of_which_nothing_is_there_is_for_the_repositorys_owner(tmp_path, fields):
    """No ceiling marks answers that were looked up there."""
    (line,) = lines(tmp_path, **fields)
    assert line.startswith("result.task: ") and line.endswith("the repository's owner adds the first entry of one")


@pytest.mark.parametrize("name", ["RAD-official2", "bm25.by=RAD-project", "rad_ranker"])
def test_a_strangers_label_has_not_the_projects_name(tmp_path, name):
    assert any("result.model" in line for line in lines(tmp_path, name=name, value=0.2))
    assert not lines(tmp_path / "other", name="radial_net", value=0.2)
