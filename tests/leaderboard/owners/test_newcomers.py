"""What a pull request may add to a season: few entries of an owner a day, and none that is dated back."""

from __future__ import annotations

from leaderboard.owners.newcomers import newcomer_violations
from leaderboard.verification.entry import Signature
from rad.runtime import provenance
from tests.support.made_up_entries import entry, stored

KEYS = ["ssh-ed25519 " + letter * 68 for letter in "AB"]


def test_a_season_takes_few_entries_of_an_owner_a_day(tmp_path):
    now = provenance.now()

    def sent(k: int, key: str, at: str = now):
        signature = Signature(key=key, value="x")
        return entry(
            "a", 0.1, run_id=f"r{k}", submitter=f"Team {key[-1]}", domain="season:s", at=at, signature=signature
        )

    entries = [*(sent(k, KEYS[0]) for k in range(3)), sent(3, KEYS[1]), sent(4, KEYS[1], "2026-01-01T00:00:00Z")]
    root = stored(tmp_path / "entries", entries)
    old, *added = sorted(root.glob("*/*.json"))
    lines = list(newcomer_violations(root, added))
    assert lines == [
        "a/r2.json: a season takes 2 entries of an owner a day, here are 3",
        "a/r4.json: submitted_at: 2026-01-01T00:00:00Z is more than 7 days ago",
    ]
    assert old.name == "r0.json"
