"""Candidate files: no bought items, no duplicates, the strata, and files that were changed."""

from collections import Counter

import numpy as np
import pytest

from rad.data import candidates
from rad.data.splits import leave_last_out
from rad.errors import RadError
from rad.features.bm25 import Bm25
from rad.types import Interaction, Item


@pytest.fixture(scope="module")
def shop():
    """200 items of 20 kinds and 300 users; items 0 to 9 have half of all purchases."""
    rng = np.random.default_rng(0)
    items = {f"{k:03}": Item(f"{k:03}", "d", "", f"kind{k % 20} shade{k % 7}") for k in range(200)}
    weights = np.where(np.arange(200) < 10, 0.05, 0.5 / 190)
    users = {}
    for n in range(300):
        drawn = rng.choice(200, size=6, replace=False, p=weights)
        users[f"u{n:03}"] = tuple(Interaction(f"u{n:03}", f"{k:03}") for k in drawn)
    return items, leave_last_out("d", users)


@pytest.fixture(scope="module")
def table(shop):
    return candidates.build(*shop, size=40)


def test_every_held_out_query_has_its_answer_and_39_items_that_the_user_never_has(shop, table):
    _, examples = shop
    rows = [*examples["validation"], *examples["test"]]
    assert list(table) == [e.query.query_id for e in rows]
    full = {e.query.user_id: {x.item_id for x in e.query.history} | e.relevant.keys() for e in examples["test"]}
    for e in rows:
        listed = table[e.query.query_id]
        assert len(listed) == len(set(listed)) == 40
        assert list(listed) == sorted(listed)  # catalogue order: the answer's place says nothing
        assert set(listed) & full[e.query.user_id] == e.relevant.keys()


def test_a_third_is_popular_and_a_third_is_most_alike(shop, table):
    items, examples = shop
    # of the 10 popular items a user has about 3; by popularity most of the others are among the 13 of that stratum
    assert sum(item_id < "010" for listed in table.values() for item_id in listed) / len(table) > 5
    texts = [item.text for item in items.values()]
    bm25 = Bm25(texts)
    scores = (bm25.query(texts) @ bm25.weights.T).toarray()
    for e in examples["test"][:50]:
        last = [int(x.item_id) for x in e.query.history[:-4:-1]]
        score = scores[last[0]] + 0.7 * scores[last[1]] + 0.49 * scores[last[2]]
        bought = {int(x.item_id) for x in e.query.history} | {int(item_id) for item_id in e.relevant}
        likest = sorted(set(range(200)) - bought, key=lambda k, s=score: (-round(s[k], 6), k))[:13]
        assert {f"{k:03}" for k in likest} <= set(table[e.query.query_id])


def test_the_same_data_gives_the_same_file(shop, table, tmp_path):
    assert candidates.build(*shop, size=40) == table
    first = candidates.write(tmp_path / "a.jsonl", table, "s")
    assert first == candidates.write(tmp_path / "b.jsonl", table, "s")


def test_random_draws_are_pinned():
    """The bits must not change between versions of numpy: they define the published files."""
    drawn = candidates._draws("q", "random", np.arange(1, 1001))
    assert [next(drawn) for _ in range(5)] == [396, 506, 570, 249, 109]


def test_draws_follow_the_counts():
    drawn = Counter(candidates._draws("q", "popularity", np.cumsum([0, 1, 0, 3])))
    assert drawn.keys() == {1, 3} and 0.7 < drawn[3] / drawn.total() < 0.8


def test_a_small_catalogue_gives_what_it_has(toy):
    table = candidates.build(toy.items, toy.examples)
    u01 = table["u01-5"]
    assert len(u01) == 15  # 20 items less the 5 others that u01 has
    assert set(u01) == set(toy.items) - {x.item_id for x in toy.sequences["u01"][:5]}
    assert "red-scarf" in table["u09-3"]  # the repeat target is listed, as the answer


def test_a_written_file_is_read_back(table, tmp_path):
    candidates.write(tmp_path / "c.jsonl", table, "sha")
    assert candidates.read(tmp_path / "c.jsonl", "sha") == table


def test_changed_and_foreign_files_are_refused(table, tmp_path):
    path = tmp_path / "c.jsonl"
    candidates.write(path, table, "a" * 64)
    with pytest.raises(RadError, match=r"c\.jsonl: made for data set aaaaaaaaaaaa, this is bbbbbbbbbbbb"):
        candidates.read(path, "b" * 64)
    path.write_text(path.read_text()[:-20])
    with pytest.raises(RadError, match=r"sha256 differs from c\.jsonl\.json: the file was changed or cut short"):
        candidates.read(path, "a" * 64)
    (tmp_path / "c.jsonl.json").unlink()
    with pytest.raises(RadError, match=r"c\.jsonl\.json: no such file; without it c\.jsonl cannot be trusted"):
        candidates.read(path, "a" * 64)


def test_a_damaged_cache_is_built_again(toy, tmp_path, monkeypatch):
    monkeypatch.setenv("RAD_CACHE", str(tmp_path))
    first = candidates.cached("s", toy.items, toy.examples)
    (path,) = (tmp_path / "candidates").glob("*.jsonl")
    path.write_text("{")
    assert candidates.cached("s", toy.items, toy.examples) == first
