"""A sealed season: its answers stay with the organiser, models take part, the secret scores what they sent."""

from __future__ import annotations

import base64
import errno
import json
import re
import shutil
import stat
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.harness.results import Score
from leaderboard.__main__ import main
from leaderboard.seasons import season
from leaderboard.verification import scoring
from leaderboard.verification.entry import Entry, read
from leaderboard.verification.folder import read_entries
from rad.data.splits import leave_last_out
from rad.errors import RadError
from rad.runtime.files import sha256_lines
from rad.types import Prediction
from rad.world import simulate
from rad.world.rng import Purpose, random_words
from rad.world.spec import read_spec
from tests.support.submissions import enter

SIZE = ("--users", "120", "--items", "200")


@pytest.fixture(scope="module")
def new_season(tmp_path_factory):
    """A season's public folder, its secret file and what it says."""
    top = tmp_path_factory.mktemp("made")
    folder, secret = top / "seasons" / "spring-1", top / "kept" / "secret.json"
    assert main(["season", "new", str(folder), "--secret", str(secret), *SIZE]) == 0
    return folder, secret, season.revealed(season.Secret(**json.loads(secret.read_text())))


def test_what_is_published_is_the_catalogue_and_histories_without_the_last_purchase(new_season):
    folder, _, revealed = new_season
    assert sorted(p.name for p in folder.iterdir()) == ["items.jsonl", "queries.jsonl", "season.json"]
    public = season.opened(folder)
    assert public.items == revealed.items and public.sha256 == revealed.sha256
    assert [e.query for e in public.examples["test"]] == [e.query for e in revealed.examples["test"]]
    for part in ("train", "validation"):
        ours, theirs = (
            [replace(e, rationale=None, contrast=None) for e in d.examples[part]] for d in (public, revealed)
        )
        assert ours == theirs
    for example in (e for part in public.examples.values() for e in part):
        assert example.rationale is None and example.contrast is None
        assert bool(example.relevant) == (example.split != "test")
    lines = [json.loads(line) for line in (folder / "queries.jsonl").read_text().splitlines()]
    assert {key for line in lines for key in line} == {"query_id", "domain", "user_id", "history"}
    keys = {key for line in lines for x in line["history"] for key in x}
    assert keys == {"user_id", "item_id", "timestamp", "rating", "review"}


def test_neither_the_secret_nor_a_digest_of_the_answers_is_in_the_published_files(new_season):
    folder, secret, revealed = new_season
    record = json.loads(secret.read_text())
    key = bytes.fromhex(record["key"])
    assert len(key) == 32 and stat.S_IMODE(secret.stat().st_mode) == 0o600
    published = b"\n".join(p.read_bytes() for p in sorted(folder.iterdir()))
    number = int.from_bytes(key, "big")
    forms = [key, key[::-1], record["key"].encode(), record["key"].upper().encode(), base64.b64encode(key)]
    forms += [str(number).encode(), str(int.from_bytes(key, "little")).encode(), hex(number)[2:].encode()]
    forms += [record["key"][k : k + 16].encode() for k in range(0, 49, 16)]  # 64 bits of it
    assert not [form for form in forms if form in published]
    targets = [next(iter(e.relevant)) for e in revealed.examples["test"]]
    digests = {
        "targets": sha256_lines(targets),
        "examples": sha256_lines(revealed.examples["test"]),
        "answers": sha256_lines([{e.query.query_id: dict(e.relevant)} for e in revealed.examples["test"]]),
        "rationales": sha256_lines([e.rationale for e in revealed.examples["test"] if e.rationale]),
    }
    for text in [
        *digests.values(),
        *(e.rationale.text for e in revealed.examples["test"] if e.rationale and e.rationale.text),
    ]:
        assert text.encode() not in published
    about = json.loads((folder / "season.json").read_text())
    assert about.keys() == set(season.Season.model_fields)


def test_the_published_files_would_be_the_same_with_other_answers(new_season, tmp_path):
    """They are a function of the catalogue and the histories: whatever the answers are, no byte changes."""
    folder, _, revealed = new_season
    about = read(folder / "season.json", season.Season)
    first = next(iter(revealed.items))
    other = [replace(e, relevant={first: 1}, rationale=None) for e in revealed.examples["test"]]
    queries = [e.query for e in other]
    again = about.model_copy(update={"sha256": season.digest(revealed.items.values(), queries)})
    season.publish(tmp_path / "again", again, revealed.items.values(), queries)
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_a_key_makes_another_world_and_its_parts_are_independent():
    small, user = 2**64 - 1, np.arange(50)
    key = int.from_bytes(bytes(range(1, 33)), "big")
    words = random_words(key, Purpose.CLOCK, user[:, None], np.arange(3)[None, :])
    assert words.shape == (50, 3) and words.dtype == np.uint64
    assert (random_words(key, Purpose.CLOCK, user[:, None], np.arange(3)[None, :]) == words).all()
    # no part depends on what else is drawn
    assert (random_words(key, Purpose.CLOCK, np.array([7]), 2) == words[7, 2]).all()
    everything = np.concatenate(
        [words.ravel(), random_words(key, Purpose.CHOICE, user), random_words(key ^ 1 << 255, Purpose.CHOICE, user)]
    )
    assert len(set(everything.tolist())) == 250
    assert abs(float(np.unpackbits(everything.view(np.uint8)).mean()) - 0.5) < 0.02
    assert random_words(small, Purpose.CLOCK, user).tolist() != random_words(key, Purpose.CLOCK, user).tolist()
    # by hand, from the definition: BLAKE2b of purpose and counters, little-endian, under the key
    import hashlib

    raw = b"".join(n.to_bytes(8, "little") for n in (int(Purpose.CLOCK), 7, 2))
    digest = hashlib.blake2b(raw, digest_size=8, key=key.to_bytes(32, "little")).digest()
    assert int(words[7, 2]) == int.from_bytes(digest, "little")


def test_small_seeds_do_not_give_the_season(new_season):
    _, secret, revealed = new_season
    record = season.Secret(**json.loads(secret.read_text()))
    for key in ("0" * 64, "0" * 62 + "05", "0" * 32 + "f" * 32):
        with pytest.raises(RadError, match="128 bits"):
            season.revealed(record.model_copy(update={"key": key}))
    low = int(record.key, 16) & (1 << 64) - 1
    made_small = simulate.build(read_spec("fashion"), replace(simulate.Settings(), seed=low, users=60, items=200))
    queries = [e.query for e in leave_last_out("world", made_small.sequences)["test"]]
    assert queries != [e.query for e in revealed.examples["test"]]


def test_a_model_takes_part_and_the_secret_scores_it(new_season, tmp_path, capsys):
    folder, secret, _ = new_season
    top = tmp_path.resolve()
    assert main(["season", "answer", str(folder), "--model", "template", "--out", str(top / "runs")]) == 0
    (run,) = (top / "runs").glob("*/*")
    seasons = ["--seasons", str(folder.parent)]
    path = enter(run, top / "submissions", *seasons)
    entry = read(path, Entry)
    assert entry.result.scores == [] and entry.examples == [] and entry.result.task.domain == "season:spring-1"
    capsys.readouterr()
    look = ["verify", "--entries", str(top / "submissions"), *seasons]
    assert main(look) == 0
    assert "its scores wait for the season's secret" in capsys.readouterr().out
    assert main([*look, "--secret", str(secret), "--to", str(top / "entries")]) == 0
    (scored,) = read_entries(top / "entries")
    value = scored.result.score("ndcg@10").value
    assert f"ndcg@10 {value:.4f}" in capsys.readouterr().out and value > 0
    assert scored.result.score("reason_f1@3") is not None and len(scored.examples) == 10
    assert all(one.target is None and one.rank is None for one in scored.examples)
    for score in scored.result.scores:  # nobody learns more than the interval leaves open
        assert score.slice == "all" and (score.metric != "recall@10" or score.value == round(score.value, 1))
    assert value == round(value, 1)
    assert scored.model_copy(update={"result": entry.result, "examples": [], "titles": {}}) == entry
    # submissions come in one after the other: those that are scored stay as they are
    assert main([*look, "--secret", str(secret), "--to", str(top / "entries")]) == 0
    assert f"{top / 'entries' / scored.file} is there already" in capsys.readouterr().out
    assert read_entries(top / "entries") == [scored]
    with pytest.raises(RadError, match="no such file: --secret"):
        main([*look, "--secret", str(top / "none.json")])
    # scored entries hold with the secret; without it nobody can say, so they are refused
    again = ["verify", "--entries", str(top / "entries"), *seasons]
    assert main([*again, "--secret", str(secret)]) == 0
    assert main(again) == 1
    assert "this season is sealed" in capsys.readouterr().out
    raw = json.loads((top / "entries" / scored.file).read_text())
    raw["result"]["scores"][0]["value"] = 0.9
    (top / "entries" / scored.file).write_text(json.dumps(raw))
    assert main([*again, "--secret", str(secret)]) == 1
    assert "ndcg@10 (all) is 0.9" in capsys.readouterr().out


def test_a_full_disk_leaves_no_season_and_no_secret(tmp_path, monkeypatch):
    def full(path, records):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(season, "write_jsonl", full)
        with pytest.raises(OSError, match="No space left"):
            main(["season", "new", str(tmp_path / "s"), "--secret", str(tmp_path / "secret.json"), *SIZE])
    assert list(tmp_path.iterdir()) == []
    assert main(["season", "new", str(tmp_path / "s"), "--secret", str(tmp_path / "secret.json"), *SIZE]) == 0


def test_a_season_that_has_closed_takes_nothing(new_season, tmp_path):
    folder, *_ = new_season
    assert main(["season", "answer", str(folder), "--model", "popularity", "--out", str(tmp_path / "runs")]) == 0
    closed = shutil.copytree(folder, tmp_path / "seasons" / folder.name)
    about = read(closed / "season.json", season.Season)
    assert about.closes_at > about.opened_at
    past = about.model_copy(update={"closes_at": "2026-01-01T23:59:59Z"})
    (closed / "season.json").write_text(past.model_dump_json())
    (run,) = (tmp_path / "runs").glob("*/*")
    with pytest.raises(RadError, match="the season has closed at 2026-01-01T23:59:59Z"):
        enter(run, tmp_path / "submissions", "--seasons", str(closed.parent))


def test_words_of_an_error_do_not_name_an_answer(new_season, tmp_path, monkeypatch, capsys):
    folder, secret, revealed = new_season
    assert main(["season", "answer", str(folder), "--model", "popularity", "--out", str(tmp_path / "runs")]) == 0
    seasons = ["--seasons", str(folder.parent)]
    (run,) = (tmp_path / "runs").glob("*/*")
    root = enter(run, tmp_path.resolve() / "submissions", *seasons).parents[1]

    def failing(*arguments):
        raise KeyError(next(iter(revealed.examples["test"][0].relevant)))

    monkeypatch.setattr(scoring, "scored", failing)
    capsys.readouterr()
    assert main(["verify", "--entries", str(root), *seasons, "--secret", str(secret)]) == 1
    assert "the predictions cannot be scored (KeyError)" in capsys.readouterr().out


def test_claims_of_a_season_are_not_answered_with_what_they_ask_for(new_season, tmp_path, capsys):
    """A slice of a few queries, or a scorecard, is not compared with its true value: the line would say it."""
    folder, secret, _ = new_season
    assert main(["season", "answer", str(folder), "--model", "template", "--out", str(tmp_path / "runs")]) == 0
    seasons = ["--seasons", str(folder.parent)]
    (run,) = (tmp_path / "runs").glob("*/*")
    path = enter(run, tmp_path.resolve() / "submissions", *seasons)
    raw = json.loads(path.read_text())
    card = {"run_id": raw["result"]["run_id"], "n": 120, "n_rationales": 120, "provenance": {}}
    claim = {"value": 2.0, "ci_low": 2.0, "ci_high": 2.0, "n": 1}
    raw["explanation"] = {**card, "scores": [{"metric": "reason_f1@3", **claim}]}
    raw["result"]["scores"] = [{"metric": "ndcg@10", "slice": part, **claim} for part in ("warm", "cold", "all")]
    path.write_text(json.dumps(raw))
    capsys.readouterr()
    line = ["verify", "--entries", str(path.parents[1]), *seasons, "--secret", str(secret)]
    assert main(line) == 1
    out = capsys.readouterr().out
    assert "a season takes no scorecard" in out and "reason_f1@3 (all)" not in out
    assert "ndcg@10 (warm) does not follow from the predictions" in out
    (value,) = re.findall(r"the predictions give (\S+)\n", out.replace(" to ", "-"))[:1]
    assert float(value) == round(float(value), 1)


def test_another_secret_and_changed_files_are_refused(new_season, tmp_path):
    folder, secret, _ = new_season
    record = json.loads(secret.read_text())
    other = tmp_path / "other.json"
    other.write_text(json.dumps({**record, "key": "f" * 64}))
    with pytest.raises(RadError, match="do not follow from it"):
        season.evaluation(folder, "full", other)
    with pytest.raises(RadError, match="protocol full"):
        season.evaluation(folder, "rerank")
    with pytest.raises(RadError, match="no season of this name"):
        season.evaluation(folder.parent / "winter", "full")
    copy = tmp_path / "spring-1"
    copy.mkdir()
    for path in folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    lines = (copy / "queries.jsonl").read_text().splitlines()
    (copy / "queries.jsonl").write_text("\n".join(lines[1:]) + "\n")
    with pytest.raises(RadError, match="the sha256 differs"):
        season.opened(copy)


def test_a_season_is_made_once_and_its_secret_lies_elsewhere(new_season, tmp_path):
    folder, secret, _ = new_season
    before = secret.read_bytes()
    for line, words in (
        ([str(folder), "--secret", str(tmp_path / "s")], "made once"),
        ([str(tmp_path / "new"), "--secret", str(secret)], "made once"),
        ([str(tmp_path / "new"), "--secret", str(tmp_path / "new" / "s")], "outside the folder"),
        ([str(tmp_path / "New_1"), "--secret", str(tmp_path / "s")], "no name of a season"),
        ([str(tmp_path / "new"), "--secret", str(tmp_path / "s"), "--users", "0"], "users: must be at least 1"),
        ([str(tmp_path / "new"), "--secret", str(tmp_path / "s"), "--closes", "soon"], "no day, YYYY-MM-DD"),
        ([str(tmp_path / "new"), "--secret", str(tmp_path / "s"), "--closes", "2026-01-01"], "that day is over"),
    ):
        with pytest.raises(RadError, match=words):
            main(["season", "new", *line])
    assert secret.read_bytes() == before and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("value", "low", "high", "queries", "rounded"),
    [
        (0.12345, 0.11, 0.13, 2000, 0.12),
        (0.12346, 0.1230, 0.1239, 200_000, 0.1235),
        (0.12346, 0.1230, 0.1239, 2000, 0.12),
        (129.089, 120.0, 140.0, 2000, 130.0),
        (0.5, 0.5, 0.5, 2000, 0.5),
        (0.0005, 0.0, 0.0015, 2000, 0.0),  # one query, and all others failed
    ],
)
def test_scores_are_rounded_to_their_interval(value, low, high, queries, rounded):
    one = scoring.rounded(Score(metric="ndcg@10", value=value, ci_low=low, ci_high=high, n=queries), queries)
    assert one.value == pytest.approx(rounded)


def test_queries_that_fail_do_not_tell_which_were_answered_well(new_season, tmp_path):
    """Five answers that are right, alone, score as five that are wrong do."""
    folder, secret, revealed = new_season
    data = season.evaluation(folder, "full", secret)
    targets = {e.query.query_id: next(iter(e.relevant)) for e in revealed.examples["test"]}
    first = list(targets)[:5]

    def shown(answers: dict[str, str]) -> list[tuple[str, float, float, float]]:
        sent = [
            Prediction(key, (answers[key],)) if key in answers else Prediction(key, (), error="none") for key in targets
        ]
        scores = [scoring.rounded(s, len(targets)) for s in scoring.every_score(sent, data, 0) if s.slice == "all"]
        return [(s.metric, s.value, s.ci_low, s.ci_high) for s in scores if s.metric != "coverage@10"]

    misses = {key: next(i for i in data.items if i != targets[key]) for key in first}
    assert shown({key: targets[key] for key in first}) == shown(misses)
