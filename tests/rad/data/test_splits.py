"""Public ids, both splits, duplicates and cores, on the toy world's answers."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rad.data import splits
from rad.errors import RadError
from rad.types import Interaction


def items(interactions):
    return [x.item_id for x in interactions]


def seq(user, text, times=None):
    times = times or [None] * len(text)
    return tuple(Interaction(user, item, time) for item, time in zip(text, times, strict=True))


def test_public_ids_are_the_stated_hash():
    assert splits.public_id("d", "item", "B00") == hashlib.sha256(b"d:item:B00").hexdigest()[:16]


def test_leave_last_out_on_the_toy_world(toy):
    assert {split: len(rows) for split, rows in toy.examples.items()} == {"train": 7, "validation": 10, "test": 10}
    test = {e.query.user_id: e for e in toy.examples["test"]}
    assert test["u01"].relevant == {"blue-hat": 1}
    assert items(test["u01"].query.history) == ["red-coat", "red-hat", "red-scarf", "red-boots", "blue-boots"]
    assert test["u01"].query.query_id == "u01-5" and test["u01"].rationale.rationale_id == "r-u01-5"
    validation = {e.query.user_id: e for e in toy.examples["validation"]}
    assert validation["u03"].relevant == {"blue-hat": 1} and items(validation["u03"].query.history) == ["blue-coat"]
    train = [(e.query.query_id, *e.relevant) for e in toy.examples["train"]]
    assert train[:3] == [("u01-2", "red-scarf"), ("u01-3", "red-boots"), ("u02-2", "blue-hat")]


def test_warm_targets_of_the_toy_world(toy):
    learnt = splits.learnable(toy.examples, "test")
    cold = [e.query.user_id for e in toy.examples["test"] if not splits.is_warm(e, learnt)]
    assert cold == ["u03", "u04", "u08"]


def test_only_what_a_model_is_fitted_on_makes_a_target_warm():
    """Split at one moment, a test history may hold items that no earlier split has; they are not learnt from."""
    users = {"a": seq("a", "pqrst", [1, 2, 3, 7, 9]), "b": seq("b", "uvw", [1, 6, 9]), "c": seq("c", "pqv", [1, 2, 9])}
    rows = splits.global_time("d", users, cuts=(5, 8))
    assert {e.query.user_id: items(e.query.history) for e in rows["test"]}["b"] == ["u", "v"]
    assert splits.learnable(rows, "train") == {"p", "q"} and splits.learnable(rows, "validation") == {"p", "q", "r"}
    learnt = splits.learnable(rows, "test")
    assert learnt == {"p", "q", "r", "s"}
    assert [splits.is_warm(e, learnt) for e in rows["test"]] == [False, False, False]  # answers t, w and v


@given(st.integers(0, 9))
def test_leave_last_out_of_any_length(n):
    rows = splits.leave_last_out("d", {"u": seq("u", "abcdefghi"[:n])})
    held = 1 if n >= 3 else 0
    assert [len(rows[s]) for s in ("train", "validation", "test")] == [max(0, n - 4), held, held]
    for e in rows["train"]:
        assert len(e.query.history) >= 2


def test_sequences_of_gives_the_longest_known_sequence(toy):
    sequences = splits.sequences_of(toy.examples["test"])
    assert items(sequences["u01"]) == ["red-coat", "red-hat", "red-scarf", "red-boots", "blue-boots", "blue-hat"]


def test_global_time_by_hand():
    users = {"a": seq("a", "pqrst", [1, 2, 3, 7, 9]), "b": seq("b", "pqr", [4, 8, 9]), "c": seq("c", "pq", [8, 9])}
    rows = splits.global_time("d", users, cuts=(4, 8))
    rows = {
        split: [(e.query.query_id, items(e.query.history), list(e.relevant)) for e in examples]
        for split, examples in rows.items()
    }
    assert rows == {
        "train": [("a-2", ["p", "q"], ["r"])],
        "validation": [("a-3", ["p", "q", "r"], ["s"])],  # b has nothing before 4
        "test": [("a-4", ["p", "q", "r", "s"], ["t"])],  # b has one item before 8, c none
    }


def test_global_time_has_a_query_for_each_later_item_with_the_history_up_to_the_cut(toy):
    users = {"a": seq("a", "pqrst", [1, 2, 10, 11, 12])}
    rationale = next(e.rationale for e in toy.examples["test"] if e.rationale)
    rows = splits.global_time("d", users, {"a-2": rationale, "a-3": rationale, "a-3-2": rationale}, cuts=(5, 10))
    assert [(e.query.query_id, len(e.query.history), *e.relevant) for e in rows["test"]] == [
        ("a-2", 2, "r"),
        ("a-3-2", 2, "s"),
        ("a-4-2", 2, "t"),
    ]
    assert [e.rationale is not None for e in rows["test"]] == [True, False, False]


def test_time_cuts_are_moments_before_which_80_and_90_percent_lie():
    users = {"a": seq("a", "abcdefghij", list(range(10)))}
    assert splits.time_cuts("d", users) == (8, 9)


def test_a_time_split_without_timestamps_is_refused():
    with pytest.raises(RadError, match="d has no timestamps, so it cannot be split by time: use --protocol full"):
        splits.global_time("d", {"a": seq("a", "pq")})
    with pytest.raises(RadError, match="no interactions"):
        splits.global_time("d", {})


def test_equal_timestamps_keep_the_order_of_the_source():
    rows = [Interaction("u", "b", 5), Interaction("u", "a", 5), Interaction("v", "x", 1), Interaction("u", "c", 4)]
    assert items(splits.in_time_order(rows)["u"]) == ["c", "b", "a"]


def test_distinct_users(toy_corpus):
    users = splits.distinct_users(toy_corpus.sequences)
    assert len(users) == 11 and "u10" in users and "u11" not in users
    sets = {"a": seq("a", "pq"), "b": seq("b", "qp"), "c": seq("c", "pqq")}
    assert list(splits.distinct_users(sets)) == ["a", "b", "c"]
    assert list(splits.distinct_users(sets, ordered=False)) == ["a", "c"]


def test_k_core():
    # d and e have one user each and go; so w has one item left and goes; so c has one user left and goes
    users = {"u": seq("u", "abd"), "v": seq("v", "ba"), "w": seq("w", "ce"), "x": seq("x", "abc")}
    core = splits.k_core(users, 2)
    assert {user: items(s) for user, s in core.items()} == {"u": ["a", "b"], "v": ["b", "a"], "x": ["a", "b"]}
    assert splits.k_core(users, 9) == {}
