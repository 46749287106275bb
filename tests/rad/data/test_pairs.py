"""Pairs of a user and an item: what they hold, what they leave out, and what cannot make any."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rad.data import splits
from rad.data.load import open_dataset
from rad.data.pairs import answer_of, pair_splits, without_answer
from rad.errors import RadError
from rad.types import Pair, Query
from tests.support.ratings import rating_of, with_ratings


@pytest.fixture
def rated(toy):
    return with_ratings(toy)


def test_every_training_interaction_is_a_pair_of_what_came_before_it(rated):
    pairs = pair_splits(rated, "rating").pairs
    own = [p for p in pairs["train"] if p.query.user_id == "u01"]
    assert [p.item_id for p in own] == ["red-coat", "red-hat", "red-scarf", "red-boots"]
    assert [len(p.query.history) for p in own] == [0, 1, 2, 3]
    assert [p.rating for p in own] == [5, 5, 5, 4]
    assert [p.liked for p in own] == [True] * 4, "the scale is 1 to 5 here, so 4 is a like"
    test = {p.query.user_id: p for p in pairs["test"]}
    assert test["u01"].item_id == "blue-hat" and test["u01"].rating == 4 and len(test["u01"].query.history) == 5


def test_the_answer_is_nowhere_in_what_a_model_sees(rated):
    for task in ("rating", "choice"):
        for split, pairs in pair_splits(rated, task).pairs.items():
            for pair in pairs:
                shown = without_answer(pair)
                assert shown.rating is None and shown.liked is None
                assert pair.item_id not in {x.item_id for x in shown.query.history}, split


def test_a_target_in_its_own_history_is_left_out_and_counted(rated):
    result = pair_splits(rated, "rating")
    assert "u09" not in {p.query.user_id for p in result.pairs["test"]}
    assert result.notes == {"targets in their own history (left out)": 1}


def test_choices_of_rated_items(rated):
    result = pair_splits(rated, "choice")
    answers = {p.item_id: answer_of(p) for p in result.pairs["train"]}
    assert answers["red-hat"] == 1 and answers["black-hat"] == 0
    assert all(p.rating is None for p in result.pairs["train"])
    train = result.pairs["train"]
    assert result.constant == sum(p.liked for p in train) / len(train) and result.negatives == "rated"


def test_drawn_negatives_are_targets_of_others_and_the_same_for_everyone(toy):
    result = pair_splits(toy, "choice", "drawn")
    targets = {p.item_id for p in result.pairs["test"] if p.liked}
    for pair in result.pairs["test"]:
        owned = {x.item_id for x in toy.sequences[pair.query.user_id]}
        assert (pair.item_id in owned) == pair.liked and pair.item_id in targets
    keys = [p.query.query_id for p in result.pairs["test"]]
    assert len(set(keys)) == len(keys)
    assert result == pair_splits(toy, "choice", "drawn")


def test_a_user_who_has_every_other_target_gets_no_negative(toy):
    same = {user: toy.sequences["u10"] for user in ("u10",)}
    data = replace(toy, sequences=same, examples=splits.leave_last_out("toy", same))
    with pytest.raises(RadError, match="toy: no training item could be drawn that its user lacks"):
        pair_splits(data, "choice", "drawn")


def test_time_splits_at_one_moment():
    data = open_dataset("world:seed=3,users=60,items=200", protocol="time")
    pairs = pair_splits(data, "rating").pairs
    first = min(p.query.history[-1].timestamp for p in pairs["validation"])
    assert pairs["train"] and pairs["test"] and first
    cut = splits.time_cuts("world", data.sequences)[0]
    assert all(x.timestamp < cut for p in pairs["train"] for x in p.query.history)
    assert all(x.timestamp < cut for p in pairs["validation"] for x in p.query.history)


def test_what_cannot_be_scored_is_one_line(toy, rated):
    with pytest.raises(RadError, match=r"^toy: no training item has a rating, which --task rating needs$"):
        pair_splits(toy, "rating")
    with pytest.raises(RadError, match="needs; --negatives drawn needs none"):
        pair_splits(toy, "choice")
    with pytest.raises(RadError, match="--protocol rerank is of rankings"):
        pair_splits(replace(rated, protocol="rerank"), "rating")
    with pytest.raises(RadError, match="user u01 rates item blue-hat nan, which is no finite number"):
        pair_splits(with_ratings(toy, u01=float("nan")), "rating")
    liking = {user: tuple(replace(x, rating=5.0) for x in s) for user, s in toy.sequences.items()}
    one_class = replace(toy, sequences=liking, examples=splits.leave_last_out("toy", liking))
    with pytest.raises(RadError, match="every training rating is a like, so there is one class only"):
        pair_splits(one_class, "choice")
    with pytest.raises(RadError, match="the pair of query 'q' has no answer"):
        answer_of(Pair(Query("q", "toy", "u", ()), "red-hat"))


def test_a_target_without_a_rating_is_left_out_and_counted(toy):
    result = pair_splits(with_ratings(toy, u01=None), "rating")
    assert "u01" not in {p.query.user_id for p in result.pairs["test"]}
    assert result.notes["targets without a rating (left out)"] == 1
    assert rating_of(toy.sequences["u01"][0]) == 5
