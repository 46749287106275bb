"""Leak checks: each finds what it is for, and the toy world as it should be has no leak."""

import random
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from rad.data.dataset import Dataset
from rad.data.splits import leave_last_out, public_id
from rad.domains.formats import recbole_atomic
from rad.leakage import dataset_checks
from rad.leakage.dataset_checks import check
from rad.leakage.id_order import Walks
from rad.leakage.snapshot_fields import snapshot_wording
from rad.types import Interaction, Item


def findings(data):
    return {finding.check: finding for finding in check(data)}


def leaks(data):
    return {name for name, finding in findings(data).items() if finding.level == "leak"}


def change(data, split, user, **fields):
    """The data set with the example of one user's query changed: ``history``, ``profile`` or example fields."""

    def edit(e):
        if e.query.user_id != user:
            return e
        query = {k: fields[k] for k in ("history", "profile", "candidates", "query_id") if k in fields}
        rest = {k: v for k, v in fields.items() if k not in query}
        return replace(e, query=replace(e.query, **query), **rest)

    return replace(data, examples={**data.examples, split: tuple(map(edit, data.examples[split]))})


def rationale_of(data, user, **changes):
    e = next(e for e in data.examples["test"] if e.query.user_id == user)
    return replace(e.rationale, **changes)


def test_the_toy_world_has_facts_but_no_leaks(toy):
    result = findings(toy)
    assert not leaks(toy)
    notes = {name: finding.count for name, finding in result.items() if finding.level == "note"}
    assert notes == {"ids hashed": 20, "repeat targets": 1, "cold targets": 3}
    assert result["repeat targets"].examples == ("u09-3",)


def numbered(n_users, numbering):
    """Users who each buy five new items, ids given by ``numbering`` of the order of purchase."""
    items = {numbering(k): Item(numbering(k), "d", "", "") for k in range(5 * n_users)}
    users = {f"u{n}": tuple(Interaction(f"u{n}", numbering(5 * n + k)) for k in range(5)) for n in range(n_users)}
    items = dict(sorted(items.items()))
    return Dataset("d", "1", "s", items, leave_last_out("d", users), sequences=users)


def test_ids_in_the_order_of_purchase_are_a_leak():
    result = findings(numbered(40, str))  # "10" sorts before "2" as text, so numbers are compared as numbers
    assert result["id steps"].level == result["id order"].level == "leak"
    assert result["id steps"].text == "next item within 10 ids after the last: 160 of 160 steps, by chance 8"


def test_ids_in_reverse_order_are_a_leak_too():
    assert "id order" in leaks(numbered(40, lambda k: f"{999 - k:04}"))


def test_rank_correlation_agrees_with_scipy():
    walks = [[3, 1, 2, 9], [5, 5, 7], [2, 8], [4, 4]]
    rho = [float(spearmanr(range(len(walk)), walk).statistic) for walk in walks[:3]]
    expected = (3 * rho[0] + 2 * rho[1] + rho[2]) / 6
    flat = Walks([list(map(str, walk)) for walk in walks], list(map(str, range(10))))
    hits, correlation = flat.signs(np.arange(10))
    assert correlation == pytest.approx(expected) and hits == 4 and (flat.n, flat.steps) == (3, 6)


def test_kinds_that_are_sold_are_no_number_of_buyers():
    for text in (
        "One of 400 varieties sold in Europe.",
        "Over 30 colours sold separately.",
        "The 2 sizes bought most.",
    ):
        assert snapshot_wording(text) is None, text
    for text in ("More than 1,200 copies sold.", "3k+ bought in past month", "10,000 people bought it"):
        assert snapshot_wording(text), text


def test_random_ids_are_no_leak_where_users_walk_alike():
    """All users buy five items of one series in its order: they agree with any ids as much as one of them does."""
    draw = random.Random(3)
    names = [f"{k:016x}" for k in range(60)]
    series = draw.sample(names, 60)
    users = {}
    for n in range(400):
        start = draw.randrange(55)
        users[f"u{n}"] = tuple(Interaction(f"u{n}", item) for item in series[start : start + 5])
    items = {name: Item(name, "d", "", "") for name in names}
    result = findings(Dataset("d", "1", "s", items, leave_last_out("d", users), sequences=users))
    assert result["id order"].level == "ok" and result["id steps"].level == "ok"
    assert abs(float(result["id order"].text.split("(")[1].split()[0])) < 3


def test_hashed_ids_are_not():
    assert not {"id steps", "id order"} & leaks(numbered(40, lambda k: public_id("d", "item", str(k))))


@pytest.mark.realdata
def test_the_real_domain_has_no_leak(scientific):
    cheap = (
        dataset_checks.id_order,
        dataset_checks.query_ids,
        dataset_checks.split_order,
        dataset_checks.repeats,
        dataset_checks.duplicates,
        dataset_checks.cold,
    )
    result = {finding.check: finding for one in cheap for finding in one(scientific)}
    assert not [name for name, finding in result.items() if finding.level == "leak"]
    assert result["repeat targets"].count == 50 and result["cold targets"].count == 5


@pytest.mark.realdata
def test_the_raw_ids_of_the_real_files_leak(data_dir):
    folder = data_dir / "scientific"
    raw = recbole_atomic.leave_one_out({s: folder / f"Scientific.{s}.inter" for s in ("train", "valid", "test")})
    users = {user: tuple(Interaction(user, item) for item in sequence) for user, sequence in raw.items()}
    items = {item: Item(item, "d", "", "") for item in {x for sequence in raw.values() for x in sequence}}
    data = Dataset("d", "1", "s", items, {}, sequences=users)
    assert {finding.check for finding in dataset_checks.id_order(data) if finding.level == "leak"} == {
        "id steps",
        "id order",
    }


def test_query_ids_and_histories(toy):
    assert leaks(change(toy, "test", "u01", query_id="u02-4")) >= {"query ids"}
    assert leaks(change(toy, "test", "u01", history=())) >= {"empty histories"}
    other = (Interaction("u02", "red-hat", 2),)
    assert leaks(change(toy, "test", "u01", history=other)) >= {"history owner"}


def test_training_answers_after_the_test_query_are_a_leak(toy):
    late = change(toy, "validation", "u05", relevant={"white-scarf": 1})  # u05's test answer
    assert leaks(late) == {"validation before test"}
    late = change(toy, "train", "u05", relevant={"white-scarf": 1})
    assert leaks(late) == {"train before test", "train before validation"}


def test_sequences_that_go_back_in_time_are_a_leak_and_ties_a_note(toy):
    u03 = toy.sequences["u03"]
    back = replace(toy, sequences={**toy.sequences, "u03": (u03[0], replace(u03[1], timestamp=1), u03[2])})
    assert leaks(back) == {"time order"}
    tied = replace(toy, sequences={**toy.sequences, "u03": (*u03[:2], replace(u03[2], timestamp=103))})
    assert findings(tied)["tied last items"].level == "note" and not leaks(tied)


def test_duplicate_users_are_a_leak(toy_corpus, toy):
    data = replace(toy, examples=leave_last_out("toy", toy_corpus.sequences), sequences=toy_corpus.sequences)
    result = findings(data)
    assert result["duplicate users"].count == 2 and result["duplicate users"].level == "leak"
    assert result["same history"].count == 2 and result["same history"].level == "leak"  # 2 of 11 are over 5%


def test_test_queries_in_the_training_data_of_another_user_are_a_leak(toy):
    """u05 trains on (black-boots, black-coat) -> black-hat; give u03 that very test query."""
    history = tuple(Interaction("u03", item, 0) for item in ("black-boots", "black-coat"))
    copied = change(toy, "test", "u03", history=history, relevant={"black-hat": 1})
    assert "train/test copies" in leaks(copied)


def test_snapshot_fields_are_a_leak(toy):
    first = next(iter(toy.items.values()))
    for attributes in ({"average_rating": ("4.5",)}, {"rating_number": ("12",)}, {"reviewCount": ("3",)}):
        items = {**toy.items, first.item_id: replace(first, attributes=attributes)}
        assert "snapshot fields" in leaks(replace(toy, items=items))
    items = {**toy.items, first.item_id: replace(first, text="A hat. 4.5 out of 5 stars from 1,203 ratings")}
    assert "snapshot text" in leaks(replace(toy, items=items))
    for text, leak in (("2 reviews", True), ("1,203 customer reviews", True), ("2006, reviews, web", False)):
        items = {**toy.items, first.item_id: replace(first, text=text)}  # in a list of words a comma is no number's
        assert ("snapshot text" in leaks(replace(toy, items=items))) == leak


REVIEW = "I wore this to a wedding and got compliments all evening long."


def test_the_review_of_the_answer_in_the_query_is_a_leak(toy):
    u03 = toy.sequences["u03"]
    data = replace(toy, sequences={**toy.sequences, "u03": (*u03[:2], replace(u03[2], review=REVIEW))})
    assert not leaks(data)
    moved = (u03[0], replace(u03[1], review=f"Great. {REVIEW}"))
    assert leaks(change(data, "test", "u03", history=moved)) == {"answer's review"}
    assert leaks(change(data, "test", "u03", profile=f"Says: {REVIEW}")) == {"profiles"}


def test_a_profile_that_names_the_answer_is_a_leak(toy):
    assert leaks(change(toy, "test", "u03", profile="Would love the Haro scarf.")) == {"profiles"}
    assert not leaks(change(toy, "test", "u03", profile="Likes blue and scarves."))


@pytest.mark.parametrize(
    "candidates",
    [
        ("blue-scarf", "red-hat", "red-hat"),  # twice
        ("blue-scarf", "blue-hat"),  # bought
        ("red-hat", "red-coat"),  # without the answer
    ],
)
def test_bad_candidates_are_a_leak(toy, candidates):
    assert not leaks(change(toy, "test", "u03", candidates=("blue-scarf", "red-hat")))
    assert leaks(change(toy, "test", "u03", candidates=candidates)) == {"candidates"}


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"text": "Their next purchase is blue, a hat."}, "hindsight"),
        ({"text": "Rated 5 stars: blue [5], a hat [2]."}, ""),
        ({"text": "Blue [5], a hat [2]. Rated 5 stars."}, "rating"),
        ({"text": "Blue [5], a hat [2]: the Gilu."}, "names_target"),
        ({"text": "Blue [5], a hat [7]."}, "citation"),
        ({"query_id": "u02-4"}, "query"),
    ],
)
def test_known_rationales_are_checked(toy, changes, rule):
    data = change(toy, "test", "u01", rationale=rationale_of(toy, "u01", **changes))
    assert leaks(data) == ({rule} if rule else set())


def test_text_that_says_less_or_more_is_counted_not_a_leak(toy):
    data = change(toy, "test", "u01", rationale=rationale_of(toy, "u01", text="Blue [5], a coat."))
    result = findings(data)
    assert not leaks(data)
    assert (result["unspoken"].count, result["unclaimed"].count) == (1, 1)
    assert result["unclaimed"].examples == ("u01-5: coat",)


def test_at_most_three_examples_are_kept(toy):
    assert len(findings(toy)["ids hashed"].examples) == 3
