"""What a season takes of an owner: few entries a day, none that is dated back, and none after it has closed."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from leaderboard.seasons.limits import season_violations
from leaderboard.seasons.season import new
from leaderboard.verification.entry import Signature
from rad.runtime import provenance
from tests.support.made_up_entries import entry, stored

KEYS = ["ssh-ed25519 " + letter * 68 for letter in "AB"]


def sent(k: int, key: str, at: str | None = None):
    signature = Signature(key=key, value="x")
    team, at = f"Team {key[-1]}", at or provenance.now()
    return entry("a", 0.1, run_id=f"r{k}", submitter=team, domain="season:s", at=at, signature=signature)


def lines(root, *rest) -> list[str]:
    return [f"{path.stem}: {reason}" for path, reason in season_violations(root, *rest)]


def test_a_season_takes_few_entries_of_an_owner_a_day(tmp_path):
    entries = [
        *(sent(k, KEYS[0]) for k in range(3)),
        sent(3, KEYS[1]),
        sent(4, KEYS[1], "2026-01-01T00:00:00Z"),
        entry("a", 0.1, run_id="r5", domain="season:s"),
    ]
    root = stored(tmp_path / "entries", entries)
    old, *added = sorted(root.glob("*/*.json"))
    assert old.stem == "r0"
    unsigned = "r5: not signed: a season counts the entries of an owner (README.md: Owners)"
    often = "r2: a season takes 2 entries of an owner a day, here are 3"
    back = "r4: submitted_at: 2026-01-01T00:00:00Z is more than 7 days ago"
    assert sorted(lines(root, added)) == sorted([unsigned, often, back])
    assert sorted(lines(root)) == sorted([unsigned, often])  # what lies there is counted, too


def test_what_lies_there_came_before_what_states_an_earlier_time(tmp_path):
    root = stored(tmp_path / "entries", [sent(k, KEYS[0], f"2026-01-01T00:00:0{k}Z") for k in range(3)])
    added = [root / "a/r0.json"]
    assert "r0: a season takes 2 entries of an owner a day, here are 3" in lines(root, added)


def test_nothing_is_added_after_a_season_has_closed(tmp_path):
    """Its secret may be public by then, and an entry may state an earlier time."""
    secret = tmp_path / "secret.json"
    about = new(tmp_path / "seasons/s", secret, 60, 200, datetime.now(UTC).date())
    root = stored(tmp_path / "entries", [sent(0, KEYS[0])])
    paths = list(root.glob("*/*.json"))
    assert lines(root, paths, tmp_path / "seasons") == []
    past = about.model_copy(update={"closes_at": "2026-01-01T23:59:59Z"})
    (tmp_path / "seasons/s/season.json").write_text(past.model_dump_json())
    assert lines(root, paths, tmp_path / "seasons") == ["r0: the season has closed at 2026-01-01T23:59:59Z"]
    assert lines(root, [], tmp_path / "seasons") == []  # what was there before stays


def test_a_season_does_not_close_before_it_opens(tmp_path):
    with pytest.raises(Exception, match="that day is over"):
        new(tmp_path / "seasons/s", tmp_path / "secret.json", 60, 200, date(2026, 1, 1))
    assert list(tmp_path.iterdir()) == []
